"""What an act is about, frozen when its first key is pressed."""

from __future__ import annotations

from msgspec import Struct

from casework.tokens import Severity


class Target(Struct, frozen=True):
    """The selected case and its version as they stood on the screen; no case where nothing was selected.

    Rows may move and versions grow while a prefix, a form or a card waits: the act stays on this.
    """

    case_id: str | None = None
    version: int = 0
    severity: Severity = "S4"
    at: float = 0.0
    """ms of a monotonic clock."""
    sure: bool = True
    """Whether the selection had stood still for a moment: neither moved by the program nor changed."""
    marked: tuple[Target, ...] = ()
    """The marked cases that were in view: an act is about them and not about the selected one."""
    out_of_view: int = 0
    """Marked cases that were not in view: nothing is ever done to them."""

    @property
    def many(self) -> bool:
        """Whether it is about marks."""
        return bool(self.marked or self.out_of_view)
