"""The encoder alone: an emulator that is fed with what it writes shows what it was told."""

import pyte
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import get_character_cell_size
from rich.color import ColorSystem
from rich.style import Style
from textual.strip import Strip

from tui.terminal.encoder import Encoder, Piece, drawn, move
from tui.terminal.encoder_cells import ATTRIBUTES, PLAIN, TAIL, Look, cells, look, look_of, sure

COLUMNS, LINES = 24, 6
LOOKS = (
    PLAIN,
    look("38;2;208;213;219", "48;2;15;19;24", 0),
    look("38;2;255;107;107", "48;2;15;19;24", 1),
    look("38;2;208;213;219", "48;2;29;39;51", 0),
    look("38;2;208;213;219", "48;2;15;19;24", 1 << 3),
    look("32", "", 1 << 6),
    look("", "", 0b101),
)
LETTERS = "  ab0:\u2500\u25a0\u00e9\u5bbd\u5b57\U0001f525"
texts = st.text(alphabet=st.sampled_from(LETTERS), max_size=COLUMNS) | st.sampled_from(
    ["e\u0301t\u0301", "a\u0323\u0302\u5bbd", " 12:59", "\u05e9\u05c1x"]
)
pieces = st.builds(
    lambda x, y, text, of: (x, y, cells(text, of)),
    st.integers(0, COLUMNS - 1),
    st.integers(0, LINES - 1),
    texts,
    st.sampled_from(LOOKS),
)
frames = st.lists(st.lists(pieces, max_size=6) | st.just("forget"), max_size=6)


class Glass:
    """An emulated terminal without line wrap, as Textual sets it."""

    def __init__(self, columns: int = COLUMNS, lines: int = LINES) -> None:
        self.screen = pyte.Screen(columns, lines)
        self._stream = pyte.Stream(self.screen)
        self._stream.feed("\x1b[?7l")

    def feed(self, text: str) -> None:
        self._stream.feed(text)

    def seen(self) -> list[list[tuple[object, ...]]]:
        """What a person sees of each cell: a space has no ink."""
        return [[_seen(self.screen.buffer[y][x]) for x in range(self.screen.columns)] for y in range(self.screen.lines)]


def _seen(char: pyte.screens.Char) -> tuple[object, ...]:
    marked = (char.underscore, char.strikethrough, char.reverse)
    if char.data == " ":
        return (" ", char.bg, marked, char.fg if any(marked) else "")
    return (char.data, char.bg, marked, char.fg, char.bold, char.italics)


class Model:
    """The screen as a grid, written over piece by piece; half of a wide letter that is written over leaves a space."""

    def __init__(self) -> None:
        self.grid = [[(" ", PLAIN)] * COLUMNS for _ in range(LINES)]

    def put(self, piece: Piece) -> None:
        x, y, (letters, looks) = piece
        line = self.grid[y]
        room = COLUMNS - x
        new = list(zip(letters, looks, strict=True))[:room]
        if not new:
            return
        if len(letters) > room and letters[room] == TAIL:
            new[-1] = (" ", new[-1][1].blank)
        end = x + len(new)
        if line[x][0] == TAIL:
            line[x - 1] = (" ", line[x - 1][1].blank)
        if end < COLUMNS and line[end][0] == TAIL:
            line[end] = (" ", line[end][1].blank)
        line[x:end] = new

    def whole(self) -> list[Piece]:
        return [(0, y, (tuple(c for c, _ in line), tuple(of for _, of in line))) for y, line in enumerate(self.grid)]

    def drawn(self) -> Glass:
        """The grid written cell by cell, each with its own move, pen and reset."""
        glass = Glass()
        for y, line in enumerate(self.grid):
            for x, (text, of) in enumerate(line):
                if text != TAIL:
                    glass.feed(f"\x1b[{y + 1};{x + 1}H{drawn(PLAIN, of, blank=False)[0]}{text}\x1b[m")
        return glass


@given(frames, st.tuples(st.integers(0, COLUMNS - 1), st.integers(0, LINES - 1)))
@settings(max_examples=150, deadline=None)
def test_an_emulator_shows_what_was_told(told: list[list[Piece] | str], cursor: tuple[int, int]) -> None:
    encoder, model, glass = Encoder(), Model(), Glass()
    glass.feed("rubbish of another program" * 9)
    glass.feed(encoder.encode(model.whole(), (COLUMNS, LINES), cursor))
    for frame in told:
        if isinstance(frame, str):
            encoder.forget()
            glass.feed("\x1b[2Jsomebody else")
            frame = model.whole()
        for piece in frame:
            model.put(piece)
        glass.feed(encoder.encode(frame, (COLUMNS, LINES), cursor))
        assert glass.seen() == model.drawn().seen()
        assert (glass.screen.cursor.x, glass.screen.cursor.y) == cursor
        assert glass.screen.cursor.attrs == pyte.screens.Char(" ", "default", "default")


@given(st.lists(pieces, min_size=1, max_size=8))
@settings(max_examples=60, deadline=None)
def test_what_stands_there_is_not_written_again(frame: list[Piece]) -> None:
    encoder, model = Encoder(), Model()
    for piece in frame:
        model.put(piece)
    assert encoder.encode(model.whole(), (COLUMNS, LINES), (0, 0))
    assert encoder.encode(model.whole(), (COLUMNS, LINES), (0, 0)) == ""
    assert encoder.encode([], (COLUMNS, LINES), (3, 2)) == "\x1b[3;4H"
    assert encoder.encode([], (COLUMNS, LINES), (3, 2)) == ""


places = st.tuples(st.integers(0, 159), st.integers(0, 49))


@given(places, places)
def test_the_cursor_gets_there(start: tuple[int, int], to: tuple[int, int]) -> None:
    glass = Glass(160, 50)
    glass.feed(move(None, start))
    way = move(start, to)
    glass.feed(way)
    assert (glass.screen.cursor.x, glass.screen.cursor.y) == to
    assert len(way) <= len(move(None, to))


@given(st.sampled_from(LOOKS), st.sampled_from(LOOKS), st.booleans())
def test_the_pen_draws_as_wanted_from_any_other(before: Look, wanted: Look, blank: bool) -> None:
    wanted = wanted.blank if blank else wanted
    way, direct = Glass(), Glass()
    way.feed(drawn(PLAIN, before, blank=False)[0] + "x\r")
    sgr, pen = drawn(before, wanted, blank=blank)
    way.feed(sgr + (" " if blank else "y"))
    direct.feed(drawn(PLAIN, wanted, blank=False)[0] + (" " if blank else "y"))
    assert way.seen()[0][0] == direct.seen()[0][0]
    assert drawn(pen, wanted, blank=blank)[0] == ""


def test_one_digit_costs_a_move_a_pen_and_the_digit() -> None:
    encoder = Encoder()
    ground = look("38;2;208;213;219", "48;2;15;19;24", 0)
    lines = [(0, y, cells(f"  6:4{y} one of many      ", ground)) for y in range(LINES)]
    encoder.encode(lines, (COLUMNS, LINES), (0, 0))
    ticked = [(0, y, cells(f"  6:5{y} one of many      ", ground)) for y in range(LINES)]
    written = encoder.encode(ticked, (COLUMNS, LINES), (0, 0))
    pen = "\x1b[38;2;208;213;219;48;2;15;19;24m"
    assert written == f"\x1b[1;5H{pen}5" + "\x1b[B\b5" * (LINES - 1) + "\x1b[m\x1b[H"


def test_behind_a_letter_of_unsure_width_the_place_is_told() -> None:
    encoder = Encoder()
    encoder.encode([(0, y, cells(" " * COLUMNS, PLAIN)) for y in range(LINES)], (COLUMNS, LINES), (0, 0))
    written = encoder.encode([(0, 1, cells("\U0001f525ab", PLAIN))], (COLUMNS, LINES), (0, 0))
    assert written == "\x1b[2H\U0001f525\x1b[2;3Hab\x1b[H"


@pytest.mark.parametrize("letter", ["a", "\u5bbd", "\u25a0", "\u2500", "\u00e9", "e\u0301"])
def test_where_letters_end_is_known(letter: str) -> None:
    assert sure(letter)


@pytest.mark.parametrize(
    "letter", ["\U0001f525", "\U0001f469\u200d\U0001f692", "\u26a0\ufe0f", "\u0e19\u0e31", "a\x1b[5C"]
)
def test_where_these_end_is_not(letter: str) -> None:
    assert not sure(letter)


def test_marks_without_a_letter_are_left_out() -> None:
    assert cells("\u0301a", PLAIN)[0] == ("a",)
    assert cells("\u5bbd\u0301a", PLAIN)[0] == ("\u5bbd\u0301", TAIL, "a")


@given(st.text(max_size=20))
def test_cells_are_as_many_as_textual_counts(text: str) -> None:
    letters, looks = cells(text, PLAIN)
    assert len(letters) == len(looks)
    if not any(joiner in text for joiner in "\u200d\ufe0f"):
        assert len(letters) == sum(map(get_character_cell_size, text))


@pytest.mark.parametrize("colors", [ColorSystem.STANDARD, ColorSystem.EIGHT_BIT, ColorSystem.TRUECOLOR])
@pytest.mark.parametrize("name", [None, *(name for name, _, _ in ATTRIBUTES)])
def test_a_look_is_what_textual_would_draw(colors: ColorSystem, name: str | None) -> None:
    style = Style(color="#ff6b6b", bgcolor="#0f1318", **({} if name is None else {name: True}))  # type: ignore[arg-type]  # an attribute by its name
    ours = drawn(PLAIN, look_of(style, colors), blank=False)[0]
    assert f"{ours.replace('[0;', '[')}x\x1b[0m" == Strip.render_style(style, "x", colors)
