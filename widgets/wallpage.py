"""The wall's first page, laid out for the screen it is on. It draws what `client.views.wall` says and knows no more."""

from __future__ import annotations

from collections.abc import Sequence

from client.views.bits import Bit, Line
from client.views.wall import Big, Wall
from widgets.bigdigits import big, doubled
from widgets.status import line_width
from widgets.toned import Lines

GAP = 3


class WallPage(Lines):
    """Everything on one widget, so that going stale replaces it at once."""

    DEFAULT_CSS = """
    WallPage { height: 1fr; width: 1fr; }
    """
    PART = "The wall"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._page: Wall | None = None
        self._foot: Line = ()

    def tell(self, page: Wall, foot: Line = ()) -> None:
        """Show `page`; `foot` is said at the left of the last line."""
        self._page, self._foot = page, foot
        self._lay()

    def on_resize(self) -> None:
        self._lay()

    def _lay(self) -> None:
        page, width, height = self._page, self.size.width, self.size.height
        if page is None or not width or not height:
            return
        lines = _stale(page, width, height) if page.stale is not None else self._live(page, width, height)
        self.show(lines[:height])

    def _live(self, page: Wall, width: int, height: int) -> list[Line]:
        rule: Line = (("\u2500" * width, "rule"),)
        middle: Line = ((f"\u25a0 {page.status}", page.status_tone),)
        lines: list[Line] = [_header(page, middle, width), rule]
        lines += _digits(page, width, height)
        lines.append(rule)
        lines += [((" ", "text"), *row) for row in page.rows[: max(0, height - len(lines) - 2)]]
        lines += [()] * (height - len(lines) - 2)
        lines += [rule, _ends(self._foot, page.flow, width)]
        return lines


def _header(page: Wall, middle: Line, width: int) -> Line:
    name: Line = ((page.name, "strong"),)
    spare = width - 4 - len(page.feed) - len(page.clock) - line_width(name) - line_width(middle)
    right: Line = ((page.feed, "mine"), (" " * max(1, min(5, spare // 3)), "text"), (page.clock, "text"))
    room = width - 2 - line_width(name) - line_width(middle) - line_width(right)
    before = max(1, min(room // 2, width // 3 - line_width(name)))
    return ((" ", "text"), *name, (" " * before, "text"), *middle, (" " * max(1, room - before), "text"), *right)


def _ends(left: Line, right: Line, width: int) -> Line:
    gap = width - 2 - line_width(left) - line_width(right)
    return ((" ", "text"), *left, (" " * max(1, gap), "text"), *right)


def _digits(page: Wall, width: int, height: int) -> list[Line]:
    """The counts and, set apart at the right, the time to the next late one; as big as fits."""
    counts = page.counts
    next_late = page.next_late
    pictures, widths, fits = _largest([*counts, *((next_late,) if next_late is not None else ())], width, height)
    if not fits:
        # A narrow wall: the counts stay, the time stands in the rows below anyway.
        next_late = None
        pictures, widths, _ = _largest(list(counts), width, height)
    lines: list[Line] = []
    used = 2 + sum(widths[: len(counts)]) + GAP * len(counts)
    for y in range(len(pictures[0])):
        bits: list[Bit] = [("  ", "text")]
        for at, number in enumerate(counts):
            bits.append((pictures[at][y].ljust(widths[at] + GAP), number.tone))
        if next_late is not None:
            picture = pictures[-1]
            bits.append((" " * max(0, width - used - len(picture[0]) - 2), "text"))
            bits.append((picture[y], next_late.tone))
        lines.append(tuple(bits))
    words: list[Bit] = [("  ", "text")]
    words += [(number.word.ljust(widths[at] + GAP), "quiet") for at, number in enumerate(counts)]
    named: Line = (("NEXT LATE ", "strong"), *page.next_words) if page.next_words and next_late is not None else ()
    if line_width(named) > width - used - 2 and named:
        named = (("NEXT ", "strong"), *page.next_words)
    gap = width - used - line_width(named) - 2
    lines.append((*words, (" " * max(0, gap), "text"), *named))
    return lines


def _largest(numbers: Sequence[Big], width: int, height: int) -> tuple[list[tuple[str, ...]], list[int], bool]:
    """The pictures of the numbers, the width of each, in the largest size that fits; and whether any does."""
    sizes = ((2, False), (1, False), (1, True))
    for scale, slim in sizes:
        pictures = [_picture(number, scale=scale, slim=slim) for number in numbers]
        widths = [max(len(picture[0]), len(number.word)) for picture, number in zip(pictures, numbers, strict=True)]
        fits = sum(widths) + GAP * len(widths) + 2 <= width and (scale == 1 or height >= 14 + len(pictures[0]))
        if fits or (scale, slim) == sizes[-1]:
            return pictures, widths, fits
    raise AssertionError("the last size is taken whatever its width")


def _picture(number: Big, *, scale: int, slim: bool) -> tuple[str, ...]:
    picture: tuple[str, ...] = big(number.digits, slim=slim)
    return doubled(picture) if scale == 2 else picture


def _stale(page: Wall, width: int, height: int) -> list[Line]:
    """Nothing but that it is stale, for how long, and when something was last known."""
    number = page.stale
    assert number is not None
    picture: Sequence[str] = _picture(number, scale=2, slim=False)
    if len(picture[0]) > width - 2:
        picture = _picture(number, scale=1, slim=False)
    lines: list[Line] = [_header(page, ((f"\u25a0 {number.word}", "late"),), width), (("\u2500" * width, "rule"),)]
    lines += [()] * max(0, (height - len(picture) - 6) // 2)
    lines.append(_centered(((number.word, "late"),), width))
    lines.append(())
    lines += [_centered(((row, "late"),), width) for row in picture]
    lines += [(), _centered(page.stale_words, width)]
    return lines


def _centered(line: Line, width: int) -> Line:
    return ((" " * max(0, (width - line_width(line)) // 2), "text"), *line)
