"""A whole case as sections: the case itself, its runbook, what is to be done, who was told, what happened.

Of a row (a case that is not open) only what the row knows; a section without anything in it is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from casework.model import Case, Common, Row
from casework.runbook import Progress
from casework.untrusted import Untrusted
from client.views.bits import Bit, Line, dotted, text
from client.views.blocks import Block, Choice, Hanging, Prose, Section
from client.views.checklist import checklist
from client.views.clocks import bars
from client.views.facts import Looking, facts
from client.views.material import material
from client.views.related import Find, related
from client.views.timeline import kept
from client.views.times import utc_minute
from client.views.work import open_work, work

LABEL: Final = 9


class Beside(Struct, frozen=True):
    """What is known of a case beside the case itself."""

    looking: Looking = ()
    progress: Progress | None = None
    catalogued: bool = False
    """The feed said which runbooks are in force."""
    happened: tuple[Block, ...] | None = None
    """Its timeline, laid out; None until its events are here."""
    same: Sequence[Row] | None = ()
    """Cases of the same subject; None while they are asked for."""
    find: Find = lambda case_id: None
    unfolded: int = 0
    fold_key: str = "+"
    beside_runbook: bool = False
    """The runbook stands beside the case: its next step need not be said twice."""


def sections(case: Common, now: int, beside: Beside) -> tuple[Section, ...]:
    """The sections of a case at `now` (ms UTC), in the order of the tabs."""
    found = [Section("case", "Case", _case(case, now, beside))]
    if case.stub:
        return tuple(found)
    ticks = case.runbook if isinstance(case, Case) else ()
    found.append(checklist(beside.progress, of=case.case_type, known=beside.catalogued, ticks=ticks))
    if isinstance(case, Case):
        others = related(case, now, same=beside.same, find=beside.find)
        owed = open_work(case)
        found += [
            Section("work", "Work", tuple(work(case, now)), str(owed) if owed else ""),
            Section("told", "Told", _contacts(case), _count(case.contacts)),
            Section("notes", "Notes", _notes(case), _count(case.notes)),
            Section("related", "Related", tuple(others), _count([each for each in others if isinstance(each, Choice)])),
            Section("timeline", "Timeline", kept(case) if beside.happened is None else beside.happened),
        ]
    return tuple(section for section in found if section.blocks)


def _count(items: Sequence[object]) -> str:
    return str(len(items)) if items else ""


def _case(case: Common, now: int, beside: Beside) -> tuple[Block, ...]:
    """Clocks, facts, what was said, and what it is about, folded."""
    blocks: list[Block] = [*bars(case, now), ()]
    folded = {"Clocks", *(("Content", "Said") if isinstance(case, Case) else ())}
    folded |= {"Next"} if beside.beside_runbook else set()
    blocks += [
        Hanging(((fact.label.ljust(LABEL), "quiet"),), fact.line)
        for fact in facts(case, now, looking=beside.looking, progress=beside.progress)
        if fact.label not in folded
    ]
    if isinstance(case, Case):
        blocks += _said(case)
        blocks += material(case, now, level=beside.unfolded, key=beside.fold_key)
        blocks += _sealed(case)
    elif not case.stub:
        blocks += _counts(case)
    return tuple(blocks)


def _said(case: Case) -> list[Block]:
    if case.unreadable:
        return [text("The text was destroyed with its key.", "quiet")]
    blocks: list[Block] = [Prose(Untrusted(case.summary), label="Said")]
    if case.narrative:
        blocks.append(Prose(Untrusted(case.narrative), label=""))
    if case.translation is not None:
        lead: Line = (("translated by ", "quiet"), (Untrusted(case.translation.by), "quiet"))
        blocks.append(Prose(Untrusted(case.translation.text), lead=lead, label=""))
    return blocks


def _sealed(case: Case) -> list[Block]:
    """Sensitive fields as their masks; the values are not on this console."""
    if not case.sensitive:
        return []
    parts: list[Line] = [
        ((Untrusted(name.replace("_", " ")), "quiet"), (" ", "text"), (Untrusted(value.masked), "quoted"))
        for name, value in sorted(case.sensitive.items())
    ]
    return [Hanging((("Sealed".ljust(LABEL), "quiet"),), dotted(*parts))]


def _contacts(case: Case) -> tuple[Block, ...]:
    blocks: list[Block] = []
    for contact in reversed(case.contacts):
        line = dotted(
            ((contact.party, "text"),),
            text(Untrusted(contact.person), "quoted"),
            text(Untrusted(contact.channel), "quoted"),
            ((("number from ", "quiet"), (Untrusted(contact.number_source), "quoted"))),
            text(Untrusted(contact.reference), "quoted") if contact.reference else (),
            ((("by ", "quiet"), (Untrusted(contact.by), "text"))),
        )
        blocks += [Hanging(((f"{utc_minute(contact.at)} ", "quiet"),), line), Prose(Untrusted(contact.outcome))]
    return tuple(blocks)


def _notes(case: Case) -> tuple[Block, ...]:
    blocks: list[Block] = []
    for note in reversed(case.notes):
        back: tuple[Bit, ...] = ((" \u00b7 taken back", "soon"),) if note.struck else ()
        lead: Line = ((f"{utc_minute(note.at)} ", "quiet"), (Untrusted(note.by), "text"), *back)
        blocks.append(Prose(Untrusted(note.text), lead=lead))
    return tuple(blocks)


def _counts(case: Common) -> list[Block]:
    counts = getattr(case, "counts", None)
    if counts is None:
        return []
    named = [
        (counts.notes, "note", "notes"),
        (counts.actions, "action", "actions"),
        (counts.tasks, "task", "tasks"),
        (counts.contacts, "contact", "contacts"),
    ]
    said = ", ".join(f"{count} {one if count == 1 else many}" for count, one, many in named if count)
    return [((f"{said}; " if said else "", "text"), ("Enter", "key"), (" opens the whole case", "quiet"))]
