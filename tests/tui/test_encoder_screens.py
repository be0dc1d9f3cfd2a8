"""The encoder behind a real compositor: at each step the same screen as Textual's own output paints."""

import asyncio
import random
from collections.abc import Callable, Coroutine, Sequence

import pytest
from rich.console import RenderableType
from rich.segment import Segment
from rich.style import Style
from textual._compositor import CompositorUpdate
from textual.app import App, ComposeResult
from textual.containers import Horizontal
from textual.geometry import Region
from textual.screen import ModalScreen, Screen
from textual.strip import Strip
from textual.widget import Widget

from tests.tui.test_console import desk, ready
from tests.tui.test_encoder import Glass
from tui.terminal.encoder import Encoder
from tui.terminal.encoder_source import Patch, Source, hand_over, whole
from widgets.toned import Toned

NARROW = ("6:41", "-0:42", "\u25a0S0", "\u25b2S1", "t\u00e9", "a", " ", "    ", "\u2500\u2500", "contain")
WIDE = (*NARROW, "\u5bbd\u5b57\u5bbd", "e\u0301t\u0301", "\U0001f525")
"""Textual may cut these in two where another widget begins, so its own output is no measure for them."""
STYLES = (
    Style(),
    Style(bold=True),
    Style(color="#ff6b6b", bold=True),
    Style(reverse=True),
    Style(dim=True, underline=True),
)


class Sheet(Widget, can_focus=False):
    """Lines of colored words; `change` writes some of them anew."""

    def __init__(self, random: random.Random, words: Sequence[str], id: str | None = None) -> None:
        super().__init__(id=id)
        self._random = random
        self._words = words
        self._lines: dict[int, Strip] = {}

    def change(self) -> None:
        for y in range(self.size.height):
            if self._random.random() < 0.4:
                self._lines.pop(y, None)
                self.refresh(Region(0, y, self.size.width, 1))

    def render_line(self, y: int) -> Strip:
        if y not in self._lines:
            pick = self._random.choice
            words = [Segment(pick(self._words), pick(STYLES)) for _ in range(self._random.randint(0, 9))]
            self._lines[y] = Strip(words).apply_style(self.rich_style)
        return self._lines[y].adjust_cell_length(self.size.width, self.rich_style)


class Card(ModalScreen[None]):
    """Stands before the screen that is below it."""

    DEFAULT_CSS = "Card { align: center middle; } Card Sheet { width: 13; height: 3; border: round red; }"

    def __init__(self, random: random.Random, words: Sequence[str]) -> None:
        super().__init__()
        self._random = random
        self._words = words

    def compose(self) -> ComposeResult:
        yield Sheet(self._random, self._words)


class Desk(App[None]):
    """Two sheets, and a third that moves about before them."""

    CSS = """
    Screen { layers: below above; }
    #left { width: 1fr; layer: below; } #right { width: 13; layer: below; background: #1d2733; }
    #above { width: 9; height: 2; layer: above; background: #402020; }
    """

    def __init__(self, random: random.Random, words: Sequence[str]) -> None:
        super().__init__()
        self.random = random
        self.words = words
        self.encoder = Encoder()
        self.source = Source()
        self.glass = Glass(1, 1)

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield Sheet(self.random, self.words, id="left")
            yield Sheet(self.random, self.words, id="right")
        yield Sheet(self.random, self.words, id="above")

    def _display(self, screen: Screen[object], renderable: RenderableType | CompositorUpdate | None) -> None:
        size = screen._compositor.size
        if not size or not isinstance(renderable, CompositorUpdate):
            return
        if (self.glass.screen.columns, self.glass.screen.lines) != tuple(size):
            self.glass = Glass(*size)
            self.encoder.forget()
        update = renderable if self.encoder.known else whole(screen)
        self.glass.feed(self.encoder.encode(self.source.pieces(update, self.console._color_system), size, (0, 0)))


def textuals(app: Desk) -> Glass:
    """The screen as Textual itself writes it whole."""
    size = app.screen._compositor.size
    glass = Glass(*size)
    # A terminal in raw mode turns line feeds into new lines.
    glass.feed(whole(app.screen).render_segments(app.console).replace("\n", "\r\n"))
    return glass


def waits(app: Desk) -> bool:
    """Whether something was asked for that is not painted yet."""
    screen = app.screen
    flags = (
        screen._layout_required,
        screen._repaint_required,
        screen._dirty_widgets,
        screen._compositor._dirty_regions,
    )
    widgets = screen.walk_children(Widget)
    return (
        any(flags)
        or any(widget._repaint_required or widget._layout_required for widget in widgets)
        or app._message_queue.qsize() > 0
        or screen._message_queue.qsize() > 0
    )


async def painted(app: Desk) -> None:
    while waits(app):  # noqa: ASYNC110 - nothing in Textual tells when a screen is painted
        await asyncio.sleep(0.002)


def afresh(app: Desk) -> Glass:
    """The screen as the encoder writes it on a terminal of which it knows nothing."""
    size = app.screen._compositor.size
    glass = Glass(*size)
    glass.feed("\x1b[41mrubbish")
    glass.feed(Encoder().encode(Source().pieces(whole(app.screen), app.console._color_system), size, (0, 0)))
    return glass


def sheets(app: Desk) -> list[Sheet]:
    return list(app.screen.query(Sheet))


async def change(app: Desk) -> None:
    for sheet in sheets(app):
        sheet.change()


async def change_at_once(app: Desk) -> None:
    sheet = app.random.choice(sheets(app))
    sheet.change()
    hand_over(app.screen, app._display)


async def move_about(app: Desk) -> None:
    for sheet in app.screen.query("#above"):
        sheet.styles.offset = (app.random.randint(0, 20), app.random.randint(0, 6))


async def hide(app: Desk) -> None:
    for sheet in app.screen.query("#right, #above"):
        sheet.display = app.random.random() < 0.6


async def cover(app: Desk) -> None:
    if isinstance(app.screen, Card):
        await app.pop_screen()
    else:
        await app.push_screen(Card(app.random, app.words))


async def forget(app: Desk) -> None:
    app.glass.feed("\x1b[2J\x1b[Hshell\r\n$ fg")
    app.encoder.forget()
    app.screen.refresh()


STEPS: tuple[Callable[[Desk], Coroutine[object, object, None]], ...] = (
    change,
    change,
    change_at_once,
    change_at_once,
    move_about,
    hide,
    cover,
    forget,
)


@pytest.mark.parametrize("words", [NARROW, WIDE], ids=["narrow", "wide"])
@pytest.mark.parametrize("seed", range(6))
async def test_after_any_steps_the_screen_is_as_if_painted_whole(seed: int, words: Sequence[str]) -> None:
    source = random.Random(seed)
    app = Desk(source, words)
    async with app.run_test(size=(40, 10)) as pilot:
        for _ in range(25):
            if source.random() < 0.12:
                await pilot.resize_terminal(source.randint(8, 60), source.randint(3, 14))
            else:
                await source.choice(STEPS)(app)
            await painted(app)
            assert app.glass.seen() == afresh(app).seen()
            if words is NARROW:
                assert app.glass.seen() == textuals(app).seen()


async def test_bare_lines_are_what_textual_makes_of_them() -> None:
    async with desk(size=(160, 50)) as shown:
        await ready(shown)
        found = [widget for widget in shown.app.floor.query(Toned) if widget.size and widget.display]
        assert len(found) >= 5
        for widget in found:
            assert not widget.gutter
            for crop in (Region(0, 0, *widget.size), Region(3, 0, 20, 1)):
                theirs = Widget.render_lines(widget, crop)
                ours = widget.render_lines(crop)
                assert [strip.simplify() for strip in ours] == [strip.simplify() for strip in theirs]


async def test_lines_that_nothing_stands_before_skip_the_compositor() -> None:
    app = Desk(random.Random(1), NARROW)
    shown: list[object] = []
    async with app.run_test(size=(40, 10)):
        await painted(app)
        app.query_one("#above", Sheet).refresh(Region(0, 1, 9, 1))
        hand_over(app.screen, lambda screen, update: shown.append(update))
        (patch,) = shown
        assert isinstance(patch, Patch)
        assert [(x, y) for x, y, _ in patch.drawn] == [(0, 1)]
        app.query_one("#left", Sheet).refresh(Region(0, 1, 9, 1))
        hand_over(app.screen, lambda screen, update: shown.append(update))
        assert shown == [patch]  # behind another: the compositor paints it, through `_display`
