"""From a log to its cases: at start-up, and for a case that has left memory."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Final

from msgspec import Struct

from casework.access import AUDIT_CASE
from casework.events import Event
from casework.evolve import evolve
from casework.facts import CaseRetired
from casework.model import Case
from feed.log.base import Log
from feed.log.snapshots import Snapshot

AT_ONCE: Final = 2_000
"""Events read at a time."""


class Folded(Struct, frozen=True, kw_only=True):
    """The cases on the floor after `seq`, by id."""

    cases: dict[str, Case]
    seq: int


async def fold(log: Log, snapshot: Snapshot | None = None) -> Folded:
    """The cases that `log` folds to, from `snapshot` on if there is one. Retired cases are not among them."""
    cases = dict(snapshot.cases) if snapshot is not None else {}
    seq = snapshot.head.seq if snapshot is not None else 0
    with collector_paused():
        if snapshot is not None:
            for case_id in snapshot.missing:
                case = await fold_case(log, case_id, until=seq)
                if case is not None:
                    cases[case_id] = case
        async for batch in events(log, seq):
            for event in batch:
                fold_into(cases, event)
            seq = batch[-1].seq
    return Folded(cases=cases, seq=seq)


def fold_into(cases: dict[str, Case], event: Event) -> Case | None:
    """Fold one event into `cases`; the case after it, None for what is no case."""
    if event.case_id == AUDIT_CASE:
        return None
    case = evolve(cases.get(event.case_id), event)
    if isinstance(event.fact, CaseRetired):
        cases.pop(event.case_id, None)
    else:
        cases[event.case_id] = case
    return case


async def fold_case(log: Log, case_id: str, until: int | None = None) -> Case | None:
    """One case as it is in the log, also after it left the floor; up to the event `until` if given."""
    case: Case | None = None
    if case_id == AUDIT_CASE:
        return None
    async for batch in events(log, 0, case_id):
        for event in batch:
            if until is not None and event.seq > until:
                return case
            case = evolve(case, event)
    return case


async def events(log: Log, after: int, case_id: str | None = None) -> AsyncIterator[list[Event]]:
    """The events after `after` in batches that are never empty."""
    while batch := await log.read(after, AT_ONCE, case_id):
        yield batch
        after = batch[-1].seq


@contextmanager
def collector_paused() -> Iterator[None]:
    """No cyclic collection meanwhile: a fold makes millions of objects that stay, and no cycle."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
