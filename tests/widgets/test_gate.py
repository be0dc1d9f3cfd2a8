"""The last gate: whatever a widget paints by mistake, nothing that acts reaches the terminal, and no column moves."""

import pytest
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.app import App, ComposeResult
from textual.color import Color
from textual.filter import LineFilter
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Static

from casework.untrusted import safe
from tests.tui.hostile_text import HOSTILE
from widgets.gate import Gate

BLACK = Color.parse("#000000")


class Careless(Widget):
    """Paints what it was given, as a forgotten place would."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    def render_line(self, y: int) -> Strip:
        line = self.text.split("\n")[0] if y == 0 else "neighbor"
        return Strip([Segment(line[:30], Style(link="https://example.org")), Segment("|end")])


class CarelessApp(App[None]):
    def __init__(self, text: str, gate: LineFilter | None) -> None:
        self.gate = gate
        super().__init__()
        self.text = text

    def get_line_filters(self) -> list[LineFilter]:
        return [*super().get_line_filters(), *([self.gate] if self.gate else [])]

    def compose(self) -> ComposeResult:
        yield Careless(self.text)
        yield Static("below", markup=False)


async def painted(app: CarelessApp) -> str:
    """What goes to the terminal for the whole screen."""
    async with app.run_test(size=(60, 6)) as pilot:
        await pilot.pause()
        strips = app.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in strip) for strip in strips)


def apply(gate: Gate, *segments: Segment) -> list[Segment]:
    return gate.apply(list(segments), BLACK)


@pytest.mark.parametrize("name", ["ctrl-001", "ctrl-013", "term-001", "term-080", "unicode-003", "unicode-018"])
async def test_a_forgotten_place_is_harmless_behind_the_gate(name: str) -> None:
    screen = await painted(CarelessApp(HOSTILE[name], Gate()))

    assert all(safe(line) for line in screen.split("\n"))
    assert "neighbor|end" in screen


async def test_without_the_gate_the_same_place_is_not() -> None:
    screen = await painted(CarelessApp(HOSTILE["term-080"], None))

    assert "\x1b" in screen


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_no_column_moves(name: str) -> None:
    text = HOSTILE[name][:500]

    passed = apply(Gate(), Segment(text), Segment("|next"))

    assert all(safe(segment.text) for segment in passed)
    assert sum(cell_len(segment.text) for segment in passed) == cell_len(text) + 5


def test_links_and_click_actions_are_taken_out() -> None:
    style = Style(bold=True, link="file:///etc/passwd") + Style(meta={"@click": "app.quit"})

    (segment,) = apply(Gate(), Segment("open me", style))

    assert segment.style is not None
    assert segment.style.link is None
    assert "@click" not in segment.style.meta
    assert segment.style.bold


def test_what_is_harmless_passes_as_it_is() -> None:
    segments = [Segment("calm", Style(bold=True)), Segment(" \u25a0S0")]

    assert Gate().apply(segments, BLACK) is segments


def test_the_ascii_set() -> None:
    (segment,) = apply(Gate(ascii_shapes=True), Segment("\u25a0S0 \u25b2S1 \u25cfS2 \u25cbS3 \u00b7S4 caf\u00e9"))

    assert segment.text == "!S0 ^S1 *S2 oS3 .S4 caf\u00e9"


def test_a_terminal_without_utf8_gets_ascii_alone() -> None:
    (segment,) = apply(Gate(ascii_only=True), Segment("\u258c \u25a0 \u6f22 caf\u00e9"))

    assert segment.text == "> ! ?? caf?"
