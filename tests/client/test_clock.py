"""The feed's clock: never earlier than it is there, whatever the line and the host's own clock do."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from client.clock import AGAIN_MS, ServerClock, boottime_ms
from protocol.frames import TimeAnswer

FEED = 1_795_309_200_000.0


class World:
    """Two clocks and a line between them. `local` is the console's monotonic clock, `feed` the feed's, both in ms."""

    def __init__(self, *, drift: float = 1.0) -> None:
        self.local = 5_000.0
        self.feed = FEED
        self.drift = drift
        self.clock = ServerClock(lambda: self.local)

    def passes(self, ms: float) -> None:
        self.local += ms
        self.feed += ms * self.drift

    def greet(self, there: float = 20, back: float = 20) -> None:
        asked = self.local
        self.passes(there)
        said = int(self.feed)
        self.passes(back)
        self.clock.greeted(said, asked_at=asked)

    def ask(self, there: float, back: float, inside: float = 0) -> bool:
        asked = self.clock.ask(self.local)
        if asked is None:
            return False
        self.passes(there)
        t1 = int(self.feed)
        self.passes(inside)
        t2 = int(self.feed)
        self.passes(back)
        self.clock.answered(TimeAnswer(t0=asked.t0, t1=t1, t2=t2), at=self.local)
        return True

    @property
    def ahead(self) -> float:
        """How far our idea of the feed's time is ahead of the truth; negative would be optimistic."""
        return self.clock.now_ms() - self.feed


def test_nothing_is_known_before_the_first_word() -> None:
    clock = ServerClock(lambda: 1.0)
    assert not clock.known
    assert clock.ask(1.0) is None
    with pytest.raises(LookupError):
        clock.now_ms()


def test_the_greeting_alone_is_never_optimistic() -> None:
    world = World()
    world.greet(there=400, back=150)
    assert 0 <= world.ahead <= 552


def test_the_best_of_five_counts() -> None:
    world = World()
    world.greet(there=300, back=300)
    for there, back in ((80, 80), (60, 90), (4, 6), (200, 10), (50, 50)):
        assert world.ask(there, back)
    assert not world.ask(1, 1)
    assert world.clock.uncertainty_ms == pytest.approx(10, abs=2)
    assert 0 <= world.ahead <= 12


def test_time_inside_the_feed_is_no_uncertainty() -> None:
    world = World()
    world.greet()
    for _ in range(5):
        world.ask(3, 3, inside=500)
    assert world.clock.uncertainty_ms == pytest.approx(6, abs=2)
    assert 0 <= world.ahead <= 9


def test_it_is_measured_again_each_minute() -> None:
    world = World(drift=1.001)
    world.greet()
    for _ in range(5):
        world.ask(2, 2)
    world.passes(AGAIN_MS - 1_000)
    assert world.clock.ask(world.local) is None
    world.passes(2_000)
    for _ in range(5):
        assert world.ask(2, 2)
    assert 0 <= world.ahead <= 7


def test_an_answer_that_was_not_asked_for_is_ignored() -> None:
    world = World()
    world.greet()
    for _ in range(5):
        world.ask(2, 2)
    before = world.clock.now_ms()
    world.clock.answered(TimeAnswer(t0=7, t1=0, t2=0), at=world.local)
    assert world.clock.now_ms() == before


def test_a_lost_answer_is_given_up_after_a_while() -> None:
    world = World()
    world.greet()
    assert world.clock.ask(world.local) is not None
    assert world.clock.ask(world.local) is None
    world.passes(3_001)
    assert world.clock.ask(world.local) is not None


def test_a_feed_clock_that_was_set_forward_is_followed_at_once() -> None:
    world = World()
    world.greet()
    for _ in range(5):
        world.ask(2, 2)
    world.feed += 90_000
    world.clock.heard(int(world.feed), at=world.local)
    assert world.ahead >= -2
    assert world.ask(2, 2)


def test_suspend_counts_as_time() -> None:
    world = World()
    world.greet()
    for _ in range(5):
        world.ask(2, 2)
    world.passes(8 * 3_600_000)  # the monotonic clock includes it: that is what CLOCK_BOOTTIME is for
    assert 0 <= world.ahead <= 7


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_a_countdown_never_shows_more_than_is_left(seed: int) -> None:
    random = Random(seed)
    world = World()
    world.greet(random.uniform(0, 2_000), random.uniform(0, 2_000))
    assert world.ahead >= 0
    for _ in range(40):
        world.ask(random.uniform(0, 500), random.uniform(0, 500), random.uniform(0, 50))
        world.passes(random.uniform(0, 20_000))
        world.clock.heard(int(world.feed), at=world.local + random.uniform(0, 300))
        assert world.ahead >= 0


def test_the_local_clock_moves_on_and_is_not_the_wall_clock() -> None:
    first, second = boottime_ms(), boottime_ms()
    assert 0 < first <= second
    assert first < FEED / 2
