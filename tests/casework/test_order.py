"""The order of the queue: total, explainable, the same whenever it is asked."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from casework import order
from casework.model import Clock, Common, Next, Row, Waiver
from casework.projection import stub_of
from casework.tokens import MILESTONES, SEVERITIES, Milestone, Severity

T0 = 1_795_309_323_000
HARM = {"ack", "verify", "decide", "contain", "police", "report", "resources", "share"}
OUTSIDE = {"police", "report", "resources", "share", "answer"}


def clock(milestone: Milestone = "ack", due: int = 0, **more: Any) -> Clock:
    return Clock(milestone=milestone, started_at=T0, due_at=T0 + due, allowance_ms=due, **more)


def row(*clocks: Clock, severity: Severity = "S1", **more: Any) -> Row:
    given_values: dict[str, Any] = {
        "case_id": "C-00000001",
        "version": 1,
        "seq": 9,
        "opened_seq": 1,
        "case_type": "TTL",
        "severity": severity,
        "band": int(severity[1]),
        "state": "NEW",
        "opened_at": T0,
        "clocks": clocks,
    }
    return Row(**{**given_values, **more})


CLOCKS = st.builds(
    Clock,
    milestone=st.sampled_from(MILESTONES),
    started_at=st.just(T0),
    due_at=st.integers(T0 - 50, T0 + 50),
    allowance_ms=st.just(60),
    met_at=st.sampled_from([None, None, T0]),
    waived=st.sampled_from([None, None, Waiver(by="ana", at=T0)]),
    paused=st.booleans(),
    outer_bound=st.booleans(),
    breached_at=st.sampled_from([None, T0 - 1]),
    stopped_at=st.sampled_from([None, None, None, T0]),
)


@st.composite
def floors(draw: st.DrawFn) -> list[Row]:
    count = draw(st.integers(0, 8))
    rows = []
    for n in range(count):
        severity = draw(st.sampled_from(SEVERITIES))
        rows.append(
            row(
                *draw(st.lists(CLOCKS, max_size=4)),
                severity=severity,
                case_id=f"C-0000000{n}",
                opened_seq=n,
                band=int(severity[1]) + draw(st.integers(0, 1)),
                score_tenths=draw(st.sampled_from([0, 500, 770, 1000])),
            )
        )
    return draw(st.permutations(rows))


def comes_first(a: Row, b: Row) -> bool:
    """The domain's five rules, one after the other, obviously right and slow."""
    if a.band != b.band:
        return a.band < b.band
    kinds, dues = [], []
    for each in (a, b):
        running = [c for c in each.clocks if c.met_at is None and c.waived is None and not c.paused]
        running = [c for c in running if c.stopped_at is None]
        harm = [c.due_at for c in running if c.milestone in HARM]
        paper = [c.due_at for c in running if c.milestone not in HARM]
        kinds.append("harm" if harm else "paper" if paper else "none")
        dues.append(min(harm) if harm else min(paper) if paper else 0)
    if kinds[0] != kinds[1]:
        return ["harm", "paper", "none"].index(kinds[0]) < ["harm", "paper", "none"].index(kinds[1])
    if dues[0] != dues[1]:
        return dues[0] < dues[1]
    if a.score_tenths != b.score_tenths:
        return a.score_tenths > b.score_tenths
    return a.opened_seq < b.opened_seq


@settings(max_examples=400, deadline=None)
@given(floors())
def test_it_equals_the_five_rules_and_is_total(rows: list[Row]) -> None:
    placed = sorted(rows, key=order.key)
    assert len({order.key(each) for each in rows}) == len(rows)
    for n, first in enumerate(placed):
        for second in placed[n + 1 :]:
            assert comes_first(first, second)
            assert not comes_first(second, first)


@settings(max_examples=100, deadline=None)
@given(floors())
def test_marking_a_clock_late_moves_nothing(rows: list[Row]) -> None:
    """Time is no argument of the key, and what the keeper writes when time passes does not change it either."""
    for each in rows:
        late = tuple(replace(c, breached_at=c.due_at) for c in each.clocks)
        assert order.key(replace(each, clocks=late)) == order.key(each)


@settings(max_examples=100, deadline=None)
@given(floors(), st.randoms())
def test_the_order_of_a_case_s_clocks_has_no_say(rows: list[Row], chance: Any) -> None:
    for each in rows:
        mixed = list(each.clocks)
        chance.shuffle(mixed)
        assert order.key(replace(each, clocks=tuple(mixed))) == order.key(each)
        assert order.next_of(replace(each, clocks=tuple(mixed))) == order.next_of(each)


def test_a_harm_clock_beats_a_paper_clock_whatever_their_deadlines() -> None:
    paper = row(clock("answer", due=1), clock("resolve", due=2))
    harm = row(clock("contain", due=10**9), opened_seq=2)
    both = row(clock("answer", due=1), clock("contain", due=10**9), opened_seq=3)
    assert sorted([paper, both, harm], key=order.key) == [harm, both, paper]
    assert order.next_of(both) == Next(milestone="contain", due_at=T0 + 10**9)


@pytest.mark.parametrize("milestone", MILESTONES)
def test_the_kind_of_every_milestone(milestone: Milestone) -> None:
    assert order.key(row(clock(milestone)))[1] == (0 if milestone in HARM else 1)
    assert order.key(row(clock(milestone, outer_bound=True)))[1] == (0 if milestone in HARM else 1)


@pytest.mark.parametrize(
    "change",
    [{"met_at": T0}, {"waived": Waiver(by="a", at=T0)}, {"paused": True, "paused_at": T0}, {"stopped_at": T0}],
)
def test_what_does_not_run_does_not_place(change: dict[str, Any]) -> None:
    assert order.key(row(clock("contain", **change), clock("answer", due=5)))[1:3] == (1, T0 + 5)
    assert order.key(row(clock("contain", **change)))[1:3] == (2, 0)
    assert order.next_of(row(clock("contain", **change))) is None


def test_an_outer_bound_places_by_its_own_due() -> None:
    found = order.next_clock((clock("contain", due=50), clock("contain", due=40, outer_bound=True)))
    assert found is not None
    assert found.outer_bound


def test_late_comes_first_by_itself() -> None:
    late, soon = row(clock("contain", due=-5)), row(clock("contain", due=5), opened_seq=0)
    assert order.key(late) < order.key(soon)


@pytest.mark.parametrize("severity", SEVERITIES)
def test_bands(severity: Severity) -> None:
    assert order.band(severity, secured=False) == int(severity[1])
    assert order.band(severity, secured=True) == int(severity[1]) + 1


@pytest.mark.parametrize("milestone", MILESTONES)
def test_secured_is_contained_and_every_outside_step_met_or_waived(milestone: Milestone) -> None:
    running = (clock(milestone), clock("resolve"), clock("update"))
    assert order.is_secured(running, contained_at=T0) is (milestone not in OUTSIDE)
    assert not order.is_secured(running, contained_at=None)
    for done in (clock(milestone, met_at=T0), clock(milestone, waived=Waiver(by="ana", at=T0))):
        assert order.is_secured((done, clock("resolve")), contained_at=T0)
    assert not order.is_secured((clock(milestone, paused=True), clock("answer", paused=True)), contained_at=T0)


def test_a_stub_is_placed_by_what_it_shows() -> None:
    whole = row(clock("contain", due=5), clock("ack", met_at=T0), score_tenths=900)
    assert order.key(stub_of(whole)) == (1, 0, T0 + 5, 0, 1)
    assert order.key(whole) == (1, 0, T0 + 5, -900, 1)


def test_why_in_words() -> None:
    whole: Common = row(
        clock("contain", due=30_000, outer_bound=True),
        score_tenths=950,
        floors=("identifiable_child",),
        grounds=("S1: TTL starts there", "imminence 24h 28.0"),
        opened_seq=912,
    )
    assert order.why(whole) == (
        "S1",
        "contain (outer bound) due 2026-11-22 01:02:33 Z",
        "score 95.0, floor: identifiable child",
        "S1: TTL starts there",
        "imminence 24h 28.0",
        "arrival 912",
    )
    late = row(clock("police", due=-1_000, breached_at=T0 - 1_000), band=2)
    assert order.why(late)[:2] == ("S1, secured: one band lower", "police late since 2026-11-22 01:02:02 Z")
    assert order.why(row())[1] == "no clock runs"


@given(floors())
def test_a_place_is_the_key_as_a_number(rows: list[Row]) -> None:
    places = {order.place(each, order.next_clock(each.clocks)): order.key(each) for each in rows}
    assert [places[place] for place in sorted(places)] == sorted(places.values())
    arrivals = (1 << order.ARRIVAL_BITS) - 1
    assert all(place & arrivals == key[4] for place, key in places.items())


@pytest.mark.parametrize("due_at", [-62_135_683_200_000, -1, 0, 253_402_387_199_999])
def test_every_moment_has_its_place(due_at: int) -> None:
    def place(due: int, score: int = 0) -> int:
        held = row(replace(clock(), due_at=due), score_tenths=score)
        return order.place(held, held.clocks[0])

    assert place(due_at) < place(due_at + 1)
    assert place(due_at, score=1) < place(due_at)


@pytest.mark.parametrize("change", [{"band": -1}, {"band": 300}, {"score_tenths": 2**40}, {"opened_seq": 2**53}])
def test_what_no_case_has_gets_no_place(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="no place"):
        order.place(row(**change), None)
