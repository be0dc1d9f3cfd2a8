"""When the console itself fails: one line that names the kind and the place, no text of a case, no local variables."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from widgets.boundary import Fault, Faults

LONGEST_RECORD: Final = 65_536
"""Bytes after which a file of faults takes no more."""


def crash_sentence(error: BaseException) -> str:
    """What to print after the terminal was given back. The error's own text may quote a case, so it stays out."""
    fault = Fault.of("the console", error)
    return f"the console failed, {fault.kind} at {fault.place}; nothing that was held is sent"


def worker_sentence(error: BaseException) -> str:
    """What the message line says when something in the background failed and the console goes on."""
    fault = Fault.of("the background", error)
    return f"Something failed in the background ({fault.kind} at {fault.place}); going on."


def failed_sentence(fault: Fault) -> str:
    """What the message line says when one part failed and the rest goes on."""
    return f"{fault.part} failed ({fault.kind} at {fault.place}); everything else goes on."


def recorder(place: Callable[[], Path], now: Callable[[], int], version: str) -> Callable[[Fault], None]:
    """What writes each fault as a JSON line to the file at `place`: when (ms UTC), part, kind and steps; never a text.

    A file that cannot be written costs the record and nothing else.
    """

    def record(fault: Fault) -> None:
        line = {"at": now(), "version": version, "part": fault.part, "kind": fault.kind, "steps": fault.steps}
        file = place()
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            if file.exists() and file.stat().st_size > LONGEST_RECORD:
                return
            with file.open("a", encoding="utf-8") as out:
                out.write(json.dumps(line) + "\n")
        except OSError:
            return

    return record


def kept_faults(version: str) -> Faults:
    """Where the faults of a screen are counted; each new one goes to `faults.jsonl` in the state directory."""

    def place() -> Path:
        from client.heads import state_home

        return state_home() / "faults.jsonl"

    return Faults(recorder(place, lambda: time.time_ns() // 1_000_000, version))
