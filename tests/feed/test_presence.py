"""Presence, signs of life, rate limits, locks: small things with a clock."""

from __future__ import annotations

import asyncio

from feed.clock import ManualClock
from feed.limiter import Limiter
from feed.locks import Locks
from feed.presence import Presence
from feed.signs import LIFE_MS, SignsOfLife


def test_presence_is_told_at_most_once_a_second_the_last_word_counts() -> None:
    clock = ManualClock(0)
    presence = Presence(clock.now_ms)
    presence.say("ana", "C-1", "reading")
    presence.say("ana", "C-1", "writing")
    presence.say("ben", "C-1", "reading")
    assert presence.to_tell() == [("C-1", "ana", "writing"), ("C-1", "ben", "reading")]
    presence.say("ana", "C-1", "reading")
    assert presence.to_tell() == []
    clock.advance(1_000)
    assert presence.to_tell() == [("C-1", "ana", "reading")]


def test_presence_is_forgotten() -> None:
    clock = ManualClock(0)
    presence = Presence(clock.now_ms)
    presence.say("ana", "C-1", "reading")
    presence.forget("ana")
    assert presence.to_tell() == []
    presence.say("ana", "C-1", "reading")
    clock.advance(30_001)
    assert presence.to_tell() == []
    assert not presence._words


def test_signs_of_life() -> None:
    clock = ManualClock(1_000)
    connected: dict[str, int] = {}
    signs = SignsOfLife(now=clock.now_ms, connected=lambda who: connected.get(who, 0))
    clock.advance(LIFE_MS - 1)
    assert signs.alive("ana")  # the start counts as a sign
    signs.seen("ben")
    clock.advance(1)
    assert not signs.alive("ana")
    assert signs.alive("ben")
    connected["ana"] = 1
    assert signs.alive("ana")


def test_a_limit_refills_evenly() -> None:
    now = 0.0
    limiter = Limiter(60, lambda: now)
    assert limiter.take("ana", 60) == 0.0
    assert 0.9 < limiter.take("ana") <= 1.0
    assert limiter.take("ben") == 0.0
    now = 1.0
    assert limiter.take("ana") == 0.0
    assert limiter.take("ana") > 0
    assert Limiter(0, lambda: now).take("ana", 10**6) == 0.0


async def test_locks_exclude_by_name_and_leave_nothing_behind() -> None:
    locks = Locks()
    inside: list[str] = []

    async def work(label: str, *names: str) -> None:
        async with locks.hold(names):
            assert label not in inside
            inside.append(label)
            others = [name for name in inside if set(name) & set(label)]
            assert others == [label]
            await asyncio.sleep(0)
            inside.remove(label)

    async with asyncio.timeout(5):
        await asyncio.gather(*(work(name, *name) for name in ("ab", "bc", "ca", "a", "b", "c")))
    assert len(locks) == 0


async def test_a_canceled_wait_leaves_the_lock_to_others() -> None:
    locks = Locks()
    async with locks.hold(["x"]):
        waiting = asyncio.create_task(_enter(locks))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    async with asyncio.timeout(5), locks.hold(["x"]):
        pass
    assert len(locks) == 0


async def _enter(locks: Locks) -> None:
    async with locks.hold(["x"]):
        raise AssertionError("it was held")
