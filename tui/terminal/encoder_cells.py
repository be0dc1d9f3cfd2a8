"""From text and styles to cells: what stands in each cell of a line, and how it looks in a terminal's own terms."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, TypeAlias

from rich.cells import get_character_cell_size, split_graphemes
from rich.color import ColorSystem
from rich.style import Style

TAIL: Final = ""
"""What stands in the second cell of a wide letter."""

ATTRIBUTES: Final = (
    ("bold", "1", "22"),
    ("dim", "2", "22"),
    ("italic", "3", "23"),
    ("underline", "4", "24"),
    ("blink", "5", "25"),
    ("blink2", "6", "25"),
    ("reverse", "7", "27"),
    ("conceal", "8", "28"),
    ("strike", "9", "29"),
    ("underline2", "21", "24"),
    ("frame", "51", "54"),
    ("encircle", "52", "54"),
    ("overline", "53", "55"),
)
"""An attribute of a style, the SGR parameter that sets it and the one that takes it back (ECMA-48, 8.3.117)."""
_BIT: Final = {name: 1 << at for at, (name, _, _) in enumerate(ATTRIBUTES)}
SEEN_ON_A_SPACE: Final = sum(
    _BIT[name] for name in ("underline", "reverse", "strike", "underline2", "frame", "encircle", "overline")
)
"""Attributes that show where there is no ink."""


class Look:
    """How a cell looks: SGR parameters of its colors (empty: the terminal's own), and a bit for each attribute.

    There is one object for each look: compare with `is`.
    """

    __slots__ = ("attributes", "bg", "blank", "fg")

    def __init__(self, fg: str, bg: str, attributes: int) -> None:
        self.fg = fg
        self.bg = bg
        self.attributes = attributes
        seen = attributes & SEEN_ON_A_SPACE
        ink = fg if seen else ""
        self.blank: Look = self if (ink, seen) == (fg, attributes) else look(ink, bg, seen)
        """As a space shows it: without what needs ink."""

    def __repr__(self) -> str:
        return f"Look({self.fg!r}, {self.bg!r}, {self.attributes:#x})"


_looks: dict[tuple[str, str, int], Look] = {}


def look(fg: str, bg: str, attributes: int) -> Look:
    """The one object of a look."""
    found = _looks.get((fg, bg, attributes))
    if found is None:
        found = _looks[fg, bg, attributes] = Look(fg, bg, attributes)
    return found


PLAIN: Final = look("", "", 0)
"""What a terminal draws after a reset."""


def look_of(style: Style | None, colors: ColorSystem) -> Look:
    """The look of a style where there are these colors. Links are left out: nothing here opens from a screen."""
    if style is None:
        return PLAIN
    fg = bg = ""
    if style.color is not None and not style.color.is_default:
        fg = ";".join(style.color.downgrade(colors).get_ansi_codes())
    if style.bgcolor is not None and not style.bgcolor.is_default:
        bg = ";".join(style.bgcolor.downgrade(colors).get_ansi_codes(foreground=False))
    attributes = sum(bit for name, bit in _BIT.items() if getattr(style, name))
    return look(fg, bg, attributes)


Cells: TypeAlias = tuple[tuple[str, ...], tuple[Look, ...]]
"""What stands in some cells, and how each of them looks."""


def cells(text: str, of: Look) -> Cells:
    """The cells of `text`, all of one look. Marks before its first letter are left out: there is none to carry them."""
    return measured(text, of)[0]


@lru_cache(maxsize=2048)
def measured(text: str, of: Look) -> tuple[Cells, str]:
    """The cells of `text`, marks with the letter before them; and the marks that come before its first letter."""
    blank = of.blank
    if text.isascii() and text.isprintable():
        return (tuple(text), tuple([blank if char == " " else of for char in text])), ""
    texts: list[str] = []
    early = ""
    for start, end, width in split_graphemes(text)[0]:
        if width:
            texts.append(text[start:end])
            texts.extend([TAIL] * (width - 1))
        elif texts:
            texts[-1 if texts[-1] != TAIL else -2] += text[start:end]
        else:
            early += text[start:end]
    return (tuple(texts), tuple([blank if each == " " else of for each in texts])), early


@lru_cache(maxsize=4096)
def sure(text: str) -> bool:
    """Whether every terminal agrees how far a cell's text moves the cursor.

    They do on letters, East Asian ones too, and on marks; not on emoji, which came late and join in many ways.
    """
    base = text[0]
    if ord(base) >= 0x1F000 or not get_character_cell_size(base):
        return False
    return len(text) == 1 or all("\u0300" <= mark <= "\u036f" for mark in text[1:])
