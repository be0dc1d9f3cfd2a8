"""When the console itself fails: one line that names the kind and the place, no text of a case, no local variables."""

from __future__ import annotations

from types import TracebackType
from typing import Final

_OURS: Final = frozenset({"tui", "widgets", "client", "casework", "protocol", "cli"})


def crash_sentence(error: BaseException) -> str:
    """What to print after the terminal was given back. The error's own text may quote a case, so it stays out."""
    return f"the console failed, {type(error).__name__} at {_place(error.__traceback__)}; nothing that was held is sent"


def worker_sentence(error: BaseException) -> str:
    """What the message line says when something in the background failed and the console goes on."""
    return f"Something failed in the background ({type(error).__name__} at {_place(error.__traceback__)}); going on."


def _place(step: TracebackType | None) -> str:
    place = "an unknown place"
    while step is not None:
        name = step.tb_frame.f_globals.get("__name__", "?")
        if isinstance(name, str) and name.partition(".")[0] in _OURS:
            place = f"{name}:{step.tb_lineno}"
        step = step.tb_next
    return place
