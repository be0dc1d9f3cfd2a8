"""What is in view, after any interleaving of changes, views, orders, slices and locks, is what asking afresh gives."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from casework.model import Row
from casework.tokens import OPEN_STATES
from client.views.inview import InView, Progress
from client.views.shown import Wanted, queued
from client.views.sorts import QUEUE, SORTS
from tests.tui.sample_floor import MINUTE, NOW, row

VIEWS: dict[str, Wanted | None] = {
    "queue": None,
    "mine": lambda each, now: each.owner == "ana",
    "late": lambda each, now: any(clock.due_at < now for clock in each.clocks),
    "ended": lambda each, now: each.state not in OPEN_STATES,
}
OWNERS = (None, "ana", "bo")


def made(number: int, change: int) -> Row:
    """Some row of case `number`: `change` decides what it is like."""
    each = row(
        number,
        ("TTL", "CSEA", "DOX")[change % 3],
        f"S{change % 5}",
        "One",
        left_ms=(change % 7 - 2) * MINUTE,
        owner=OWNERS[change % 3],
        age_ms=(change % 11) * MINUTE,
        score_tenths=change % 13 * 10,
    )
    if change % 4 == 1:
        each = replace(each, flags=replace(each.flags, snoozed_until=NOW + MINUTE))
    return replace(each, state="RESOLVED") if change % 6 == 5 else each


def afresh(rows: dict[str, Row], view: str, sort: str, now: int) -> list[str]:
    wanted = VIEWS[view] or queued
    return [each.case_id for each in sorted(filter(lambda r: wanted(r, now), rows.values()), key=SORTS[sort].place)]


STEPS = st.one_of(
    st.tuples(st.just("put"), st.integers(0, 12), st.integers(0, 90)),
    st.tuples(st.just("drop"), st.integers(0, 12), st.just(0)),
    st.tuples(st.just("view"), st.integers(0, len(VIEWS) - 1), st.integers(0, len(SORTS) - 1)),
    st.tuples(st.just("slice"), st.integers(1, 4), st.just(0)),
    st.tuples(st.just("lock"), st.just(0), st.just(0)),
    st.tuples(st.just("again"), st.just(0), st.integers(0, 3)),
)


def counting() -> Callable[[], float]:
    """A clock that is a millisecond on each time it is asked."""
    ticks = count()
    return lambda: float(next(ticks))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.integers(0, 90), max_size=10), st.lists(STEPS, max_size=30))
def test_whatever_happens_the_list_is_what_asking_afresh_gives(
    begun: list[int], steps: list[tuple[str, int, int]]
) -> None:
    rows = {each.case_id: each for each in (made(number, change) for number, change in enumerate(begun))}
    now, view, sort = NOW, "queue", QUEUE
    inview = InView()
    inview.update(rows, list(rows), now)
    locked: list[str] | None = None
    for what, first, second in steps:
        if what == "put":
            each = made(first, second)
            rows[each.case_id] = each
            inview.update(rows, [each.case_id], now)
        elif what == "drop":
            rows.pop(made(first, 0).case_id, None)
            inview.update(rows, [made(first, 0).case_id], now)
        elif what == "view":
            view, sort = list(VIEWS)[first], list(SORTS)[second]
            inview.choose(VIEWS[view], sort, rows, list(inview)[:2])
            locked = None
        elif what == "slice":
            clock = counting()
            inview.step(rows, now, clock, first)
        elif what == "again":
            now += second * MINUTE
            inview.again(rows)
        elif inview.locked:
            inview.unlock()
            locked = None
        elif inview.searching(rows) is None:
            inview.lock()
            locked = list(inview)
        if locked is not None:
            assert list(inview) == locked
            assert [inview.index(each) for each in locked] == list(range(len(locked)))
            assert all(each in inview for each in locked)
        elif inview.searching(rows) is not None:
            # A part is never more than the whole, and never counted as it.
            assert set(inview) <= set(afresh(rows, view, sort, now))

    expected = afresh(rows, view, sort, now)
    if locked is not None:
        if view != "late":  # what time brings into that is found by asking again
            assert inview.new == len(set(expected) - set(locked))
        inview.unlock()
    inview.step(rows, now, lambda: 0.0, 1.0)
    inview.again(rows)
    inview.step(rows, now, lambda: 0.0, 1.0)
    assert list(inview) == expected
    assert inview.searching(rows) is None
    assert [inview.index(each) for each in expected] == list(range(len(expected)))


def test_a_slice_ends_when_its_time_is_over_and_says_how_far_it_is() -> None:
    rows = {each.case_id: each for each in (row(number, "TTL", "S2", "One") for number in range(1_000))}
    inview = InView()
    inview.update(rows, list(rows), NOW)
    inview.choose(lambda each, now: True, QUEUE, rows)
    inview.step(rows, NOW, counting(), 10)

    assert inview.searching(rows) == Progress(10 + 1, 1_000)
    assert list(inview) == [f"C-{number:08d}" for number in range(11)]  # in the queue's order from its top


def test_what_is_asked_first_is_known_at_once() -> None:
    rows = {each.case_id: each for each in (row(number, "TTL", "S2", "One") for number in range(1_000))}
    inview = InView()
    inview.update(rows, list(rows), NOW)
    inview.choose(lambda each, now: True, QUEUE, rows, ["C-00000900"])
    inview.step(rows, NOW, lambda: 1.0, 0.0)

    assert list(inview) == ["C-00000900"]


def test_new_cases_are_counted_while_the_order_is_locked() -> None:
    rows = {each.case_id: each for each in (row(number, "TTL", "S2", "One") for number in range(3))}
    inview = InView()
    inview.update(rows, list(rows), NOW)
    inview.lock()
    for number in (7, 8):
        rows[f"C-{number:08d}"] = row(number, "TTL", "S0", "New")
    del rows["C-00000001"]
    inview.update(rows, ["C-00000007", "C-00000008", "C-00000001"], NOW)

    assert inview.new == 2
    assert list(inview) == ["C-00000000", "C-00000001", "C-00000002"]
    with pytest.raises(ValueError, match="locked"):
        inview.index("C-00000007")
    del rows["C-00000008"]
    inview.update(rows, ["C-00000008"], NOW)
    assert inview.new == 1
    inview.unlock()
    assert list(inview) == ["C-00000007", "C-00000000", "C-00000002"]
