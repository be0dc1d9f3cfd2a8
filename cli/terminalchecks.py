"""What `watchfloor doctor` finds out about the terminal that it runs in."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Literal, NamedTuple, TextIO

ANSWER_S = 0.5
SLOW_MS = 250
TMUX_S = 2.0

Level = Literal["ok", "note", "FAULT"]


class Check(NamedTuple):
    level: Level
    name: str
    sentence: str


class Asked(NamedTuple):
    """What the terminal answered: how many cells eight of our shapes took, and after how many ms."""

    cells: int
    after_ms: float


def terminal(
    env: Mapping[str, str],
    stdout: TextIO,
    *,
    ask: Callable[[], Asked | None] | None = None,
    tmux: Callable[[str], str] | None = None,
) -> Iterator[Check]:
    """Size, colors, letters, copying, and the line to it. `ask` and `tmux` are for tests."""
    from tui.terminal.abilities import abilities, plain_wanted

    able = abilities(env, getattr(stdout, "encoding", None))
    if not stdout.isatty():
        yield Check("note", "terminal", "stdout is not a terminal; the console needs one, `tail` and `do` do not")
        return
    if able.term in ("", "dumb"):
        yield Check("FAULT", "terminal", f"TERM={able.term or 'unset'} draws no screen; use `watchfloor tail` and `do`")
        return
    yield _size(able.term, *os.get_terminal_size(stdout.fileno()))
    colors = {"16": "16 colors", "256": "256 colors", "truecolor": "24-bit color", "none": "no color"}
    if plain_wanted(env):
        yield Check("ok", "color", "NO_COLOR: shapes and letters carry everything that color would")
    else:
        yield Check("ok", "color", colors[able.colors])
    answered = (ask or ask_terminal)()
    yield _letters(able.utf8, able.basic, getattr(stdout, "encoding", None), answered)
    yield _line(answered, remote=able.remote)
    yield _copying(able.basic, able.multiplexer, tmux or tmux_option)
    if able.basic:
        yield Check("note", "calls", "bell and hook only: this terminal has no title and no notifications")
    else:
        from tui.terminal.calling import NOTIFYING

        shows = able.program in NOTIFYING
        yield Check("ok", "calls", f"bell, title and hook{', notifications' if shows else ''}")


def _size(term: str, columns: int, lines: int) -> Check:
    level: Level = "ok" if columns >= 80 and lines >= 24 else "note" if columns >= 40 and lines >= 12 else "FAULT"
    small = "" if level == "ok" else "; 80x24 shows queue and preview, 40x12 is the least"
    return Check(level, "terminal", f"{term}, {columns}x{lines}{small}")


def _letters(utf8: bool, basic: bool, encoding: str | None, answered: Asked | None) -> Check:
    from tui.terminal.answers import SHAPES

    if not utf8:
        said = f"{encoding or 'unknown'}, not UTF-8: the console uses its ASCII shapes (--ascii)"
        return Check("note", "letters", said)
    if basic:
        return Check("note", "letters", "UTF-8, and a font without our shapes: the console uses its ASCII shapes")
    if answered is None:
        return Check("note", "letters", "UTF-8; how wide shapes are could not be asked, one cell each is assumed")
    if answered.cells > len(SHAPES):
        return Check("note", "letters", "UTF-8, shapes take two cells here: the console uses its ASCII shapes")
    return Check("ok", "letters", "UTF-8, shapes take one cell each")


def _line(answered: Asked | None, *, remote: bool) -> Check:
    from tui.terminal.pacing import REMOTE_FRAMES

    far = f"over SSH: at most {REMOTE_FRAMES} frames a second, the mouse stays the terminal's"
    way = far if remote else "on this machine"
    if answered is None:
        return Check("note", "line", f"{way}; the terminal does not say where its cursor is")
    level: Level = "ok" if answered.after_ms < SLOW_MS else "note"
    slow = "" if level == "ok" else "; every key will be felt"
    return Check(level, "line", f"{way}; answers in {answered.after_ms:.0f} ms{slow}")


def _copying(basic: bool, multiplexer: str, tmux: Callable[[str], str]) -> Check:
    if basic:
        return Check("note", "copy", "this terminal copies nothing by itself; ids are shown to be typed")
    if multiplexer == "screen":
        return Check("ok", "copy", "OSC 52, handed on by screen if the terminal outside takes it")
    if multiplexer == "either":
        return Check("ok", "copy", "OSC 52, plain and as screen hands it on: tmux and screen look alike from here")
    if multiplexer == "tmux":
        clipboard, passed = tmux("set-clipboard"), tmux("allow-passthrough")
        if clipboard == "on" or passed in ("on", "all"):
            return Check("ok", "copy", f"OSC 52 (tmux: set-clipboard {clipboard}, allow-passthrough {passed or 'off'})")
        return Check(
            "note", "copy", "tmux keeps copies to itself: `set -g set-clipboard on` in tmux.conf lets them out"
        )
    return Check("ok", "copy", "OSC 52, if the terminal allows programs to copy; nothing here can see whether")


def tmux_option(name: str) -> str:
    """The value of a global option of the tmux around us; empty if it does not say."""
    for scope in ("-sv", "-gv", "-gwv"):
        try:
            done = subprocess.run(
                ["tmux", "show-options", scope, name], capture_output=True, text=True, timeout=TMUX_S, check=False
            )
        except (OSError, subprocess.TimeoutExpired):
            return ""
        if done.returncode == 0 and done.stdout.strip():
            return done.stdout.strip()
    return ""


def ask_terminal() -> Asked | None:
    """Draw our shapes, ask where the cursor is, and wipe them; None if no answer came in time."""
    import re
    import select
    import termios
    import time
    import tty

    from tui.terminal.answers import SHAPES, WHERE

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return None
    number = sys.stdin.fileno()
    before = termios.tcgetattr(number)
    answer = b""
    try:
        shapes = SHAPES.encode(sys.stdout.encoding or "utf-8", "replace")
        tty.setcbreak(number)
        began = time.monotonic()
        os.write(sys.stdout.fileno(), b"\r" + shapes + WHERE.encode() + b"\r\x1b[K")
        while b"R" not in answer:
            left = began + ANSWER_S - time.monotonic()
            if left <= 0 or not select.select([number], [], [], left)[0]:
                return None
            answer += os.read(number, 64)
        after_ms = (time.monotonic() - began) * 1_000
    finally:
        # What came late, or was typed meanwhile, is for nobody.
        termios.tcsetattr(number, termios.TCSAFLUSH, before)
    found = re.search(rb"\x1b\[\d+;(\d+)R", answer)
    return None if found is None else Asked(int(found[1]) - 1, after_ms)
