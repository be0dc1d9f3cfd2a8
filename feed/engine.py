"""The feed's decisions: one command or report in, events in the log, the floor and everybody told.

One loop. Under a case's lock `decide` sees its committed state, the append waits for the group commit, and the log
hands every commit back in seq order (`on_commit`), where it is folded and published before its own caller wakes. Each
request runs in a task of its own, so a caller that goes away never leaves half of one behind.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final, TypeVar

import msgspec

from casework import caseid
from casework.access import Audience, Person, audience_of, require, require_on
from casework.commands import Command, Link, Merge, Unmerge
from casework.decide import decide
from casework.errors import BadInput, CaseworkError, IllegalTransition, NotPermitted
from casework.events import Draft
from casework.model import Case
from casework.policy import Policy
from feed import failpoints
from feed.clock import Clock
from feed.floor import Floor
from feed.hub import Hub
from feed.locks import Locks
from feed.log.base import Appended, Key, KeyTaken, Log, LogUnavailable, VersionConflict, Write
from feed.logs import Journal
from protocol import limits
from protocol.answers import CommandAnswer

T = TypeVar("T")

_journal: Final = Journal("engine")
_RETRIES: Final = 3


class NotFound(Exception):
    """There is no such case; `what` as it was asked for."""

    def __init__(self, what: str) -> None:
        self.what = what
        super().__init__(f"There is no case {what} here.")


class KeyMismatch(Exception):
    """The idempotency key `key` was bound to another request."""

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(f"The key {key} was used for another request. Take a new key for a new request.")


class Engine:
    """Judges requests against the floor and writes what follows from them."""

    def __init__(self, *, log: Log, floor: Floor, hub: Hub, clock: Clock, policy: Policy) -> None:
        self.log = log
        self.floor = floor
        self.hub = hub
        self.clock = clock
        self.policy = policy
        self.connected: frozenset[str] = frozenset()
        """The enforcement actions that the platform behind this floor carries out."""
        self.broken: str | None = None
        """A fault of our own stopped the fold: nothing is acknowledged until a restart."""
        self.on_change: list[Callable[[str], None]] = []
        """Called with the case id after each event was applied: the keeper and the state writer listen."""
        self._locks = Locks()
        self._in_flight: dict[tuple[str, str], asyncio.Event] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self.counts: dict[str, int] = {"commands": 0, "reports": 0, "refused": 0, "events": 0}
        log.on_commit = self._committed

    # --- what was committed

    def _committed(self, appended: Appended) -> None:
        """Fold and publish one append. It must not raise: a fault here stops the feed from acknowledging more."""
        try:
            failpoints.hit("publish")
            for event in appended.events:
                applied = self.floor.apply(event)
                self.counts["events"] += 1
                self.hub.publish(applied)
                for hook in self.on_change:
                    hook(event.case_id)
        except Exception as fault:  # noqa: BLE001 - whatever it is, memory and log would part silently
            self.broken = type(fault).__name__
            _journal.fault("fold failed", fault, seq=appended.last_seq)

    async def apart(self, work: Awaitable[T]) -> T:
        """Run `work` in a task of its own and wait for it; if the waiter is canceled, the work is not."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return await asyncio.shield(task)

    async def idle(self) -> None:
        """Wait until nothing is in flight."""
        while self._tasks:
            await asyncio.wait(tuple(self._tasks))

    # --- commands

    async def command(self, person: Person, case_id: str, command: Command, key: str) -> CommandAnswer:
        """Judge and do one command: permission, idempotency, version, rules. The answer is the same for the same key.

        Raises `CaseworkError`, `NotFound`, `KeyMismatch`, `LogUnavailable`.
        """
        return await self.apart(self._command(person, case_id, command, key))

    async def _command(self, person: Person, case_id: str, command: Command, key: str) -> CommandAnswer:
        failpoints.hit("receive")
        require(person, command.verb)
        case_id = self._known(case_id)
        digest = _digest(case_id, command)
        async with self._one_at_a_time(person.principal, key):
            try:
                answer = await self._judged(person, case_id, command, key, digest)
            except KeyTaken as taken:
                answer = _again(taken.record, digest)
            except NotPermitted:
                self.counts["refused"] += 1
                raise
            except (CaseworkError, NotFound):
                # A bound key comes before version and rules; only a refusal has to look.
                bound = await self.log.find_key(person.principal, key)
                if bound is None:
                    self.counts["refused"] += 1
                    raise
                answer = _again(bound, digest)
        failpoints.hit("answer")
        return answer

    async def _judged(self, person: Person, case_id: str, command: Command, key: str, digest: str) -> CommandAnswer:
        for attempt in range(_RETRIES):
            async with self._hold(case_id, command) as (state, other):
                audience = self.audience(person)
                for case in (state, other):
                    if case is not None:
                        require_on(
                            person, command.verb, boundary=case.boundary, case_id=case.case_id, audience=audience
                        )
                failpoints.hit("decide")
                now = self.now(state, other)
                drafts = decide(
                    state,
                    command,
                    now,
                    actor=person,
                    policy=self.policy,
                    other=other,
                    key=key,
                    connected=self.connected,
                )
                record = Key(
                    scope=person.principal,
                    key=key,
                    digest=digest,
                    answer=_answerer(state),
                    expires_at=now + limits.KEY_LIFE_MS,
                )
                try:
                    appended = await self.append(record, drafts)
                except VersionConflict:
                    # Another node wrote first; its event arrives by the log, then this is decided on the new state.
                    if attempt == _RETRIES - 1:
                        raise
                    continue
                self.counts["commands"] += 1
                return msgspec.json.decode(appended.answer, type=CommandAnswer)
        raise AssertionError("the loop above returns or raises")

    @asynccontextmanager
    async def _one_at_a_time(self, principal: str, key: str) -> AsyncIterator[None]:
        """The same key twice at the same time: the second waits for the first."""
        name = (principal, key)
        while (running := self._in_flight.get(name)) is not None:
            await running.wait()
        done = self._in_flight[name] = asyncio.Event()
        try:
            yield
        finally:
            del self._in_flight[name]
            done.set()

    @asynccontextmanager
    async def _hold(self, case_id: str, command: Command) -> AsyncIterator[tuple[Case, Case | None]]:
        """Lock the case of the command, and the other one if it names one; their committed states."""
        while True:
            other_id = self._other_id(case_id, command)
            names = {case_id} | ({other_id} if other_id else set())
            async with self._locks.hold(names):
                if self._other_id(case_id, command) != other_id:
                    continue
                state = self.present(case_id, command.verb)
                other = self.present(other_id, command.verb) if other_id and other_id != case_id else None
                yield state, state if other_id == case_id else other
                return

    def _other_id(self, case_id: str, command: Command) -> str | None:
        if isinstance(command, Link):
            return self._known(command.to)
        if isinstance(command, Merge):
            return self._known(command.into)
        if isinstance(command, Unmerge):
            state = self.floor.cases.get(case_id)
            return state.merged_into if state is not None else None
        return None

    def present(self, case_id: str, verb: str) -> Case:
        """The case in memory. Raises `NotFound`, or `IllegalTransition` for one that left the floor."""
        case = self.floor.cases.get(case_id)
        if case is not None:
            return case
        if self.floor.retired(case_id):
            raise IllegalTransition(
                state="CLOSED",
                verb=verb,
                guard="The case left the floor 24 hours after its end; a new report opens a linked one.",
            )
        raise NotFound(caseid.shown(case_id))

    def _known(self, given: str) -> str:
        try:
            return caseid.parse(given)
        except BadInput:
            raise NotFound(given[:40]) from None

    def audience(self, person: Person) -> Audience:
        """What `person` sees now, break-glass included."""
        return audience_of(person, self.floor.granted_to(person.principal, self.clock.now_ms()))

    # --- writing

    def now(self, *cases: Case | None) -> int:
        """Feed time, never before what the cases already hold (domain, section 3)."""
        return max(self.clock.now_ms(), *(case.at for case in cases if case is not None), 0)

    def holding(self, names: Iterable[str]) -> AbstractAsyncContextManager[None]:
        """Hold the locks of `names` (case ids, or digests with a prefix)."""
        return self._locks.hold(names)

    async def append(self, key: Key | None, drafts: Sequence[Draft]) -> Appended:
        """Append `drafts` (of one or several cases whose locks are held) at the versions that memory has.

        Raises `VersionConflict`, `KeyTaken`, `LogUnavailable`.
        """
        if self.broken is not None:
            raise LogUnavailable("the feed's own state is not sound; it has to be restarted")
        return await self.log.append(key, self._writes(drafts))

    def _writes(self, drafts: Sequence[Draft]) -> list[Write]:
        """The drafts in their order, those of one case that stand together in one write."""
        writes: list[Write] = []
        for draft in drafts:
            if writes and writes[-1].case_id == draft.case_id:
                writes[-1] = msgspec.structs.replace(writes[-1], drafts=(*writes[-1].drafts, draft))
                continue
            expected = self.floor.version(draft.case_id) + sum(
                len(write.drafts) for write in writes if write.case_id == draft.case_id
            )
            writes.append(Write(case_id=draft.case_id, expected_version=expected, drafts=(draft,)))
        return writes


def _digest(case_id: str, command: Command) -> str:
    """What the key stands for: method, path and the body as it was understood; a single command and an item agree."""
    body = msgspec.json.encode(command, order="sorted")
    return hashlib.sha256(b"POST\0/v1/cases/" + case_id.encode() + b"/commands\0" + body).hexdigest()


def _answerer(state: Case) -> Callable[[Appended], bytes]:
    """Makes the answer from what was stored, inside the same transaction."""

    def answer(appended: Appended) -> bytes:
        own = [event for event in appended.events if event.case_id == state.case_id]
        return msgspec.json.encode(
            CommandAnswer(
                case_id=state.case_id,
                version=own[-1].version if own else state.version,
                seq=appended.last_seq if appended.events else state.seq,
                events=[event.type for event in own],
            )
        )

    return answer


def _again(record: Key, digest: str) -> CommandAnswer:
    if record.digest != digest:
        raise KeyMismatch(record.key)
    return msgspec.json.decode(record.answered, type=CommandAnswer)
