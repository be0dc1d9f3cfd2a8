"""Rows that are drawn are kept for as long as they are true."""

from client.views.drawn import DrawnRows
from client.views.row import queue_row
from tests.tui.sample_floor import NOW, row

ONE = row(1, "TTL", "S1", "one")


def test_a_row_is_kept_within_its_second_and_no_longer() -> None:
    drawn = DrawnRows()
    assert drawn.get(ONE.case_id, NOW, sending=False) is None
    kept = drawn.keep(queue_row(ONE, NOW, "ana"))
    assert drawn.get(ONE.case_id, NOW + 999 - NOW % 1_000, sending=False) is kept
    assert drawn.get(ONE.case_id, NOW + 1_000 - NOW % 1_000, sending=False) is None


def test_a_case_that_changed_is_drawn_again() -> None:
    drawn = DrawnRows()
    drawn.get(ONE.case_id, NOW, sending=False)
    drawn.keep(queue_row(ONE, NOW, "ana"))
    drawn.forget({"C-00000099"})
    assert drawn.get(ONE.case_id, NOW, sending=False) is not None
    drawn.forget({ONE.case_id})
    assert drawn.get(ONE.case_id, NOW, sending=False) is None


def test_a_command_on_its_way_is_another_row() -> None:
    drawn = DrawnRows()
    drawn.get(ONE.case_id, NOW, sending=False)
    drawn.keep(queue_row(ONE, NOW, "ana"))
    assert drawn.get(ONE.case_id, NOW, sending=True) is None


def test_nothing_is_kept_for_somebody_else() -> None:
    drawn = DrawnRows()
    drawn.get(ONE.case_id, NOW, sending=False)
    drawn.keep(queue_row(ONE, NOW, "ana"))
    drawn.clear()
    assert drawn.get(ONE.case_id, NOW, sending=False) is None
