"""The terminal that a screen runs in: what it can show, and how a screen ends when it is lost."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.filter import ANSIToTruecolor, LineFilter, Monochrome, NoColor

from tui.terminal.abilities import is_utf8
from widgets.gate import Gate

if TYPE_CHECKING:
    from tui.application import Application


def gate_for(encoding: str | None, *, ascii_shapes: bool) -> Gate:
    """The last filter before a terminal of that encoding; one that is not UTF-8 gets nothing but ASCII."""
    return Gate(ascii_shapes=ascii_shapes, ascii_only=not is_utf8(encoding))


def filters(own: Sequence[LineFilter], gate: LineFilter, *, plain: bool) -> list[LineFilter]:
    """What everything painted goes through, the gate last. Textual would leave greys where no color is wanted.

    It also looks at every piece of every line for colors that its themes for terminals with few colors use; ours say
    theirs as they are meant.
    """
    kept = [each for each in own if not isinstance(each, Monochrome | NoColor | ANSIToTruecolor)]
    return [*kept, *((NoColor(),) if plain else ()), gate]


def run_screen(app: Application, *, mouse: bool) -> None:
    """Run `app` until it ends. A lost terminal or a stop from outside ends it: what is held is not sent."""

    async def show() -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGHUP, signal.SIGTERM):
            loop.add_signal_handler(number, app.lost)
        await app.run_async(mouse=mouse)

    asyncio.run(show())
