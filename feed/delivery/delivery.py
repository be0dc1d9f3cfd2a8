"""The delivery: takes what the log says is approved to the platform, and back what became of it.

Before each call the attempt is in the log. After a crash, whatever was sent without a result is asked after by its key;
it is sent again only if the platform is sure that it never came. Nothing is verified before the effect was seen.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from casework.life import delivering
from casework.life.delivering import Allowed, Ended, NotNow
from casework.model import Action, Case
from feed import failpoints
from feed.delivery.backoff import Breaker, wait_ms
from feed.delivery.connector import Connector, Refused, Taken, TryLater, Unclear
from feed.delivery.outbox import DUE, Due, Name, due_of, order_of, ready
from feed.engine import Engine
from feed.log.base import LogError
from feed.logs import Journal

AT_ONCE: Final = 8
"""Calls to the platform at the same time."""
SEEN_WITHIN_MS: Final = 60_000
"""An effect that was not seen so long after the platform took the order is none."""
_LOG_WAIT_MS: Final = 1_000

_journal: Final = Journal("delivery")


class Delivery:
    """`allowed` says whether a principal has a role now; `now` is ms of a monotonic clock, `random` in [0, 1)."""

    def __init__(
        self,
        engine: Engine,
        connector: Connector,
        allowed: Allowed,
        *,
        now: Callable[[], float],
        random: Callable[[], float],
        seen_within_ms: int = SEEN_WITHIN_MS,
    ) -> None:
        self._engine = engine
        self._connector = connector
        self._allowed = allowed
        self._now = now
        self._random = random
        self._seen_within_ms = seen_within_ms
        self.breaker = Breaker(random)
        self._waiting: dict[str, list[Due]] = {}
        self._running: dict[Name, Due] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._later: dict[Name, float] = {}
        """Not before this time."""
        self._tries: dict[Name, int] = {}
        self._undone: set[Name] = set()
        """Sent, and the platform is sure that it never came: it may be sent again without asking once more."""
        self._changed = asyncio.Event()
        engine.on_change.append(self.look)

    def look(self, case_id: str) -> None:
        """The case changed: what of it waits for the platform?"""
        case = self._engine.floor.cases.get(case_id)
        dues = [] if case is None else due_of(case)
        if dues:
            self._waiting[case_id] = dues
        elif self._waiting.pop(case_id, None) is None:
            return
        self._changed.set()

    @property
    def waiting(self) -> int:
        """How many actions wait for the platform."""
        return sum(len(dues) for dues in self._waiting.values())

    async def run(self) -> None:
        """Deliver until canceled; what is on its way is finished or, after that, found by its key."""
        for case_id in self._engine.floor.cases:
            self.look(case_id)
        try:
            while True:
                self._changed.clear()
                self._start()
                await self._wait()
        finally:
            for task in tuple(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    # --- which one

    def _start(self) -> None:
        now = self._now()
        held = {name for name, at in self._later.items() if at > now}
        for due in ready(self._waiting, self._running.values()):
            if len(self._running) >= AT_ONCE:
                break
            if due.name in held or not self.breaker.allows(now):
                continue
            self._running[due.name] = due
            task = asyncio.get_running_loop().create_task(self._deliver(due))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _wait(self) -> None:
        now = self._now()
        times = [at for at in self._later.values() if at > now]
        if self.breaker.open:
            times.append(self.breaker.opens_at(now))
        seconds = max(0.01, (min(times) - now) / 1_000) if times else 5.0
        try:
            async with asyncio.timeout(min(seconds, 5.0)):
                await self._changed.wait()
        except TimeoutError:
            pass

    async def _deliver(self, due: Due) -> None:
        """One step of one action, and when to look at it again."""
        name = due.name
        try:
            wait = await self._step(name)
        except LogError as fault:
            _journal.warning("not written", case_id=name[0], error=type(fault).__name__)
            wait = _LOG_WAIT_MS
        except Exception as fault:  # noqa: BLE001 - one action that cannot be delivered must not stop the others
            _journal.fault("not delivered", fault, case_id=name[0])
            wait = wait_ms(self._failed(name), self._random)
        finally:
            self._running.pop(name, None)
            if not self._running:
                self.breaker.let_go()
            self._changed.set()
        if wait is None:
            self._later.pop(name, None)
        else:
            self._later[name] = self._now() + wait
        if not self._is_due(name):
            self._forget(name)

    # --- one step; each returns after how many ms the next one comes, None for at once

    async def _step(self, name: Name) -> int | None:
        found = self._find(name)
        if found is None:
            return None
        case, action = found
        if action.state == "acked":
            return await self._verify(name, case, action)
        if action.state == "approved" or name in self._undone:
            return await self._send(name)
        return await self._ask_after(name, case, action)

    async def _send(self, name: Name) -> int | None:
        case_id, action_id = name
        failpoints.hit("delivery.before_mark")
        async with self._engine.holding({case_id}):
            found = self._find(name)
            if found is None:
                return None
            case, _ = found
            now = self._engine.now(case)
            drafts = delivering.send(case, action_id, now, policy=self._engine.policy, allowed=self._allowed)
            await self._engine.append(None, drafts)
        found = self._find(name)
        if found is None or found[1].state != "sent":
            return None  # its approval had lapsed
        self._undone.discard(name)
        case, action = found
        failpoints.hit("delivery.marked")
        try:
            taken = await self._connector.act(order_of(case, action, self._engine.log.epoch))
            failpoints.hit("delivery.called")
        except Refused as refused:
            self._answered(name)
            return await self._ended(name, "failed", why=refused.why)
        except TryLater as later:
            wait = self._silent(name, later.after_ms)
            await self._delayed(name, wait, later.why)
            return wait
        except Unclear as unclear:
            await self._ended(name, "unknown", why=unclear.why)
            return self._silent(name)
        self._answered(name)
        return await self._taken(name, taken)

    async def _ask_after(self, name: Name, case: Case, action: Action) -> int | None:
        """Sent or unknown: find out by its key what became of it."""
        order = order_of(case, action, self._engine.log.epoch)
        if not self._connector.keyed:
            return await self._without_key(name, case, action)
        try:
            taken = await self._connector.find(order)
        except TryLater as later:
            if action.state == "sent":
                await self._ended(name, "unknown", why=later.why)
            return self._silent(name, later.after_ms)
        self._answered(name)
        if taken is not None:
            return await self._taken(name, taken)
        self._undone.add(name)  # the platform is sure that it never came: the same key again is the same order
        return None

    async def _without_key(self, name: Name, case: Case, action: Action) -> int | None:
        """A platform that knows no keys gets one attempt; whether that had its effect can only be looked at."""
        try:
            seen = await self._connector.verify(order_of(case, action, self._engine.log.epoch))
        except TryLater as later:
            seen = False
            if action.state == "sent":
                await self._ended(name, "unknown", why=later.why)
            return self._silent(name, later.after_ms)
        self._answered(name)
        if seen:
            return await self._ended(name, "verified")
        if action.state == "sent":
            await self._ended(name, "unknown", why="nobody answered for it, and no effect is seen")
        return wait_ms(self._failed(name), self._random)

    async def _verify(self, name: Name, case: Case, action: Action) -> int | None:
        order = order_of(case, action, self._engine.log.epoch)
        try:
            seen = await self._connector.verify(order)
        except TryLater as later:
            return self._silent(name, later.after_ms)
        self._answered(name)
        failpoints.hit("delivery.seen")
        if seen:
            return await self._ended(name, "verified")
        if self._engine.clock.now_ms() - (action.moved_at or 0) > self._seen_within_ms:
            why = f"the platform took it, and no effect was seen within {self._seen_within_ms // 1_000} s"
            return await self._ended(name, "failed", why=why)
        return wait_ms(self._failed(name), self._random)

    # --- writing

    async def _taken(self, name: Name, taken: Taken) -> int | None:
        await self._ended(name, "acked", reference=taken.reference)
        return None

    async def _ended(self, name: Name, how: Ended, *, why: str = "", reference: str = "") -> int | None:
        case_id, action_id = name
        async with self._engine.holding({case_id}):
            found = self._find(name)
            if found is None:
                return None
            case, action = found
            if how == "unknown" and action.state == "unknown" and action.why == why:
                return None
            try:
                drafts = delivering.ended(
                    case,
                    action_id,
                    how,
                    self._engine.now(case),
                    policy=self._engine.policy,
                    why=why,
                    reference=reference,
                )
            except NotNow:
                return None
            if drafts:
                await self._engine.append(None, drafts)
        failpoints.hit("delivery.result")
        if how in ("verified", "acked"):
            self._tries.pop(name, None)
        return None

    async def _delayed(self, name: Name, wait: int, why: str) -> None:
        async with self._engine.holding({name[0]}):
            found = self._find(name)
            if found is None:
                return
            now = self._engine.now(found[0])
            try:
                drafts = delivering.delayed(found[0], name[1], now + wait, now, policy=self._engine.policy, why=why)
            except NotNow:
                return
            await self._engine.append(None, drafts)

    # --- bookkeeping

    def _find(self, name: Name) -> tuple[Case, Action] | None:
        case = self._engine.floor.cases.get(name[0])
        action = None if case is None else next((a for a in case.actions if a.action_id == name[1]), None)
        return None if case is None or action is None or action.state not in DUE else (case, action)

    def _is_due(self, name: Name) -> bool:
        return any(due.name == name for due in self._waiting.get(name[0], ()))

    def _forget(self, name: Name) -> None:
        self._later.pop(name, None)
        self._tries.pop(name, None)
        self._undone.discard(name)

    def _failed(self, name: Name) -> int:
        self._tries[name] = self._tries.get(name, 0) + 1
        return self._tries[name]

    def _answered(self, name: Name) -> None:
        if self.breaker.answered():
            _journal.info("the platform answers again")

    def _silent(self, name: Name, asked_ms: int | None = None) -> int:
        if self.breaker.failed(self._now(), asked_ms):
            _journal.warning("the platform does not answer; it is left alone for a while")
        return wait_ms(self._failed(name), self._random, asked_ms)
