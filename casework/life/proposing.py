"""Proposing an action: whether it may be done to this target, on these grounds, and who else has to agree.

What a floor's platform can carry out is said by the feed (`connected`); anything else is refused with what to do
instead. Two people are two by principal.
"""

from __future__ import annotations

from typing import Any, Final

from msgspec.structs import replace

from casework import actionfields
from casework.actionfacts import ActionProposed, ActionVerified
from casework.actionfold import RESTORE, WHICH
from casework.businessdays import span
from casework.catalogue import HOLD, OVER, REMOVING, Enforcement, contains_case, needs_second, preserved_first
from casework.commands import Propose
from casework.digest import approval_digest
from casework.errors import BadInput
from casework.life.containing import TELLING, containing
from casework.life.judging import unconfirmed
from casework.life.turn import Turn
from casework.model import Action, Case, Pending
from casework.policy import Policy
from casework.tokens import contains

NO_ACTION: Final = "no_action"
#: Actions that the subject of a case does not notice; everything else is visible.
UNSEEN: Final[frozenset[str]] = frozenset({NO_ACTION, HOLD, "share_hash", "cybertip", "disclose", "refer"})
#: Acts that have a desk of their own, and how the step is done until it opens.
DESKS: Final[dict[str, str]] = {
    "cybertip": "The CyberTip desk opens later. File the report with NCMEC and log it: log_contact, party ncmec, its "
    "id as the reference.",
    "disclose": "The disclosure desk opens later. Answer by your present procedure and log it: log_contact, party "
    "requester, its outcome beginning with the decision.",
    "refer": "The referral desk opens later. Call the agency by its published number and log it: log_contact, party "
    "police.",
}
REVIEW: Final = "review"


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
    if command.action == NO_ACTION:
        if any(action.action == NO_ACTION and action.state == "proposed" for action in case.actions):
            turn.refuse("no_action is proposed already. Have it approved, rejected or canceled first.")
        _propose_no_action(turn, command)
        return
    if command.action not in turn.connected:
        _not_here(turn, command.action, known)
    _propose_enforcement(turn, command, known)


def needs_approval(case: Case, action: Action, rules: Enforcement) -> tuple[bool, bool]:
    """Whether a second person is needed for `action`, and whether it may go first and be looked at afterward."""
    count = action.fields.get("preview_count", 1)
    return needs_second(
        rules,
        severity=case.severity,
        items=count if isinstance(count, int) else 1,
        exact_hash=action.fields.get("match") == "exact_hash",
        case_type=case.case_type,
    )


def approval_needed(case: Case, action: Action, policy: Policy) -> bool:
    """Whether somebody else has to stand behind `action` as well; of a restore, whether its original needed that."""
    if action.action == RESTORE:
        original = next((each for each in case.actions if each.action_id == action.fields.get(WHICH)), None)
        rules = None if original is None else policy.actions.get(original.action)
        if original is None or rules is None:
            return True
        return rules.dual in ("to_release_early", "to_unseal") or needs_approval(case, original, rules)[0]
    rules = policy.actions.get(action.action)
    return rules is None or needs_approval(case, action, rules)[0]


def _not_here(turn: Turn, action: str, rules: Enforcement) -> None:
    if action in DESKS:
        turn.refuse(DESKS[action])
    if action == HOLD:
        turn.refuse("Preservation is not connected on this floor yet. Preserve at the platform, then add a note of it.")
    contained = contains_case(rules) and action not in TELLING
    instead = 'then log it with contain, "contained otherwise"' if contained else "then add a note of it"
    turn.refuse(f"Enforcement is not connected on this floor yet. Do it at the platform, {instead}.")


# --- enforcement


def _propose_enforcement(turn: Turn, command: Propose, rules: Enforcement) -> None:
    case = turn.state
    _on_target(turn, command, rules)
    policy = _policy(turn, command, rules)
    try:
        actionfields.check(rules, command.action, command.fields, turn.at)
    except BadInput as fault:
        turn.bad(fault.pointer, fault.why)
    action = Action(
        action_id=f"a{len(case.actions) + 1}",
        action=command.action,
        target=command.target,
        policy=policy,
        reason=command.reason,
        fields=command.fields,
        state="proposed",
        proposed_by=turn.by,
        proposed_at=turn.at,
    )
    _once(turn, action)
    _preserved_before(turn, action)
    second, first = _as_original(turn, action) if command.action == RESTORE else needs_approval(case, action, rules)
    if rules.cap is not None and action.fields.get("preview_count", 0) > rules.cap:
        turn.bad("/fields/preview_count", f"is over the {rules.cap:,} of one run. Narrow what it matches.")
    until = None if not first else turn.at + span(rules.review_within or "30m").ms
    action = replace(
        action,
        state="approved" if first or not second else "proposed",
        one_person=first,
        review_until=until,
        approved_at=turn.at if first or not second else None,
    )
    action = _bound(turn, action)
    fact = ActionProposed(
        action_id=action.action_id,
        action_type=action.action,
        digest=action.digest,
        one_person=first,
        cleared=action.state == "approved",
        action=action,
    )
    changes: dict[str, Any] = _owed(turn)
    if _begins_containing(turn, action):
        changes["state"] = "CONTAINING"
    if until is not None:
        item = Pending(seq=0, kind=REVIEW, by=turn.by, until=until, version=0)
        changes["pending"] = (*case.pending, item)
    turn.add(fact, **changes)


def _on_target(turn: Turn, command: Propose, rules: Enforcement) -> None:
    """The target has to be of the case and of the kind that the action is for."""
    case, target = turn.state, command.target
    if command.action == RESTORE:
        return
    if rules.scope == "content" and command.action != "sweep":
        if not any((item.kind, item.id) == (target.kind, target.id) for item in case.content):
            turn.bad("/target", "is no content of this case. Name one that the case lists, by its kind and id.")
    elif rules.scope == "account":
        if not any((subject.kind, subject.id) == (target.kind, target.id) for subject in case.subjects):
            turn.bad("/target", "is no subject of this case. Name one that the case lists, by its kind and id.")
    elif not target.kind or not target.id:
        turn.bad("/target", "needs a kind and an id.")


def _policy(turn: Turn, command: Propose, rules: Enforcement) -> str:
    """The clause with its version, ``VE-1@2026-10``: a decision stores both. Empty where the action needs none."""
    code, _, version = command.policy.partition("@")
    if not code and "policy" not in rules.needs:
        return ""
    clause = turn.policy.policies.get(code)
    if clause is None:
        turn.bad("/policy", "names no clause. The catalogue lists them." if code else "is missing. Name the clause.")
    if version and version != clause.version:
        turn.bad("/policy", f"is of the version {version}; in force is {clause.version}. Read it again.")
    return f"{code}@{clause.version}"


def _once(turn: Turn, action: Action) -> None:
    """One intent, one effect: the same on the same target is not proposed while it goes on or stands."""
    for other in turn.state.actions:
        same = (other.action, other.target) == (action.action, action.target)
        if not same or other.state in OVER or other.reversed_by is not None:
            continue
        if action.action == RESTORE and other.fields.get(WHICH) != action.fields.get(WHICH):
            continue
        turn.refuse(f"{other.action} {other.action_id} does that already and is {other.state}.")


def _preserved_before(turn: Turn, action: Action) -> None:
    case = turn.state
    due = preserved_first(case.case_type, case.severity)
    if action.action not in REMOVING or not due or HOLD not in turn.connected:
        return
    if not any(other.action == HOLD and other.state not in OVER for other in case.actions):
        turn.refuse(f"{case.case_type} is preserved before anything is removed. Preserve the account first (dp).")


def _as_original(turn: Turn, action: Action) -> tuple[bool, bool]:
    """Whom a restore needs: whoever the action needed that it takes back. It never goes first."""
    case = turn.state
    original = next((each for each in case.actions if each.action_id == action.fields.get(WHICH)), None)
    if original is None:
        turn.bad(f"/fields/{WHICH}", "names no action of this case.")
    if original.target != action.target:
        turn.bad("/target", f"is not what {original.action} {original.action_id} was done to.")
    if original.state != "verified" or original.reversed_by is not None:
        said = "taken back already" if original.reversed_by is not None else original.state
        turn.refuse(f"{original.action} {original.action_id} is {said}. Only what stands is taken back.")
    rules = turn.policy.actions.get(original.action)
    if rules is None or rules.reversible == "none" or original.action in (RESTORE, NO_ACTION):
        turn.refuse(f"{original.action} cannot be taken back.")
    return approval_needed(case, action, turn.policy), False


def _begins_containing(turn: Turn, action: Action) -> bool:
    case = turn.state
    return (
        containing(turn.policy, action)
        and contains(case.case_type, case.sub_type)
        and case.state in ("ACKED", "TRIAGED")
    )


# --- the decision not to act


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
    action = _bound(turn, action)
    fact = ActionProposed(
        action_id=action.action_id, action_type=NO_ACTION, digest=action.digest, one_person=dual, action=action
    )
    if dual:
        turn.add(fact, pending=(*case.pending, unconfirmed(turn, NO_ACTION)), **_owed(turn))
    else:
        turn.add(fact, **_owed(turn))
        stands(turn, action)


def stands(turn: Turn, action: Action) -> None:
    """The decision not to act is its own effect: it is seen as soon as it stands."""
    turn.add(ActionVerified(action_id=action.action_id, action_type=action.action))
    if turn.state.case_type == "EDR":
        turn.meet("decide")


def _bound(turn: Turn, action: Action) -> Action:
    """`action` with the digest that an approval has to name."""
    try:
        return replace(action, digest=approval_digest(turn.state.case_id, action))
    except ValueError as fault:
        turn.bad("/fields", f"{fault}; an approval could not name it.")


def _owed(turn: Turn) -> dict[str, Any]:
    """Triage notes that are owed by acting first (domain, section 4)."""
    case = turn.state
    if case.triage_noted or case.triage_due_at is not None:
        return {}
    return {"triage_due_at": turn.at + turn.policy.life_ms("triage_notes_within")}
