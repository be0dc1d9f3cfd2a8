"""A real feed process at its edges: a full disk, configured limits, the admin's word on the clock, a bad policy."""

from __future__ import annotations

import asyncio
import json
import resource
import secrets
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from cli.main import run as cli
from protocol.codec import encode

STRUCTURED = {"content-type": "application/cloudevents+json"}

CONFIG = """
origins = ["https://wall.example"]

[limits]
connections_per_principal = 2
commands_per_minute = 3
intake_per_minute = 5
"""


@pytest.fixture
def limited(feed_process: Callable[..., Any]) -> Any:
    process = feed_process(unix=False)
    config = process.directory / "feed.toml"
    config.write_text(CONFIG)
    process.options += ["--config", str(config)]
    return process.start()


async def post(client: httpx.AsyncClient, event: dict[str, Any]) -> httpx.Response:
    return await client.post("/v1/intake", content=encode(event), headers=STRUCTURED)


async def dialed(process: Any, token: str) -> ClientConnection:
    headers = {"authorization": f"Bearer {token}"}
    return await connect(
        process.ws_url, subprotocols=[Subprotocol("watchfloor.v1")], additional_headers=headers, proxy=None
    )


async def frames_until_closed(ws: ClientConnection) -> AsyncIterator[dict[str, Any]]:
    try:
        while True:
            yield json.loads(await ws.recv())
    except ConnectionClosed:
        return


async def test_configured_limits_and_origins(limited: Any, make: Any) -> None:
    token = limited.token("ana", "responder,lead,admin")
    async with limited.client(token) as client:
        answers = [await post(client, make.report(str(number))) for number in range(6)]
        assert [answer.status_code for answer in answers] == [202] * 5 + [429]
        assert int(answers[-1].headers["retry-after"]) >= 1
        assert answers[-1].json()["type"] == "/problems/rate-limited"
        path = f"/v1/cases/{answers[0].json()['case_id']}/commands"
        body = {"type": "note", "expected_version": 1, "text": "n"}
        notes = [
            await client.post(path, json=body, headers={"idempotency-key": secrets.token_hex(8)}) for _ in range(4)
        ]
        assert [answer.status_code for answer in notes] == [200] * 3 + [429]
        allowed = await client.get("/v1/cases", headers={"origin": "https://wall.example"})
        assert allowed.status_code == 200
    first, second, third = [await dialed(limited, token) for _ in range(3)]
    frames = [frame async for frame in frames_until_closed(third)]
    assert [frame["type"] for frame in frames] == ["bye"]
    assert frames[0]["retry_ms"] > 0
    assert third.close_code == 1013
    assert json.loads(await first.recv())["type"] == json.loads(await second.recv())["type"] == "hello"
    # Another person still comes in, and so does this one once a place is free.
    other = await dialed(limited, limited.token("ben"))
    assert json.loads(await other.recv())["type"] == "hello"
    await second.close()
    async with asyncio.timeout(5):
        while True:
            again = await dialed(limited, token)
            if json.loads(await again.recv())["type"] == "hello":
                break
            await again.close()
    for ws in (first, other, again):
        await ws.close()


async def test_an_admin_says_which_clock_is_right(limited: Any) -> None:
    async with limited.client(limited.token("root", "admin")) as admin:
        answer = await admin.post("/v1/admin/clock", json={"trust": "feed"})
        assert (answer.status_code, answer.json()["sane"]) == (200, True)
        assert abs(answer.json()["parted_ms"]) < 1_000
        assert (await admin.post("/v1/admin/clock", json={"trust": "nobody"})).status_code == 400
    async with limited.client(limited.token("ana")) as lead:
        assert (await lead.post("/v1/admin/clock", json={"trust": "feed"})).status_code == 403


async def test_a_full_disk_refuses_writing_not_reading_and_recovers_without_a_restart(
    feed_process: Callable[..., Any], make: Any
) -> None:
    process = feed_process(unix=False).start()
    body = {"type": "claim", "expected_version": 1}
    async with process.client(process.token("ana")) as client:
        case_id = (await post(client, make.report("1"))).json()["case_id"]
        head = (await client.get("/v1/audit/head")).json()
        # From here on no file of the feed may grow: to SQLite that is a disk without room.
        resource.prlimit(process.process.pid, resource.RLIMIT_FSIZE, (4_096, resource.RLIM_INFINITY))
        path, key = f"/v1/cases/{case_id}/commands", {"idempotency-key": "k1"}
        refused = await client.post(path, json=body, headers=key)
        assert refused.status_code == 503
        assert refused.json()["type"] == "/problems/log-unavailable"
        assert refused.headers["retry-after"]
        assert (await post(client, make.report("2"))).status_code == 503
        assert (await client.get(f"/v1/cases/{case_id}")).json()["owner"] is None
        assert (await client.get("/v1/audit/head")).json() == head
        ready = await client.get("/readyz")
        assert (ready.status_code, ready.json()["failing"]) == (503, ["log"])
        resource.prlimit(process.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        async with asyncio.timeout(20):
            while (await client.get("/readyz")).status_code != 200:  # noqa: ASYNC110 - it is the feed that waits
                await asyncio.sleep(0.1)
        done = await client.post(path, json=body, headers=key)
        assert done.status_code == 200
        assert done.json()["events"]
        assert (await client.get(f"/v1/cases/{case_id}")).json()["owner"] == "ana"


def test_a_policy_that_cannot_be_is_said_with_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "policy.toml").write_text("[score]\nnonsense = 1\n")
    (tmp_path / "feed.toml").write_text('[policy]\noverrides = ["policy.toml"]\n')
    code = cli(["feed", "--log", f"sqlite:{tmp_path}/x.db", "--config", str(tmp_path / "feed.toml")])
    captured = capsys.readouterr()
    assert code == 2
    assert "policy.toml" in captured.err
    assert "2" in captured.err
    assert captured.err.count("\n") == 1
