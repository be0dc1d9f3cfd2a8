"""What intake accepts: the `data` of a CloudEvent `org.watchfloor.escalation.raised.v1` or `…updated.v1`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from msgspec import UNSET, Meta, Struct, UnsetType

from casework.tokens import (
    CaseType,
    Credibility,
    Harm,
    Imminence,
    Sensitivity,
    Severity,
    SourceKind,
    SubType,
    Vulnerability,
)

RAISED: Final = "org.watchfloor.escalation.raised.v1"
UPDATED: Final = "org.watchfloor.escalation.updated.v1"

Summary = Annotated[str, Meta(min_length=1, max_length=280)]
Narrative = Annotated[str, Meta(max_length=16_384)]
Short = Annotated[str, Meta(min_length=1, max_length=200)]
Moment = Annotated[datetime, Meta(tz=True)]
Count = Annotated[int, Meta(ge=0, le=10**12)]


class Given(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of what a reporter gives; a field nobody knows is refused, never dropped in silence."""


class SourceGiven(Given, frozen=True, kw_only=True):
    kind: SourceKind
    name: Annotated[str, Meta(max_length=200)] = ""
    credibility: Credibility | None = None


class FactorsGiven(Given, frozen=True, kw_only=True):
    imminence: Imminence | UnsetType | None = UNSET
    harm: Harm | UnsetType | None = UNSET
    vulnerability: Annotated[tuple[Vulnerability, ...], Meta(max_length=8)] | UnsetType | None = UNSET
    specificity: Annotated[int, Meta(ge=0, le=4)] | UnsetType | None = UNSET
    identifiable_child: bool | UnsetType | None = UNSET
    live_viewers: Count | UnsetType | None = UNSET
    views_per_min: Count | UnsetType | None = UNSET
    reuploads: Count | UnsetType | None = UNSET


class TranslationGiven(Given, frozen=True, kw_only=True):
    text: Annotated[str, Meta(min_length=1, max_length=16_384)]
    by: Short


class SubjectGiven(Given, frozen=True, kw_only=True):
    kind: Short
    id: Short
    handle: Short | None = None
    region: Short | None = None
    place: Short | None = None
    place_at: Moment | None = None
    tz: Annotated[str, Meta(min_length=1, max_length=64)] | None = None
    last_active_at: Moment | None = None
    age_given: Annotated[int, Meta(ge=0, le=130)] | None = None


class ContentGiven(Given, frozen=True, kw_only=True):
    kind: Short
    id: Short
    live: bool = False
    up: bool | None = None
    checked_at: Moment | None = None
    sha256: Annotated[str, Meta(pattern=r"^[0-9a-fA-F]{64}$(?!\n)")] | None = None
    caption: Annotated[str, Meta(max_length=2_000)] | None = None


SensitiveGiven = Annotated[
    dict[
        Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,39}$(?!\n)")],
        Annotated[str, Meta(min_length=1, max_length=500)],
    ],
    Meta(max_length=32),
]


class Escalation(Given, frozen=True, kw_only=True):
    """A report that opens a case. Times carry their zone; `reported_at` is never later than acceptance."""

    case_type: CaseType
    summary: Summary
    source: SourceGiven
    sub_type: SubType | None = None
    severity: Severity | None = None
    narrative: Narrative | None = None
    boundary: Short | None = None
    language: Annotated[str, Meta(min_length=2, max_length=35)] | None = None
    translation: TranslationGiven | None = None
    factors: FactorsGiven | None = None
    graphic_level: Annotated[int, Meta(ge=0, le=4)] | None = None
    sensitivities: Annotated[tuple[Sensitivity, ...], Meta(max_length=8)] | None = None
    subjects: Annotated[tuple[SubjectGiven, ...], Meta(max_length=100)] | None = None
    content: Annotated[tuple[ContentGiven, ...], Meta(max_length=100)] | None = None
    sensitive: SensitiveGiven | None = None
    occurred_at: Moment | None = None
    reported_at: Moment | None = None


class EscalationUpdate(Given, frozen=True, kw_only=True):
    """Any subset of an escalation. ``None`` counts as not given."""

    case_type: CaseType | None = None
    summary: Summary | None = None
    source: SourceGiven | None = None
    sub_type: SubType | None = None
    severity: Severity | None = None
    narrative: Narrative | None = None
    boundary: Short | None = None
    language: Annotated[str, Meta(min_length=2, max_length=35)] | None = None
    translation: TranslationGiven | None = None
    factors: FactorsGiven | None = None
    graphic_level: Annotated[int, Meta(ge=0, le=4)] | None = None
    sensitivities: Annotated[tuple[Sensitivity, ...], Meta(max_length=8)] | None = None
    subjects: Annotated[tuple[SubjectGiven, ...], Meta(max_length=100)] | None = None
    content: Annotated[tuple[ContentGiven, ...], Meta(max_length=100)] | None = None
    sensitive: SensitiveGiven | None = None
    occurred_at: Moment | None = None
    reported_at: Moment | None = None


class Cap(Struct, frozen=True, kw_only=True):
    """What a source may claim at most, from its intake token; ``None`` means no cap."""

    severity: Severity | None = None
    kinds: frozenset[str] | None = None
    credibility: Credibility | None = None


NO_CAP: Final = Cap()
