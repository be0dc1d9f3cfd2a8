"""What a case is: its whole form, its row form and its parts.

All of it is frozen, so a snapshot of the floor is a shallow copy. Times are integer milliseconds UTC. Scores are kept
in tenths (no floats in the log) and shown as a number with one decimal.
"""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType, field

from casework.tokens import (
    ActionState,
    CaseType,
    Credibility,
    Harm,
    Imminence,
    Milestone,
    Party,
    Relation,
    Sensitivity,
    Severity,
    SourceKind,
    State,
    SubType,
    Vulnerability,
)

#: ms UTC within the years that a date can have, give or take the day that a zone may add; whoever reads a case from the
#: wire can rely on it.
At = Annotated[int, Meta(ge=-62_135_683_200_000, le=253_402_387_199_999)]


class Part(Struct, frozen=True, kw_only=True):
    """Base of every part of a case."""


class Factors(Part, frozen=True, kw_only=True):
    """What the score is made of; ``None`` (or an empty list) means *not stated*, which is itself scored."""

    imminence: Imminence | None = None
    harm: Harm | None = None
    vulnerability: tuple[Vulnerability, ...] = ()
    specificity: int | None = None
    """How many of plan, means, place and time are known, 0 to 4."""
    identifiable_child: bool = False
    live_viewers: int = 0
    views_per_min: int = 0
    reuploads: int = 0


class FactorNote(Part, frozen=True, kw_only=True):
    """Who or what set a factor, when, and on what evidence (the note is sealed text)."""

    by: str
    at: At
    evidence: str = ""


class Waiver(Part, frozen=True, kw_only=True):
    """Who waived a clock and when; the reason stands in the event, sealed."""

    by: str
    at: At


class Clock(Part, frozen=True, kw_only=True):
    """A deadline: milestone, party and round name it, together with whether it is the outer bound."""

    milestone: Milestone
    party: str | None = None
    round: int = 0
    started_at: At
    due_at: At
    allowance_ms: int
    met_at: At | None = None
    breached_at: At | None = None
    waived: Waiver | None = None
    paused: bool = False
    outer_bound: bool = False
    rule: str = ""
    """The id of the rule that set it, for example ``TTL.S0.contain``."""
    paused_at: At | None = None
    stopped_at: At | None = None
    """Its case ended while it was open: it is neither met nor late any more, and runs again if the end is reverted."""

    @property
    def name(self) -> tuple[str, str | None, int, bool]:
        """What makes two clocks the same clock."""
        return (self.milestone, self.party, self.round, self.outer_bound)

    @property
    def running(self) -> bool:
        """Unmet, unwaived, unpaused and not stopped by an end: it can be late and it can place a case."""
        # Asked of every clock of every case, so it asks nothing else: `owed`, and not paused.
        return self.met_at is None and self.waived is None and self.stopped_at is None and not self.paused

    @property
    def owed(self) -> bool:
        """Somebody still has to meet it: neither met, waived nor stopped, paused or not."""
        return self.open and self.stopped_at is None

    @property
    def open(self) -> bool:
        """Neither met nor waived, paused or not."""
        return self.met_at is None and self.waived is None


class Next(Part, frozen=True, kw_only=True):
    """The clock that places a case in the queue."""

    milestone: Milestone
    due_at: At


class Await(Part, frozen=True, kw_only=True):
    """The work waits for somebody outside."""

    why: str
    who: str
    chase_at: At | None = None


class Hold(Part, frozen=True, kw_only=True):
    """An outside investigation is live: nothing that the subject can see happens without a lead."""

    why: str
    by: str
    at: At


class Flags(Part, frozen=True, kw_only=True):
    awaiting: Await | None = None
    hold: Hold | None = None
    snoozed_until: At | None = None
    rca_due: bool = False


class Source(Part, frozen=True, kw_only=True):
    kind: SourceKind
    name: str = ""
    credibility: Credibility | None = None


class Subject(Part, frozen=True, kw_only=True):
    """Somebody or something the case is about: a handle and metadata, never media."""

    kind: str
    id: str
    handle: str | None = None
    region: str | None = None
    place: str | None = None
    place_at: At | None = None
    tz: str | None = None
    last_active_at: At | None = None
    age_given: int | None = None


class Content(Part, frozen=True, kw_only=True):
    """A piece of content: a handle, hashes and metadata, never its bytes."""

    kind: str
    id: str
    live: bool = False
    up: bool | None = None
    checked_at: At | None = None
    sha256: str | None = None
    caption: str | None = None


class Translation(Part, frozen=True, kw_only=True):
    text: str
    by: str


class Masked(Part, frozen=True, kw_only=True):
    """What travels in place of a sensitive value; the value itself stays sealed in the log."""

    ref: str
    masked: str


class Contact(Part, frozen=True, kw_only=True):
    seq: int
    by: str
    party: Party
    channel: str
    number_source: str
    person: str
    reference: str
    at: At
    outcome: str


class Target(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an action is done to. It is part of a command as well, and a command's unknown fields are refused."""

    kind: str
    id: str


class Action(Part, frozen=True, kw_only=True):
    action_id: str
    action: str
    target: Target
    policy: str
    reason: str
    fields: dict[str, Any]
    state: ActionState
    proposed_by: str
    approved_by: str | None = None
    digest: str = ""
    proposed_at: At = 0
    one_person: bool = False
    """It stands on one person's word (marked ``1p``) until somebody confirms it."""
    seq: int = 0
    """seq of its ActionProposed; 0 in a log from before it was kept."""
    approved_at: At | None = None
    attempt: int = 0
    """How often it was sent to the platform, under one key for all attempts."""
    moved_at: At | None = None
    """When it got to its present state, once it was sent for the first time."""
    why: str = ""
    """What is wrong, where it failed, is unknown or waits for the platform: in part the platform's own words."""
    again_at: At | None = None
    """When it is tried again, if the platform did nothing so far."""
    reference: str = ""
    """What the platform calls it."""
    review_until: At | None = None
    """It went first; a second person looks at it until then."""
    reviewed_by: str | None = None
    reversed_by: str | None = None
    """The action that took it back, once that was seen."""


class Task(Part, frozen=True, kw_only=True):
    task_id: str
    text: str
    owner: str
    due_at: At | None
    by: str
    at: At
    done_by: str | None = None
    done_at: At | None = None


class Note(Part, frozen=True, kw_only=True):
    seq: int
    by: str
    at: At
    text: str
    struck: bool = False


class Related(Part, frozen=True, kw_only=True):
    case_id: str
    relation: Relation | str
    at: At
    by: str


class Tick(Part, frozen=True, kw_only=True):
    step: str
    by: str
    at: At


class Counts(Part, frozen=True, kw_only=True):
    notes: int = 0
    actions: int = 0
    tasks: int = 0
    contacts: int = 0
    related: int = 0
    runbook: int = 0


class Pending(Part, frozen=True, kw_only=True):
    """An act of one person that reverts at `until` unless a second person confirms the event `seq`."""

    seq: int
    kind: str
    """``lowering``, ``discard``, ``not_reportable``, ``no_action`` or ``review``, which reverts nothing."""
    by: str
    until: At
    version: int


class NotReportable(Part, frozen=True, kw_only=True):
    """What one person stated and a second has to confirm, always: this CSEA case needs no CyberTip."""

    seq: int
    by: str
    at: At
    reason: str = ""
    resolving: bool = False
    """It was stated by ``resolve``, which the second person's word completes."""
    confirmed_by: str | None = None


class Touch(Part, frozen=True, kw_only=True):
    """The last event of some kind: what a stale command is measured against."""

    version: int = 0
    seq: int = 0
    type: str = ""
    by: str = ""
    at: At = 0


class Result(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an event changed in the fields that rows show. UNSET means: as before.

    ``clocks`` holds every clock that the event started or changed, whole; the fold replaces a clock of the same name.
    ``dropped`` names clocks to forget (an undone start).
    """

    state: State | UnsetType = UNSET
    owner: str | UnsetType | None = UNSET
    owner_since: At | UnsetType | None = UNSET
    case_type: CaseType | UnsetType = UNSET
    sub_type: SubType | UnsetType | None = UNSET
    severity: Severity | UnsetType = UNSET
    band: int | UnsetType = UNSET
    score_tenths: int | UnsetType = UNSET
    floors: tuple[str, ...] | UnsetType = UNSET
    grounds: tuple[str, ...] | UnsetType = UNSET
    factors: Factors | UnsetType = UNSET
    credibility: Credibility | UnsetType | None = UNSET
    """The source's, once somebody here verified it."""
    snoozed_until: At | UnsetType | None = UNSET
    rca_due: bool | UnsetType = UNSET
    contained_at: At | UnsetType | None = UNSET
    secured_at: At | UnsetType | None = UNSET
    ended_at: At | UnsetType | None = UNSET
    merged_into: str | UnsetType | None = UNSET
    pending: tuple[Pending, ...] | UnsetType = UNSET
    """All of them, as after the event; one with seq 0 gets the event's own seq and version."""
    triage_due_at: At | UnsetType | None = UNSET
    clocks: tuple[Clock, ...] = ()
    dropped: tuple[tuple[str, str | None, int, bool], ...] = ()


class Recent(Part, frozen=True, kw_only=True):
    """One command that can still be undone, with what it replaced."""

    seq: int
    """seq of the command's first event; what it made (a late clock) apart."""
    last_seq: int
    version: int
    """Version after the command's last event."""
    type: str
    by: str
    at: At
    inverse: Result = field(default_factory=Result)
    """The result that takes the command's results back."""
    notes: dict[str, FactorNote | None] = field(default_factory=dict)
    """Notes on factors that it replaced; None where there was none."""
    step: str | None = None


class Common(Struct, frozen=True, kw_only=True):
    """The fields that a case and its row share."""

    case_id: str
    version: int
    seq: int
    """seq of its newest event."""
    opened_seq: int
    """seq of its CaseOpened: arrival, the last word in the order of the queue."""
    case_type: CaseType
    sub_type: SubType | None = None
    severity: Severity
    band: int
    state: State
    flags: Flags = field(default_factory=Flags)
    owner: str | None = None
    owner_since: At | None = None
    score_tenths: int = 0
    floors: tuple[str, ...] = ()
    grounds: tuple[str, ...] = ()
    """Why this severity and this score, in words; a result of the event that set them."""
    factors: Factors = field(default_factory=Factors)
    language: str | None = None
    translation: Translation | None = None
    graphic_level: int | None = None
    sensitivities: tuple[Sensitivity, ...] = ()
    occurred_at: At | None = None
    sensitive: dict[str, Masked] = field(default_factory=dict)
    summary: str = ""
    boundary: str | None = None
    stub: bool = False
    opened_at: At
    reported_at: At | None = None
    contained_at: At | None = None
    secured_at: At | None = None
    ended_at: At | None = None
    """When it was resolved, closed, merged or rejected; kept until reopened."""
    clocks: tuple[Clock, ...] = ()
    source: Source | None = None
    subjects: tuple[Subject, ...] = ()
    content: tuple[Content, ...] = ()
    updates: int = 0
    """How many further reports joined it."""
    merged_into: str | None = None
    unreadable: bool = False
    """Its key was destroyed: text is gone, the chain is whole."""


class Afoot(Part, frozen=True, kw_only=True, omit_defaults=True):
    """An action of a case that is not at its end, as its row has it: what somebody may have to decide or look into."""

    action_id: str
    by: str
    """Who proposed it."""
    state: ActionState
    review: bool = False
    """It went first, and nobody has looked at it yet."""


class Row(Common, frozen=True, kw_only=True):
    """A case as lists, snapshots and the feed carry it.

    Counts stand for its lists, beside them the actions that are not at their end; unmet clocks only; no narrative, no
    captions.
    """

    counts: Counts = field(default_factory=Counts)
    afoot: tuple[Afoot, ...] = ()


class Case(Common, frozen=True, kw_only=True):
    """A whole case: the fold of its events."""

    narrative: str = ""
    factor_notes: dict[str, FactorNote] = field(default_factory=dict)
    contacts: tuple[Contact, ...] = ()
    actions: tuple[Action, ...] = ()
    tasks: tuple[Task, ...] = ()
    notes: tuple[Note, ...] = ()
    related: tuple[Related, ...] = ()
    runbook: tuple[Tick, ...] = ()
    pending: tuple[Pending, ...] = ()
    offered_to: str | None = None
    triage_noted: bool = False
    """Triage notes exist; at S0 and S1 one may act first and owes them within 15 minutes."""
    triage_due_at: At | None = None
    outcome: str | None = None
    not_reportable: NotReportable | None = None
    """Somebody stated that no CyberTip is due; it counts once a second person confirmed it."""
    ended_from: State | None = None
    """The state it ended in, for an end that is reverted."""
    busy_until: At | None = None
    """Its owner said so; the claim does not lapse before."""
    retired_at: At | None = None
    absorbed: tuple[str, ...] = ()
    grants: tuple[Grant, ...] = ()
    policy_version: str = ""
    defaults_digest: str = ""
    # What decide needs and nobody is shown.
    at: At = 0
    """`at` of the newest event: a case's time never runs backwards."""
    material: Touch = field(default_factory=Touch)
    outside: Touch = field(default_factory=Touch)
    """The last contact, link or task: material to tier 3 and 4 verbs only."""
    recent: tuple[Recent, ...] = ()


class Grant(Part, frozen=True, kw_only=True):
    """Break-glass: one principal sees one case until `until`."""

    principal: str
    until: At
    by: str


class Stub(Struct, frozen=True, kw_only=True):
    """What a person without the clearance sees of a case."""

    case_id: str
    version: int
    seq: int
    opened_seq: int
    case_type: CaseType
    severity: Severity
    band: int
    state: State
    owner: str | None
    clocks: tuple[Clock, ...]
    boundary: str | None
    opened_at: At
    stub: bool = True
