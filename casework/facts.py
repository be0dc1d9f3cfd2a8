"""The facts an event can state: one Struct for each event type, and which of their fields are sealed in the log.

Facts carry results. Whatever a rule computed (severity, score, clocks, owner, state) stands in ``result`` as it came
out, so folding a log never reads configuration, a clock or the environment. ``SEALED`` fields are encrypted under the
case's key before they are stored and may be missing (their defaults) once that key was destroyed.
"""

from __future__ import annotations

from typing import Any, Final

from casework import actionfacts, factbase
from casework.model import (
    Contact,
    Content,
    FactorNote,
    Grant,
    Masked,
    Related,
    Source,
    Stub,
    Subject,
    Task,
    Translation,
)
from casework.tokens import CaseType, Imminence, Party, Sensitivity, Severity, SubType

SCHEMA_VERSION: Final = 2
"""The `v` that events are written with today; `casework.upcast` lifts older ones when they are read."""


Fact = factbase.Fact
"""Base of all facts."""


class CaseOpened(Fact, frozen=True, kw_only=True):
    SEALED = (
        "summary",
        "narrative",
        "translation",
        "subjects",
        "content",
        "sensitive",
        "sensitive_values",
        "source",
        "origin",
    )

    case_type: CaseType
    sub_type: SubType | None = None
    severity_claimed: Severity | None = None
    boundary: str | None = None
    language: str | None = None
    graphic_level: int | None = None
    sensitivities: tuple[Sensitivity, ...] = ()
    occurred_at: int | None = None
    reported_at: int | None = None
    intake_ref: str = ""
    """SHA-256 (hex) of CloudEvents source and id: the identity of the report, without its text."""
    subject_ref: str = ""
    """SHA-256 (hex) of CloudEvents source and subject (or id): how updates find the case."""
    policy_version: str
    defaults_digest: str
    summary: str = ""
    narrative: str = ""
    translation: Translation | None = None
    source: Source | None = None
    subjects: tuple[Subject, ...] = ()
    content: tuple[Content, ...] = ()
    sensitive: dict[str, Masked] = {}
    sensitive_values: dict[str, str] = {}
    origin: dict[str, str] = {}
    """CloudEvents source, id, subject and time, as received."""
    continues: str | None = None
    """The ended case whose late report opened this one."""


class EscalationUpdated(Fact, frozen=True, kw_only=True):
    """A further report on an open case. Lists and texts are given as they stand after it; None means unchanged."""

    SEALED = ("summary", "narrative", "translation", "subjects", "content", "sensitive", "sensitive_values", "origin")

    intake_ref: str = ""
    language: str | None = None
    graphic_level: int | None = None
    sensitivities: tuple[Sensitivity, ...] | None = None
    occurred_at: int | None = None
    recorded: dict[str, str] = {}
    """What was claimed and not followed: boundary, case_type, a milder severity."""
    summary: str | None = None
    narrative: str | None = None
    translation: Translation | None = None
    subjects: tuple[Subject, ...] | None = None
    content: tuple[Content, ...] | None = None
    sensitive: dict[str, Masked] | None = None
    sensitive_values: dict[str, str] = {}
    origin: dict[str, str] = {}


class ReachUpdated(Fact, frozen=True, kw_only=True):
    """Only views, viewers or re-uploads changed: a new score, nothing that refuses anybody."""

    MATERIAL = False
    SEALED = ("origin",)

    intake_ref: str = ""
    origin: dict[str, str] = {}


class CaseClaimed(Fact, frozen=True, kw_only=True):
    pass


class ClaimReleased(Fact, frozen=True, kw_only=True):
    pass


class ClaimLapsed(Fact, frozen=True, kw_only=True):
    """Ten minutes without a sign of life from `owner`."""

    owner: str


class CaseAssigned(Fact, frozen=True, kw_only=True):
    to: str


class CaseTriaged(Fact, frozen=True, kw_only=True):
    SEALED = ("evidence",)

    case_type: CaseType
    severity: Severity
    imminence: Imminence
    evidence: str = ""


class SeverityRaised(Fact, frozen=True, kw_only=True):
    SEALED = ("reason",)

    severity: Severity
    before: Severity
    reason: str = ""


class SeverityLowered(Fact, frozen=True, kw_only=True):
    """From S0 it stands only for 30 minutes unless a second person confirms it (``result.pending``)."""

    SEALED = ("reason",)

    severity: Severity
    before: Severity
    reason: str = ""


class LoweringReverted(Fact, frozen=True, kw_only=True):
    seq_reverted: int


class DiscardReverted(Fact, frozen=True, kw_only=True):
    seq_reverted: int


class NoActionReverted(Fact, frozen=True, kw_only=True):
    seq_reverted: int
    action_id: str


class NotReportableStated(Fact, frozen=True, kw_only=True):
    """One person's word that no CyberTip is due; it counts for nothing until a second person confirms it."""

    SEALED = ("reason",)

    reason: str = ""
    resolving: bool = False


class NotReportableReverted(Fact, frozen=True, kw_only=True):
    """Nobody confirmed it within 30 minutes."""

    seq_reverted: int


class ActConfirmed(Fact, frozen=True, kw_only=True):
    """A second person's word on the event `seq_confirmed`."""

    seq_confirmed: int
    kind: str


class FactorsSet(Fact, frozen=True, kw_only=True):
    SEALED = ("notes",)

    notes: dict[str, FactorNote] = {}
    """By factor: who set it and why; as after the event, only for the factors it set."""
    names: tuple[str, ...] = ()


class CaseEscalated(Fact, frozen=True, kw_only=True):
    SEALED = ("reason",)

    level: int
    reason: str = ""


class CaseSnoozed(Fact, frozen=True, kw_only=True):
    until: int


class SnoozeEnded(Fact, frozen=True, kw_only=True):
    why: str
    """``asked``, ``over``, ``late``, ``raised`` or ``updated``."""


class CaseLinked(Fact, frozen=True, kw_only=True):
    MATERIAL = False
    OUTSIDE = True

    related: Related


class CaseMerged(Fact, frozen=True, kw_only=True):
    into: str


class CaseAbsorbed(Fact, frozen=True, kw_only=True):
    """`absorbed` was merged into this case."""

    absorbed: str


class CaseUnmerged(Fact, frozen=True, kw_only=True):
    out_of: str


class CaseSeparated(Fact, frozen=True, kw_only=True):
    """`separated` is a case of its own again."""

    separated: str


class CaseContained(Fact, frozen=True, kw_only=True):
    """Contained otherwise than by an action of ours, on the stated evidence."""

    SEALED = ("evidence",)

    evidence: str = ""


class ContainmentEnded(Fact, frozen=True, kw_only=True):
    """Nothing contains it any more: what was proposed to was called off, or failed."""


class InvestigationStarted(Fact, frozen=True, kw_only=True):
    pass


class ContactLogged(Fact, frozen=True, kw_only=True):
    MATERIAL = False
    OUTSIDE = True
    SEALED = ("contact",)

    party: Party
    contact: Contact | None = None


class MilestoneMet(Fact, frozen=True, kw_only=True):
    """The clock is in ``result``; the event beside it says what met it."""

    MATERIAL = False

    milestone: str


class MilestoneBreached(Fact, frozen=True, kw_only=True):
    MATERIAL = False

    milestone: str
    party: str | None = None
    round: int = 0
    outer_bound: bool = False
    breached_at: int


class MilestoneWaived(Fact, frozen=True, kw_only=True):
    SEALED = ("reason",)

    milestone: str
    reason: str = ""


class AwaitStarted(Fact, frozen=True, kw_only=True):
    SEALED = ("why", "who")

    why: str = ""
    who: str = ""
    chase_at: int | None = None


class AwaitEnded(Fact, frozen=True, kw_only=True):
    pass


class HoldPlaced(Fact, frozen=True, kw_only=True):
    SEALED = ("why",)

    why: str = ""


class HoldLifted(Fact, frozen=True, kw_only=True):
    pass


class CaseResolved(Fact, frozen=True, kw_only=True):
    SEALED = ("reason",)

    outcome: str
    reason: str = ""


class CaseDiscarded(Fact, frozen=True, kw_only=True):
    SEALED = ("reason",)

    outcome: str
    reason: str = ""


class CaseReopened(Fact, frozen=True, kw_only=True):
    SEALED = ("reason",)

    reason: str = ""


class CaseClosed(Fact, frozen=True, kw_only=True):
    pass


class CaseRetired(Fact, frozen=True, kw_only=True):
    """24 h after its end the case leaves the feed's memory and the consoles' mirrors; the log keeps it."""

    MATERIAL = False


class NoteAdded(Fact, frozen=True, kw_only=True):
    MATERIAL = False
    SEALED = ("text",)

    text: str = ""


class StepTicked(Fact, frozen=True, kw_only=True):
    MATERIAL = False

    step: str


class TaskAdded(Fact, frozen=True, kw_only=True):
    MATERIAL = False
    OUTSIDE = True
    SEALED = ("task",)

    task_id: str
    task: Task | None = None


class TaskCompleted(Fact, frozen=True, kw_only=True):
    MATERIAL = False
    OUTSIDE = True

    task_id: str


class UpdatePosted(Fact, frozen=True, kw_only=True):
    MATERIAL = False
    SEALED = ("text",)

    audience: str
    text: str = ""


class BusyDeclared(Fact, frozen=True, kw_only=True):
    MATERIAL = False

    until: int


class GlassBroken(Fact, frozen=True, kw_only=True):
    """Break-glass: at S0 it opens at once (`until` set); otherwise a lead has to grant it."""

    MATERIAL = False
    SEALED = ("reason",)

    reason: str = ""
    grant: Grant | None = None


class AccessGranted(Fact, frozen=True, kw_only=True):
    MATERIAL = False

    grant: Grant


class HandoverOffered(Fact, frozen=True, kw_only=True):
    to: str


class HandoverAccepted(Fact, frozen=True, kw_only=True):
    pass


class Undone(Fact, frozen=True, kw_only=True):
    """The command at `seq_undone` was taken back; ``result`` restores what it had replaced."""

    seq_undone: int
    kind: str
    note_seq: int | None = None
    step: str | None = None
    factor_names: tuple[str, ...] = ()


class RefusalRecorded(Fact, frozen=True, kw_only=True):
    """On the case ``_audit``: something was refused. No case text."""

    MATERIAL = False

    principal: str
    what: str
    case_id: str | None = None
    sentence: str = ""


class CaseStub(Fact, frozen=True, kw_only=True):
    """On the wire only, never in the log: what a person without the clearance sees in place of an event."""

    MATERIAL = False

    stub: Stub


class UnknownFact(Fact, frozen=True, kw_only=True):
    """A fact of an event type that this version does not know; its data is kept as it came."""

    raw: dict[str, Any] = {}


def _walk(base: type[Fact]) -> dict[str, type[Fact]]:
    found: dict[str, type[Fact]] = {}
    for kind in base.__subclasses__():
        if kind not in (actionfacts.ActionMoved, UnknownFact):
            found[kind.__name__] = kind
        found.update(_walk(kind))
    return found


FACTS: Final[dict[str, type[Fact]]] = dict(sorted(_walk(Fact).items()))
"""Every event type by its name on the wire."""
