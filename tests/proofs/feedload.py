"""People at work on a real feed that may die at any moment: each command has a key, and is asked for until answered."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, Final, NamedTuple

import httpx
import msgspec

from tests.floorprocess import FeedProcess

SOURCE: Final = "urn:test:load"
PATIENCE_S: Final = 90.0
"""How long one request may go unanswered, restarts included."""


class Answer(NamedTuple):
    """What the feed said of a command."""

    case_id: str
    version: int
    seq: int
    events: tuple[str, ...]


class Load:
    """Workers on the feed that `feed()` names now. What was acknowledged is kept: answers by key, cases by report."""

    def __init__(self, feed: Callable[[], FeedProcess], tokens: dict[str, str], *, random: Random, batch: int) -> None:
        self._feed = feed
        self._tokens = tokens
        self._random = random
        self._batch = batch
        self.answers: dict[tuple[str, str], Answer] = {}
        self.reports: dict[str, str] = {}
        self.asked_again: Counter[str] = Counter()
        self._numbers = iter(range(1, 10_000_000))
        self._wanted = 0
        self._reached = asyncio.Event()

    async def run(self, commands: int, *, workers: int) -> None:
        """Until so many commands were acknowledged in all."""
        async with httpx.AsyncClient(trust_env=False, timeout=20) as client, asyncio.TaskGroup() as group:
            for place in range(workers):
                group.create_task(self._work(client, place, commands))

    async def reaches(self, commands: int) -> None:
        """Wait until so many commands were acknowledged."""
        self._wanted = commands
        self._reached.clear()
        if len(self.answers) < commands:
            await self._reached.wait()

    async def _work(self, client: httpx.AsyncClient, place: int, commands: int) -> None:
        random = self._random
        who = ("ana", "bo", "cy")[place % 3]
        cases = [await self._report(client, f"{place}.0")]
        while len(self.answers) < commands:
            if random.random() < 0.05 and len(cases) < 40:
                cases.append(await self._report(client, f"{place}.{len(cases)}"))
            if random.random() < 0.3:
                items = [self._item(random.choice(cases)) for _ in range(self._batch)]
                await self._many(client, who, items)
            else:
                await self._one(client, who, self._item(random.choice(cases)))

    def _item(self, case_id: str) -> dict[str, Any]:
        """A command that nothing makes stale; its text says which one it is."""
        number = next(self._numbers)
        body: dict[str, Any] = {"case_id": case_id, "key": f"k{number}", "expected_version": 1}
        kind = self._random.random()
        if kind < 0.7:
            return {**body, "type": "note", "text": f"note {number}"}
        if kind < 0.85:
            return {**body, "type": "tick", "step": f"s{number}"}
        return {**body, "type": "post_update", "text": f"update {number}", "audience": "partner"}

    async def _report(self, client: httpx.AsyncClient, ident: str) -> str:
        event = {
            "specversion": "1.0",
            "type": "org.watchfloor.escalation.raised.v1",
            "source": SOURCE,
            "id": ident,
            "data": {"case_type": "TTL", "summary": f"report {ident}", "source": {"kind": "partner"}},
        }
        again = False
        while True:
            headers = {"Content-Type": "application/cloudevents+json"}
            answer = await self._ask(client, "ana", "/v1/intake", event, headers)
            assert answer.status_code in (200, 202), answer.text
            case_id = str(answer.json()["case_id"])
            assert self.reports.setdefault(ident, case_id) == case_id
            if again or self._random.random() < 0.9:
                return case_id
            again = True

    async def _one(self, client: httpx.AsyncClient, who: str, item: dict[str, Any]) -> None:
        body = {name: value for name, value in item.items() if name not in ("case_id", "key")}
        path = f"/v1/cases/{item['case_id']}/commands"
        answer = await self._ask(client, who, path, body, {"Idempotency-Key": item["key"]})
        assert answer.status_code == 200, answer.text
        self._settle(who, item["key"], answer.json())
        if self._random.random() < 0.05:
            again = await self._ask(client, who, path, body, {"Idempotency-Key": item["key"]})
            self._settle(who, item["key"], again.json())

    async def _many(self, client: httpx.AsyncClient, who: str, items: list[dict[str, Any]]) -> None:
        while items:
            answer = await self._ask(client, who, "/v1/commands", {"items": items}, {})
            assert answer.status_code == 200, answer.text
            unsettled = []
            for item, result in zip(items, answer.json()["results"], strict=True):
                if result["status"] == 200:
                    self._settle(who, item["key"], result)
                else:
                    assert result["status"] == 503, result
                    unsettled.append(item)
            items = unsettled

    def _settle(self, who: str, key: str, said: dict[str, Any]) -> None:
        answer = Answer(said["case_id"], said["version"], said["seq"], tuple(said["events"]))
        assert self.answers.setdefault((who, key), answer) == answer, f"two answers for {key}"
        if len(self.answers) >= self._wanted:
            self._reached.set()

    async def _ask(
        self, client: httpx.AsyncClient, who: str, path: str, body: dict[str, Any], headers: dict[str, str]
    ) -> httpx.Response:
        """Ask until there is an answer that settles it: the same bytes, wherever the feed is by then."""
        content = msgspec.json.encode(body)
        end = time.monotonic() + PATIENCE_S
        headers = {"Authorization": f"Bearer {self._tokens[who]}", "Content-Type": "application/json", **headers}
        while True:
            try:
                answer = await client.post(f"{self._feed().url}{path}", content=content, headers=headers)
            except httpx.TransportError as fault:
                self.asked_again[type(fault).__name__] += 1
            else:
                if answer.status_code != 503:
                    return answer
                self.asked_again["503"] += 1
            assert time.monotonic() < end, "the feed did not come back"
            await asyncio.sleep(0.05)


def check(log: Path, load: Load) -> Counter[str]:
    """The log against what was acknowledged: all of it is there, once; nothing else is; seq has no gap."""
    done: dict[tuple[str, str], list[dict[str, Any]]] = {}
    opened: Counter[str] = Counter()
    expected = 1
    with sqlite3.connect(f"file:{log}?mode=ro", uri=True) as connection:
        for seq, raw in connection.execute("SELECT seq, body FROM events ORDER BY seq"):
            assert seq == expected, f"after {expected - 1} comes {seq}"
            expected += 1
            body = msgspec.json.decode(raw)
            if body["type"] == "CaseOpened":
                opened[body["case_id"]] += 1
            if body.get("idem") is not None:
                done.setdefault((body["actor"], body["idem"]), []).append({**body, "seq": seq})
    connection.close()
    for key, answer in load.answers.items():
        events = done.pop(key, None)
        assert events is not None, f"{key} was acknowledged and is not there"
        assert [event["part"] for event in events] == list(range(len(events))), f"{key} is there twice, or in part"
        assert [event["seq"] for event in events] == list(range(events[0]["seq"], answer.seq + 1))
        assert tuple(event["type"] for event in events) == answer.events
        assert {event["case_id"] for event in events} == {answer.case_id}
        assert events[-1]["version"] == answer.version
    assert not done, f"{len(done)} commands were done that nobody was told of"
    assert set(opened.values()) == {1}
    assert set(opened) == set(load.reports.values())
    return Counter(events=expected - 1, commands=len(load.answers), cases=len(opened))
