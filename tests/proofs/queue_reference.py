"""The queue as the domain says it (section 2), slowly: from whole cases as JSON, sharing no code with the product.

A case is a dict as `GET /v1/cases/{id}` shows it. `arrived` is the seq of its first event.
"""

from __future__ import annotations

from functools import cmp_to_key
from typing import Any

Case = dict[str, Any]

HARM = ["ack", "verify", "decide", "contain", "police", "report", "resources", "share"]
PAPER = ["answer", "update", "chase", "resolve"]
OUTSIDE = ["verify", "decide", "police", "report", "resources", "share", "answer"]
OPEN = ["NEW", "ACKED", "TRIAGED", "CONTAINING", "CONTAINED", "INVESTIGATING"]
ENDED = ["RESOLVED", "CLOSED", "MERGED", "REJECTED"]


def counts(clock: dict[str, Any]) -> bool:
    """Unmet, unwaived, unpaused."""
    return clock["met_at"] is None and clock["waived"] is None and not clock["paused"]


def secured(case: Case) -> bool:
    """Contained, and every outside step met or waived; of a step that came again the newest round counts."""
    if case["contained_at"] is None:
        return False
    newest: dict[tuple[str, str | None, bool], dict[str, Any]] = {}
    for clock in sorted(case["clocks"], key=lambda clock: int(clock["round"])):
        if clock["milestone"] in OUTSIDE:
            newest[clock["milestone"], clock["party"], clock["outer_bound"]] = clock
    return all(clock["met_at"] is not None or clock["waived"] is not None for clock in newest.values())


def band(case: Case) -> int:
    digit = {"S0": 0, "S1": 1, "S2": 2, "S3": 3, "S4": 4}[case["severity"]]
    return digit + 1 if secured(case) else digit


def placing(case: Case) -> tuple[int, int]:
    """(0 harm, 1 paper, 2 none; the deadline that places the case)."""
    for rank, milestones in enumerate((HARM, PAPER)):
        dues = [clock["due_at"] for clock in case["clocks"] if clock["milestone"] in milestones and counts(clock)]
        if dues:
            return rank, min(dues)
    return 2, 0


def before(one: Case, other: Case) -> int:
    """Negative if `one` comes first: band, harm before paper before none, deadline, score, arrival."""
    if band(one) != band(other):
        return band(one) - band(other)
    if placing(one)[0] != placing(other)[0]:
        return placing(one)[0] - placing(other)[0]
    if placing(one)[1] != placing(other)[1]:
        return placing(one)[1] - placing(other)[1]
    if one["score"] != other["score"]:
        return -1 if one["score"] > other["score"] else 1
    return int(one["arrived"]) - int(other["arrived"])


def queue(cases: list[Case]) -> list[str]:
    """The ids in order, by sorting in the plainest way: each case is put before the first that it precedes."""
    line: list[Case] = []
    for case in cases:
        place = 0
        while place < len(line) and before(line[place], case) < 0:
            place += 1
        line.insert(place, case)
    assert line == sorted(cases, key=cmp_to_key(before))
    return [str(case["case_id"]) for case in line]


# --- what a list asks for


def in_view(case: Case, view: str | None, me: str, now: int) -> bool:
    if view is None:
        return True
    if view == "ended":
        return case["state"] in ENDED
    if case["state"] not in OPEN:
        return False
    snoozed = case["flags"]["snoozed_until"] is not None
    if view == "snoozed":
        return snoozed
    if snoozed:
        return False
    asked = {
        "all": True,
        "mine": case["owner"] == me,
        "unowned": case["owner"] is None,
        "late": any(counts(clock) and clock["due_at"] < now for clock in case["clocks"]),
    }
    return bool(asked[view])


def found(case: Case, query: str | None, me: str, now: int) -> bool:
    """The few queries that the proof asks."""
    rank, due = placing(case)
    match query:
        case None:
            return True
        case "sev:0..1":
            return case["severity"] in ("S0", "S1")
        case "type:csea,ttl":
            return case["case_type"] in ("CSEA", "TTL")
        case "owner:me -is:ended":
            return bool(case["owner"] == me and case["state"] in OPEN)
        case "late<10m":
            return rank < 2 and due - now < 600_000
        case "age>2h state:open":
            return now - case["opened_at"] > 7_200_000 and case["state"] in OPEN
        case "score>=60 -is:secured":
            return bool(case["score"] >= 60 and not secured(case))
        case "is:secured":
            return secured(case)
        case 'text~"word 3"':
            return "word 3" in case["summary"]
        case "next:none":
            return rank == 2
    raise AssertionError(query)
