"""The committed state of the floor: what the log folds to, in memory.

One writer (the engine's apply step), many readers on the same loop. Cases are immutable, so a copy of the tables is a
snapshot. Ended cases leave after they are retired; what has to be remembered forever (which report made which case)
stays as digests.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import Struct
from sortedcontainers import SortedList

from casework import order
from casework.access import AUDIT_CASE
from casework.events import Event
from casework.evolve import evolve
from casework.facts import CaseOpened, CaseRetired, EscalationUpdated, ReachUpdated
from casework.model import Case

Place = tuple[tuple[int, int, int, int, int], str]
"""Where a case stands in the queue: its order key, then its id."""

_ZEROS: Final = bytes(32)


class Applied(Struct, frozen=True):
    """One event, the case after it (None for what is no case), and the log's head hash at it (hex)."""

    event: Event
    after: Case | None
    head_hash: str
    granted: tuple[str, ...] = ()
    """Principals whose break-glass access changed with it."""


class Floor:
    """The fold of the log up to `seq`."""

    def __init__(self) -> None:
        self.seq = 0
        self.head: bytes = _ZEROS
        self.newest_at = 0
        self.cases: dict[str, Case] = {}
        self.order: SortedList[Place] = SortedList()
        self.owned: dict[str, set[str]] = {}
        self.grants: dict[str, dict[str, int]] = {}
        self.reports: dict[bytes, tuple[str, int]] = {}
        """By digest of (source, id): the case, and the seq of the first event that the report caused."""
        self.subjects: dict[bytes, str] = {}
        self.ids: set[str] = set()
        self.merged: dict[str, str] = {}
        """Where retired cases had been merged to."""
        self.versions: dict[str, int] = {}
        """Versions of what is not in `cases`: `_audit` and retired cases."""
        self._places: dict[str, Place] = {}

    @property
    def head_hash(self) -> str:
        return self.head.hex()

    def apply(self, event: Event) -> Applied:
        """Fold the next event of the log. Raises `ValueError` if it is not the next."""
        if event.seq != self.seq + 1:
            raise ValueError(f"event {event.seq} cannot follow {self.seq}")
        self.seq = event.seq
        self.head = hashlib.sha256(self.head + bytes.fromhex(event.hash)).digest()
        self.newest_at = max(self.newest_at, event.at)
        if event.case_id == AUDIT_CASE:
            self.versions[AUDIT_CASE] = event.version
            return Applied(event, None, self.head_hash)
        before = self.cases.get(event.case_id)
        after = evolve(before, event)
        self._remember(event)
        granted = self._learn_grants(before, after)
        if isinstance(event.fact, CaseRetired):
            self._forget(after)
        else:
            self.put(after)
        return Applied(event, after, self.head_hash, granted)

    def put(self, case: Case) -> None:
        """Take `case` into the tables, in place of what was there."""
        case_id = case.case_id
        before = self.cases.get(case_id)
        self.cases[case_id] = case
        place = (order.key(case), case_id)
        old = self._places.get(case_id)
        if old != place:
            if old is not None:
                self.order.remove(old)
            self.order.add(place)
            self._places[case_id] = place
        was = before.owner if before is not None else None
        if was != case.owner:
            if was is not None:
                self._disown(was, case_id)
            if case.owner is not None:
                self.owned.setdefault(case.owner, set()).add(case_id)

    def place_of(self, case_id: str) -> Place | None:
        return self._places.get(case_id)

    def version(self, case_id: str) -> int:
        """How many events the log has of `case_id`; 0 if it is new."""
        case = self.cases.get(case_id)
        return case.version if case is not None else self.versions.get(case_id, 0)

    def retired(self, case_id: str) -> bool:
        """Whether this case existed and left memory."""
        return case_id in self.ids and case_id not in self.cases

    def in_order(self) -> Iterator[Case]:
        return (self.cases[case_id] for _, case_id in self.order)

    def granted_to(self, principal: str, now: int) -> frozenset[str]:
        """The cases that break-glass opens for `principal` now."""
        return frozenset(case_id for case_id, until in self.grants.get(principal, {}).items() if until > now)

    def fill(self, cases: Iterable[Case]) -> None:
        """Take over restored cases, all at once."""
        for case in cases:
            self.cases[case.case_id] = case
            self._places[case.case_id] = (order.key(case), case.case_id)
            if case.owner is not None:
                self.owned.setdefault(case.owner, set()).add(case.case_id)
            self._learn_grants(None, case)
        self.order.update(self._places.values())

    def _remember(self, event: Event) -> None:
        fact = event.fact
        if isinstance(fact, CaseOpened):
            self.ids.add(event.case_id)
            if fact.intake_ref:
                self.reports.setdefault(bytes.fromhex(fact.intake_ref), (event.case_id, event.seq))
            if fact.subject_ref:
                self.subjects[bytes.fromhex(fact.subject_ref)] = event.case_id
        elif isinstance(fact, (EscalationUpdated, ReachUpdated)) and fact.intake_ref:
            self.reports.setdefault(bytes.fromhex(fact.intake_ref), (event.case_id, event.seq))

    def _learn_grants(self, before: Case | None, after: Case) -> tuple[str, ...]:
        if before is not None and before.grants is after.grants:
            return ()
        changed = []
        for grant in after.grants:
            held = self.grants.setdefault(grant.principal, {})
            if held.get(after.case_id) != grant.until:
                held[after.case_id] = grant.until
                changed.append(grant.principal)
        return tuple(changed)

    def _forget(self, case: Case) -> None:
        case_id = case.case_id
        self.cases.pop(case_id, None)
        place = self._places.pop(case_id, None)
        if place is not None:
            self.order.remove(place)
        if case.owner is not None:
            self._disown(case.owner, case_id)
        for held in self.grants.values():
            held.pop(case_id, None)
        self.versions[case_id] = case.version
        if case.merged_into is not None:
            self.merged[case_id] = case.merged_into

    def _disown(self, owner: str, case_id: str) -> None:
        cases = self.owned.get(owner)
        if cases is not None:
            cases.discard(case_id)
            if not cases:
                del self.owned[owner]
