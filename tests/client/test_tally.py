"""The floor in numbers, and the order of its deadlines, against counting everything again."""

from __future__ import annotations

from random import Random

import pytest
from msgspec.structs import replace

from casework.model import Row
from casework.order import next_clock
from casework.tokens import OPEN_STATES
from client.keptrows import KeptRows
from client.views.tally import Tally
from tests.tui.sample_floor import MINUTE, NOW, row


def some_row(number: int, random: Random) -> Row:
    each = row(
        number,
        random.choice(("TTL", "CSEA", "PRESS")),
        random.choice(("S0", "S1", "S2", "S3")),
        "One",
        left_ms=random.randrange(-3, 4) * MINUTE,
        owner=random.choice((None, "ana", "bo")),
        score_tenths=random.randrange(100),
        opened_seq=number + 1,
    )
    if random.random() < 0.2:
        each = replace(each, flags=replace(each.flags, snoozed_until=NOW + MINUTE))
    if random.random() < 0.2:
        each = replace(each, clocks=())
    return replace(each, state="RESOLVED") if random.random() < 0.2 else each


def due_of(each: Row) -> int | None:
    clock = next_clock(each.clocks)
    return None if clock is None else clock.due_at


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("kept", [False, True])
def test_it_counts_as_if_everything_was_counted_again(seed: int, kept: bool) -> None:
    random = Random(seed)
    rows: dict[str, Row] = {}
    held = KeptRows(recent=3)
    tally = Tally()
    for step in range(60):
        number = random.randrange(25)
        each = some_row(number, random)
        if random.random() < 0.2 and each.case_id in rows:
            del rows[each.case_id]
            held.drop(each.case_id)
        else:
            rows[each.case_id] = each
            held.put(each)
        if step == 30:
            tally.me = "ana"
        tally.update(held if kept else rows, [each.case_id])

    work = [each for each in rows.values() if each.state in OPEN_STATES]
    assert tally.open == len(work)
    assert tally.unowned_ids == {each.case_id for each in work if each.owner is None}
    assert tally.unowned == len(tally.unowned_ids)
    assert tally.snoozed == sum(each.flags.snoozed_until is not None for each in work)
    assert tally.s0 == {each.case_id for each in work if each.severity == "S0"}
    mine = [each for each in work if each.owner == "ana"]
    assert tally.mine == {each.case_id for each in mine}
    assert tally.urgent_of_mine == sum(each.severity in ("S0", "S1") for each in mine)

    dues = {each.case_id: due for each in work if (due := due_of(each)) is not None}
    for now in (NOW - 2 * MINUTE, NOW, NOW + 1, NOW + 9 * MINUTE):
        assert tally.late(now) == sum(due < now for due in dues.values())
        coming = [(due, case_id) for case_id, due in dues.items() if due >= now]
        found = tally.next_late(now)
        assert (None if found is None else found[0]) == min((due for due, _ in coming), default=None)
        assert found is None or found in coming
        soon = {case_id for case_id, due in dues.items() if now <= due < now + 2 * MINUTE}
        assert sorted(tally.due_between(now, now + 2 * MINUTE)) == sorted(soon)
    check_deadlines(tally, dues)


def check_deadlines(tally: Tally, dues: dict[str, int]) -> None:
    """From each case all others follow by their deadlines, and it comes last."""
    every = list(tally.by_deadline(None, forward=True))
    assert sorted(every) == sorted(dues)
    assert [dues[case_id] for case_id in every] == sorted(dues.values())
    assert list(tally.by_deadline(None, forward=False)) == every
    assert list(tally.by_deadline("C-00000099", forward=True)) == every
    for at, case_id in enumerate(every):
        assert list(tally.by_deadline(case_id, forward=True)) == every[at + 1 :] + every[: at + 1]
        assert list(tally.by_deadline(case_id, forward=False)) == every[:at][::-1] + every[at:][::-1]
