"""Reports as senders make them: by the CloudEvents reference implementation, and a thousand lines with ten bad ones."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from cloudevents.core.bindings.http import to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent

from casework.tokens import CASE_TYPES
from standins import stories
from tests.floorprocess import CHECKOUT, FeedProcess

AT_MS: Final = 1_795_300_000_000
SEED: Final = 20261122


@pytest.fixture(scope="module")
def feed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FeedProcess]:
    with FeedProcess(tmp_path_factory.mktemp("intake")) as process:
        yield process


@pytest.fixture
def sender(feed: FeedProcess) -> Iterator[httpx.Client]:
    with httpx.Client(
        base_url=feed.url,
        headers={"authorization": f"Bearer {feed.token('gate', 'intake')}"},
        trust_env=False,
    ) as client:
        yield client


@pytest.fixture
def reader(feed: FeedProcess) -> Iterator[httpx.Client]:
    with httpx.Client(
        base_url=feed.url,
        headers={"authorization": f"Bearer {feed.token('ana', 'responder')}"},
        trust_env=False,
    ) as client:
        yield client


def event(ident: str, *, kind: str = "raised", subject: str | None = None, **data: Any) -> CloudEvent:
    attributes = {
        "id": ident,
        "source": "https://reports.example/app?a=b c/ü",
        "type": f"org.watchfloor.escalation.{kind}.v1",
        "specversion": "1.0",
        "datacontenttype": "application/json",
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    }
    if subject is not None:
        attributes["subject"] = subject
    required = {"case_type": "SSH", "summary": "Says goodbye — “for good”", "source": {"kind": "detector"}}
    return CloudEvent(attributes, {**(required if kind == "raised" else {}), **data})


def send(client: httpx.Client, message: Any) -> httpx.Response:
    return client.post("/v1/intake", content=message.body, headers=dict(message.headers))


@pytest.mark.parametrize("first", [to_structured_event, to_binary_event], ids=["structured", "binary"])
@pytest.mark.parametrize("again", [to_structured_event, to_binary_event], ids=["structured", "binary"])
def test_an_event_is_202_once_and_then_200_with_the_same_case(
    sender: httpx.Client, reader: httpx.Client, first: Any, again: Any
) -> None:
    ident = f"{first.__name__}, then {again.__name__} % ü"
    new = send(sender, first(event(ident)))
    assert new.status_code == 202, new.text
    answer = new.json()
    assert answer.keys() == {"case_id", "seq", "duplicate"}
    assert answer["duplicate"] is False
    assert re.fullmatch(r"C-[0-9A-HJKMNP-TV-Z]{8}", answer["case_id"])
    head = reader.get("/v1/audit/head").json()
    for _ in range(2):
        known = send(sender, again(event(ident)))
        assert known.status_code == 200, known.text
        assert known.json() == {**answer, "duplicate": True}
    assert reader.get("/v1/audit/head").json() == head, "a duplicate wrote something"
    assert reader.get(f"/v1/cases/{answer['case_id']}").json()["summary"] == "Says goodbye — “for good”"


def test_a_batch_is_judged_item_by_item_and_again_is_all_duplicates(sender: httpx.Client, reader: httpx.Client) -> None:
    events = [json.loads(to_structured_event(event(f"batch-{n}", summary=f"number {n}")).body) for n in range(5)]
    del events[3]["data"]["source"]
    headers = {"content-type": "application/cloudevents-batch+json"}
    before = reader.get("/v1/audit/head").json()["seq"]
    new = sender.post("/v1/intake", content=json.dumps(events), headers=headers)
    assert new.status_code == 200
    results = new.json()["results"]
    assert [result["status"] for result in results] == [202, 202, 202, 400, 202]
    assert results[3]["problem"]["type"] == "/problems/invalid"
    assert results[3]["problem"]["pointer"] == "/3/data/source"
    taken = [result for result in results if result["status"] == 202]
    assert all(result["duplicate"] is False for result in taken)
    assert len({result["case_id"] for result in taken}) == 4
    assert reader.get("/v1/audit/head").json()["seq"] == before + 4
    again = sender.post("/v1/intake", content=json.dumps(events), headers=headers).json()["results"]
    assert [result["status"] for result in again] == [200, 200, 200, 400, 200]
    assert [result.get("case_id") for result in again] == [result.get("case_id") for result in results]
    assert all(result["duplicate"] is True for result in again if result["status"] == 200)
    single = send(sender, to_binary_event(event("batch-1", summary="number 1")))
    assert (single.status_code, single.json()["case_id"]) == (200, results[1]["case_id"])


def test_an_update_by_the_reference_finds_its_case(sender: httpx.Client, reader: httpx.Client) -> None:
    raised = send(sender, to_structured_event(event("upd-1", subject="stream-7"))).json()["case_id"]
    updated = send(
        sender, to_binary_event(event("upd-2", kind="updated", subject="stream-7", factors={"live_viewers": 5_000}))
    )
    assert (updated.status_code, updated.json()["case_id"]) == (202, raised)
    assert reader.get(f"/v1/cases/{raised}").json()["factors"]["live_viewers"] == 5_000


# --- a file of a thousand lines


def good_lines(count: int) -> list[bytes]:
    """Tellings of every type, bare and as CloudEvents in turn, with other scripts and line separators in their text."""
    rng = random.Random(SEED)
    lines = []
    for number in range(count):
        story = stories.stories().pick(rng, types=frozenset({CASE_TYPES[number % len(CASE_TYPES)]}))
        data = stories.tell(story, rng, at_ms=AT_MS + number)
        data["narrative"] = f"{data['narrative']}\u2028\u0085{number}"[:16_000]
        if number % 3:
            envelope = json.loads(to_structured_event(event(f"line-{number}")).body)
            lines.append(json.dumps({**envelope, "data": data}, ensure_ascii=bool(number % 2)).encode())
        else:
            lines.append(json.dumps(data, ensure_ascii=bool(number % 2)).encode())
    return lines


GOOD: Final[dict[str, Any]] = {"case_type": "DOX", "summary": "An address is out", "source": {"kind": "user_report"}}
BAD: Final[list[tuple[bytes, str]]] = [
    (b'{"case_type":"DOX","summary":"cut of', "JSON"),
    (json.dumps({**GOOD, "case_type": "DOXX"}).encode(), "/data/case_type"),
    (json.dumps({name: GOOD[name] for name in ("case_type", "source")}).encode(), "/data/summary"),
    (json.dumps({**GOOD, "occurred_at": "2026-11-22T01:02:03"}).encode(), "/data/occurred_at"),
    (json.dumps({**GOOD, "urgent": True}).encode(), "/data/urgent"),
    (json.dumps({**GOOD, "summary": "x" * 281}).encode(), "/data/summary"),
    (json.dumps({**GOOD, "summary": "half a pair: \ud800"}).encode(), "surrogate"),
    (json.dumps(GOOD).encode().replace(b"An address", b"An \xff\xfeaddress"), "UTF-8"),
    (json.dumps({**GOOD, "factors": {"live_viewers": 1}}).replace("1}", "1" * 4_000 + "}").encode(), "digits"),
    (json.dumps({**GOOD, "sensitive": "§"}).replace('"\\u00a7"', "[" * 40 + "]" * 40).encode(), "deep"),
]


def run_intake(feed: FeedProcess, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "WATCHFLOOR_FEED": feed.url, "WATCHFLOOR_TOKEN": feed.token("clerk", "intake")}
    return subprocess.run(
        [sys.executable, "main.py", "intake", *arguments],
        cwd=CHECKOUT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_of_a_thousand_lines_ten_bad_ones_are_named_and_nothing_else_is_refused(
    tmp_path: Path, reader: httpx.Client, feed: FeedProcess
) -> None:
    lines = good_lines(990)
    places = sorted(random.Random(SEED).sample(range(1, 1_001), len(BAD)))
    for place, (bad, _) in zip(places, BAD, strict=True):
        lines.insert(place - 1, bad)
    assert len(lines) == 1_000
    file = tmp_path / "escalations.jsonl"
    file.write_bytes(b"\n".join(lines) + b"\n")
    cases = len(reader.get("/v1/snapshot").json()["cases"])

    done = run_intake(feed, str(file))
    named = done.stdout.splitlines()
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stderr == ""
    assert named[-1] == "990 accepted, 0 already there, 10 refused"
    refused = {int(line.partition(":")[0]): line.partition(": ")[2] for line in named[:-1]}
    assert sorted(refused) == places
    for place, (_, word) in zip(places, BAD, strict=True):
        assert word in refused[place], f"line {place} says: {refused[place]}"
    assert len(reader.get("/v1/snapshot").json()["cases"]) == cases + 990

    again = run_intake(feed, str(file))
    assert again.returncode == 1
    assert again.stdout.splitlines()[-1] == "0 accepted, 990 already there, 10 refused"
    assert len(reader.get("/v1/snapshot").json()["cases"]) == cases + 990


def test_a_file_without_a_fault_is_exit_0(tmp_path: Path, feed: FeedProcess) -> None:
    file = tmp_path / "array.json"
    file.write_text(json.dumps([json.loads(line) for line in good_lines(20)]))
    done = run_intake(feed, str(file), "--verbose")
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == 21
