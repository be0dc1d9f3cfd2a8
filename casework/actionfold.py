"""What the events of an action's life make of the list of a case's actions. Reads list and event, nothing else."""

from __future__ import annotations

from typing import Any, Final

from msgspec.structs import replace

from casework import actionfacts, facts
from casework.events import Event
from casework.facts import Fact
from casework.model import Action, Target
from casework.tokens import ActionState

Actions = tuple[Action, ...]

RESTORE: Final = "restore"
WHICH: Final = "which_action"
"""The field of a `restore` that names what it takes back."""

_STATES: Final[dict[type[Fact], ActionState]] = {
    actionfacts.ActionApproved: "approved",
    actionfacts.ApprovalLapsed: "proposed",
    actionfacts.ActionRejected: "rejected",
    actionfacts.ActionCanceled: "canceled",
    actionfacts.ActionSending: "sent",
    actionfacts.ActionDelayed: "approved",
    actionfacts.ActionAcked: "acked",
    actionfacts.ActionVerified: "verified",
    actionfacts.ActionFailed: "failed",
    actionfacts.ActionUnknown: "unknown",
    facts.NoActionReverted: "canceled",
}
DECIDING: Final = (
    actionfacts.ActionApproved,
    actionfacts.ApprovalLapsed,
    actionfacts.ActionRejected,
    actionfacts.ActionCanceled,
    actionfacts.ActionReviewed,
    facts.NoActionReverted,
)
"""After these it no longer stands on one person's word."""
_SENT: Final = frozenset({"sent", "acked", "verified", "failed", "unknown"})


def state_of(fact: actionfacts.ActionProposed) -> ActionState:
    """The state of an action that was just proposed."""
    return "approved" if fact.cleared else "proposed"


def state_after(kind: type[Fact], state: ActionState) -> ActionState:
    """The state of an action after a step of that kind."""
    return _STATES.get(kind, state)


def proposed(actions: Actions, event: Event, fact: actionfacts.ActionProposed) -> Actions:
    """`actions` with a new one; without the case's key only what is in the open of it.

    What the fact says in the open counts: a row is folded from nothing else, and may not differ from its case.
    """
    action = replace(
        fact.action or _unreadable(event, fact),
        action_id=fact.action_id,
        action=fact.action_type,
        state=state_of(fact),
        proposed_by=event.actor,
        one_person=fact.one_person,
        seq=event.seq,
        approved_by=None,
        reviewed_by=None,
        reversed_by=None,
    )
    return (*actions, action)


def moved(actions: Actions, event: Event, fact: actionfacts.ActionMoved | facts.NoActionReverted) -> Actions:
    """`actions` after one of them took a step."""
    after = tuple(_step(action, event, fact) if action.action_id == fact.action_id else action for action in actions)
    if isinstance(fact, actionfacts.ActionVerified) and fact.action_type == RESTORE:
        undone = next((action.fields.get(WHICH) for action in actions if action.action_id == fact.action_id), None)
        after = tuple(
            replace(action, reversed_by=fact.action_id) if action.action_id == undone else action for action in after
        )
    return after


def _step(action: Action, event: Event, fact: actionfacts.ActionMoved | facts.NoActionReverted) -> Action:
    changes: dict[str, Any] = {}
    if isinstance(fact, DECIDING):
        changes["one_person"] = False
    state = _STATES.get(type(fact))
    if state is not None:
        changes["state"] = state
        if state in _SENT:
            changes["moved_at"] = event.at
    match fact:
        case actionfacts.ActionApproved():
            changes |= {"approved_by": fact.approved_by, "approved_at": event.at}
        case actionfacts.ApprovalLapsed():
            changes |= {"approved_by": None, "approved_at": None, "review_until": None}
        case actionfacts.ActionSending():
            changes |= {"attempt": fact.attempt, "why": "", "again_at": None}
        case actionfacts.ActionDelayed():
            changes |= {"why": fact.why, "again_at": fact.again_at}
        case actionfacts.ActionAcked():
            changes |= {"reference": fact.reference, "why": ""}
        case actionfacts.ActionFailed() | actionfacts.ActionUnknown():
            changes["why"] = fact.why
        case actionfacts.ActionReviewed():
            changes |= {"reviewed_by": event.actor, "review_until": None}
        case _:
            pass
    return replace(action, **changes)


def _unreadable(event: Event, fact: actionfacts.ActionProposed) -> Action:
    return Action(
        action_id=fact.action_id,
        action=fact.action_type,
        target=Target(kind="", id=""),
        policy="",
        reason="",
        fields={},
        state=state_of(fact),
        proposed_by=event.actor,
        digest=fact.digest,
        proposed_at=event.at,
        one_person=fact.one_person,
    )
