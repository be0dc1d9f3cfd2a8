"""The terminal is lost while an act is held: it is not sent, that is said on return, and the rest is back."""

from __future__ import annotations

import os
import signal
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.floorprocess import FeedProcess
from tests.proofs.test_keyboard import REPORT
from tests.terminal import Terminal


def hang_up(terminal: Terminal) -> None:
    """What the kernel sends when a modem, an SSH connection or a window goes."""
    terminal.process.send_signal(signal.SIGHUP)


def unplug(terminal: Terminal) -> None:
    """The other end is closed, and no signal comes."""
    os.close(terminal._leader)
    terminal._leader = os.open(os.devnull, os.O_RDWR)


@pytest.mark.parametrize("lose", [hang_up, unplug])
def test_a_lost_terminal_sends_nothing_and_loses_nothing(
    lose: Callable[[Terminal], None], checkout: Path, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    console = [sys.executable, str(checkout / "main.py")]
    with FeedProcess(tmp_path) as feed:
        for number in (1, 2):
            feed.raise_case(REPORT, number)
        env = {"WATCHFLOOR_TOKEN": feed.token("ana", "responder"), "XDG_STATE_HOME": str(state)}
        console.append(feed.url)
        with Terminal(console, cwd=checkout, env=env) as terminal:
            terminal.wait_for("2 open")
            terminal.press("/")
            terminal.wait_for("Filter")
            terminal.type("type:dox\r")
            terminal.wait_for("/type:dox")
            terminal.press("n")
            terminal.wait_for("Note")
            terminal.type("She moved out last week.")
            terminal.press("\x1b")
            terminal.wait_for("Draft kept")
            terminal.press("e1")
            terminal.wait_for("z cancels")
            lose(terminal)
            assert terminal.process.wait(10) == 0
        (kept,) = (state / "watchfloor").glob("journal-*.json")
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600

        with Terminal(console, cwd=checkout, env=env) as terminal:
            terminal.wait_for("was held when the terminal was lost: not sent.")
            assert "/type:dox 2" in terminal.lines[0]
            # Any key ends the sentence; the draft stands where it was typed.
            terminal.press("n")
            terminal.wait_for("She moved out last week.")
            terminal.press("\x1b")
            terminal.wait_for("Draft kept")

        headers = {"Authorization": f"Bearer {feed.token('checker', 'viewer')}"}
        cases = httpx.get(f"{feed.url}/v1/cases", headers=headers).json()
        assert [each["version"] for each in cases["cases"]] == [1, 1], cases
