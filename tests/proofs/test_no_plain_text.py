"""No word of a report, a note or a person stands in a file of the feed, in what it logs or in its metrics."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import subprocess
import sys
import threading
from base64 import b64encode
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from casework.events import Draft
from casework.facts import NoteAdded
from feed.log.base import Write
from feed.log.seal import Keyring
from feed.log.sqlite import SqliteLog
from tests.floorprocess import FeedProcess
from tests.proofs import planted
from tests.proofs.planted import marker

JSON = {"Content-Type": "application/json"}
EVENT = {"Content-Type": "application/cloudevents+json"}


class Watching(threading.Thread):
    """Scans every file of a folder again and again while others write them."""

    def __init__(self, folder: Path) -> None:
        super().__init__(daemon=True)
        self.folder = folder
        self.told: dict[str, set[str]] = {}
        self.seen: set[str] = set()
        self.rounds = 0
        self._over = threading.Event()

    def run(self) -> None:
        while True:
            over = self._over.is_set()
            files = sorted(path for path in self.folder.iterdir() if path.is_file())
            self.seen |= {path.name for path in files}
            self.told |= planted.scan(files)
            self.rounds += 1
            if over:
                return
            self._over.wait(0.05)

    def stop(self) -> None:
        self._over.set()
        self.join()


class Writing:
    """People who plant their words in the feed. `done`: commands and reports that were taken."""

    def __init__(self, feed: FeedProcess) -> None:
        self.feed = feed
        self.tokens = {
            "ana": feed.token("ana", "responder"),
            "lee": feed.token("lee", "responder,lead"),
            "root": feed.token("root", "admin"),
        }
        self.done = 0
        self.metrics = b""
        self.cases: list[str] = []

    async def run(self, first: int, cases: int) -> None:
        async with httpx.AsyncClient(base_url=self.feed.url, trust_env=False, timeout=20) as client:
            await asyncio.gather(*(self._case(client, number) for number in range(first, first + cases)))
            await self._nonsense(client)
            await self._frames()
            got = await client.get("/metrics", headers=self._as("root"))
            assert got.status_code == 200
            self.metrics += got.content

    def _as(self, who: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[who]}"}

    async def _case(self, client: httpx.AsyncClient, number: int) -> None:
        answer = await client.post("/v1/intake", json=planted.report(number), headers={**self._as("ana"), **EVENT})
        assert answer.status_code == 202, answer.text
        case_id = answer.json()["case_id"]
        self.cases.append(case_id)
        update = planted.report(number, updated=True)
        answer = await client.post("/v1/intake", json=update, headers={**self._as("ana"), **EVENT})
        assert answer.status_code == 202, answer.text
        now = int((await client.get("/v1/snapshot", headers=self._as("ana"))).json()["cases"][0]["opened_at"])
        for place, (who, body) in enumerate(planted.story(now)):
            version = (await client.get(f"/v1/cases/{case_id}", headers=self._as(who))).json()["version"]
            answer = await client.post(
                f"/v1/cases/{case_id}/commands",
                json={"expected_version": version, **body},
                headers={**self._as(who), "Idempotency-Key": f"{number}.{place}"},
            )
            assert answer.status_code in (200, 400, 403, 409), answer.text
            self.done += answer.status_code == 200

    async def _nonsense(self, client: httpx.AsyncClient) -> None:
        """Words in places where none belong: all of it is refused, none of it is kept."""
        bad = planted.report(0)
        bad["data"]["summary"] = marker("malformed") * 100
        bad["data"][marker("malformed")] = 1
        assert (await client.post("/v1/intake", json=bad, headers={**self._as("ana"), **EVENT})).status_code == 400
        torn = f'{{"type": "note", "text": "{marker("malformed")}'.encode()
        for case_id in (self.cases[0], quote(marker("path"))):
            await client.post(
                f"/v1/cases/{case_id}/commands",
                content=torn,
                headers={**self._as("ana"), **JSON, "Idempotency-Key": "x"},
            )
        for query in (f"text~{marker('query')}", marker("query")):
            await client.get("/v1/cases", params={"q": query}, headers=self._as("ana"))
        await client.get(f"/{quote(marker('path'))}", headers=self._as("ana"))
        await client.get("/v1/cases", headers={"Authorization": f"Bearer {quote(marker('query'))}"})

    async def _frames(self) -> None:
        url = self.feed.url.replace("http", "ws", 1) + "/v1/feed"
        headers = self._as("ana")
        async with connect(
            url, subprotocols=[Subprotocol("watchfloor.v1")], additional_headers=headers, proxy=None
        ) as ws:
            await ws.send(json.dumps({"type": "subscribe", "sub": "main", "filter": {"all": True}}))
            await ws.send(json.dumps({"type": "presence", "case_id": self.cases[0], "doing": marker("presence")}))
            try:
                async with asyncio.timeout(20):
                    await ws.send(json.dumps({"type": marker("frame"), "text": marker("frame")}))
                    for _ in range(20):
                        await ws.send(f'{{"type": "{marker("frame")}')
                    while True:
                        await ws.recv()
            except ConnectionClosed:
                pass


def no_token(feed: FeedProcess, writing: Writing) -> None:
    """The tokens themselves stand nowhere either."""
    for path in feed.folder.iterdir():
        if path.is_file():
            data = path.read_bytes()
            assert not any(token.encode() in data for token in writing.tokens.values()), path.name


async def test_no_word_is_in_any_file_of_a_feed_at_work_stopped_or_killed(tmp_path: Path) -> None:
    config = tmp_path / "feed.toml"
    config.write_text("[state]\nsnapshot_events = 100\n")
    feed = FeedProcess(tmp_path, "--config", str(config)).start()
    watching = Watching(tmp_path)
    try:
        writing = Writing(feed)
        watching.start()
        await writing.run(1, 5)
        # Most of the story was taken; what was not (no second approver, say) was refused after it was read.
        assert writing.done >= 5 * 20
        assert feed.stop() == 0
        watching.stop()
        assert watching.rounds > 3
        assert {"floor.db", "floor.db-wal", "floor.db.keys", "floor.db.snapshot", "feed.err"} <= watching.seen
        assert watching.told == {}
        assert planted.scan_folder(tmp_path) == {}
        feed.start()
        await writing.run(101, 2)
        feed.kill()
        assert (tmp_path / "floor.db-wal").stat().st_size > 0, "the last events stand in the WAL alone"
        assert planted.scan_folder(tmp_path) == {}
        assert planted.found(writing.metrics) == set()
        assert b"watchfloor_cases" in writing.metrics
        no_token(feed, writing)
        # What is not there in the clear is there all the same.
        feed.start()
        async with httpx.AsyncClient(base_url=feed.url, trust_env=False) as client:
            whole = await client.get(f"/v1/cases/{writing.cases[-1]}", headers=writing._as("ana"))
        assert {"summary", "narrative", "note", "caption", "handle", "person", "task"} <= planted.found(whole.content)
        assert not {"phone", "email"} & planted.found(whole.content), "sensitive values never travel"
        assert feed.stop() == 0
    finally:
        watching.stop()
        if feed.process is not None:
            feed.kill()


def test_the_scan_finds_each_form_of_each_word(tmp_path: Path) -> None:
    for place in planted.PLACES:
        raw = marker(place).encode()
        for before in range(3):
            data = b"x" * before + raw + b"yy"
            for form in (data, data.hex().encode(), b64encode(data), raw.decode().encode("utf-16-le")):
                (tmp_path / "f").write_bytes(b"\0" * 500 + form + b"\0" * 500)
                assert planted.scan([tmp_path / "f"]) == {"f": {place}}, form


async def test_the_scan_finds_what_is_not_sealed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same log, with notes that are not sealed: the scan sees it, also while it stands in the WAL alone."""
    monkeypatch.setattr(NoteAdded, "SEALED", ())
    log = SqliteLog(tmp_path / "floor.db", now=lambda: 0)
    try:
        note = Draft(case_id="C-00000001", at=1, actor="ana", part=0, fact=NoteAdded(text=marker("note")))
        await log.append(None, [Write(case_id="C-00000001", expected_version=0, drafts=(note,))])
        assert planted.scan_folder(tmp_path) == {"floor.db-wal": {"note"}}
    finally:
        await log.close()
    assert planted.scan_folder(tmp_path) == {"floor.db": {"note"}}


@pytest.mark.parametrize("snapshot", [True, False], ids=["from the snapshot", "from the log"])
async def test_a_case_whose_key_is_destroyed_is_unreadable_and_the_log_is_sound(
    tmp_path: Path, checkout: Path, snapshot: bool
) -> None:
    feed = FeedProcess(tmp_path).start()
    try:
        writing = Writing(feed)
        await writing.run(1, 2)
        assert feed.stop() == 0
        gone, kept = writing.cases
        with sqlite3.connect(tmp_path / "floor.db.keys") as connection:
            (key,) = connection.execute("SELECT key FROM keys WHERE case_id = ?", (gone,)).fetchone()
        connection.close()
        keyring = Keyring(tmp_path / "floor.db.keys", now=lambda: 0)
        assert keyring.destroy(gone)
        keyring.close()
        assert files_with(tmp_path, key) == []
        if not snapshot:
            (tmp_path / "floor.db.snapshot").unlink()
        feed.start()
        async with httpx.AsyncClient(base_url=feed.url, trust_env=False) as client:
            await unreadable(client, writing, gone, kept)
        assert feed.stop() == 0
        assert planted.scan_folder(tmp_path) == {}
        assert verified(feed, checkout) == 0
    finally:
        if feed.process is not None:
            feed.kill()


def files_with(folder: Path, data: bytes) -> list[str]:
    return [path.name for path in folder.iterdir() if data in path.read_bytes()]


def verified(feed: FeedProcess, checkout: Path) -> int:
    """The exit code of `watchfloor audit verify`."""
    command = [sys.executable, "main.py", "audit", "verify", "--log", f"sqlite:{feed.log}"]
    return subprocess.run(command, cwd=checkout, capture_output=True, timeout=60, check=False).returncode


async def unreadable(client: httpx.AsyncClient, writing: Writing, gone: str, kept: str) -> None:
    """The feed serves both; of the one it only knows what was never sealed."""
    headers = writing._as("ana")

    async def case(case_id: str) -> dict[str, Any]:
        answer = await client.get(f"/v1/cases/{case_id}", headers=headers)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    lost, whole = await case(gone), await case(kept)
    assert planted.found(json.dumps(lost, ensure_ascii=False).encode()) == set()
    assert (lost["unreadable"], lost["summary"], lost["state"], lost["owner"]) == (True, "", "RESOLVED", "ana")
    assert len(lost["notes"]) == len(whole["notes"]), "that there was a note stays known"
    assert "summary" in planted.found(json.dumps(whole, ensure_ascii=False).encode())
    events = await client.get(f"/v1/cases/{gone}/events", headers=headers)
    assert events.status_code == 200
    assert planted.found(events.content) == set()
    rows = (await client.get("/v1/cases", headers=headers)).json()["cases"]
    assert {row["case_id"]: row["unreadable"] for row in rows} == {gone: True, kept: False}
    # What needs no words still works on it; words do not join it again.
    path = f"/v1/cases/{gone}/commands"
    words = {"type": "reopen", "expected_version": lost["version"], "reason": "more"}
    refused = await client.post(path, json=words, headers={**headers, "Idempotency-Key": "w"})
    assert (refused.status_code, refused.json()["type"]) == (400, "/problems/invalid"), refused.text
    link = {"type": "link", "expected_version": lost["version"], "to": kept, "relation": "related"}
    answer = await client.post(path, json=link, headers={**headers, "Idempotency-Key": "l"})
    assert answer.status_code == 200, answer.text
    assert (await client.get("/readyz")).status_code == 200
