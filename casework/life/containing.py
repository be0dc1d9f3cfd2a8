"""When a case counts as contained by what was done to its subject: once the last containing action ended."""

from __future__ import annotations

from typing import Final

from casework import facts
from casework.catalogue import contains_case
from casework.life.turn import Turn
from casework.model import Action
from casework.policy import Policy

#: Actions on an account that tell, help or preserve, and contain nothing.
TELLING: Final[frozenset[str]] = frozenset({"notify", "withhold_notice", "welfare", "legal_hold"})
LIVE: Final[frozenset[str]] = frozenset({"proposed", "approved", "sent", "acked", "unknown"})
"""Something may still become of an action in one of these states."""


def containing(policy: Policy, action: Action) -> bool:
    """Whether `action` is a step of containment."""
    rules = policy.actions.get(action.action)
    return rules is not None and contains_case(rules) and action.action not in TELLING


def settle_containment(turn: Turn) -> None:
    """After a containing action ended: contained if it was the last and one has its effect, else back to before."""
    case = turn.state
    if case.state != "CONTAINING":
        return
    steps = [action for action in case.actions if containing(turn.policy, action)]
    if any(action.state in LIVE for action in steps):
        return
    if any(action.state == "verified" and action.reversed_by is None for action in steps):
        turn.add(facts.CaseContained(), state="CONTAINED", contained_at=turn.at)
        turn.meet("contain")
    else:
        turn.add(facts.ContainmentEnded(), state="TRIAGED" if case.triage_noted else "ACKED")
