"""How a call reaches the person: the bell, a notification of the terminal, a command of their own. Counts only.

The command is started without a shell, in a session of its own, with nothing to read and nowhere to write, and ends
after `HOOK_S` seconds. It finds what happened in its environment; it gets none of this program's own settings.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping, Sequence
from typing import Final

from casework.untrusted import safe
from tui.terminal.abilities import Abilities
from tui.terminal.attention import Call

HOOK_S: Final = 10.0
NOTIFYING: Final[frozenset[str]] = frozenset({"iTerm.app", "WezTerm", "ghostty"})
"""Terminals (TERM_PROGRAM) that show OSC 9 as a notification; others take it for progress, or print it."""
BELL: Final = "\a"


def title_sequence(title: str, able: Abilities) -> str:
    """OSC 2, or nothing for a terminal that would print it."""
    if able.basic:
        return ""
    shown = title if able.utf8 else title.replace("\u00b7", "|")
    return f"\x1b]2;{_plain(shown)}\a"


def notification(sentence: str, able: Abilities) -> str:
    """OSC 9 where it is known to work, else nothing."""
    return f"\x1b]9;watchfloor: {_plain(sentence)}\a" if able.program in NOTIFYING else ""


def _plain(text: str) -> str:
    """Our own words; if ever something else got in, no part of it acts."""
    return text if safe(text) else "".join(char if safe(char) else "?" for char in text)


def environment(call: Call, own: Mapping[str, str]) -> dict[str, str]:
    """What the command finds: the person's environment without our settings and tokens, and what happened."""
    kept = {name: value for name, value in own.items() if not name.startswith("WATCHFLOOR_")}
    counts = {
        f"WATCHFLOOR_{severity}_{why.upper()}": str(count) for (severity, why), count in sorted(call.counts.items())
    }
    return {**kept, "WATCHFLOOR_SEVERITY": call.severity, "WATCHFLOOR_WHY": call.why, **counts}


class Hook:
    """The person's command. One at a time: a call that comes while it runs is told to the next run, not lost."""

    def __init__(self, command: Sequence[str], *, limit_s: float = HOOK_S) -> None:
        self._command = tuple(command)
        self._limit_s = limit_s
        self._running = False
        self._next: Call | None = None
        self.fault: str | None = None
        """Why the last run did not happen, if so."""

    async def run(self, call: Call, own: Mapping[str, str] | None = None) -> None:
        """Run it for `call`; returns when it ended or was ended."""
        if not self._command:
            return
        self._next = call
        if self._running:
            return
        self._running = True
        try:
            while self._next is not None:
                call, self._next = self._next, None
                await self._once(call, os.environ if own is None else own)
        finally:
            self._running = False

    async def _once(self, call: Call, own: Mapping[str, str]) -> None:
        nothing = asyncio.subprocess.DEVNULL
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=nothing,
                stdout=nothing,
                stderr=nothing,
                env=environment(call, own),
                start_new_session=True,
            )
        except OSError as error:
            self.fault = f"The attention hook did not start: {error.strerror or type(error).__name__}."
            return
        self.fault = None
        try:
            async with asyncio.timeout(self._limit_s):
                await process.wait()
        except TimeoutError:
            self.fault = f"The attention hook ran longer than {self._limit_s:g} s and was ended."
            _end(process.pid)
            await process.wait()


def _end(pid: int) -> None:
    """End it with all that it started: it leads a session of its own."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
