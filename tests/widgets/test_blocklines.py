"""From blocks to lines: broken at dots, then at words, hung below their lead; how sections share a column."""

from __future__ import annotations

from rich.cells import cell_len

from casework.untrusted import Untrusted
from client.views.bits import Line, dotted, text
from client.views.blocks import Choice, Hanging, Head, Prose
from widgets.allotment import allot
from widgets.blocklines import hung, laid
from widgets.paint import words


def drawn(line: Line) -> str:
    return "".join(words(text) for text, _ in line)


def test_a_line_breaks_at_its_dots_and_goes_on_below_its_first_word() -> None:
    line = dotted(text("yes, checked 4 s ago"), text("31 views/min"), text(Untrusted("not live")))

    assert [drawn(each) for each in hung((("Up now   ", "quiet"),), line, 36)] == [
        "Up now   yes, checked 4 s ago",
        "         31 views/min \u00b7 not live",
    ]
    assert [drawn(each) for each in hung((), line, 80)] == ["yes, checked 4 s ago \u00b7 31 views/min \u00b7 not live"]


def test_what_fits_on_no_line_breaks_at_words_and_inside_the_longest() -> None:
    found = hung((), ((Untrusted("a sentence of several words " + "x" * 40), "quoted"),), 20)

    assert [drawn(each).rstrip() for each in found] == ["a sentence of", "several words", "x" * 19 + "\u2026"]
    assert all(cell_len(drawn(each)) <= 21 for each in found)


def test_a_word_in_several_tones_stays_together() -> None:
    line: Line = (("Call the agency", "text"), (" (", "quiet"), ("C", "key"), (")", "quiet"))

    assert [drawn(each) for each in hung((), line, 16)] == ["Call the agency ", "(C)"]


def test_a_choice_has_its_end_at_the_edge_and_is_cut_if_it_is_over() -> None:
    step = Choice("locate", (("v ", "mine"),), text(Untrusted("Find who is threatened and where")), text("bo 12:25"))
    open_lines = laid([step], 30)
    done = laid([Choice(step.name, step.lead, step.line, step.end, short=True)], 30)

    assert [drawn(each.line).rstrip() for each in open_lines] == [
        "v Find who is         bo 12:25",
        "  threatened and",
        "  where",
    ]
    assert {each.choice for each in open_lines} == {"locate"}
    assert [drawn(each.line) for each in done] == ["v Find who is\u2026        bo 12:25"]


def test_text_from_outside_stands_behind_its_bar_also_below_a_label() -> None:
    found = laid([Head("Notes"), Prose(Untrusted("one two three"), label="Said"), Prose(Untrusted("x\x1by"))], 18)

    assert [drawn(each.line) for each in found] == [
        "Notes " + "\u2500" * 12,
        "Said     \u2502 one two",
        "         \u2502 three",
        "\u2502 x\u241by",
    ]


def test_a_wide_screen_wraps_nothing() -> None:
    assert len(laid([Hanging((("Why      ", "quiet"),), text("word " * 12))], 120)) == 1


def test_each_section_keeps_its_glimpse_and_the_first_gets_the_rest() -> None:
    assert allot([30, 10, 20], [12, 5, 8], 60, [0, 1, 2]) == [30, 10, 20]
    assert allot([30, 10, 20], [12, 5, 8], 40, [0, 1, 2]) == [27, 5, 8]
    assert allot([30, 10, 20], [12, 5, 8], 40, [2, 0, 1]) == [15, 5, 20]
    # A title alone says nothing.
    assert allot([30, 10, 20], [12, 5, 8], 14, [0, 1, 2]) == [14, 0, 0]
    assert allot([2, 10], [5, 5], 4, [0, 1]) == [2, 0]
