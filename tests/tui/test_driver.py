"""Our driver against the pinned Textual: what a real terminal is sent at the start, and what becomes of its answers."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from textual.events import Key
from textual.message import Message

from tests.terminal import Terminal
from tests.tui.sample_floor import SampleSession
from tui.app import Watchfloor
from tui.terminal.answers import SHAPES
from tui.terminal.driver import ConsoleDriver

PROGRAM = [sys.executable, "-m", "tests.tui.sample_console"]


def answer(terminal: Terminal, column: int) -> None:
    """Say where the cursor is, as the terminal would."""
    os.write(terminal._leader, f"\x1b[1;{column + 1}R".encode())


def test_a_terminal_that_draws_our_shapes_wide_gets_ascii(checkout: Path) -> None:
    with Terminal(PROGRAM, cwd=checkout) as terminal:
        terminal.wait_for("\u25a0S0")
        answer(terminal, 2 * len(SHAPES))
        terminal.wait_for("!S0")
        terminal.wait_gone("\u25a0")


def test_a_torn_answer_is_no_key(checkout: Path) -> None:
    with Terminal(PROGRAM, cwd=checkout) as terminal:
        terminal.wait_for("\u25a0S0")
        os.write(terminal._leader, b"\x1b[")
        terminal.rest(0.6)  # longer than Textual waits for the rest of a sequence
        os.write(terminal._leader, b"2;9R")
        terminal.press("?")
        terminal.wait_for("Keys that work here and now")
        terminal.press("q")
        terminal.wait_for("LEFT SEV")
        assert "mine" not in terminal.lines[0]  # `2` would have gone to that view


def test_the_cursor_of_the_terminal_stands_on_the_selected_row(checkout: Path) -> None:
    with Terminal(PROGRAM, cwd=checkout) as terminal:
        terminal.wait_for("\u25a0S0")
        terminal.press("jj")
        terminal.wait_for(lambda held: held.lines[held.screen.cursor.y].startswith("\u258c  3:20"))
        assert b"\x1b[5m" not in terminal.written, "nothing blinks"


async def test_what_is_read_at_once_came_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    driver = ConsoleDriver(Watchfloor(SampleSession))
    read, write = os.pipe()
    heard: list[Message] = []
    handing = []

    def hand_on(message: Message) -> None:
        heard.append(message)
        handing.append(driver.handing)
        if len(heard) == 9:
            driver.exit_event.set()

    monkeypatch.setattr(driver, "process_message", hand_on)
    driver.fileno = read
    try:
        os.write(write, b"ajkjkjkjk")
        driver.run_input_thread()
    finally:
        os.close(read)
        os.close(write)

    assert [message.key for message in heard if isinstance(message, Key)] == [*"ajkjkjkjk"]
    assert len({message.time for message in heard}) == 1
    assert handing == [True] * 9
    assert not driver.handing


def test_a_key_takes_the_mouse_and_gives_it_back(checkout: Path) -> None:
    with Terminal(PROGRAM, cwd=checkout) as terminal:
        terminal.wait_for("\u25a0S0")
        assert b"\x1b[?1000h" not in terminal.written
        terminal.press("M")
        terminal.wait_for("Mouse on")
        assert b"\x1b[?1000h" in terminal.written
        terminal.press("M")
        terminal.wait_for("Mouse off")
        assert bytes(terminal.written).rfind(b"\x1b[?1000l") > bytes(terminal.written).rfind(b"\x1b[?1000h")


def test_copying_reaches_the_terminal_and_is_said(checkout: Path) -> None:
    with Terminal(PROGRAM, cwd=checkout, env={"TMUX": "x", "TERM": "tmux-256color"}) as terminal:
        terminal.wait_for("\u25a0S0")
        terminal.press("Yi")
        terminal.wait_for("Copied C-")
        assert b"\x1b]52;c;Qy0" in terminal.written  # base64 of C-
        assert b"\x1bPtmux;\x1b\x1b]52;c;Qy0" in terminal.written


def test_what_is_pushed_at_the_start_is_popped_at_the_end(checkout: Path) -> None:
    with Terminal(PROGRAM, cwd=checkout) as terminal:
        terminal.wait_for("\u25a0S0")
        terminal.burst("q")
        terminal.wait_for("again leaves")
        terminal.burst("q")
        terminal.wait_ended()
        written = bytes(terminal.written)

    for on, off in ((b"\x1b[22;2t", b"\x1b[23;2t"), (b"\x1b[?1049h", b"\x1b[?1049l"), (b"\x1b[?25l", b"\x1b[?25h")):
        assert 0 <= written.find(on) < written.rfind(off)
    assert b"\x1b[?1000h" not in written
