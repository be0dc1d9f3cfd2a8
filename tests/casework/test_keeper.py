"""What time does to a case is an event, written once, in the order in which it fell due."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from casework import keeper
from casework.facts import MilestoneBreached
from casework.model import Case
from casework.policy import defaults
from tests.casework.casefloor import CY, HOUR, LEE, MINUTE, START, Floor, types
from tests.casework.stories import IDS, stories, told

S0: dict[str, Any] = {"case_type": "TTL", "factors": {"imminence": "now", "harm": "death"}}


def dead(principal: str) -> bool:
    return False


def test_after_downtime_everything_missed_comes_in_due_order() -> None:
    floor = Floor()
    floor.open(**S0)
    floor.later(26 * HOUR)
    events = floor.keep()
    late = [event.fact for event in events if isinstance(event.fact, MilestoneBreached)]
    assert [(fact.milestone, fact.breached_at - START) for fact in late] == [
        ("ack", 2 * MINUTE),
        ("contain", 10 * MINUTE),
        ("police", 15 * MINUTE),
        ("resolve", 4 * HOUR),
    ]
    assert {event.at for event in events} == {floor.now}
    assert {event.actor for event in events} == {"_keeper"}
    assert floor.keep() == [], "once"


def test_a_claim_lapses_and_somebody_has_to_take_it_anew() -> None:
    floor = Floor()
    floor.open(**S0)
    floor.do("claim")
    floor.later(10 * MINUTE - 1)
    assert floor.keep(alive=dead) == [], "the claim itself was a sign of life"
    floor.later(1)
    assert floor.keep(alive=lambda who: who == "ana") == []
    assert floor.keep() == [], "nobody is given up without having been looked for"
    (event,) = floor.keep(alive=dead)
    assert (event.type, floor.case().owner, floor.case().state) == ("ClaimLapsed", None, "ACKED")
    ack = floor.clock("ack")
    assert (ack.round, ack.started_at, ack.due_at) == (1, floor.now, floor.now + 2 * MINUTE)
    assert floor.clock("ack", round=0).met_at is not None
    floor.do("claim", by=CY)
    assert floor.clock("ack").met_at == floor.now
    assert len([c for c in floor.case().clocks if c.milestone == "update"]) == 1


def test_below_s1_a_lapse_starts_no_clock() -> None:
    floor = Floor().at_state("ACKED")
    floor.later(10 * MINUTE)
    (event,) = floor.keep(alive=dead)
    assert event.type == "ClaimLapsed"
    assert floor.clock("ack").round == 0


def test_a_claim_does_not_lapse_while_its_owner_said_to_be_busy() -> None:
    floor = Floor().at_state("ACKED")
    floor.do("busy", until=floor.now + HOUR)
    floor.later(HOUR + 10 * MINUTE - 1)
    assert "ClaimLapsed" not in types(floor.keep(alive=dead))
    floor.later(1)
    assert types(floor.keep(alive=dead)) == ["ClaimLapsed"]


def test_whoever_is_given_a_case_has_as_long_to_appear() -> None:
    floor = Floor().at_state("ACKED")
    floor.later(HOUR)
    floor.keep(alive=lambda who: True)
    floor.do("assign", to="cy")
    floor.later(9 * MINUTE)
    assert floor.keep(alive=dead) == []
    floor.later(MINUTE)
    assert types(floor.keep(alive=dead)) == ["ClaimLapsed"]


def test_lateness_comes_before_what_is_taken_back() -> None:
    floor = Floor()
    floor.open(**S0)
    floor.do("set_severity", severity="S2", reason="r")
    floor.later(31 * MINUTE)
    names = types(floor.keep())
    assert names == ["MilestoneBreached"] * 3 + ["LoweringReverted"]
    floor.do("discard", outcome="spam", reason="r")
    floor.later(5 * HOUR)
    assert types(floor.keep()) == ["DiscardReverted", "MilestoneBreached"], "it ran on, and is late now"


def test_a_resolved_case_is_closed_and_leaves_a_day_later() -> None:
    floor = Floor().at_state("RESOLVED")
    floor.later(24 * HOUR - 1)
    assert floor.keep() == []
    floor.later(1)
    assert types(floor.keep()) == ["CaseClosed"]
    assert (floor.case().state, floor.case().ended_at) == ("CLOSED", floor.now)
    floor.later(24 * HOUR)
    assert types(floor.keep()) == ["CaseRetired"]
    assert floor.case().retired_at == floor.now
    assert floor.keep() == []
    assert keeper.next_wake(floor.case(), floor.policy) is None


def test_a_rejected_case_leaves_a_day_later() -> None:
    floor = Floor().at_state("REJECTED")
    floor.later(24 * HOUR)
    assert types(floor.keep()) == ["CaseRetired"]


def test_an_update_round_that_is_late_stays_late_once() -> None:
    floor = Floor().at_state("ACKED", case_type="TTL")
    floor.later(3 * HOUR)
    assert types(floor.keep()).count("MilestoneBreached") == 3, "contain, police and one update"
    floor.later(3 * HOUR)
    assert floor.keep() == []


def test_a_wall_clock_that_stepped_back_writes_nothing() -> None:
    floor = Floor().at_state("ACKED", case_type="TTL")
    floor.now -= 72 * HOUR
    assert floor.keep() == []


def wake(case: Case) -> int | None:
    return keeper.next_wake(case, defaults())


def test_next_wake_is_the_next_thing_that_falls_due() -> None:
    floor = Floor()
    floor.open(**S0)
    assert wake(floor.case()) == START + 2 * MINUTE + 1
    floor.do("claim")
    assert wake(floor.case()) == START + 10 * MINUTE + 1
    floor.do("set_severity", severity="S3", reason="r")
    until = floor.case().pending[0].until
    floor.do("log_contact", **floor.fields("log_contact"))
    floor.later(20 * MINUTE)
    floor.keep()
    assert wake(floor.case()) == until
    floor.do("confirm", by=LEE, seq=floor.case().pending[0].seq)
    assert wake(floor.case()) == START + 4 * HOUR + 1


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(stories, st.sampled_from([0, MINUTE, HOUR, 30 * HOUR]))
def test_the_keeper_is_woken_for_everything_and_finishes(seed: int, wait: int) -> None:
    floor = told(seed, steps=40)
    floor.later(wait)
    for case_id in IDS:
        case = floor.cases[case_id]
        at = keeper.next_wake(case, floor.policy)
        missed = keeper.due(case, floor.now, floor.policy, alive=None)
        if missed:
            assert at is not None
            assert at <= max(floor.now, case.at), "what is due was announced"
        elif at is not None:
            assert keeper.due(case, min(at, 10**15) - 1, floor.policy) == () or at <= case.at
        for _ in range(6):
            if not floor.keep(case_id, alive=dead):
                break
        else:
            raise AssertionError("the keeper never finishes")
        after = keeper.next_wake(floor.cases[case_id], floor.policy)
        assert after is None or after > floor.now
