"""The closed vocabularies of casework. A token that is not listed here is refused at the boundary.

Each vocabulary is a ``Literal`` (so msgspec and mypy check it) and, where code walks it, a tuple in display order.
"""

from __future__ import annotations

from typing import Final, Literal, get_args

CaseType = Literal[
    "TTL",
    "MVE",
    "SSH",
    "CSEA",
    "EDR",
    "LEGAL",
    "EXPL",
    "NCII",
    "DOX",
    "DANGER",
    "CIVIC",
    "REG",
    "PRESS",
    "PART",
    "QUERY",
]
SubType = Literal["MATERIAL", "ENTICE", "SEXT", "TRAF", "LIVE", "SELF", "REMOVAL_ORDER", "INQUIRY"]
Severity = Literal["S0", "S1", "S2", "S3", "S4"]
State = Literal[
    "NEW", "ACKED", "TRIAGED", "CONTAINING", "CONTAINED", "INVESTIGATING", "RESOLVED", "CLOSED", "MERGED", "REJECTED"
]

Milestone = Literal[
    "ack",
    "verify",
    "decide",
    "contain",
    "police",
    "report",
    "resources",
    "share",
    "answer",
    "update",
    "chase",
    "resolve",
]

Imminence = Literal["now", "24h", "7d", "unspecified", "past"]
Harm = Literal["death", "hands_on", "serious", "psychological", "property"]
Vulnerability = Literal["child", "minor", "dependent_adult", "victim_in_crisis", "adult"]
Credibility = Literal["verified", "trusted", "calibrated", "known", "anonymous", "unverified"]
SourceKind = Literal["user_report", "law_enforcement", "detector", "partner", "regulator", "press", "internal", "ncmec"]
Sensitivity = Literal["minor", "vip", "journalist", "legal_privilege", "election", "protected_data"]

Role = Literal["viewer", "intake", "responder", "approver", "legal", "lead", "auditor", "admin"]
Relation = Literal["related", "duplicate", "same_subject", "parent", "child", "follow_up"]
Party = Literal[
    "police", "ncmec", "user", "victim", "industry", "regulator", "requester", "press", "partner", "internal", "other"
]
ActionState = Literal["proposed", "approved", "sent", "acked", "verified", "rejected", "canceled", "failed", "unknown"]
Tier = Literal[1, 2, 3, 4]

CASE_TYPES: Final[tuple[CaseType, ...]] = get_args(CaseType)
SEVERITIES: Final[tuple[Severity, ...]] = get_args(Severity)
STATES: Final[tuple[State, ...]] = get_args(State)
MILESTONES: Final[tuple[Milestone, ...]] = get_args(Milestone)
ROLES: Final[tuple[Role, ...]] = get_args(Role)

#: Clocks on which a person's safety hangs come before paper clocks, whatever their deadline.
HARM_MILESTONES: Final[frozenset[str]] = frozenset(
    {"ack", "verify", "decide", "contain", "police", "report", "resources", "share"}
)
#: Steps that involve someone outside; a contained case is *secured* once each of them is met or waived.
OUTSIDE_MILESTONES: Final[frozenset[str]] = frozenset({"police", "report", "resources", "share", "answer"})

#: The states in which work goes on; everything else is an end or a pause before one.
OPEN_STATES: Final[frozenset[str]] = frozenset({"NEW", "ACKED", "TRIAGED", "CONTAINING", "CONTAINED", "INVESTIGATING"})
ENDED_STATES: Final[frozenset[str]] = frozenset({"RESOLVED", "CLOSED", "MERGED", "REJECTED"})

#: Types whose work is an answer and not a removal: they have no CONTAINING and CONTAINED (REG: only its inquiries).
PAPER_TYPES: Final[frozenset[str]] = frozenset({"EDR", "LEGAL", "PRESS", "PART", "QUERY"})


def contains(case_type: str, sub_type: str | None) -> bool:
    """Whether cases of this type pass through CONTAINING and CONTAINED."""
    return case_type not in PAPER_TYPES and not (case_type == "REG" and sub_type != "REMOVAL_ORDER")


def more_severe(a: Severity, b: Severity) -> bool:
    """Whether `a` is strictly more severe than `b` (S0 is the most severe)."""
    return a < b
