"""Widgets made of lines of toned text: no markup, no wrapping, and only the lines that differ are painted again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, get_args

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from client.views.bits import Line, Tone
from widgets.paint import cut, words


class Toned(Widget, can_focus=False):
    """Knows the theme's style of each tone."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"tone--{tone}" for tone in get_args(Tone)} | {"tone--cursor"}

    def tone(self, tone: Tone) -> Style:
        """The style of `tone`, without a background of its own."""
        return self.get_component_rich_style(f"tone--{tone}", partial=True)

    def strip_of(self, line: Line, width: int, *, selected: bool = False) -> Strip:
        """`line` in exactly `width` cells; what is too long is cut at a word in the piece that reaches the edge."""
        ground = self.rich_style
        if selected:
            ground += self.get_component_rich_style("tone--cursor", partial=True)
        segments: list[Segment] = []
        room = width
        for text, tone in line:
            if room <= 0:
                break
            piece = cut(words(text), room)
            segments.append(Segment(piece, self.tone(tone)))
            room -= cell_len(piece)
        if room > 0:
            segments.append(Segment(" " * room))
        return Strip(segments, width).apply_style(ground)


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

    def render_line(self, y: int) -> Strip:
        if y < len(self._lines):
            return self.strip_of(self._lines[y], self.size.width)
        return Strip.blank(self.size.width, self.rich_style)
