"""The one place where a case changes: `evolve(state, event)`.

Pure in (state, event). Whatever a rule computed stands in the event's result; what is done here is bookkeeping that no
policy can change: appending to lists, remembering what a later command is measured against and what an undo restores.
"""

from __future__ import annotations

from typing import Any, Final

from msgspec import UNSET
from msgspec.structs import replace

from casework import facts
from casework.actionfacts import ActionMoved, ActionProposed
from casework.actionfold import moved, proposed
from casework.events import Event
from casework.facts import Fact
from casework.folding import shared_at_opening, shared_changes
from casework.model import (
    Case,
    Clock,
    Contact,
    FactorNote,
    Grant,
    Note,
    NotReportable,
    Pending,
    Recent,
    Related,
    Result,
    Task,
    Tick,
    Touch,
)
from casework.tokens import ENDED_STATES

#: How long a command can be taken back, ms of feed time, and how many are remembered (contract, "Verbs").
UNDO_MS: Final = 10_000
UNDO_KEPT: Final = 16

#: Facts with which an undoable command begins, by the verb's kind.
UNDOABLE: Final[frozenset[type[Fact]]] = frozenset(
    (
        facts.CaseClaimed,
        facts.ClaimReleased,
        facts.CaseAssigned,
        facts.CaseSnoozed,
        facts.StepTicked,
        facts.FactorsSet,
        facts.SeverityRaised,
        facts.NoteAdded,
    )
)
#: Facts whose result says all that they change.
_PLAIN: Final[frozenset[type[Fact]]] = frozenset(
    (
        facts.MilestoneBreached,
        facts.MilestoneMet,
        facts.MilestoneWaived,
        facts.CaseClaimed,
        facts.ClaimReleased,
        facts.ClaimLapsed,
        facts.CaseAssigned,
        facts.ReachUpdated,
        facts.SeverityRaised,
        facts.SeverityLowered,
        facts.CaseContained,
        facts.InvestigationStarted,
    )
)
_NOTHING: Final = Result()
_PATCHED: Final[tuple[str, ...]] = tuple(name for name in Result.__struct_fields__ if name not in ("clocks", "dropped"))


def evolve(state: Case | None, event: Event) -> Case:
    """`state` after `event`. The first event of a case is its CaseOpened.

    Raises `ValueError` if there is no state and the event does not make one.
    """
    fact = event.fact
    if isinstance(fact, facts.CaseOpened):
        state = _opened(event, fact)
    if state is None:
        raise ValueError(f"seq {event.seq}: {event.type} on {event.case_id}, which was not opened")
    changes = shared_changes(state, event)
    changes["at"] = max(state.at, event.at)
    if fact.result.pending is not UNSET:
        changes["pending"] = tuple(_placed_pending(item, event) for item in fact.result.pending)
    if fact.result.triage_due_at is not UNSET:
        changes["triage_due_at"] = fact.result.triage_due_at
    if fact.result.state is not UNSET:
        if fact.result.state not in ENDED_STATES:
            changes["ended_from"] = None
        elif state.state not in ENDED_STATES:
            changes["ended_from"] = state.state
    if fact.result.owner is not UNSET:
        changes["busy_until"] = None
        changes["offered_to"] = None
    if type(fact) not in _PLAIN:
        _apply(state, event, changes)
    if material(fact):
        changes["material"] = _touch(event)
    elif fact.OUTSIDE:
        changes["outside"] = _touch(event)
    changes["recent"] = _recent_after(state, event)
    return replace(state, **changes)


def material(fact: Fact) -> bool:
    """Whether `fact` makes an older command stale (contract, "Versions")."""
    if isinstance(fact, facts.Undone):
        return fact.kind not in ("NoteAdded", "StepTicked")
    if isinstance(fact, facts.SnoozeEnded):
        return fact.why == "asked"
    return fact.MATERIAL


def _opened(event: Event, fact: facts.CaseOpened) -> Case:
    related: tuple[Related, ...] = ()
    if fact.continues is not None:
        related = (Related(case_id=fact.continues, relation="follow_up", at=event.at, by=event.actor),)
    return Case(
        **shared_at_opening(event, fact),
        narrative=fact.narrative,
        policy_version=fact.policy_version,
        defaults_digest=fact.defaults_digest,
        related=related,
    )


def _touch(event: Event) -> Touch:
    return Touch(version=event.version, seq=event.seq, type=event.type, by=event.actor, at=event.at)


def _placed_pending(item: Pending, event: Event) -> Pending:
    return item if item.seq else replace(item, seq=event.seq, version=event.version)


def _apply(state: Case, event: Event, changes: dict[str, Any]) -> None:
    """Put into `changes` what `event` does to the fields that only the whole case has."""
    fact = event.fact
    match fact:
        case facts.EscalationUpdated():
            if fact.narrative is not None:
                changes["narrative"] = fact.narrative
        case facts.CaseTriaged():
            changes["triage_noted"] = True
            note = FactorNote(by=event.actor, at=event.at, evidence=fact.evidence)
            changes["factor_notes"] = {**state.factor_notes, "imminence": note}
        case facts.FactorsSet():
            blank = FactorNote(by=event.actor, at=event.at)
            named = {name: fact.notes.get(name, blank) for name in fact.names}
            changes["factor_notes"] = {**state.factor_notes, **named}
        case facts.CaseLinked():
            changes["related"] = (*state.related, fact.related)
        case facts.CaseAbsorbed():
            changes["absorbed"] = (*state.absorbed, fact.absorbed)
        case facts.CaseSeparated():
            changes["absorbed"] = tuple(case_id for case_id in state.absorbed if case_id != fact.separated)
        case ActionProposed():
            changes["actions"] = proposed(state.actions, event, fact)
        case ActionMoved() | facts.NoActionReverted():
            changes["actions"] = moved(state.actions, event, fact)
        case facts.ContactLogged():
            contact = fact.contact or _unreadable_contact(event, fact)
            changes["contacts"] = (*state.contacts, replace(contact, seq=event.seq))
        case facts.CaseResolved() | facts.CaseDiscarded():
            changes["outcome"] = fact.outcome
        case facts.CaseReopened():
            changes["outcome"] = None
            changes["not_reportable"] = None  # it was said of what was known then
        case facts.DiscardReverted():
            changes["outcome"] = None
        case facts.CaseRetired():
            changes["retired_at"] = event.at
        case facts.NotReportableStated():
            changes["not_reportable"] = NotReportable(
                seq=event.seq, by=event.actor, at=event.at, reason=fact.reason, resolving=fact.resolving
            )
        case facts.NotReportableReverted():
            changes["not_reportable"] = None
        case facts.ActConfirmed(kind="not_reportable") if state.not_reportable is not None:
            changes["not_reportable"] = replace(state.not_reportable, confirmed_by=event.actor)
        case facts.NoteAdded():
            changes["notes"] = (*state.notes, Note(seq=event.seq, by=event.actor, at=event.at, text=fact.text))
        case facts.StepTicked():
            changes["runbook"] = (*state.runbook, Tick(step=fact.step, by=event.actor, at=event.at))
        case facts.TaskAdded():
            changes["tasks"] = (*state.tasks, fact.task or _unreadable_task(event, fact))
        case facts.TaskCompleted():
            done = {"done_by": event.actor, "done_at": event.at}
            changes["tasks"] = tuple(
                replace(task, **done) if task.task_id == fact.task_id else task for task in state.tasks
            )
        case facts.BusyDeclared():
            changes["busy_until"] = fact.until
        case facts.GlassBroken() | facts.AccessGranted():
            if fact.grant is not None:
                changes["grants"] = (*(_live(state.grants, event.at)), fact.grant)
        case facts.HandoverOffered():
            changes["offered_to"] = fact.to
        case facts.HandoverAccepted():
            changes["offered_to"] = None
        case facts.Undone():
            _apply_undone(state, fact, changes)
        case _:
            pass


def _apply_undone(state: Case, fact: facts.Undone, changes: dict[str, Any]) -> None:
    if fact.note_seq is not None:
        changes["notes"] = tuple(
            replace(note, struck=True) if note.seq == fact.note_seq else note for note in state.notes
        )
    if fact.step is not None:
        changes["runbook"] = tuple(tick for tick in state.runbook if tick.step != fact.step)
    if fact.factor_names:
        kept = {name: note for name, note in state.factor_notes.items() if name not in fact.factor_names}
        for command in state.recent:
            if command.seq == fact.seq_undone:
                kept |= {name: note for name, note in command.notes.items() if note is not None}
        changes["factor_notes"] = kept


def _live(grants: tuple[Grant, ...], at: int) -> tuple[Grant, ...]:
    return tuple(grant for grant in grants if grant.until > at)


def _recent_after(state: Case, event: Event) -> tuple[Recent, ...]:
    """The commands that can still be undone after `event`, oldest first."""
    fact = event.fact
    kept = state.recent
    if kept and event.at - kept[0].at > UNDO_MS:
        kept = tuple(command for command in kept if event.at - command.at <= UNDO_MS)
    if isinstance(fact, facts.Undone):
        return tuple(command for command in kept if command.seq != fact.seq_undone)
    if isinstance(fact, facts.MilestoneBreached):
        return kept  # time made it, not the command beside which it was written
    if event.part and kept and kept[-1].last_seq == event.seq - 1 and kept[-1].by == event.actor:
        longer = replace(
            kept[-1], last_seq=event.seq, version=event.version, inverse=_inverse(state, event, kept[-1].inverse)
        )
        return (*kept[:-1], longer)
    if type(fact) in UNDOABLE or (isinstance(fact, facts.SnoozeEnded) and fact.why == "asked"):
        notes: dict[str, FactorNote | None] = {}
        if isinstance(fact, facts.FactorsSet):
            notes = {name: state.factor_notes.get(name) for name in fact.names}
        command = Recent(
            seq=event.seq,
            last_seq=event.seq,
            version=event.version,
            type=event.type,
            by=event.actor,
            at=event.at,
            inverse=_inverse(state, event, Result()),
            notes=notes,
            step=fact.step if isinstance(fact, facts.StepTicked) else None,
        )
        return (*kept, command)[-UNDO_KEPT:]
    return kept


def _before(state: Case, name: str) -> Any:
    """The value that a result's field `name` has in `state`."""
    if name in ("snoozed_until", "rca_due"):
        return getattr(state.flags, name)
    if name == "credibility":
        return state.source.credibility if state.source is not None else None
    return getattr(state, name)


def _inverse(state: Case, event: Event, so_far: Result) -> Result:
    """The result that takes back `so_far`'s command including `event`, which `state` has not seen yet."""
    result = event.fact.result
    if result == _NOTHING:
        return so_far
    changes: dict[str, Any] = {
        name: _before(state, name)
        for name in _PATCHED
        if getattr(result, name) is not UNSET and getattr(so_far, name) is UNSET
    }
    stood = {clock.name: clock for clock in state.clocks}
    known = {clock.name for clock in so_far.clocks} | set(so_far.dropped)
    old: list[Clock] = []
    started = []
    for clock in result.clocks:
        if clock.name not in known:
            if clock.name in stood:
                old.append(stood[clock.name])
            else:
                started.append(clock.name)
    changes["clocks"] = (*so_far.clocks, *old)
    changes["dropped"] = (*so_far.dropped, *started)
    return replace(so_far, **changes)


def _unreadable_contact(event: Event, fact: facts.ContactLogged) -> Contact:
    return Contact(
        seq=event.seq,
        by=event.actor,
        party=fact.party,
        channel="",
        number_source="",
        person="",
        reference="",
        at=event.at,
        outcome="",
    )


def _unreadable_task(event: Event, fact: facts.TaskAdded) -> Task:
    return Task(task_id=fact.task_id, text="", owner="", due_at=None, by=event.actor, at=event.at)
