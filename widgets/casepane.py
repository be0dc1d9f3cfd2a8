"""The case pane: a whole case from the top, wrapped to the pane's width, scrolled by lines.

Text from outside stands behind a bar at its left that nothing of ours uses: words in it are never the console speaking.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from rich.cells import cell_len

from casework.model import Common
from client.views.bits import Line
from client.views.whole import Block, Head, Prose
from widgets.paint import shown, wrapped
from widgets.preview import case_title
from widgets.toned import Lines

QUOTE: Final = "\u2502 "
LONGEST: Final = 2_000
"""Lines of one text that are laid out; what is longer says so."""


class CasePane(Lines):
    """One case. `tell` gives it new blocks and keeps the place."""

    DEFAULT_CSS = """
    CasePane { height: 1fr; width: 1fr; }
    """
    PART = "The case pane"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._case: Common | None = None
        self._blocks: tuple[Block, ...] = ()
        self._body: tuple[Line, ...] = ()
        self._laid: tuple[tuple[Block, ...], int] | None = None
        self._top = 0
        self._without: tuple[str, ...] = ()

    @property
    def case_id(self) -> str | None:
        """The case that is shown."""
        return None if self._case is None else self._case.case_id

    def tell(self, case: Common | None, blocks: Sequence[Block], without: Sequence[str] = ()) -> None:
        """Show `case` as `blocks`; another case starts at its top."""
        if case is None or case.case_id != self.case_id:
            self._top = 0
        self._case, self._blocks, self._without = case, tuple(blocks), tuple(without)
        self._lay()

    def scroll_lines(self, by: int) -> None:
        """Move the text under the pane."""
        self._top = max(0, min(self._top + by, len(self._body) - self.room))
        self._lay()

    def on_resize(self) -> None:
        self._lay()

    @property
    def room(self) -> int:
        """Lines of text that are shown at a time."""
        return max(1, self.size.height - 2)

    def _lay(self) -> None:
        width, height = self.size.width, self.size.height
        if not width or not height:
            return
        if self._case is None:
            self.show((((("\u2500" * width), "rule"),), *(((f"  {said}", "quiet"),) for said in self._without)))
            return
        if self._laid != (self._blocks, width):
            self._laid = (self._blocks, width)
            self._body = tuple(line for block in self._blocks for line in _lines(block, width - 2))
        self._top = max(0, min(self._top, len(self._body) - self.room))
        visible = self._body[self._top : self._top + self.room]
        below = len(self._body) - self._top - len(visible)
        filler: tuple[Line, ...] = ((),) * (self.room - len(visible))
        last: Line = ((f"{below} more lines".rjust(width - 2), "quiet"),) if below > 0 else ()
        self.show((case_title(self._case, width), *(((" ", "text"), *line) for line in visible), *filler, last))


@lru_cache(maxsize=1024)
def _lines(block: Block, width: int) -> tuple[Line, ...]:
    """The lines of a block, wrapped to `width`."""
    if isinstance(block, Head):
        rule = "\u2500" * max(0, width - cell_len(block.title) - 1)
        return (((block.title, "quiet"), (" ", "text"), (rule, "rule")),)
    if not isinstance(block, Prose):
        return (block,)
    lines: list[Line] = [block.lead] if block.lead else []
    texts = wrapped(shown(block.body, multiline=True).plain, max(8, width - len(QUOTE)))
    lines += [((QUOTE, "rule"), (text, "quoted")) for text in texts[:LONGEST]]
    if len(texts) > LONGEST:
        lines.append((("  ", "text"), (f"{len(texts) - LONGEST} more lines are not shown here", "soon")))
    return tuple(lines)
