"""The one place where it is decided what a command makes of a case.

`decide(state, command, now)` judges version and rules on committed state and returns the events to append; nothing has
happened before they are stored. Whatever was late by `now` is written first, with its exact due, so that no command
hides a lateness and no keeper's delay counts (domain, section 3).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from casework import commands
from casework.access import Person, audience_of, require_on
from casework.caseid import parse, shown
from casework.commands import Command
from casework.errors import StaleVersion
from casework.events import Draft
from casework.facts import CaseLinked
from casework.intake import open_case, update_case
from casework.life import approving, joining, judging, opening, outside, ownership, proposing, record, undoing, working
from casework.life.turn import Turn
from casework.model import Case, Related
from casework.policy import Policy
from casework.tokens import OPEN_STATES
from casework.verbs import VERBS

__all__ = ["decide", "link_back", "open_case", "other_case", "stale", "update_case"]

Handler = Callable[[Turn, Any], None]
PairHandler = Callable[[Turn, Any, Case | None], None]

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
    "log_contact": outside.log_contact,
    "waive": outside.waive,
    "await_external": outside.await_external,
    "resume": outside.resume,
    "hold": outside.hold,
    "unhold": outside.unhold,
    "propose": proposing.propose,
    "approve": approving.approve,
    "reject": approving.reject,
    "cancel": approving.cancel,
    "confirm": approving.confirm,
    "undo": undoing.undo,
    "break_glass": opening.break_glass,
    "grant": opening.grant,
}

#: What each verb does that writes a second case.
PAIRED: Final[dict[str, PairHandler]] = {
    "link": joining.link,
    "merge": joining.merge,
    "unmerge": joining.unmerge,
}

#: Verbs that make sense on a case whose work has ended.
ON_ENDED: Final[frozenset[str]] = frozenset({"reopen", "unmerge", "confirm", "undo", "link", "break_glass", "grant"})


def decide(
    state: Case,
    command: Command,
    now: int,
    *,
    actor: Person,
    policy: Policy,
    other: Case | None = None,
    key: str | None = None,
    connected: frozenset[str] = frozenset(),
) -> tuple[Draft, ...]:
    """The events that `command` of `actor` makes of `state` at `now` (ms UTC); none if there is nothing to change.

    `other` is the second case of a link, merge or unmerge (see `other_case`); events of both come back, as one intent.
    `connected`: the enforcement actions that this floor's platform carries out.

    Raises `NotPermitted`, `StaleVersion`, `IllegalTransition` or `BadInput`, in this order of judging.
    """
    granted = [state.case_id] if any(g.principal == actor.principal and g.until > now for g in state.grants) else []
    audience = audience_of(actor, granted)
    require_on(actor, command.verb, boundary=state.boundary, case_id=state.case_id, audience=audience)
    stale(state, command)
    turn = Turn(state, now=now, actor=actor, policy=policy, key=key, verb=command.verb, connected=connected)
    turn.carry(command.context)
    if state.retired_at is not None:
        turn.refuse("It left the floor 24 h after its end. A new report opens a case that continues it.")
    if state.state not in OPEN_STATES and command.verb not in ON_ENDED:
        turn.refuse(_ended(state))
    turn.breach()
    if command.verb in PAIRED:
        PAIRED[command.verb](turn, command, other)
    else:
        HANDLERS[command.verb](turn, command)
    return turn.done()


def other_case(state: Case, command: Command) -> str | None:
    """The id of the second case that `command` writes; None for most. The caller passes that case as `other`."""
    match command:
        case commands.Link():
            return parse(command.to)
        case commands.Merge():
            return parse(command.into)
        case commands.Unmerge():
            return state.merged_into
        case _:
            return None


def link_back(ended: Case, *, to: str, now: int, actor: Person) -> tuple[Draft, ...]:
    """The event on an `ended` case whose late report opened the case `to`, which continues it."""
    at = max(now, ended.at)
    related = Related(case_id=to, relation="follow_up", at=at, by=actor.principal)
    fact = CaseLinked(related=related)
    return (Draft(case_id=ended.case_id, at=at, actor=actor.principal, part=1, fact=fact),)


def stale(state: Case, command: Command) -> None:
    """Raise `StaleVersion` if something material happened after the version that the person saw.

    Lateness, notes, ticks, tasks, contacts, posted updates, links and reach-only rescoring never do; the verbs
    that only add are never stale; those of tiers 3 and 4 also are by contacts, links and tasks.
    """
    if VERBS[command.verb].stale_class == "never":
        return
    touched = state.material
    if VERBS[command.verb].stale_class == "outside" and state.outside.version > touched.version:
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
        return f"It was merged into {shown(state.merged_into or '')}. Work on that one, or unmerge it."
    return "Its work has ended. Reopen it with a reason first."
