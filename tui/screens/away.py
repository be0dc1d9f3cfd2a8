"""The screen while it is put away: counts and calls go on, and nothing of a case is there to be read in passing.

It is no lock: the next key shows the floor again, whoever presses it. It says so.
"""

from __future__ import annotations

from typing import Final

from textual import events
from textual.app import ComposeResult
from textual.screen import ModalScreen

from client.views.bits import Line, dotted, text
from client.views.floor import Floor
from client.views.times import feed_age, utc
from tui.care import Care
from tui.floor import WorkFloor
from tui.terminal.painting import PaintedScreen
from widgets.toned import Lines

TICK_S: Final = 0.5


class AwayScreen(PaintedScreen[None], ModalScreen[None], inherit_bindings=False):
    """Any key ends it, and does nothing else."""

    DEFAULT_CSS = """
    AwayScreen { background: $background; align: center middle; }
    AwayScreen Lines { width: auto; height: auto; max-width: 100%; min-width: 38; }
    """

    def __init__(self, model: WorkFloor, care: Care) -> None:
        super().__init__()
        self._model = model
        self._care = care

    def compose(self) -> ComposeResult:
        yield Lines(id="away")

    def on_mount(self) -> None:
        self.set_interval(TICK_S, self.look)
        self.look()

    def look(self) -> None:
        """Show the counts as they are now."""
        self.query_one(Lines).show(away_lines(self._model.floor(), len(self._model.tally.s0), self._care.said))

    def on_key(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()
        _ = self.dismiss()

    def on_paste(self, event: events.Paste) -> None:
        event.stop()


def away_lines(floor: Floor, s0: int, said: Line) -> tuple[Line, ...]:
    """Counts, the feed, the last call, and what this screen protects from."""
    counts = dotted(
        text(f"\u25a0{s0} S0", "late") if s0 else (),
        text(f"{floor.late} late", "late") if floor.late else (),
        text(f"{floor.unowned} unowned", "soon") if floor.unowned else (),
        text(f"{floor.open} open", "text"),
    )
    clock = "--:--:-- Z" if floor.now is None else f"{utc(floor.now)} Z"
    age = "no feed yet" if floor.feed_age_ms is None else f"feed {feed_age(floor.feed_age_ms)}"
    feed = dotted(text(age, "quiet" if floor.phase == "live" else "late"), text(clock, "quiet"))
    return (
        text(" Put away", "strong"),
        (),
        ((" ", "text"), *counts),
        ((" ", "text"), *feed),
        ((" ", "text"), *said) if said else (),
        (),
        text(" Any key shows the floor again.", "text"),
        text(" This hides it from passers-by,", "quiet"),
        text(" not from whoever sits down here.", "quiet"),
    )
