"""What a view and a filter together want of a case."""

from __future__ import annotations

from collections.abc import Callable

from casework.model import Row
from casework.query import Query, at_hand, matches, may_match, names_state
from casework.tokens import OPEN_STATES
from client.standing import Standing
from client.views.shown import Wanted, Worth


def chosen(view: Query | None, query: Query | None, me: Callable[[], str]) -> tuple[Wanted, Worth]:
    """Whether a row is in a view (None: all) and matches a filter, and whether what is at hand of it leaves that open.

    Both look behind snoozes where the view says nothing of them; ended cases are wanted only where one names them.
    """
    asked = [each for each in (view, query) if each is not None]
    cheap = [each for each in map(at_hand, asked) if each.terms]
    any_state = any(map(names_state, asked))

    def wanted(row: Row, now: int) -> bool:
        if not any_state and row.state not in OPEN_STATES:
            return False
        person = me()
        return all(matches(each, row, me=person, now=now) for each in asked)

    def worth(known: Standing) -> bool:
        if not any_state and not known.open:
            return False
        person = me()
        return all(may_match(each, known, me=person) for each in cheap)

    return wanted, worth
