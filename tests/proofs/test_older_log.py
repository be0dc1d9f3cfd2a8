"""A log file that an older schema version wrote opens in a feed and serves; one log, two policies, one state."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec

from feed.log.canonical import case_hash, head_hash
from feed.log.seal import Keyring, seal_context
from feed.log.sqlite import SqliteLog
from tests.floorprocess import FeedProcess
from tests.proofs import planted

EVENT: Final = {"Content-Type": "application/cloudevents+json"}
#: Whoever reads the same log with this in force must see the same.
OTHER_POLICY: Final = """
[clocks.rows.TTL.S0]
ack = "90m"
contain = "7h"
police = "8h"
resolve = "3 business days"
update = "1m"

[score.weights]
imminence = 0
harm = 60

[life]
claim_lapses_after = "1m"
"""


class Asking:
    """Somebody who may see and do everything on `feed`."""

    def __init__(self, feed: FeedProcess) -> None:
        headers = {"Authorization": f"Bearer {feed.token('ana', 'responder,lead')}"}
        self._client = httpx.Client(base_url=feed.url, headers=headers, trust_env=False)

    def __enter__(self) -> Asking:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def get(self, path: str) -> bytes:
        answer = self._client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.content

    def floor(self) -> tuple[list[dict[str, Any]], list[bytes]]:
        """Rows in order, and every case whole."""
        rows: list[dict[str, Any]] = msgspec.json.decode(self.get("/v1/cases?limit=1000"))["cases"]
        return rows, [self.get(f"/v1/cases/{row['case_id']}") for row in rows]

    def report(self, number: int) -> str:
        event = planted.report(number)
        event["data"]["case_type"] = ("TTL", "DOX", "NCII")[number % 3]
        answer = self._client.post("/v1/intake", json=event, headers=EVENT)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["case_id"])

    def do(self, case_id: str, key: str, **body: Any) -> httpx.Response:
        version = msgspec.json.decode(self.get(f"/v1/cases/{case_id}"))["version"]
        body = {"expected_version": version, **body}
        return self._client.post(f"/v1/cases/{case_id}/commands", json=body, headers={"Idempotency-Key": key})


def still(folder: Path, *more: str) -> tuple[str, ...]:
    """Options of a feed that writes nothing by itself."""
    config = folder / "feed.toml"
    config.write_text("\n".join([*more, "[keeper]", "enabled = false"]) + "\n")
    return ("--config", str(config))


def filled(feed: FeedProcess) -> tuple[list[dict[str, Any]], list[bytes]]:
    """A floor with a few cases in several states; what it looks like."""
    with Asking(feed) as asking:
        for number in range(6):
            case_id = asking.report(number)
            for place, (_, body) in enumerate(planted.story(1_795_300_000_000)):
                if place < number * 4:
                    asking.do(case_id, f"{number}.{place}", **body)
        return asking.floor()


def test_one_log_under_two_policies_is_one_floor(tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text(OTHER_POLICY)
    usual = still(tmp_path)
    with FeedProcess(tmp_path, *usual) as feed:
        before = filled(feed)
    (tmp_path / "floor.db.snapshot").unlink()
    still(tmp_path, "[policy]", 'overrides = ["policy.toml"]')
    with FeedProcess(tmp_path, *usual) as feed, Asking(feed) as asking:
        assert asking.floor() == before
        # The other policy is in force all the same: what is new follows it.
        case_id = asking.report(9)
        new = msgspec.json.decode(asking.get(f"/v1/cases/{case_id}"))
        old = next(row for row in before[0] if row["case_type"] == new["case_type"])
        assert new["score"] != old["score"]


def test_a_log_of_schema_version_1_opens_and_serves(tmp_path: Path, checkout: Path) -> None:
    options = still(tmp_path)
    with FeedProcess(tmp_path, *options) as feed:
        before = filled(feed)
        log = feed.log
    (tmp_path / "floor.db.snapshot").unlink()
    (tmp_path / "floor.db.checkpoints").unlink()  # version 1 signed nothing, and this log is written anew below
    events = asyncio.run(as_version_1(log))
    assert events > 50
    assert stored_versions(log) == {1}
    with FeedProcess(tmp_path, *options) as feed, Asking(feed) as asking:
        rows, cases = asking.floor()
        assert [plain(row) for row in rows] == [plain(row) for row in before[0]]
        for now, then in zip(cases, before[1], strict=True):
            assert plain(msgspec.json.decode(now)) == plain(msgspec.json.decode(then))
        assert asking.do(rows[0]["case_id"], "new", type="note", text="from today").status_code == 200
    assert stored_versions(log) == {1, 2}, "what was written stays as it was written"
    verify = [sys.executable, "main.py", "audit", "verify", "--log", f"sqlite:{log}"]
    done = subprocess.run(verify, cwd=checkout, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout
    with FeedProcess(tmp_path, *options) as feed, Asking(feed) as asking:
        assert len(asking.floor()[0]) == len(rows)


def plain(case: dict[str, Any]) -> dict[str, Any]:
    """Without what version 1 kept in whole points and seconds, and the reference that it left to the reader."""
    kept = {name: value for name, value in case.items() if name not in ("score", "score_tenths", "why")}
    kept["sensitive"] = {name: masked["masked"] for name, masked in case["sensitive"].items()}
    kept["clocks"] = [{**clock, "allowance_ms": clock["allowance_ms"] // 1_000} for clock in case["clocks"]]
    return kept


def stored_versions(log: Path) -> set[int]:
    connection = sqlite3.connect(f"file:{log}?mode=ro", uri=True)
    try:
        return {msgspec.json.decode(body)["v"] for (body,) in connection.execute("SELECT body FROM events")}
    finally:
        connection.close()


async def as_version_1(path: Path) -> int:
    """Write the log at `path` anew as version 1 would have: other bytes, sealed and chained as those were."""
    log = SqliteLog(path, now=lambda: 0)
    stored = await log.read_stored(0, 10_000)
    keyring: Keyring = log.keyring
    tails: dict[str, bytes] = {}
    head = bytes(32)
    rows = []
    for row in stored:
        body = msgspec.json.decode(row.body)
        context = seal_context(row.case_id, row.version, row.type)
        body["v"] = 1
        body["data"] = lowered(body["data"])
        if "sealed" in body:
            text = keyring.unseal(row.case_id, context, body["sealed"])
            assert text is not None
            secret = lowered(msgspec.json.decode(text))
            body["sealed"] = keyring.seal(row.case_id, context, msgspec.json.encode(secret))
        raw = msgspec.json.encode(body, order="sorted")
        own = tails[row.case_id] = case_hash(tails.get(row.case_id, bytes(32)), raw)
        head = head_hash(head, own)
        rows.append((raw, own, head, row.seq))
    await log.close()
    connection = sqlite3.connect(path)
    with connection:
        connection.executemany("UPDATE events SET body = ?, hash = ?, head_hash = ? WHERE seq = ?", rows)
    connection.close()
    return len(rows)


def lowered(data: dict[str, Any]) -> dict[str, Any]:
    """Today's data as version 1 kept it: the inverse of `casework.upcast`."""
    result = data.get("result")
    if isinstance(result, dict):
        if "score_tenths" in result:
            result["score"] = result.pop("score_tenths") // 10
        for clock in result.get("clocks") or ():
            clock["allowance_s"] = clock.pop("allowance_ms") // 1_000
    if isinstance(data.get("sensitive"), dict):
        data["sensitive"] = {name: masked["masked"] for name, masked in data["sensitive"].items()}
    return data
