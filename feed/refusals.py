"""What was refused and has to be on record: events of `_audit`, without case text, rate-limited by principal.

Refused enforcement, approval, reveal and login (domain, section 8). The record is made beside the answer, never in its
way: a log that cannot acknowledge delays no refusal.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from casework.access import AUDIT_CASE
from casework.events import Draft
from casework.facts import RefusalRecorded
from feed.log.base import Log, LogError, Write
from feed.logs import Journal

#: Enforcement and its approval; other refused verbs are ordinary life.
RECORDED_VERBS: Final = frozenset(
    {"propose", "approve", "reject", "confirm", "contain", "break_glass", "grant", "unhold"}
)
WINDOW_MS: Final = 60_000
PER_WINDOW: Final = 10
_PRINCIPALS: Final = 10_000

_journal: Final = Journal("refusals")


class Refusals:
    """Writes refusals to the log, at most ten a minute for each principal."""

    def __init__(self, log: Log, now: Callable[[], int]) -> None:
        self._log = log
        self._now = now
        self._spent: dict[str, tuple[int, int]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def record(self, principal: str, what: str, *, case_id: str | None = None, sentence: str = "") -> None:
        """Note that `what` (a verb, `login`) was refused to `principal`. Returns at once."""
        if not self._may_write(principal):
            return
        fact = RefusalRecorded(principal=principal, what=what, case_id=case_id, sentence=sentence[:300])
        draft = Draft(case_id=AUDIT_CASE, at=self._now(), actor=principal, part=0, fact=fact)
        task = asyncio.get_running_loop().create_task(self._write(draft))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def idle(self) -> None:
        while self._tasks:
            await asyncio.wait(tuple(self._tasks))

    async def _write(self, draft: Draft) -> None:
        try:
            await self._log.append(None, [Write(case_id=AUDIT_CASE, expected_version=None, drafts=(draft,))])
        except LogError as fault:
            _journal.warning("refusal not recorded", error=type(fault).__name__)

    def _may_write(self, principal: str) -> bool:
        now = self._now()
        since, spent = self._spent.get(principal, (now, 0))
        if now - since >= WINDOW_MS:
            since, spent = now, 0
        if spent >= PER_WINDOW:
            return False
        if len(self._spent) >= _PRINCIPALS:
            self._spent.clear()
        self._spent[principal] = (since, spent + 1)
        return True
