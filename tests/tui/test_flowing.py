"""Arrivals against clears inside the console: nothing before somebody looks, then every case, a slice at a time."""

from msgspec.structs import replace

from casework.model import Row
from tests.tui.sample_floor import HOUR, NOW, row, sketch
from tui.flowing import Flowing


def spoken(flowing: Flowing, now: int = NOW) -> str:
    return "".join(str(words) for words, _ in flowing.line(now))


def floor() -> dict[str, Row]:
    old = [replace(each, opened_at=NOW - 2 * HOUR) for each in sketch()]
    return {each.case_id: each for each in (*old, row(91, "DOX", "S2", "New", age_ms=HOUR // 2))}


def test_nothing_is_kept_before_somebody_looks() -> None:
    flowing, rows = Flowing(), floor()
    flowing.note(rows, list(rows), NOW)
    flowing.step(rows, NOW, lambda: 0.0, 1.0)

    assert (spoken(flowing), flowing.whole) == ("", False)


def test_there_is_no_number_before_every_case_was_read() -> None:
    flowing, rows = Flowing(), floor()
    flowing.begin(rows)
    steps = 0
    while not flowing.whole:
        assert spoken(flowing) == f"counting the last hour, {100 * steps // len(rows)} %"
        flowing.step(rows, NOW, lambda: 0.0, 0.0)
        steps += 1

    assert steps == len(rows) + 1
    assert spoken(flowing) == "in 1/h  out 0/h"


def test_what_changes_while_it_counts_and_after_is_counted_once() -> None:
    flowing, rows = Flowing(), floor()
    flowing.begin(rows)
    flowing.step(rows, NOW, lambda: 0.0, 0.0)
    fresh = row(92, "DOX", "S2", "Newest", age_ms=0)
    rows[fresh.case_id] = fresh
    last = list(rows)[-2]
    rows[last] = replace(rows[last], ended_at=NOW)
    flowing.note(rows, (fresh.case_id, last), NOW)
    flowing.step(rows, NOW, lambda: 0.0, 1.0)
    assert spoken(flowing) == "in 2/h  out 1/h"

    del rows[fresh.case_id]
    flowing.note(rows, (fresh.case_id,), NOW)
    assert spoken(flowing) == "in 1/h  out 1/h"
    assert spoken(flowing, NOW + HOUR) == "in 0/h  out 0/h"
