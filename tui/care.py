"""What the console does for its terminal beside painting: title, calls, the line's speed, and putting the screen away.

Looked at with each tick; it does something at most once a second. It never sees the text of a case.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final

from casework.order import next_clock
from casework.tokens import Severity
from client.config import Config
from client.views.bits import Line
from client.views.row import clock_tone
from tui.floor import WorkFloor
from tui.idle import Idle
from tui.terminal.abilities import Abilities
from tui.terminal.attention import Attention, Call, State, Urgent, title_of
from tui.terminal.calling import BELL, Hook, notification, title_sequence
from tui.terminal.driver import ConsoleDriver
from tui.terminal.linkmeter import SLOW_MS, spoken

LOOK_MS: Final = 1_000
TRIP_MS: Final = 30_000
REMOTE_TRIP_MS: Final = 10_000
"""How often the terminal is asked how long the way to it is: four bytes."""
QUICK_AGAIN_MS: Final = 200
"""A line that was slow is no longer called so from here on."""
MOST_MINE: Final = 200


def minute_of_day() -> int:
    """Minutes after local midnight: quiet hours are this person's, not the feed's."""
    now = datetime.now().astimezone()
    return now.hour * 60 + now.minute


class Care:
    """`driver` gives the terminal's driver, None where there is none; `now` is ms of a monotonic clock."""

    def __init__(
        self,
        config: Config,
        able: Abilities,
        model: WorkFloor,
        driver: Callable[[], ConsoleDriver | None],
        now: Callable[[], float],
        spawn: Callable[[Awaitable[None]], None],
        minute: Callable[[], int] = minute_of_day,
    ) -> None:
        self.config = config
        self.able = able
        self.idle = Idle(config.idle_minutes * 60_000.0, pressed_at=now())
        self._model = model
        self._driver = driver
        self._now = now
        self._spawn = spawn
        self._minute = minute
        self._attention = Attention()
        self._hook = Hook(config.attention.hook)
        self._looked_at = self._asked_at = -1e18
        self._title = ""
        self.said: Line = ()
        """The last call, for a screen that is put away."""

    def tick(self, *, lately: set[str]) -> bool:
        """Look after everything; whether the screen is to be put away now. `lately`: what this person just did."""
        now = self._now()
        if now - self._looked_at < LOOK_MS:
            return False
        self._looked_at = now
        self._show_title()
        self._call(now, lately)
        self._measure(now)
        return self.idle.due(now)

    def write(self, sequence: str) -> bool:
        """Send `sequence` to the terminal; False if there is nothing to send or nowhere to send it."""
        driver = self._driver()
        if driver is None or not sequence:
            return False
        driver.write(sequence)
        return True

    @property
    def hook_fault(self) -> str | None:
        """Why the person's command did not do what it should, if so."""
        return self._hook.fault

    def lines(self) -> tuple[Line, ...]:
        """What is known of this terminal, for the help."""
        driver = self._driver()
        colors = {"none": "no color", "16": "16 colors", "256": "256 colors", "truecolor": "24-bit color"}
        facts = [self.able.term, colors[self.able.colors], "UTF-8" if self.able.utf8 else "ASCII"]
        if self.able.multiplexer:
            facts.append("in tmux or screen" if self.able.multiplexer == "either" else f"in {self.able.multiplexer}")
        if self.able.remote:
            facts.append("over SSH")
        if driver is not None:
            facts.append(spoken(driver.answers.round_trip_ms, driver.meter.bytes_per_s(self._now())))
        return (((" This terminal", "quiet"),), (("  " + " \u00b7 ".join(facts), "text"),), ())

    # --- inside

    def _show_title(self) -> None:
        if not self.config.attention.title:
            return
        model, now = self._model, self._model.now()
        title = title_of(
            model.name,
            s0=len(model.tally.s0),
            late=0 if now is None else model.tally.late(now),
            unowned=model.tally.unowned,
            open_=model.tally.open,
            phase=model.phase,
        )
        if title != self._title and self.write(title_sequence(title, self.able)):
            self._title = title

    def _call(self, now: float, lately: set[str]) -> None:
        feed_now = self._model.now()
        if self._model.phase != "live" or feed_now is None:
            return  # while a picture comes in, every case in it is new
        quiet = self.config.quiet_hours is not None and self.config.quiet_hours.covers(self._minute())
        call = self._attention.look(self._urgent(feed_now), now, quiet=quiet, mine=lately)
        if call is None:
            return
        self.said = ((call.sentence, "late" if call.severity == "S0" else "soon"),)
        for way in self.config.attention.ways.get(call.severity, ()):
            self._do(way, call)

    def _do(self, way: str, call: Call) -> None:
        if way == "bell":
            self.write(BELL)
        elif way == "notify":
            self.write(notification(call.sentence, self.able))
        elif self.config.attention.hook:
            self._spawn(self._hook.run(call))

    def _urgent(self, now: int) -> Urgent:
        tally, session = self._model.tally, self._model.session
        mine: dict[str, tuple[Severity, State]] = {}
        for case_id in sorted(tally.mine)[:MOST_MINE]:
            row = None if session is None else session.mirror.rows.get(case_id)
            clock = None if row is None else next_clock(row.clocks)
            if row is None or clock is None:
                continue
            if clock.due_at < now:
                mine[case_id] = (row.severity, "late")
            elif clock_tone(clock, now) == "late":
                mine[case_id] = (row.severity, "red")
        return Urgent(tally.s0, tally.s1, mine)

    def _measure(self, now: float) -> None:
        driver = self._driver()
        if driver is None:
            return
        if now - self._asked_at >= (REMOTE_TRIP_MS if self.able.remote else TRIP_MS):
            self._asked_at = now
            driver.ask_round_trip()
        trip = driver.answers.round_trip_ms
        slow = trip is not None and trip >= (QUICK_AGAIN_MS if self._model.line else SLOW_MS)
        self._model.line = f"terminal {trip:.0f} ms" if slow else ""
