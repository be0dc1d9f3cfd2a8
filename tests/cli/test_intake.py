"""`watchfloor intake`: numbers and reasons, the same file twice, sizes, what is nobody's fault."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from cli.intake import Fault, Item, batches, items
from protocol import limits
from tests.cli.conftest import Watchfloor
from tests.client.running_feed import NCII, TTL, RunningFeed


def data(number: int, **more: object) -> dict[str, object]:
    return {**NCII, "summary": f"report {number}", **more}


def lines(*values: object) -> str:
    return "".join(json.dumps(value) + "\n" for value in values)


def test_json_lines_with_faults_between_them(watchfloor: Watchfloor, tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text(lines(TTL, {**NCII, "summary": ""}) + "\nnonsense\n" + lines([1], {**NCII, "color": 1}, NCII))
    ended = watchfloor("intake", path)
    assert ended.code == 1
    assert [line.split(":")[0] for line in ended.out[:-1]] == ["2", "4", "5", "6"]
    assert "summary" in ended.out[0]
    assert "JSON" in ended.out[1]
    assert "color" in ended.out[3]
    assert ended.out[-1] == "2 accepted, 0 already there, 4 refused"


def test_the_same_file_again_opens_nothing(watchfloor: Watchfloor, tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text(lines(data(1), data(2), data(2)))
    assert watchfloor("intake", path).out == ["3 accepted, 0 already there, 0 refused"]
    again = watchfloor("intake", path)
    assert (again.code, again.out) == (0, ["0 accepted, 3 already there, 0 refused"])
    # Another order, other white space and other members' order: the content is what counts.
    turned = {name: data(1)[name] for name in reversed(list(data(1)))}
    path.write_text(lines(data(3), data(2)) + json.dumps(turned, indent=2).replace("\n", " ") + "\n" + lines(data(2)))
    assert watchfloor("intake", path).out == ["1 accepted, 3 already there, 0 refused"]


def test_a_fault_is_found_by_its_line(watchfloor: Watchfloor, tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text(lines(data(5)) + "\n\nno json\n" + lines(data(6)))
    ended = watchfloor("intake", path, "--verbose")
    assert [line.split(":")[0] for line in ended.out[:-1]] == ["1", "4", "5"]
    assert ended.out[0][9] == "-"  # as every other command writes an id
    assert ended.out[1].startswith("4: it is not a JSON object: JSON is malformed")


def test_an_array_and_cloudevents_and_standard_input(
    watchfloor: Watchfloor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    event = {
        "specversion": "1.0",
        "id": "ce-1",
        "source": "/tests/intake",
        "type": "org.watchfloor.escalation.raised.v1",
        "data": data(11),
    }
    text = json.dumps([event, data(12), {**event, "type": "other"}], indent=1)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xef\xbb\xbf" + text.encode())))
    ended = watchfloor("intake", "-", "--verbose")
    assert ended.code == 1
    assert ended.out[0].startswith("1: C-")
    assert ended.out[1].startswith("2: C-")
    assert ended.out[2].startswith("3: ")
    path = tmp_path / "one.json"
    path.write_text(json.dumps(data(13), indent=2))
    assert watchfloor("intake", path).out == ["1 accepted, 0 already there, 0 refused"]


def test_an_update_finds_its_case(watchfloor: Watchfloor, tmp_path: Path) -> None:
    raised = {
        "specversion": "1.0",
        "id": "ce-2",
        "source": "/tests/intake",
        "type": "org.watchfloor.escalation.raised.v1",
        "data": data(21),
    }
    updated = {
        **raised,
        "id": "ce-3",
        "subject": "ce-2",
        "type": "org.watchfloor.escalation.updated.v1",
        "data": {"summary": "more is known"},
    }
    path = tmp_path / "in.jsonl"
    path.write_text(lines(raised, updated))
    ended = watchfloor("intake", path, "--verbose")
    assert ended.code == 0, ended
    assert ended.out[0].split()[1] == ended.out[1].split()[1]


@pytest.mark.parametrize("content", [b"", b"\n\n"])
def test_nothing_is_nothing(watchfloor: Watchfloor, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "e").write_bytes(content)
    assert watchfloor("intake", tmp_path / "e") == (0, ["0 accepted, 0 already there, 0 refused"], [])


def test_files_that_are_none(watchfloor: Watchfloor, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("[{}, ")
    ended = watchfloor("intake", tmp_path / "a")
    assert (ended.code, ended.out) == (1, [])
    assert "array" in ended.err[0]
    assert watchfloor("intake", tmp_path / "gone").code == 1
    assert watchfloor("intake", tmp_path / "a", "--as", "csv").code == 2


def test_hostile_items_are_refused_alone(watchfloor: Watchfloor, tmp_path: Path) -> None:
    deep = b'{"a":' * 5_000 + b"1" + b"}" * 5_000
    huge = json.dumps(data(31, narrative="x" * 2_000_000)).encode()
    bad = [deep, b'{"summary":"\xff"}', b'{"a":"\\ud800"}', b'{"a":' + b"9" * 5_000 + b"}", huge]
    path = tmp_path / "in.jsonl"
    path.write_bytes(b"\n".join([*bad, json.dumps(data(32)).encode()]))
    ended = watchfloor("intake", path)
    assert [line.split(":")[0] for line in ended.out[:-1]] == ["1", "2", "3", "4", "5"]
    assert ended.out[-1] == "1 accepted, 0 already there, 5 refused"


def test_more_than_one_request_takes(watchfloor: Watchfloor, tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text(lines(*(data(number, narrative="y" * 3_000) for number in range(1_000, 2_050))))
    assert watchfloor("intake", path).out == ["1050 accepted, 0 already there, 0 refused"]


def small(count: int) -> Iterator[Item | Fault]:
    for number in range(1, count + 1):
        yield Fault(number, "no") if number % 7 == 0 else Item(number, b"{}")


def test_batches_keep_the_order_and_the_bounds() -> None:
    made = list(batches(small(3_000)))
    assert [entry.number for batch in made for entry in batch] == list(range(1, 3_001))
    assert all(sum(isinstance(entry, Item) for entry in batch) <= limits.BATCH_EVENTS for batch in made)
    large = [Item(number, b"x" * 300_000) for number in range(10)]
    sizes = [
        sum(len(entry.body) + 1 for entry in batch if isinstance(entry, Item)) + 2 for batch in batches(iter(large))
    ]
    assert max(sizes) <= limits.BODY
    assert len(sizes) == 4


def test_the_id_of_a_bare_item_is_its_content_and_its_turn() -> None:
    ids = [json.loads(item.body)["id"] for item in items(lines(data(1), data(2), data(1)).encode(), "auto") if item[1]]  # type: ignore[union-attr]
    assert len(set(ids)) == 3
    assert ids[0].rpartition("-")[0] == ids[2].rpartition("-")[0]
    assert (ids[0][-2:], ids[2][-2:]) == ("-1", "-2")


def test_a_token_that_may_not_post(
    running_feed: RunningFeed, watchfloor: Watchfloor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "in").write_text(lines(data(41)))
    monkeypatch.setenv("WATCHFLOOR_TOKEN", running_feed.token("vera", "viewer"))
    ended = watchfloor("intake", tmp_path / "in", "--feed", running_feed.url)
    assert (ended.code, ended.out) == (4, [])
    assert len(ended.err) == 1


def test_one_bad_item_never_costs_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch that is refused as a whole is halved until its fault is found."""
    from cli.intake import _post
    from client.config import Profile
    from client.http import Api

    def feed(request: httpx.Request) -> httpx.Response:
        given = json.loads(request.content)
        if any("bad" in item for item in given):
            return httpx.Response(
                400,
                json={
                    "type": "/problems/invalid",
                    "title": "t",
                    "status": 400,
                    "detail": "bad one",
                    "pointer": "/0/bad",
                },
            )
        return httpx.Response(
            200, json={"results": [{"status": 202, "case_id": "C-1", "seq": 1, "duplicate": False} for _ in given]}
        )

    api = Api(Profile(url="http://feed"), httpx.MockTransport(feed))
    batch = [Item(number, b'{"bad":1}' if number == 5 else b"{}") for number in range(1, 9)]
    results = dict(_post(api, batch))
    assert results[5] == "bad one (/bad)"
    assert all(results[number] == ("C-1", False) for number in range(1, 9) if number != 5)
