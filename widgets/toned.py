"""Widgets made of lines of toned text: no markup, no wrapping, and only the lines that differ are painted again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import ClassVar, Final

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.color import Color
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from client.views.bits import Line, Tone
from widgets.boundary import Fault, Faulted, bounded
from widgets.paint import cut, words

_INK: Final[dict[Tone, tuple[str, bool]]] = {
    "text": ("foreground", False),
    "quoted": ("foreground", False),
    "strong": ("foreground", True),
    "quiet": ("quiet", False),
    "rule": ("rule", False),
    "late": ("error", True),
    "soon": ("warning", True),
    "s0": ("error", True),
    "s1": ("warning", True),
    "s2": ("primary", True),
    "key": ("primary", True),
    "mine": ("success", False),
}
"""Which variable of the theme a tone is drawn in, and whether it is bold."""
_FAINT: Final[frozenset[Tone]] = frozenset({"quiet", "rule"})
"""What is dim where there is no shade to say that it matters less."""


@lru_cache(maxsize=8)
def _looks(inks: tuple[tuple[Tone, str], ...], plain: bool, few: bool) -> dict[Tone, Style]:
    looks: dict[Tone, Style] = {}
    for tone, ink in inks:
        color = None if plain else Color.parse(ink).rich_color
        looks[tone] = Style(color=color, bold=_INK[tone][1] or None, dim=(few and tone in _FAINT) or None)
    return looks


class Toned(Widget, can_focus=False):
    """Knows the look of each tone in the theme that is on. Component classes would cost a node a tone a widget.

    Subclasses draw in `paint_line`. What fails there or in an event is shown as a sentence where the part would be,
    told to the screen by `Faulted`, and tried again with the next change.
    """

    PART: ClassVar[str] = "This part"
    """What a sentence calls it."""
    LINE: ClassVar[str] = "This line"
    """What a sentence calls one line of it."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._tones: dict[Tone, Style] | None = None
        self._grounded: dict[tuple[Style, bool], Style] = {}
        """Tones on the widget's ground, and on that of a selected line."""
        self._failure: Fault | None = None
        self._torn = False
        """Whether a line was drawn as a sentence because it could not be drawn as it is."""

    # --- when it fails

    @property
    def failure(self) -> Fault | None:
        """Why the whole part is not shown now."""
        return self._failure

    def fail(self, fault: Fault) -> None:
        """Show a sentence in place of the part, until `stand`."""
        if fault != self._failure:
            self._failure = fault
            self.refresh()
        self.post_message(Faulted(fault))

    def stand(self) -> None:
        """What this part shows could be worked out: what failed before is tried again."""
        if self._failure is not None or self._torn:
            self._failure, self._torn = None, False
            self.refresh()

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Compose | events.Mount):
            await super().on_event(event)
            return
        with bounded(self.PART, self.fail):
            await super().on_event(event)

    def render_line(self, y: int) -> Strip:
        if self._failure is not None:
            return self._instead(self._failure if y == 0 else None)
        try:
            return self.paint_line(y)
        except Exception as error:  # noqa: BLE001 - one line that cannot be drawn leaves the others
            self._torn = True
            fault = Fault.of(self.LINE, error)
            self.post_message(Faulted(fault))
            return self._instead(fault)

    def paint_line(self, y: int) -> Strip:
        """Line `y` of the widget."""
        return self.strip_of((), self.size.width)

    def render_lines(self, crop: Region) -> list[Strip]:
        """Without borders and padding, what Textual's cache of styles would make of the lines.

        It asks for each line what borders, outline and opacity there are; lines of toned text have none.
        """
        if self.gutter:
            return super().render_lines(crop)
        strips = [Strip(segments) for segments in self.bare(range(crop.y, crop.bottom))]
        if crop.x or crop.width != self.size.width:
            strips = [strip.crop(crop.x, crop.right) for strip in strips]
        return strips

    def bare(self, lines: Iterable[int]) -> Iterator[list[Segment]]:
        """Lines without borders and padding, through the filters."""
        filters = self.get_line_filters()
        background = self.background_colors[1]
        for y in lines:
            segments = list(self.render_line(y))
            for each in filters:
                segments = each.apply(segments, background)
            yield segments

    def _instead(self, fault: Fault | None) -> Strip:
        width = self.size.width
        words = f" {fault.sentence}" if fault is not None else ""
        try:
            return self.strip_of(((words, "soon"),), width)
        except Exception:  # noqa: BLE001 - the look itself is what fails: plain cells always can be drawn
            return Strip([Segment(words.ljust(width)[:width])], width)

    # --- how it looks

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._tones = None
        self._grounded.clear()

    def tone(self, tone: Tone) -> Style:
        """The look of `tone`, without a background of its own."""
        if self._tones is None:
            self._tones = self._look_up()
        return self._tones[tone]

    def _look_up(self) -> dict[Tone, Style]:
        variables = self.app.theme_variables
        ink = variables["foreground"]
        inks = tuple((tone, variables.get(name, ink)) for tone, (name, _) in _INK.items())
        return _looks(inks, self.app.no_color, self.app.native_ansi_color)

    def strip_of(self, line: Line, width: int, *, selected: bool = False) -> Strip:
        """`line` in exactly `width` cells; what is too long is cut at a word in the piece that reaches the edge."""
        segments: list[Segment] = []
        room = width
        for text, tone in line:
            if room <= 0:
                break
            piece = cut(words(text), room)
            segments.append(Segment(piece, self._on_ground(tone, selected)))
            room -= cell_len(piece)
        if room > 0:
            segments.append(Segment(" " * room, self._on_ground("text", selected)))
        return Strip(segments, width)

    def _on_ground(self, tone: Tone, selected: bool) -> Style:
        ink = self._on_selection(tone) if selected else self.tone(tone)
        style = self._grounded.get((ink, selected))
        if style is None:
            ground = self.rich_style + self._selection() if selected else self.rich_style
            style = self._grounded[ink, selected] = ground + ink
        return style

    def _on_selection(self, tone: Tone) -> Style:
        """The look of `tone` on the selected line: reversed, each color would be a patch of ground of its own."""
        look = self.tone(tone)
        return Style(bold=look.bold) if self.app.native_ansi_color else look

    def _selection(self) -> Style:
        """The ground of the selected line; reverse where there is no shade for it."""
        if self.app.native_ansi_color:
            return Style(reverse=True)
        chosen = self.app.theme_variables.get("selection")
        return Style(bgcolor=Color.parse(chosen).rich_color) if chosen else Style(reverse=True)


class Lines(Toned):
    """Some lines of toned text, from the top; lines beyond the widget's height are not shown."""

    DEFAULT_CSS = """
    Lines { height: auto; width: 1fr; }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._lines: tuple[Line, ...] = ()

    @property
    def lines(self) -> tuple[Line, ...]:
        """What is shown."""
        return self._lines

    def show(self, lines: Sequence[Line]) -> None:
        """Show `lines`; those that stand there already are left alone."""
        old, self._lines = self._lines, tuple(lines)
        if len(old) != len(self._lines) and self.styles.height is not None and self.styles.height.is_auto:
            self.refresh(layout=True)
            return
        width = self.size.width
        for y in range(max(len(old), len(self._lines))):
            before = old[y] if y < len(old) else ()
            after = self._lines[y] if y < len(self._lines) else ()
            if before != after:
                self.refresh(Region(0, y, width, 1))

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        return len(self._lines)

    def paint_line(self, y: int) -> Strip:
        if y < len(self._lines):
            return self.strip_of(self._lines[y], self.size.width)
        return self.strip_of((), self.size.width)
