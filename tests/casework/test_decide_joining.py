"""Linked and merged cases: both are written, nothing that one owed is lost."""

import pytest

from casework.errors import IllegalTransition
from casework.tokens import Relation
from tests.casework.casefloor import BO, CASE_A, CASE_B, CASE_C, HOUR, MINUTE, START, Floor, types


def pair(first: str = "DOX", second: str = "DOX") -> Floor:
    floor = Floor()
    floor.open(CASE_A, case_type=first)
    floor.open(CASE_B, case_type=second)
    return floor


@pytest.mark.parametrize(
    ("relation", "back"),
    [("related", "related"), ("duplicate", "duplicate"), ("parent", "child"), ("child", "parent")],
)
def test_a_link_is_written_on_both(relation: Relation, back: Relation) -> None:
    floor = pair()
    events = floor.do("link", to="C-8G4B-0M3N", relation=relation)
    assert [(event.type, event.case_id, event.part) for event in events] == [
        ("CaseLinked", CASE_A, 0),
        ("CaseLinked", CASE_B, 1),
    ]
    assert [(r.case_id, r.relation) for r in floor.cases[CASE_A].related] == [(CASE_B, relation)]
    assert [(r.case_id, r.relation) for r in floor.cases[CASE_B].related] == [(CASE_A, back)]
    assert floor.do("link", to=CASE_B, relation=relation) == [], "linked already: accepted, nothing to write"


def test_a_child_is_not_its_parents_parent() -> None:
    floor = pair()
    floor.do("link", to=CASE_B, relation="parent")
    with pytest.raises(IllegalTransition, match="is its parent already"):
        floor.do("link", to=CASE_B, relation="child")
    with pytest.raises(IllegalTransition, match="is its child already"):
        floor.do("link", CASE_B, to=CASE_A, relation="parent")


def test_a_merge_writes_both_as_one_intent() -> None:
    floor = pair()
    events = floor.do("merge", into=CASE_B)
    assert [(event.type, event.case_id, event.part) for event in events] == [
        ("CaseMerged", CASE_A, 0),
        ("CaseAbsorbed", CASE_B, 1),
    ]
    merged, survivor = floor.cases[CASE_A], floor.cases[CASE_B]
    assert (merged.state, merged.merged_into, merged.ended_at) == ("MERGED", CASE_B, START)
    assert (survivor.state, survivor.absorbed, survivor.updates) == ("NEW", (CASE_A,), 1)
    with pytest.raises(IllegalTransition, match="It was merged into C-8G4B-0M3N"):
        floor.do("note", text="x")


def test_the_survivor_keeps_the_more_severe_band_and_the_earlier_dues() -> None:
    floor = Floor()
    floor.open(CASE_A, case_type="TTL")
    floor.later(5 * MINUTE)
    floor.open(CASE_B, case_type="DOX")
    floor.do("claim", CASE_B, by=BO)
    floor.do("triage", CASE_B, by=BO, **floor.fields("triage", CASE_B))
    floor.later(MINUTE)
    floor.do("merge", into=CASE_B)
    survivor = floor.cases[CASE_B]
    assert (survivor.severity, survivor.band, survivor.case_type) == ("S1", 1, "DOX")
    assert floor.clock("contain", CASE_B).due_at == START + 30 * MINUTE
    assert floor.clock("police", CASE_B).due_at == START + 60 * MINUTE
    assert floor.clock("ack", CASE_B).met_at is not None
    assert survivor.owner == "bo"


def test_what_is_still_up_joins_a_contained_case() -> None:
    floor = pair()
    floor.do("claim", CASE_B)
    floor.do("triage", CASE_B, **floor.fields("triage", CASE_B))
    floor.do("contain", CASE_B, evidence="down")
    assert floor.cases[CASE_B].band == 3
    floor.do("merge", into=CASE_B)
    survivor = floor.cases[CASE_B]
    assert (survivor.state, survivor.contained_at, survivor.secured_at, survivor.band) == ("TRIAGED", None, None, 2)
    contain = floor.clock("contain", CASE_B)
    assert (contain.round, contain.met_at, contain.due_at) == (1, None, START + 4 * HOUR)
    floor.do("contain", CASE_B, evidence="both down")
    assert floor.cases[CASE_B].band == 3


def test_a_step_outside_that_one_still_owed_is_owed() -> None:
    floor = pair("CSEA", "DOX")
    for case_id in (CASE_A, CASE_B):
        floor.do("claim", case_id)
        floor.do("triage", case_id, **floor.fields("triage", case_id))
        floor.do("contain", case_id, evidence="down")
    assert (floor.cases[CASE_A].band, floor.cases[CASE_B].band) == (1, 3)
    floor.do("merge", into=CASE_B)
    survivor = floor.cases[CASE_B]
    assert floor.clock("report", CASE_B).running
    assert (survivor.severity, survivor.band) == ("S1", 1)


def test_a_late_clock_stays_late_and_is_late_once() -> None:
    floor = pair("TTL", "TTL")
    floor.do("claim", CASE_B)
    floor.later(31 * MINUTE)
    floor.keep(CASE_A)
    floor.keep(CASE_B)
    floor.do("merge", into=CASE_B)
    assert floor.keep(CASE_B) == []
    assert floor.clock("contain", CASE_B).breached_at == START + 30 * MINUTE


def test_circles_chains_and_ends_are_refused() -> None:
    floor = pair()
    floor.open(CASE_C)
    floor.do("merge", into=CASE_B)
    with pytest.raises(IllegalTransition, match="merged into this one already; a circle would lose both"):
        floor.do("merge", CASE_B, into=CASE_A)
    with pytest.raises(IllegalTransition, match=r"C-7F3A-9K2M was merged into C-8G4B-0M3N\. Merge into that one"):
        floor.do("merge", CASE_C, into=CASE_A)
    floor.do("discard", CASE_B, outcome="spam", reason="r")
    with pytest.raises(IllegalTransition, match=r"is REJECTED\. Reopen it, or link the two"):
        floor.do("merge", CASE_C, into=CASE_B)


def test_a_case_with_something_to_contain_does_not_vanish_in_a_paper_one() -> None:
    floor = pair("TTL", "EDR")
    with pytest.raises(IllegalTransition, match="a case of type EDR, which contains nothing"):
        floor.do("merge", into=CASE_B)
    floor.do("link", to=CASE_B, relation="related")
    floor.do("merge", CASE_B, into=CASE_A)
    assert floor.clock("verify").running
    assert floor.clock("answer").running


def test_a_hold_goes_with_it() -> None:
    floor = pair()
    floor.do("hold", why="police")
    assert types(floor.do("merge", into=CASE_B)) == ["CaseMerged", "CaseAbsorbed", "HoldPlaced"]
    hold = floor.cases[CASE_B].flags.hold
    assert hold is not None
    assert hold.why == "police"


def test_unmerged_it_goes_on_with_its_old_dues() -> None:
    floor = pair()
    before = floor.cases[CASE_A]
    floor.do("merge", into=CASE_B)
    floor.later(31 * MINUTE)
    events = floor.do("unmerge")
    assert types(events) == ["CaseUnmerged", "MilestoneBreached", "CaseSeparated"]
    after = floor.cases[CASE_A]
    assert {c.name: c.due_at for c in after.clocks} == {c.name: c.due_at for c in before.clocks}
    assert (after.state, after.merged_into, after.ended_at) == ("NEW", None, None)
    assert floor.cases[CASE_B].updates == 0
    with pytest.raises(IllegalTransition, match="was not merged"):
        floor.do("unmerge")


def test_both_leave_the_floor_in_their_own_time() -> None:
    floor = pair()
    floor.do("merge", into=CASE_B)
    floor.later(24 * HOUR)
    assert types(floor.keep(CASE_A)) == ["CaseRetired"]
    assert floor.rows[CASE_A] is None
    assert floor.cases[CASE_B].state == "NEW"
