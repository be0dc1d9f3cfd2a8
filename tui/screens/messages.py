"""What this person set going, the newest first: when, what, on which case, and how it ended."""

from __future__ import annotations

from collections.abc import Sequence

from casework.untrusted import Untrusted
from tui.messages import history_lines, trouble_lines
from tui.outbox import Entry
from tui.screens.page import PageScreen


class MessagesScreen(PageScreen, inherit_bindings=False):
    """`now` is ms of the outbox's clock, `feed_now` the feed's, ms UTC; `troubles` are what this machine refuses."""

    def __init__(
        self, entries: Sequence[Entry], now: float, feed_now: int | None, troubles: Sequence[Untrusted] = ()
    ) -> None:
        super().__init__((*trouble_lines(troubles), *history_lines(entries, now, feed_now)))
