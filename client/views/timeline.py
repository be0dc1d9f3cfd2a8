"""What happened on a case, newest first: time, who, what. From its events; until they are here, from what it keeps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from casework import facts
from casework.events import Event
from casework.model import Case
from casework.untrusted import Untrusted
from client.views.bits import DOT, Bit, Line
from client.views.blocks import Block, Hanging
from client.views.deeds import deed
from client.views.times import utc, utc_date
from client.views.wording import spoken

SHOWN: Final = 300
"""Moments that are laid out; older ones are counted."""


@dataclass(slots=True)
class _Moment:
    """Lines that belong together: what one command did."""

    event: Event
    what: list[Line]
    count: int = 1
    seqs: set[int] = field(default_factory=set)


def timeline(events: Sequence[Event], *, dropped: int = 0) -> tuple[Block, ...]:
    """The events as lines, newest first, a line for each day; acts that were taken back say so."""
    undone = {event.fact.seq_undone: event for event in events if isinstance(event.fact, facts.Undone)}
    moments = _moments(events)
    shown = moments[-SHOWN:]
    blocks: list[Block] = []
    day = ""
    for moment in reversed(shown):
        today = utc_date(moment.event.at)
        if today != day and day:
            blocks.append(((today, "quiet"),))
        day = today
        blocks.append(_line(moment, undone))
    older = dropped + sum(moment.count for moment in moments[: -len(shown)]) if shown else dropped
    if older:
        blocks.append(((f"{older} older events are in the log", "quiet"),))
    return tuple(blocks)


def _moments(events: Sequence[Event]) -> list[_Moment]:
    moments: list[_Moment] = []
    for event in events:
        last = moments[-1] if moments else None
        if last is not None and _same_command(event, last.event):
            if not _beside_the_point(event):
                last.what.append(deed(event.fact, event.type))
            last.seqs.add(event.seq)
        elif last is not None and _both_reach(event, last.event):
            last.count += 1
            last.event = event
        else:
            moments.append(_Moment(event, [deed(event.fact, event.type)], seqs={event.seq}))
    return moments


def _same_command(event: Event, before: Event) -> bool:
    """Whether it is a further event of the same intent."""
    late = isinstance(before.fact, facts.MilestoneBreached) or isinstance(event.fact, facts.MilestoneBreached)
    return event.part > 0 and event.actor == before.actor and event.at == before.at and not late


def _beside_the_point(event: Event) -> bool:
    return isinstance(event.fact, facts.CaseStub)


def _both_reach(event: Event, before: Event) -> bool:
    return isinstance(event.fact, facts.ReachUpdated) and isinstance(before.fact, facts.ReachUpdated)


def _line(moment: _Moment, undone: dict[int, Event]) -> Hanging:
    event = moment.event
    what: list[Bit] = []
    for line in moment.what:
        what += [*([DOT] if what else []), *line]
    if moment.count > 1:
        what.append((f", {moment.count} times", "quiet"))
    back = next((undone[seq] for seq in moment.seqs if seq in undone), None)
    if back is not None:
        # Struck through in words: a line through it would be lost on half of the terminals.
        what = [("taken back ", "soon"), (utc(back.at), "quiet"), DOT, *((text, "quiet") for text, _ in what)]
    return Hanging(((f"{utc(event.at)} ", "quiet"),), (*_who(event.actor), *what))


def _who(actor: str) -> Line:
    # The keeper of the clocks and the intake are the feed: what they did happened by itself.
    return () if not actor or actor.startswith("_") else ((Untrusted(actor), "text"), (" ", "text"))


def kept(case: Case) -> tuple[Block, ...]:
    """What the whole case itself tells of its past, until its events are here."""
    moments: list[tuple[int, int, Line]] = []

    def add(at: int, who: str, *what: Bit) -> None:
        name = Untrusted(who) if who else ""
        line: Line = ((f"{utc(at)} ", "quiet"), (name, "text"), (" " if who else "", "text"), *what)
        moments.append((at, len(moments), line))

    add(case.opened_at, "", ("opened as ", "text"), (f"{case.case_type} {case.severity}", "strong"))
    for clock in case.clocks:
        name = clock.milestone if not clock.round else f"{clock.milestone} {clock.round + 1}"
        if clock.breached_at is not None:
            add(clock.breached_at, "", (f"{name} late", "late"))
        if clock.met_at is not None:
            add(clock.met_at, "", (f"{name} met", "text"))
        if clock.waived is not None:
            add(clock.waived.at, clock.waived.by, (f"waived {name}", "text"))
    for note in case.notes:
        add(note.at, note.by, ("took a note back" if note.struck else "noted", "text"))
    for contact in case.contacts:
        add(contact.at, contact.by, (f"told {contact.party}", "text"))
    for action in case.actions:
        add(action.proposed_at, action.proposed_by, ("proposed ", "text"), (spoken(action.action), "text"))
    for task in case.tasks:
        add(task.at, task.by, ("gave a task to ", "text"), (Untrusted(task.owner), "text"))
        if task.done_at is not None:
            add(task.done_at, task.done_by or "", ("finished a task", "text"))
    for tick in case.runbook:
        add(tick.at, tick.by, ("ticked step ", "text"), (Untrusted(tick.step), "text"))
    for related in case.related:
        add(related.at, related.by, ("linked ", "text"), (spoken(str(related.relation)), "text"))
    if case.owner_since is not None and case.owner is not None:
        add(case.owner_since, case.owner, ("has it", "mine"))
    if case.contained_at is not None:
        add(case.contained_at, "", ("contained", "text"))
    if case.secured_at is not None:
        add(case.secured_at, "", ("secured", "text"))
    if case.ended_at is not None:
        add(case.ended_at, "", (case.state.lower(), "strong"))
    return tuple(line for _, _, line in sorted(moments, key=lambda moment: moment[:2], reverse=True))
