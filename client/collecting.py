"""Python's search for cyclic garbage, put off while there is none: it walks all that is held, over and over.

Starting up and taking in a snapshot make much that stays and nothing that goes. To walk it costs a tenth of the start,
and seconds of key presses at a hundred thousand cases.
"""

from __future__ import annotations

import gc
from typing import Final

STARTING: Final = "starting"
SNAPSHOT: Final = "a snapshot comes in"

_busy: set[str] = set()


def put_off(why: str) -> None:
    """Collect nothing until `resume` was called with the same word, and with that of everybody else."""
    _busy.add(why)
    gc.disable()


def resume(why: str) -> None:
    """`why` is over: what is held now stays, and is not walked any more. Nothing happens if it had not begun."""
    if why in _busy:
        _busy.discard(why)
        gc.freeze()
        if not _busy:
            gc.enable()
