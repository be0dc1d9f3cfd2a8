"""What time does to a case: lateness, a snooze that ends, a claim that lapses, an act that nobody confirmed, an end.

The clock-keeper asks `due` and appends what comes back, so that time, too, changes a case by an event, written once.
`decide` writes lateness on its own account; both use the same helper, so the keeper's delay never hides one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from casework import clocks, facts
from casework.access import KEEPER
from casework.actionfacts import ReviewOverdue
from casework.events import Draft
from casework.life.judging import retargeted
from casework.life.turn import Turn
from casework.life.working import running_again
from casework.model import Case, Pending
from casework.policy import Policy
from casework.tokens import OPEN_STATES

Alive = Callable[[str], bool]
#: Ends after which a case leaves the floor; RESOLVED is closed first.
_ENDS: Final[frozenset[str]] = frozenset({"CLOSED", "MERGED", "REJECTED"})


def due(state: Case, now: int, policy: Policy, *, alive: Alive | None = None) -> tuple[Draft, ...]:
    """The events that time made of `state` by `now` (ms UTC), in the order in which they fell due; mostly none.

    `alive(principal)`: whether that principal gave a sign of life within the time after which a claim lapses; without
    it no claim lapses (after a restart nobody has been heard of yet).
    """
    if state.retired_at is not None:
        return ()
    turn = Turn(state, now=now, actor=KEEPER, policy=policy, verb="keep")
    turn.breach()
    until = turn.state.flags.snoozed_until
    if until is not None and until <= turn.at:
        turn.wake("over")
    for item in sorted(state.pending, key=lambda each: (each.until, each.seq)):
        if item.until <= turn.at:
            _revert(turn, item)
    turn.breach()  # what a discard had stopped runs again, and may be late by now
    if turn.state.state in OPEN_STATES:
        _lapse(turn, alive)
    _end(turn)
    return turn.done()


def next_wake(state: Case, policy: Policy) -> int | None:
    """When `due` will next have something to say, ms UTC; None if nothing but a lapse can happen.

    A claim lapses by what is known of its owner, not by a time that the case knows: the caller looks at owners itself.
    """
    if state.retired_at is not None:
        return None
    times = [item.until for item in state.pending]
    if state.state in OPEN_STATES:
        times += [clock.due_at + 1 for clock in state.clocks if clock.running and clock.breached_at is None]
        if state.flags.snoozed_until is not None:
            times.append(state.flags.snoozed_until)
    elif state.ended_at is not None:
        after = "close_after" if state.state == "RESOLVED" else "retire_after"
        times.append(state.ended_at + policy.life_ms(after))
    return min(times, default=None)


def _lapse(turn: Turn, alive: Alive | None) -> None:
    """Take the case from an owner who has not been heard of; at S0 and S1 somebody has to take it anew."""
    case = turn.state
    if alive is None or case.owner is None or alive(case.owner):
        return
    # Being given a case counts as a sign of life: whoever it was assigned to gets as long to appear.
    since = max(case.owner_since or 0, case.busy_until or 0)
    if turn.at < since + turn.policy.life_ms("claim_lapses_after"):
        return
    started: clocks.Clocks = ()
    if case.severity in ("S0", "S1") and not any(c.milestone == "ack" and c.running for c in case.clocks):
        started = clocks.ack_again(
            case.severity, case.case_type, turn.at, turn.policy, sub_type=case.sub_type, clocks=case.clocks
        )
    turn.add(facts.ClaimLapsed(owner=case.owner), owner=None, owner_since=None, clocks=started)


def _revert(turn: Turn, item: Pending) -> None:
    """Take back what one person did and nobody confirmed in time."""
    case = turn.state
    rest = tuple(other for other in case.pending if other.seq != item.seq)
    match item.kind:
        case "lowering":
            turn.add(
                facts.LoweringReverted(seq_reverted=item.seq),
                severity="S0",
                grounds=("S0: the lowering was not confirmed in time", *case.grounds[1:]),
                clocks=retargeted(turn, case.case_type, case.sub_type, "S0") if case.state in OPEN_STATES else (),
                pending=rest,
            )
            if case.state in OPEN_STATES:
                turn.wake("raised")
        case "discard":
            turn.add(
                facts.DiscardReverted(seq_reverted=item.seq),
                state=case.ended_from or "ACKED",
                ended_at=None,
                clocks=running_again(case),
                pending=rest,
            )
        case "no_action":
            action_id = next((a.action_id for a in case.actions if a.one_person and a.action == "no_action"), "")
            turn.add(facts.NoActionReverted(seq_reverted=item.seq, action_id=action_id), pending=rest)
        case "review":
            _not_reviewed(turn, item, rest)
        case _:
            turn.add(facts.NotReportableReverted(seq_reverted=item.seq), pending=rest)


def _not_reviewed(turn: Turn, item: Pending, rest: tuple[Pending, ...]) -> None:
    """Nobody looked in time at what went first. It stands: taking it back would be one more act of nobody."""
    action = next((each for each in turn.state.actions if each.seq == item.seq), None)
    if action is not None:
        fact = ReviewOverdue(action_id=action.action_id, action_type=action.action, seq_overdue=item.seq)
        turn.add(fact, pending=rest)


def _end(turn: Turn) -> None:
    case = turn.state
    if case.ended_at is None:
        return
    if case.state == "RESOLVED" and turn.at >= case.ended_at + turn.policy.life_ms("close_after"):
        turn.add(facts.CaseClosed(), state="CLOSED", ended_at=turn.at)
    elif case.state in _ENDS and turn.at >= case.ended_at + turn.policy.life_ms("retire_after"):
        turn.add(facts.CaseRetired())
