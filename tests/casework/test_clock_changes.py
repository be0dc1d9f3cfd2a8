"""What time and people do to clocks: raising, updates, lapses, reopening, lateness, waiting."""

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from casework import clocks
from casework.model import Clock, Waiver
from casework.policy import defaults
from casework.tokens import CASE_TYPES, MILESTONES, SEVERITIES, CaseType, Milestone, Severity, SubType

POLICY = defaults()
MINUTE, HOUR = 60_000, 3_600_000
T0 = 1_795_309_323_000


@dataclass(frozen=True)
class Kind:
    case_type: CaseType
    severity: Severity
    sub_type: SubType | None = None

    @property
    def named(self) -> Any:
        return {"case_type": self.case_type, "sub_type": self.sub_type, "severity": self.severity}

    def started(self) -> clocks.Clocks:
        return clocks.start(**self.named, opened_at=T0, reported_at=None, policy=POLICY)

    def over(self, held: clocks.Clocks, now: int) -> clocks.Clocks:
        return clocks.retarget(held, **self.named, opened_at=T0, reported_at=None, now=now, policy=POLICY)


def put(held: clocks.Clocks, milestone: Milestone, **changes: Any) -> clocks.Clocks:
    return tuple(replace(clock, **changes) if clock.milestone == milestone else clock for clock in held)


def dues(changed: clocks.Clocks) -> dict[str, int]:
    return {("outer " if clock.outer_bound else "") + clock.milestone: clock.due_at - T0 for clock in changed}


def test_raising_takes_the_earlier_of_old_due_and_a_new_allowance_from_now() -> None:
    held = put(Kind("CSEA", "S1").started(), "ack", met_at=T0 + MINUTE)
    changed = Kind("CSEA", "S0").over(held, T0 + 20 * MINUTE)
    assert dues(changed) == {
        # contain was due at 30 m, sooner than 20 + 15: as it was; ack is met: as it was
        "police": 35 * MINUTE,
        "report": 80 * MINUTE,
        "resolve": 12 * HOUR + 20 * MINUTE,
        "update": 50 * MINUTE,
    }
    police = next(clock for clock in changed if clock.milestone == "police")
    assert (police.started_at, police.allowance_ms, police.rule) == (T0 + 20 * MINUTE, 15 * MINUTE, "CSEA.S0.police")
    report = next(clock for clock in changed if clock.milestone == "report")
    assert (report.started_at, report.due_at) == (T0, report.started_at + report.allowance_ms)


def test_changing_the_type_starts_what_was_not_there_and_drops_nothing() -> None:
    held = put(Kind("DOX", "S2").started(), "ack", met_at=T0 + MINUTE)
    changed = Kind("NCII", "S2").over(held, T0 + HOUR)
    assert dues(changed) == {"answer": 9 * HOUR, "update": 9 * HOUR, "outer contain": 48 * HOUR}
    assert "contain" not in dues(Kind("PRESS", "S3").over(held, T0 + HOUR))


def test_an_outer_bound_counts_from_the_report_also_when_it_comes_late() -> None:
    changed = clocks.retarget(
        Kind("TTL", "S1").started(),
        case_type="EDR",
        sub_type=None,
        severity="S1",
        opened_at=T0,
        reported_at=T0 - HOUR,
        now=T0 + 2 * HOUR,
        policy=POLICY,
    )
    (bound,) = (clock for clock in changed if clock.outer_bound)
    assert (bound.started_at, bound.due_at) == (T0 - HOUR, T0 + 7 * HOUR)


@pytest.mark.parametrize(
    "change",
    [{"met_at": T0 + 1}, {"waived": Waiver(by="ana", at=T0 + 1)}, {"breached_at": T0 + 5, "due_at": T0 + 5}],
)
def test_met_waived_and_late_clocks_stay(change: dict[str, Any]) -> None:
    held = put(Kind("SSH", "S1").started(), "contain", **change)
    assert "contain" not in dues(Kind("SSH", "S0").over(held, T0 + MINUTE))


def test_a_paused_clock_keeps_what_it_had_left_at_most_the_new_allowance() -> None:
    held = Kind("LEGAL", "S3").started()
    paused = clocks.pause(held, T0 + HOUR)
    held = put(held, "answer", paused=True, paused_at=T0 + HOUR)
    assert paused == tuple(clock for clock in held if clock.paused)
    changed = Kind("EDR", "S0").over(held, T0 + 2 * HOUR)
    (answer,) = (clock for clock in changed if clock.milestone == "answer" and not clock.outer_bound)
    assert answer.paused
    (again,) = clocks.resume((answer,), T0 + 3 * HOUR)
    assert again.due_at == T0 + 4 * HOUR  # 60 m, an EDR's at S0, counted from where it stood


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(CASE_TYPES),
    st.sampled_from(SEVERITIES),
    st.sampled_from(CASE_TYPES),
    st.sampled_from(SEVERITIES),
    st.integers(0, 100 * HOUR),
    st.sets(st.sampled_from(MILESTONES)),
)
def test_a_change_never_moves_a_due_later_and_is_done_once(
    old_type: CaseType, old: Severity, new_type: CaseType, new: Severity, elapsed: int, met: set[Milestone]
) -> None:
    held = Kind(old_type, old).started()
    for milestone in met:
        held = put(held, milestone, met_at=T0)
    now = T0 + elapsed
    changed = Kind(new_type, new).over(held, now)
    before = {clock.name: clock for clock in held}
    for clock in changed:
        was = before.get(clock.name)
        if was is None:
            assert clock.due_at >= now or clock.outer_bound
        else:
            assert was.met_at is None
            assert clock.due_at < was.due_at
            assert clock.due_at >= now
    after = {**before, **{clock.name: clock for clock in changed}}
    assert Kind(new_type, new).over(tuple(after.values()), now) == ()


def test_updates_come_in_rounds() -> None:
    kind = Kind("TTL", "S0")
    held = kind.started()
    first = clocks.first_update(held, met="ack", **kind.named, now=T0 + MINUTE, policy=POLICY)
    assert dues(first) == {"update": 16 * MINUTE}
    held += first
    assert clocks.first_update(held, met="ack", **kind.named, now=T0 + MINUTE, policy=POLICY) == ()
    held = put(held, "update", met_at=T0 + 10 * MINUTE)
    (second,) = clocks.next_update(held, **kind.named, now=T0 + 10 * MINUTE, policy=POLICY)
    assert (second.round, second.due_at) == (1, T0 + 25 * MINUTE)


def test_no_updates_where_the_row_asks_for_none() -> None:
    assert clocks.next_update((), **Kind("QUERY", "S4").named, now=T0, policy=POLICY) == ()


def test_a_running_update_is_drawn_in_when_the_severity_is_raised() -> None:
    held = put(Kind("SSH", "S1").started(), "ack", met_at=T0)
    held += clocks.first_update(held, met="ack", **Kind("SSH", "S1").named, now=T0, policy=POLICY)
    assert dues(Kind("SSH", "S0").over(held, T0 + MINUTE))["update"] == 16 * MINUTE


def test_an_edr_is_not_updated_before_it_is_verified() -> None:
    kind = Kind("EDR", "S1")
    held = put(kind.started(), "ack", met_at=T0)
    assert "update" not in dues(Kind("EDR", "S0").over(held, T0 + MINUTE))
    assert "update" in dues(Kind("EDR", "S0").over(put(held, "verify", met_at=T0), T0 + MINUTE))


def test_a_lapsed_claim_starts_the_next_ack() -> None:
    held = put(Kind("SSH", "S0").started(), "ack", met_at=T0)
    (again,) = clocks.ack_again("S0", "SSH", T0 + HOUR, POLICY, clocks=held)
    assert (again.milestone, again.round, again.due_at) == ("ack", 1, T0 + HOUR + 2 * MINUTE)


def test_reopening_starts_every_target_anew_and_keeps_the_old_ones() -> None:
    kind = Kind("EDR", "S1")
    held = tuple(replace(clock, met_at=T0) for clock in kind.started())
    now = T0 + 48 * HOUR
    alone = clocks.reopened(held, **kind.named, now=now, policy=POLICY, owned=False)
    assert {clock.milestone: clock.round for clock in alone} == {
        "ack": 1,
        "verify": 1,
        "decide": 1,
        "answer": 1,
        "resolve": 1,
    }
    assert all(clock.started_at == now and not clock.outer_bound for clock in alone)
    mine = clocks.reopened((), **Kind("DOX", "S2").named, now=now, policy=POLICY, owned=True)
    assert [clock.milestone for clock in mine] == ["contain", "resolve", "update"]


def test_a_chase_is_due_when_it_was_said() -> None:
    (first,) = clocks.chase(T0 + HOUR, T0)
    assert (first.milestone, first.due_at, first.allowance_ms, first.round) == ("chase", T0 + HOUR, HOUR, 0)
    (second,) = clocks.chase(T0 + 2 * HOUR, T0 + HOUR, (first,))
    assert second.round == 1


def test_late_is_strictly_after_the_due_and_only_once() -> None:
    held = Kind("SSH", "S0").started()
    assert clocks.breached(held, T0 + 2 * MINUTE) == ()
    (ack,) = clocks.breached(held, T0 + 2 * MINUTE + 1)
    assert (ack.milestone, ack.breached_at) == ("ack", T0 + 2 * MINUTE)
    held = put(held, "ack", breached_at=ack.breached_at)
    late = clocks.breached(held, T0 + HOUR)
    assert [(clock.milestone, clock.breached_at) for clock in late] == [
        ("resources", T0 + 5 * MINUTE),
        ("contain", T0 + 15 * MINUTE),
        ("police", T0 + 15 * MINUTE),
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"met_at": T0},
        {"waived": Waiver(by="ana", at=T0)},
        {"paused": True, "paused_at": T0},
        {"stopped_at": T0},
        {"breached_at": T0 + 2 * MINUTE},
    ],
)
def test_what_does_not_run_is_not_late(change: dict[str, Any]) -> None:
    held = put(Kind("SSH", "S0").started(), "ack", **change)
    assert clocks.breached(held, T0 + 3 * MINUTE) == ()


def test_waiting_pauses_the_earliest_answer_or_resolve_and_nothing_else() -> None:
    held = Kind("EDR", "S1").started()
    (answer,) = clocks.pause(held, T0 + HOUR)
    assert (answer.milestone, answer.outer_bound, answer.paused_at) == ("answer", False, T0 + HOUR)
    (resolve,) = clocks.pause(Kind("TTL", "S1").started(), T0)
    assert resolve.milestone == "resolve"
    answered = put(held, "answer", met_at=T0)
    assert [clock.milestone for clock in clocks.pause(answered, T0)] == ["resolve"]
    assert clocks.pause(held, T0 + 4 * HOUR + 1) == ()


def test_what_resumes_is_due_later_by_as_long_as_it_stood() -> None:
    held = Kind("EDR", "S1").started()
    (paused,) = clocks.pause(held, T0 + HOUR)
    (again,) = clocks.resume((paused, *held), T0 + 3 * HOUR)
    assert (again.due_at, again.paused, again.paused_at) == (T0 + 6 * HOUR, False, None)
    assert again.allowance_ms == paused.allowance_ms


@pytest.mark.parametrize(
    ("elapsed", "heat"),
    [(0, "calm"), (69, "calm"), (70, "amber"), (89, "amber"), (90, "red"), (100, "red"), (101, "late")],
)
def test_amber_at_thirty_percent_left_red_at_ten(elapsed: int, heat: str) -> None:
    clock = Clock(milestone="ack", started_at=T0, due_at=T0 + 100, allowance_ms=100)
    assert clocks.heat(clock, T0 + elapsed, POLICY) == heat
