"""Commands: one key for one intent, asked until it is answered, pending until the mirror holds it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from random import Random

import httpx
import pytest

from casework.commands import AddNote, Claim
from client.commands import PATIENCE_MS, Commands, Outcome
from client.errors import NoToken
from protocol import codec, problems
from protocol.answers import CommandAnswer

CASE = "C-00000001"
Reply = httpx.Response | Exception


class Feed:
    """Answers commands as a feed does: a key is done once, and then has its answer for good."""

    def __init__(self) -> None:
        self.done: dict[str, tuple[bytes, bytes]] = {}
        self.asked: list[tuple[str, bytes]] = []
        self.faults: list[Callable[[httpx.Request], Reply | None]] = []

    def handle(self, request: httpx.Request) -> httpx.Response:
        key = request.headers["Idempotency-Key"]
        self.asked.append((key, request.content))
        fault = self.faults.pop(0) if self.faults else None
        if fault is not None:
            reply = fault(request)
            if isinstance(reply, Exception):
                raise reply
            if reply is not None:
                return reply
        return self.do(request)

    def do(self, request: httpx.Request) -> httpx.Response:
        key, body = request.headers["Idempotency-Key"], request.content
        if key not in self.done:
            answer = CommandAnswer(case_id=CASE, version=2, seq=7 + len(self.done), events=["CaseClaimed"])
            self.done[key] = (body, codec.encode(answer))
        before, answer_bytes = self.done[key]
        if before != body:
            return refused("idempotency-mismatch", "This key was used for another request.")
        return httpx.Response(200, content=answer_bytes)


def refused(slug: problems.Slug, detail: str, **more: object) -> httpx.Response:
    document = problems.problem(slug, detail, **more)
    return httpx.Response(document.status, content=problems.encode(document))


class Desk:
    """Commands over a mock transport; sleeping moves the time."""

    def __init__(self) -> None:
        self.feed = Feed()
        self.now = 0.0
        self.slept: list[float] = []
        self.client = httpx.AsyncClient(transport=httpx.MockTransport(self.feed.handle), base_url="http://feed")
        self.changes = 0
        self.commands = Commands(
            self.post,
            now=lambda: self.now,
            random=Random(1).random,
            on_change=self.changed,
            epoch=lambda: "e1",
            sleep=self.sleep,
        )

    async def post(self, case_id: str, body: bytes, key: str) -> httpx.Response:
        return await self.client.post(f"/v1/cases/{case_id}/commands", content=body, headers={"Idempotency-Key": key})

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds * 1_000
        await asyncio.sleep(0)

    def changed(self) -> None:
        self.changes += 1

    async def claim(self, key: str = "k1") -> Outcome:
        return await self.commands.do(CASE, Claim(expected_version=1), key=key)


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_done_is_pending_until_the_mirror_holds_it(desk: Desk) -> None:
    outcome = await desk.claim()
    assert (outcome.ok, outcome.seq, outcome.version, outcome.events) == (True, 7, 2, ("CaseClaimed",))
    assert desk.commands.pending["k1"].progress == "done"
    desk.commands.settle(epoch="e1", cursor=6)
    assert "k1" in desk.commands.pending
    desk.commands.settle(epoch="e1", cursor=7)
    assert desk.commands.pending == {}


async def test_in_another_log_nothing_stays_pending_for_good(desk: Desk) -> None:
    await desk.claim()
    desk.commands.settle(epoch="e2", cursor=1)
    assert desk.commands.pending == {}


async def test_a_lost_answer_is_asked_for_with_the_same_key_and_body(desk: Desk) -> None:
    def done_but_lost(request: httpx.Request) -> Reply:
        desk.feed.do(request)
        return httpx.ReadTimeout("no answer")

    desk.feed.faults = [done_but_lost, done_but_lost]
    outcome = await desk.claim()
    assert (outcome.ok, outcome.seq) == (True, 7)
    assert len(desk.feed.done) == 1
    assert len(set(desk.feed.asked)) == 1
    assert len(desk.feed.asked) == 3


@pytest.mark.parametrize(
    "fault",
    [
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("late"),
        httpx.RemoteProtocolError("cut"),
        httpx.Response(502, text="<html>"),
        httpx.Response(500, text=""),
        httpx.Response(200, text="not an answer"),
        httpx.Response(404, text="nginx"),
    ],
)
async def test_no_answer_of_a_feed_settles_nothing(desk: Desk, fault: Reply) -> None:
    seen: list[str] = []
    desk.feed.faults = [lambda _: fault, lambda _: seen.append(desk.commands.pending["k1"].progress)]
    outcome = await desk.claim()
    assert outcome.ok
    assert seen == ["unknown"]


async def test_retry_after_is_honored(desk: Desk) -> None:
    busy = refused("log-unavailable", "The log cannot be written.")
    busy.headers["Retry-After"] = "7"
    desk.feed.faults = [lambda _: busy]
    assert (await desk.claim()).ok
    assert desk.slept[0] >= 7


async def test_it_stops_asking_by_itself_and_goes_on_when_told_to(desk: Desk) -> None:
    desk.feed.faults = [lambda _: httpx.ConnectTimeout("nobody")] * 1_000
    outcome = await desk.claim()
    assert (outcome.ok, outcome.unknown) == (False, True)
    assert "Not known" in outcome.sentence
    assert desk.now <= PATIENCE_MS
    assert desk.commands.pending["k1"].progress == "unknown"
    desk.feed.faults = []
    again = await desk.commands.ask_again("k1")
    assert again.ok
    assert {key for key, _ in desk.feed.asked} == {"k1"}
    with pytest.raises(KeyError):
        await desk.commands.ask_again("k1")


async def test_a_refusal_says_what_the_feed_said(desk: Desk) -> None:
    sentence = "Not done: bo changed this case meanwhile."
    desk.feed.faults = [lambda _: refused("stale-version", sentence, version=9, by="bo", at=1, events=["CaseClaimed"])]
    outcome = await desk.claim()
    assert (outcome.ok, outcome.unknown, outcome.sentence, outcome.version) == (False, False, sentence, 9)
    assert outcome.problem is not None
    assert outcome.problem.slug == "stale-version"
    assert desk.commands.pending == {}
    assert len(desk.feed.asked) == 1


@pytest.mark.parametrize("slug", ["unauthenticated", "forbidden", "not-found"])
async def test_a_refusal_before_the_key_is_looked_up_says_nothing_of_an_earlier_attempt(
    desk: Desk, slug: problems.Slug
) -> None:
    desk.feed.faults = [lambda _: httpx.ReadTimeout("lost"), lambda _: refused(slug, "Your token has expired.")]
    outcome = await desk.claim()
    assert (outcome.ok, outcome.unknown) == (False, True)
    assert "Your token has expired." in outcome.sentence
    assert "k1" in desk.commands.pending


async def test_a_refusal_after_the_key_was_looked_up_settles_it(desk: Desk) -> None:
    desk.feed.faults = [lambda _: httpx.ReadTimeout("lost"), lambda _: refused("illegal-transition", "Not in NEW.")]
    outcome = await desk.claim()
    assert (outcome.ok, outcome.unknown, desk.commands.pending) == (False, False, {})


async def test_without_a_token_nothing_is_sent(desk: Desk) -> None:
    async def no_token(case_id: str, body: bytes, key: str) -> httpx.Response:
        raise NoToken("/t", "it is gone")

    desk.commands._post = no_token
    outcome = await desk.claim()
    assert (outcome.ok, outcome.unknown) == (False, False)
    assert "watchfloor token issue" in outcome.sentence


async def test_a_key_is_one_intent(desk: Desk) -> None:
    await desk.claim()
    with pytest.raises(ValueError, match="k1"):
        await desk.commands.do(CASE, AddNote(expected_version=1, text="x"), key="k1")
    assert len(desk.feed.asked) == 1


async def test_canceled_while_under_way_it_is_unknown(desk: Desk) -> None:
    asked = asyncio.Event()

    async def never(case_id: str, body: bytes, key: str) -> httpx.Response:
        asked.set()
        await asyncio.Event().wait()
        raise AssertionError

    desk.commands._post = never
    task = asyncio.create_task(desk.claim())
    await asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert desk.commands.pending["k1"].progress == "unknown"


async def test_whatever_is_lost_on_the_way_it_is_done_once() -> None:
    for seed in range(60):
        random = Random(seed)
        desk = Desk()

        def flaky(request: httpx.Request, random: Random = random, desk: Desk = desk) -> Reply | None:
            match random.randrange(5):
                case 0:
                    return httpx.ConnectError("refused")
                case 1:
                    desk.feed.do(request)
                    return httpx.ReadTimeout("lost")
                case 2:
                    return httpx.Response(503, headers={"Retry-After": "1"}, content=b"{}")
                case 3:
                    desk.feed.do(request)
                    return httpx.Response(504, text="gateway")
                case _:
                    return None

        desk.feed.faults = [flaky] * 200
        outcome = await desk.claim()
        if outcome.unknown:
            desk.feed.faults = []
            outcome = await desk.commands.ask_again("k1")
        assert outcome.ok, seed
        assert len(desk.feed.done) == 1
        await desk.client.aclose()
