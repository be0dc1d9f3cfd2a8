"""Enforcement actions and policy clauses as data (domain, section 5); the values stand in `casework/defaults/`."""

from __future__ import annotations

from msgspec import Struct


class Enforcement(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    title: str


class Clause(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    title: str
