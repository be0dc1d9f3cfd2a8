"""Where `b`, `B` and `u` go: the next case that is late or due soonest, the next without an owner."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from casework.model import Common
from casework.order import next_clock
from casework.tokens import OPEN_STATES

CaseOf = Callable[[str], Common | None]


def by_deadline(ids: Sequence[str], case_of: CaseOf, cursor: str | None, *, forward: bool) -> str | None:
    """The case whose deadline comes next after the cursor's (before it if not `forward`), over all in view.

    Late cases come first by their deadline. Without a cursor, and after the last: the most overdue one.
    """
    dues: list[tuple[int, str]] = []
    for case_id in ids:
        case = case_of(case_id)
        clock = None if case is None or case.state not in OPEN_STATES else next_clock(case.clocks)
        if clock is not None:
            dues.append((clock.due_at, case_id))
    if not dues:
        return None
    dues.sort()
    here = next((due for due in dues if due[1] == cursor), None)
    if here is None:
        return dues[0][1]
    at = dues.index(here) + (1 if forward else -1)
    return dues[at % len(dues)][1]


def next_unowned(ids: Sequence[str], case_of: CaseOf, at: int | None) -> str | None:
    """The next case below place `at` that nobody has, from the top again after the last; None if there is none."""
    count = len(ids)
    start = -1 if at is None else at
    for step in range(1, count + 1):
        case_id = ids[(start + step) % count]
        case = case_of(case_id)
        if case is not None and case.owner is None and case.state in OPEN_STATES:
            return case_id
    return None
