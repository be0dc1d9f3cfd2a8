"""The last gate before the terminal: whatever a widget paints, no character that acts or hides gets past it.

Every text from outside has already been made visible where it is drawn. This filter stands behind all drawing,
Textual's own included, so that one forgotten place shows a stand-in and not an escape sequence. No column moves.
"""

from __future__ import annotations

from typing import Final

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter
from textual.strip import Strip

from casework.untrusted import safe, stand_in_of_one_cell

ASCII_SHAPES: Final = str.maketrans(
    {
        "\u25a0": "!",
        "\u25b2": "^",
        "\u25cf": "*",
        "\u25cb": "o",
        "\u00b7": ".",
        "\u258c": ">",
        "\u2588": "#",
        "\u2592": ":",
        "\u2591": ".",
        "\u2500": "-",
        "\u2502": "|",
        "\u2026": "~",
        "\u2013": "-",
        "\u2014": "-",
        "\u2018": "'",
        "\u2019": "'",
        "\u201c": '"',
        "\u201d": '"',
        "\u00d7": "x",
        "\u2191": "^",
        "\u2193": "v",
        "\u2192": ">",
        "\u2713": "+",
        "\u25b8": ">",
        "\u2580": '"',
        "\u2584": "_",
    }
)
"""The ASCII set, cell for cell: for terminals whose locale is not UTF-8, and for `--ascii`."""


class Gate(LineFilter):
    """Replaces unsafe characters and takes links and click actions out of styles."""

    def __init__(self, *, ascii_shapes: bool = False, ascii_only: bool = False) -> None:
        super().__init__()
        self.ascii_shapes = ascii_shapes or ascii_only
        """Whether our shapes are drawn in ASCII; it may be found out late that they have to be."""
        self._ascii_only = ascii_only

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """`segments` of one line, harmless and as wide as before."""
        if not self.ascii_shapes and all(_harmless(segment) for segment in segments):
            return segments
        passed: list[Segment] = []
        for text, style, _control in segments:
            if self.ascii_shapes:
                text = text.translate(ASCII_SHAPES)
                if self._ascii_only and not text.isascii():
                    text = "".join(char if char.isascii() else "?" * cell_len(char) for char in text)
            if not safe(text):
                text = "".join(map(stand_in_of_one_cell, text))
            passed.append(Segment(text, _without_actions(style)))
        width = sum(cell_len(segment.text) for segment in segments)
        if sum(cell_len(segment.text) for segment in passed) == width:
            return passed
        return list(Strip(passed).adjust_cell_length(width))


def _harmless(segment: Segment) -> bool:
    return segment.control is None and safe(segment.text) and _without_actions(segment.style) is segment.style


def _without_actions(style: Style | None) -> Style | None:
    if style is None or (style.link is None and not style.meta):
        return style
    # Textual marks cells with the offset that text selection reads; an action name is what must not be there.
    if style.link is None and not any(name.startswith("@") for name in style.meta):
        return style
    return style.update_link(None).clear_meta_and_links()
