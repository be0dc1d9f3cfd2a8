"""The clocks of a case as a column of bars: what is left of which allowance, by which rule, or how it ended."""

from __future__ import annotations

from typing import Final

from casework.model import Clock, Common
from casework.order import next_clock
from casework.tokens import ENDED_STATES, MILESTONES
from casework.untrusted import Untrusted
from client.views.bits import DOT, Bit, Line, Tone, dotted
from client.views.blocks import Hanging
from client.views.row import clock_tone
from client.views.times import ago, countdown, of_allowance, utc_minute

BAR: Final = 10
"""Cells of a clock's bar."""
NAME: Final = 12
"""Cells of its name with the space behind it."""

LAWS: Final[dict[str, str]] = {
    "EDR.outer.answer": "EU e-Evidence, emergency",
    "NCII.outer.contain": "TAKE IT DOWN Act, 48 h",
    "MVE_REMOVAL_ORDER.outer.contain": "EU removal order, 1 h",
    "REG_REMOVAL_ORDER.outer.contain": "removal order, 1 h",
    "REG_REMOVAL_ORDER.outer.answer": "removal order, 1 h",
}
"""Where an outer bound comes from, by its rule; one that an operator added is named by its rule."""


def clock_name(clock: Clock) -> str:
    """A clock in a word or two; an outer bound says that it is law."""
    return f"{clock.milestone} law" if clock.outer_bound else clock.milestone


def bars(case: Common, now: int) -> list[Hanging]:
    """One line a clock: those that run by their deadline, then those that are over; last by which rules they run."""
    first = next_clock(case.clocks) if case.state not in ENDED_STATES else None
    found = [_bar(clock, now, first=clock is first) for clock in sorted(case.clocks, key=_reading_order)]
    by_rule: dict[str, list[str]] = {}
    for clock in case.clocks:
        if clock.owed and clock.rule and not clock.outer_bound:
            by_rule.setdefault(clock.rule.rpartition(".")[0], []).append(clock.milestone)
    if by_rule:
        found.append(Hanging((("rules".ljust(NAME), "quiet"),), _rules(by_rule)))
    return found


def _rules(by_rule: dict[str, list[str]]) -> Line:
    """The rule that set the allowances; where there are several, which set which."""
    if len(by_rule) == 1:
        return tuple((Untrusted(rule), "quiet") for rule in by_rule)
    parts: list[Line] = [
        ((Untrusted(rule), "quiet"), (f": {', '.join(dict.fromkeys(milestones))}", "quiet"))
        for rule, milestones in by_rule.items()
    ]
    return dotted(*parts)


def _reading_order(clock: Clock) -> tuple[bool, int, int]:
    return (not clock.running, clock.due_at, MILESTONES.index(clock.milestone))


def _bar(clock: Clock, now: int, *, first: bool) -> Hanging:
    over = _over(clock, now)
    name: Bit = (clock_name(clock).ljust(NAME), "strong" if first else "quiet" if over else "text")
    if over:
        return Hanging((name,), over)
    tone: Tone = clock_tone(clock, now)
    left = clock.due_at - now
    spent = BAR if clock.allowance_ms <= 0 else (clock.allowance_ms - left) * BAR // clock.allowance_ms
    used = max(0, min(BAR, spent))
    bar: Line = (
        ("\u2588" * used, tone if tone != "text" else "quiet"),
        ("\u2591" * (BAR - used), "rule"),
        (countdown(left).rjust(7), "strong" if first and tone == "text" else tone),
        (f" of {of_allowance(clock.allowance_ms)}", "quiet"),
        *((("  late", "late"),) if left < 0 else ()),
        *((DOT, (LAWS.get(clock.rule) or Untrusted(clock.rule), "quiet")) if clock.outer_bound else ()),
    )
    return Hanging((name,), bar)


def _over(clock: Clock, now: int) -> Line:
    """How a clock ended or why it stands still; empty while it runs."""
    if clock.met_at is not None:
        late = clock.met_at > clock.due_at
        took = of_allowance(max(0, clock.met_at - clock.started_at))
        said: Line = ((f"met in {took} of {of_allowance(clock.allowance_ms)}", "quiet"),)
        return (*said, (f", {_span(clock.met_at - clock.due_at)} late", "soon")) if late else said
    if clock.waived is not None:
        return (
            ("waived by ", "quiet"),
            (Untrusted(clock.waived.by), "quiet"),
            (f" {utc_minute(clock.waived.at)}", "quiet"),
        )
    if clock.stopped_at is not None:
        return (("stopped with the case", "quiet"),)
    if clock.paused:
        since = "" if clock.paused_at is None else f" {ago(max(0, now - clock.paused_at))} ago"
        left = max(0, clock.due_at - (now if clock.paused_at is None else clock.paused_at))
        return ((f"paused{since}, {countdown(left)} left", "quiet"),)
    return ()


def _span(ms: int) -> str:
    return countdown(max(1_000, ms))
