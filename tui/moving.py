"""Where `b`, `B` and `u` go: the next case in view that is late or due soonest, the next without an owner."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Final

FEW: Final = 1_000
"""Up to so many, looking each one up costs less than walking the list."""


def first_in_view(candidates: Iterable[str], view: Collection[str]) -> str | None:
    """The first of `candidates` that the view shows."""
    return next((case_id for case_id in candidates if case_id in view), None)


def next_unowned(
    ids: Sequence[str], unowned: Collection[str], at: int | None, index_of: Callable[[str], int | None]
) -> str | None:
    """The next case below place `at` that nobody has, from the top again after the last; None if there is none."""
    start = -1 if at is None else at
    if len(unowned) <= FEW:
        places = sorted(place for place in map(index_of, unowned) if place is not None)
        below = [place for place in places if place > start]
        return ids[(below or places)[0]] if places else None
    count = len(ids)
    around = (ids[(start + step) % count] for step in range(1, count + 1))
    return next((case_id for case_id in around if case_id in unowned), None)
