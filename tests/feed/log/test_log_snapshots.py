"""Snapshots: a shortcut that never says anything else than the log, and holds no text that can be read."""

from __future__ import annotations

import ast
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest

from casework.facts import CaseRetired, NoteAdded, StepTicked
from casework.model import Case
from feed.log import snapshots
from feed.log.base import Head
from feed.log.files import beside
from feed.log.replay import Folded, fold, fold_case
from feed.log.snapshots import Snapshot, SnapshotUnusable
from feed.log.sqlite import SqliteLog
from tests.feed.log.samples import CASE, OTHER, SECRETS, Time, claimed, draft, note, opened, write


@asynccontextmanager
async def floor(tmp_path: Path) -> AsyncIterator[tuple[SqliteLog, Path]]:
    """A log with two cases of three events each, and where its snapshot goes."""
    log = SqliteLog(tmp_path / "floor.db", now=Time())
    try:
        if log.head().seq == 0:
            await log.append(None, [write(0, opened(), claimed(), note()), write(0, opened(OTHER), note(OTHER))])
            await log.append(None, [write(None, note("_audit"))])
            await log.append(None, [write(2, claimed(OTHER))])
        yield log, tmp_path / "floor.db.snapshot"
    finally:
        await log.close()


def _write(log: SqliteLog, path: Path, folded: Folded, **more: Any) -> int:
    return snapshots.write(
        path,
        **{
            "head": Head(epoch=log.epoch, seq=folded.seq, head_hash=log.head_hash_at(folded.seq) or ""),
            "cases": folded.cases.values(),
            "memory": b"memory",
            "keyring": log.keyring,
            **more,
        },
    )


def _load(log: SqliteLog, path: Path) -> Snapshot:
    return snapshots.load(path, epoch=log.epoch, head_hash_at=log.head_hash_at, keyring=log.keyring)


async def test_a_snapshot_and_the_rest_of_the_log_are_the_whole_log(tmp_path: Path) -> None:
    async with floor(tmp_path) as (log, path):
        size = _write(log, path, await fold(log))
        assert size == path.stat().st_size
        await log.append(None, [write(3, note(text="later"))])
        found = _load(log, path)
        assert (found.head.seq, found.missing, found.memory) == (7, (), b"memory")
        assert await fold(log, found) == await fold(log)
        assert (await fold(log, found)).cases[CASE].notes[-1].text == "later"


async def test_the_audit_and_retired_cases_are_not_on_the_floor_but_in_the_log(tmp_path: Path) -> None:
    async with floor(tmp_path) as (log, _):
        await log.append(None, [write(3, draft(CASE, CaseRetired(), actor="_keeper"))])
        assert list((await fold(log)).cases) == [OTHER]
        retired = await fold_case(log, CASE)
        assert retired is not None
        assert (retired.version, retired.notes[0].text) == (4, SECRETS[2])
        before = await fold_case(log, CASE, until=2)
        assert before is not None
        assert before.notes == ()
        assert await fold_case(log, "C-NOBODY00") is None
        assert await fold_case(log, "_audit") is None


async def test_it_holds_no_text_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    async with floor(tmp_path) as (log, path):
        _write(log, path, await fold(log))
        content = path.read_bytes()
        assert CASE.encode() in content, "the test looks in the right place"
        assert not [secret for secret in SECRETS if secret.encode() in content]
        assert path.stat().st_mode & 0o777 == 0o600


async def test_a_case_whose_key_was_destroyed_is_folded_from_the_log(tmp_path: Path) -> None:
    async with floor(tmp_path) as (log, path):
        _write(log, path, await fold(log))
        log.keyring.destroy(CASE)
        found = _load(log, path)
        assert (list(found.cases), found.missing) == ([OTHER], (CASE,))
        folded = await fold(log, found)
        assert folded == await fold(log)
        case = folded.cases[CASE]
        assert (case.unreadable, case.summary, case.owner) == (True, "", "ana")
        _write(log, path, folded)
        assert _load(log, path).missing == (CASE,), "without a key it is not sealed, so it is not there"


async def test_there_may_be_none(tmp_path: Path) -> None:
    async with floor(tmp_path) as (log, path):
        with pytest.raises(SnapshotUnusable, match="none yet"):
            _load(log, path)


async def test_it_is_not_taken_when_the_code_that_folds_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with floor(tmp_path) as (log, path):
        _write(log, path, await fold(log))
        monkeypatch.setattr(snapshots, "fold_version", lambda: "another")
        with pytest.raises(SnapshotUnusable, match="another release"):
            _load(log, path)


@pytest.mark.parametrize("change", [{"epoch": "0" * 32}, {"seq": 99}, {"seq": 6}, {"head_hash": "0" * 64}])
async def test_it_is_not_taken_when_the_log_is_another_one(tmp_path: Path, change: dict[str, object]) -> None:
    async with floor(tmp_path) as (log, path):
        folded = await fold(log)
        head = msgspec.structs.replace(log.head(), **change)
        _write(log, path, folded, head=head)
        with pytest.raises(SnapshotUnusable, match="not of this log"):
            _load(log, path)


async def test_any_damage_is_seen(tmp_path: Path) -> None:
    async with floor(tmp_path) as (log, path):
        _write(log, path, await fold(log))
        sound = path.read_bytes()
        assert _load(log, path).cases
        for place in (*range(0, len(sound), 11), *range(len(sound) - 32, len(sound))):
            damaged = bytearray(sound)
            damaged[place] ^= 0x40
            path.write_bytes(bytes(damaged))
            with pytest.raises(SnapshotUnusable):
                _load(log, path)
        for length in (0, 5, len(snapshots.MAGIC), 200, len(sound) // 2, len(sound) - 32, len(sound) - 1):
            path.write_bytes(sound[:length])
            with pytest.raises(SnapshotUnusable):
                _load(log, path)
        path.write_bytes(sound + b"\0")
        with pytest.raises(SnapshotUnusable):
            _load(log, path)


async def test_records_of_an_older_snapshot_do_not_fit_into_a_newer_one(tmp_path: Path) -> None:
    async with floor(tmp_path) as (log, _):
        first = await fold(log)
        context = snapshots._context(log.head(), CASE)
        sealed = snapshots._sealed(first.cases[CASE], log.head(), log.keyring)
        assert log.keyring.unseal_bytes(CASE, context, sealed) is not None
        await log.append(None, [write(3, note())])
        with pytest.raises(Exception, match="does not open"):
            log.keyring.unseal_bytes(CASE, snapshots._context(log.head(), CASE), sealed)


async def test_a_snapshot_that_fails_leaves_the_one_before(tmp_path: Path) -> None:
    async with floor(tmp_path) as (log, path):
        folded = await fold(log)
        _write(log, path, folded)
        before = path.read_bytes()

        def broken() -> Any:
            yield folded.cases[CASE]
            raise OSError(28, "No space left on device")

        with pytest.raises(OSError, match="No space"):
            _write(log, path, folded, cases=broken())
        assert path.read_bytes() == before
        assert not beside(path, "new").exists()


async def test_writing_holds_few_cases_at_a_time_and_pauses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with floor(tmp_path) as (log, path):
        case = (await fold(log)).cases[CASE]
        taken = 0
        at_pauses: list[int] = []
        monkeypatch.setattr(time, "sleep", lambda seconds: at_pauses.append(taken))

        def many() -> Any:
            nonlocal taken
            for _ in range(500):
                taken += 1
                yield case

        thread = threading.Thread(target=lambda: _write(log, path, Folded(cases={}, seq=7), cases=many()))
        thread.start()
        thread.join()
        steps = [late - early for early, late in pairwise(at_pauses)]
        assert len(at_pauses) >= 7
        assert max(steps) <= 64


def _imports(name: str, checkout: Path) -> set[str]:
    tree = ast.parse((checkout / f"{name.replace('.', '/')}.py").read_text(encoding="utf-8"))
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("casework"):
            module = node.module or ""
            found |= {f"{module}.{alias.name}" for alias in node.names} if module == "casework" else {module}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.startswith("casework.")}
    return found


def test_the_version_covers_every_module_that_folding_reads(checkout: Path) -> None:
    seen: set[str] = set()
    todo = {"casework.evolve", "casework.events"}
    while todo:
        name = todo.pop()
        seen.add(name)
        todo |= _imports(name, checkout) - seen
    assert seen <= set(snapshots.FOLD)


def test_a_case_of_every_shape_survives_the_snapshots_encoding() -> None:
    case = msgspec.convert(
        {
            "case_id": CASE, "version": 1, "seq": 1, "opened_seq": 1, "case_type": "SSH", "severity": "S1", "band": 1,
            "state": "NEW", "opened_at": 1, "notes": [{"seq": 1, "by": "ana", "at": 1, "text": "\u0000\U0001f600"}],
            "actions": [{"action_id": "a", "action": "hide", "target": {"kind": "v", "id": "1"}, "policy": "SH.1",
                         "reason": "r", "fields": {"n": [1, None, True, {"x": "y"}]}, "state": "proposed",
                         "proposed_by": "ana"}],
        },
        Case,
    )  # fmt: skip
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(case), type=Case) == case


async def test_every_kind_of_list_is_folded_the_same_way_from_a_snapshot(tmp_path: Path) -> None:
    async with floor(tmp_path) as (log, path):
        for number in range(70):
            fact = StepTicked(step=f"s{number}") if number % 2 else NoteAdded(text=f"n{number}")
            await log.append(None, [write(None, draft(CASE, fact))])
            if number == 33:
                _write(log, path, await fold(log))
        assert await fold(log, _load(log, path)) == await fold(log)
