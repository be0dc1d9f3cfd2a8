"""Second persons: approve, reject and cancel an action, confirm an act. Two people are two by principal."""

from __future__ import annotations

import unicodedata
from typing import Final

from casework import facts
from casework.actionfacts import ActionApproved, ActionCanceled, ActionRejected, ActionReviewed
from casework.commands import Approve, Cancel, Confirm, Reject
from casework.life.containing import settle_containment
from casework.life.outside import waived_now
from casework.life.proposing import NO_ACTION, REVIEW, stands
from casework.life.turn import Turn
from casework.life.working import finish, ready_to_resolve
from casework.model import Action, Pending
from casework.tokens import OPEN_STATES

CANCELABLE: Final[frozenset[str]] = frozenset({"proposed", "approved"})
"""Until it is sent, an action can be called off."""


def same_person(one: str, other: str) -> bool:
    """Whether two principals are one: however they are written, in whatever case and with whatever blanks."""
    return _plain(one) == _plain(other)


def _plain(principal: str) -> str:
    return "".join(unicodedata.normalize("NFKC", principal).split()).casefold()


def approve(turn: Turn, command: Approve) -> None:
    action = _known(turn, command.action_id)
    review = action.review_until is not None
    if not review:
        _still_proposed(turn, action)
    if same_person(action.proposed_by, turn.by):
        turn.refuse("You proposed it yourself. A second person approves it.")
    _may_approve(turn, action)
    if any(item.kind == NO_ACTION and item.until <= turn.at for item in turn.state.pending):
        turn.refuse("The 30 minutes are over; it is being taken back. Propose it again.")
    if action.digest != command.digest:
        turn.refuse("That digest is of something else than was proposed. Read the proposal again, then approve it.")
    if review:
        turn.add(
            ActionReviewed(action_id=action.action_id, action_type=action.action, agreed=True),
            pending=_without_review(turn, action),
        )
        return
    fact = ActionApproved(
        action_id=action.action_id, action_type=action.action, digest=command.digest, approved_by=turn.by
    )
    if action.action == NO_ACTION:
        turn.add(fact, pending=_without(turn, NO_ACTION))
        stands(turn, action)
    else:
        turn.add(fact)


def reject(turn: Turn, command: Reject) -> None:
    action = _known(turn, command.action_id)
    if action.review_until is not None:
        if same_person(action.proposed_by, turn.by):
            turn.refuse("You proposed it yourself. A second person looks at it.")
        _may_approve(turn, action)
        reviewed = ActionReviewed(
            action_id=action.action_id, action_type=action.action, agreed=False, reason=command.reason
        )
        turn.add(reviewed, pending=_without_review(turn, action), rca_due=True)
        return
    _still_proposed(turn, action)
    if same_person(action.proposed_by, turn.by):
        turn.refuse("You proposed it yourself. Cancel it instead.")
    fact = ActionRejected(action_id=action.action_id, action_type=action.action, reason=command.reason)
    _called_off(turn, action, fact)


def cancel(turn: Turn, command: Cancel) -> None:
    action = _known(turn, command.action_id)
    if action.state not in CANCELABLE:
        turn.refuse(f"{action.action} {action.action_id} is {action.state} already. What stands is taken back (du).")
    if action.proposed_by != turn.by and "lead" not in turn.actor.roles:
        turn.refuse(f"{action.proposed_by} proposed it. Its proposer or a lead cancels it; an approver rejects it.")
    _called_off(turn, action, ActionCanceled(action_id=action.action_id, action_type=action.action))


def confirm(turn: Turn, command: Confirm) -> None:
    case = turn.state
    item = next((each for each in case.pending if each.seq == command.seq), None)
    if item is None:
        turn.refuse(f"Event {command.seq} waits for nobody: it was confirmed, taken back or never needed it.")
    if same_person(item.by, turn.by):
        turn.refuse("It was your own act. A second person confirms it.")
    if item.until <= turn.at:
        turn.refuse("The 30 minutes are over; it is being taken back. Do it again together.")
    if item.kind in (NO_ACTION, REVIEW):
        turn.refuse("A proposal is approved, not confirmed: approve it with its digest.")
    if case.state not in OPEN_STATES and item.kind != "discard":
        turn.refuse("Its work has ended. Reopen it with a reason first.")
    fact = facts.ActConfirmed(seq_confirmed=item.seq, kind=item.kind)
    rest = tuple(each for each in case.pending if each.seq != item.seq)
    if item.kind != "not_reportable":
        turn.add(fact, pending=rest)
        return
    turn.add(fact, pending=rest, clocks=waived_now(turn, "report"))
    _resolve_as_stated(turn, item)


def _resolve_as_stated(turn: Turn, item: Pending) -> None:
    """Complete the resolution that waited for this second person."""
    stated = turn.state.not_reportable
    if stated is not None and stated.resolving and stated.seq == item.seq:
        ready_to_resolve(turn, "not_reportable")
        finish(turn, "not_reportable", stated.reason)


def _known(turn: Turn, action_id: str) -> Action:
    action = next((each for each in turn.state.actions if each.action_id == action_id), None)
    if action is None:
        turn.bad("/action_id", "names no action of this case.")
    return action


def _still_proposed(turn: Turn, action: Action) -> None:
    if action.state != "proposed":
        turn.refuse(f"{action.action} {action.action_id} is {action.state} already. There is nothing to decide.")


def _may_approve(turn: Turn, action: Action) -> None:
    """Some acts are approved by the legal role alone."""
    rules = turn.policy.actions.get(action.action)
    if rules is not None and rules.approver == "legal" and "legal" not in turn.actor.roles:
        turn.refuse(f"{action.action} is approved by the legal role.")


def _called_off(turn: Turn, action: Action, fact: ActionRejected | ActionCanceled) -> None:
    """It will not happen: nothing waits for it any more."""
    pending = _without(turn, NO_ACTION) if action.action == NO_ACTION else _without_review(turn, action)
    turn.add(fact, pending=pending)
    settle_containment(turn)


def _without(turn: Turn, kind: str) -> tuple[Pending, ...]:
    return tuple(item for item in turn.state.pending if item.kind != kind)


def _without_review(turn: Turn, action: Action) -> tuple[Pending, ...]:
    """The pending acts without the review of `action`, which it entered with its proposal."""
    return tuple(item for item in turn.state.pending if not (item.kind == REVIEW and item.seq == action.seq))
