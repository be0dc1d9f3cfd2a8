"""A terminal that takes nothing for a while, under 2,000 events a second: the console goes on, and comes back clean."""

import re
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.standin import StandInFeed, stand_in
from tests.terminal import PATIENCE_S, Terminal

PER_SECOND = 2_000
MIB = 1 << 20
REDRAW = "\x0c"
TERMINALS_OWN = 1 << 17
"""Bytes that the kernel keeps for a pseudo-terminal that is not read, and some more."""


@pytest.fixture
def feed(tmp_path: Path) -> Iterator[StandInFeed]:
    with stand_in(2_000, tmp_path) as feed:
        yield feed


def console(feed: StandInFeed) -> Terminal:
    return Terminal([sys.executable, "main.py", feed.url], columns=160, rows=50, env={"COLORTERM": "truecolor"})


def memory(terminal: Terminal) -> int:
    status = Path(f"/proc/{terminal.process.pid}/status").read_text()
    return int(re.findall(r"VmRSS:\s+(\d+)", status)[0]) * 1024


def shape(terminal: Terminal) -> list[str]:
    """The screen without its digits: clocks go on."""
    return [re.sub(r"[\d:h]+", "0", line) for line in terminal.lines]


def fill(terminal: Terminal) -> None:
    """Have much written to a terminal that nobody reads."""
    for _ in range(40):
        terminal.burst(REDRAW)
        time.sleep(0.02)  # keys that come together are a paste


@pytest.mark.parametrize("seconds", [3.0, pytest.param(10.0, marks=pytest.mark.torture("stall"))])
def test_after_a_stall_the_screen_is_right_and_keys_typed_blind_did_nothing(feed: StandInFeed, seconds: float) -> None:
    with console(feed) as terminal:
        terminal.wait_for("Report 0")
        terminal.press("jjj")
        feed.prepare(per_second=PER_SECOND, seconds=seconds)
        before = memory(terminal)
        feed.go()
        fill(terminal)
        typed = False
        while feed.count().loading:
            if not typed and feed.count().sent > PER_SECOND * (seconds - 1):
                # Long after the screen stood still: an escalation, which would go out after five seconds.
                typed = True
                for key in "e1":
                    time.sleep(0.02)
                    terminal.burst(key)
            time.sleep(0.05)
        assert typed
        assert memory(terminal) - before < 24 * MIB
        start = len(terminal.written)
        terminal.wait_for("stood still when you pressed that")
        assert "second" not in terminal.lines[-2], "the escalation waits to be sent"
        assert len(terminal.written) - start < TERMINALS_OWN
        count = feed.count()
        assert (count.connections, count.everything) == (1, 1), "the link broke"
        assert count.sent >= PER_SECOND * seconds
        found = shape(terminal)
        terminal.burst(REDRAW)
        terminal.wait_for(lambda screen: b"\x1b[2J" in screen.written[-40_000:])
        terminal.wait_for(lambda screen: shape(screen) == found)


def ends_stuck(feed: StandInFeed) -> float:
    """How long (s) the console takes to end on a terminal that takes nothing."""
    with console(feed) as terminal:
        terminal.wait_for("Report 0")
        fill(terminal)
        began = time.monotonic()
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.process.wait(PATIENCE_S) == 0
        return time.monotonic() - began


def test_it_ends_though_the_terminal_takes_nothing(feed: StandInFeed) -> None:
    assert ends_stuck(feed) < PATIENCE_S


@pytest.mark.torture("stall")
def test_it_ends_within_a_second_though_the_terminal_takes_nothing(feed: StandInFeed) -> None:
    assert min(ends_stuck(feed) for _ in range(3)) < 1.0
