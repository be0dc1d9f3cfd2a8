"""Draws the screens as SVG into a directory: `python -m tools.screens docs/images`. Look at them before committing.

The floor is the sample floor of the tests, its time stands still, and the pictures name no font from elsewhere.
"""

from __future__ import annotations

import asyncio
import math
import re
import sys
from pathlib import Path

from textual.app import App
from textual.pilot import Pilot

from tests.tui.sample_floor import SampleSession, sketch, whole_case
from tui.app import Watchfloor
from tui.wall import WallApp

SCHOOL = "C-7F3A9K2M"
_FONT_FACE = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
_TRIES = 400


def _console(*, stale_ms: int = 0) -> Watchfloor:
    session = SampleSession(cases={SCHOOL: whole_case()})
    if stale_ms:
        session.set_status(phase="stale", feed_age_ms=stale_ms)
    return Watchfloor(lambda: session, name="us-floor")


def _wall() -> WallApp:
    session = SampleSession()
    session.mirror.swap(sketch())
    return WallApp(lambda: session, name="us floor")


async def _settle(pilot: Pilot[None], keys: tuple[str, ...]) -> None:
    app = pilot.app
    if isinstance(app, Watchfloor):
        app.floor.following.rest_ms = math.inf  # a picture does not depend on how long it was waited for
    for _ in range(_TRIES):
        await pilot.pause(0.02)
        if isinstance(app, WallApp):
            if app.model.session is not None:
                break
        elif isinstance(app, Watchfloor) and app.floor.view.queue.cursor is not None:
            break
    if isinstance(app, Watchfloor):
        app.floor.select(SCHOOL)
        await pilot.press(*keys)
        await pilot.pause(0.3)
        app.floor.paint()
    elif isinstance(app, WallApp):
        app.look()
    await pilot.pause()


async def _draw(app: App[None], size: tuple[int, int], keys: tuple[str, ...], title: str) -> str:
    async with app.run_test(size=size) as pilot:
        await _settle(pilot, keys)
        return _FONT_FACE.sub("", app.export_screenshot(title=title))


def main(arguments: list[str]) -> int:
    """Write every picture below the directory that `arguments` name; the exit code."""
    folder = Path(arguments[0] if arguments else "docs/images")
    folder.mkdir(parents=True, exist_ok=True)
    pictures: dict[str, tuple[App[None], tuple[int, int], tuple[str, ...]]] = {
        "queue": (_console(), (80, 24), ()),
        "case": (_console(), (160, 50), ("enter",)),
        "small": (_console(), (40, 12), ()),
        "form": (_console(), (80, 24), ("o", "f")),
        "help": (_console(), (80, 24), ("question_mark",)),
        "stale": (_console(stale_ms=34_000), (80, 24), ()),
        "wall": (_wall(), (62, 16), ()),
    }
    for name, (app, size, keys) in pictures.items():
        drawn = asyncio.run(_draw(app, size, keys, f"watchfloor {name}"))
        (folder / f"{name}.svg").write_text(drawn, encoding="utf-8")
        print(folder / f"{name}.svg")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
