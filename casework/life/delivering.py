"""What becomes of an approved action: sent, taken by the platform, its effect seen, or failed, or not known.

The feed's delivery asks these functions and appends what they say before it does anything: no call to the platform
without its record (invariant I4), and nothing is verified before the platform was asked again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

from casework.access import Person
from casework.actionfacts import (
    ActionAcked,
    ActionDelayed,
    ActionFailed,
    ActionMoved,
    ActionSending,
    ActionUnknown,
    ActionVerified,
    ApprovalLapsed,
)
from casework.events import Draft
from casework.life.containing import settle_containment
from casework.life.proposing import REVIEW, approval_needed
from casework.life.turn import Turn
from casework.model import Action, Case
from casework.policy import Policy
from casework.tokens import Role

DELIVERY: Final = Person(principal="_delivery", roles=frozenset(), every_clearance=True)
"""The delivery, as the actor of what a platform did."""

Allowed = Callable[[str, Role], bool]
"""Whether a principal has a role now."""
Ended = Literal["acked", "verified", "failed", "unknown"]


class NotNow(Exception):
    """An action that is not sent: it is in another state than the delivery thought. `state` is the one it is in."""

    def __init__(self, action_id: str, state: str) -> None:
        self.action_id = action_id
        self.state = state
        super().__init__(f"{action_id} is {state}; nothing was sent")


def send(state: Case, action_id: str, now: int, *, policy: Policy, allowed: Allowed) -> tuple[Draft, ...]:
    """The events to append before the platform is called: the attempt, or that the approval does not hold any more.

    As long as nothing was done, `allowed` is asked again for everybody who stands behind it: who was approver a minute
    ago may not be now. Raises `NotNow` if the action is not one to send.
    """
    action = known(state, action_id)
    if action.state not in ("approved", "sent", "unknown"):
        raise NotNow(action_id, action.state)
    turn = _turn(state, now, policy)
    why = _lapsed(turn, action, allowed) if action.state == "approved" else None
    if why is not None:
        rest = tuple(item for item in turn.state.pending if not (item.kind == REVIEW and item.seq == action.seq))
        turn.add(ApprovalLapsed(action_id=action_id, action_type=action.action, why=why), pending=rest)
    else:
        turn.add(ActionSending(action_id=action_id, action_type=action.action, attempt=action.attempt + 1))
    return turn.done()


def ended(
    state: Case, action_id: str, how: Ended, now: int, *, policy: Policy, why: str = "", reference: str = ""
) -> tuple[Draft, ...]:
    """The events that say how an attempt, a look-up or a second question ended; none if it is in that state already.

    Raises `NotNow` if the action was never sent or has ended.
    """
    action = known(state, action_id)
    if action.state == how and how != "unknown":
        return ()
    if action.state not in ("sent", "acked", "unknown"):
        raise NotNow(action_id, action.state)
    turn = _turn(state, now, policy)
    turn.breach()
    turn.add(_fact(action, how, why, reference))
    if how == "verified":
        _effects(turn, action)
    if how in ("verified", "failed"):
        settle_containment(turn)
    return turn.done()


def delayed(state: Case, action_id: str, again_at: int, now: int, *, policy: Policy, why: str) -> tuple[Draft, ...]:
    """The event that an attempt changed nothing and another one comes at `again_at`. Raises `NotNow`."""
    action = known(state, action_id)
    if action.state != "sent":
        raise NotNow(action_id, action.state)
    turn = _turn(state, now, policy)
    turn.add(ActionDelayed(action_id=action_id, action_type=action.action, again_at=again_at, why=why))
    return turn.done()


def known(state: Case, action_id: str) -> Action:
    """The action of `state` with that id. Raises `NotNow`."""
    action = next((each for each in state.actions if each.action_id == action_id), None)
    if action is None:
        raise NotNow(action_id, "not of this case")
    return action


def _lapsed(turn: Turn, action: Action, allowed: Allowed) -> str | None:
    """Why what was agreed to does not hold any more; None if it does."""
    if not allowed(action.proposed_by, "responder"):
        return "proposer"
    rules = turn.policy.actions.get(action.action)
    if rules is None or not approval_needed(turn.state, action, turn.policy):
        return None
    if action.review_until is not None or action.reviewed_by is not None:
        return None  # it goes first; a second person looks at it afterward
    if action.approved_by is None or not allowed(action.approved_by, rules.approver):
        return "approver"
    within = turn.policy.life_ms("confirm_within")
    return "time" if action.approved_at is None or turn.at - action.approved_at > within else None


def _fact(action: Action, how: Ended, why: str, reference: str) -> ActionMoved:
    match how:
        case "acked":
            return ActionAcked(action_id=action.action_id, action_type=action.action, reference=reference)
        case "verified":
            return ActionVerified(action_id=action.action_id, action_type=action.action)
        case "failed":
            return ActionFailed(action_id=action.action_id, action_type=action.action, why=why)
        case "unknown":
            return ActionUnknown(action_id=action.action_id, action_type=action.action, why=why)


def _effects(turn: Turn, action: Action) -> None:
    """Milestones that an action meets once its effect was seen."""
    if action.action == "welfare":
        turn.meet("resources")
    elif action.action == "share_hash":
        turn.meet("share")


def _turn(state: Case, now: int, policy: Policy) -> Turn:
    return Turn(state, now=now, actor=DELIVERY, policy=policy, verb="deliver")
