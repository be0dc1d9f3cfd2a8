"""A session with a real feed: the picture, commands, open cases, presence, restarts, refusals."""

from __future__ import annotations

import asyncio
import contextlib
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from casework.commands import AddNote, Claim, Investigate, TickStep
from casework.tokens import CASE_TYPES
from client.config import Profile
from client.errors import Refused
from client.heads import Heads
from client.session import Session
from tests.client.running_feed import NCII, ROOT, TTL, RunningFeed


def test_no_network_code_is_loaded_before_it_is_needed() -> None:
    code = "import sys, client.session; print({'httpx', 'websockets', 'anyio'} & set(sys.modules))"
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ended.stdout == "set()\n"


@pytest.fixture(scope="module")
def feed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningFeed]:
    running = RunningFeed(tmp_path_factory.mktemp("f"))
    running.start()
    yield running
    running.stop()


@contextlib.asynccontextmanager
async def session(url: str, path: Path, *, token: str | None = None) -> AsyncIterator[Session]:
    held = Session(Profile(url=url, token=token), heads=Heads(path / "heads.jsonl"))
    await held.start()
    try:
        yield held
    finally:
        await held.close()


async def until(held: Session, condition: Callable[[], bool], seconds: float = 15) -> None:
    """Wait for a condition that some change brings about."""
    changed = asyncio.Event()
    held.on_change = changed.set
    async with asyncio.timeout(seconds):
        while not condition():
            changed.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(changed.wait(), 0.2)


async def test_many_commands_go_together_and_stand_alone(feed: RunningFeed, tmp_path: Path) -> None:
    case_ids = [feed.raise_case(NCII, number) for number in (900, 901, 902)]
    async with session(feed.socket, tmp_path) as held:
        await until(held, lambda: held.mirror.complete and all(each in held.mirror.rows for each in case_ids))
        versions = [held.mirror.rows[each].version for each in case_ids]
        commands = [(each, Claim(expected_version=version)) for each, version in zip(case_ids, versions, strict=True)]
        outcomes = await held.do_many([*commands, ("C-00000000", Claim(expected_version=1))])

        assert [each.ok for each in outcomes] == [True, True, True, False]
        assert outcomes[3].sentence
        await until(held, lambda: all(held.mirror.rows[each].owner for each in case_ids) and not held.pending)


async def test_a_command_is_pending_until_it_is_seen(feed: RunningFeed, tmp_path: Path) -> None:
    case_id = feed.raise_case(TTL, 1)
    async with session(feed.socket, tmp_path) as held:
        await until(held, lambda: held.status.phase == "live" and case_id in held.mirror.rows)
        row = held.mirror.rows[case_id]
        assert row.severity == "S0"
        assert held.mirror.ids()[0] == case_id
        outcome = await held.do(case_id, Claim(expected_version=row.version))
        assert outcome.ok
        assert outcome.seq is not None
        await until(held, lambda: not held.pending)
        assert held.mirror.cursor >= outcome.seq
        assert held.mirror.rows[case_id].owner == held.status.principal
        assert held.mirror.take_dirty() >= {case_id}


async def test_a_refusal_is_a_sentence(feed: RunningFeed, tmp_path: Path) -> None:
    case_id = feed.raise_case(TTL, 2)
    async with session(feed.socket, tmp_path) as held:
        await until(held, lambda: case_id in held.mirror.rows)
        version = held.mirror.rows[case_id].version
        outcome = await held.do(case_id, Investigate(expected_version=version))
        assert (outcome.ok, held.pending) == (False, {})
        assert outcome.sentence.startswith("Investigation not started: ")
        assert (await held.do(case_id, Claim(expected_version=version))).ok
        stale = await held.do(case_id, Investigate(expected_version=version))
        assert stale.problem is not None
        assert stale.problem.slug == "stale-version"


async def test_the_same_key_is_the_same_intent(feed: RunningFeed, tmp_path: Path) -> None:
    case_id = feed.raise_case(NCII, 3)
    async with session(feed.socket, tmp_path) as held:
        await until(held, lambda: case_id in held.mirror.rows)
        note = AddNote(expected_version=1, text="once", context=held.context())
        first = await held.do(case_id, note, key="one-intent")
        await until(held, lambda: not held.pending)
        second = await held.do(case_id, note, key="one-intent")
        assert (first.seq, first.version) == (second.seq, second.version)
        await held.open_case(case_id)
        case = held.case(case_id)
        assert case is not None
        assert [entry.text for entry in case.notes] == ["once"]


async def test_an_open_case_follows(feed: RunningFeed, tmp_path: Path) -> None:
    case_id = feed.raise_case(NCII, 4)
    async with session(feed.socket, tmp_path) as held:
        await until(held, lambda: held.status.phase == "live")
        case = await held.open_case(case_id)
        assert case is not None
        assert (await held.do(case_id, AddNote(expected_version=case.version, text="hello"))).ok

        def noted() -> bool:
            now = held.case(case_id)
            return now is not None and [note.text for note in now.notes] == ["hello"]

        await until(held, noted)
        await held.close_case(case_id)
        assert held.case(case_id) is None
        with pytest.raises(Refused):
            await held.open_case("C-00000000")


async def test_what_happened_on_an_open_case_is_fetched_and_kept_up(feed: RunningFeed, tmp_path: Path) -> None:
    case_id = feed.raise_case(TTL, 31)
    async with session(feed.socket, tmp_path) as held:
        await until(held, lambda: case_id in held.mirror.rows)
        case = await held.open_case(case_id)
        assert case is not None
        assert held.events(case_id) is None
        held.recall(case_id)
        await until(held, lambda: held.events(case_id) is not None)
        assert [event.type for event in held.events(case_id) or ()] == ["CaseOpened"]
        assert (await held.do(case_id, TickStep(expected_version=case.version, step="claim"))).ok
        await until(held, lambda: len(held.events(case_id) or ()) == 2)
        assert [(event.type, event.actor) for event in held.events(case_id) or ()][1][0] == "StepTicked"
        assert [row.case_id for row in await held.cases_like(f'text~"{case_id}"')] == [case_id]
        assert await held.cases_like("no such: query") == []


async def test_what_is_in_force_is_told_once_the_picture_stands(feed: RunningFeed, tmp_path: Path) -> None:
    async with session(feed.socket, tmp_path) as held:
        await until(held, lambda: held.catalogue is not None)
        told = held.catalogue
        assert told is not None
        assert [runbook.case_type for runbook in told.runbooks] == list(CASE_TYPES)
        assert held.mirror.complete


async def test_before_the_link_is_up_a_case_comes_over_http(feed: RunningFeed, tmp_path: Path) -> None:
    case_id = feed.raise_case(NCII, 5)
    held = Session(Profile(url=feed.socket), heads=Heads(tmp_path / "heads.jsonl"))
    try:
        case = await held.open_case(case_id)
        assert case is not None
        assert case.summary == NCII["summary"]
    finally:
        await held.close()


async def test_others_are_seen(feed: RunningFeed, tmp_path: Path) -> None:
    case_id = feed.raise_case(NCII, 6)
    token = feed.token("bo", "responder")
    async with session(feed.socket, tmp_path) as here, session(feed.url, tmp_path, token=token) as there:
        await until(here, lambda: here.status.phase == "live")
        await until(there, lambda: there.status.phase == "live")
        assert (there.status.principal, there.status.roles) == ("bo", ("responder",))
        there.doing(case_id, "reading")
        await until(here, lambda: here.presence.get(case_id) == [("bo", "reading")])
        assert there.presence == {}


async def test_the_clock_is_the_feeds(feed: RunningFeed, tmp_path: Path) -> None:
    async with session(feed.socket, tmp_path) as held:
        await until(held, lambda: held.clock.uncertainty_ms is not None and held.clock.uncertainty_ms < 1_000)
        case_id = feed.raise_case(NCII, 7)
        await until(held, lambda: case_id in held.mirror.rows)
        late = held.clock.now_ms() - held.mirror.rows[case_id].opened_at
        assert 0 <= late < 15_000


async def test_what_it_remembers_is_what_an_audit_reads(feed: RunningFeed, tmp_path: Path) -> None:
    feed.raise_case(NCII, 8)
    async with session(feed.socket, tmp_path) as held:
        await until(held, lambda: held.status.phase == "live")

    async def verify() -> tuple[int, str]:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(ROOT / "main.py"),
            *("audit", "verify", "--log", feed.log, "--heads", str(tmp_path / "heads.jsonl")),
            stdout=asyncio.subprocess.PIPE,
        )
        out, _ = await process.communicate()
        assert process.returncode is not None
        return process.returncode, out.decode()

    code, said = await verify()
    assert code == 0, said
    assert "1 heads fit" in said
    path = tmp_path / "heads.jsonl"
    path.write_bytes(re.sub(rb'"head_hash":"[0-9a-f]{8}', b'"head_hash":"00000000', path.read_bytes()))
    code, said = await verify()
    assert code == 1, said


async def test_who_is_not_known_hears_so(feed: RunningFeed, tmp_path: Path) -> None:
    async with session(feed.url, tmp_path, token="nobody-knows-this-token") as held:
        await until(held, lambda: held.status.phase == "forbidden")
        assert "token" in held.status.detail
        assert held.status.retry_in_ms is not None
        outcome = await held.do("C-00000000", Claim(expected_version=1))
        assert (outcome.ok, outcome.unknown) == (False, False)


async def test_a_feed_that_dies_and_comes_back_is_followed_on(tmp_path: Path) -> None:
    (tmp_path / "f").mkdir()
    running = RunningFeed(tmp_path / "f")
    running.start()
    try:
        first = running.raise_case(TTL, 1)
        async with session(running.socket, tmp_path) as held:
            await until(held, lambda: held.status.phase == "live" and first in held.mirror.rows)
            epoch = held.mirror.epoch
            running.stop(signal.SIGKILL)
            await until(held, lambda: held.status.phase == "offline")
            assert first in held.mirror.rows
            asked = asyncio.create_task(held.do(first, Claim(expected_version=1)))
            await until(held, lambda: any(one.progress == "unknown" for one in held.pending.values()))
            running.start()
            second = running.raise_case(NCII, 2)
            outcome = await asked
            assert outcome.ok
            await until(held, lambda: held.status.phase == "live" and second in held.mirror.rows)
            await until(held, lambda: not held.pending)
            assert held.mirror.epoch == epoch
            assert held.mirror.rows[first].owner == held.status.principal
            assert held.status.gaps == 0
    finally:
        running.stop()
