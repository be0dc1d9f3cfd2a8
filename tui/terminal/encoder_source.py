"""What Textual's compositor hands over, as pieces for the encoder. Private parts of Textual 8.2.8 are read here.

`tests/tui/test_encoder_contract.py` holds what is relied upon against the installed version.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set, ValuesView
from itertools import islice
from typing import Final, TypeAlias

from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, Compositor, CompositorUpdate, LayoutUpdate
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from tui.terminal.encoder import Piece, fitted
from tui.terminal.encoder_cells import PLAIN, TAIL, Cells, Look, look_of, measured
from widgets.toned import Toned

LOOKS_MOST: Final = 1_024


Drawn: TypeAlias = tuple[int, int, Iterable[Segment]]
"""Column and line of the first cell, and what is drawn from there on."""


class Patch(CompositorUpdate):
    """Lines of widgets that nothing stands before."""

    def __init__(self, drawn: Sequence[Drawn]) -> None:
        self.drawn = drawn


class Source:
    """Turns updates into pieces, for a terminal with some colors."""

    def __init__(self) -> None:
        self._looks: dict[Style | None, Look] = {}
        self._colors: ColorSystem | None = None

    def pieces(self, update: CompositorUpdate, colors: ColorSystem | None) -> Iterator[Piece]:
        """What `update` paints, line by line from the left. Raises `TypeError` for an update of another kind."""
        colors = colors or ColorSystem.TRUECOLOR
        if colors is not self._colors:
            self._colors = colors
            self._looks.clear()
        if isinstance(update, Patch):
            for x, y, segments in update.drawn:
                yield x, y, self._cells(segments)
        elif isinstance(update, LayoutUpdate):
            right = update.region.right
            for y, line in enumerate(update.strips, update.region.y):
                # The strips of a line are the values of a dictionary by column: a strip too wide shifts no other.
                assert isinstance(line, ValuesView)
                chops: Mapping[int, Strip | None] = line.mapping  # type: ignore[attr-defined]  # of a dictionary's view
                for (x, chop), end in zip(chops.items(), (*islice(chops, 1, None), right), strict=True):
                    if chop is not None:
                        yield x, y, fitted(self._cells(chop), end - x)
        elif isinstance(update, ChopsUpdate):
            for y, first, last in update.spans:
                if y >= len(update.chops):
                    continue
                for (x, chop), end in zip(update.chops[y].items(), update.chop_ends[y], strict=True):
                    if chop is not None and x < last and end > first:
                        yield x, y, fitted(self._cells(chop), end - x)
        else:
            raise TypeError(f"no pieces in {type(update).__name__}")

    def _cells(self, segments: Iterable[Segment]) -> Cells:
        texts: list[str] = []
        looks: list[Look] = []
        before = PLAIN
        known = self._looks
        for text, style, control in segments:
            if control:
                continue
            of = known.get(style)
            if of is None:
                if len(known) >= LOOKS_MOST:
                    known.clear()
                assert self._colors is not None
                of = known[style] = look_of(style, self._colors)
            (some, some_looks), early = measured(text, of)
            if early and texts:
                at = -1 if texts[-1] != TAIL else -2
                texts[at] += early
                looks[at] = before
            texts += some
            looks += some_looks
            before = of
        return tuple(texts), tuple(looks)


def whole(screen: Screen[object]) -> CompositorUpdate:
    """An update that covers the screen."""
    update = screen._compositor.render_update(full=True, screen_stack=screen.app._background_screens)
    assert isinstance(update, LayoutUpdate)
    return update


def is_whole(update: CompositorUpdate | None, screen: Screen[object]) -> bool:
    """Whether `update` covers the screen."""
    return isinstance(update, LayoutUpdate) and update.region.size == screen.size and not update.region.offset


def hand_over(screen: Screen[object], display: Callable[[Screen[object], CompositorUpdate], None]) -> None:
    """Paint now what widgets of the screen want painted, without waiting for their idle time and for Textual's slot.

    What has to be laid out first is left to Textual, which does that by itself 1/60 s later.
    """
    if not screen.is_current or screen.app._batch_count or screen._layout_required:
        return
    wanting: set[Widget] = set(screen._dirty_widgets)
    for widget in screen._compositor.visible_widgets:
        if widget._repaint_required and not widget._layout_required:
            widget._repaint_required = False
            wanting.add(widget)
    screen._dirty_widgets.clear()
    if not wanting:
        return
    drawn = _on_top(screen._compositor, wanting)
    if drawn is None:
        screen._compositor.update_widgets(wanting)
        screen._compositor_refresh()
    else:
        display(screen, Patch(drawn))


def _on_top(compositor: Compositor, wanting: Set[Widget]) -> list[Drawn] | None:
    """The lines that widgets want painted; None if one of them needs the compositor, which takes all widgets' lines."""
    if compositor._dirty_regions:
        return None
    before: list[Region] = []
    found: list[tuple[Widget, Region]] = []
    for widget, (region, clip) in compositor.visible_widgets.items():  # from the front to the back
        seen = clip.intersection(region)
        if widget in wanting:
            if seen != region or any(region.overlaps(other) for other in before):
                return None
            found.append((widget, region))
        before.append(seen)
    drawn: list[Drawn] = []
    for widget, (left, top, width, height) in found:
        lines = sorted({y for dirty in widget._exchange_repaint_regions() for y in dirty.line_range if 0 <= y < height})
        if isinstance(widget, Toned) and not widget.gutter:
            drawn += [(left, top + y, segments) for y, segments in zip(lines, widget.bare(lines), strict=True)]
            continue
        for first, count in _ranges(lines):
            strips = widget.render_lines(Region(0, first, width, count))
            drawn += [(left, top + y, strip) for y, strip in enumerate(strips, first)]
    return drawn


def _ranges(lines: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Lines in ascending order as (first, how many)."""
    start = 0
    for at in range(1, len(lines) + 1):
        if at == len(lines) or lines[at] != lines[at - 1] + 1:
            yield lines[start], at - start
            start = at
