"""The clock sets of all 75 pairs of type and severity, and of the orders with outer bounds.

The table below was written from the domain document, not from the defaults: one line a pair, spans in its notation.
"""

from itertools import product

import pytest

from casework import clocks
from casework.businessdays import add_business_days
from casework.clockrows import row_for
from casework.model import Clock
from casework.policy import Policy, defaults, override
from casework.tokens import CASE_TYPES, MILESTONES, SEVERITIES, CaseType, Severity, SubType, contains

POLICY = defaults()
MINUTE, HOUR = 60_000, 3_600_000
#: Sunday, 2026-11-22 01:02:03.456 UTC.
OPENED = 1_795_309_323_456
REPORTED = OPENED - 90_000

TTL0 = "ack 2m, contain 10m, police 15m, resolve 4h / 15m"
TTL1 = "ack 10m, contain 30m, police 60m, resolve 12h / 60m"
PLAIN0 = "ack 2m, resolve 4h / 15m"
PLAIN1 = "ack 10m, resolve 12h / 60m"
ANSWER = "ack 60m, answer 4h, resolve 3bd / 24h"
EDR1 = "ack 15m, verify 60m, decide 2h, answer 4h, resolve 8h / verify 60m"
SSH1 = "ack 10m, contain 60m, resources 30m, resolve 24h / 2h"
MVE1 = "ack 10m, contain 60m, resolve 12h / 60m"
CSEA2 = "ack 60m, contain 4h, report 24h, resolve 72h / 24h"
NCII2 = "ack 30m, contain 4h, answer 8h, resolve 24h / 8h"
EIGHT = "ack 30m, contain 4h, resolve 24h / 8h"
FOUR = "ack 30m, contain 4h, resolve 24h / 4h"
QUERY4 = "ack 4h, resolve 3bd / -"
ORDER1 = "ack 5m, contain 40m, answer 60m, resolve 24h / -"

SETS: dict[CaseType, tuple[str, str, str, str, str]] = {
    "TTL": (TTL0, TTL1, TTL1, TTL1, TTL1),
    "MVE": ("ack 2m, contain 15m, police 15m, share 30m, resolve 4h / 15m", MVE1, MVE1, MVE1, MVE1),
    "SSH": ("ack 2m, contain 15m, police 15m, resources 5m, resolve 2h / 15m", SSH1, SSH1, SSH1, SSH1),
    "CSEA": (
        "ack 5m, contain 15m, police 15m, report 60m, resolve 12h / 30m",
        "ack 15m, contain 30m, report 4h, resolve 24h / 4h",
        CSEA2,
        CSEA2,
        CSEA2,
    ),
    "EDR": ("ack 5m, verify 15m, decide 30m, answer 60m, resolve 2h / verify 15m", EDR1, EDR1, EDR1, EDR1),
    "LEGAL": (PLAIN0, PLAIN1, ANSWER, ANSWER, ANSWER),
    "EXPL": (TTL0, TTL1, EIGHT, EIGHT, EIGHT),
    "NCII": (TTL0, TTL1, NCII2, NCII2, NCII2),
    "DOX": (TTL0, TTL1, EIGHT, EIGHT, EIGHT),
    "DANGER": (TTL0, TTL1, FOUR, FOUR, FOUR),
    "CIVIC": (TTL0, TTL1, FOUR, FOUR, FOUR),
    "REG": (PLAIN0, PLAIN1, ANSWER, ANSWER, ANSWER),
    "PRESS": (PLAIN0, PLAIN1, ANSWER, ANSWER, ANSWER),
    "PART": (PLAIN0, PLAIN1, ANSWER, ANSWER, ANSWER),
    "QUERY": (PLAIN0, PLAIN1, QUERY4, QUERY4, QUERY4),
}
ORDERS: dict[CaseType, tuple[str, str, str, str, str]] = {
    "REG": (TTL0, ORDER1, ORDER1, ORDER1, ORDER1),
    "MVE": SETS["MVE"],
}
#: Outer bounds, whatever the severity.
BOUNDS: dict[tuple[str, str | None], dict[str, int]] = {
    ("EDR", None): {"answer": 8 * HOUR},
    ("NCII", None): {"contain": 48 * HOUR},
    ("MVE", "REMOVAL_ORDER"): {"contain": 60 * MINUTE},
    ("REG", "REMOVAL_ORDER"): {"contain": 60 * MINUTE, "answer": 60 * MINUTE},
}


def read(span: str) -> int:
    if span == "3bd":
        return add_business_days(OPENED, 3, "UTC") - OPENED
    return int(span[:-1]) * {"m": MINUTE, "h": HOUR}[span[-1]]


def expected(text: str) -> tuple[dict[str, int], str, int | None]:
    """Target allowances, the step that updates wait for, and how often they are due."""
    targets, _, update = text.partition(" / ")
    start, _, span = update.rpartition(" ")
    pairs = (item.split() for item in targets.split(", "))
    return {name: read(span) for name, span in pairs}, start or "ack", None if span == "-" else read(span)


def started(case_type: CaseType, sub_type: SubType | None, severity: Severity) -> clocks.Clocks:
    return clocks.start(
        case_type=case_type,
        sub_type=sub_type,
        severity=severity,
        opened_at=OPENED,
        reported_at=REPORTED,
        policy=POLICY,
    )


def check(case_type: CaseType, sub_type: SubType | None, severity: Severity, text: str) -> None:
    found = started(case_type, sub_type, severity)
    allowances, updates_from, update = expected(text)
    targets = [clock for clock in found if not clock.outer_bound]
    assert {clock.milestone: clock.allowance_ms for clock in targets} == allowances
    assert {clock.started_at for clock in targets} == {OPENED}
    bounds = [clock for clock in found if clock.outer_bound]
    assert {clock.milestone: clock.allowance_ms for clock in bounds} == BOUNDS.get((case_type, sub_type), {})
    assert {clock.started_at for clock in bounds} <= {REPORTED}
    for clock in found:
        assert clock.due_at == clock.started_at + clock.allowance_ms
        assert clock.running
        assert (clock.round, clock.party, clock.breached_at) == (0, None, None)
        assert clock.rule.endswith(f".{clock.milestone}")
        assert (".outer." in clock.rule) is clock.outer_bound
    assert len({clock.name for clock in found}) == len(found)
    for met in ("ack", "verify"):
        first = clocks.first_update(
            found,
            met="ack" if met == "ack" else "verify",
            case_type=case_type,
            sub_type=sub_type,
            severity=severity,
            now=OPENED + 5_000,
            policy=POLICY,
        )
        if update is None or met != updates_from:
            assert first == ()
        else:
            (clock,) = first
            assert (clock.milestone, clock.round, clock.started_at, clock.allowance_ms) == (
                "update",
                0,
                OPENED + 5_000,
                update,
            )


@pytest.mark.parametrize(("case_type", "severity"), list(product(CASE_TYPES, SEVERITIES)))
def test_all_75_pairs(case_type: CaseType, severity: Severity) -> None:
    check(case_type, None, severity, SETS[case_type][int(severity[1])])


@pytest.mark.parametrize("case_type", ["REG", "MVE"])
@pytest.mark.parametrize("severity", SEVERITIES)
def test_removal_orders(case_type: CaseType, severity: Severity) -> None:
    check(case_type, "REMOVAL_ORDER", severity, ORDERS[case_type][int(severity[1])])


@pytest.mark.parametrize("sub_type", ["MATERIAL", "ENTICE", "SEXT", "TRAF", "LIVE", "SELF"])
@pytest.mark.parametrize("severity", SEVERITIES)
def test_sub_types_of_child_abuse_have_the_clocks_of_their_type(sub_type: SubType, severity: Severity) -> None:
    check("CSEA", sub_type, severity, SETS["CSEA"][int(severity[1])])


@pytest.mark.parametrize("severity", SEVERITIES)
def test_a_regulator_s_inquiry_by_name(severity: Severity) -> None:
    check("REG", "INQUIRY", severity, SETS["REG"][int(severity[1])])


def test_cases_that_are_not_contained_never_get_a_clock_for_it() -> None:
    sub_types: tuple[SubType | None, ...] = (None, "REMOVAL_ORDER", "INQUIRY")
    for case_type, sub_type, severity in product(CASE_TYPES, sub_types, SEVERITIES):
        has = any(clock.milestone == "contain" for clock in started(case_type, sub_type, severity))
        assert has is contains(case_type, sub_type), (case_type, sub_type, severity)


def test_every_case_has_an_ack_and_an_end() -> None:
    for case_type, severity in product(CASE_TYPES, SEVERITIES):
        assert {"ack", "resolve"} <= {clock.milestone for clock in started(case_type, None, severity)}


def test_the_rule_names_the_row_it_came_from() -> None:
    assert {clock.rule.rpartition(".")[0] for clock in started("PRESS", None, "S0")} == {"TTL.S0"}
    assert {clock.rule.rpartition(".")[0] for clock in started("CSEA", None, "S4")} == {"CSEA.S2"}
    rules = [clock.rule for clock in started("REG", "REMOVAL_ORDER", "S1")]
    assert rules == [
        "REG_REMOVAL_ORDER.S1.ack",
        "REG_REMOVAL_ORDER.S1.contain",
        "REG_REMOVAL_ORDER.S1.answer",
        "REG_REMOVAL_ORDER.S1.resolve",
        "REG_REMOVAL_ORDER.outer.contain",
        "REG_REMOVAL_ORDER.outer.answer",
    ]


def test_clocks_come_in_the_order_of_the_milestones() -> None:
    for case_type, severity in product(CASE_TYPES, SEVERITIES):
        places = [MILESTONES.index(c.milestone) for c in started(case_type, None, severity) if not c.outer_bound]
        assert places == sorted(places)


@pytest.mark.parametrize("reported", [None, OPENED + 1, OPENED + 86_400_000])
def test_a_report_is_never_later_than_its_acceptance(reported: int | None) -> None:
    found = clocks.start(
        case_type="EDR", sub_type=None, severity="S0", opened_at=OPENED, reported_at=reported, policy=POLICY
    )
    (bound,) = (clock for clock in found if clock.outer_bound)
    assert (bound.started_at, bound.due_at) == (OPENED, OPENED + 8 * HOUR)


def test_a_bound_may_be_over_when_the_case_opens() -> None:
    found = clocks.start(
        case_type="NCII",
        sub_type=None,
        severity="S2",
        opened_at=OPENED,
        reported_at=OPENED - 72 * HOUR,
        policy=POLICY,
    )
    late = clocks.breached(found, OPENED)
    assert [(clock.milestone, clock.outer_bound, clock.breached_at) for clock in late] == [
        ("contain", True, OPENED - 24 * HOUR)
    ]


def test_business_days_are_those_of_the_calendar() -> None:
    # 2026-10-30 22:00 in New York is a Friday there and a Saturday in UTC; daylight saving ends on November 1.
    opened = 1_793_412_000_000
    there = override(POLICY, '[calendar]\ntz = "America/New_York"', file="o")

    def resolve(policy: Policy) -> Clock:
        found = clocks.start(
            case_type="LEGAL", sub_type=None, severity="S3", opened_at=opened, reported_at=None, policy=policy
        )
        (clock,) = (clock for clock in found if clock.milestone == "resolve")
        return clock

    assert resolve(there).allowance_ms == 5 * 24 * HOUR + HOUR
    assert resolve(POLICY).allowance_ms == 4 * 24 * HOUR


def test_a_tie_goes_to_the_more_severe_row() -> None:
    policy = override(POLICY, '[clocks.rows.LEGAL.S1]\nack = "7m"\n', file="o")
    name, row = row_for("LEGAL", None, "S2", policy)
    assert (name, row.ack) == ("LEGAL.S1", "7m")
    assert row_for("LEGAL", None, "S0", policy)[0] == "TTL.S0"


def test_a_clock_can_be_taken_away() -> None:
    policy = override(POLICY, '[clocks.rows.TTL.S0]\npolice = "none"\n[clocks.outer.NCII]\ncontain = "none"', file="o")
    found = clocks.start(
        case_type="NCII", sub_type=None, severity="S0", opened_at=OPENED, reported_at=None, policy=policy
    )
    assert {clock.milestone for clock in found} == {"ack", "contain", "resolve"}
    assert not any(clock.outer_bound for clock in found)
