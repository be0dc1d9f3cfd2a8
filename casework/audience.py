"""People and what they see: a principal with its roles and clearances, and the audience that follows from them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from casework.escalation import NO_CAP, Cap
from casework.tokens import Role

AUDIT_CASE: Final = "_audit"
"""The case whose events are refusals, for auditors only."""

READERS: Final[frozenset[Role]] = frozenset({"viewer", "responder", "approver", "legal", "lead"})
"""Roles that read cases with their text."""


class Person(Struct, frozen=True, kw_only=True):
    """An authenticated principal with what it may do. Two people are two by `principal`, never by name or key."""

    principal: str
    roles: frozenset[Role]
    clearances: frozenset[str] = frozenset()
    cap: Cap = NO_CAP
    every_clearance: bool = False
    """The feed's own uid on its Unix socket, and the keeper."""


KEEPER: Final = Person(principal="_keeper", roles=frozenset(), every_clearance=True)
"""The clock-keeper, as the actor of what time did."""


class Audience(Struct, frozen=True, kw_only=True):
    """All that decides what somebody sees; people with equal audiences share one encoding of the feed."""

    clearances: frozenset[str] = frozenset()
    every: bool = False
    masked: bool = False
    """No sealed text at all: an auditor who has no reading role."""
    granted: frozenset[str] = frozenset()
    """Ids of cases that break-glass opened."""
    audits: bool = False
    """Sees the events of the case `_audit`."""


def audience_of(person: Person, granted: Iterable[str]) -> Audience:
    """The audience of `person`; `granted`: the cases that break-glass opened for them and that are still open."""
    return Audience(
        clearances=frozenset() if person.every_clearance else person.clearances,
        every=person.every_clearance,
        masked=not person.roles & READERS and person != KEEPER,
        granted=frozenset() if person.every_clearance else frozenset(granted),
        audits="auditor" in person.roles,
    )


def sees_whole(boundary: str | None, case_id: str, audience: Audience) -> bool:
    """Whether the case is more than a stub to this audience (a masked one still sees no sealed text)."""
    return boundary is None or audience.every or boundary in audience.clearances or case_id in audience.granted
