"""The rules' numbers: defaults that ship as TOML, what an operator overrides, and one digest over all of it.

`defaults()` reads the files beside this module once. `override()` lays an operator's TOML over a policy, by the same
paths, and checks it strictly: a key that nobody knows, a wrong type, a value out of range is a `PolicyFault` with its
line. Every event that a rule decided carries `version` and `digest`, so it stays explained after a policy change.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta, Struct

from casework.businessdays import SPAN_PATTERN, span
from casework.catalogue import Clause, Enforcement
from casework.tokens import (
    CASE_TYPES,
    SEVERITIES,
    CaseType,
    Credibility,
    Harm,
    Imminence,
    Severity,
    SourceKind,
    Vulnerability,
)
from casework.tomllines import Path, lines_of

FILES: Final = ("severity.toml", "score.toml", "clocks.toml", "life.toml", "actions.toml", "policies.toml")

UNDO_MOST_MS: Final = 10_000
"""Folding keeps what a command replaced for this long (contract, "Verbs"), whatever a policy says."""

Hundredths = Annotated[int, Meta(ge=0, le=100)]
Points = Annotated[int, Meta(ge=0, le=100)]
SpanText = Annotated[str, Meta(pattern=SPAN_PATTERN)]
ClockSpan = Annotated[str, Meta(pattern=SPAN_PATTERN.replace("^(", "^(none|"))]
Version = Annotated[str, Meta(pattern=r"^[A-Za-z0-9._+\-]{1,64}\Z")]
RowName = CaseType | Literal["REG_REMOVAL_ORDER"]
BoundName = CaseType | Literal["REG_REMOVAL_ORDER", "MVE_REMOVAL_ORDER"]
FactorName = Literal["imminence", "harm", "vulnerability", "specificity", "credibility", "reach"]
FloorName = Literal["identifiable_child", "victim_in_crisis", "removal_order"]


class Rules(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every table: a key that nobody knows is refused."""


class SeverityRule(Rules, frozen=True, kw_only=True):
    grave_harms: tuple[Harm, ...]
    live_types: tuple[CaseType, ...]


class SeverityPolicy(Rules, frozen=True, kw_only=True):
    lowest: dict[CaseType, Severity]
    rule: SeverityRule


class MissingValues(Rules, frozen=True, kw_only=True):
    imminence: Imminence
    harm: Harm
    vulnerability: Vulnerability
    vulnerability_with_minor: Vulnerability
    specificity: Annotated[int, Meta(ge=0, le=4)]
    credibility: Credibility


class Reach(Rules, frozen=True, kw_only=True):
    reupload_factor: Annotated[int, Meta(ge=0, le=1_000_000)]
    full_at: Annotated[int, Meta(ge=1, le=18)]


class ScorePolicy(Rules, frozen=True, kw_only=True):
    """Weights in points, values in hundredths, floors in points."""

    weights: dict[FactorName, Points]
    imminence: dict[Imminence, Hundredths]
    harm: dict[Harm, Hundredths]
    vulnerability: dict[Vulnerability, Hundredths]
    credibility: dict[Credibility, Hundredths]
    missing: MissingValues
    missing_credibility: dict[SourceKind, Credibility]
    reach: Reach
    floors: dict[FloorName, Points]


class ClockRow(Rules, frozen=True, kw_only=True):
    """The clocks of one type at one severity, as spans; ``none`` or absent: no such clock."""

    ack: ClockSpan = "none"
    verify: ClockSpan = "none"
    decide: ClockSpan = "none"
    contain: ClockSpan = "none"
    police: ClockSpan = "none"
    report: ClockSpan = "none"
    resources: ClockSpan = "none"
    share: ClockSpan = "none"
    answer: ClockSpan = "none"
    resolve: ClockSpan = "none"
    update: ClockSpan = "none"
    updates_from: Literal["ack", "verify"] = "ack"


class OuterBounds(Rules, frozen=True, kw_only=True):
    contain: ClockSpan = "none"
    report: ClockSpan = "none"
    answer: ClockSpan = "none"


class ClockPolicy(Rules, frozen=True, kw_only=True):
    amber_percent: Annotated[int, Meta(ge=0, le=100)]
    red_percent: Annotated[int, Meta(ge=0, le=100)]
    fallback_type: CaseType
    without_containment: tuple[CaseType, ...]
    rows: dict[RowName, dict[Severity, ClockRow]]
    outer: dict[BoundName, OuterBounds]


class Calendar(Rules, frozen=True, kw_only=True):
    tz: Annotated[str, Meta(min_length=1, max_length=64)]


class Life(Rules, frozen=True, kw_only=True):
    """Spans in the life of a case, as text; `Policy.life_ms` has them in milliseconds."""

    claim_lapses_after: SpanText
    undo_within: SpanText
    confirm_within: SpanText
    triage_notes_within: SpanText
    close_after: SpanText
    retire_after: SpanText
    glass_lasts: SpanText


class Policy(Rules, frozen=True, kw_only=True):
    """Everything that the rules read. `digest`: SHA-256 (hex) of the canonical content, version included."""

    version: Version
    severity: SeverityPolicy
    score: ScorePolicy
    calendar: Calendar
    clocks: ClockPolicy
    life: Life
    actions: dict[Annotated[str, Meta(pattern=r"^[a-z][a-z_]{0,39}\Z")], Enforcement]
    policies: dict[Annotated[str, Meta(pattern=r"^[A-Z][A-Z0-9\-]{0,19}\Z")], Clause]
    digest: str = ""
    source: str = ""
    """The canonical content (JSON), what an override is laid over."""

    def life_ms(self, name: str) -> int:
        """A span of the table `life` in ms, for example ``life_ms("undo_within")``."""
        return span(getattr(self.life, name)).ms


class PolicyFault(Exception):
    """A policy text that cannot be used: which file, which line (from 1) and why."""

    def __init__(self, *, file: str, line: int, reason: str) -> None:
        self.file = file
        self.line = line
        self.reason = reason
        super().__init__(f"{file}:{line}: {reason}")


@cache
def defaults() -> Policy:
    """The policy that ships with the product."""
    merged: dict[str, Any] = {}
    for name in FILES:
        text = resources.files("casework").joinpath("defaults", name).read_text("utf-8")
        for key, value in tomllib.loads(text).items():
            if key == "version" and merged.get("version", value) != value:
                raise PolicyFault(file=name, line=1, reason=f"version {value} differs from the other files'")
            merged[key] = value
    return _policy(merged)


def override(base: Policy, text: str, *, file: str) -> Policy:
    """`base` with the values of the TOML `text` (a file named `file`) laid over it by the same paths.

    Tables merge, everything else replaces. Unless `text` names a `version` itself, the version becomes that of `base`
    and eight digits of the new content's digest, so that two policies never share a name.

    Raises `PolicyFault` with the line of the first key that is unknown, has the wrong type or is out of range.
    """
    try:
        laid = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PolicyFault(file=file, line=_line_in(str(error), text), reason=f"not TOML: {error}") from None
    if not laid:
        return base
    lines = lines_of(text)
    content: dict[str, Any] = msgspec.json.decode(base.source)
    if "version" not in laid:
        content["version"] = _renamed(base.version, _merged(content, laid))
    # One value after the other in the order of the file, so that a fault is known by the value that made it.
    for path, value in _changes(content, laid, ()):
        content = _merged(content, _nested(path, value))
        try:
            _policy(content, whole=False)
        except msgspec.ValidationError as error:
            where, reason = _explained(error, path)
            raise PolicyFault(file=file, line=_line_for(where, lines), reason=reason) from None
    try:
        return _policy(content)
    except _Contradiction as error:
        raise PolicyFault(file=file, line=_line_for(error.path, lines), reason=error.reason) from None


class _Contradiction(Exception):
    """Values that are possible one by one and not together."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(reason)


def _policy(content: dict[str, Any], *, whole: bool = True) -> Policy:
    for ours in ("digest", "source"):
        if ours in content:
            raise msgspec.ValidationError(f"Object contains unknown field `{ours}` - at `$`")
    policy = msgspec.convert(content, Policy)
    if whole:
        _check(policy)
    canonical = msgspec.json.encode(content, order="deterministic")
    return msgspec.structs.replace(
        policy, digest=hashlib.sha256(canonical).hexdigest(), source=canonical.decode("utf-8")
    )


def _check(policy: Policy) -> None:
    if (total := sum(policy.score.weights.values())) != 100:
        raise _Contradiction(("score", "weights"), f"score.weights add up to {total}; they must add up to 100")
    if policy.clocks.red_percent > policy.clocks.amber_percent:
        raise _Contradiction(("clocks", "red_percent"), "clocks.red_percent is above amber_percent; red comes later")
    try:
        ZoneInfo(policy.calendar.tz)
    except (OSError, ValueError, KeyError):
        reason = f'calendar.tz "{policy.calendar.tz}" is no time zone; write an IANA name such as "America/New_York"'
        raise _Contradiction(("calendar", "tz"), reason) from None
    missing = [
        severity for severity in SEVERITIES[:2] if severity not in policy.clocks.rows[policy.clocks.fallback_type]
    ]
    if missing:
        reason = f"clocks.fallback_type {policy.clocks.fallback_type} has no row for {' and '.join(missing)}"
        raise _Contradiction(("clocks", "fallback_type"), reason)
    if policy.life_ms("undo_within") > UNDO_MOST_MS:
        reason = "life.undo_within is above 10s; the log remembers what a command replaced for 10 s only"
        raise _Contradiction(("life", "undo_within"), reason)
    for case_type in CASE_TYPES:
        if not policy.clocks.rows.get(case_type):
            raise _Contradiction(("clocks", "rows"), f"clocks.rows has no row for {case_type}")


def _changes(base: Any, laid: dict[str, Any], path: Path) -> Iterator[tuple[Path, Any]]:
    """The values of `laid` with their paths; a table that `base` does not have is one value."""
    for key, value in laid.items():
        below = base.get(key) if isinstance(base, dict) else None
        if isinstance(value, dict) and isinstance(below, dict) and value:
            yield from _changes(below, value, (*path, key))
        else:
            yield (*path, key), value


def _nested(path: Path, value: Any) -> dict[str, Any]:
    for key in reversed(path):
        value = {key: value}
    assert isinstance(value, dict)
    return value


def _merged(base: dict[str, Any], laid: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in laid.items():
        below = merged.get(key)
        both = isinstance(below, dict) and isinstance(value, dict)
        merged[key] = _merged(below, value) if both and isinstance(below, dict) else value
    return merged


def _renamed(version: str, content: dict[str, Any]) -> str:
    digest = hashlib.sha256(msgspec.json.encode({**content, "version": ""}, order="deterministic", enc_hook=str))
    return f"{version.split('+', maxsplit=1)[0]}+{digest.hexdigest()[:8]}"


def _explained(error: msgspec.ValidationError, path: Path) -> tuple[Path, str]:
    """Where in the text the fault stands, and the reason in the words of somebody who writes policies."""
    said, _, place = str(error).partition(" - at ")
    where = path
    if unknown := re.search(r"unknown field `([^`]*)`", said):
        where = path if path[-1] == unknown[1] else (*path, unknown[1])
        said = "no such key"
    elif bad := re.match(r"Invalid enum value '?([^']*)'?", said):
        if "key" in place.split(" in ")[0]:
            where = path if bad[1] in path else (*path, bad[1])
            said = "no such key"
        else:
            said = f'"{bad[1]}" is not one of its values'
    elif "matching regex" in said:
        known = "business" in said
        said = 'must be a span such as "30m", "4h" or "3 business days"' if known else "has a form that is not allowed"
    else:
        said = said.replace("`", "").replace("Expected", "must be", 1)
    inner = re.search(r"\.([a-z_]+)`$", place)
    if where == path and inner and inner[1] not in path:
        where = (*path, inner[1])
    return where, f"{'.'.join(where)}: {said}"


def _line_for(path: Path, lines: dict[Path, int]) -> int:
    for depth in range(len(path), 0, -1):
        if path[:depth] in lines:
            return lines[path[:depth]]
    return 1


def _line_in(message: str, text: str) -> int:
    found = re.search(r"line (\d+)", message)
    return int(found[1]) if found else text.count("\n") + 1
