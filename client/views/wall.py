"""The wall's first page as plain data. Redacted by what it is made of: no summary, requester, subject or content here.

Staff handles may stand. When the feed is stale there are no numbers at all, only for how long and what was last known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct

from casework.model import Row
from casework.order import next_clock
from casework.tokens import OPEN_STATES
from casework.untrusted import Untrusted
from client.views.bits import Line, Tone, dotted, text
from client.views.floor import Floor
from client.views.row import SEVERITY_TONE, clock_tone
from client.views.times import countdown, feed_age, lateness, stopwatch, utc

ROWS: Final = 7
SHAPES: Final[dict[str, str]] = {"S0": "\u25a0", "S1": "\u25b2", "S2": "\u25cf", "S3": "\u25cb", "S4": "\u00b7"}

CAP_MM_PER_METRE: Final = 4.65
"""16 minutes of arc: how tall a capital has to be, for each metre of distance."""
CAP_OF_CELL: Final = 0.547
"""How much of a terminal cell's height a capital takes."""
_MM_PER_INCH: Final = 25.4
_HEIGHT_OF_DIAGONAL: Final = 0.49
"""Of a 16:9 screen."""


class Big(Struct, frozen=True):
    """A number in big digits with its word below."""

    digits: str
    word: str
    tone: Tone


class Wall(Struct, frozen=True):
    """One page. `stale` is set when there is nothing that may be shown: then it is all there is."""

    name: Untrusted
    clock: str
    status: str = ""
    status_tone: Tone = "mine"
    feed: str = ""
    counts: tuple[Big, ...] = ()
    next_late: Big | None = None
    next_words: Line = ()
    rows: tuple[Line, ...] = ()
    flow: Line = ()
    stale: Big | None = None
    stale_words: Line = ()


def wall(
    floor: Floor, rows: Mapping[str, Row], ids: Sequence[str], next_late: tuple[int, str] | None, *, flow: Line = ()
) -> Wall:
    """The page for `floor`; `ids` in queue order, `next_late` is (due_at, case id)."""
    name = Untrusted(floor.name.upper() or "WATCHFLOOR")
    now = floor.now
    clock = "--:--:-- Z" if now is None else f"{utc(now)} Z"
    if floor.phase != "live" or now is None or floor.feed_age_ms is None:
        return _stale(floor, name, clock)
    status, tone = _status(floor, rows, ids, now)
    due = next_late
    soonest = None if due is None else rows.get(due[1])
    return Wall(
        name=name,
        clock=clock,
        status=status,
        status_tone=tone,
        feed=f"feed {feed_age(floor.feed_age_ms)}",
        counts=(
            Big(str(floor.late), "LATE", "late" if floor.late else "quiet"),
            Big(str(floor.unowned), "UNOWNED", "soon" if floor.unowned else "quiet"),
            Big(str(floor.open), "OPEN", "text"),
        ),
        next_late=None if due is None else Big(countdown(due[0] - now), "", _next_tone(soonest, now)),
        next_words=() if soonest is None else _short(soonest),
        rows=tuple(_row(rows[case_id], now) for case_id in ids[:ROWS] if case_id in rows),
        flow=flow,
    )


def flow_line(arrived: int, ended: int) -> Line:
    """Arrivals against clears."""
    return text(f"in {arrived}/h  out {ended}/h", "quiet")


def readable_lines(screen_inches: float, distance_m: float) -> int:
    """How many lines a screen may have so that people at that distance can read them."""
    height = screen_inches * _MM_PER_INCH * _HEIGHT_OF_DIAGONAL
    return max(1, int(height * CAP_OF_CELL / (CAP_MM_PER_METRE * distance_m)))


def _stale(floor: Floor, name: Untrusted, clock: str) -> Wall:
    age = floor.feed_age_ms
    if age is None:
        why: Line = text("Nothing has been heard from the feed yet.")
        return Wall(name=name, clock=clock, stale=Big("--:--", "NO FEED", "late"), stale_words=why)
    word = "FORKED" if floor.phase == "forked" else "STALE"
    known: Line = ()
    if floor.now is not None:
        known = text(f"last known {utc(floor.now - age)} Z", "strong")
    return Wall(name=name, clock=clock, stale=Big(stopwatch(age), word, "late"), stale_words=known)


def _status(floor: Floor, rows: Mapping[str, Row], ids: Sequence[str], now: int) -> tuple[str, Tone]:
    """One word for the whole floor, the worst that is true."""
    if floor.late:
        return "LATE", "late"
    urgent = [rows[case_id] for case_id in ids[:50] if case_id in rows and rows[case_id].severity in ("S0", "S1")]
    if any(row.owner is None for row in urgent):
        return "UNOWNED", "soon"
    if any(clock_tone(next_clock(row.clocks), now) in ("late", "soon") for row in urgent):
        return "SOON", "soon"
    return "STEADY", "mine"


def _next_tone(row: Row | None, now: int) -> Tone:
    tone = "text" if row is None else clock_tone(next_clock(row.clocks), now)
    return "soon" if tone == "late" else tone


def _short(row: Row) -> Line:
    clock = next_clock(row.clocks)
    step = "" if clock is None else f" {clock.milestone}"
    owner: Line = ((" UNOWNED", "soon"),) if row.owner is None else ((" ", "text"), (Untrusted(row.owner), "strong"))
    return ((f"{row.severity} {row.case_type}{step}", "strong"), *owner)


def _row(row: Row, now: int) -> Line:
    """`LATE 0:42  ■S0 SSH    police    cy`: time, severity, type, step, who. Nothing of what the case says."""
    clock = next_clock(row.clocks) if row.state in OPEN_STATES else None
    left = None if clock is None else clock.due_at - now
    when: Line
    if left is None:
        when = (("          ", "text"),)
    elif left < 0:
        when = (("LATE", "late"), (lateness(left).rjust(6), "late"))
    else:
        when = ((countdown(left).rjust(10), clock_tone(clock, now)),)
    owner: Line = (("UNOWNED", "soon"),) if row.owner is None else ((Untrusted(row.owner), "text"),)
    return (
        *when,
        (" ", "text"),
        (f"{SHAPES[row.severity]}{row.severity}", SEVERITY_TONE[row.severity]),
        (f" {row.case_type:<7}", "text"),
        (f"{'' if clock is None else clock.milestone:<10}", "text"),
        *owner,
    )


def legible(lines: int, screen_inches: float, distance_m: float) -> Line:
    """What of a wall of `lines` lines can be read from there."""
    enough = readable_lines(screen_inches, distance_m)
    at = f'{screen_inches:g}" at {distance_m:g} m'
    if lines <= enough:
        return text(f"{at}: all of it can be read", "quiet")
    if lines <= 3 * enough:
        return text(f"{at}: only the digits; use {enough} lines, not {lines}", "soon")
    return dotted(text(f"{at}: nothing can be read; use {enough} lines, not {lines}", "late"))
