"""How the sections of a column share its lines where they do not all fit: each a glimpse, the rest to the first."""

from __future__ import annotations

from collections.abc import Sequence


def allot(needs: Sequence[int], glimpses: Sequence[int], height: int, order: Sequence[int]) -> list[int]:
    """Lines for each section out of `height`, never more than it needs.

    Each keeps its glimpse before another gets more than that; `order` says which is served first, by place. A section
    that would get less than three lines gets none: a title alone says nothing.
    """
    given = [0] * len(needs)
    left = height
    for at in order:
        lines = min(needs[at], glimpses[at], left)
        given[at] = lines if lines >= min(3, needs[at]) else 0
        left -= given[at]
    for at in order:
        if given[at]:
            more = min(needs[at] - given[at], left)
            given[at] += more
            left -= more
    return given
