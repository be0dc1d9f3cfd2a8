"""Getting from triage to the end: contain, investigate, and the ends resolve, discard, reopen."""

from __future__ import annotations

from typing import Any, Final

from msgspec.structs import replace

from casework import clocks, facts
from casework.caseid import shown
from casework.commands import Contain, Discard, Investigate, Reopen, Resolve
from casework.life.judging import unconfirmed
from casework.life.turn import Turn, met_now
from casework.life.words import listed
from casework.model import Case, Clock
from casework.tokens import HARM_MILESTONES, OPEN_STATES, contains

#: Actions in one of these states may still have an effect that nobody has seen.
IN_FLIGHT: Final[frozenset[str]] = frozenset({"proposed", "approved", "sent", "acked", "unknown"})

_FIRST: Final[dict[str, str]] = {
    "proposed": "Have it approved, rejected or canceled first.",
    "approved": "It is about to go: wait for it, or cancel it first.",
    "sent": "Wait for the platform's answer first.",
    "acked": "Wait until its effect was seen first.",
    "unknown": "Nobody knows yet whether it was done: it is asked after, wait for that first.",
}

#: How an emergency data request can end (domain, section 6).
EDR_OUTCOMES: Final[tuple[str, ...]] = (
    "DISCLOSED",
    "PARTIAL",
    "REFUSED_NOT_EMERGENCY",
    "REFUSED_UNVERIFIED",
    "REFUSED_FRAUD",
    "REDIRECTED",
    "WITHDRAWN",
    "NO_DATA",
)
NOT_REPORTABLE: Final = "not_reportable"
NO_REFERRAL: Final = "no_referral"


def contain(turn: Turn, command: Contain) -> None:
    case = turn.state
    if not contains(case.case_type, case.sub_type):
        turn.refuse(f"{_type(case)} has nothing to contain. Investigate, log what was answered, then resolve.")
    if case.state == "NEW":
        turn.refuse("Nobody has taken it yet. Claim it first.")
    if case.state == "ACKED" and case.severity not in ("S0", "S1"):
        turn.refuse("Only at S0 and S1 one acts before triage. Triage it first.")
    if case.state not in ("ACKED", "TRIAGED", "CONTAINING"):
        turn.refuse("It is contained already. Investigate, or resolve it.")
    _nothing_in_flight(turn)
    owed: dict[str, Any] = {}
    if not case.triage_noted and case.triage_due_at is None:
        owed["triage_due_at"] = turn.at + turn.policy.life_ms("triage_notes_within")
    fact = facts.CaseContained(evidence=command.evidence)
    turn.add(fact, state="CONTAINED", contained_at=turn.at, **owed)
    turn.meet("contain")


def investigate(turn: Turn, command: Investigate) -> None:
    case = turn.state
    if case.state == "NEW":
        turn.refuse("Nobody has taken it yet. Claim it first.")
    if case.state == "INVESTIGATING":
        turn.refuse("It is under investigation already. Resolve it when the outputs exist.")
    if case.state != "CONTAINED" and contains(case.case_type, case.sub_type):
        turn.refuse(f'{_type(case)} is contained before it is investigated. Contain it, or log "contained otherwise".')
    turn.add(facts.InvestigationStarted(), state="INVESTIGATING")


def resolve(turn: Turn, command: Resolve) -> None:
    case = turn.state
    if case.state == "NEW":
        turn.refuse("Nobody has taken it yet. Claim it first, or discard it with a reason.")
    if case.state == "CONTAINING":
        turn.refuse("A containment is under way. Wait until its effect was seen, or log it contained otherwise.")
    ready_to_resolve(turn, command.outcome)
    if case.case_type == "CSEA" and not reported(case):
        if _token(command.outcome) != NOT_REPORTABLE:
            turn.refuse('CSEA needs a CyberTip id or "not reportable" by two people. Log the report with log_contact '
                        "(ncmec, its id as the reference), or resolve it as not_reportable.")  # fmt: skip
        state_not_reportable(turn, command.reason, resolving=True)
        return
    finish(turn, command.outcome, command.reason)


def ready_to_resolve(turn: Turn, outcome: str) -> None:
    """Refuse unless every output of the case exists, the CyberTip apart (domain, section 4)."""
    case = turn.state
    _nothing_in_flight(turn)
    if not case.triage_noted and (case.triage_due_at is not None or case.severity in ("S0", "S1")):
        turn.refuse("Triage notes are owed. Triage it: type, severity, imminence and the evidence.")
    open_tasks = [task for task in case.tasks if task.done_at is None]
    if open_tasks:
        ids = listed((f"{task.task_id} ({task.owner or 'no owner'})" for task in open_tasks), "and")
        turn.refuse(f"Tasks are open: {ids}. Complete them; one that another case takes over is added there first.")
    if case.case_type == "EDR":
        if _token(outcome).upper() not in EDR_OUTCOMES:
            turn.refuse(f"An EDR ends with its decision. The outcome is one of {listed(EDR_OUTCOMES)}.")
        if _undone(case, "decide") or _undone(case, "answer"):
            turn.refuse("An EDR needs a decision and an answer. Log the answer with log_contact (requester), "
                        "its outcome beginning with the decision.")  # fmt: skip
    if case.case_type == "REG" and _undone(case, "answer"):
        turn.refuse("REG needs an answer. Log it with log_contact (regulator), or waive the answer with a reason.")
    if case.case_type in ("SSH", "TTL", "MVE") and not _referred(case, outcome):
        turn.refuse(f'{case.case_type} needs a contact record or a documented "no referral". Log the contact, waive '
                    "police with a reason, or resolve it as no_referral.")  # fmt: skip


def finish(turn: Turn, outcome: str, reason: str) -> None:
    """Write the resolution: the resolve clock is met, everything still open stops."""
    case = turn.state
    late = any(clock.milestone in HARM_MILESTONES and clock.breached_at is not None for clock in case.clocks)
    reversed_ = any(action.reversed_by is not None for action in case.actions)
    fact = facts.CaseResolved(outcome=outcome, reason=reason)
    met = met_now(case.clocks, "resolve", turn.at)
    turn.add(
        fact,
        state="RESOLVED",
        ended_at=turn.at,
        clocks=(*met, *stopped(case.clocks, turn.at, but="resolve")),
        **({"rca_due": True} if late or reversed_ else {}),
    )


def state_not_reportable(turn: Turn, reason: str, *, resolving: bool) -> None:
    """Record one person's word that no CyberTip is due; it waits for a second."""
    said = turn.state.not_reportable
    if said is not None:
        turn.refuse(f'{said.by} said "not reportable" already. A second person confirms it; confirm event {said.seq}.')
    fact = facts.NotReportableStated(reason=reason, resolving=resolving)
    turn.add(fact, pending=(*turn.state.pending, unconfirmed(turn, NOT_REPORTABLE)))


def reported(case: Case) -> bool:
    """Whether a CyberTip id is on record, or two people said that none is due."""
    if case.not_reportable is not None and case.not_reportable.confirmed_by is not None:
        return True
    return any(contact.party == "ncmec" and contact.reference.strip() for contact in case.contacts)


def discard(turn: Turn, command: Discard) -> None:
    case = turn.state
    if case.state not in ("NEW", "ACKED", "TRIAGED"):
        turn.refuse("Work on it has begun. Resolve it with an outcome instead.")
    _nothing_in_flight(turn)
    pending = case.pending
    if case.severity == "S0" or any(item.kind == "lowering" for item in pending):
        # An S0 that one person lowered a minute ago is still an S0 to whoever wants it gone.
        pending = (*pending, unconfirmed(turn, "discard"))
    fact = facts.CaseDiscarded(outcome=command.outcome, reason=command.reason)
    turn.add(
        fact,
        state="REJECTED",
        ended_at=turn.at,
        clocks=stopped(case.clocks, turn.at),
        **({"pending": pending} if pending != case.pending else {}),
    )


def reopen(turn: Turn, command: Reopen) -> None:
    case = turn.state
    if case.state in OPEN_STATES:
        turn.refuse("It is open. Go on working on it.")
    if case.state == "MERGED":
        turn.refuse(f"It was merged into {shown(case.merged_into or '')}. Unmerge it, or work on that one.")
    renewed = clocks.reopened(
        case.clocks,
        case_type=case.case_type,
        sub_type=case.sub_type,
        severity=case.severity,
        now=turn.at,
        policy=turn.policy,
        owned=case.owner is not None,
    )
    owed = _still_owed(case, renewed)
    turn.add(
        facts.CaseReopened(reason=command.reason),
        state="TRIAGED",
        ended_at=None,
        contained_at=None,
        clocks=(*renewed, *owed),
        pending=tuple(item for item in case.pending if item.kind != "discard"),
    )
    turn.breach()


def _still_owed(case: Case, fresh: tuple[Clock, ...]) -> tuple[Clock, ...]:
    """The steps of a case that came back which no new round replaces, running again with their old dues.

    Those are outer bounds (the law's clock did not stop because we thought that we were done) and steps that the type
    does not have and the case still owed, from a merged case or an earlier type.
    """
    renewed = {(clock.milestone, clock.party, clock.outer_bound) for clock in fresh}
    newest: dict[tuple[str, str | None, bool], Clock] = {}
    for clock in sorted(case.clocks, key=lambda each: each.round):
        newest[clock.milestone, clock.party, clock.outer_bound] = clock
    return tuple(
        started(clock)
        for step, clock in newest.items()
        if step not in renewed
        and clock.open
        and clock.stopped_at is not None
        and clock.milestone not in ("ack", "update", "chase")
    )


def stopped(held: tuple[Clock, ...], at: int, *, but: str | None = None) -> tuple[Clock, ...]:
    """The open clocks of `held`, stopped at `at` because the case ends; `but` names a milestone that is met instead.

    They are paused as well, so that who looks for unmet, unwaived and unpaused clocks (domain, section 2) takes none
    of them for running.
    """
    return tuple(replace(clock, stopped_at=at, paused=True) for clock in held if clock.owed and clock.milestone != but)


def started(clock: Clock) -> Clock:
    """A stopped clock as it was before: one that waited for somebody outside still does."""
    return replace(clock, stopped_at=None, paused=clock.paused_at is not None)


def running_again(case: Case) -> tuple[Clock, ...]:
    """The clocks that the case's end stopped, with their old dues, for an end that is taken back."""
    return tuple(
        started(clock) for clock in case.clocks if clock.stopped_at is not None and clock.stopped_at == case.ended_at
    )


def _nothing_in_flight(turn: Turn) -> None:
    for action in turn.state.actions:
        if action.state in IN_FLIGHT:
            turn.refuse(f"{action.action} {action.action_id} is {action.state}. {_FIRST[action.state]}")


def _undone(case: Case, milestone: str) -> bool:
    """Whether the newest round of `milestone` is neither met nor waived; false if there is no such clock."""
    rounds = [clock for clock in case.clocks if clock.milestone == milestone and not clock.outer_bound]
    return bool(rounds) and max(rounds, key=lambda clock: clock.round).open


def _referred(case: Case, outcome: str) -> bool:
    if any(contact.party != "internal" for contact in case.contacts) or _token(outcome) == NO_REFERRAL:
        return True
    return any(clock.milestone == "police" and clock.waived is not None for clock in case.clocks)


def _token(outcome: str) -> str:
    """An outcome as a token: ``Not reportable`` and ``no-referral`` are what they say."""
    return "_".join(outcome.strip().lower().replace("-", " ").split())


def _type(case: Case) -> str:
    return f"A {case.case_type} inquiry" if case.case_type == "REG" else f"A case of type {case.case_type}"
