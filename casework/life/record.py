"""What is written down and who is told: notes, ticks, tasks, updates, escalation, snooze."""

from __future__ import annotations

from typing import Final

from casework import clocks, facts
from casework.commands import AddNote, AddTask, CompleteTask, Escalate, PostUpdate, Snooze, TickStep, Unsnooze
from casework.life.turn import Turn
from casework.model import Task
from casework.order import next_clock

_MINUTE: Final = 60_000
#: Audiences of an update that the subject of a case may belong to.
SEEN_BY_SUBJECT: Final[frozenset[str]] = frozenset({"public", "subject", "user", "victim"})

#: Audiences that may be whoever pretends to be an agency.
REQUESTERS: Final[frozenset[str]] = frozenset({"requester", "police", "agency", "law enforcement"})


def note(turn: Turn, command: AddNote) -> None:
    turn.add(facts.NoteAdded(text=command.text))


def tick(turn: Turn, command: TickStep) -> None:
    if all(tick.step != command.step for tick in turn.state.runbook):
        turn.add(facts.StepTicked(step=command.step))


def add_task(turn: Turn, command: AddTask) -> None:
    if command.due_at <= turn.at:
        turn.bad("/due_at", "lies in the past. Give a time from now on.")
    task_id = f"t{len(turn.state.tasks) + 1}"
    task = Task(task_id=task_id, text=command.text, owner=command.owner, due_at=command.due_at, by=turn.by, at=turn.at)
    turn.add(facts.TaskAdded(task_id=task_id, task=task))


def complete_task(turn: Turn, command: CompleteTask) -> None:
    for task in turn.state.tasks:
        if task.task_id == command.task_id:
            if task.done_at is None:
                turn.add(facts.TaskCompleted(task_id=task.task_id))
            return
    turn.bad("/task_id", f"names no task of this case. It has {len(turn.state.tasks)}; they are t1, t2 and so on.")


def post_update(turn: Turn, command: PostUpdate) -> None:
    case = turn.state
    if case.flags.hold is not None and command.audience.strip().lower() in SEEN_BY_SUBJECT:
        if "lead" not in turn.actor.roles:
            turn.refuse("It is held: nothing that its subject can see happens without a lead. Ask a lead to post it.")
    if case.case_type == "EDR" and command.audience.strip().lower() in REQUESTERS:
        if any(clock.milestone == "verify" and clock.owed for clock in case.clocks):
            turn.refuse("The requester is not verified: a status update would coach a fraudster. Call back by the "
                        "agency's published number and log it first.")  # fmt: skip
    turn.add(facts.UpdatePosted(audience=command.audience, text=command.text))
    if not any(clock.milestone == "update" and clock.owed for clock in case.clocks):
        return
    turn.meet("update")
    started = clocks.next_update(
        turn.state.clocks,
        case_type=case.case_type,
        sub_type=case.sub_type,
        severity=case.severity,
        now=turn.at,
        policy=turn.policy,
    )
    turn.amend(clocks=started)


def escalate(turn: Turn, command: Escalate) -> None:
    turn.add(facts.CaseEscalated(level=command.level, reason=command.reason or ""))


def snooze(turn: Turn, command: Snooze) -> None:
    case = turn.state
    if case.severity in ("S0", "S1"):
        turn.refuse(f"An {case.severity} is never snoozed. Assign it, or hand it over.")
    until = turn.at + command.minutes * _MINUTE
    soonest = min((clock for clock in case.clocks if clock.running), key=lambda clock: clock.due_at, default=None)
    if soonest is not None and soonest.due_at < turn.at:
        late = next_clock(case.clocks) or soonest
        turn.refuse(f"It is late: {late.milestone}. Do that, or waive it with a reason; a late case does not sleep.")
    if soonest is not None and until > soonest.due_at:
        minutes = max(0, soonest.due_at - turn.at) // _MINUTE
        turn.refuse(f"{soonest.milestone} is due in {minutes} min. Snooze it for less, or do that first.")
    turn.add(facts.CaseSnoozed(until=until), snoozed_until=until)


def unsnooze(turn: Turn, command: Unsnooze) -> None:
    if turn.state.flags.snoozed_until is None:
        turn.refuse("It is not snoozed.")
    turn.wake("asked")
