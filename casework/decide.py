"""The one place where it is decided what a command makes of a case.

`decide(state, command, now)` judges version and rules on committed state and returns the events to append; nothing has
happened before they are stored. Whatever was late by `now` is written first, with its exact due, so that no command
hides a lateness and no keeper's delay counts (domain, section 3).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from casework import commands
from casework.access import Person, require
from casework.commands import Command
from casework.errors import StaleVersion
from casework.events import Draft
from casework.intake import open_case, update_case
from casework.life import judging, ownership, record, working
from casework.life.turn import Turn
from casework.model import Case
from casework.policy import Policy
from casework.tokens import OPEN_STATES

__all__ = ["decide", "open_case", "stale", "update_case"]

Handler = Callable[[Turn, Any], None]

#: What each verb does on the case alone.
HANDLERS: Final[dict[str, Handler]] = {
    "claim": ownership.claim,
    "release": ownership.release,
    "assign": ownership.assign,
    "offer_handover": ownership.offer_handover,
    "accept_handover": ownership.accept_handover,
    "busy": ownership.busy,
    "triage": judging.triage,
    "set_severity": judging.set_severity,
    "set_factors": judging.set_factors,
    "contain": working.contain,
    "investigate": working.investigate,
    "resolve": working.resolve,
    "discard": working.discard,
    "reopen": working.reopen,
    "note": record.note,
    "tick": record.tick,
    "add_task": record.add_task,
    "complete_task": record.complete_task,
    "post_update": record.post_update,
    "escalate": record.escalate,
    "snooze": record.snooze,
    "unsnooze": record.unsnooze,
}

#: Verbs that make sense on a case whose work has ended.
ON_ENDED: Final[frozenset[str]] = frozenset({"reopen", "unmerge", "confirm", "undo", "link", "break_glass", "grant"})

#: Verbs of tiers 3 and 4: for them a contact, a link or a task is material too (contract, "Versions").
CAREFUL: Final[frozenset[str]] = frozenset({"propose", "approve", "resolve", "discard", "confirm"})


def decide(
    state: Case,
    command: Command,
    now: int,
    *,
    actor: Person,
    policy: Policy,
    other: Case | None = None,
    key: str | None = None,
) -> tuple[Draft, ...]:
    """The events that `command` of `actor` makes of `state` at `now` (ms UTC); none if there is nothing to change.

    `other` is the second case of a link, merge or unmerge (see `other_case`); events of both come back, as one intent.

    Raises `NotPermitted`, `StaleVersion`, `IllegalTransition` or `BadInput`, in this order of judging.
    """
    require(actor, command.verb)
    stale(state, command)
    turn = Turn(state, now=now, actor=actor, policy=policy, key=key, verb=command.verb)
    turn.carry(command.context)
    if state.retired_at is not None:
        turn.refuse("It left the floor 24 h after its end. A new report opens a case that continues it.")
    if state.state not in OPEN_STATES and command.verb not in ON_ENDED:
        turn.refuse(_ended(state))
    turn.breach()
    HANDLERS[command.verb](turn, command)
    return turn.done()


def stale(state: Case, command: Command) -> None:
    """Raise `StaleVersion` if something material happened after the version that the person saw.

    Lateness, notes, ticks, tasks, contacts, posted updates, links and reach-only rescoring never do; the verbs in
    `commands.NEVER_STALE` are never stale; those of tiers 3 and 4 also are by contacts, links and tasks.
    """
    if command.verb in commands.NEVER_STALE:
        return
    touched = state.material
    if command.verb in CAREFUL and state.outside.version > touched.version:
        touched = state.outside
    if touched.version > command.expected_version:
        raise StaleVersion(
            expected=command.expected_version,
            version=state.version,
            by=touched.by,
            at=touched.at,
            type=touched.type,
        )


def _ended(state: Case) -> str:
    if state.state == "MERGED":
        return f"It was merged into {state.merged_into}. Work on that one, or unmerge it."
    return "Its work has ended. Reopen it with a reason first."
