"""What is to be done at the platform, as the log says it: no queue of its own, only which action comes next.

An action is due while it is approved, sent, acked or unknown. On one target they go in the order of their proposals;
removal waits for preservation; the most severe case goes first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Struct

from casework.actionfold import RESTORE, WHICH
from casework.catalogue import HOLD, REMOVING
from casework.life.proposing import NO_ACTION
from casework.model import Action, Case
from feed.delivery.connector import Order

DUE: Final = frozenset({"approved", "sent", "acked", "unknown"})

Name = tuple[str, str]
"""(case id, action id)."""


class Due(Struct, frozen=True, kw_only=True):
    """An action that waits for the platform. `place`: what comes before what; `target`: what has to keep its order."""

    name: Name
    place: tuple[str, int, int]
    target: tuple[str, str]
    state: str
    removes: bool
    preserves: bool


def due_of(case: Case) -> list[Due]:
    """What of `case` waits for the platform, in the order of its proposals."""
    return [
        Due(
            name=(case.case_id, action.action_id),
            place=(case.severity, action.proposed_at, action.seq),
            target=(action.target.kind, action.target.id),
            state=action.state,
            removes=action.action in REMOVING,
            preserves=action.action == HOLD,
        )
        for action in case.actions
        if action.state in DUE and action.action != NO_ACTION
    ]


def ready(waiting: Mapping[str, list[Due]], running: Iterable[Due]) -> list[Due]:
    """Of what waits (by case), what may go now beside what is `running`: the first of each target, best place first."""
    busy = {due.target for due in running}
    names = {due.name for due in running}
    everything = sorted((due for dues in waiting.values() for due in dues), key=lambda due: due.place)
    # On one target the order is that of the proposals, whatever the severity of their cases.
    first: dict[tuple[str, str], Due] = {}
    for due in everything:
        held = first.get(due.target)
        if held is None or due.place[1:] < held.place[1:]:
            first[due.target] = due
    found = []
    for due in everything:
        if due.name in names or due.target in busy or first[due.target] is not due:
            continue
        if _waits_for_preservation(due, waiting.get(due.name[0], ())):
            continue
        busy.add(due.target)
        found.append(due)
    return found


def _waits_for_preservation(due: Due, beside: Iterable[Due]) -> bool:
    """Whether it takes away what an earlier proposal of its case has still to preserve."""
    return (
        due.removes
        and due.state == "approved"
        and any(other.preserves and other.place[1:] < due.place[1:] for other in beside)
    )


def order_of(case: Case, action: Action, epoch: str) -> Order:
    """The order as the platform is told it; of a restore with the one that it takes back."""
    original = next((each for each in case.actions if each.action_id == action.fields.get(WHICH)), None)
    undoes = order_of(case, original, epoch) if action.action == RESTORE and original is not None else None
    return Order(
        case_id=case.case_id,
        action_id=action.action_id,
        action=action.action,
        target=action.target,
        policy=action.policy,
        fields=action.fields,
        key=key_of(case.case_id, action, epoch),
        attempt=action.attempt,
        severity=case.severity,
        undoes=undoes,
    )


def key_of(case_id: str, action: Action, epoch: str) -> str:
    """The platform key of an action: the same for all its attempts, also after a restart, and for no other action."""
    name = f"{epoch}\0{case_id}\0{action.action_id}\0{action.digest}"
    return f"wf_{hashlib.sha256(name.encode()).hexdigest()[:40]}"
