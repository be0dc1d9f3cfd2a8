"""Actions and second persons: propose, approve, reject, cancel, confirm.

Of the enforcement catalogue only ``no_action`` is carried out yet; the others are refused with a sentence that says
what to do instead. Two people are two by principal.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from casework import facts
from casework.catalogue import contains_case
from casework.commands import Approve, Cancel, Confirm, Propose, Reject
from casework.digest import approval_digest
from casework.life.judging import unconfirmed
from casework.life.outside import waived_now
from casework.life.turn import Turn
from casework.life.working import finish, ready_to_resolve
from casework.model import Action, Pending
from casework.tokens import OPEN_STATES

NO_ACTION: Final = "no_action"
#: Actions that the subject of a case does not notice; everything else is visible.
UNSEEN: Final[frozenset[str]] = frozenset({NO_ACTION, "legal_hold", "share_hash", "cybertip", "disclose", "refer"})
#: Actions on an account that tell or help somebody and contain nothing.
TELLING: Final[frozenset[str]] = frozenset({"notify", "withhold_notice", "welfare"})
#: Acts that have a desk of their own, and how the step is done until it opens.
DESKS: Final[dict[str, str]] = {
    "cybertip": "The CyberTip desk opens later. File the report with NCMEC and log it: log_contact, party ncmec, its "
    "id as the reference.",
    "disclose": "The disclosure desk opens later. Answer by your present procedure and log it: log_contact, party "
    "requester, its outcome beginning with the decision.",
    "refer": "The referral desk opens later. Call the agency by its published number and log it: log_contact, party "
    "police.",
    "legal_hold": "Preservation is not connected on this floor yet. Preserve at the platform, then add a note of it.",
}


def propose(turn: Turn, command: Propose) -> None:
    case = turn.state
    known = turn.policy.actions.get(command.action)
    if known is None:
        turn.bad("/action", f'names no action: "{command.action}". The catalogue lists them.')
    if case.state == "NEW":
        turn.refuse("Nobody has taken it yet. Claim it first.")
    if case.state == "ACKED" and case.severity not in ("S0", "S1"):
        turn.refuse("Only at S0 and S1 one acts before triage. Triage it first.")
    if case.flags.hold is not None and command.action not in UNSEEN and "lead" not in turn.actor.roles:
        turn.refuse("It is held: nothing that its subject can see happens without a lead. Ask a lead to propose it.")
    if command.action != NO_ACTION:
        if command.action in DESKS:
            turn.refuse(DESKS[command.action])
        contained = contains_case(known) and command.action not in TELLING
        instead = 'then log it with contain, "contained otherwise"' if contained else "then add a note of it"
        turn.refuse(f"Enforcement is not connected on this floor yet. Do it at the platform, {instead}.")
    if any(action.action == NO_ACTION and action.state == "proposed" for action in case.actions):
        turn.refuse("no_action is proposed already. Have it approved, rejected or canceled first.")
    _propose_no_action(turn, command)


def _propose_no_action(turn: Turn, command: Propose) -> None:
    case = turn.state
    dual = case.severity == "S0" or any(item.kind == "lowering" for item in case.pending)
    action = Action(
        action_id=f"a{len(case.actions) + 1}",
        action=NO_ACTION,
        target=command.target,
        policy=command.policy,
        reason=command.reason,
        fields=command.fields,
        state="proposed",
        proposed_by=turn.by,
        proposed_at=turn.at,
        one_person=dual,
    )
    try:
        action = replace(action, digest=approval_digest(case.case_id, action))
    except ValueError as fault:
        turn.bad("/fields", f"{fault}; an approval could not name it.")
    fact = facts.ActionProposed(
        action_id=action.action_id, action_type=NO_ACTION, digest=action.digest, one_person=dual, action=action
    )
    owed = {}
    if not case.triage_noted and case.triage_due_at is None:
        owed["triage_due_at"] = turn.at + turn.policy.life_ms("triage_notes_within")
    if dual:
        turn.add(fact, pending=(*case.pending, unconfirmed(turn, NO_ACTION)), **owed)
    else:
        turn.add(fact, **owed)
        _stands(turn, action)


def approve(turn: Turn, command: Approve) -> None:
    action = _proposed(turn, command.action_id)
    if action.proposed_by == turn.by:
        turn.refuse("You proposed it yourself. A second person approves it.")
    if any(item.kind == NO_ACTION and item.until <= turn.at for item in turn.state.pending):
        turn.refuse("The 30 minutes are over; it is being taken back. Propose it again.")
    if action.digest != command.digest:
        turn.refuse("That digest is of something else than was proposed. Read the proposal again, then approve it.")
    fact = facts.ActionApproved(
        action_id=action.action_id, action_type=action.action, digest=command.digest, approved_by=turn.by
    )
    turn.add(fact, pending=_without(turn, NO_ACTION))
    _stands(turn, action)


def reject(turn: Turn, command: Reject) -> None:
    action = _proposed(turn, command.action_id)
    if action.proposed_by == turn.by:
        turn.refuse("You proposed it yourself. Cancel it instead.")
    fact = facts.ActionRejected(action_id=action.action_id, action_type=action.action, reason=command.reason)
    turn.add(fact, pending=_without(turn, NO_ACTION))


def cancel(turn: Turn, command: Cancel) -> None:
    action = _proposed(turn, command.action_id)
    if action.proposed_by != turn.by and "lead" not in turn.actor.roles:
        turn.refuse(f"{action.proposed_by} proposed it. Its proposer or a lead cancels it; an approver rejects it.")
    fact = facts.ActionCanceled(action_id=action.action_id, action_type=action.action)
    turn.add(fact, pending=_without(turn, NO_ACTION))


def confirm(turn: Turn, command: Confirm) -> None:
    case = turn.state
    item = next((each for each in case.pending if each.seq == command.seq), None)
    if item is None:
        turn.refuse(f"Event {command.seq} waits for nobody: it was confirmed, taken back or never needed it.")
    if item.by == turn.by:
        turn.refuse("It was your own act. A second person confirms it.")
    if item.until <= turn.at:
        turn.refuse("The 30 minutes are over; it is being taken back. Do it again together.")
    if item.kind == NO_ACTION:
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


def _proposed(turn: Turn, action_id: str) -> Action:
    action = next((each for each in turn.state.actions if each.action_id == action_id), None)
    if action is None:
        turn.bad("/action_id", "names no action of this case.")
    if action.state != "proposed":
        turn.refuse(f"{action.action} {action.action_id} is {action.state} already. There is nothing to decide.")
    return action


def _without(turn: Turn, kind: str) -> tuple[Pending, ...]:
    return tuple(item for item in turn.state.pending if item.kind != kind)


def _stands(turn: Turn, action: Action) -> None:
    """The decision not to act is its own effect: it is seen as soon as it stands."""
    turn.add(facts.ActionVerified(action_id=action.action_id, action_type=action.action))
    if turn.state.case_type == "EDR":
        turn.meet("decide")
