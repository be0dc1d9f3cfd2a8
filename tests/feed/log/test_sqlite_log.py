"""The SQLite engine on its disk: files, locks, groups, and what happens when the disk fails."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from feed.log.address import open_log, snapshot_path, sqlite_path
from feed.log.base import Appended, KeyTaken, LogLocked, LogUnavailable, LogUnusable, VersionConflict
from feed.log.files import beside
from feed.log.group_writer import GROUP
from feed.log.sqlite import SqliteLog
from tests.feed.log.faultydisk import Disk, faults
from tests.feed.log.samples import CASE, OTHER, SECRETS, Time, claimed, key, note, opened, until, write


@pytest.fixture(autouse=True)
def sound_disk() -> None:
    faults.heal()
    faults.statements.clear()


@asynccontextmanager
async def log_at(path: Path, **options: Any) -> AsyncIterator[SqliteLog]:
    log = SqliteLog(path, now=Time(), **{"probe_s": 0.02, "factory": Disk, **options})
    try:
        yield log
    finally:
        await log.close()


def _modes(directory: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mode & 0o777 for path in directory.iterdir()}


async def _healthy(log: SqliteLog) -> None:
    await until(lambda: log.unavailable is None)


# --- files


async def test_every_file_is_the_owners_alone(tmp_path: Path) -> None:
    async with log_at(tmp_path / "floor.db") as log:
        await log.append(key("k"), [write(0, opened())])
        modes = _modes(tmp_path)
        assert {"floor.db", "floor.db-wal", "floor.db.keys", "floor.db.lock"} <= set(modes)
        assert set(modes.values()) == {0o600}


async def test_sealed_text_is_in_no_file_at_any_time(tmp_path: Path) -> None:
    def found() -> set[str]:
        everything = b"".join(path.read_bytes() for path in tmp_path.iterdir())
        assert b"NoteAdded" in everything, "the test looks in the right place"
        return {secret for secret in SECRETS if secret.encode() in everything}

    async with log_at(tmp_path / "floor.db") as log:
        await log.append(key("k"), [write(0, opened(), note()), write(None, note("_audit"))])
        assert found() == set()
    assert found() == set(), "after the checkpoint"


async def test_a_second_feed_is_told_who_has_the_log(tmp_path: Path) -> None:
    async with log_at(tmp_path / "floor.db"):
        with pytest.raises(LogLocked) as caught:
            SqliteLog(tmp_path / "floor.db", now=Time())
        assert caught.value.pid == os.getpid()
        assert str(tmp_path / "floor.db") in str(caught.value)
    async with log_at(tmp_path / "floor.db") as log:
        assert log.unavailable is None


async def test_a_process_elsewhere_is_refused_as_well(tmp_path: Path) -> None:
    code = (
        "import asyncio, sys; from pathlib import Path\n"
        "from feed.log.sqlite import SqliteLog\nfrom feed.log.base import LogLocked\n"
        "async def main():\n"
        "    try: SqliteLog(Path(sys.argv[1]), now=lambda: 0)\n"
        "    except LogLocked as refused: print(refused.pid)\n"
        "asyncio.run(main())\n"
    )
    async with log_at(tmp_path / "floor.db"):
        done = await asyncio.to_thread(
            subprocess.run, [sys.executable, "-c", code, str(tmp_path / "floor.db")], capture_output=True, check=True
        )
    assert done.stdout.split() == [str(os.getpid()).encode()]


async def test_events_without_their_keys_are_no_log_to_start_with(tmp_path: Path) -> None:
    async with log_at(tmp_path / "floor.db") as log:
        await log.append(None, [write(0, opened())])
    keys = tmp_path / "floor.db.keys"
    keys.rename(tmp_path / "aside")
    with pytest.raises(LogUnusable, match=r"\.keys"):
        SqliteLog(tmp_path / "floor.db", now=Time())
    assert not keys.exists(), "an empty key file in its place would look like a good one next time"
    (tmp_path / "aside").rename(keys)
    async with log_at(tmp_path / "floor.db") as log:
        assert not (await log.read(0, 1))[0].redacted


@pytest.mark.parametrize("content", [b"not a database at all" * 300, b""])
async def test_only_a_log_of_ours_is_opened(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "floor.db"
    if content:
        path.write_bytes(content)
    else:
        other = sqlite3.connect(path)
        other.execute("CREATE TABLE recipes (name TEXT)")
        other.commit()
        other.close()
    before = path.read_bytes()
    with pytest.raises(LogUnusable, match=r"cannot be used|another program"):
        SqliteLog(path, now=Time())
    assert path.read_bytes() == before


async def test_addresses(tmp_path: Path) -> None:
    assert sqlite_path("sqlite:/var/lib/floor.db") == Path("/var/lib/floor.db")
    assert snapshot_path("sqlite:/var/lib/floor.db") == Path("/var/lib/floor.db.snapshot")
    assert snapshot_path("memory:") is None
    for wrong in ("", "floor.db", "sqlite:", "nats://a:4222", "sqlite"):
        with pytest.raises(LogUnusable, match="sqlite:PATH"):
            sqlite_path(wrong)
    memory = open_log("memory:", now=Time())
    assert not memory.durable
    log = open_log(f"sqlite:{tmp_path / 'floor.db'}", now=Time())
    assert log.durable
    await log.close()


# --- groups


async def test_what_is_queued_is_one_transaction_and_no_more_than_a_group(tmp_path: Path) -> None:
    async with log_at(tmp_path / "floor.db") as log:
        hold = faults.hold_commits()
        tasks = [asyncio.ensure_future(log.append(None, [write(None, note())])) for _ in range(1 + GROUP + 40)]
        await until(lambda: "COMMIT" in faults.statements)
        faults.statements.clear()
        hold.set()
        await asyncio.gather(*tasks)
        # The first group was what the writer found at once; all others had queued up behind its sync.
        assert 1 <= faults.statements.count("COMMIT") <= 2
        assert log.head().seq == 1 + GROUP + 40


async def test_a_group_takes_few_statements(tmp_path: Path) -> None:
    async with log_at(tmp_path / "floor.db") as log:
        await log.append(None, [write(0, opened())])
        hold = faults.hold_commits()
        first = asyncio.ensure_future(log.append(None, [write(1, note())]))
        await until(lambda: faults.statements[-1] == "COMMIT")
        rest = [
            asyncio.ensure_future(log.append(key(f"k{n}"), [write(0, opened(f"C-1{n:07d}"))])) for n in range(GROUP)
        ]
        await asyncio.sleep(0)
        faults.statements.clear()
        hold.set()
        await asyncio.gather(first, *rest)
        assert len(faults.statements) < 20, "each step of a statement may wait for the interpreter lock"


async def test_readers_see_what_is_committed_while_a_group_is_synced(tmp_path: Path) -> None:
    async with log_at(tmp_path / "floor.db") as log:
        await log.append(key("k"), [write(0, opened())])
        hold = faults.hold_commits()
        waiting = asyncio.ensure_future(log.append(None, [write(1, note())]))
        await until(lambda: faults.statements[-1] == "COMMIT")
        async with asyncio.timeout(5):
            assert len(await log.read(0, 10)) == 1
            assert await log.find_key("ana", "k") is not None
        assert log.head().seq == 1, "nothing is told before it is committed"
        assert not waiting.done()
        hold.set()
        assert (await waiting).first_seq == 2


async def test_too_long_a_queue_is_refused_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feed.log.sqlite.QUEUED", 5)
    async with log_at(tmp_path / "floor.db") as log:
        results = await asyncio.gather(
            *(log.append(None, [write(None, note())]) for _ in range(9)), return_exceptions=True
        )
        assert [type(result) for result in results].count(LogUnavailable) == 4
        assert (await log.append(None, [write(None, note())])).first_seq == 6


async def test_expired_keys_are_forgotten_in_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feed.log.group_writer.PURGE_S", 0.0)
    async with log_at(tmp_path / "floor.db") as log:
        await log.append(key("gone", expires_at=log._now() - 1), [write(None, claimed())])
        await log.append(key("kept", expires_at=log._now() + 1), [write(None, claimed())])
        reader = sqlite3.connect(tmp_path / "floor.db")
        assert reader.execute("SELECT key FROM keys").fetchall() == [("kept",)]
        reader.close()


# --- a bad disk


@pytest.mark.parametrize("word", ["BEGIN IMMEDIATE", "INSERT INTO events", "INSERT INTO keys", "COMMIT"])
async def test_nothing_is_acknowledged_after_an_io_error_and_all_is_well_after_it(tmp_path: Path, word: str) -> None:
    heard: list[int] = []
    async with log_at(tmp_path / "floor.db") as log:
        log.on_commit = lambda appended: heard.extend(event.seq for event in appended.events)
        await log.append(key("k0"), [write(0, opened())])
        faults.fail_on(word)
        with pytest.raises(LogUnavailable, match="disk I/O error"):
            await log.append(key("k1"), [write(1, note())])
        assert log.unavailable is not None
        with pytest.raises(LogUnavailable):
            await log.append(key("k2"), [write(1, note())])
        assert len(await log.read(0, 10)) == 1, "reading goes on"
        assert await log.find_key("ana", "k0") is not None
        faults.heal()
        await _healthy(log)
        # The same command again, with the same key, as the client was told.
        assert (await log.append(key("k1"), [write(1, note())])).first_seq == 2
        assert heard == [1, 2]
        assert [event.seq for event in await log.read(0, 10)] == [1, 2]


async def test_a_group_that_failed_and_was_stored_after_all_is_told_once(tmp_path: Path) -> None:
    heard: list[tuple[int, str]] = []
    async with log_at(tmp_path / "floor.db") as log:
        log.on_commit = lambda appended: heard.extend((event.seq, event.type) for event in appended.events)
        await log.append(None, [write(0, opened())])
        failures = iter([sqlite3.OperationalError("disk I/O error")])
        faults.after = lambda sql: next(failures, None) if sql == "COMMIT" else None
        with pytest.raises(LogUnavailable):
            await log.append(key("k", answer=b"mine"), [write(1, note(), claimed())])
        await _healthy(log)
        assert heard == [(1, "CaseOpened"), (2, "NoteAdded"), (3, "CaseClaimed")]
        assert log.head().seq == 3
        with pytest.raises(KeyTaken) as caught:
            await log.append(key("k"), [write(1, note(), claimed())])
        assert caught.value.record.answered == b"mine"
        with pytest.raises(VersionConflict):
            await log.append(None, [write(1, note())])
        assert (await log.append(None, [write(3, note())])).first_seq == 4


async def test_a_full_disk_is_told_and_gets_better_without_a_restart(tmp_path: Path) -> None:
    async with log_at(tmp_path / "floor.db") as log:
        await log.append(None, [write(0, opened())])
        limit = log._store._file
        pages = limit.execute("PRAGMA page_count").fetchone()[0]
        # A real SQLITE_FULL. The bound belongs to the connection, so opening it again is what gives room back.
        limit.execute(f"PRAGMA max_page_count={pages}")
        with pytest.raises(LogUnavailable, match="full"):
            await log.append(None, [write(1, note(text="x" * 100_000))])
        await _healthy(log)
        assert (await log.append(None, [write(1, note(text="x" * 100_000))])).first_seq == 2


async def test_it_stays_unavailable_as_long_as_the_probe_fails(tmp_path: Path) -> None:
    async with log_at(tmp_path / "floor.db") as log:
        await log.append(None, [write(0, opened())])
        faults.fail_on("IMMEDIATE")
        with pytest.raises(LogUnavailable):
            await log.append(None, [write(1, note())])
        faults.statements.clear()
        await until(lambda: faults.statements.count("BEGIN IMMEDIATE") >= 3)
        assert log.unavailable is not None
        faults.heal()
        await _healthy(log)


async def test_a_log_that_was_replaced_underneath_is_not_written_to(tmp_path: Path) -> None:
    path = tmp_path / "floor.db"
    async with log_at(path) as log:
        await log.append(None, [write(0, opened())])
        await log.append(None, [write(1, note())])
        faults.fail_on("COMMIT")
        with pytest.raises(LogUnavailable):
            await log.append(None, [write(2, note())])
        # While nothing can be written, somebody puts an older file in its place.
        for name in ("floor.db", "floor.db-wal", "floor.db-shm"):
            (tmp_path / name).unlink(missing_ok=True)
        faults.heal()
        await until(lambda: "is gone" in str(log.unavailable))
        assert not path.exists(), "no new log is made in its place"
        with pytest.raises(LogUnavailable):
            await log.append(None, [write(2, note())])


async def test_keys_that_cannot_be_made_durable_stop_the_events_that_need_them(tmp_path: Path) -> None:
    async with log_at(tmp_path / "floor.db") as log:
        await log.append(None, [write(0, opened())])
        log.keyring._file.execute("PRAGMA busy_timeout=0")
        blocker = sqlite3.connect(tmp_path / "floor.db.keys", isolation_level=None)
        blocker.execute("BEGIN IMMEDIATE")
        with pytest.raises(LogUnavailable, match="case keys"):
            await log.append(None, [write(0, opened(OTHER))])
        blocker.execute("ROLLBACK")
        blocker.close()
        await _healthy(log)
        await log.append(None, [write(0, opened(OTHER))])
    async with log_at(tmp_path / "floor.db") as log:
        assert [event.redacted for event in await log.read(0, 10)] == [False, False]


async def test_a_disk_that_cannot_be_read_is_told_in_the_same_words(tmp_path: Path) -> None:
    async with log_at(tmp_path / "floor.db") as log:
        await log.append(None, [write(0, opened(), note())])
        log._pages.close()
        log._points.close()
        for reading in (log.read(0, 1), log.read_stored(0, 1), log.find_key("ana", "k")):
            with pytest.raises(LogUnavailable, match="could not be read"):
                await reading
        with pytest.raises(LogUnavailable, match="could not be read"):
            log.head_hash_at(1)


async def test_a_hook_that_raises_leaves_nobody_waiting(tmp_path: Path) -> None:
    reported: list[BaseException] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda loop, context: reported.append(context["exception"]))

    def hook(appended: Appended) -> None:
        raise ZeroDivisionError

    async with log_at(tmp_path / "floor.db") as log:
        log.on_commit = hook
        await asyncio.gather(*(log.append(None, [write(None, note())]) for _ in range(3)))
    assert [type(error) for error in reported] == [ZeroDivisionError] * 3


async def test_every_commit_is_synced(tmp_path: Path) -> None:
    async with log_at(tmp_path / "floor.db") as log:

        def settings() -> list[object]:
            files = (log._store._file, log.keyring._file)
            names = ("journal_mode", "synchronous", "locking_mode")
            return [file.execute(f"PRAGMA {name}").fetchone()[0] for file in files for name in names]

        full = ["wal", 2, "normal"] * 2
        assert settings() == full
        assert log.keyring._file.execute("PRAGMA secure_delete").fetchone()[0] == 1
        faults.fail_on("COMMIT")
        with pytest.raises(LogUnavailable):
            await log.append(None, [write(None, note())])
        faults.heal()
        await _healthy(log)
        assert settings() == full, "also on the connection that replaced the first"


async def test_the_loop_may_end_before_the_log(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "floor.db", now=Time())
    appended = await log.append(None, [write(0, opened())])
    assert isinstance(appended, Appended)
    await asyncio.gather(log.close(), log.close())
    assert beside(tmp_path / "floor.db", "lock").exists()
    assert appended.events[0].case_id == CASE
