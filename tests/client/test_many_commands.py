"""Many commands in one request: each has its own key and its own answer, and what was lost is asked for again."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Any

import httpx
import pytest

from casework.commands import AddNote, Claim, Command
from client.commands import BATCH_BYTES, PATIENCE_MS, Commands, Item
from client.errors import NoToken
from protocol import codec, limits, problems
from protocol.answers import CommandBatchAnswer, CommandDone, CommandItem, ItemResult, Refused, decode_commands


class Feed:
    """Does each key once, as a feed does, and refuses the cases in `refuses`."""

    def __init__(self) -> None:
        self.done: dict[str, int] = {}
        self.batches: list[list[str]] = []
        self.refuses: dict[str, problems.Problem] = {}
        self.faults: list[Callable[[bytes], httpx.Response | Exception | None]] = []

    async def post(self, body: bytes) -> httpx.Response:
        assert len(body) <= limits.BODY
        items = [item for item in decode_commands(body) if isinstance(item, CommandItem)]
        assert len(items) == len(json.loads(body)["items"])
        self.batches.append([item.key for item in items])
        fault = self.faults.pop(0)(body) if self.faults else None
        if isinstance(fault, Exception):
            raise fault
        if fault is not None:
            return fault
        return httpx.Response(200, content=codec.encode(CommandBatchAnswer(results=[self.do(each) for each in items])))

    def do(self, item: CommandItem) -> ItemResult:
        if item.case_id in self.refuses and item.key not in self.done:
            problem = self.refuses[item.case_id]
            return Refused(status=problem.status, problem=problem)
        seq = self.done.setdefault(item.key, len(self.done) + 7)
        return CommandDone(case_id=item.case_id, version=2, seq=seq, events=["CaseClaimed"])


class Desk:
    def __init__(self) -> None:
        self.feed = Feed()
        self.now = 0.0
        self.slept = 0

        async def sleep(seconds: float) -> None:
            self.slept += 1
            self.now += seconds * 1_000

        async def post(case_id: str, body: bytes, key: str) -> httpx.Response:
            raise AssertionError("nothing goes alone")

        self.commands = Commands(
            post,
            now=lambda: self.now,
            random=Random(1).random,
            on_change=lambda: None,
            sleep=sleep,
            post_many=self.feed.post,
        )


@pytest.fixture
def desk() -> Desk:
    return Desk()


def items(count: int, command: Callable[[int], Command] = lambda at: Claim(expected_version=at)) -> list[Item]:
    return [(f"C-{at:08d}", command(at), f"k{at}") for at in range(count)]


async def test_each_has_its_own_answer_in_its_place(desk: Desk) -> None:
    desk.feed.refuses["C-00000001"] = problems.problem("stale-version", "bo claimed this 4 s ago.")
    outcomes = await desk.commands.do_many(items(3))

    assert [(each.case_id, each.ok, each.sentence) for each in outcomes] == [
        ("C-00000000", True, "Done: claim."),
        ("C-00000001", False, "bo claimed this 4 s ago."),
        ("C-00000002", True, "Done: claim."),
    ]
    assert desk.feed.batches == [["k0", "k1", "k2"]]
    assert set(desk.commands.pending) == {"k0", "k2"}
    desk.commands.settle(epoch="", cursor=100)
    assert desk.commands.pending == {}


async def test_a_lost_answer_is_asked_for_with_the_same_keys_and_done_once(desk: Desk) -> None:
    def done_but_lost(body: bytes) -> Exception:
        for item in decode_commands(body):
            assert isinstance(item, CommandItem)
            desk.feed.do(item)
        return httpx.ReadTimeout("no answer")

    desk.feed.faults = [done_but_lost]
    outcomes = await desk.commands.do_many(items(3))

    assert [each.seq for each in outcomes] == [7, 8, 9]
    assert desk.feed.batches == [["k0", "k1", "k2"]] * 2
    assert len(desk.feed.done) == 3


async def test_only_what_is_not_settled_is_asked_again(desk: Desk) -> None:
    busy = problems.problem("log-unavailable", "Not now.")
    desk.feed.refuses["C-00000001"] = busy
    desk.feed.faults = [lambda body: None, lambda body: desk.feed.refuses.clear()]
    outcomes = await desk.commands.do_many(items(3))

    assert all(each.ok for each in outcomes)
    assert desk.feed.batches == [["k0", "k1", "k2"], ["k1"]]


@pytest.mark.parametrize(
    "fault",
    [
        httpx.ConnectError("refused"),
        httpx.Response(502, text="<html>"),
        httpx.Response(200, text="no answer"),
        httpx.Response(200, content=codec.encode(CommandBatchAnswer(results=[]))),
        httpx.Response(404, text="nginx"),
    ],
)
async def test_no_answer_of_a_feed_settles_nothing(desk: Desk, fault: Any) -> None:
    desk.feed.faults = [lambda body: fault] * 3
    outcomes = await desk.commands.do_many(items(2))

    assert [each.ok for each in outcomes] == [True, True]
    assert len(desk.feed.batches) == 4


async def test_nobody_waits_for_good_and_what_is_not_known_can_be_asked_again(desk: Desk) -> None:
    desk.feed.faults = [lambda body: httpx.ConnectError("refused")] * 1_000
    outcomes = await desk.commands.do_many(items(2))

    assert [(each.ok, each.unknown) for each in outcomes] == [(False, True)] * 2
    assert desk.now <= PATIENCE_MS
    assert {each.progress for each in desk.commands.pending.values()} == {"unknown"}


async def test_a_refusal_of_the_whole_request_is_one_of_each_item(desk: Desk) -> None:
    document = problems.problem("forbidden", "You may only look.")
    desk.feed.faults = [lambda body: httpx.Response(document.status, content=problems.encode(document))]
    outcomes = await desk.commands.do_many(items(2))

    assert [each.sentence for each in outcomes] == ["You may only look."] * 2
    assert desk.commands.pending == {}


async def test_what_never_left_this_machine_is_refused(desk: Desk) -> None:
    desk.feed.faults = [lambda body: NoToken("token", "it is not there")]
    outcomes = await desk.commands.do_many(items(2))

    assert not any(each.ok or each.unknown for each in outcomes)
    assert desk.commands.pending == {}


async def test_a_large_batch_goes_in_requests_that_the_feed_takes(desk: Desk) -> None:
    count = 1_200
    outcomes = await desk.commands.do_many(items(count))
    assert [len(batch) for batch in desk.feed.batches] == [limits.BATCH_COMMANDS, count - limits.BATCH_COMMANDS]
    assert all(each.ok for each in outcomes)

    desk.feed.batches.clear()
    texts = [(case_id, command, f"n{key}") for case_id, command, key in items(500, lambda at: note())]
    await desk.commands.do_many(texts)
    assert len(desk.feed.batches) == -(-500 * 4_100 // BATCH_BYTES)


def note() -> AddNote:
    return AddNote(expected_version=1, text="x" * 4_000)


async def test_a_key_is_used_once(desk: Desk) -> None:
    with pytest.raises(ValueError, match="already in use"):
        await desk.commands.do_many([*items(1), *items(1)])
