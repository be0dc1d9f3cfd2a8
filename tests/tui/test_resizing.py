"""A terminal that is dragged, and one that is put to sleep: what stands on it afterwards is the whole screen, once."""

from __future__ import annotations

import os
import signal
import sys
import termios
from collections.abc import Callable
from pathlib import Path

import pyte

from tests.terminal import Terminal

PROGRAM = [sys.executable, "-m", "tests.tui.sample_console"]
SIZES = [(80, 24), (1, 1), (200, 50), (40, 12), (2, 30), (160, 50), (3, 2), (120, 9), (79, 23), (1, 50)]


def drag(terminal: Terminal, columns: int, rows: int) -> None:
    """Give the terminal another size, which its program is told by a signal."""
    termios.tcsetwinsize(terminal._leader, (rows, columns))
    terminal.screen.resize(rows, columns)
    # The program is no child of a shell here: no kernel tells it by itself.
    terminal.process.send_signal(signal.SIGWINCH)


def fresh(terminal: Terminal, columns: int, rows: int, checkout: Path) -> list[str]:
    """What a console that starts in that size shows after the same keys."""
    with Terminal(PROGRAM, columns=columns, rows=rows, cwd=checkout) as other:
        other.wait_for("LEFT SEV")
        other.press("jj")
        other.wait_for(on_the_third)
        other.settle(0.3)
        return other.lines


def on_the_third(terminal: Terminal) -> bool:
    return any(line.startswith("\u258c  3:20") for line in terminal.lines)


def looks_like(lines: list[str]) -> Callable[[Terminal], bool]:
    return lambda terminal: terminal.lines == lines


def test_twenty_sizes_in_a_second_end_in_the_whole_screen(checkout: Path) -> None:
    with Terminal(PROGRAM, cwd=checkout) as terminal:
        expected = fresh(terminal, 80, 24, checkout)
        terminal.wait_for("LEFT SEV")
        terminal.press("jj")
        terminal.wait_for(on_the_third)
        for columns, rows in [*SIZES, *reversed(SIZES)]:
            drag(terminal, columns, rows)
            terminal.rest(0.05)
        terminal.wait_for(looks_like(expected))
        terminal.press("?")
        terminal.wait_for("Keys that work here and now")


def test_a_console_that_was_stopped_comes_back_whole_and_does_nothing(checkout: Path) -> None:
    with Terminal(PROGRAM, cwd=checkout) as terminal:
        terminal.wait_for("LEFT SEV")
        terminal.press("jj")
        terminal.wait_for(on_the_third)
        terminal.settle(0.3)
        before = terminal.lines
        os.kill(terminal.process.pid, signal.SIGTSTP)
        terminal.rest(0.3)
        # Somebody else writes on the terminal meanwhile, and the person types to whoever is there.
        terminal._stream.feed(b"\x1b[2J\x1b[Hbash-5.2$ ls")
        assert isinstance(terminal.screen, pyte.Screen)
        os.kill(terminal.process.pid, signal.SIGCONT)
        terminal.wait_for(looks_like(before))
