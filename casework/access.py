"""Who may do and see what: one pure policy, deny by default (domain, section 8)."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from casework.escalation import NO_CAP, Cap
from casework.tokens import Role


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
