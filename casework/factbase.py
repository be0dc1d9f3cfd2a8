"""The base of all facts: what an event states, what of it is sealed, and whether it makes an older command stale."""

from __future__ import annotations

from typing import ClassVar

from msgspec import Struct, field

from casework.model import Result


class Fact(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base of all facts.

    ``MATERIAL``: it makes an older command stale. ``OUTSIDE``: it does so for verbs of tiers 3 and 4 only.
    """

    SEALED: ClassVar[tuple[str, ...]] = ()
    MATERIAL: ClassVar[bool] = True
    OUTSIDE: ClassVar[bool] = False

    result: Result = field(default_factory=Result)
