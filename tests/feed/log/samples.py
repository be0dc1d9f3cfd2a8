"""Drafts for the tests of the log, and engines to append them to."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from casework.events import Draft
from casework.facts import CaseClaimed, CaseOpened, Fact, NoteAdded
from casework.model import Clock, Result, Source
from feed.log.base import Key, Log, Write
from feed.log.memory import MemoryLog
from feed.log.sqlite import SqliteLog

CASE = "C-00000001"
OTHER = "C-00000002"
SECRETS = ("PLANTED-summary-7f1", "PLANTED-narrative-8a2", "PLANTED-note-9b3", "PLANTED-source-c04")
AT = 1_795_000_000_000


class Time:
    """Feed time that a test sets."""

    def __init__(self, ms: int = AT) -> None:
        self.ms = ms

    def __call__(self) -> int:
        return self.ms


def draft(case_id: str, fact: Fact, *, actor: str = "ana", part: int = 0, idem: str | None = None) -> Draft:
    return Draft(case_id=case_id, at=AT, actor=actor, part=part, fact=fact, idem=idem)


def opened(case_id: str = CASE) -> Draft:
    fact = CaseOpened(
        case_type="SSH",
        policy_version="1",
        defaults_digest="d" * 64,
        summary=SECRETS[0],
        narrative=SECRETS[1],
        source=Source(kind="user_report", name=SECRETS[3]),
        result=Result(
            state="NEW",
            severity="S1",
            band=1,
            clocks=(Clock(milestone="ack", started_at=AT, due_at=AT + 600_000, allowance_ms=600_000),),
        ),
    )
    return draft(case_id, fact, actor="intake")


def note(case_id: str = CASE, text: str = SECRETS[2]) -> Draft:
    return draft(case_id, NoteAdded(text=text))


def claimed(case_id: str = CASE) -> Draft:
    """An event without any sealed field."""
    return draft(case_id, CaseClaimed(result=Result(state="ACKED", owner="ana", owner_since=AT)))


def write(expected: int | None, *drafts: Draft) -> Write:
    return Write(case_id=drafts[0].case_id, expected_version=expected, drafts=drafts)


def key(name: str, *, digest: str = "d", answer: bytes = b"done", expires_at: int | None = None) -> Key:
    return Key(scope="ana", key=name, digest=digest, answer=answer, expires_at=expires_at)


class Engine:
    """One kind of log, opened by tests that hold for every kind."""

    def __init__(self, name: str, directory: Path) -> None:
        self.name = name
        self.now = Time()
        self.path = directory / "floor.db"

    @property
    def keeps(self) -> bool:
        """Whether a log that is opened again is the same."""
        return self.name == "sqlite"

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Log]:
        log: Log = MemoryLog(now=self.now) if self.name == "memory" else SqliteLog(self.path, now=self.now)
        try:
            yield log
        finally:
            await log.close()


async def until(condition: Callable[[], bool] | Callable[[], Awaitable[bool]], timeout_s: float = 10.0) -> None:
    """Wait for a condition. Raises TimeoutError."""
    import asyncio
    import inspect

    async with asyncio.timeout(timeout_s):
        while True:
            held = condition()
            if inspect.isawaitable(held):
                held = await held
            if held:
                return
            await asyncio.sleep(0.005)
