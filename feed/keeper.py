"""The clock-keeper: what time does to a case, written once, in due order.

It wakes when the earliest case wants it. Before the feed is ready it writes what was missed while nobody ran. It stops
when wall and monotonic clock part (domain, section 3), until an admin says which one is right.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Sequence
from typing import Final

import msgspec

from casework import keeper
from casework.events import Draft
from casework.facts import MilestoneBreached
from casework.model import Case
from feed.clock import PARTED_MS
from feed.engine import Engine
from feed.log.base import LogError
from feed.logs import Journal
from feed.signs import SignsOfLife

LOOK_SECONDS: Final = 5.0
"""The clocks are compared, and claims looked at, at least this often."""
RETRY_MS: Final = 1_000
_ROUNDS: Final = 20

_journal: Final = Journal("keeper")


class ClockKeeper:
    """Watches every case in memory. `lag_ms` is how late its last writing was."""

    def __init__(self, engine: Engine, signs: SignsOfLife) -> None:
        self._engine = engine
        self._signs = signs
        self._heap: list[tuple[int, str]] = []
        self._wakes: dict[str, int] = {}
        self._changed = asyncio.Event()
        self._stopped_by_clock = False
        self.lag_ms = 0
        engine.on_change.append(self.look_again)

    @property
    def clock_sane(self) -> bool:
        """False from the moment the clocks were seen apart until `confirmed`, whatever they say in between."""
        return self._sane()

    def confirmed(self) -> None:
        """An admin said which clock is right."""
        self._stopped_by_clock = False
        self._changed.set()

    def look_again(self, case_id: str) -> None:
        """The case changed: when does it next want a look?"""
        case = self._engine.floor.cases.get(case_id)
        wake = None if case is None else keeper.next_wake(case, self._engine.policy)
        if wake is None:
            self._wakes.pop(case_id, None)
            return
        if self._wakes.get(case_id) != wake:
            self._wakes[case_id] = wake
            heapq.heappush(self._heap, (wake, case_id))
            if self._heap[0] == (wake, case_id):
                self._changed.set()

    # --- before the feed is ready

    async def catch_up(self) -> int:
        """Write what was missed, over all cases in due order; the number of events. Raises `LogError`."""
        for case_id in self._engine.floor.cases:
            self.look_again(case_id)
        written = 0
        for _ in range(_ROUNDS):
            now = self._engine.clock.now_ms()
            drafts = self._missed(now)
            if not drafts:
                break
            for start in range(0, len(drafts), 256):
                part = drafts[start : start + 256]
                await self._engine.append(None, part)
                written += len(part)
        return written

    def _missed(self, now: int) -> list[Draft]:
        """The keeper's drafts for every case that wants it now, merged by due; of one case always in its own order."""
        dated: list[tuple[int, int, Draft]] = []
        for wake, case_id in sorted((wake, case_id) for case_id, wake in self._wakes.items() if wake <= now):
            case = self._engine.floor.cases.get(case_id)
            if case is None:
                continue
            due = wake
            for draft in self._due(case, now) or ():
                if isinstance(draft.fact, MilestoneBreached):
                    due = max(due, draft.fact.breached_at)
                dated.append((due, len(dated), msgspec.structs.replace(draft, part=0)))
        return [draft for _, _, draft in sorted(dated, key=lambda item: item[:2])]

    def _due(self, case: Case, now: int) -> Sequence[Draft] | None:
        """What time did to the case; None if that could not be judged."""
        try:
            return keeper.due(case, max(now, case.at), self._engine.policy, alive=self._signs.alive)
        except Exception as fault:  # noqa: BLE001 - one case that cannot be judged must not stop the others' clocks
            _journal.fault("case not judged", fault, case_id=case.case_id)
            self._wakes.pop(case.case_id, None)
            return None

    # --- while the feed runs

    async def run(self) -> None:
        """Keep the clocks until canceled."""
        loop = asyncio.get_running_loop()
        looked = loop.time()
        while True:
            self._changed.clear()
            if not self._sane():
                await self._wait(LOOK_SECONDS)
                continue
            now = self._engine.clock.now_ms()
            if loop.time() - looked >= LOOK_SECONDS:
                looked = loop.time()
                await self._lapse(now)
            while (case_id := self._pop(now)) is not None:
                await self._keep(case_id)
                await asyncio.sleep(0)
            wait = LOOK_SECONDS
            if self._heap:
                wait = min(wait, max(0.0, (self._heap[0][0] - self._engine.clock.now_ms()) / 1000))
            await self._wait(wait)

    def _sane(self) -> bool:
        if abs(self._engine.clock.parted_ms()) > PARTED_MS and not self._stopped_by_clock:
            self._stopped_by_clock = True
            _journal.warning("clocks parted", parted_ms=self._engine.clock.parted_ms())
        return not self._stopped_by_clock

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            pass

    def _pop(self, now: int) -> str | None:
        """The next case whose time has come."""
        while self._heap and self._heap[0][0] <= now:
            wake, case_id = heapq.heappop(self._heap)
            if self._wakes.get(case_id) == wake:
                del self._wakes[case_id]
                self.lag_ms = now - wake
                return case_id
        return None

    async def _lapse(self, now: int) -> None:
        """Look at the cases of owners without a sign of life; the rule itself stands in `casework.keeper`."""
        for owner, cases in tuple(self._engine.floor.owned.items()):
            if not self._signs.alive(owner):
                for case_id in sorted(cases):
                    await self._keep(case_id)

    async def _keep(self, case_id: str) -> None:
        """Write what time did to one case."""
        await self._engine.apart(self._write(case_id))

    async def _write(self, case_id: str) -> None:
        async with self._engine.holding({case_id}):
            case = self._engine.floor.cases.get(case_id)
            if case is None:
                return
            drafts = self._due(case, self._engine.clock.now_ms())
            try:
                if drafts:
                    await self._engine.append(None, drafts)
            except LogError as fault:
                _journal.warning("not written", case_id=case_id, error=type(fault).__name__)
                self._retry(case_id)
                return
            if drafts is not None and not drafts:
                self._not_yet(case_id)

    def _retry(self, case_id: str) -> None:
        wake = self._engine.clock.now_ms() + RETRY_MS
        self._wakes[case_id] = wake
        heapq.heappush(self._heap, (wake, case_id))

    def _not_yet(self, case_id: str) -> None:
        """It was woken and there was nothing to write: look again when it says, but never in a busy loop."""
        case = self._engine.floor.cases.get(case_id)
        wake = None if case is None else keeper.next_wake(case, self._engine.policy)
        if wake is not None:
            wake = max(wake, self._engine.clock.now_ms() + RETRY_MS)
            self._wakes[case_id] = wake
            heapq.heappush(self._heap, (wake, case_id))
