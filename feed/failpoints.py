"""Named points at which a test may kill the process: `WATCHFLOOR_FAILPOINT=name:n` ends it at the n-th pass.

It ends as by `kill -9`: nothing is flushed, no handler runs. Without the variable a pass costs one comparison.

Points of the log: ``append.before_begin``, ``append.before_commit``, ``append.after_commit`` (durable, nobody told) and
``append.before_publish`` (on the loop, before the first caller of the group wakes).
"""

from __future__ import annotations

import os
import signal
import threading
from typing import Final

VARIABLE: Final = "WATCHFLOOR_FAILPOINT"


def _parse(setting: str) -> tuple[str, int]:
    name, _, passes = setting.rpartition(":")
    if not name or not passes.isdigit() or int(passes) < 1:
        raise ValueError(f"{VARIABLE} must be name:n with n from 1, not {setting!r}")
    return name, int(passes)


_armed, _left = _parse(os.environ[VARIABLE]) if os.environ.get(VARIABLE) else ("", 0)
_lock = threading.Lock()


def hit(name: str) -> None:
    """Pass the point `name`; does not return at the pass that the environment names."""
    if name != _armed:
        return
    global _left
    with _lock:
        _left -= 1
        if _left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
