"""Cells: cut at a word, exact widths, and outside text made visible by one function only."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len, set_cell_size

from casework.untrusted import Untrusted, safe, visible
from tests.tui.hostile_text import HOSTILE
from widgets.paint import LONGEST_LINE, cut, left, right, shown, words, wrapped

TEXTS = st.text(max_size=80).map(visible)


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("Threat naming a school", 30, "Threat naming a school"),
        ("Threat naming a school", 22, "Threat naming a school"),
        ("Threat naming a school", 21, "Threat naming a\u2026"),
        ("Threat naming a school", 16, "Threat naming a\u2026"),
        ("Threatnamingaschool", 8, "Threatn\u2026"),
        ("a, b, c, d", 8, "a, b, c\u2026"),
        ("\u6f22\u5b57\u6f22\u5b57", 6, "\u6f22\u5b57\u2026"),
        ("abc", 0, ""),
        ("abc", 1, "\u2026"),
    ],
)
def test_cut_ends_at_a_word(text: str, width: int, expected: str) -> None:
    assert cut(text, width) == expected


@settings(max_examples=300)
@given(TEXTS, st.integers(0, 40))
def test_cut_never_exceeds_its_width(text: str, width: int) -> None:
    assert cell_len(cut(text, width)) <= width


@settings(max_examples=300)
@given(TEXTS, st.integers(1, 40))
def test_columns_are_exact(text: str, width: int) -> None:
    assert cell_len(left(text, width)) == width
    assert cell_len(right(text, width)) == width


@settings(max_examples=200)
@given(TEXTS, st.integers(8, 40))
def test_wrapping_loses_nothing_and_fits(text: str, width: int) -> None:
    lines = wrapped(text, width)

    assert all(cell_len(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


@pytest.mark.parametrize("letter", ["[", "\u6f22", "e\u0301"])
def test_a_word_without_end_is_measured_in_pieces(letter: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each line of it would otherwise be found in all that is left: minutes, for the longest text that is shown."""
    measured: list[int] = []

    def measure(text: str, total: int) -> str:
        measured.append(len(text))
        return set_cell_size(text, total)

    monkeypatch.setattr("widgets.paint.set_cell_size", measure)
    text = letter * 5_000 + "\u2026"
    lines = wrapped(text, 30)

    assert "".join(lines) == text
    assert all(cell_len(line) <= 30 for line in lines)
    assert len(measured) > 100
    assert max(measured) < 200


def test_right_keeps_digits_under_digits() -> None:
    assert [right(each, 6) for each in ("-0:42", "12m", "2h10")] == [" -0:42", "   12m", "  2h10"]


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_outside_text_is_shown_literally_and_harmless(name: str) -> None:
    began = time.process_time()
    content = shown(Untrusted(HOSTILE[name]))

    assert safe(content.plain)
    assert content.spans == []
    assert len(content.plain) < 20 * LONGEST_LINE
    assert time.process_time() - began < 2


def test_our_own_words_pass_as_they_are() -> None:
    assert words("LATE [b]") == "LATE [b]"
