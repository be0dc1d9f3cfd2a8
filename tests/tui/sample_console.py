"""The sample floor in the terminal that this is run in: `python -m tests.tui.sample_console [ASPECT]`, like `open`.

For pictures and for what is only true of bytes. Its time stands still, and nothing is stored.
"""

from __future__ import annotations

import os
import sys

from tests.tui.sample_floor import SampleSession, whole_case
from tui.app import Watchfloor
from tui.terminal.abilities import abilities
from tui.terminal.run import gate_for, run_screen
from tui.wall import WallApp

SCHOOL = "C-7F3A9K2M"


def sample(aspect: str) -> SampleSession:
    """A session that looks like `aspect`: `live`, `stale`, `empty`, `offline`, `forked`."""
    session = SampleSession(cases={SCHOOL: whole_case()})
    if aspect == "empty":
        session.mirror.swap([])
    elif aspect in ("stale", "offline", "forked"):
        session.set_status(phase=aspect, feed_age_ms=34_000)
    return session


def main(aspect: str) -> None:
    """Run until `q` or a signal."""
    able = abilities(os.environ, sys.stdout.encoding)
    ascii_shapes = "--ascii" in sys.argv or able.ascii_shapes
    gate = gate_for(sys.stdout.encoding, ascii_shapes=ascii_shapes)
    if aspect.startswith("wall"):
        run_screen(
            WallApp(lambda: sample(aspect.removeprefix("wall-")), name="us floor", gate=gate, abilities=able),
            mouse=False,
        )
    else:
        run_screen(Watchfloor(lambda: sample(aspect), name="us-floor", gate=gate, abilities=able), mouse=False)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "live")
