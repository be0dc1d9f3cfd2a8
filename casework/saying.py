"""Refusals in the words of the floor: what was not done, how the case stands, and what somebody else did meanwhile.

Verbs, states and event types are names of the wire; nobody on a floor speaks like that.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

NOT_DONE: Final[dict[str, str]] = {
    "claim": "Not claimed",
    "release": "Not released",
    "assign": "Not assigned",
    "note": "No note added",
    "triage": "Not triaged",
    "set_severity": "Severity not changed",
    "set_factors": "Facts not changed",
    "escalate": "Not escalated",
    "snooze": "Not snoozed",
    "unsnooze": "Snooze not ended",
    "link": "Not linked",
    "merge": "Not merged",
    "unmerge": "Not unmerged",
    "contain": "Not marked as contained",
    "investigate": "Investigation not started",
    "log_contact": "Contact not logged",
    "waive": "Not waived",
    "await_external": "Not set to wait",
    "resume": "Not resumed",
    "hold": "No hold placed",
    "unhold": "Hold not lifted",
    "resolve": "Not resolved",
    "discard": "Not discarded",
    "reopen": "Not reopened",
    "add_task": "No task added",
    "complete_task": "Task not marked as done",
    "post_update": "No update posted",
    "tick": "Not ticked",
    "propose": "Not proposed",
    "approve": "Not approved",
    "reject": "Not rejected",
    "cancel": "Not canceled",
    "confirm": "Not confirmed",
    "undo": "Not undone",
    "busy": "Not set to busy",
    "break_glass": "Glass not broken",
    "grant": "No access given",
    "offer_handover": "Not offered",
    "accept_handover": "Not accepted",
}
"""By verb: how a refusal of it begins."""

STANDS: Final[dict[str, str]] = {
    "NEW": "new",
    "ACKED": "acknowledged",
    "TRIAGED": "triaged",
    "CONTAINING": "being contained",
    "CONTAINED": "contained",
    "INVESTIGATING": "being investigated",
    "RESOLVED": "resolved",
    "CLOSED": "closed",
    "MERGED": "merged",
    "REJECTED": "discarded",
}
"""By state: how the case stands."""

_DID: Final[dict[str, str]] = {
    "EscalationUpdated": "a further report joined it",
    "CaseClaimed": "{by} claimed it",
    "ClaimReleased": "{by} released it",
    "ClaimLapsed": "the claim on it lapsed",
    "CaseAssigned": "{by} assigned it",
    "CaseTriaged": "{by} triaged it",
    "SeverityRaised": "{by} raised its severity",
    "SeverityLowered": "{by} lowered its severity",
    "LoweringReverted": "its lowering was reverted",
    "DiscardReverted": "its discard was reverted",
    "NoActionReverted": "the decision not to act was reverted",
    "NotReportableStated": "{by} said that it is not reportable",
    "NotReportableReverted": '"not reportable" was reverted',
    "ActConfirmed": "{by} confirmed an act on it",
    "FactorsSet": "{by} set facts of it",
    "CaseEscalated": "{by} escalated it",
    "CaseSnoozed": "{by} snoozed it",
    "SnoozeEnded": "its snooze ended",
    "CaseLinked": "{by} linked a case to it",
    "CaseMerged": "{by} merged it into another",
    "CaseAbsorbed": "{by} merged another into it",
    "CaseUnmerged": "{by} took it out of another",
    "CaseSeparated": "{by} took another out of it",
    "CaseContained": "{by} marked it as contained",
    "ContainmentEnded": "it stopped being contained",
    "InvestigationStarted": "{by} started the investigation",
    "ContactLogged": "{by} logged a contact",
    "MilestoneWaived": "{by} waived a step",
    "AwaitStarted": "{by} set it to wait",
    "AwaitEnded": "{by} resumed it",
    "HoldPlaced": "{by} placed a hold on it",
    "HoldLifted": "{by} lifted the hold",
    "CaseResolved": "{by} resolved it",
    "CaseDiscarded": "{by} discarded it",
    "CaseReopened": "{by} reopened it",
    "CaseClosed": "it was closed",
    "TaskAdded": "{by} added a task",
    "TaskCompleted": "{by} finished a task",
    "HandoverOffered": "{by} offered it to somebody",
    "HandoverAccepted": "{by} accepted it",
    "Undone": "{by} took an act back",
    "ActionProposed": "{by} proposed an action",
    "ActionApproved": "{by} approved an action",
    "ActionRejected": "{by} rejected an action",
    "ActionCanceled": "{by} canceled a proposal",
    "ActionVerified": "an action was verified",
    "ActionFailed": "an action failed",
    "ActionUnknown": "an action became unknown",
    "ActionReviewed": "{by} looked at an action",
    "ReviewOverdue": "the review of an action became overdue",
    "ApprovalLapsed": "an approval lapsed",
}


def refused(verb: str, state: str, guard: str) -> str:
    """`Not resolved: Triage notes are owed. … The case is contained.`"""
    return f"{NOT_DONE.get(verb, f'Not done ({verb})')}: {guard} The case is {STANDS.get(state, state.lower())}."


def meanwhile(by: str, kind: str, at: int) -> str:
    """What somebody did to the case, and when: `bo claimed it meanwhile, at 12:41:03 Z`; `at` is ms UTC."""
    who = "The feed" if by.startswith("_") else by
    did = _DID.get(kind, f"{{by}} changed it ({kind})").replace("{by}", who)
    when = datetime.fromtimestamp(at / 1_000, UTC).strftime("%H:%M:%S")
    return f"{did} meanwhile, at {when} Z"
