"""Lateness is exact, waiting pauses one clock, updates come in rounds, a snooze hides nothing urgent."""

from typing import Any

import pytest

from casework.errors import BadInput, IllegalTransition, NotPermitted
from casework.facts import MilestoneBreached
from tests.casework.casefloor import (
    ANA,
    BO,
    CASE_A,
    CASE_B,
    CY,
    HOUR,
    LEE,
    MINUTE,
    SECOND,
    START,
    Floor,
    person,
    types,
)

TTL: dict[str, Any] = {"case_type": "TTL"}
S0: dict[str, Any] = {"case_type": "TTL", "factors": {"imminence": "now", "harm": "death"}}


def test_a_command_first_writes_what_was_late_with_its_exact_due() -> None:
    floor = Floor()
    floor.open(**TTL)
    floor.later(31 * MINUTE)
    events = floor.do("claim")
    assert types(events) == ["MilestoneBreached", "MilestoneBreached", "CaseClaimed", "MilestoneMet"]
    late = [event.fact for event in events if isinstance(event.fact, MilestoneBreached)]
    assert [(fact.milestone, fact.breached_at) for fact in late] == [
        ("ack", START + 10 * MINUTE),
        ("contain", START + 30 * MINUTE),
    ]
    assert events[0].at == floor.now
    ack = floor.clock("ack")
    assert (ack.breached_at, ack.met_at) == (START + 10 * MINUTE, floor.now)


def test_due_to_the_millisecond_is_not_late() -> None:
    floor = Floor()
    floor.open(**TTL)
    floor.now = floor.clock("ack").due_at
    assert types(floor.do("claim")) == ["CaseClaimed", "MilestoneMet"]
    other = Floor()
    other.open(**TTL)
    other.now = other.clock("ack").due_at + 1
    assert types(other.do("claim"))[0] == "MilestoneBreached"


def test_each_clock_is_late_once() -> None:
    floor = Floor()
    floor.open(**TTL)
    floor.later(11 * MINUTE)
    assert types(floor.do("note", text="1")) == ["MilestoneBreached", "NoteAdded"]
    assert types(floor.do("note", text="2")) == ["NoteAdded"]
    assert floor.keep() == []


def test_a_refused_command_writes_nothing() -> None:
    floor = Floor()
    floor.open(**TTL)
    floor.later(11 * MINUTE)
    with pytest.raises(IllegalTransition):
        floor.do("contain", evidence="x")
    assert len(floor.log) == 1
    assert types(floor.keep()) == ["MilestoneBreached"]


def test_the_time_of_a_case_never_runs_backwards() -> None:
    floor = Floor()
    floor.open(**TTL)
    floor.later(5 * MINUTE)
    floor.do("claim")
    at = floor.case().at
    floor.now -= 72 * HOUR
    events = floor.do("note", text="x")
    assert events[0].at == at == floor.case().at


def test_an_ended_case_is_late_no_more() -> None:
    floor = Floor().at_state("RESOLVED")
    floor.later(10 * HOUR)
    assert floor.keep() == []
    assert all(clock.met_at or clock.stopped_at for clock in floor.case().clocks)
    assert not any(clock.running for clock in floor.case().clocks)


def test_claim_starts_the_first_update_and_each_round_is_late_once() -> None:
    floor = Floor()
    floor.open(**TTL)
    floor.later(4 * MINUTE)
    floor.do("claim")
    first = floor.clock("update")
    assert (first.round, first.started_at, first.due_at) == (0, floor.now, floor.now + HOUR)
    floor.later(50 * MINUTE)
    assert types(floor.do("post_update", text="x", audience="partner"))[-2:] == ["UpdatePosted", "MilestoneMet"]
    second = floor.clock("update")
    assert (second.round, second.started_at, second.due_at) == (1, floor.now, floor.now + HOUR)
    assert floor.clock("update", round=0).met_at == floor.now
    floor.later(61 * MINUTE)
    late = [event.fact for event in floor.keep() if isinstance(event.fact, MilestoneBreached)]
    assert [(fact.milestone, fact.round) for fact in late if fact.milestone == "update"] == [("update", 1)]
    floor.do("post_update", text="sorry", audience="partner")
    assert floor.clock("update").round == 2


def test_an_edr_gets_its_first_update_once_the_requester_is_verified() -> None:
    floor = Floor()
    floor.open(case_type="EDR", source={"kind": "law_enforcement", "credibility": "verified"})
    assert floor.credibility() == "unverified", "whatever it claims"
    before = floor.case().score_tenths
    floor.do("claim")
    assert not any(clock.milestone == "update" for clock in floor.case().clocks)
    with pytest.raises(IllegalTransition, match="not verified"):
        floor.do("post_update", text="we work on it", audience="requester")
    call = {**floor.fields("log_contact"), "party": "requester"}
    floor.do("log_contact", **{**call, "number_source": "their mail"})
    assert floor.clock("verify").met_at is None, "a number from the request never verifies"
    floor.do("log_contact", **{**call, "channel": "e-mail"})
    assert floor.clock("verify").met_at is None, "a mailbox never verifies"
    assert types(floor.do("log_contact", **call)) == ["ContactLogged", "MilestoneMet"]
    assert floor.clock("verify").met_at == floor.now
    assert floor.clock("update").due_at == floor.now + HOUR
    assert floor.credibility() == "verified"
    assert floor.case().score_tenths > before
    floor.do("post_update", text="we work on it", audience="requester")


def test_waiting_pauses_the_earliest_answer_or_resolve_and_nothing_else() -> None:
    floor = Floor()
    floor.open(case_type="NCII")
    floor.do("claim")
    due = {clock.name: clock.due_at for clock in floor.case().clocks}
    floor.later(MINUTE)
    floor.do("await_external", why="the hash bank", who="the bank", chase_at=floor.now + 2 * HOUR)
    assert [clock.name for clock in floor.case().clocks if clock.paused] == [("answer", None, 0, False)]
    assert floor.case().flags.awaiting is not None
    assert floor.clock("chase").due_at == floor.now + 2 * HOUR
    with pytest.raises(IllegalTransition, match="waits for the bank already"):
        floor.do("await_external", **floor.fields("await_external"))
    floor.later(3 * HOUR)
    assert "MilestoneBreached" in types(floor.do("resume"))
    assert floor.case().flags.awaiting is None
    shifted = {clock.name: clock.due_at - due[clock.name] for clock in floor.case().clocks if clock.name in due}
    assert shifted.pop(("answer", None, 0, False)) == 3 * HOUR
    assert set(shifted.values()) == {0}, "nothing but the paused clock moved"
    chase = floor.clock("chase")
    assert chase.met_at == floor.now
    assert chase.breached_at == chase.due_at, "met late is late"


def test_a_paused_clock_is_not_late() -> None:
    floor = Floor().at_state("CONTAINED")
    floor.later(23 * HOUR)
    floor.do("await_external", why="w", who="the host", chase_at=floor.now + 20 * HOUR)
    floor.later(10 * HOUR)
    assert "resolve" not in [getattr(event.fact, "milestone", None) for event in floor.keep()]
    floor.do("resume")
    assert floor.clock("resolve").due_at == START + 34 * HOUR
    assert floor.clock("resolve").breached_at is None


def test_a_late_clock_does_not_pause() -> None:
    floor = Floor().at_state("CONTAINED")
    floor.later(25 * HOUR)
    floor.do("await_external", why="w", who="the host", chase_at=floor.now + HOUR)
    assert not any(clock.paused for clock in floor.case().clocks)
    assert floor.clock("resolve").breached_at == START + 24 * HOUR


def test_waiting_again_starts_the_next_chase() -> None:
    floor = Floor().at_state("CONTAINED")
    for round_ in range(2):
        floor.do("await_external", **floor.fields("await_external"))
        assert floor.clock("chase").round == round_
        floor.do("resume")
    with pytest.raises(BadInput, match="/chase_at lies in the past"):
        floor.do("await_external", why="w", who="x", chase_at=floor.now)


class TestSnooze:
    def test_never_at_s0_and_s1(self) -> None:
        for data in (TTL, S0):
            floor = Floor().at_state("ACKED", **data)
            with pytest.raises(IllegalTransition, match="never snoozed"):
                floor.do("snooze", minutes=1)

    def test_never_past_a_deadline(self) -> None:
        floor = Floor()
        floor.open()
        with pytest.raises(IllegalTransition, match="ack is due in 30 min"):
            floor.do("snooze", minutes=31)
        floor.do("snooze", minutes=30)
        assert floor.case().flags.snoozed_until == START + 30 * MINUTE

    def test_a_late_case_does_not_sleep(self) -> None:
        floor = Floor()
        floor.open()
        floor.later(31 * MINUTE)
        with pytest.raises(IllegalTransition, match="It is late: ack"):
            floor.do("snooze", minutes=1)

    def test_it_ends_by_time_by_lateness_by_raising_and_by_a_report(self) -> None:
        def asleep(minutes: int = 20) -> Floor:
            floor = Floor()
            floor.open()
            floor.do("snooze", minutes=minutes)
            return floor

        over = asleep()
        over.later(20 * MINUTE - 1)
        assert over.keep() == []
        over.later(1)
        assert types(over.keep()) == ["SnoozeEnded"]
        assert over.case().flags.snoozed_until is None
        late = asleep(30)
        late.later(30 * MINUTE + 1)
        assert types(late.keep()) == ["MilestoneBreached", "SnoozeEnded"]
        raised = asleep()
        assert types(raised.do("set_severity", severity="S1")) == ["SeverityRaised", "SnoozeEnded"]
        reported = asleep()
        assert types(reported.update(narrative="more")) == ["EscalationUpdated", "SnoozeEnded"]
        for floor in (raised, reported):
            assert floor.case().flags.snoozed_until is None

    def test_an_end_that_nobody_asked_for_refuses_nobody(self) -> None:
        floor = Floor()
        floor.open()
        floor.do("snooze", minutes=5)
        seen = floor.case().version
        floor.later(5 * MINUTE)
        floor.keep()
        floor.do("claim", seen=seen)
        assert floor.case().owner == "ana"


class TestClaim:
    def test_the_owner_of_another_is_named(self) -> None:
        floor = Floor()
        floor.open()
        floor.do("claim", by=BO)
        floor.later(4 * SECOND)
        with pytest.raises(IllegalTransition, match=r"bo claimed this 4 s ago\. Nothing was sent"):
            floor.do("claim", by=CY, seen=floor.case().version)

    def test_again_by_its_owner_is_accepted_without_an_event(self) -> None:
        floor = Floor().at_state("ACKED")
        assert floor.do("claim") == []

    def test_an_assigned_case_is_acked_by_the_claim_of_its_owner(self) -> None:
        floor = Floor()
        floor.open()
        floor.do("assign", to="cy", by=LEE)
        assert (floor.case().owner, floor.case().state) == ("cy", "NEW")
        floor.do("claim", by=CY)
        assert floor.case().state == "ACKED"
        assert floor.clock("ack").met_at == floor.now

    def test_only_its_owner_or_a_lead_releases(self) -> None:
        floor = Floor().at_state("ACKED")
        with pytest.raises(IllegalTransition, match="ana has it, not you"):
            floor.do("release", by=CY)
        floor.do("release", by=LEE)
        assert floor.case().owner is None
        with pytest.raises(IllegalTransition, match="nothing to release"):
            floor.do("release")
        floor.do("claim", by=CY)
        assert (floor.case().owner, floor.case().state) == ("cy", "ACKED")

    def test_busy(self) -> None:
        floor = Floor().at_state("ACKED")
        floor.do("busy", until=floor.now + HOUR)
        assert floor.case().busy_until == floor.now + HOUR
        for until, why in ((floor.now, "in the past"), (floor.now + 5 * HOUR, "more than 4 hours")):
            with pytest.raises(BadInput, match=why):
                floor.do("busy", until=until)
        with pytest.raises(IllegalTransition, match="Only its owner"):
            floor.do("busy", until=floor.now + HOUR, by=BO)


def test_raising_takes_the_earlier_due_and_lowering_moves_nothing() -> None:
    floor = Floor()
    floor.open(**TTL)
    floor.do("claim")
    floor.later(25 * MINUTE)
    floor.do("set_severity", severity="S0")
    assert floor.clock("contain").due_at == START + 30 * MINUTE, "the old due was earlier"
    assert floor.clock("police").due_at == floor.now + 15 * MINUTE
    due = {clock.name: clock.due_at for clock in floor.case().clocks}
    floor.do("set_severity", severity="S2", reason="a hoax, says the school")
    assert {clock.name: clock.due_at for clock in floor.case().clocks} == due


def test_triage_may_change_type_and_severity() -> None:
    floor = Floor().at_state("ACKED")
    floor.do("triage", case_type="TTL", severity="S1", imminence="24h", evidence="names a school")
    case = floor.case()
    assert (case.state, case.case_type, case.severity, case.factors.imminence) == ("TRIAGED", "TTL", "S1", "24h")
    assert floor.clock("contain").due_at == START + 30 * MINUTE
    assert floor.clock("police").due_at == START + 60 * MINUTE
    assert case.factor_notes["imminence"].evidence == "names a school"
    assert "S1: set by ana" in case.grounds


def test_a_type_that_is_contained_sends_an_investigated_case_back() -> None:
    floor = Floor()
    floor.open(case_type="PART")
    floor.do("claim")
    floor.do("investigate")
    with pytest.raises(IllegalTransition, match="has nothing to contain"):
        floor.do("contain", evidence="x")
    floor.do("triage", case_type="DOX", severity="S2", imminence="7d", evidence="an address")
    assert floor.case().state == "TRIAGED"
    floor.do("contain", evidence="the host took it down")


def test_set_factors_scores_again_and_keeps_the_severity() -> None:
    floor = Floor().at_state("TRIAGED")
    before = floor.case()
    floor.do("set_factors", factors={"imminence": "now", "harm": "death"}, evidence="call")
    case = floor.case()
    assert case.severity == before.severity
    assert case.score_tenths > before.score_tenths
    assert case.factor_notes["harm"].by == "ana"
    floor.do("set_factors", factors={"identifiable_child": True}, evidence="a face")
    assert floor.case().score_tenths >= 950
    assert floor.case().floors == ("identifiable_child",)
    floor.do("set_factors", factors={"harm": None}, evidence="unknown after all")
    assert floor.case().factors.harm is None
    with pytest.raises(BadInput, match="names no factor"):
        floor.do("set_factors", factors={}, evidence="x")


def test_at_s0_one_acts_first_and_owes_the_notes() -> None:
    floor = Floor().at_state("ACKED", **S0)
    floor.do("contain", evidence="cut by the host")
    assert floor.case().state == "CONTAINED"
    assert floor.case().triage_due_at == floor.now + 15 * MINUTE
    floor.do("log_contact", **floor.fields("log_contact"))
    with pytest.raises(IllegalTransition, match="Triage notes are owed"):
        floor.do("resolve", outcome="done", reason="r")
    floor.do("triage", case_type="TTL", severity="S0", imminence="now", evidence="plan")
    assert (floor.case().state, floor.case().triage_due_at) == ("CONTAINED", None)
    floor.do("resolve", outcome="done", reason="r")


def test_secured_lowers_the_band_by_one_and_a_new_step_takes_it_back() -> None:
    floor = Floor()
    floor.open(**S0)
    floor.do("claim")
    assert floor.case().band == 0
    floor.do("contain", evidence="cut")
    assert (floor.case().band, floor.case().secured_at) == (0, None), "police is not told yet"
    floor.later(MINUTE)
    events = floor.do("log_contact", **floor.fields("log_contact"))
    assert types(events) == ["ContactLogged", "MilestoneMet"]
    assert (floor.case().band, floor.case().secured_at) == (1, floor.now)
    floor.do("triage", case_type="CSEA", severity="S0", imminence="now", evidence="a child")
    assert floor.clock("report").running
    assert (floor.case().band, floor.case().secured_at) == (0, None)


def test_a_type_that_has_nothing_to_contain_is_never_secured() -> None:
    floor = Floor()
    floor.open(case_type="PRESS")
    floor.do("claim")
    floor.do("log_contact", **{**floor.fields("log_contact"), "party": "press"})
    assert floor.clock("answer").met_at is not None
    assert (floor.case().band, floor.case().secured_at) == (3, None)


def test_reopened_gets_new_clocks_and_keeps_the_old_ones() -> None:
    floor = Floor().at_state("RESOLVED")
    old = floor.case().clocks
    floor.later(HOUR)
    floor.do("reopen", reason="it is back")
    case = floor.case()
    assert (case.state, case.ended_at, case.contained_at, case.outcome) == ("TRIAGED", None, None, None)
    assert set(old) <= set(case.clocks)
    contain = floor.clock("contain")
    assert (contain.round, contain.started_at, contain.due_at) == (1, floor.now, floor.now + 4 * HOUR)
    floor.do("contain", evidence="again")
    assert floor.clock("contain").met_at == floor.now
    floor.do("resolve", outcome="done", reason="r")
    assert floor.clock("resolve").met_at == floor.now


def test_an_outer_bound_goes_on_after_reopening() -> None:
    floor = Floor()
    floor.open(case_type="NCII")
    floor.do("claim")
    floor.do("resolve", outcome="withdrawn", reason="by the victim")
    assert not floor.clock("contain", outer=True).running
    floor.later(49 * HOUR)
    floor.keep()
    floor.do("reopen", reason="it was not withdrawn")
    bound = floor.clock("contain", outer=True)
    assert (bound.round, bound.due_at, bound.breached_at) == (0, START + 48 * HOUR, START + 48 * HOUR)


def test_rca_is_due_when_a_harm_clock_was_late() -> None:
    floor = Floor().at_state("TRIAGED")
    floor.later(5 * HOUR)
    floor.do("contain", evidence="late")
    floor.do("resolve", outcome="done", reason="r")
    assert floor.case().flags.rca_due
    good = Floor().at_state("RESOLVED")
    assert not good.case().flags.rca_due


def test_hold_needs_a_lead_for_what_its_subject_can_see() -> None:
    floor = Floor().at_state("TRIAGED")
    floor.do("hold", why="police work on it")
    assert floor.case().flags.hold is not None
    hide: dict[str, Any] = {
        "action": "hide",
        "target": {"kind": "video", "id": "v"},
        "policy": "HB1",
        "reason": "r",
        "fields": {},
    }
    with pytest.raises(IllegalTransition, match="It is held"):
        floor.do("propose", **hide)
    with pytest.raises(IllegalTransition, match="not connected on this floor yet"):
        floor.do("propose", by=LEE, **hide)
    with pytest.raises(IllegalTransition, match="It is held"):
        floor.do("post_update", text="x", audience="user")
    floor.do("post_update", text="x", audience="partner")
    floor.do("propose", **floor.fields("propose"))
    with pytest.raises(IllegalTransition, match="ana placed a hold already"):
        floor.do("hold", why="again", by=BO)
    floor.do("unhold", by=LEE)
    assert floor.case().flags.hold is None


def test_break_glass_opens_at_once_at_s0_and_else_by_a_lead() -> None:
    stranger = person("zed")
    floor = Floor()
    floor.open(**S0, boundary="us")
    floor.open(CASE_B, boundary="us")
    floor.do("break_glass", reason="nobody else is up", by=stranger)
    assert [(grant.principal, grant.until) for grant in floor.case().grants] == [("zed", START + HOUR)]
    floor.do("note", text="I see it", by=stranger)
    floor.do("break_glass", CASE_B, reason="the same child", by=stranger)
    assert floor.cases[CASE_B].grants == ()
    lead = person("lee", "lead", clearances=frozenset({"us"}))
    floor.do("grant", CASE_B, principal="zed", by=lead)
    floor.do("note", CASE_B, text="I see it", by=stranger)
    with pytest.raises(IllegalTransition, match="Nobody grants access to themselves"):
        floor.do("grant", CASE_B, principal="lee", by=lead)
    with pytest.raises(IllegalTransition, match="zed can see it already"):
        floor.do("grant", CASE_B, principal="zed", by=lead)
    floor.later(HOUR)
    with pytest.raises(NotPermitted, match='the clearance "us"'):
        floor.do("note", CASE_B, text="still?", by=stranger)


def test_tasks_have_ids_and_block_the_end() -> None:
    floor = Floor().at_state("CONTAINED")
    floor.do("add_task", text="call again", owner="cy", due_at=floor.now + HOUR)
    floor.do("add_task", text="write", owner="bo", due_at=floor.now + HOUR)
    assert [task.task_id for task in floor.case().tasks] == ["t1", "t2"]
    floor.do("complete_task", task_id="t1", by=CY)
    assert floor.do("complete_task", task_id="t1") == []
    with pytest.raises(IllegalTransition, match=r"Tasks are open: t2 \(bo\)"):
        floor.do("resolve", outcome="done", reason="r")
    with pytest.raises(BadInput, match="names no task"):
        floor.do("complete_task", task_id="t9")
    floor.do("complete_task", task_id="t2")
    floor.do("resolve", outcome="done", reason="r")


def test_nobody_acts_without_the_role() -> None:
    floor = Floor()
    floor.open()
    for who in (person("v", "viewer"), person("i", "intake"), person("au", "auditor"), person("ad", "admin")):
        with pytest.raises(NotPermitted, match="needs the role responder"):
            floor.do("claim", by=who)
    floor.do("claim", by=ANA)
    assert floor.case().owner == "ana"
    assert floor.cases[CASE_A].version == 3
