"""Rows that are kept packed: as those of a plain dictionary, in queue order, whatever is decoded at the moment."""

from __future__ import annotations

from random import Random

import pytest
from msgspec.structs import replace

from casework import order
from casework.model import Row
from client.keptrows import KeptRows
from tests.client.scripted_feed import case_id, row


def grown(kept: KeptRows, random: Random, steps: int) -> dict[str, Row]:
    """What a plain dictionary holds after `steps` random changes of `kept`."""
    plain: dict[str, Row] = dict(kept)
    for step in range(steps):
        number = random.randrange(1, 40)
        case = case_id(number)
        if random.random() < 0.2 and case in plain:
            kept.drop(case)
            del plain[case]
        else:
            band = random.randrange(4)
            new = row(number, version=step + 1, band=band, owner=random.choice((None, "ana", "bo")), summary=f"s{step}")
            kept.put(new)
            plain[case] = new
        if random.random() < 0.3 and plain:
            asked = random.choice(sorted(plain))
            assert kept[asked] == plain[asked]
    return plain


@pytest.mark.parametrize("recent", [1, 3, 20, 100])
def test_it_is_a_dictionary_in_queue_order(recent: int) -> None:
    random = Random(recent)
    kept = KeptRows(recent=recent)
    for _ in range(10):
        plain = grown(kept, random, 60)
        assert dict(kept) == plain
        assert (len(kept), set(kept), case_id(99) in kept) == (len(plain), set(plain), False)
        expected = sorted(plain.values(), key=lambda held: (order.key(held), held.case_id))
        assert [standing.case_id for standing in kept.queue] == [held.case_id for held in expected]


def test_a_case_that_is_not_here_is_a_key_error() -> None:
    kept = KeptRows()
    with pytest.raises(KeyError):
        kept[case_id(1)]
    with pytest.raises(KeyError):
        kept.drop(case_id(1))
    assert kept.get(case_id(1)) is None
    assert kept.standing(case_id(1)) is None


def test_the_standing_follows_the_row() -> None:
    kept = KeptRows()
    kept.put(row(1))
    before = kept.standing(case_id(1))
    kept.put(row(1, version=2, summary="other words"))
    assert kept.standing(case_id(1)) is before
    kept.put(row(1, version=3, owner="ana"))
    after = kept.standing(case_id(1))
    assert before is not None
    assert after is not None
    assert (before.owner, after.owner, after.place) == (None, "ana", before.place)
    assert list(kept.queue) == [after]


def test_a_row_without_a_place_changes_nothing() -> None:
    kept = KeptRows()
    kept.put(row(1))
    with pytest.raises(ValueError, match="no place"):
        kept.put(row(1, version=2, band=-1))
    assert dict(kept) == {case_id(1): row(1)}


def test_what_another_holds_is_taken_over_packed_or_not() -> None:
    old = KeptRows(recent=3)
    plain = grown(old, Random(5), 200)
    new = KeptRows(old.packing, recent=3)
    for case, held in plain.items():
        if case == min(plain):
            new.put(replace(held, owner="cy"))
        else:
            new.take_over(case, old)
    assert dict(new) == {**plain, min(plain): replace(plain[min(plain)], owner="cy")}
    assert [standing.case_id for standing in new.queue] == [standing.case_id for standing in old.queue]
