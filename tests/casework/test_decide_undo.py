"""Undo: by the same principal, within ten seconds, while nothing material came after it."""

from typing import Any

import pytest

from casework.errors import IllegalTransition
from casework.model import Case
from tests.casework.casefloor import BO, LEE, MINUTE, SECOND, Floor, types


def same(before: Case, after: Case) -> None:
    """The two differ in nothing but what every event moves."""
    for name in before.__struct_fields__:
        if name not in {"version", "seq", "at", "recent", "material", "outside"}:
            assert getattr(before, name) == getattr(after, name), name


UNDOABLE: dict[str, dict[str, Any]] = {
    "claim": {"from": "NEW"},
    "release": {"from": "TRIAGED"},
    "assign": {"from": "TRIAGED"},
    "snooze": {"from": "TRIAGED"},
    "unsnooze": {"from": "TRIAGED"},
    "tick": {"from": "TRIAGED"},
    "set_factors": {"from": "TRIAGED"},
    "set_severity": {"from": "TRIAGED"},
}


@pytest.mark.parametrize("verb", UNDOABLE)
def test_everything_is_as_before(verb: str) -> None:
    floor = Floor().at_state(UNDOABLE[verb]["from"])
    if verb in ("unsnooze", "set_severity"):
        floor.do("snooze", minutes=20)
    if verb == "set_factors":
        floor.do("set_factors", factors={"specificity": 1}, evidence="first look")
    floor.later(11 * SECOND)
    before = floor.case()
    events = floor.do(verb, **floor.fields(verb))
    floor.later(9 * SECOND)
    (undone,) = floor.do("undo", seq=events[0].seq)
    assert undone.type == "Undone"
    same(before, floor.case())
    with pytest.raises(IllegalTransition, match="cannot be undone"):
        floor.do("undo", seq=events[0].seq)


def test_any_seq_of_the_command_names_it() -> None:
    floor = Floor()
    floor.open()
    events = floor.do("claim")
    assert len(events) == 2
    floor.do("undo", seq=events[1].seq)
    assert (floor.case().state, floor.case().owner) == ("NEW", None)
    ack = floor.clock("ack")
    assert (ack.met_at, ack.due_at) == (None, ack.started_at + 30 * MINUTE), "unmet again with its old due"
    assert not any(clock.milestone == "update" for clock in floor.case().clocks)


def test_a_note_is_struck_through_and_kept() -> None:
    floor = Floor()
    floor.open()
    floor.do("note", text="wrong case")
    seen = floor.case().version
    floor.do("undo", seq=floor.case().seq)
    (note,) = floor.case().notes
    assert (note.struck, note.text) == (True, "wrong case")
    floor.do("claim", by=BO, seen=seen)
    assert floor.case().owner == "bo", "taking back a note refuses nobody"


def test_ten_seconds_of_feed_time() -> None:
    for late, done in ((10 * SECOND, True), (10 * SECOND + 1, False)):
        floor = Floor()
        floor.open()
        floor.do("claim")
        seq = floor.case().seq
        floor.later(late)
        if done:
            floor.do("undo", seq=seq)
        else:
            with pytest.raises(IllegalTransition, match="10 s are over"):
                floor.do("undo", seq=seq)


def test_only_by_whom_it_was_done() -> None:
    floor = Floor()
    floor.open()
    floor.do("claim")
    with pytest.raises(IllegalTransition, match="ana did that"):
        floor.do("undo", by=BO, seq=floor.case().seq)


def test_nothing_material_may_lie_between() -> None:
    floor = Floor()
    floor.open()
    claimed = floor.do("claim")[0].seq
    floor.do("note", by=BO, text="I look as well")
    floor.do("hold", by=LEE, why="police")
    with pytest.raises(IllegalTransition, match=r"lee did something after it \(HoldPlaced\)"):
        floor.do("undo", seq=claimed)
    other = Floor()
    other.open()
    claimed = other.do("claim")[0].seq
    other.do("note", by=BO, text="I look as well")
    other.update(factors={"live_viewers": 500})
    other.do("undo", seq=claimed)
    assert other.case().owner is None


@pytest.mark.parametrize("verb", ["triage", "contain", "hold", "escalate", "waive", "add_task"])
def test_the_rest_is_not_undoable(verb: str) -> None:
    floor = Floor().at_state("TRIAGED")
    floor.later(MINUTE)
    floor.do(verb, **floor.fields(verb))
    with pytest.raises(IllegalTransition, match="For 10 s one can take back claim, release, snooze"):
        floor.do("undo", seq=floor.case().seq)


def test_lowering_is_not_undoable_it_is_raised_again() -> None:
    floor = Floor().at_state("TRIAGED")
    floor.do("set_severity", severity="S3", reason="r")
    with pytest.raises(IllegalTransition, match="cannot be undone"):
        floor.do("undo", seq=floor.case().seq)


def test_a_lateness_between_stays_written() -> None:
    floor = Floor()
    floor.open()
    floor.now = floor.clock("ack").due_at - SECOND
    claimed = floor.do("claim")
    floor.later(3 * SECOND)
    floor.do("undo", seq=claimed[0].seq)
    assert floor.clock("ack").breached_at is None
    (late,) = floor.keep()
    assert late.type == "MilestoneBreached"
    assert floor.clock("ack").breached_at == floor.clock("ack").due_at


def test_reach_counted_meanwhile_stays_counted() -> None:
    floor = Floor().at_state("TRIAGED")
    before = floor.case().score_tenths
    set_ = floor.do("set_factors", factors={"harm": "death"}, evidence="x")
    floor.update(factors={"live_viewers": 100_000})
    floor.do("undo", seq=set_[0].seq)
    assert floor.case().factors.harm is None
    assert floor.case().factors.live_viewers == 100_000
    assert floor.case().score_tenths > before
    assert "harm" not in floor.case().factor_notes


def test_what_is_remembered_is_bounded() -> None:
    floor = Floor()
    floor.open()
    for number in range(40):
        floor.do("note", text=str(number))
    assert len(floor.case().recent) == 16
    floor.later(11 * SECOND)
    floor.do("note", text="last")
    assert len(floor.case().recent) == 1


def test_the_newest_first_and_then_the_one_before() -> None:
    floor = Floor().at_state("TRIAGED")
    first = floor.do("tick", step="preserve")[0].seq
    second = floor.do("tick", step="call")[0].seq
    floor.do("undo", seq=second)
    floor.do("undo", seq=first)
    assert floor.case().runbook == ()
    assert floor.rows[floor.case().case_id] is not None
    assert types(floor.log)[-2:] == ["Undone", "Undone"]
