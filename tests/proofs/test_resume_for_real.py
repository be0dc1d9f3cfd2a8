"""The same with a real feed process, real WebSockets, and a line that breaks at a counted byte; a restored backup."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any, Final

import httpx
from msgspec import Raw

from casework.access import Person, audience_of, project_row
from casework.commands import AddNote
from casework.model import Row
from casework.rows import row_of
from client.config import Profile
from client.heads import Heads
from client.session import Session
from feed.log.replay import fold
from feed.log.sqlite import SqliteLog
from protocol import codec, shapes
from protocol.codec import decode_body
from tests.floorprocess import FeedProcess
from tests.proofs.cuttingproxy import CuttingProxy

SEEDS: Final = 10
CUTS: Final = 6
"""In each of them, at least."""
EVENT: Final = {"Content-Type": "application/cloudevents+json"}
#: Roles and clearances: with one, without, masked with all.
VIEWERS: Final[dict[str, tuple[Any, str]]] = {
    "ana": ("responder", "us"),
    "bo": ("responder", ""),
    "aud": ("auditor", "us,eu"),
}


class World:
    """A feed that may be killed, a line to it that breaks, and the people at its end."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.feed = FeedProcess(folder)
        self.random = Random(0)
        self.calm = True
        self.proxy = CuttingProxy(self._where, self._budget)
        self.tokens: dict[str, str] = {}
        self.direct = httpx.AsyncClient(trust_env=False, timeout=20)
        self._reports = iter(range(1, 10_000))

    def _where(self) -> tuple[str, int]:
        host, _, port = self.feed.url.removeprefix("http://").rpartition(":")
        return host, int(port)

    def _budget(self) -> int | None:
        return None if self.calm else int(2 ** self.random.uniform(4, 12))

    async def __aenter__(self) -> World:
        await asyncio.to_thread(self.feed.start)
        for who, (roles, clearances) in VIEWERS.items():
            self.tokens[who] = self.feed.token(who, roles, clearances=clearances)
        self.tokens["desk"] = self.feed.token("desk", "intake,viewer", clearances="us,eu")
        await self.proxy.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.proxy.__aexit__()
        await self.direct.aclose()
        if self.feed.process is not None:
            self.feed.kill()

    @asynccontextmanager
    async def session(self, who: str, heads: str) -> AsyncIterator[Session]:
        profile = Profile(url=f"http://127.0.0.1:{self.proxy.port}", token=self.tokens[who])
        held = Session(profile, heads=Heads(self.folder / heads), random=lambda: 0.0)
        await held.start()
        try:
            yield held
        finally:
            await held.close()

    async def get(self, who: str, path: str) -> bytes:
        headers = {"Authorization": f"Bearer {self.tokens[who]}"}
        answer = await self.direct.get(f"{self.feed.url}{path}", headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.content

    async def head(self) -> int:
        return int(decode_body(await self.get("desk", "/v1/audit/head"), dict[str, Any])["seq"])

    async def report(self) -> str:
        number = next(self._reports)
        data = {
            "case_type": ("TTL", "DOX", "EDR")[number % 3],
            "summary": f"report {number}",
            "source": {"kind": "partner"},
        }
        if number % 3:
            data["boundary"] = ("us", "eu")[number % 2]
        event = {
            "specversion": "1.0",
            "type": "org.watchfloor.escalation.raised.v1",
            "source": "urn:test:resume",
            "id": str(number),
            "data": data,
        }
        headers = {"Authorization": f"Bearer {self.tokens['desk']}", **EVENT}
        answer = await self.direct.post(f"{self.feed.url}/v1/intake", json=event, headers=headers)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["case_id"])

    async def caught_up(self, sessions: list[Session]) -> None:
        """Everybody is live at the end of the log, with nothing pending."""
        head = await self.head()
        await until(
            lambda: all(
                held.status.phase == "live" and held.mirror.cursor >= head and not held.pending for held in sessions
            ),
            lambda: [(held.status, held.mirror.cursor, held.pending) for held in sessions],
        )

    async def compare(self, who: str, held: Session) -> None:
        """The mirror is what HTTP says that this person may see, in its order."""
        page = decode_body(await self.get(who, "/v1/cases?limit=1000"), dict[str, Any])
        rows = [shapes.row_in(Raw(codec.encode(raw))) for raw in page["cases"]]
        assert page["cursor"] is None
        assert [held.mirror.rows[case_id] for case_id in held.mirror.ids()] == rows
        assert held.status.gaps == held.status.bad_frames == 0


async def until(condition: Callable[[], bool], told: Callable[[], object], seconds: float = 60) -> None:
    try:
        async with asyncio.timeout(seconds):
            while not condition():  # noqa: ASYNC110 - it looks at several sessions, and at what no session tells
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(told()) from None


async def shift(world: World, seed: int, sessions: dict[str, Session], cases: list[str]) -> None:
    """Reports and notes while lines break; in some of them the feed is killed."""
    random = world.random = Random(seed)
    world.calm = False
    world.proxy.cut()
    enough = world.proxy.cuts + CUTS
    noting: list[asyncio.Task[Any]] = []
    step = 0
    while step < 12 or world.proxy.cuts < enough:
        step += 1
        assert step < 500, "nothing is cut"
        if random.random() < 0.5:
            cases.append(await world.report())
        else:
            who = random.choice(("ana", "bo"))
            held = sessions[who]
            mine = [case_id for case_id, row in held.mirror.rows.items() if not row.stub]
            if mine:
                case_id = random.choice(sorted(mine))
                note = AddNote(expected_version=held.mirror.rows[case_id].version, text=f"{seed}.{step}")
                noting.append(asyncio.create_task(held.do(case_id, note)))
        if step == 6 and seed % 3 == 0:
            await asyncio.to_thread(world.feed.kill)
            await asyncio.to_thread(world.feed.start)
        await asyncio.sleep(random.choice((0.0, 0.02, 0.1)))
    world.calm = True
    for outcome in await asyncio.gather(*noting):
        assert outcome.ok, outcome
    await world.caught_up(list(sessions.values()))
    for who, held in sessions.items():
        await world.compare(who, held)


async def test_a_line_cut_at_any_byte_leaves_every_console_with_the_log(tmp_path: Path) -> None:
    async with World(tmp_path) as world, contextlib.AsyncExitStack() as stack:
        cases = [await world.report() for _ in range(5)]
        sessions = {who: await stack.enter_async_context(world.session(who, f"heads.{who}")) for who in VIEWERS}
        await world.caught_up(list(sessions.values()))
        for seed in range(SEEDS):
            try:
                await shift(world, seed, sessions, cases)
            except BaseException as fault:
                fault.add_note(f"seed {seed}")
                raise
        assert world.proxy.cuts >= CUTS * SEEDS
        pictures = {who: dict(held.mirror.rows) for who, held in sessions.items()}
        assert await asyncio.to_thread(world.feed.stop) == 0
        await against_the_log(tmp_path, pictures)


async def against_the_log(folder: Path, pictures: dict[str, dict[str, Row]]) -> None:
    """The pictures are project(fold(log), viewer); and no note was written twice."""
    log = SqliteLog(folder / "floor.db", now=lambda: 0)
    try:
        cases = (await fold(log)).cases
    finally:
        await log.close()
    for who, rows in pictures.items():
        roles, clearances = VIEWERS[who]
        person = Person(
            principal=who,
            roles=frozenset({roles}),
            clearances=frozenset(clearances.split(",")) - {""},
        )
        seen = {case_id: project_row(row_of(case), audience_of(person, ())) for case_id, case in cases.items()}
        assert rows == {case_id: shapes.row_in(Raw(codec.encode(shapes.row_out(row)))) for case_id, row in seen.items()}
    notes = [note.text for case in cases.values() for note in case.notes]
    assert len(notes) == len(set(notes))
    assert len(notes) > SEEDS


def copied(log: Path, folder: Path) -> None:
    """A backup of the log and its keys, as docs/operations.md says."""
    for suffix in ("", ".keys"):
        source = sqlite3.connect(f"{log}{suffix}")
        target = sqlite3.connect(folder / f"copy{suffix}")
        source.backup(target)
        source.close()
        target.close()


def restored(log: Path, folder: Path) -> None:
    for suffix in ("", ".keys"):
        for more in ("-wal", "-shm"):
            Path(f"{log}{suffix}{more}").unlink(missing_ok=True)
        Path(f"{log}{suffix}").write_bytes((folder / f"copy{suffix}").read_bytes())
    Path(f"{log}.snapshot").unlink(missing_ok=True)


async def test_a_restored_backup_is_called_forked_until_somebody_acknowledges_it(tmp_path: Path) -> None:
    async with World(tmp_path) as world:
        for _ in range(3):
            await world.report()
        copied(world.feed.log, tmp_path)
        for _ in range(3):
            await world.report()
        async with world.session("ana", "heads") as held:
            await world.caught_up([held])
            assert held.mirror.cursor == 6
            assert await asyncio.to_thread(world.feed.stop) == 0
            restored(world.feed.log, tmp_path)
            await asyncio.to_thread(world.feed.start)
            await until(lambda: held.status.phase == "forked" and held.mirror.cursor == 3, lambda: held.status)
            assert len(held.mirror.rows) == 3, "what is shown is the log as it is now"
            assert "rolled back" in held.status.detail
            await world.report()
            await until(lambda: held.mirror.cursor == 4, lambda: held.status)
            assert held.status.phase == "forked", "it stays said"
            held.acknowledge_fork()
            await until(lambda: held.status.phase == "live", lambda: held.status)


async def test_a_backup_that_grew_again_is_called_forked_by_who_remembers(tmp_path: Path) -> None:
    async with World(tmp_path) as world:
        for _ in range(3):
            await world.report()
        copied(world.feed.log, tmp_path)
        for _ in range(3):
            await world.report()
        async with world.session("ana", "heads") as held:
            await world.caught_up([held])
        assert await asyncio.to_thread(world.feed.stop) == 0
        restored(world.feed.log, tmp_path)
        await asyncio.to_thread(world.feed.start)
        for _ in range(5):
            await world.report()
        # Another console, which never saw the first log, has nothing to say.
        async with world.session("bo", "other heads") as other:
            await world.caught_up([other])
        async with world.session("ana", "heads") as held:
            await until(lambda: held.status.phase == "forked" and held.mirror.cursor == 8, lambda: held.status)
            held.acknowledge_fork()
            await until(lambda: held.status.phase == "live", lambda: held.status)
        async with world.session("ana", "heads") as held:
            await world.caught_up([held])
