"""Who is asking: tokens with a short memory, uids, and what is no login at all."""

from __future__ import annotations

import os

import pytest
from msgspec import Struct

from casework.access import Person
from feed.auth import Authenticator, Unauthenticated
from feed.config import AuthRules, FeedConfig, Uid
from feed.log.base import LogUnusable


class Known(Struct):
    person: Person
    expires_at: int | None = None


class Bench:
    """An authenticator on times and tokens that a test sets."""

    def __init__(self, config: FeedConfig | None = None) -> None:
        self.now = 1_000_000
        self.passed = 0.0
        self.tokens: dict[str, Known] = {}
        self.looked = 0
        self.unreadable = False
        self.auth = Authenticator(
            config or FeedConfig(), self._find, now=lambda: self.now, monotonic=lambda: self.passed, own_uid=4711
        )

    def _find(self, token: str) -> Known | None:
        self.looked += 1
        if self.unreadable:
            raise LogUnusable(path="floor.db.tokens", why="cannot be read.")
        return self.tokens.get(token)


ANA = Person(principal="ana", roles=frozenset({"lead"}))


async def test_a_token_is_looked_up_again_after_two_seconds() -> None:
    bench = Bench()
    bench.tokens["t"] = Known(ANA)
    for _ in range(3):
        assert (await bench.auth.login("Bearer t", None)).principal == "ana"
    assert bench.looked == 1
    del bench.tokens["t"]
    bench.passed = 1.9
    await bench.auth.login("Bearer t", None)
    bench.passed = 2.0
    with pytest.raises(Unauthenticated, match="revoked"):
        await bench.auth.login("Bearer t", None)


async def test_a_new_token_counts_at_once() -> None:
    bench = Bench()
    with pytest.raises(Unauthenticated):
        await bench.auth.login("Bearer t", None)
    bench.tokens["t"] = Known(ANA)
    assert (await bench.auth.login("bearer t", None)).principal == "ana"


async def test_an_end_is_exact_also_while_the_look_up_is_remembered() -> None:
    bench = Bench()
    bench.tokens["t"] = Known(ANA, expires_at=bench.now + 1)
    login = await bench.auth.login("Bearer t", None)
    bench.now += 1
    with pytest.raises(Unauthenticated, match="expired"):
        await bench.auth.still(login)


@pytest.mark.parametrize("token", ["x" * 300, "a\x00b", "\u00fcber", "a b\n"])
async def test_what_cannot_be_a_token_is_never_looked_up(token: str) -> None:
    bench = Bench()
    with pytest.raises(Unauthenticated):
        await bench.auth.by_token(token)
    assert bench.looked == 0


async def test_uids() -> None:
    bench = Bench(FeedConfig(uids={"1001": Uid(principal="ben", roles=frozenset({"viewer"}))}))
    assert (await bench.auth.login(None, 1001)).person.roles == frozenset({"viewer"})
    own = (await bench.auth.login(None, 4711)).person
    assert own.roles == frozenset({"responder", "lead"})
    assert own.every_clearance
    with pytest.raises(Unauthenticated, match="not configured"):
        await bench.auth.login(None, 1002)
    with pytest.raises(Unauthenticated):
        await bench.auth.login(None, None)


async def test_a_bad_token_is_not_mended_by_a_good_uid() -> None:
    bench = Bench()
    with pytest.raises(Unauthenticated):
        await bench.auth.login("Bearer nonsense", 4711)


async def test_where_only_intake_tokens_count_no_other_does() -> None:
    bench = Bench(FeedConfig(auth=AuthRules(tokens="intake_only")))
    bench.tokens["lead"] = Known(ANA)
    bench.tokens["both"] = Known(Person(principal="x", roles=frozenset({"intake", "lead"})))
    bench.tokens["intake"] = Known(Person(principal="sensor", roles=frozenset({"intake"})))
    assert (await bench.auth.login("Bearer intake", None)).principal == "sensor"
    for name in ("lead", "both"):
        with pytest.raises(Unauthenticated, match="intake only"):
            await bench.auth.login(f"Bearer {name}", None)


async def test_the_process_own_uid_is_the_default() -> None:
    auth = Authenticator(FeedConfig(), None, now=lambda: 0)
    assert (await auth.login(None, os.getuid())).person.every_clearance


async def test_while_tokens_cannot_be_read_nobody_new_is_let_in_and_nobody_is_thrown_out() -> None:
    bench = Bench()
    bench.tokens["t"] = Known(ANA)
    bench.tokens["new"] = Known(ANA)
    login = await bench.auth.login("Bearer t", None)
    bench.unreadable = True
    bench.passed = 60.0
    assert (await bench.auth.still(login)).principal == "ana"
    with pytest.raises(Unauthenticated, match="disk"):
        await bench.auth.login("Bearer new", None)
    bench.unreadable = False
    del bench.tokens["t"]
    with pytest.raises(Unauthenticated, match="revoked"):
        await bench.auth.still(login)
