"""The event envelope, before it is stored (a draft) and after (an event with its place in the log)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from casework.facts import FACTS, SCHEMA_VERSION, Fact, UnknownFact


class Draft(Struct, frozen=True, kw_only=True):
    """What `decide` returns: a fact that has no seq yet."""

    case_id: str
    at: int
    actor: str
    part: int
    """Its place among the events of its command, from 0: together they are one intent."""
    fact: Fact
    idem: str | None = None
    context: dict[str, Any] | None = None
    """What the console knew (epoch, seq, head_hash, stale_ms); on part 0 only."""

    @property
    def type(self) -> str:
        return type(self.fact).__name__


class Event(Struct, frozen=True, kw_only=True):
    """A fact with its place: `seq` in the log, `version` in its case; `at` in ms UTC."""

    seq: int
    case_id: str
    version: int
    type: str
    v: int = SCHEMA_VERSION
    at: int
    actor: str
    part: int = 0
    fact: Fact
    hash: str = ""
    redacted: bool = False
    """Sealed fields are missing: the reader may not see them or their key was destroyed."""
    idem: str | None = None
    context: dict[str, Any] | None = None


def fact_of(kind: str, v: int, data: Mapping[str, Any]) -> Fact:
    """The typed fact of stored or received `data` (JSON types), lifted from schema version `v` if it is older.

    An event type that this version does not know becomes an `UnknownFact`. Unknown fields are ignored.

    Raises `msgspec.ValidationError` if `data` does not fit the type.
    """
    from casework.upcast import upcast

    known = FACTS.get(kind)
    if known is None:
        return UnknownFact(raw=dict(data))
    return msgspec.convert(upcast(kind, v, data), known)


def placed(draft: Draft, *, seq: int, version: int, digest: str = "") -> Event:
    """The event that `draft` became at `seq`."""
    return Event(
        seq=seq,
        case_id=draft.case_id,
        version=version,
        type=draft.type,
        at=draft.at,
        actor=draft.actor,
        part=draft.part,
        fact=draft.fact,
        hash=digest,
        idem=draft.idem,
        context=draft.context,
    )
