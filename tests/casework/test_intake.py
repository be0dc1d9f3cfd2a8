"""What a report makes of a case, and what a further report changes."""

from typing import Any

import pytest

from casework.access import Person
from casework.decide import link_back
from casework.errors import IllegalTransition, NotPermitted
from casework.escalation import Cap
from casework.facts import CaseOpened, EscalationUpdated, ReachUpdated
from casework.masking import masked
from tests.casework.casefloor import CASE_A, CASE_B, HOUR, MINUTE, START, Floor, person, types


def capped(**cap: Any) -> Person:
    return person("intake.x", "intake", cap=Cap(**cap))


def opened(floor: Floor) -> CaseOpened:
    fact = floor.log[0].fact
    assert isinstance(fact, CaseOpened)
    return fact


def updated(floor: Floor) -> EscalationUpdated:
    fact = next(event.fact for event in reversed(floor.log) if isinstance(event.fact, EscalationUpdated))
    assert isinstance(fact, EscalationUpdated)
    return fact


class TestOpening:
    def test_the_event_carries_every_result(self) -> None:
        floor = Floor()
        floor.open(case_type="TTL", factors={"imminence": "24h", "harm": "death"}, boundary="us")
        result = opened(floor).result
        assert (result.state, result.severity, result.band) == ("NEW", "S1", 1)
        assert result.score_tenths == 615
        assert [clock.rule for clock in result.clocks] == [
            "TTL.S1.ack", "TTL.S1.contain", "TTL.S1.police", "TTL.S1.resolve",
        ]  # fmt: skip
        assert opened(floor).policy_version == floor.policy.version
        assert opened(floor).defaults_digest == floor.policy.digest
        case = floor.case()
        assert (case.opened_seq, case.opened_at, case.boundary) == (1, START, "us")
        assert case.grounds[0].startswith("S1")
        assert len(case.grounds) > 3

    def test_times_carry_their_zone_and_are_never_later_than_acceptance(self) -> None:
        floor = Floor()
        floor.open(
            occurred_at="1970-01-01T02:00:01.234+02:00",
            reported_at="2999-01-01T00:00:00Z",
            subjects=[{"kind": "account", "id": "u", "place_at": "0001-01-01T00:00:00+14:00"}],
        )
        case = floor.case()
        assert (case.occurred_at, case.reported_at) == (1_234, START)
        assert case.subjects[0].place_at == 0

    def test_a_claim_is_followed_up_to_the_cap(self) -> None:
        floor = Floor()
        floor.open(severity="S0", by=capped(severity="S1"))
        assert floor.case().severity == "S1"
        assert opened(floor).severity_claimed == "S0"
        milder = Floor()
        milder.open(case_type="TTL", severity="S4")
        assert milder.case().severity == "S1"

    @pytest.mark.parametrize(
        ("source", "cap", "kept"),
        [
            ({"kind": "law_enforcement", "credibility": "verified"}, {}, "unverified"),
            ({"kind": "partner", "credibility": "verified"}, {"credibility": "known"}, "known"),
            ({"kind": "partner"}, {"credibility": "known"}, "known"),
            ({"kind": "partner"}, {}, None),
            ({"kind": "user_report", "credibility": "anonymous"}, {"credibility": "known"}, "anonymous"),
        ],
    )
    def test_credibility_is_capped(self, source: dict[str, Any], cap: dict[str, Any], kept: str | None) -> None:
        floor = Floor()
        floor.open(source=source, by=capped(**cap))
        assert floor.credibility() == kept

    def test_a_token_speaks_for_its_kinds_only(self) -> None:
        floor = Floor()
        with pytest.raises(NotPermitted, match="source kind ncmec needs a token for it; this one has detector"):
            floor.open(source={"kind": "ncmec"}, by=capped(kinds=frozenset({"detector"})))
        assert floor.log == []

    def test_sensitive_values_stay_and_their_masks_travel(self) -> None:
        floor = Floor()
        floor.open(sensitive={"requester_email": "jane.doe@county.gov", "subject_phone": "+1 555 0142"})
        sensitive = floor.case().sensitive
        assert {name: (item.ref, item.masked) for name, item in sensitive.items()} == {
            "requester_email": (f"{CASE_A}/requester_email", "j…@…gov"),
            "subject_phone": (f"{CASE_A}/subject_phone", "…42"),
        }
        assert opened(floor).sensitive_values["subject_phone"] == "+1 555 0142"
        assert {"sensitive_values", "summary", "narrative", "content", "origin"} <= set(CaseOpened.SEALED)

    def test_the_same_thing_named_twice_is_one(self) -> None:
        floor = Floor()
        floor.open(
            content=[{"kind": "video", "id": "v", "caption": "a"}, {"kind": "video", "id": "v", "up": True}],
            factors={"vulnerability": ["minor", "minor"]},
            sensitivities=["minor", "minor"],
        )
        case = floor.case()
        assert [(item.id, item.caption, item.up) for item in case.content] == [("v", "a", True)]
        assert (case.factors.vulnerability, case.sensitivities) == (("minor",), ("minor",))

    def test_a_late_report_on_an_ended_case_is_linked_both_ways(self) -> None:
        floor = Floor().at_state("RESOLVED")
        floor.open(CASE_B, continues=CASE_A)
        assert [(r.case_id, r.relation) for r in floor.cases[CASE_B].related] == [(CASE_A, "follow_up")]
        floor.append(link_back(floor.case(), to=CASE_B, now=floor.now, actor=person("intake.x", "intake")))
        assert [(r.case_id, r.relation) for r in floor.case().related] == [(CASE_B, "follow_up")]


class TestUpdating:
    def test_factors_merge_key_by_key_and_null_takes_back(self) -> None:
        floor = Floor()
        floor.open(factors={"harm": "serious", "specificity": 2})
        floor.update(factors={"imminence": "7d", "harm": None})
        factors = floor.case().factors
        assert (factors.imminence, factors.harm, factors.specificity) == ("7d", None, 2)

    def test_subjects_and_content_merge_by_kind_and_id(self) -> None:
        floor = Floor()
        floor.open(
            subjects=[{"kind": "account", "id": "u", "handle": "h"}],
            content=[{"kind": "video", "id": "v", "live": True, "caption": "c"}],
        )
        floor.update(
            subjects=[{"kind": "account", "id": "u", "place": "US-TX"}, {"kind": "device", "id": "u"}],
            content=[{"kind": "video", "id": "v", "sha256": "AB" * 32}],
        )
        case = floor.case()
        assert [(s.kind, s.handle, s.place) for s in case.subjects] == [
            ("account", "h", "US-TX"),
            ("device", None, None),
        ]
        (video,) = case.content
        assert (video.live, video.caption, video.sha256) == (True, "c", "ab" * 32)
        floor.update(content=[{"kind": "video", "id": "v", "up": False}])
        assert floor.case().content[0].live is False

    def test_new_facts_raise_by_the_rule_and_take_the_earlier_due(self) -> None:
        floor = Floor()
        floor.open(case_type="TTL")
        floor.later(9 * MINUTE)
        (event,) = floor.update(factors={"imminence": "now", "harm": "death"})
        case = floor.case()
        assert (event.type, case.severity, case.band, case.updates) == ("EscalationUpdated", "S0", 0, 1)
        assert floor.clock("ack").due_at == START + 10 * MINUTE
        assert floor.clock("contain").due_at == floor.now + 10 * MINUTE
        assert case.grounds[0].startswith("S0: imminence now")

    def test_what_a_person_lowered_does_not_come_back_by_the_same_facts(self) -> None:
        floor = Floor().at_state("ACKED", case_type="TTL", factors={"imminence": "24h", "harm": "death"})
        floor.do("set_severity", severity="S3", reason="a quote from a film")
        floor.update(factors={"imminence": "24h"}, narrative="again")
        assert floor.case().severity == "S3"
        floor.update(factors={"imminence": "now"})
        assert floor.case().severity == "S0"

    def test_boundary_type_and_a_milder_severity_are_recorded_and_not_followed(self) -> None:
        floor = Floor()
        floor.open(case_type="TTL", boundary="us")
        floor.update(boundary="eu", case_type="DOX", severity="S4", sub_type="SELF")
        case = floor.case()
        assert (case.boundary, case.case_type, case.sub_type, case.severity) == ("us", "TTL", None, "S1")
        assert updated(floor).recorded == {"boundary": "eu", "case_type": "DOX", "severity": "S4", "sub_type": "SELF"}

    def test_a_claim_is_capped_here_too(self) -> None:
        floor = Floor()
        floor.open()
        floor.update(severity="S0", by=capped(severity="S2"))
        assert floor.case().severity == "S2"
        floor.update(severity="S0", by=capped(severity="S1"))
        assert floor.case().severity == "S1"
        with pytest.raises(NotPermitted):
            floor.update(source={"kind": "ncmec"}, by=capped(kinds=frozenset({"detector"})))

    def test_live_child_abuse_named_later_is_an_s0(self) -> None:
        floor = Floor()
        floor.open(case_type="CSEA", sub_type="MATERIAL", factors={"imminence": "past"})
        assert floor.case().severity == "S1"
        floor.update(sub_type="LIVE")
        assert (floor.case().severity, floor.case().sub_type) == ("S0", "MATERIAL")

    def test_only_reach_is_its_own_immaterial_event(self) -> None:
        floor = Floor()
        floor.open()
        before = floor.case()
        (event,) = floor.update(factors={"live_viewers": 900, "reuploads": 3}, source={"kind": "user_report"})
        assert isinstance(event.fact, ReachUpdated)
        case = floor.case()
        assert case.score_tenths > before.score_tenths
        assert (case.material, case.updates) == (before.material, 0)
        assert types(floor.update(factors={"live_viewers": 1}, narrative="n")) == ["EscalationUpdated"]
        assert types(floor.update(factors={})) == ["ReachUpdated"]

    def test_a_verified_source_stays_verified(self) -> None:
        floor = Floor()
        floor.open(case_type="EDR", source={"kind": "law_enforcement"})
        floor.do("claim")
        floor.do("log_contact", **floor.fields("log_contact"))
        assert floor.credibility() == "verified"
        score = floor.case().score_tenths
        floor.update(narrative="more")
        assert (floor.credibility(), floor.case().score_tenths) == ("verified", score)

    def test_sensitive_values_join(self) -> None:
        floor = Floor()
        floor.open(sensitive={"subject_phone": "+1 555 0142"})
        floor.update(sensitive={"requester_email": "a@b.org"})
        assert sorted(floor.case().sensitive) == ["requester_email", "subject_phone"]
        assert updated(floor).sensitive_values == {"requester_email": "a@b.org"}

    def test_lists_are_bounded_and_say_so(self) -> None:
        floor = Floor()
        floor.open()
        for batch in range(6):
            floor.update(subjects=[{"kind": "account", "id": f"{batch}-{number}"} for number in range(100)])
        assert len(floor.case().subjects) == 500
        assert updated(floor).recorded == {"subjects_not_kept": "100"}

    def test_late_clocks_are_written_first(self) -> None:
        floor = Floor()
        floor.open()
        floor.later(31 * MINUTE)
        assert types(floor.update(narrative="n")) == ["MilestoneBreached", "EscalationUpdated"]

    def test_an_ended_case_takes_none(self) -> None:
        floor = Floor().at_state("RESOLVED")
        floor.later(HOUR)
        with pytest.raises(IllegalTransition, match="Open a new case that continues it"):
            floor.update(narrative="n")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("jane@county.gov", "j…@…gov"),
        ("j@county.gov", "…@…gov"),
        ("jane@mail.county.co.uk", "j…@…uk"),
        ("jane@localhost", "j…"),
        ("+49 (0)89 123-456", "…56"),
        ("110", "…"),
        ("10.1.2.3", "…"),
        ("192.168.100.200", "…00"),
        ("12 Elm Street", "1…"),
        ("Bo", "…"),
        ("", "…"),
        ("  x", "…"),
        ("a" * 500, "a…"),
    ],
)
def test_masks(value: str, shown: str) -> None:
    assert masked(value) == shown
    assert len(masked(value).replace("…", "").replace("@", "")) <= 4
