"""The status lines: who is here, what is open and late, how old the feed is, and what the view hides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from casework.query import VIEWS
from casework.untrusted import Untrusted
from client.views.bits import Line, dotted, text
from client.views.sorts import QUEUE
from client.views.times import feed_age, stopwatch, utc

Phase = Literal["connecting", "loading", "live", "stale", "offline", "forbidden", "forked"]


class Floor(Struct, frozen=True):
    """What the status lines and the banner are made of. Times in ms; `now` is the feed's, None before it is known."""

    now: int | None = None
    name: str = ""
    who: str = ""
    roles: tuple[str, ...] = ()
    phase: Phase = "connecting"
    feed_age_ms: int | None = None
    detail: str = ""
    retry_in_ms: int | None = None
    open: int = 0
    unowned: int = 0
    late: int = 0
    snoozed: int = 0
    hidden_s0: int = 0
    view: str = "all"
    filter: str = ""
    shown: int = 0
    read_only: bool = False
    sort: str = QUEUE
    locked_ms: int | None = None
    """How long the order stays locked; None: it is not."""
    new: int = 0
    """Cases that came since the lock."""
    searched: tuple[int, int] | None = None
    """Cases asked and cases in all while a search runs: what is in view is not all of it yet."""
    line: str = ""
    """How slow the line to the terminal is, while it is."""
    marked: int = 0
    marked_hidden: int = 0
    """Marked cases that the view does not show."""


def first_line(floor: Floor) -> tuple[Line, Line]:
    """(left, right) of the first status line."""
    left: list[Line] = [((Untrusted(floor.name), "strong"),)] if floor.name else []
    who: Line = ()
    if floor.who:
        who = ((Untrusted(floor.who), "text"), (f" {', '.join(floor.roles)}", "quiet"))
    if floor.view != "all" or floor.filter:
        chosen: Line = ((Untrusted(floor.view), "key"),)
        if floor.filter:
            chosen = (*chosen, (" /", "quiet"), (Untrusted(floor.filter), "key"))
        who = dotted(who, (*chosen, (f" {floor.shown}", "quiet")))
    joined: Line = (*(left[0] if left else ()), *((("  ", "text"),) if left and who else ()), *who)
    if floor.now is None or floor.phase in ("connecting", "loading"):
        return joined, ()
    counts: Line = ((f"{floor.open} open", "text"),)
    if floor.unowned:
        counts = (*counts, ("  ", "text"), (f"{floor.unowned} unowned", "soon"))
    if floor.late:
        counts = (*counts, ("  ", "text"), (f"\u25a0{floor.late} late", "late"))
    return joined, counts


def second_line(floor: Floor, room: int | None = None) -> Line:
    """What stands at the right end of the second status line, after the rule.

    Where not all of it fits into `room` cells, what says the least goes first; an S0 out of sight never does.
    """
    parts = _parts(floor)
    while room is not None and len(parts) > 1 and _width(dotted(*(line for _, line in parts))) > room:
        parts.remove(min(parts, key=lambda part: part[0]))
    return dotted(*(line for _, line in parts))


def _parts(floor: Floor) -> list[tuple[int, Line]]:
    """The parts of the second line with how much each matters."""
    parts: list[tuple[int, Line]] = []
    if floor.read_only:
        parts.append((3, text("read only", "key")))
    if floor.hidden_s0:
        parts.append((9, ((f"\u25a0{floor.hidden_s0} S0 hidden \u00b7 ", "late"), ("0", "key"))))
    if floor.searched is not None:
        seen, total = floor.searched
        parts.append((6, text(f"{seen:,} of {total:,} searched \u2026", "soon")))
    if floor.locked_ms is not None:
        new = f", {floor.new} new" if floor.new else ""
        parts.append((7, text(f"locked {-(-floor.locked_ms // 1_000)} s{new}", "soon")))
    if floor.sort != QUEUE:
        parts.append((5, text(f"by {floor.sort}", "key")))
    if floor.marked:
        hidden = f", {floor.marked_hidden} not shown" if floor.marked_hidden else ""
        parts.append((6, text(f"{floor.marked} marked{hidden}", "key")))
    if floor.line:
        parts.append((4, text(floor.line, "soon")))
    if floor.snoozed:
        parts.append((1, text(f"snoozed {floor.snoozed}", "quiet")))
    if floor.feed_age_ms is not None:
        healthy = floor.phase == "live"
        parts.append((8, text(f"feed {feed_age(floor.feed_age_ms)}", "mine" if healthy else "late")))
    elif floor.phase != "live":
        parts.append((8, text("no feed yet", "quiet")))
    parts.append((2, text("--:--:-- Z" if floor.now is None else f"{utc(floor.now)} Z")))
    return parts


def _width(line: Line) -> int:
    # Our own words only: a character is a cell.
    return sum(len(str(words)) for words, _ in line)


def banner(floor: Floor) -> tuple[Line, bool] | None:
    """A line that says what is true when it is not the ordinary, and whether it is an alarm; None if all is well."""
    since = None if floor.feed_age_ms is None else stopwatch(floor.feed_age_ms)
    retry = "" if floor.retry_in_ms is None else f" \u00b7 again in {max(0, floor.retry_in_ms) // 1000} s"
    why: Line = ((" \u00b7 ", "text"), (Untrusted(floor.detail), "text")) if floor.detail else ()
    if floor.phase == "forked":
        said = " FORKED \u00b7 the feed's log was rolled back or rewritten \u00b7 "
        return ((said, "late"), ("!", "key"), (" I have read this", "late")), True
    if floor.phase == "stale":
        return ((f" STALE {since or ''} \u00b7 what you see is that old; nothing newer has arrived", "late"),), True
    if floor.phase == "offline":
        old = f" for {since} \u00b7 what you see is that old" if since is not None else ""
        return ((f" NO FEED{old}{retry}", "late"), *why), True
    if floor.phase == "forbidden":
        return ((" The feed does not let you in", "late"), *why), True
    return None


def empty_words(floor: Floor, seen: int) -> Sequence[str]:
    """What stands in place of an empty queue: what is true, and what to do."""
    if floor.phase == "connecting":
        return ("Connecting to the feed.",)
    if floor.phase == "loading":
        return (f"Loading the floor: {seen} cases so far.",)
    if floor.phase == "forbidden":
        return ("Nothing to show: the feed does not let you in.", "Ask a lead for a token, then start again.")
    if floor.phase == "offline":
        return ("Nothing to show: no feed answers.", "It is tried again by itself; q quits.")
    if floor.searched is not None:
        return ("None found so far.",)
    if floor.filter:
        return ("No case matches this filter.", "0 clears it.")
    if floor.view != "all":
        # The person's own names are no adjectives.
        return (
            f"No case is {floor.view}." if floor.view in VIEWS else "No case is in this view.",
            "0 shows the queue.",
        )
    return ("All quiet: no open case.",)
