"""Widgets made of lines of toned text: no markup, no wrapping, and only the lines that differ are painted again."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from client.views.bits import Line, Tone
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
    """Knows the look of each tone in the theme that is on. Component classes would cost a node a tone a widget."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._tones: dict[Tone, Style] | None = None
        self._ground: Style | None = None

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._tones = self._ground = None

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
            segments.append(Segment(piece, self.tone(tone)))
            room -= cell_len(piece)
        if room > 0:
            segments.append(Segment(" " * room, self.tone("text")))
        if self._ground is None:
            self._ground = self.rich_style
        ground = self._ground + self._selection() if selected else self._ground
        return Strip(segments, width).apply_style(ground)

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

    def render_line(self, y: int) -> Strip:
        if y < len(self._lines):
            return self.strip_of(self._lines[y], self.size.width)
        return self.strip_of((), self.size.width)
