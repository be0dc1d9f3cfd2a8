"""Enforcement actions and clauses of policy, against the domain's table."""

from collections import Counter

import pytest

from casework.catalogue import contains_case, listed, needs_second
from casework.policy import defaults
from casework.tokens import SEVERITIES, Severity

ACTIONS = defaults().actions
CLAUSES = defaults().policies
#: id: scope, reversible, key, tier
TABLE = {
    "hide": ("content", "full", "dh", 3),
    "remove": ("content", "full", "dr", 3),
    "quarantine": ("content", "none", "dq", 3),
    "livecut": ("content", "part", "dl", 3),
    "geoblock": ("content", "full", "dg", 3),
    "agegate": ("content", "full", "da", 3),
    "share_hash": ("outside", "part", "dI", 4),
    "sweep": ("content", "part", "dS", 4),
    "feature_block": ("account", "full", "df", 3),
    "lock": ("account", "full", "dk", 3),
    "suspend": ("account", "full", "ds", 3),
    "ban": ("account", "part", "dX", 4),
    "device_block": ("device", "part", "dB", 4),
    "legal_hold": ("account", "in_term", "dp", 3),
    "cybertip": ("outside", "none", "dC", 4),
    "disclose": ("outside", "none", "dD", 4),
    "refer": ("outside", "none", "dT", 4),
    "welfare": ("account", "part", "dw", 3),
    "notify": ("account", "none", "dn", 3),
    "withhold_notice": ("account", "none", "dN", 4),
    "restore": ("any", "any", "du", 3),
    "no_action": ("none", "full", "d0", 3),
}


def test_the_table_of_actions() -> None:
    found = {name: (each.scope, each.reversible, each.key, each.tier) for name, each in ACTIONS.items()}
    assert found == TABLE


def test_capitals_cannot_be_recalled_and_digits_and_small_letters_are_tier_3() -> None:
    assert all((action.tier == 4) is action.key[1].isupper() for action in ACTIONS.values())


def test_always_two_people() -> None:
    always = {name for name, action in ACTIONS.items() if action.dual == "always"}
    assert always == {"share_hash", "ban", "device_block", "disclose", "refer"}
    assert {name for name, action in ACTIONS.items() if action.approver == "legal"} == {"disclose"}


@pytest.mark.parametrize("severity", SEVERITIES)
def test_when_a_second_person_is_needed_and_may_come_after(severity: Severity) -> None:
    s0 = severity == "S0"
    assert needs_second(ACTIONS["ban"], severity=severity) == (True, s0)
    assert needs_second(ACTIONS["refer"], severity=severity) == (True, s0)
    assert needs_second(ACTIONS["disclose"], severity=severity) == (True, False)
    assert needs_second(ACTIONS["no_action"], severity=severity) == (s0, s0)
    assert needs_second(ACTIONS["hide"], severity=severity) == (False, False)
    assert needs_second(ACTIONS["cybertip"], severity=severity) == (False, False)


def test_a_sweep() -> None:
    sweep = ACTIONS["sweep"]
    assert (sweep.limit, sweep.cap) == (25, 1000)
    assert needs_second(sweep, severity="S2", items=25) == (False, False)
    assert needs_second(sweep, severity="S2", items=26) == (True, False)
    assert needs_second(sweep, severity="S1", items=26, exact_hash=True, case_type="MVE") == (True, True)
    assert needs_second(sweep, severity="S0", items=1, exact_hash=True, case_type="CSEA") == (True, True)
    assert needs_second(sweep, severity="S1", items=26, exact_hash=True, case_type="CSEA") == (True, False)
    assert needs_second(sweep, severity="S0", items=26, exact_hash=False, case_type="MVE") == (True, False)


def test_only_deciding_not_to_act_is_in_service() -> None:
    assert {name for name, action in ACTIONS.items() if action.in_service} == {"no_action"}


def test_what_contains_a_case() -> None:
    not_containing = {name for name, action in ACTIONS.items() if not contains_case(action)}
    assert not_containing == {"share_hash", "cybertip", "disclose", "refer", "restore", "no_action"}


def test_reviews_follow_what_went_first() -> None:
    first = {name for name, action in ACTIONS.items() if action.act_first != "never"}
    assert first == {"sweep", "ban", "refer", "no_action"}
    assert {ACTIONS[name].review_within for name in first} == {"30m"}
    assert ACTIONS["cybertip"].review_within == "24h"


def test_codes_of_policy() -> None:
    families = Counter(code.split("-")[0] for code in CLAUSES if "-" in code)
    assert families == {"CS": 6, "SH": 5, "VE": 4, "EX": 3, "HB": 3, "DG": 2, "IN": 3}
    assert {code for code in CLAUSES if "-" not in code} == {*families, "PR", "LG"}


@pytest.mark.parametrize("code", CLAUSES)
def test_a_clause_is_whole(code: str) -> None:
    clause = CLAUSES[code]
    assert clause.title
    assert clause.text.endswith(".")
    assert clause.ladder
    assert set(clause.ladder) <= set(ACTIONS)
    assert clause.ozone.startswith("reason")
    assert clause.dsa
    assert bool(clause.ncmec) is (code in ("CS-1", "CS-2", "CS-3", "CS-4"))


def test_a_disclosure_of_pain_is_never_punished() -> None:
    assert CLAUSES["SH-3"].ladder == ("welfare",)


def test_listed_for_the_catalogue_route() -> None:
    first = listed(ACTIONS)[0]
    assert (first["action"], first["key"], first["in_service"]) == ("hide", "dh", False)
