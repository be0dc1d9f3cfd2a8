"""What was begun on a case and by whom it is to be ended: actions with their states, tasks with owner and due time."""

from __future__ import annotations

from typing import Final

from casework.model import Action, Case, Task
from casework.untrusted import Untrusted
from client.views.bits import DOT, Bit, Line, Tone
from client.views.blocks import Block, Hanging
from client.views.times import countdown

STEPS: Final = ("proposed", "approved", "sent", "acked", "verified")
"""The life of an action, as far as it goes well."""
_TONES: Final[dict[str, Tone]] = {"verified": "mine", "failed": "late", "unknown": "late", "proposed": "soon"}


def work(case: Case, now: int) -> list[Block]:
    """Actions, the newest first, then tasks: open ones by their due time, then those that are done."""
    tasks = sorted(case.tasks, key=lambda task: (task.done_at is not None, task.due_at or 0))
    return [*(_action(action) for action in reversed(case.actions)), *(_task(task, now) for task in tasks)]


def open_work(case: Case) -> int:
    """Tasks that are open and actions that nobody has decided yet."""
    tasks = sum(1 for task in case.tasks if task.done_at is None)
    return tasks + sum(1 for action in case.actions if action.state == "proposed")


def _action(action: Action) -> Hanging:
    name: Line = (
        (Untrusted(action.action_id), "quiet"),
        (" ", "text"),
        (Untrusted(action.action.replace("_", " ")), "text"),
        ("  ", "text"),
    )
    return Hanging(name, (*_states(action), *((("  1p", "soon"),) if action.one_person else ()), *_why(action)))


def _states(action: Action) -> Line:
    """`proposed by ana \u2192 approved by bo \u2192 verified`. Only `verified` is green: nothing else was seen."""
    by: Line = (("proposed by ", "quiet"), (Untrusted(action.proposed_by), "text"))
    if action.state == "proposed":
        return (("proposed", "soon"), (" by ", "quiet"), (Untrusted(action.proposed_by), "text"))
    arrow: Bit = (" \u2192 ", "quiet")
    line: Line = by
    if action.approved_by is not None:
        line = (*line, arrow, ("approved by ", "quiet"), (Untrusted(action.approved_by), "text"))
    if action.state != "approved":
        line = (*line, arrow, (action.state, _TONES.get(action.state, "text")))
    return line


def _why(action: Action) -> Line:
    """On what, why, what went wrong, and who looked at it afterward."""
    parts: list[Line] = []
    if action.target.kind != "case":
        parts.append((("on ", "quiet"), (Untrusted(f"{action.target.kind} {action.target.id}"), "quoted")))
    if action.why:
        parts.append(((Untrusted(action.why), "late"),))
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
