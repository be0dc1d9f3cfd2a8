"""A whole case as blocks to read from the top: clocks, facts, what was said, content, tasks, actions, notes, timeline.

Of a row (a case that is not open) only what the row knows; a heading without anything below it is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

from casework.caseid import shown as shown_id
from casework.model import Action, Case, Clock, Common, Content, Task
from casework.order import next_clock
from casework.tokens import MILESTONES
from casework.untrusted import Untrusted
from client.views.bits import Bit, Line, Tone, dotted, text
from client.views.facts import Looking, clock_name, facts
from client.views.row import clock_tone
from client.views.timeline import timeline
from client.views.times import ago, countdown, of_allowance, utc_minute

BAR: Final = 10
"""Cells of a clock's bar."""


@dataclass(frozen=True, slots=True)
class Head:
    """The title of a section."""

    title: str


@dataclass(frozen=True, slots=True)
class Prose:
    """Text of several lines, to be wrapped; `quoted` text came from outside and is marked as such at its left edge."""

    body: Untrusted
    quoted: bool = True
    lead: Line = ()
    """A line before it: who and when."""


Block: TypeAlias = Head | Line | Prose


def whole(case: Common, now: int, *, looking: Looking = ()) -> tuple[Block, ...]:
    """The blocks of a case at `now` (ms UTC)."""
    blocks: list[Block] = [*_clocks(case, now)]
    blocks.append(())
    blocks += [(_label(fact.label), *fact.line) for fact in facts(case, now, looking=looking) if fact.label != "Clocks"]
    if isinstance(case, Case):
        for title, section in (
            ("Said", _said(case)),
            ("Content", _content(case, now)),
            ("Actions", _actions(case)),
            ("Tasks", _tasks(case, now)),
            ("Runbook", _runbook(case)),
            ("Told", _contacts(case)),
            ("Related", _related(case)),
            ("Notes", _notes(case)),
            ("Timeline", timeline(case)),
        ):
            if section:
                blocks += [(), Head(title), *section]
    elif not case.stub:
        blocks += [(), *_counts(case)]
    return tuple(blocks)


def only_timeline(case: Common) -> tuple[Block, ...]:
    """The timeline alone, newest first."""
    if not isinstance(case, Case):
        return (text("The timeline comes with the whole case: it is being fetched.", "quiet"),)
    return tuple(timeline(case))


def _label(label: str) -> Bit:
    return (label.ljust(9), "quiet")


def _clocks(case: Common, now: int) -> list[Block]:
    first = next_clock(case.clocks)
    ordered = sorted(case.clocks, key=_reading_order)
    return [_bar(clock, now, first=clock is first) for clock in ordered]


def _reading_order(clock: Clock) -> tuple[bool, int, int]:
    """Running clocks first, by their deadline."""
    return (not clock.running, clock.due_at, MILESTONES.index(clock.milestone))


def _bar(clock: Clock, now: int, *, first: bool) -> Line:
    name: Bit = (clock_name(clock).ljust(16), "strong" if first else "text")
    if clock.met_at is not None:
        late = clock.met_at > clock.due_at
        said = f"met in {of_allowance(max(0, clock.met_at - clock.started_at))}" + (", late" if late else "")
        return ((clock_name(clock).ljust(16), "quiet"), (said, "soon" if late else "quiet"))
    if clock.waived is not None:
        by = Untrusted(clock.waived.by)
        return ((clock_name(clock).ljust(16), "quiet"), ("waived by ", "quiet"), (by, "quiet"))
    if clock.stopped_at is not None:
        return ((clock_name(clock).ljust(16), "quiet"), ("stopped", "quiet"))
    if clock.paused:
        return ((clock_name(clock).ljust(16), "quiet"), ("paused", "quiet"))
    tone: Tone = clock_tone(clock, now)
    left = clock.due_at - now
    spent = BAR if clock.allowance_ms <= 0 else (clock.allowance_ms - left) * BAR // clock.allowance_ms
    used = max(0, min(BAR, spent))
    return (
        name,
        ("\u2588" * used, tone if tone != "text" else "quiet"),
        ("\u2591" * (BAR - used), "rule"),
        (countdown(left).rjust(8), "strong" if first and tone == "text" else tone),
        (f" of {of_allowance(clock.allowance_ms)}", "quiet"),
    )


def _said(case: Case) -> list[Block]:
    blocks: list[Block] = []
    if case.unreadable:
        return [text("The text was destroyed with its key.", "quiet")]
    blocks.append(Prose(Untrusted(case.summary)))
    if case.narrative:
        blocks.append(Prose(Untrusted(case.narrative)))
    if case.translation is not None:
        lead: Line = (("translated by ", "quiet"), (Untrusted(case.translation.by), "quiet"))
        blocks.append(Prose(Untrusted(case.translation.text), lead=lead))
    return blocks


def _content(case: Case, now: int) -> list[Block]:
    blocks: list[Block] = []
    for item in case.content:
        blocks.append(dotted(*_item(item, now)))
        if item.caption:
            if (case.graphic_level or 0) >= 3:
                blocks.append(text("  caption folded: graphic", "quiet"))
            else:
                blocks.append(Prose(Untrusted(item.caption)))
    return blocks


def _item(item: Content, now: int) -> list[Line]:
    parts: list[Line] = [((Untrusted(item.kind), "quoted"), (" ", "text"), (Untrusted(item.id), "quoted"))]
    if item.live:
        parts.append(text("LIVE", "late"))
    if item.up is not None:
        checked = "" if item.checked_at is None else f", {ago(max(0, now - item.checked_at))} ago"
        parts.append(text(("up" if item.up else "gone") + checked))
    if item.sha256 is not None:
        parts.append(text(f"sha256 {item.sha256[:12]}\u2026", "quiet"))
    return parts


_ACTION_TONE: Final[dict[str, Tone]] = {"verified": "mine", "failed": "late", "unknown": "late", "proposed": "soon"}


def _actions(case: Case) -> list[Block]:
    return [_action(action) for action in reversed(case.actions)]


def _action(action: Action) -> Line:
    who: Line = ((" by ", "quiet"), (Untrusted(action.proposed_by), "text"))
    if action.approved_by is not None:
        who = (*who, (", approved by ", "quiet"), (Untrusted(action.approved_by), "text"))
    # Nothing is shown as done before the effect was seen: only `verified` is green.
    return (
        (action.action.replace("_", " ").ljust(14), "text"),
        (action.state, _ACTION_TONE.get(action.state, "text")),
        *((("  1p", "soon"),) if action.one_person else ()),
        *who,
    )


def _tasks(case: Case, now: int) -> list[Block]:
    done = sorted(case.tasks, key=lambda task: (task.done_at is not None, task.due_at or 0))
    return [_task(task, now) for task in done]


def _task(task: Task, now: int) -> Line:
    mark: Bit = ("\u2713 ", "mine") if task.done_at is not None else ("\u25cb ", "text")
    late = task.done_at is None and task.due_at is not None and task.due_at < now
    when: Line = ()
    if task.done_at is None and task.due_at is not None:
        when = ((" ", "text"), (countdown(task.due_at - now), "late" if late else "quiet"))
    body: Bit = (Untrusted(task.text), "quiet" if task.done_at is not None else "quoted")
    return (mark, (Untrusted(task.owner), "text"), *when, ("  ", "text"), body)


def _runbook(case: Case) -> list[Block]:
    return [
        (("\u2713 ", "mine"), (Untrusted(tick.step), "text"), ("  ", "text"), (Untrusted(tick.by), "quiet"))
        for tick in case.runbook
    ]


def _contacts(case: Case) -> list[Block]:
    blocks: list[Block] = []
    for contact in reversed(case.contacts):
        line = dotted(
            ((f"{utc_minute(contact.at)} {contact.party}", "text"),),
            text(Untrusted(contact.person), "quoted"),
            text(Untrusted(contact.channel), "quoted"),
            ((("number from ", "quiet"), (Untrusted(contact.number_source), "quoted"))),
            text(Untrusted(contact.reference), "quoted") if contact.reference else (),
        )
        blocks += [line, Prose(Untrusted(contact.outcome))]
    return blocks


def _related(case: Case) -> list[Block]:
    return [
        ((shown_id(each.case_id), "text"), (f"  {each.relation.replace('_', ' ')}", "quiet")) for each in case.related
    ]


def _notes(case: Case) -> list[Block]:
    blocks: list[Block] = []
    for note in reversed(case.notes):
        lead: Line = (
            (f"{utc_minute(note.at)} ", "quiet"),
            (Untrusted(note.by), "text"),
            *(((" \u00b7 taken back", "quiet"),) if note.struck else ()),
        )
        blocks.append(Prose(Untrusted(note.text), lead=lead))
    return blocks


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
