"""What stands in an action's form before anybody typed: the likely clause, the usual values, what the case knows.

Only what is true more often than not, or is the same every time; what a person has to have seen or decided is typed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from casework.actionfields import Need
from casework.catalogue import Clause, Enforcement
from casework.model import Action, Case, Common, Content, Subject

_USUAL: Final[dict[str, str]] = {
    "duration": "7d",
    "statute": "18_USC_2703f",
    "scope": "all data",
    "term": "90d",
    "reason_code": "takeover",
    "notice": "standard",
    "notice_or_why_none": "standard",
    "hash_type": "sha256",
    "expiry": "+30d",
    "template": "standard",
}
_BY_TYPE: Final[dict[str, tuple[str, ...]]] = {
    "TTL": ("VE-1", "VE"),
    "MVE": ("VE-2", "VE"),
    "SSH": ("SH",),
    "CSEA": ("CS",),
    "EXPL": ("EX-1", "EX"),
    "NCII": ("EX-2", "EX"),
    "DOX": ("HB-1", "HB"),
    "DANGER": ("DG",),
    "CIVIC": ("IN",),
}
"""Clauses, or their families, that a case of a type usually is under, the likeliest first."""
_BY_SUB_TYPE: Final[dict[str, str]] = {
    "MATERIAL": "CS-1",
    "LIVE": "CS-1",
    "ENTICE": "CS-2",
    "SEXT": "CS-3",
    "TRAF": "CS-4",
}
_BANKS: Final[dict[str, str]] = {"CSEA": "ncmec", "TTL": "gifct", "MVE": "gifct", "NCII": "stopncii"}
_SUBJECTS: Final = frozenset({"account", "device"})


def clauses_for(name: str, case: Common, clauses: Mapping[str, Clause]) -> tuple[tuple[str, ...], str]:
    """All clauses, the likely ones for the action `name` on this case first; and the likeliest, empty if none is."""
    likely = _BY_TYPE.get(case.case_type, ())
    if case.case_type == "CSEA" and case.sub_type in _BY_SUB_TYPE:
        likely = (_BY_SUB_TYPE[case.sub_type], *likely)
    elif case.case_type == "NCII" and case.sub_type == "SEXT":
        likely = ("EX-3", *likely)
    elif case.case_type == "SSH" and case.severity in ("S0", "S1"):
        likely = ("SH-1", *likely)
    places = list(clauses)

    def rank(code: str) -> tuple[int, bool, bool, int]:
        # A family by itself says less than any of its clauses.
        return (_place(code, likely), name not in clauses[code].ladder, "-" not in code, places.index(code))

    ordered = tuple(sorted(clauses, key=rank))
    return ordered, ordered[0] if ordered and _place(ordered[0], likely) < len(likely) else ""


def _place(code: str, likely: tuple[str, ...]) -> int:
    return next(
        (at for at, each in enumerate(likely) if code == each or ("-" not in each and code.startswith(each))),
        len(likely),
    )


def candidates(name: str, rules: Enforcement, case: Common) -> tuple[Subject | Content, ...]:
    """What of the case the action may be done to; a device may stand in the case and need not."""
    if name == "sweep":
        return ()
    if rules.scope in ("content", "outside"):
        return case.content
    if rules.scope == "device":
        return tuple(subject for subject in case.subjects if subject.kind != "account")
    return case.subjects if rules.scope == "account" else ()


def likely_target(name: str, found: tuple[Subject | Content, ...]) -> str:
    """The one thing that it can only be about; empty if there are several."""
    if name == "livecut":
        live = tuple(each for each in found if isinstance(each, Content) and each.live)
        found = live or found
    return f"{found[0].kind}:{found[0].id}" if len(found) == 1 else ""


def restorable(case: Common) -> tuple[Action, ...]:
    """The actions of the case that stand: verified, and not taken back."""
    if not isinstance(case, Case):
        return ()
    return tuple(
        action
        for action in case.actions
        if action.state == "verified" and action.reversed_by is None and action.action not in ("restore", "no_action")
    )


def default_of(name: str, field: str, need: Need, case: Common) -> str:
    """What stands in the field of the action `name` at first; empty where it has to be typed."""
    if field in ("notice", "notice_or_why_none") and case.flags.hold is not None:
        return "withheld: an outside investigation is live"
    if field == "template" and name == "welfare":
        return "crisis_line" if case.case_type == "SSH" else "support"
    if field == "locale":
        return case.language if case.language is not None and case.language.isalpha() else "en"
    if field == "bank":
        return _BANKS.get(case.case_type, "")
    if field in ("hash", "query"):
        known = {item.sha256 for item in case.content if item.sha256}
        only = next(iter(known)) if len(known) == 1 else ""
        return f"sha256:{only}" if field == "query" and only else only
    if field == "which_action":
        standing = restorable(case)
        return standing[0].action_id if len(standing) == 1 else ""
    usual = _USUAL.get(field, "")
    return "" if need.choices and usual not in need.choices else usual
