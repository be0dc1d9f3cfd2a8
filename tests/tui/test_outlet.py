"""The way out on a real pseudo-terminal: nobody waits for a terminal that takes nothing."""

import os
import pty
import threading
import time
from collections.abc import Callable, Iterator
from typing import IO

import pytest

from tui.terminal.outlet import MOST_UNWRITTEN, PATIENCE_S, STALL_MS, Outlet

PATIENCE = 20.0


class Line:
    """A pseudo-terminal; `read` is what stands at its far end."""

    def __init__(self) -> None:
        self.leader, follower = pty.openpty()
        os.set_blocking(self.leader, False)
        self.file: IO[str] = os.fdopen(follower, "w")
        self.now = 1_000.0

    def read(self) -> bytes:
        found = b""
        try:
            while data := os.read(self.leader, 65_536):
                found += data
        except BlockingIOError:
            pass
        return found

    def close(self) -> None:
        os.close(self.leader)
        self.file.close()


@pytest.fixture
def line() -> Iterator[Line]:
    line = Line()
    yield line
    line.close()


def opened(line: Line) -> Outlet:
    outlet = Outlet(line.file, lambda: line.now)
    outlet.start()
    return outlet


def wait(until: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not until():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def read_until(line: Line, size: int) -> bytes:
    found = b""

    def enough() -> bool:
        nonlocal found
        found += line.read()
        return len(found) >= size

    wait(enough)
    return found


def test_what_the_terminal_takes_is_out_at_once(line: Line) -> None:
    outlet = opened(line)
    for text in ("one ", "\u5bbd"):
        outlet.write(text)
        assert not outlet.behind
    assert line.read() == "one \u5bbd".encode()
    outlet.stop()
    assert not outlet.is_alive()


def test_nothing_waits_for_a_terminal_that_takes_nothing_and_the_order_stays(line: Line) -> None:
    outlet = opened(line)
    drained = threading.Event()
    outlet.on_drained = drained.set
    texts = [f"{number:06d}" * 50 for number in range(1_000)]
    for text in texts:
        outlet.write(text)
    assert outlet.behind
    assert not drained.is_set()
    line.now += STALL_MS + 1
    assert outlet.behind_ms() > STALL_MS
    assert outlet.drained_at() == line.now  # a stall goes on
    read = read_until(line, 300_000)
    assert read.decode() == "".join(texts)
    assert drained.wait(PATIENCE)
    assert outlet.behind_ms() == 0
    assert outlet.drained_at() == line.now
    line.now += 5_000
    assert outlet.drained_at() == line.now - 5_000
    outlet.stop()


def test_a_short_wait_is_no_stall(line: Line) -> None:
    outlet = opened(line)
    outlet.write("x" * 100_000)
    line.now += STALL_MS - 1
    read_until(line, 100_000)
    wait(lambda: not outlet.behind)
    assert outlet.drained_at() is None
    outlet.stop()


def test_what_waits_is_bounded_and_what_was_left_out_is_told_once(line: Line) -> None:
    outlet = opened(line)
    for _ in range(40):
        outlet.write("x" * 65_536)
    assert outlet.take_dropped()
    assert not outlet.take_dropped()
    size = sum(map(len, outlet._waiting))
    assert size <= MOST_UNWRITTEN
    outlet.stop()


def test_it_ends_though_the_terminal_takes_nothing(line: Line) -> None:
    outlet = opened(line)
    for _ in range(8):
        outlet.write("x" * 65_536)
    outlet.stop()  # would never return if it waited for the terminal
    assert outlet.is_alive()  # a daemon: the process ends without it
    assert outlet.daemon
    assert PATIENCE_S < 1


def test_a_terminal_that_is_gone_takes_everything(line: Line) -> None:
    outlet = opened(line)
    outlet.write("x" * 200_000)
    os.close(line.leader)
    line.leader = os.open(os.devnull, os.O_RDONLY)
    wait(lambda: not outlet.behind)
    outlet.write("more")
    assert not outlet.behind
    outlet.stop()
