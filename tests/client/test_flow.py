"""Arrivals and clears of the last hour, whatever changed meanwhile."""

from __future__ import annotations

from msgspec.structs import replace

from client.views.flow import Flow
from client.views.times import HOUR, MINUTE
from tests.tui.sample_floor import NOW, row


def test_it_counts_what_came_and_what_ended_in_the_last_hour() -> None:
    new, old, ended = (row(number, "TTL", "S2", "One", age_ms=MINUTE) for number in (1, 2, 3))
    old = replace(old, opened_at=NOW - 2 * HOUR)
    ended = replace(ended, opened_at=NOW - 3 * HOUR, state="RESOLVED", ended_at=NOW - 5 * MINUTE)
    rows = {each.case_id: each for each in (new, old, ended)}
    flow = Flow()
    flow.update(rows, rows, NOW)
    assert flow.count(NOW) == (1, 1)
    assert flow.count(NOW - 3 * MINUTE) == (0, 1)  # the feed's clock was set right: what is to come did not happen

    rows[ended.case_id] = replace(ended, state="TRIAGED", ended_at=None)
    flow.update(rows, [ended.case_id], NOW)
    assert flow.count(NOW) == (1, 0)
    del rows[new.case_id]
    flow.update(rows, [new.case_id], NOW)
    assert flow.count(NOW) == (0, 0)


def test_what_was_an_hour_ago_is_over() -> None:
    flow = Flow()
    one = row(1, "TTL", "S2", "One", age_ms=MINUTE)
    flow.update({one.case_id: one}, [one.case_id], NOW)
    assert flow.count(NOW + HOUR - 2 * MINUTE) == (1, 0)
    assert flow.count(NOW + HOUR - MINUTE) == (0, 0)
