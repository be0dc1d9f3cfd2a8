"""How far an action got, in words that never claim more than is known. Only `verified` is green: that was seen."""

from __future__ import annotations

from typing import Final

from casework.model import Action, Case
from casework.untrusted import Untrusted
from client.views.bits import DOT, Bit, Line
from client.views.times import countdown, lateness, utc

IN_FLIGHT: Final = frozenset({"approved", "sent", "acked", "unknown"})
"""States in which the delivery still has something to do."""
_ARROW: Final[Bit] = (" \u2192 ", "quiet")


def progress_of(action: Action, now: int) -> Line:
    """`proposed by ana \u2192 approved by bo \u2192 sent (attempt 2) \u2192 acked \u2192 verified 12:39:51`."""
    steps: list[Line] = [(("proposed by ", "quiet"), (Untrusted(action.proposed_by), "text"))]
    if action.approved_by is not None:
        steps.append((("approved by ", "quiet"), (Untrusted(action.approved_by), "text")))
    steps += _sent(action)
    steps += _now(action, now)
    line: list[Bit] = []
    for step in steps:
        line += [*([_ARROW] if line else []), *step]
    return (*line, *_beside(action, now))


def in_flight(case: Case, now: int) -> Line:
    """What is on its way to the platform for the case, in one line; empty if nothing is."""
    flying = [action for action in case.actions if action.state in IN_FLIGHT]
    if not flying:
        return ()
    action = next((each for each in flying if each.state == "unknown"), flying[-1])
    (state, *_) = [*_now(action, now), ()]
    more = f" and {len(flying) - 1} more" if len(flying) > 1 else ""
    return ((Untrusted(action.action.replace("_", " ")), "strong"), (" ", "text"), *state, (more, "text"))


def _sent(action: Action) -> list[Line]:
    if not action.attempt or action.state == "sent":
        return []
    acked: list[Line] = [(("acked", "text"),)] if action.reference and action.state == "verified" else []
    return [_attempt(action), *acked]


def _attempt(action: Action) -> Line:
    return ((f"sent (attempt {action.attempt})" if action.attempt > 1 else "sent", "text"),)


def _now(action: Action, now: int) -> list[Line]:
    """The state that it is in."""
    at = "" if action.moved_at is None else f" {utc(action.moved_at)}"
    why: Line = ((": ", "quiet"), (Untrusted(action.why), "quoted")) if action.why else ()
    match action.state:
        case "proposed":
            return [(("waits for a second person", "soon"),)]
        case "approved" if action.again_at is not None:
            left = action.again_at - now
            again = f" \u00b7 again in {countdown(left)}" if left > 0 else " \u00b7 again now"
            return [(("the platform did nothing", "soon"), *why, (again, "soon"))]
        case "approved":
            return [(("about to be sent", "text"),)]
        case "sent":
            return [(*_attempt(action), (", no answer yet", "quiet"))]
        case "acked":
            return [(("acked", "text"), (", its effect was not seen yet", "quiet"))]
        case "verified":
            return [((f"verified{at}", "mine"),)]
        case "failed":
            return [((f"failed{at}", "late"), *why)]
        case "unknown":
            return [
                (("unknown", "late"), *(why or ((": no answer", "late"),)), (" \u00b7 asked after by its key", "soon"))
            ]
        case _:
            return [((action.state, "text"),)]


def _beside(action: Action, now: int) -> Line:
    """One person's word, the look afterward, and what took it back."""
    line: list[Bit] = []
    if action.one_person or action.review_until is not None:
        line.append(("  1p", "soon"))
    if action.review_until is not None:
        left = action.review_until - now
        said = f" a look is due in {countdown(left)}" if left > 0 else f" a look is late {lateness(left)}"
        line.append((said, "soon" if left > 0 else "late"))
    if action.reversed_by is not None:
        line += [DOT, ("reversed by ", "soon"), (Untrusted(action.reversed_by), "text")]
    return tuple(line)
