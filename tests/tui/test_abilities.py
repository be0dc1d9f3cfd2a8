"""What is read from the environment, and that a real terminal of that name gets nothing that it cannot do."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from tests.terminal import Terminal
from tui.terminal.abilities import Abilities, abilities

SGR = re.compile(rb"\x1b\[([0-9;]*)m")


@pytest.mark.parametrize(
    ("env", "colors", "multiplexer"),
    [
        ({"TERM": "linux"}, "16", ""),
        ({"TERM": "linux", "COLORTERM": "truecolor"}, "16", ""),
        ({"TERM": "vt100"}, "16", ""),
        ({"TERM": "xterm"}, "16", ""),
        ({"TERM": "xterm-256color"}, "256", ""),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, "truecolor", ""),
        ({"TERM": "xterm-direct"}, "truecolor", ""),
        ({"TERM": "screen", "STY": "1.x", "COLORTERM": "truecolor"}, "16", "screen"),
        ({"TERM": "screen-256color", "STY": "1.x", "COLORTERM": "truecolor"}, "256", "screen"),
        ({"TERM": "screen-256color"}, "256", "either"),
        ({"TERM": "screen-256color", "TMUX": "x", "COLORTERM": "truecolor"}, "truecolor", "tmux"),
        ({"TERM": "tmux-256color"}, "256", "tmux"),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor", "NO_COLOR": "1"}, "none", ""),
        ({"TERM": "xterm-256color", "NO_COLOR": ""}, "256", ""),
    ],
)
def test_the_environment_says_what_a_terminal_can_do(env: dict[str, str], colors: str, multiplexer: str) -> None:
    able = abilities(env, "utf-8")

    assert (able.colors, able.multiplexer) == (colors, multiplexer)


def test_a_hardware_console_is_basic() -> None:
    assert Abilities(term="linux").basic
    assert Abilities(term="vt100").ascii_shapes
    assert not Abilities(term="xterm-256color").basic


def colors_in(written: bytes) -> set[str]:
    """Which ways of naming a color occur."""
    found: set[str] = set()
    for sequence in SGR.findall(written):
        numbers = sequence.split(b";")
        for at, number in enumerate(numbers):
            if number in (b"38", b"48"):
                found.add("truecolor" if numbers[at + 1] == b"2" else "256")
                break
            if number and 30 <= int(number) <= 47 and number not in (b"38", b"39"):
                found.add("16")
    return found


@pytest.mark.parametrize(
    ("env", "allowed"),
    [
        ({"TERM": "linux"}, {"16"}),
        ({"TERM": "vt100"}, {"16"}),
        ({"TERM": "screen", "STY": "1.x", "COLORTERM": "truecolor"}, {"16"}),
        ({"TERM": "tmux-256color", "TMUX": "x"}, {"256"}),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, {"truecolor"}),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, set()),
    ],
)
def test_a_terminal_gets_the_colors_that_it_has(env: dict[str, str], allowed: set[str], checkout: Path) -> None:
    program = [sys.executable, "-m", "tests.tui.sample_console"]
    env = {"COLORTERM": "", "TMUX": "", "STY": "", "NO_COLOR": "", **env}
    with Terminal(program, cwd=checkout, env=env) as terminal:
        terminal.wait_for("LEFT SEV")
        terminal.wait_for("Live stream")
        written = bytes(terminal.written)
        shape = "!" if env["TERM"] in ("linux", "vt100") else "\u25a0"
        assert f"{shape}S0" in terminal.text

    assert colors_in(written) == allowed
    if env["TERM"] in ("linux", "vt100"):
        assert written.isascii()
        assert b"$p" not in written
        assert b"\x1b]" not in bytes(terminal.written)
