"""What the case is and how bad: triage, severity, factors."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from casework import clocks, facts, score
from casework.commands import SetFactors, SetSeverity, Triage
from casework.intake import grounds, with_factors
from casework.life.turn import Turn
from casework.model import FactorNote, Factors, Pending
from casework.tokens import CaseType, Severity, SubType, contains, more_severe


def triage(turn: Turn, command: Triage) -> None:
    case = turn.state
    if case.state == "NEW":
        turn.refuse("Nobody has taken it yet. Claim it first.")
    lowered = more_severe(case.severity, command.severity)
    sub_type = case.sub_type if command.case_type == case.case_type else None
    factors = replace(case.factors, imminence=command.imminence)
    changes = rescored(turn, factors, sub_type=sub_type)
    if command.severity != case.severity:
        changes["grounds"] = (_set_by(turn, command.severity), *changes["grounds"][1:])
    changes |= {"case_type": command.case_type, "sub_type": sub_type, "severity": command.severity}
    if not lowered or command.case_type != case.case_type:
        changes["clocks"] = retargeted(turn, command.case_type, sub_type, command.severity)
    if command.severity != case.severity:
        changes["pending"] = _pending_after(turn, command.severity)
    if case.state == "ACKED" or _must_contain_now(turn, command.case_type, sub_type):
        changes["state"] = "TRIAGED"
    fact = facts.CaseTriaged(
        case_type=command.case_type,
        severity=command.severity,
        imminence=command.imminence,
        evidence=command.evidence,
    )
    turn.add(fact, triage_due_at=None, **changes)
    if more_severe(command.severity, case.severity):
        turn.wake("raised")


def set_severity(turn: Turn, command: SetSeverity) -> None:
    case = turn.state
    if command.severity == case.severity:
        turn.refuse(f"It is {case.severity} already. Choose another severity.")
    changes: dict[str, Any] = {
        "severity": command.severity,
        "grounds": (_set_by(turn, command.severity), *case.grounds[1:]),
        "pending": _pending_after(turn, command.severity),
    }
    if more_severe(command.severity, case.severity):
        changes["clocks"] = retargeted(turn, case.case_type, case.sub_type, command.severity)
        raised = facts.SeverityRaised(severity=command.severity, before=case.severity, reason=command.reason or "")
        turn.add(raised, **changes)
        turn.wake("raised")
        return
    if command.reason is None:
        turn.bad("/reason", "is missing. Lowering the severity takes a reason.")
    lowered = facts.SeverityLowered(severity=command.severity, before=case.severity, reason=command.reason)
    turn.add(lowered, **changes)


def set_factors(turn: Turn, command: SetFactors) -> None:
    names = tuple(name for name in command.factors.__struct_fields__ if getattr(command.factors, name) is not UNSET)
    if not names:
        turn.bad("/factors", "names no factor. Name at least one.")
    note = FactorNote(by=turn.by, at=turn.at, evidence=command.evidence)
    changes = rescored(turn, with_factors(turn.state.factors, command.factors))
    turn.add(facts.FactorsSet(names=names, notes=dict.fromkeys(names, note)), **changes)


def rescored(turn: Turn, factors: Factors, *, sub_type: SubType | UnsetType | None = UNSET) -> dict[str, Any]:
    """The results of scoring the case with `factors`; its severity and that ground stay."""
    case = turn.state
    rating = score.rate(
        factors,
        case.source,
        sub_type=case.sub_type if isinstance(sub_type, UnsetType) else sub_type,
        sensitivities=case.sensitivities,
        policy=turn.policy,
    )
    return {
        "factors": factors,
        "score_tenths": rating.tenths,
        "floors": rating.floors,
        "grounds": grounds(case.grounds[:1], rating.grounds),
    }


def retargeted(turn: Turn, case_type: CaseType, sub_type: SubType | None, severity: Severity) -> clocks.Clocks:
    """What a raised severity or another type does to the clocks: due = min(old due, now + new allowance)."""
    case = turn.state
    return clocks.retarget(
        case.clocks,
        case_type=case_type,
        sub_type=sub_type,
        severity=severity,
        opened_at=case.opened_at,
        reported_at=case.reported_at,
        now=turn.at,
        policy=turn.policy,
    )


def _set_by(turn: Turn, severity: Severity) -> str:
    return f"{severity}: set by {turn.by}"


def _pending_after(turn: Turn, severity: Severity) -> tuple[Pending, ...]:
    """Open confirmations after a new severity: a lowering from S0 adds one, being S0 again settles it."""
    case = turn.state
    kept = tuple(item for item in case.pending if item.kind != "lowering")
    waits = any(item.kind == "lowering" for item in case.pending)
    if severity == "S0":
        return kept
    if case.severity == "S0":
        return (*kept, unconfirmed(turn, "lowering"))
    return case.pending if waits else kept


def unconfirmed(turn: Turn, kind: str) -> Pending:
    """One person's act that reverts unless a second confirms it; the fold puts in the event's own seq."""
    until = turn.at + turn.policy.life_ms("confirm_within")
    return Pending(seq=0, kind=kind, by=turn.by, until=until, version=0)


def _must_contain_now(turn: Turn, case_type: CaseType, sub_type: SubType | None) -> bool:
    """Work went past containing under a type that skips it, and the type found now does not."""
    case = turn.state
    return case.state == "INVESTIGATING" and case.contained_at is None and contains(case_type, sub_type)
