"""However the console ends, the terminal is given back as it was; a failure is one line without a word of a case."""

from __future__ import annotations

import json
import os
import pty
import signal
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.proofs.failing_console import SECRET
from tests.terminal import Terminal

PROGRAM = [sys.executable, "-m", "tests.proofs.failing_console"]
PAIRS = [
    (b"\x1b[?1049h", b"\x1b[?1049l"),
    (b"\x1b[?25l", b"\x1b[?25h"),
    (b"\x1b[?2004h", b"\x1b[?2004l"),
    (b"\x1b[?1004h", b"\x1b[?1004l"),
    (b"\x1b[?7l", b"\x1b[?7h"),
    (b"\x1b[>25u", b"\x1b[<u"),
]
"""Other screen, cursor, marked pastes, focus, wrapping, keyboard: switched at the start, and back at the end."""


@pytest.fixture
def terminal(checkout: Path, tmp_path: Path) -> Iterator[Terminal]:
    env = {"XDG_STATE_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    with Terminal(PROGRAM, cwd=checkout, env=env) as running:
        running.wait_for("Live stream")
        yield running


def modes_of_a_new_terminal() -> list[object]:
    leader, follower = pty.openpty()
    try:
        return termios.tcgetattr(leader)[:4]
    finally:
        os.close(leader)
        os.close(follower)


def assert_given_back(terminal: Terminal) -> None:
    written = bytes(terminal.written)
    for on, off in PAIRS:
        assert 0 <= written.rfind(on) < written.rfind(off), (on, off)
    assert b"\x1b[?1000h" not in written
    assert termios.tcgetattr(terminal._leader)[:4] == modes_of_a_new_terminal(), "echo and lines are back"


def faults(folder: Path) -> list[dict[str, object]]:
    text = (folder / "watchfloor" / "faults.jsonl").read_text()
    assert SECRET not in text
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize(("key", "kind"), [("X", "RuntimeError"), ("F", "ValueError")])
def test_a_fault_ends_it_with_exit_1_and_one_line(terminal: Terminal, tmp_path: Path, key: str, kind: str) -> None:
    terminal.press(key)

    assert terminal.wait_ended() == 1
    assert_given_back(terminal)
    after = bytes(terminal.written).rpartition(b"\x1b[?1004l")[2].decode()
    assert after.strip().startswith(f"watchfloor: the console failed, {kind} at ")
    assert after.count("\n") == 1
    assert SECRET.encode() not in terminal.written
    assert kind in [each["kind"] for each in faults(tmp_path)]


def test_a_frame_that_cannot_be_encoded_is_painted_once_more_from_nothing(terminal: Terminal, tmp_path: Path) -> None:
    terminal.press("E")
    terminal.wait_for("A frame failed (ValueError at")
    terminal.press("j")
    terminal.wait_for("Live stream")
    assert [each["part"] for each in faults(tmp_path)] == ["A frame"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP], ids=lambda number: number.name)
def test_a_signal_ends_it_cleanly(terminal: Terminal, number: signal.Signals) -> None:
    terminal.process.send_signal(number)

    assert terminal.wait_ended() in (0, 130)
    assert_given_back(terminal)
    assert b"Traceback" not in terminal.written


def test_a_terminal_that_is_gone_ends_it(checkout: Path, tmp_path: Path) -> None:
    env = {"XDG_STATE_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    with Terminal(PROGRAM, cwd=checkout, env=env) as running:
        running.wait_for("Live stream")
        leader, running._leader = running._leader, os.open(os.devnull, os.O_RDONLY)
        os.close(leader)
        assert running.process.wait(20) == 0
