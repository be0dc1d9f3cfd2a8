"""What one person does alone stands for thirty minutes; two people are two by principal."""

import hashlib
from typing import Any

import pytest
import rfc8785

from casework.errors import BadInput, IllegalTransition, NotPermitted
from casework.model import Action
from tests.casework.casefloor import ANA, BO, CASE_B, CY, HOUR, LEE, MINUTE, START, Floor, person, types

S0: dict[str, Any] = {"case_type": "TTL", "factors": {"imminence": "now", "harm": "death"}}
HALF = 30 * MINUTE


def lowered() -> Floor:
    floor = Floor().at_state("ACKED", **S0)
    floor.do("set_severity", severity="S2", reason="the caller is known for it")
    return floor


def test_lowering_takes_a_reason() -> None:
    floor = Floor().at_state("ACKED", case_type="TTL")
    with pytest.raises(BadInput, match="/reason is missing"):
        floor.do("set_severity", severity="S2")
    floor.do("set_severity", severity="S2", reason="r")
    assert floor.case().pending == (), "only from S0 a second person is needed"
    with pytest.raises(IllegalTransition, match="S2 already"):
        floor.do("set_severity", severity="S2", reason="r")


def test_lowering_from_s0_stands_until_it_reverts() -> None:
    floor = lowered()
    assert (floor.case().severity, floor.case().band) == ("S2", 2)
    (item,) = floor.case().pending
    lowering = floor.log[-1]
    assert (item.kind, item.by, item.until, item.seq) == ("lowering", "ana", floor.now + HALF, lowering.seq)
    floor.later(HALF - 1)
    assert "LoweringReverted" not in types(floor.keep())
    floor.later(1)
    assert "LoweringReverted" in types(floor.keep())
    assert (floor.case().severity, floor.case().band, floor.case().pending) == ("S0", 0, ())


def test_a_second_person_confirms_it() -> None:
    floor = lowered()
    seq = floor.case().pending[0].seq
    with pytest.raises(NotPermitted):
        floor.do("confirm", by=CY, seq=seq)
    with pytest.raises(IllegalTransition, match="your own act"):
        floor.do("confirm", by=person("ana", "lead"), seq=seq)
    with pytest.raises(IllegalTransition, match="waits for nobody"):
        floor.do("confirm", by=BO, seq=1)
    floor.do("confirm", by=BO, seq=seq)
    floor.later(HOUR)
    assert "LoweringReverted" not in types(floor.keep())
    assert floor.case().severity == "S2"


def test_confirming_too_late_is_refused() -> None:
    floor = lowered()
    floor.later(HALF)
    with pytest.raises(IllegalTransition, match="30 minutes are over"):
        floor.do("confirm", by=BO, seq=floor.case().pending[0].seq)


def test_a_lowering_by_triage_needs_the_second_person_too() -> None:
    floor = Floor().at_state("ACKED", **S0)
    floor.do("triage", case_type="DOX", severity="S2", imminence="past", evidence="old")
    assert [item.kind for item in floor.case().pending] == ["lowering"]
    floor.later(HALF)
    floor.keep()
    assert (floor.case().severity, floor.case().case_type) == ("S0", "DOX")


def test_raising_again_settles_it_and_lowering_further_does_not() -> None:
    floor = lowered()
    floor.do("set_severity", severity="S3", reason="even less")
    assert len(floor.case().pending) == 1
    floor.do("set_severity", severity="S1")
    assert len(floor.case().pending) == 1, "S1 is still below what it was"
    floor.do("set_severity", severity="S0")
    assert floor.case().pending == ()


def test_a_report_that_makes_it_an_s0_again_settles_it() -> None:
    floor = Floor().at_state("ACKED", case_type="TTL")
    floor.do("set_severity", severity="S0")
    floor.do("set_severity", severity="S2", reason="r")
    floor.update(factors={"imminence": "now", "harm": "death"})
    assert floor.case().severity == "S0"
    assert floor.case().pending == ()


def test_discarding_at_s0_reverts_to_where_it_was() -> None:
    floor = Floor().at_state("TRIAGED", **S0)
    before = floor.case()
    floor.do("discard", outcome="spam", reason="a test call")
    assert (floor.case().state, floor.case().pending[0].kind) == ("REJECTED", "discard")
    floor.later(HALF)
    events = floor.keep()
    assert types(events)[0] == "DiscardReverted"
    assert "MilestoneBreached" in types(events), "its clocks ran on, and are late now"
    case = floor.case()
    assert (case.state, case.ended_at, case.outcome, case.pending) == ("TRIAGED", None, None, ())
    assert {clock.name: clock.due_at for clock in case.clocks} == {c.name: c.due_at for c in before.clocks}


def test_a_confirmed_discard_stays() -> None:
    floor = Floor().at_state("NEW", **S0)
    floor.do("discard", outcome="spam", reason="r")
    floor.do("confirm", by=BO, seq=floor.case().pending[0].seq)
    floor.later(HOUR)
    assert floor.keep() == []
    assert floor.case().state == "REJECTED"


def test_a_lowered_s0_is_not_discarded_alone() -> None:
    floor = lowered()
    floor.do("discard", outcome="spam", reason="r")
    assert sorted(item.kind for item in floor.case().pending) == ["discard", "lowering"]
    floor.later(HALF)
    assert types(floor.keep())[:2] == ["LoweringReverted", "DiscardReverted"]
    assert (floor.case().state, floor.case().severity) == ("ACKED", "S0")


def test_discarding_below_s0_needs_nobody() -> None:
    floor = Floor().at_state("NEW", case_type="TTL")
    floor.do("discard", outcome="spam", reason="r")
    assert floor.case().pending == ()


class TestNotReportable:
    def csea(self) -> Floor:
        floor = Floor().at_state("ACKED", case_type="CSEA", sub_type="MATERIAL")
        floor.do("triage", case_type="CSEA", severity="S1", imminence="past", evidence="an adult, by passport")
        return floor

    def test_it_always_takes_two(self) -> None:
        floor = self.csea()
        with pytest.raises(IllegalTransition, match='CSEA needs a CyberTip id or "not reportable" by two people'):
            floor.do("resolve", outcome="done", reason="r")
        assert types(floor.do("resolve", outcome="not reportable", reason="an adult")) == ["NotReportableStated"]
        assert floor.case().state == "TRIAGED"
        with pytest.raises(IllegalTransition, match='ana said "not reportable" already'):
            floor.do("resolve", outcome="not_reportable", reason="again")
        events = floor.do("confirm", by=BO, seq=floor.case().pending[0].seq)
        assert types(events) == ["ActConfirmed", "CaseResolved"]
        assert (floor.case().state, floor.case().outcome) == ("RESOLVED", "not_reportable")
        assert floor.clock("report").waived is not None

    def test_unconfirmed_it_counts_for_nothing(self) -> None:
        floor = self.csea()
        floor.do("waive", milestone="report", reason="an adult")
        assert floor.clock("report").waived is None
        with pytest.raises(IllegalTransition, match="CyberTip"):
            floor.do("resolve", outcome="done", reason="r")
        floor.later(HALF)
        assert "NotReportableReverted" in types(floor.keep())
        assert floor.case().not_reportable is None
        floor.do("waive", milestone="report", reason="an adult")
        assert types(floor.do("confirm", by=BO, seq=floor.case().pending[0].seq)) == ["ActConfirmed"]
        assert floor.clock("report").waived is not None
        floor.do("resolve", outcome="done", reason="r")

    def test_the_confirmation_is_refused_if_the_case_cannot_be_resolved(self) -> None:
        floor = self.csea()
        floor.do("resolve", outcome="not_reportable", reason="an adult")
        floor.do("add_task", text="x", owner="cy", due_at=floor.now + HOUR)
        with pytest.raises(IllegalTransition, match="Tasks are open"):
            floor.do("confirm", by=BO, seq=floor.case().pending[0].seq)

    def test_what_was_said_does_not_outlive_a_reopening(self) -> None:
        floor = self.csea()
        floor.do("resolve", outcome="not_reportable", reason="an adult")
        floor.do("confirm", by=BO, seq=floor.case().pending[0].seq)
        floor.do("reopen", reason="she was 15")
        assert floor.clock("report").owed
        with pytest.raises(IllegalTransition, match="CyberTip"):
            floor.do("resolve", outcome="done", reason="r")

    def test_a_cybertip_id_resolves_it(self) -> None:
        floor = self.csea()
        tip = {**floor.fields("log_contact"), "party": "ncmec"}
        floor.do("log_contact", **tip)
        assert floor.clock("report").met_at is None, "without an id it is no report"
        floor.do("log_contact", **{**tip, "reference": "4564654"})
        assert floor.clock("report").met_at == floor.now
        floor.do("resolve", outcome="reported", reason="r")


class TestNoAction:
    def proposed(self) -> tuple[Floor, Action]:
        floor = Floor().at_state("ACKED", **S0)
        floor.do("propose", **floor.fields("propose") | {"fields": {"code": "no_breach", "items": 3}})
        return floor, floor.case().actions[0]

    def test_below_s0_it_stands_at_once(self) -> None:
        floor = Floor().at_state("TRIAGED")
        assert types(floor.do("propose", **floor.fields("propose"))) == ["ActionProposed", "ActionVerified"]
        (action,) = floor.case().actions
        assert (action.state, action.one_person) == ("verified", False)
        assert floor.case().state == "TRIAGED"

    def test_at_s0_it_is_marked_and_waits(self) -> None:
        floor, action = self.proposed()
        assert (action.state, action.one_person, action.proposed_by) == ("proposed", True, "ana")
        assert floor.case().pending[0].until == floor.now + HALF
        assert floor.case().triage_due_at == START + 15 * MINUTE
        with pytest.raises(IllegalTransition, match="proposed already"):
            floor.do("propose", **floor.fields("propose"))
        with pytest.raises(IllegalTransition, match="no_action a1 is proposed"):
            floor.do("resolve", outcome="done", reason="r")

    def test_the_digest_binds_exactly_what_was_proposed(self) -> None:
        floor, action = self.proposed()
        content: dict[str, Any] = {
            "case_id": floor.case().case_id,
            "action_id": "a1",
            "action": "no_action",
            "target": {"kind": "account", "id": "u_1"},
            "policy": "HB1",
            "reason": "no breach",
            "fields": {"code": "no_breach", "items": 3},
            "proposed_by": "ana",
        }
        assert action.digest == hashlib.sha256(rfc8785.dumps(content)).hexdigest()
        with pytest.raises(IllegalTransition, match="digest is of something else"):
            floor.do("approve", by=BO, action_id="a1", digest="f" * 64)

    def test_another_principal_approves(self) -> None:
        floor, action = self.proposed()
        with pytest.raises(IllegalTransition, match="You proposed it yourself"):
            floor.do("approve", by=person("ana", "approver"), action_id="a1", digest=action.digest)
        events = floor.do("approve", by=BO, action_id="a1", digest=action.digest)
        assert types(events) == ["ActionApproved", "ActionVerified"]
        after = floor.case().actions[0]
        assert (after.state, after.approved_by, after.one_person) == ("verified", "bo", False)
        assert floor.case().pending == ()
        with pytest.raises(IllegalTransition, match="is verified already"):
            floor.do("reject", by=BO, action_id="a1", reason="r")

    def test_rejected_canceled_reverted(self) -> None:
        floor, _ = self.proposed()
        with pytest.raises(IllegalTransition, match="Cancel it instead"):
            floor.do("reject", by=person("ana", "approver"), action_id="a1", reason="r")
        floor.do("reject", by=BO, action_id="a1", reason="act")
        assert (floor.case().actions[0].state, floor.case().pending) == ("rejected", ())
        floor, _ = self.proposed()
        with pytest.raises(IllegalTransition, match="ana proposed it"):
            floor.do("cancel", by=CY, action_id="a1")
        floor.do("cancel", action_id="a1")
        assert (floor.case().actions[0].state, floor.case().pending) == ("canceled", ())
        floor, _ = self.proposed()
        with pytest.raises(IllegalTransition, match="approved, not confirmed"):
            floor.do("confirm", by=BO, seq=floor.case().pending[0].seq)
        floor.later(HALF)
        with pytest.raises(IllegalTransition, match="Propose it again"):
            floor.do("approve", by=BO, action_id="a1", digest=floor.case().actions[0].digest)
        assert types(floor.keep())[-1] == "NoActionReverted"
        assert (floor.case().actions[0].state, floor.case().pending) == ("canceled", ())
        with pytest.raises(BadInput, match="names no action"):
            floor.do("cancel", action_id="a2")

    def test_what_has_no_canonical_form_is_refused(self) -> None:
        floor = Floor().at_state("TRIAGED")
        with pytest.raises(BadInput, match="/fields holds half a character"):
            floor.do("propose", **floor.fields("propose") | {"fields": {"x": "\ud800"}})


@pytest.mark.parametrize(
    ("action", "says"),
    [
        ("hide", "Enforcement is not connected on this floor yet. Do it at the platform, then log it with contain"),
        ("notify", "Do it at the platform, then add a note of it"),
        ("cybertip", "The CyberTip desk opens later. File the report with NCMEC and log it"),
        ("disclose", "The disclosure desk opens later"),
        ("refer", "The referral desk opens later"),
        ("legal_hold", "Preservation is not connected"),
    ],
)
def test_what_does_not_work_yet_says_what_to_do_instead(action: str, says: str) -> None:
    floor = Floor().at_state("TRIAGED")
    with pytest.raises(IllegalTransition, match=says):
        floor.do("propose", **floor.fields("propose") | {"action": action})


def test_every_action_of_the_catalogue_but_no_action_is_refused_by_its_state() -> None:
    floor = Floor().at_state("TRIAGED")
    for action in floor.policy.actions:
        if action != "no_action":
            with pytest.raises(IllegalTransition):
                floor.do("propose", **floor.fields("propose") | {"action": action})
    with pytest.raises(BadInput, match="names no action"):
        floor.do("propose", **floor.fields("propose") | {"action": "vanish"})
    assert floor.case().actions == ()


def test_a_case_that_waits_for_a_second_person_is_not_merged_away() -> None:
    floor = lowered()
    floor.open(CASE_B)
    with pytest.raises(IllegalTransition, match="A lowering by ana waits for a second person"):
        floor.do("merge", into=CASE_B)
    floor.do("confirm", by=LEE, seq=floor.case().pending[0].seq)
    floor.do("merge", by=ANA, into=CASE_B)
