"""Severity at intake: one strict rule, and what a source may claim (domain, section 2)."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from casework.model import Factors
from casework.policy import Policy
from casework.tokens import CaseType, Credibility, Severity, SourceKind, SubType, more_severe

#: From the most to the least that a source can say of itself.
CREDIBILITIES: Final[tuple[Credibility, ...]] = (
    "verified",
    "trusted",
    "calibrated",
    "known",
    "anonymous",
    "unverified",
)


class Ruling(Struct, frozen=True, kw_only=True):
    """A severity and why, in words; the first ground is the one that set it."""

    severity: Severity
    grounds: tuple[str, ...]


def at_intake(
    *,
    case_type: CaseType,
    sub_type: SubType | None,
    factors: Factors,
    live: bool,
    claimed: Severity | None,
    cap: Severity | None,
    policy: Policy,
) -> Ruling:
    """The severity that a report gets.

    `live`: some of its content is live. `claimed` counts if it is more severe than the rule's, but only up to `cap`; a
    milder claim is recorded in the grounds and not followed. The cap binds the claim alone, never the rule: a source
    that may not claim S0 can still report facts that are S0.
    """
    ruled = _rule(case_type=case_type, sub_type=sub_type, factors=factors, live=live, policy=policy)
    if claimed is None:
        return ruled
    allowed = cap_severity(claimed, cap)
    cut = f"{claimed} claimed, cut to {allowed} by the source's cap" if allowed != claimed else ""
    if more_severe(allowed, ruled.severity):
        ground = f"{allowed}: claimed by the source" if not cut else f"{allowed}: {cut}"
        return Ruling(severity=allowed, grounds=(ground, *ruled.grounds))
    if cut:
        return Ruling(severity=ruled.severity, grounds=(*ruled.grounds, cut))
    if more_severe(ruled.severity, claimed):
        return Ruling(severity=ruled.severity, grounds=(*ruled.grounds, f"{claimed} claimed, milder: not followed"))
    return ruled


def cap_severity(claimed: Severity, cap: Severity | None) -> Severity:
    """The claimed severity, at most `cap`; no cap: as claimed."""
    return cap if cap is not None and more_severe(claimed, cap) else claimed


def cap_credibility(claimed: Credibility | None, cap: Credibility | None) -> Credibility | None:
    """The claimed credibility, at most `cap`; ``None`` stays ``None``, no cap: as claimed."""
    if claimed is None or cap is None:
        return claimed
    return CREDIBILITIES[max(CREDIBILITIES.index(claimed), CREDIBILITIES.index(cap))]


def credibility_at_intake(
    kind: SourceKind, claimed: Credibility | None, cap: Credibility | None, policy: Policy
) -> Credibility | None:
    """The credibility that a report's source is stored with.

    ``None`` (not stated) stays so, unless what its kind then counts as is above the cap: leaving a field out never gets
    more than claiming would. Whatever it claims, `law_enforcement` is unverified until somebody here verified it.
    """
    if kind == "law_enforcement":
        return "unverified"
    if claimed is not None:
        return cap_credibility(claimed, cap)
    assumed = policy.score.missing_credibility[kind]
    capped = cap_credibility(assumed, cap)
    return None if capped == assumed else capped


def _rule(*, case_type: CaseType, sub_type: SubType | None, factors: Factors, live: bool, policy: Policy) -> Ruling:
    lowest = policy.severity.lowest[case_type]
    grave = factors.harm is not None and factors.harm in policy.severity.rule.grave_harms
    # "unspecified" says that nobody knows: for a live stream that is the same as not having said anything.
    unstated = factors.imminence in (None, "unspecified")
    grounds: list[str] = []
    if factors.imminence == "now" and grave:
        grounds.append(f"S0: imminence now and harm {_words(factors.harm)}")
    if case_type == "CSEA" and sub_type == "LIVE":
        grounds.append("S0: live child abuse")
    if case_type == "CSEA" and sub_type == "SEXT" and "victim_in_crisis" in factors.vulnerability:
        grounds.append("S0: sextortion with a victim in crisis")
    if live and unstated and case_type in policy.severity.rule.live_types:
        grounds.append("S0: live and no imminence given")
    if not grounds and factors.imminence == "24h" and grave and more_severe("S1", lowest):
        grounds.append(f"S1: imminence 24h and harm {_words(factors.harm)}")
    if not grounds and case_type == "REG" and sub_type == "REMOVAL_ORDER" and more_severe("S1", lowest):
        grounds.append("S1: removal order")
    if grounds:
        first: Severity = "S0" if grounds[0].startswith("S0") else "S1"
        if not more_severe(lowest, first):
            return Ruling(severity=first, grounds=tuple(grounds))
    return Ruling(severity=lowest, grounds=(f"{lowest}: {case_type} starts there",))


def _words(token: str | None) -> str:
    return (token or "").replace("_", "-")
