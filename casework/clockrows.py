"""Which clocks a type and severity have: the rows of the policy, what a pair without a row takes, outer bounds."""

from __future__ import annotations

from typing import Literal

import msgspec

from casework.businessdays import due, span
from casework.model import Clock
from casework.policy import ClockRow, OuterBounds, Policy
from casework.tokens import SEVERITIES, CaseType, Milestone, Severity


def row_for(case_type: CaseType, sub_type: str | None, severity: Severity, policy: Policy) -> tuple[str, ClockRow]:
    """The rule (``TTL.S0``) and the row of clocks for a type and severity; every pair has one.

    Without a row of its own a pair takes, at S0 and S1, the row of the fallback type (TTL), without contain and police
    if its cases are not contained; else the type's nearest row by severity, the more severe of two as near. A removal
    order has rows of its own and looks only among those, except at S0 and S1.
    """
    rows = policy.clocks.rows
    ordered = case_type == "REG" and sub_type == "REMOVAL_ORDER" and bool(rows.get("REG_REMOVAL_ORDER"))
    own = rows["REG_REMOVAL_ORDER"] if ordered else rows[case_type]
    label = "REG_REMOVAL_ORDER" if ordered else case_type
    if severity in own:
        return f"{label}.{severity}", own[severity]
    if severity in ("S0", "S1"):
        borrowed = rows[policy.clocks.fallback_type][severity]
        if case_type in policy.clocks.without_containment and not ordered:
            borrowed = msgspec.structs.replace(borrowed, contain="none", police="none")
        return f"{policy.clocks.fallback_type}.{severity}", borrowed
    wanted = SEVERITIES.index(severity)
    nearest = min(own, key=lambda each: (abs(SEVERITIES.index(each) - wanted), SEVERITIES.index(each)))
    return f"{label}.{nearest}", own[nearest]


def bounds_for(case_type: CaseType, sub_type: str | None, policy: Policy) -> tuple[tuple[str, OuterBounds], ...]:
    """The outer bounds of a type with their rules: the type's own, and those of a removal order."""
    outer = policy.clocks.outer
    found: list[tuple[str, OuterBounds]] = []
    if case_type in outer:
        found.append((f"{case_type}.outer", outer[case_type]))
    if sub_type == "REMOVAL_ORDER" and case_type in ("MVE", "REG"):
        name: Literal["MVE_REMOVAL_ORDER", "REG_REMOVAL_ORDER"] = (
            "MVE_REMOVAL_ORDER" if case_type == "MVE" else "REG_REMOVAL_ORDER"
        )
        if name in outer:
            found.append((f"{name}.outer", outer[name]))
    return tuple(found)


def clock_of(
    name: str,
    row: ClockRow | OuterBounds,
    milestone: Milestone,
    at: int,
    policy: Policy,
    round: int = 0,
    *,
    outer_bound: bool = False,
) -> Clock | None:
    """The clock that the rule `name` sets for `milestone` from `at` on; None if it sets none."""
    text: str = getattr(row, milestone, "none")
    if text == "none":
        return None
    due_at = due(at, span(text), policy.calendar.tz)
    return Clock(
        milestone=milestone,
        round=round,
        started_at=at,
        due_at=due_at,
        allowance_ms=due_at - at,
        outer_bound=outer_bound,
        rule=f"{name}.{milestone}",
    )
