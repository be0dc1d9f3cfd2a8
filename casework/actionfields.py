"""What each enforcement action needs beside case, actor and reason: one table for the rules, the forms and the docs.

The names are those of `needs` in `casework/defaults/actions.toml` (domain, section 5). ``policy`` is not among them: it
is a member of the proposal itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, Literal

from msgspec import Struct

from casework.catalogue import GAP_TAGS, Enforcement
from casework.errors import BadInput

FieldKind = Literal["text", "word", "country", "hash", "count", "yes", "span", "time", "choice", "list", "action"]

RCA_CATEGORIES: Final = (
    "detection", "intake", "triage", "staffing", "sop", "policy", "tooling", "access", "decision", "delivery",
    "communications", "legal_partner", "adversary", "wellness",
)  # fmt: skip
"""Why something went wrong (domain, section 9)."""


class Need(Struct, frozen=True, kw_only=True):
    """A field of an action: the words to ask with, what its value may be, and for `choice` from what to choose."""

    label: str
    kind: FieldKind
    choices: tuple[str, ...] = ()
    hint: str = ""


NEEDS: Final[dict[str, Need]] = {
    "evidence_snapshot": Need(label="Snapshot", kind="text", hint="where the evidence was kept"),
    "hash": Need(label="Hash", kind="hash", hint="SHA-256 of the content"),
    "custody_id": Need(label="Custody id", kind="text", hint="of the sealed copy"),
    "country": Need(label="Country", kind="country", hint="two letters, such as DE"),
    "legal_ground": Need(label="Legal ground", kind="text"),
    "bank": Need(label="Hash bank", kind="word"),
    "hash_type": Need(label="Kind of hash", kind="choice", choices=("sha256", "md5", "pdq", "tmk", "photodna")),
    "evidence_viewed": Need(label="Did you view the evidence", kind="yes"),
    "query": Need(label="What to match", kind="text", hint="sha256:… or a phrase of the platform's own search"),
    "preview_count": Need(label="Matches in the preview", kind="count"),
    "sample_seen": Need(label="Did you see a sample", kind="yes"),
    "duration": Need(label="For how long", kind="span", hint="3d, 12h"),
    "reason_code": Need(label="Reason code", kind="word", hint="one word, such as takeover"),
    "notice": Need(label="Notice", kind="text", hint="a template, or withheld: and why"),
    "strikes": Need(label="Strikes so far", kind="count"),
    "notice_or_why_none": Need(label="Notice, or why none", kind="text"),
    "collateral_estimate": Need(label="Who else is hit", kind="text", hint="people behind this device or network"),
    "expiry": Need(label="Until", kind="time"),
    "statute": Need(label="Statute", kind="word", hint="18_USC_2703f"),
    "scope": Need(label="What to preserve", kind="text"),
    "term": Need(label="Term", kind="choice"),
    "locale": Need(label="Locale", kind="word", hint="en_US"),
    "template": Need(label="Template", kind="word"),
    "withholding_reason": Need(label="Why no notice", kind="text"),
    "which_action": Need(label="Which action", kind="action", hint="a1"),
    "rca_tag": Need(label="What went wrong", kind="choice", choices=RCA_CATEGORIES),
}

EXTRAS: Final[dict[str, Need]] = {
    "gap": Need(label="What the policy lacks", kind="choice", choices=GAP_TAGS),
    "match": Need(label="How it matches", kind="choice", choices=("exact_hash", "similar", "phrase")),
    "then": Need(label="What to do with each match", kind="choice", choices=("hide", "remove", "quarantine")),
    "armed": Need(label="Watch for new matches for", kind="span", hint="at most 24h"),
}
"""Fields that an action may have and need not: a policy-gap tag on any, the rest on a sweep."""
_OF_SWEEPS: Final = frozenset(EXTRAS) - {"gap"}

_COUNTRY: Final = re.compile("[A-Z]{2}")
_HASH: Final = re.compile("[0-9a-f]{64}")
_WORD: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,59}")
_SPAN: Final = re.compile("[1-9][0-9]{0,4}[smhd]")
_MOST_TEXT: Final = 1_000
_MOST_COUNT: Final = 1_000_000


def asked(rules: Enforcement) -> dict[str, Need]:
    """The fields that an action needs, in the catalogue's order; a term's choices are the action's own."""
    found: dict[str, Need] = {}
    for name in rules.needs:
        need = NEEDS.get(name)
        if need is None:
            continue
        if name in ("term", "duration") and rules.terms:
            need = Need(label=need.label, kind="choice", choices=rules.terms)
        found[name] = need
    return found


def check(rules: Enforcement, name: str, fields: Mapping[str, Any], now: int) -> None:
    """Whether `fields` are what the action `name` needs at `now`. Raises `BadInput` at the first that is not."""
    needs = asked(rules)
    for field, need in needs.items():
        if field not in fields:
            raise BadInput(pointer=f"/fields/{field}", why=f"is missing. {name} needs it.")
        _check(need, field, fields[field], now)
    for field, value in fields.items():
        if field in needs:
            continue
        extra = EXTRAS.get(field)
        if extra is None or (field in _OF_SWEEPS and name != "sweep"):
            raise BadInput(pointer=f"/fields/{field}", why=f"means nothing to {name}.")
        _check(extra, field, value, now)


def _check(need: Need, field: str, value: Any, now: int) -> None:
    why = _fault(need, value, now)
    if why is not None:
        raise BadInput(pointer=f"/fields/{field}", why=why)


def _fault(need: Need, value: Any, now: int) -> str | None:
    match need.kind:
        case "count":
            fits = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST_COUNT
            return None if fits else f"has to be a whole number from 0 to {_MOST_COUNT:,}."
        case "yes":
            return None if value is True else "has to be true: somebody has to have done it."
        case "time":
            fits = isinstance(value, int) and not isinstance(value, bool) and value > now
            return None if fits else "has to be a time to come, in ms UTC."
        case "list":
            fits = isinstance(value, list) and bool(value) and all(isinstance(item, str) and item for item in value)
            return None if fits else "has to be a list of texts."
    if not isinstance(value, str) or not value.strip():
        return "has to be a text."
    if len(value) > _MOST_TEXT:
        return f"is longer than {_MOST_TEXT:,} characters."
    patterns = {"country": _COUNTRY, "hash": _HASH, "word": _WORD, "span": _SPAN}
    if need.kind in patterns and patterns[need.kind].fullmatch(value) is None:
        return {
            "country": "has to be a country's two capital letters.",
            "hash": "has to be 64 hexadecimal digits in lower case.",
            "word": "has to be one word of letters, digits, _ . and -.",
            "span": "has to be a span such as 12h or 3d.",
        }[need.kind]
    if need.kind == "choice" and value not in need.choices:
        return f"is one of {', '.join(need.choices)}."
    return None
