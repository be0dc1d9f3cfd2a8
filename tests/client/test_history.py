"""The events of an open case: fetched once, kept up, and never shown whole while one may be missing."""

from __future__ import annotations

from casework.events import Event
from casework.facts import CaseClaimed
from client.history import KEPT, History


def event(seq: int) -> Event:
    return Event(seq=seq, case_id="C-1", version=seq, type="CaseClaimed", at=seq, actor="ana", fact=CaseClaimed())


def seqs(history: History) -> list[int]:
    return [event.seq for event in history.events]


def test_what_came_in_meanwhile_and_what_was_fetched_are_one() -> None:
    history = History()
    mark = history.mark
    history.happened([event(4)])
    assert not history.whole
    history.fetched([event(1), event(2), event(4)], mark)
    history.happened([event(7)])

    assert (seqs(history), history.whole) == ([1, 2, 4, 7], True)


def test_what_was_missed_while_it_was_asked_has_to_be_asked_again() -> None:
    history = History()
    mark = history.mark
    history.missed()
    history.fetched([event(1)], mark)
    assert not history.whole
    history.fetched([event(1), event(2)], history.mark)
    assert history.whole


def test_nothing_stays_of_what_may_not_be_seen() -> None:
    history = History()
    history.fetched([event(1)], history.mark)
    history.forget()

    assert (seqs(history), history.whole, history.dropped) == ([], False, 0)


def test_the_newest_are_kept() -> None:
    history = History()
    history.fetched([event(seq) for seq in range(1, KEPT + 11)], history.mark)

    assert (len(history.events), history.dropped, history.events[0].seq) == (KEPT, 10, 11)
