"""A case is resolved when its outputs exist; what a logged contact meets, by party and type."""

from typing import Any

import pytest

from casework.errors import BadInput, IllegalTransition
from casework.tokens import Party
from tests.casework.casefloor import HOUR, MINUTE, Floor


def floor_of(case_type: str, **data: Any) -> Floor:
    floor = Floor().at_state("ACKED", case_type=case_type, **data)
    floor.do("triage", **floor.fields("triage"))
    return floor


def contact(floor: Floor, party: Party, **more: Any) -> None:
    floor.do("log_contact", **floor.fields("log_contact") | {"party": party} | more)


@pytest.mark.parametrize("case_type", ["SSH", "TTL", "MVE"])
def test_danger_to_life_needs_a_contact_record_or_no_referral(case_type: str) -> None:
    floor = floor_of(case_type)
    with pytest.raises(IllegalTransition, match=f'{case_type} needs a contact record or a documented "no referral"'):
        floor.do("resolve", outcome="done", reason="r")
    contact(floor, "internal")
    with pytest.raises(IllegalTransition, match="contact record"):
        floor.do("resolve", outcome="done", reason="r")
    floor.do("resolve", outcome="No referral", reason="no place, no name")
    other = floor_of(case_type)
    contact(other, "police")
    other.do("resolve", outcome="done", reason="r")


def test_waiving_police_is_a_documented_no_referral() -> None:
    floor = floor_of("TTL")
    floor.do("waive", milestone="police", reason="police reported it themselves")
    waived = floor.clock("police").waived
    assert waived is not None
    assert (waived.by, waived.at) == ("ana", floor.now)
    floor.do("resolve", outcome="done", reason="r")


def test_an_edr_needs_a_decision_and_an_answer() -> None:
    floor = floor_of("EDR", source={"kind": "law_enforcement"})
    floor.do("investigate")
    with pytest.raises(IllegalTransition, match="The outcome is one of DISCLOSED, PARTIAL"):
        floor.do("resolve", outcome="done", reason="r")
    with pytest.raises(IllegalTransition, match="needs a decision and an answer"):
        floor.do("resolve", outcome="REFUSED_FRAUD", reason="r")
    contact(floor, "requester", outcome="REFUSED_FRAUD: the badge format is wrong")
    assert floor.clock("decide").met_at == floor.clock("answer").met_at == floor.now
    assert floor.clock("answer", outer=True).met_at == floor.now
    assert floor.clock("verify").met_at == floor.now, "it was said on a call back"
    floor.do("resolve", outcome="refused_fraud", reason="r")


def test_no_action_is_the_decision_of_an_edr() -> None:
    floor = floor_of("EDR")
    floor.do("propose", **floor.fields("propose"))
    assert floor.clock("decide").met_at == floor.now
    assert floor.clock("answer").met_at is None


def test_reg_needs_an_answer() -> None:
    floor = floor_of("REG", sub_type="REMOVAL_ORDER")
    with pytest.raises(IllegalTransition, match="REG needs an answer"):
        floor.do("resolve", outcome="done", reason="r")
    contact(floor, "regulator")
    assert floor.clock("answer").met_at == floor.now
    floor.do("resolve", outcome="done", reason="r")


def test_triage_notes_are_an_output_at_s0_and_s1() -> None:
    floor = Floor().at_state("ACKED", case_type="TTL")
    contact(floor, "police")
    with pytest.raises(IllegalTransition, match="Triage notes are owed"):
        floor.do("resolve", outcome="done", reason="r")


@pytest.mark.parametrize(
    ("case_type", "party", "milestone"),
    [
        ("TTL", "police", "police"),
        ("CSEA", "ncmec", "report"),
        ("SSH", "user", "resources"),
        ("SSH", "victim", "resources"),
        ("NCII", "victim", "answer"),
        ("REG", "regulator", "answer"),
        ("LEGAL", "requester", "answer"),
        ("LEGAL", "police", "answer"),
        ("PRESS", "press", "answer"),
        ("PART", "partner", "answer"),
    ],
)
def test_what_a_contact_meets(case_type: str, party: Party, milestone: str) -> None:
    floor = Floor()
    floor.open(case_type=case_type)
    floor.later(MINUTE)
    contact(floor, party, reference="r-1", outcome="No answer at the desk")
    assert floor.clock(milestone).met_at is None, "nobody was reached"
    contact(floor, party, reference="r-1")
    assert floor.clock(milestone).met_at == floor.now
    assert [clock.milestone for clock in floor.case().clocks if clock.met_at] == [
        clock.milestone for clock in floor.case().clocks if clock.milestone == milestone
    ]


def test_share_is_met_by_the_industry() -> None:
    floor = Floor()
    floor.open(case_type="MVE", content=[{"kind": "video", "id": "v", "live": True}])
    assert floor.case().severity == "S0"
    contact(floor, "industry")
    assert floor.clock("share").met_at == floor.now


def test_a_contact_keeps_what_was_said() -> None:
    floor = Floor()
    floor.open()
    contact(floor, "other", person="A. Smith", reference="K-9")
    (kept,) = floor.case().contacts
    assert (kept.seq, kept.by, kept.person, kept.reference) == (2, "ana", "A. Smith", "K-9")
    with pytest.raises(BadInput, match="/at lies in the future"):
        contact(floor, "other", at=floor.now + HOUR)


def test_waive_names_what_cannot_be_waived() -> None:
    floor = Floor()
    floor.open()
    for milestone, instead in (("ack", "Claim the case"), ("resolve", "Resolve the case"), ("chase", "Resume")):
        with pytest.raises(IllegalTransition, match=f"{milestone} is never waived. {instead}"):
            floor.do("waive", milestone=milestone, reason="r")
    with pytest.raises(IllegalTransition, match="No police is open"):
        floor.do("waive", milestone="police", reason="r")
