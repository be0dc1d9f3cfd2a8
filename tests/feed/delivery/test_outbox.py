"""Which action goes next, and when another try comes."""

from __future__ import annotations

from feed.delivery.backoff import FIRST_MS, MOST_MS, OPEN_AFTER, Breaker, wait_ms
from feed.delivery.outbox import Due, ready


def due(number: int, *, severity: str = "S2", target: str = "u_1", state: str = "approved", **more: bool) -> Due:
    kinds = {"removes": False, "preserves": False, **more}
    name, place = ("C-00000001", f"a{number}"), (severity, number, number)
    return Due(name=name, place=place, target=("account", target), state=state, **kinds)


def next_of(*dues: Due, running: tuple[Due, ...] = ()) -> list[str]:
    return [each.name[1] for each in ready({"C-00000001": list(dues)}, running)]


def test_one_target_keeps_the_order_of_its_proposals() -> None:
    assert next_of(due(1), due(2), due(3, target="u_2")) == ["a1", "a3"]
    assert next_of(due(2, severity="S0"), due(1)) == ["a1"], "also before a more severe case"
    assert next_of(due(1), due(2), running=(due(1),)) == []


def test_the_most_severe_case_goes_first() -> None:
    assert next_of(due(1, target="a"), due(2, severity="S0", target="b")) == ["a2", "a1"]


def test_removal_waits_for_what_is_preserved_before_it() -> None:
    hold, removal = due(1, target="u_1", preserves=True), due(2, target="p_1", removes=True)
    assert next_of(hold, removal) == ["a1"]
    assert next_of(removal) == ["a2"]
    later = due(3, target="u_1", preserves=True)
    assert next_of(removal, later) == ["a2", "a3"], "not for what was proposed after it"
    asked = due(2, target="u_1", removes=True, state="acked")
    assert next_of(asked, due(3, target="u_1", preserves=True)) == ["a2"], "what was sent is asked after"


def test_waits_grow_and_are_bounded() -> None:
    assert [wait_ms(tries, lambda: 0.999) for tries in (1, 2, 3)] == [499, 999, 1_999]
    assert wait_ms(1, lambda: 0.0) == FIRST_MS // 2
    assert wait_ms(500, lambda: 0.999) <= MOST_MS
    assert wait_ms(1, lambda: 0.0, 7_000) == 7_000


def test_a_breaker_opens_lets_one_through_and_closes() -> None:
    breaker = Breaker(lambda: 0.0)
    for _ in range(OPEN_AFTER - 1):
        assert breaker.allows(0)
        assert breaker.failed(0) is False
    assert breaker.failed(0) is True
    assert not breaker.allows(0)
    at = breaker.opens_at(0)
    assert at > 0
    assert breaker.allows(at)
    assert not breaker.allows(at), "one at a time"
    breaker.let_go()
    assert breaker.allows(at)
    assert breaker.failed(at) is False, "it was open already"
    assert breaker.opens_at(at) > at
    assert breaker.answered() is True
    assert breaker.allows(at)
