"""`GET /v1/catalogue`: the rules in force and what one person may do, as data for consoles and scripts."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct

from casework import access, clocks
from casework.audience import Person
from casework.catalogue import Clause, Enforcement
from casework.policy import Policy
from casework.runbook import Runbook
from casework.tokens import CASE_TYPES, SEVERITIES, CaseType, Severity, SubType, Tier, contains
from casework.verbs import VERBS, Ask

_MEANS: Final[dict[Severity, str]] = {
    "S0": "Someone can die or a child is being abused now.",
    "S1": "Credible and within 24 h, ongoing exploitation, or a legal clock of 1 h.",
    "S2": "Serious, not imminent, spreading.",
    "S3": "Sensitive, no present harm.",
    "S4": "Routine.",
}


class TypeOut(Struct, frozen=True, kw_only=True):
    """A case type: the severity it starts from, and whether its cases are contained or answered."""

    case_type: CaseType
    lowest: Severity
    contained: bool


class SeverityOut(Struct, frozen=True, kw_only=True):
    severity: Severity
    means: str


class ClocksOut(Struct, frozen=True, kw_only=True):
    """The clocks of one type at one severity. Spans are text such as ``15m``; no entry, no such clock."""

    case_type: CaseType
    sub_type: SubType | None
    severity: Severity
    rule: str
    spans: dict[str, str]
    outer_bounds: dict[str, str]


class ActionOut(Struct, frozen=True, kw_only=True):
    action: str
    rules: Enforcement


class PolicyOut(Struct, frozen=True, kw_only=True):
    code: str
    clause: Clause


class VerbOut(Struct, frozen=True, kw_only=True):
    """A verb that this person may use; `asks` are the command's own fields."""

    verb: str
    title: str
    keys: tuple[str, ...]
    tier: Tier
    group: str
    asks: tuple[Ask, ...]
    never_stale: bool
    undoable: bool
    bulk: bool


class Catalogue(Struct, frozen=True, kw_only=True):
    """What is in force here, and what this person may do. Each list is in the order to show it."""

    policy_version: str
    policy_digest: str
    types: tuple[TypeOut, ...]
    severities: tuple[SeverityOut, ...]
    clocks: tuple[ClocksOut, ...]
    actions: tuple[ActionOut, ...]
    policies: tuple[PolicyOut, ...]
    verbs: tuple[VerbOut, ...]
    runbooks: tuple[Runbook, ...]
    """One for each case type: the shipped ones, or the operator's in their place."""


def catalogue_out(
    policy: Policy, person: Person, runbooks: tuple[Runbook, ...], connected: frozenset[str] = frozenset()
) -> Catalogue:
    """The catalogue under `policy`, with the verbs that a role of `person` has, and the `runbooks` in force.

    `connected`: the actions that the floor's platform carries out; they are in service beside those that need none.
    """
    kinds: list[tuple[CaseType, SubType | None, Severity]] = [
        (case_type, None, severity) for case_type in CASE_TYPES for severity in SEVERITIES
    ]
    kinds += [("MVE", "REMOVAL_ORDER", "S0"), ("MVE", "REMOVAL_ORDER", "S1"), ("REG", "REMOVAL_ORDER", "S1")]
    return Catalogue(
        policy_version=policy.version,
        policy_digest=policy.digest,
        types=tuple(
            TypeOut(case_type=name, lowest=policy.severity.lowest[name], contained=contains(name, None))
            for name in CASE_TYPES
        ),
        severities=tuple(SeverityOut(severity=name, means=_MEANS[name]) for name in SEVERITIES),
        clocks=tuple(_clocks_out(*kind, policy) for kind in kinds),
        actions=tuple(
            ActionOut(
                action=name,
                rules=msgspec.structs.replace(rules, in_service=rules.in_service or name in connected),
            )
            for name, rules in policy.actions.items()
        ),
        policies=tuple(PolicyOut(code=code, clause=clause) for code, clause in policy.policies.items()),
        verbs=tuple(
            VerbOut(
                verb=verb.verb,
                title=verb.title,
                keys=verb.keys,
                tier=verb.tier,
                group=verb.group,
                asks=verb.asks,
                never_stale=verb.never_stale,
                undoable=verb.undoable,
                bulk=verb.bulk,
            )
            for verb in VERBS.values()
            if access.may(person, verb.verb)
        ),
        runbooks=runbooks,
    )


def _clocks_out(case_type: CaseType, sub_type: SubType | None, severity: Severity, policy: Policy) -> ClocksOut:
    rule, row = clocks.row_for(case_type, sub_type, severity, policy)
    bounds = {
        milestone: span
        for _, outer in clocks.bounds_for(case_type, sub_type, policy)
        for milestone, span in _spans(outer).items()
    }
    return ClocksOut(
        case_type=case_type, sub_type=sub_type, severity=severity, rule=rule, spans=_spans(row), outer_bounds=bounds
    )


def _spans(row: Struct) -> dict[str, str]:
    return {
        name: span
        for name, span in msgspec.structs.asdict(row).items()
        if name != "updates_from" and isinstance(span, str) and span != "none"
    }
