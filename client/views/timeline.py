"""What happened on a case, newest first, from what the whole case keeps: time, who, what."""

from __future__ import annotations

from casework.model import Case
from casework.untrusted import Untrusted
from client.views.bits import Bit, Line
from client.views.times import utc


def timeline(case: Case) -> list[Line]:
    """One line for each thing that happened. Notes and contacts are said in full elsewhere."""
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
        add(action.proposed_at, action.proposed_by, (f"proposed {action.action.replace('_', ' ')}", "text"))
    for task in case.tasks:
        add(task.at, task.by, ("gave a task to ", "text"), (Untrusted(task.owner), "text"))
        if task.done_at is not None:
            add(task.done_at, task.done_by or "", ("finished a task", "text"))
    for tick in case.runbook:
        add(tick.at, tick.by, ("ticked ", "text"), (Untrusted(tick.step), "text"))
    for related in case.related:
        add(related.at, related.by, (f"linked {related.relation.replace('_', ' ')}", "text"))
    if case.owner_since is not None and case.owner is not None:
        add(case.owner_since, case.owner, ("has it", "mine"))
    if case.contained_at is not None:
        add(case.contained_at, "", ("contained", "text"))
    if case.secured_at is not None:
        add(case.secured_at, "", ("secured", "text"))
    if case.ended_at is not None:
        add(case.ended_at, "", (case.state.lower(), "strong"))
    return [line for _, _, line in sorted(moments, key=lambda moment: moment[:2], reverse=True)]
