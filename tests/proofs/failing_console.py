"""The console as `watchfloor` starts it, on a floor without a feed, that fails when it is told to.

`python -m tests.proofs.failing_console`: the key `X` is a fault of the program, `E` one frame that fails, `F` all.
"""

from __future__ import annotations

import sys

from textual import events

import client.session
from cli.main import run
from tests.tui.sample_floor import SampleSession
from tui.app import Watchfloor

SECRET = "words of a report"


def main() -> int:
    encoding = 0
    took = Watchfloor.on_event
    encoded = Watchfloor._encoded

    async def on_event(app: Watchfloor, event: events.Event) -> None:
        nonlocal encoding
        if isinstance(event, events.Key) and not event.is_forwarded:
            if event.key == "X":
                raise RuntimeError(SECRET)
            if event.key in ("E", "F"):
                encoding = 1 if event.key == "E" else 1_000
                app.refresh()
                return
        await took(app, event)

    def failing(app: Watchfloor, *arguments: object) -> str:
        nonlocal encoding
        if encoding:
            encoding -= 1
            raise ValueError(SECRET)
        return encoded(app, *arguments)  # type: ignore[arg-type]  # handed on as they came

    setattr(client.session, "Session", lambda profile: SampleSession())  # noqa: B010
    setattr(Watchfloor, "on_event", on_event)  # noqa: B010
    setattr(Watchfloor, "_encoded", failing)  # noqa: B010
    return run(["http://127.0.0.1:9"])


if __name__ == "__main__":
    sys.exit(main())
