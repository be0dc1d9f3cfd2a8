"""The demonstration floor: alive on a terminal, in lines without one, and gone without a trace however it ends."""

from __future__ import annotations

import itertools
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.terminal import Terminal


def children_of(mark: str) -> list[int]:
    """Pids of processes whose environment carries `mark` (Linux only)."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                if f"WATCHFLOOR_TEST_MARK={mark}".encode() in (entry / "environ").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


def wait_until_none(mark: str, patience_s: float = 15.0) -> None:
    deadline = time.monotonic() + patience_s
    while children_of(mark):
        assert time.monotonic() < deadline, f"still running: {children_of(mark)}"
        time.sleep(0.1)


def demo(checkout: Path, *arguments: str) -> list[str]:
    return [sys.executable, str(checkout / "main.py"), "demo", *arguments]


def test_without_a_terminal_it_prints_events_and_then_the_queue(checkout: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    mark = f"lines-{os.getpid()}"
    with out.open("wb") as stdout:
        ended = subprocess.run(
            demo(checkout, "--seconds", "6", "--cases", "12", "--rate", "2/s", "--speed", "3"),
            cwd=tmp_path,
            env={**os.environ, "WATCHFLOOR_TEST_MARK": mark},
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    lines = out.read_text().splitlines()

    assert ended.returncode == 0, ended.stderr.decode()
    assert sum(" opened as " in line for line in lines) >= 12
    assert any(" claimed it" in line for line in lines), "the crew does not work"
    queue = lines[lines.index("") + 1 :]
    assert len(queue) >= 12
    assert all(" C-" in line for line in queue)
    severities = [line.split()[0] for line in queue]
    digits = [int(severity[1]) for severity in severities]
    assert all(later >= earlier - 1 for earlier, later in itertools.pairwise(digits)), "secured cases go down one band"
    assert not any(char < " " or char == "\x7f" for line in lines for char in line)
    wait_until_none(mark)


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks for left processes in /proc")
def test_killed_with_sigkill_it_leaves_nothing_running(checkout: Path, tmp_path: Path) -> None:
    mark = f"kill-{os.getpid()}"
    with Terminal(demo(checkout, "--cases", "5"), cwd=tmp_path, env={"WATCHFLOOR_TEST_MARK": mark}) as terminal:
        terminal.wait_for("LEFT SEV")
        terminal.wait_for("open")
        assert len(children_of(mark)) >= 3, "the demo, its feed and its simulator"
        os.kill(terminal.process.pid, signal.SIGKILL)
        terminal.process.wait(10)
        wait_until_none(mark)


def test_on_a_terminal_it_shows_the_queue_and_quits_in_order(checkout: Path, tmp_path: Path) -> None:
    mark = f"quit-{os.getpid()}"
    with Terminal(demo(checkout, "--cases", "8"), cwd=tmp_path, env={"WATCHFLOOR_TEST_MARK": mark}) as terminal:
        rows = re.compile(r"[■▲●○·]S[0-4] ")
        terminal.wait_for(lambda shown: sum(rows.search(line) is not None for line in shown.lines) >= 8)
        terminal.press("q")
        assert terminal.wait_ended() == 0
        wait_until_none(mark)


def test_the_wall_of_the_demo_shows_no_summary(checkout: Path, tmp_path: Path) -> None:
    with Terminal(demo(checkout, "--wall", "--cases", "8"), cwd=tmp_path) as terminal:
        terminal.wait_for("UNOWNED")
        terminal.wait_for("OPEN")
        terminal.wait_for(lambda shown: "S1" in shown.text)
        assert "Home address" not in terminal.text
        assert "Threat" not in terminal.text
        terminal.press("q")
        assert terminal.wait_ended() == 0
