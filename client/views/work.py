"""What was begun on a case and by whom it is to be ended: actions with their states, tasks with owner and due time."""

from __future__ import annotations

from casework.model import Action, Case, Task
from casework.untrusted import Untrusted
from client.views.bits import DOT, Bit, Line
from client.views.blocks import Block, Hanging
from client.views.progressing import IN_FLIGHT, progress_of
from client.views.times import countdown


def work(case: Case, now: int) -> list[Block]:
    """Actions, the newest first, then tasks: open ones by their due time, then those that are done."""
    tasks = sorted(case.tasks, key=lambda task: (task.done_at is not None, task.due_at or 0))
    return [*(_action(action, now) for action in reversed(case.actions)), *(_task(task, now) for task in tasks)]


def open_work(case: Case) -> int:
    """Tasks that are open, and actions that somebody has to decide on or that are not at their end."""
    tasks = sum(1 for task in case.tasks if task.done_at is None)
    owed = IN_FLIGHT | {"proposed"}
    return tasks + sum(1 for action in case.actions if action.state in owed or action.review_until is not None)


def _action(action: Action, now: int) -> Hanging:
    name: Line = (
        (Untrusted(action.action_id), "quiet"),
        (" ", "text"),
        (Untrusted(action.action.replace("_", " ")), "text"),
        ("  ", "text"),
    )
    return Hanging(name, (*progress_of(action, now), *_why(action)))


def _why(action: Action) -> Line:
    """On what, under which clause, why, and who looked at it afterward."""
    parts: list[Line] = []
    if action.target.kind != "case":
        parts.append((("on ", "quiet"), (Untrusted(f"{action.target.kind} {action.target.id}"), "quoted")))
    if action.policy:
        parts.append(((Untrusted(action.policy), "quiet"),))
    if action.reason:
        parts.append(((Untrusted(action.reason), "quoted"),))
    if action.reviewed_by is not None:
        parts.append((("looked at by ", "quiet"), (Untrusted(action.reviewed_by), "text")))
    return tuple(bit for part in parts for bit in (DOT, *part))


def _task(task: Task, now: int) -> Hanging:
    done = task.done_at is not None
    mark: Bit = ("\u2713 ", "mine") if done else ("\u25cb ", "text")
    lead: Line = (mark, (Untrusted(task.task_id), "quiet"), (" ", "text"), (Untrusted(task.owner), "text"))
    if not done and task.due_at is not None:
        left = task.due_at - now
        late = left < 0
        said = f" late {countdown(left).removeprefix('-')}" if late else f" due {countdown(left)}"
        lead = (*lead, (said, "late" if late else "quiet"))
    return Hanging((), (*lead, ("  ", "text"), (Untrusted(task.text), "quiet" if done else "quoted")))
