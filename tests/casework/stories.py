"""Random shifts of work: commands, reports, time, by several people on three cases, each told by a seed."""

from __future__ import annotations

from random import Random
from typing import Any

from hypothesis import strategies as st
from msgspec.structs import replace

from casework.commands import COMMANDS
from casework.errors import CaseworkError
from casework.events import Event
from casework.policy import Policy
from casework.tokens import CASE_TYPES, SEVERITIES
from tests.casework.casefloor import ANA, BO, CASE_A, CASE_B, CASE_C, CY, HOUR, LEE, MINUTE, Floor

IDS = (CASE_A, CASE_B, CASE_C)
PEOPLE = {"ana": ANA, "bo": BO, "cy": CY, "lee": LEE}
TYPES = ("TTL", "DOX", "EDR", "CSEA", "NCII", "REG", "PRESS", "QUERY")
WAITS = (0, 1, 500, 9_000, 11_000, MINUTE, 16 * MINUTE, 31 * MINUTE, 5 * HOUR, 25 * HOUR)
PARTIES = ("police", "ncmec", "user", "requester", "regulator", "press", "industry", "other")

#: What people tend to do in a state, so that stories get somewhere; any other verb comes up as well.
LIKELY: dict[str, tuple[str, ...]] = {
    "NEW": ("claim", "claim", "discard", "merge", "assign", "snooze", "break_glass"),
    "ACKED": ("triage", "triage", "contain", "investigate", "propose", "release", "offer_handover", "busy"),
    "TRIAGED": ("contain", "propose", "waive", "await_external", "hold", "log_contact", "resolve", "set_severity"),
    "CONTAINED": ("investigate", "resolve", "log_contact", "await_external", "resume", "post_update", "triage"),
    "INVESTIGATING": ("resolve", "log_contact", "resume", "unhold", "complete_task", "waive", "triage"),
    "RESOLVED": ("reopen", "link"),
    "CLOSED": ("reopen",),
    "REJECTED": ("confirm", "reopen"),
    "MERGED": ("unmerge",),
}
ALWAYS = ("undo", "confirm", "set_factors", "set_severity", "note", "tick", "approve", "reject", "cancel", "unsnooze",
          "accept_handover", "add_task", "complete_task", "resume")  # fmt: skip
TEXTS = ("a", "Ein Satz.", "x\n\u202e\x1b[31m", "\U0001f600" * 3)

stories = st.integers(0, 2**32)
"""A story is its seed: told() makes the same one of it every time, and a failing one is printed as a number."""


def some(rng: Random, choices: dict[str, Any], share: float = 0.4) -> dict[str, Any]:
    return {name: rng.choice(values) for name, values in choices.items() if rng.random() < share}


def factors(rng: Random) -> dict[str, Any]:
    return some(
        rng,
        {
            "imminence": ["now", "24h", "7d", "past", None],
            "harm": ["death", "serious", "psychological", None],
            "vulnerability": [[], ["minor"], ["victim_in_crisis", "adult"]],
            "specificity": [0, 2, 4],
            "identifiable_child": [True, False],
            "live_viewers": [0, 50, 10**6],
            "reuploads": [0, 7, 10**4],
        },
    )


def content(rng: Random) -> list[dict[str, Any]]:
    optional = {"live": [True, False], "caption": list(TEXTS), "up": [True, False]}
    return [{"kind": "video", "id": name} | some(rng, optional) for name in ("v1", "v2")[: rng.randrange(3)]]


def report(rng: Random) -> dict[str, Any]:
    needed = {"case_type": rng.choice(TYPES), "summary": rng.choice(TEXTS), "source": {"kind": "law_enforcement"}}
    return needed | some(
        rng,
        {
            "factors": [factors(rng)],
            "content": [content(rng)],
            "narrative": list(TEXTS),
            "boundary": ["us"],
            "sensitive": [{"subject_phone": "+1 555 0100"}],
        },
    )


def further_report(rng: Random) -> dict[str, Any]:
    if rng.random() < 0.3:
        return {"factors": {"live_viewers": rng.randrange(10**6)}}
    return some(
        rng,
        {
            "factors": [factors(rng)],
            "content": [content(rng)],
            "narrative": list(TEXTS),
            "summary": list(TEXTS),
            "severity": list(SEVERITIES),
            "case_type": list(CASE_TYPES),
            "sensitivities": [["minor"]],
            "sensitive": [{"requester_email": "jo@county.gov"}],
            "subjects": [[{"kind": "account", "id": "u1", "handle": "h"}]],
        },
    )


def fields(floor: Floor, verb: str, case_id: str, variant: int) -> dict[str, Any]:
    """Fields of `verb` that lead somewhere on the case as it is; `variant` picks among several."""
    case = floor.cases[case_id]
    known = floor.fields(verb, case_id)
    other = IDS[(IDS.index(case_id) + 1 + variant % 2) % 3]
    case_type = TYPES[variant % len(TYPES)] if variant > 3 else case.case_type
    varied: dict[str, dict[str, Any]] = {
        "triage": {"severity": SEVERITIES[variant % 5], "case_type": case_type},
        "set_severity": {"severity": SEVERITIES[variant % 5], "reason": "r"},
        "set_factors": {"factors": [{"harm": "death"}, {"live_viewers": 9}, {"imminence": None}][variant % 3]},
        "link": {"to": other},
        "merge": {"into": other},
        "log_contact": {"party": PARTIES[variant], "reference": "r-1" * (variant % 2), "outcome": "PARTIAL"},
        "waive": {"milestone": ["contain", "police", "report", "answer", "update", "verify"][variant]},
        "tick": {"step": f"s{variant % 2}"},
        "undo": {"seq": max(1, max((c.seq for c in case.recent), default=1))},
        "confirm": {"seq": max([item.seq for item in case.pending], default=1)},
        "resolve": {"outcome": ["done", "not_reportable", "no_referral", "REFUSED_FRAUD"][variant % 4]},
        "complete_task": {"task_id": f"t{1 + variant % 2}"},
        "assign": {"to": sorted(PEOPLE)[variant % 4]},
        "offer_handover": {"to": sorted(PEOPLE)[variant % 4]},
        "grant": {"principal": sorted(PEOPLE)[variant % 4]},
        "post_update": {"audience": ["partner", "requester", "user"][variant % 3]},
    }
    proposals = [action for action in case.actions if action.state == "proposed"]
    if verb in ("approve", "reject", "cancel") and proposals:
        varied[verb] = {"action_id": proposals[0].action_id}
        if verb == "approve":
            varied[verb]["digest"] = proposals[0].digest
    return known | varied.get(verb, {})


def told(seed: int, policy: Policy | None = None, steps: int = 60) -> Floor:
    """The floor after a story of so many steps; what is refused leaves no trace."""
    rng = Random(seed)
    floor = Floor(policy)
    for case_id in IDS:
        floor.open(case_id, **report(rng))
        floor.later(1)
    for _ in range(steps):
        case_id = rng.choice(IDS)
        kind = rng.random()
        try:
            if kind < 0.15:
                floor.later(rng.choice(WAITS))
            elif kind < 0.22:
                floor.keep(case_id, alive=lambda who: who != "cy")
            elif kind < 0.30:
                floor.update(case_id, **further_report(rng))
            else:
                act(floor, rng, case_id)
        except CaseworkError:
            pass
    return floor


def act(floor: Floor, rng: Random, case_id: str) -> None:
    """One command of somebody, most often of whoever has the case."""
    case = floor.cases[case_id]
    likely = (*LIKELY.get(case.state, ()), *LIKELY.get(case.state, ()), *ALWAYS)
    verb = rng.choice(likely) if rng.random() < 0.85 else rng.choice(tuple(COMMANDS))
    who = rng.choice(sorted(PEOPLE))
    if case.owner in PEOPLE and rng.random() < 0.5:
        who = case.owner
    if verb == "undo" and case.recent:
        who = case.recent[-1].by
    by = replace(PEOPLE[who], clearances=frozenset({"us"}))
    floor.do(verb, case_id, by=by, **fields(floor, verb, case_id, rng.randrange(6)))


def events_of(floor: Floor, case_id: str) -> list[Event]:
    return [event for event in floor.log if event.case_id == case_id]
