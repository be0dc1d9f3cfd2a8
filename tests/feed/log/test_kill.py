"""kill -9 at each step of an append: nothing acknowledged is lost, nothing is half there, nothing is done twice."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from feed.log.base import KeyTaken
from feed.log.sqlite import SqliteLog
from feed.log.verify import verify
from tests.feed.log.samples import key, note, opened, write

POINTS = ("append.before_begin", "append.before_commit", "append.after_commit", "append.before_publish")


def _run(path: Path, setting: str, checkout: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.feed.log.killed", str(path)],
        cwd=checkout,
        env={"WATCHFLOOR_FAILPOINT": setting, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("point", POINTS)
async def test_a_killed_feed_keeps_what_it_acknowledged(tmp_path: Path, checkout: Path, point: str) -> None:
    path = tmp_path / "floor.db"
    done = _run(path, f"{point}:4", checkout)
    assert done.returncode == -signal.SIGKILL, done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    acknowledged = {int(number): int(seq) for kind, number, seq in (line for line in lines if line[0] == "ack")}
    heard = [int(line[1]) for line in lines if line[0] == "heard"]
    assert acknowledged, "it got somewhere before it was killed"

    report = verify(path)
    assert report.sound, report.faults
    log = SqliteLog(path, now=lambda: 0)
    try:
        stored = await log.read(0, 10_000)
        assert [event.seq for event in stored] == list(range(1, len(stored) + 1))
        assert len(stored) % 2 == 0, "both events of an append or none"
        assert not any(event.redacted for event in stored), "no event without its key"
        # Acknowledged is a part of told, told of stored.
        assert heard == list(range(1, len(heard) + 1))
        assert len(heard) <= len(stored)
        by_case = {event.case_id: event.seq for event in stored if event.version == 1}
        for number, seq in acknowledged.items():
            assert by_case[f"C-{number:08d}"] == seq
        if point == "append.before_publish":
            assert len(stored) > len(heard), "it was durable before anybody was told"
        # Whoever had no answer asks again with the same key: done once, whichever way it had gone.
        for number in range(len(stored) // 2 + 8):
            case_id = f"C-{number:08d}"
            try:
                await log.append(key(str(number)), [write(0, opened(case_id), note(case_id))])
                assert case_id not in by_case
            except KeyTaken:
                assert case_id in by_case
    finally:
        await log.close()
    assert verify(path).sound


def test_without_the_variable_nothing_dies(tmp_path: Path, checkout: Path) -> None:
    done = _run(tmp_path / "floor.db", "", checkout)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("ack ") == 400


@pytest.mark.parametrize("setting", ["append.before_commit", ":3", "append.before_commit:0", "a:b"])
def test_a_setting_that_names_no_pass_is_refused(tmp_path: Path, checkout: Path, setting: str) -> None:
    done = _run(tmp_path / "floor.db", setting, checkout)
    assert done.returncode == 1
    assert "must be name:n" in done.stderr
