"""Random shifts on a disk that fails now and then: whatever happens, told is stored and stored once.

A failing seed is in the test's name; `make torture TORTURE=log` runs a thousand.
"""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from random import Random

import msgspec
import pytest

from feed.log.base import Appended, KeyTaken, LogUnavailable, Unstorable, VersionConflict, Write
from feed.log.sqlite import SqliteLog
from feed.log.verify import verify
from tests.feed.log.faultydisk import Disk, faults, nothing
from tests.feed.log.samples import Time, claimed, key, note, until

CASES = tuple(f"C-{number:08d}" for number in range(6))


class Shift:
    """One run: what it did, what it was told, and what has to hold of both at the end."""

    def __init__(self, seed: int, path: Path) -> None:
        self.random = Random(seed)
        self.path = path
        self.told: list[tuple[int, str]] = []
        self.acknowledged: dict[str, int] = {}
        self.destroyed: set[str] = set()
        self.names = 0
        self.log = self._open()

    def _open(self) -> SqliteLog:
        log = SqliteLog(self.path, now=Time(), probe_s=0.003, factory=Disk)
        log.on_commit = lambda appended: self.told.extend((event.seq, event.hash) for event in appended.events)
        return log

    async def step(self) -> None:
        random = self.random
        if random.random() < 0.3:
            self._break()
        await asyncio.gather(*(self._append() for _ in range(random.randint(1, 12))))
        faults.heal()
        if random.random() < 0.8:
            await until(lambda: self.log.unavailable is None)
        if random.random() < 0.04:
            case_id = random.choice(CASES)
            self.log.keyring.destroy(case_id)
            self.destroyed.add(case_id)
        if random.random() < 0.1:
            await self.log.close()
            self.log = self._open()
            # What was in doubt when it closed is found in the log now, and nobody needs to be told.
            self.told = [(event.seq, event.hash) for event in await self.log.read(0, 100_000)]

    def _break(self) -> None:
        random = self.random
        word = random.choice(["BEGIN", "INSERT INTO events", "INSERT INTO keys", "COMMIT", "COMMIT", "SELECT"])
        left = random.randint(1, 3)

        def fail(sql: str) -> Exception | None:
            nonlocal left
            if word not in sql or left == 0:
                return None
            left -= 1
            return sqlite3.OperationalError("disk I/O error")

        if word == "COMMIT" and random.random() < 0.5:
            faults.before, faults.after = nothing, fail
        else:
            faults.before, faults.after = fail, nothing

    async def _append(self) -> None:
        """One intent, asked until it is answered, as a client does: the same key, the newest version."""
        random = self.random
        name = f"k{self.names}"
        self.names += 1
        cases = random.sample(CASES, random.choice([1, 1, 1, 2]))
        secret = [random.random() < 0.6 and case_id not in self.destroyed for case_id in cases]
        for _ in range(random.randint(1, 6)):
            versions = {case_id: await self._version(case_id) for case_id in cases}
            writes = [
                Write(
                    case_id=case_id,
                    expected_version=versions[case_id],
                    drafts=(msgspec.structs.replace((note if text else claimed)(case_id), idem=name),),
                )
                for case_id, text in zip(cases, secret, strict=True)
            ]
            try:
                appended = await self.log.append(key(name), writes)
            except KeyTaken:
                self.acknowledged[name] = len(cases)
                return
            except (VersionConflict, LogUnavailable):
                await asyncio.sleep(0)
                continue
            except Unstorable:
                return  # the key was destroyed meanwhile
            assert isinstance(appended, Appended)
            assert [event.idem for event in appended.events] == [name] * len(cases)
            self.acknowledged[name] = len(cases)
            return

    async def _version(self, case_id: str) -> int:
        return len(await self.log.read_stored(0, 100_000, case_id))

    async def end(self) -> None:
        await until(lambda: self.log.unavailable is None)
        for case_id in CASES:
            await self.log.append(
                None,
                [Write(case_id=case_id, expected_version=await self._version(case_id), drafts=(claimed(case_id),))],
            )
        stored = await self.log.read(0, 100_000)
        await self.log.close()
        assert [event.seq for event in stored] == list(range(1, len(stored) + 1))
        assert self.told == [(event.seq, event.hash) for event in stored], "told is stored, in order, once"
        effects: dict[str, int] = {}
        for event in stored[: -len(CASES)]:
            effects[event.idem or ""] = effects.get(event.idem or "", 0) + 1
        for name, count in self.acknowledged.items():
            assert effects[name] == count, "acknowledged is stored, whole, once"
        assert all(count <= 2 for count in effects.values()), "an intent has one effect"
        assert {event.case_id for event in stored if event.redacted} <= self.destroyed
        report = verify(self.path)
        assert report.sound, report.faults
        assert report.events == len(stored) > 0


async def _shift(seed: int, path: Path, steps: int) -> None:
    shift = Shift(seed, path)
    try:
        for _ in range(steps):
            await shift.step()
        await shift.end()
    finally:
        faults.heal()
        await shift.log.close()


@pytest.mark.parametrize("seed", range(12))
async def test_a_shift_on_a_failing_disk(seed: int, tmp_path: Path) -> None:
    await _shift(seed, tmp_path / "floor.db", 25)


@pytest.mark.torture("log")
@pytest.mark.parametrize("seed", range(1_000, 2_000))
async def test_many_shifts_on_a_failing_disk(seed: int, tmp_path: Path) -> None:
    await _shift(seed, tmp_path / "floor.db", 40)
