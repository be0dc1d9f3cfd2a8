"""The process itself: ready once, sockets, restart, kill -9, the end; what it refuses to start with."""

from __future__ import annotations

import asyncio
import datetime
import json
import os
import secrets
import ssl
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect, unix_connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from cli.main import run as cli
from feed.log.files import beside
from feed.log.signing import fits
from feed.log.verify import verify
from protocol.codec import encode

STRUCTURED = {"content-type": "application/cloudevents+json"}
CHECKOUT = Path(__file__).resolve().parents[2]


def fresh() -> str:
    return secrets.token_hex(6)


async def post(client: httpx.AsyncClient, event: dict[str, Any]) -> httpx.Response:
    return await client.post("/v1/intake", content=encode(event), headers=STRUCTURED)


async def test_ready_is_said_once_and_sigterm_ends_it_with_0(feed_process: Callable[..., Any]) -> None:
    process = feed_process().start()
    async with process.client() as client:
        assert (await client.get("/readyz")).status_code == 200
    code = await asyncio.to_thread(process.stop)
    assert code == 0
    assert not process.socket.exists()
    lines = (process.directory / "stderr").read_text().splitlines()
    assert all(isinstance(json.loads(line), dict) for line in lines)


async def test_the_unix_socket_knows_its_peer_and_is_private(feed_process: Callable[..., Any], make: Any) -> None:
    process = feed_process().start()
    assert stat.S_IMODE(process.socket.stat().st_mode) == 0o600
    async with process.client(unix=True) as client:
        # The feed's own uid is responder and lead, with every clearance.
        answer = await post(client, make.report(fresh(), boundary="eu", summary="seen by its own uid"))
        assert answer.status_code == 202
        case_id = answer.json()["case_id"]
        assert (await client.get(f"/v1/cases/{case_id}")).json()["summary"] == "seen by its own uid"
        assert (await client.get("/metrics")).status_code == 403
    async with unix_connect(
        str(process.socket), uri="ws://feed/v1/feed", subprotocols=[Subprotocol("watchfloor.v1")]
    ) as ws:
        hello = json.loads(await ws.recv())
        assert hello["roles"] == ["lead", "responder"]
        assert hello["auth_expires"] is None


async def test_configured_uids_count_and_others_are_refused(feed_process: Callable[..., Any]) -> None:
    process = feed_process()
    config = process.directory / "feed.toml"
    config.write_text(f'unix_mode = "0660"\n[uids.{os.getuid()}]\nprincipal = "watch"\nroles = ["viewer"]\n')
    process.options += ["--config", str(config)]
    process.start()
    assert stat.S_IMODE(process.socket.stat().st_mode) == 0o660
    async with process.client(unix=True) as client:
        assert (await client.get("/v1/cases")).status_code == 200
        body = {"type": "claim", "expected_version": 1}
        refused = await client.post("/v1/cases/C-00000000/commands", json=body, headers={"idempotency-key": "k"})
        assert refused.status_code == 403


async def test_what_was_acknowledged_survives_kill_9(feed_process: Callable[..., Any], make: Any) -> None:
    process = feed_process().start()
    token = process.token("ana")
    acknowledged = []
    async with process.client(token) as client:
        for _ in range(20):
            event = make.report(fresh())
            acknowledged.append((event, (await post(client, event)).json()["case_id"]))
        body = {"type": "claim", "expected_version": 1}
        path = f"/v1/cases/{acknowledged[0][1]}/commands"
        first = await client.post(path, json=body, headers={"idempotency-key": "k1"})
        head = (await client.get("/v1/audit/head")).json()
        rows = (await client.get("/v1/cases?limit=1000")).json()["cases"]
    process.kill()
    process.start()
    async with process.client(token) as client:
        assert (await client.get("/v1/audit/head")).json() == head
        assert (await client.get("/v1/cases?limit=1000")).json()["cases"] == rows
        for event, case_id in acknowledged:
            again = (await post(client, event)).json()
            assert (again["case_id"], again["duplicate"]) == (case_id, True)
        repeated = await client.post(path, json=body, headers={"idempotency-key": "k1"})
        assert repeated.content == first.content


async def test_a_start_from_the_written_state_is_the_same_floor(feed_process: Callable[..., Any], make: Any) -> None:
    process = feed_process().start()
    token = process.token("ana")
    async with process.client(token) as client:
        event = make.report(fresh(), subject="s")
        case_id = (await post(client, event)).json()["case_id"]
        await post(client, make.report(fresh(), case_type="QUERY"))
        rows = (await client.get("/v1/cases")).json()
    assert await asyncio.to_thread(process.stop) == 0
    assert "log.db.snapshot" in os.listdir(process.directory)
    process.start()
    async with process.client(token) as client:
        assert (await client.get("/v1/cases")).json() == rows
        assert (await post(client, event)).json()["duplicate"] is True
        joined = await post(client, make.report(fresh(), updated=True, subject="s", language="en"))
        assert joined.json()["case_id"] == case_id
    assert "state restored" in (process.directory / "stderr").read_text()


@pytest.mark.parametrize("point", ["receive:2", "decide:2", "publish:2", "answer:2"])
async def test_killed_at_each_step_the_command_is_done_once(
    feed_process: Callable[..., Any], make: Any, point: str
) -> None:
    """The second pass is the command's; the first was the report's."""
    process = feed_process(env={"WATCHFLOOR_FAILPOINT": point}).start()
    token = process.token("ana")
    body = {"type": "note", "expected_version": 1, "text": "once"}
    async with process.client(token) as client:
        case_id = (await post(client, make.report(fresh()))).json()["case_id"]
        with pytest.raises(httpx.TransportError):
            await client.post(f"/v1/cases/{case_id}/commands", json=body, headers={"idempotency-key": "k1"})
    process.process.wait(10)
    process.env.pop("WATCHFLOOR_FAILPOINT")
    process.kill()
    process.start()
    async with process.client(token) as client:
        stored = len((await client.get(f"/v1/cases/{case_id}")).json()["notes"])
        assert stored == (0 if point.split(":", maxsplit=1)[0] in ("receive", "decide") else 1)
        answer = await client.post(f"/v1/cases/{case_id}/commands", json=body, headers={"idempotency-key": "k1"})
        assert answer.status_code == 200
        assert len((await client.get(f"/v1/cases/{case_id}")).json()["notes"]) == 1


async def test_a_console_goes_on_where_it_stood_after_a_restart(feed_process: Callable[..., Any], make: Any) -> None:
    process = feed_process().start()
    token = process.token("ana")
    async with process.client(token) as client:
        await post(client, make.report(fresh()))
        head = (await client.get("/v1/audit/head")).json()
        await post(client, make.report(fresh()))
    process.kill()
    process.start()
    headers = {"authorization": f"Bearer {token}"}
    async with connect(
        process.ws_url, subprotocols=[Subprotocol("watchfloor.v1")], additional_headers=headers, proxy=None
    ) as ws:
        cursor = {name: head[name] for name in ("epoch", "seq", "head_hash")}
        await ws.send(json.dumps({"type": "subscribe", "sub": "main", "filter": {"all": True}, "from": cursor}))
        kinds = []
        frame: dict[str, Any] = {}
        async with asyncio.timeout(10):
            while "events" not in kinds:
                frame = json.loads(await ws.recv())
                kinds.append(frame["type"])
        assert "resync" not in kinds
        assert [event["seq"] for event in frame["events"]] == [2]


async def test_the_end_says_bye_and_finishes_what_is_in_flight(feed_process: Callable[..., Any], make: Any) -> None:
    process = feed_process().start()
    token = process.token("ana")
    headers = {"authorization": f"Bearer {token}"}
    async with (
        process.client(token) as client,
        connect(
            process.ws_url, subprotocols=[Subprotocol("watchfloor.v1")], additional_headers=headers, proxy=None
        ) as ws,
    ):
        await ws.send(json.dumps({"type": "subscribe", "sub": "main", "filter": {"all": True}}))
        events = encode([make.report(fresh()) for _ in range(500)])
        batch = {"content-type": "application/cloudevents-batch+json"}
        posted = asyncio.create_task(client.post("/v1/intake", content=events, headers=batch))
        frames: list[dict[str, Any]] = []
        async with asyncio.timeout(20):
            while not any(frame["type"] == "events" for frame in frames):
                frames.append(json.loads(await ws.recv()))
            stopping = asyncio.create_task(asyncio.to_thread(process.stop, 20))
            frames += [json.loads(frame) async for frame in until_closed(ws)]
            answer = await posted
            assert await stopping == 0
        assert frames[-1]["type"] == "bye"
        assert ws.close_code == 1012
        assert [result["status"] for result in answer.json()["results"]] == [202] * 500


async def until_closed(ws: ClientConnection) -> AsyncIterator[str | bytes]:
    try:
        while True:
            yield await ws.recv()
    except ConnectionClosed:
        return


async def test_tls_on_tcp_and_plain_on_the_unix_socket(feed_process: Callable[..., Any]) -> None:
    process = feed_process()
    cert, key = certificate(process.directory)
    config = process.directory / "feed.toml"
    config.write_text('[tls]\ncert = "cert.pem"\nkey = "key.pem"\n')
    process.options += ["--config", str(config)]
    process.start()
    assert process.url.startswith("https://127.0.0.1:")
    context = ssl.create_default_context(cafile=str(cert))
    async with httpx.AsyncClient(base_url=process.url, verify=context, trust_env=False) as client:
        assert (await client.get("/healthz")).status_code == 200
    async with process.client(unix=True) as client:
        assert (await client.get("/v1/cases")).status_code == 200
    headers = {"authorization": f"Bearer {process.token('ana')}"}
    async with connect(
        process.ws_url,
        ssl=context,
        subprotocols=[Subprotocol("watchfloor.v1")],
        additional_headers=headers,
        proxy=None,
    ) as ws:
        assert json.loads(await ws.recv())["type"] == "hello"
    assert key.exists()


def certificate(directory: Path) -> tuple[Path, Path]:
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(datetime.UTC)
    cert = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    cert_path, key_path = directory / "cert.pem", directory / "key.pem"
    cert_path.write_bytes(cert.public_bytes(serialization.Encoding.PEM))
    key_path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return cert_path, key_path


# --- what it refuses


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["--listen", "0.0.0.0:0", "--log", "sqlite:{dir}/x.db"], 2, "there is no TLS"),
        (["--listen", "[::]:0", "--log", "sqlite:{dir}/x.db"], 2, "there is no TLS"),
        (["--listen", "127.0.0.1:0", "--log", "memory:"], 2, "could lose what it acknowledged"),
        (["--listen", "nonsense", "--log", "sqlite:{dir}/x.db"], 2, "is not HOST:PORT"),
        (["--listen", "127.0.0.1:0"], 2, "name the log"),
        (["--listen", "127.0.0.1:0", "--log", "nats://a:4222"], 2, "later work"),
        (["--listen", "127.0.0.1:0", "--log", "sqlite:{dir}/x.db", "--config", "{dir}/none.toml"], 2, "cannot be read"),
    ],
)
def test_what_is_unsafe_or_wrong_is_refused_in_one_line(
    tmp_path: Path, arguments: list[str], code: int, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [argument.replace("{dir}", str(tmp_path)) for argument in arguments]
    assert cli(["feed", *given]) == code
    captured = capsys.readouterr()
    assert sentence in captured.err
    assert captured.err.count("\n") == 1
    assert captured.out == ""


def test_unsafe_allows_it(feed_process: Callable[..., Any]) -> None:
    process = feed_process("--unsafe", "--listen", "0.0.0.0:0", unix=False).start()
    assert process.url.startswith("http://0.0.0.0:")
    assert process.stop() == 0


def test_a_second_feed_on_the_same_log_is_refused(feed_process: Callable[..., Any]) -> None:
    first = feed_process().start()
    command = [sys.executable, "main.py", "feed", "--listen", "127.0.0.1:0", "--log", f"sqlite:{first.log}"]
    second = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=30, check=False)
    assert second.returncode == 1
    assert "in use" in second.stderr


def test_a_dead_socket_is_replaced_and_a_live_one_is_not(feed_process: Callable[..., Any], tmp_path: Path) -> None:
    first = feed_process().start()
    command = [sys.executable, "main.py", "feed", "--unix", str(first.socket), "--log", f"sqlite:{tmp_path}/other.db"]
    second = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=30, check=False)
    assert second.returncode == 2
    assert "in use by another feed" in second.stderr
    assert first.socket.exists()
    first.kill()
    assert first.socket.exists()
    first.start()
    assert first.stop() == 0


# --- tokens


def test_tokens_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from feed.log.tokens import TokenStore

    log = f"sqlite:{tmp_path}/log.db"
    issue = ["token", "issue", "--principal", "ana", "--log", log]
    assert cli([*issue, "--roles", "responder,lead", "--clearances", "us,eu", "--ttl", "8h"]) == 0
    token = capsys.readouterr().out.strip()
    store = TokenStore(tmp_path / "log.db")
    found = store.find(token)
    assert found is not None
    assert (found.person.principal, set(found.person.roles)) == ("ana", {"responder", "lead"})
    assert found.expires_at == found.issued_at + 8 * 3_600_000
    assert (
        cli(
            [*issue, "--roles", "intake", "--sources", "detector", "--max-severity", "S1", "--max-credibility", "known"]
        )
        == 0
    )
    capsys.readouterr()
    for wrong in (
        ["--roles", "boss"],
        ["--roles", "lead", "--ttl", "8 hours"],
        ["--roles", "intake", "--max-severity", "S9"],
    ):
        assert cli([*issue, *wrong]) == 2
    assert cli(["token", "list", "--log", log]) == 0
    listed = capsys.readouterr().out
    assert token not in listed
    assert listed.count("ana") == 2
    assert cli(["token", "revoke", "ana", "--log", log]) == 0
    assert store.find(token) is None
    assert cli(["token", "revoke", "ana", "--log", log]) == 1
    store.close()


async def test_heads_are_signed_on_request_and_when_the_feed_ends(feed_process: Callable[..., Any], make: Any) -> None:
    process = feed_process().start()
    token = process.token("ana", "responder,intake")
    async with process.client(token) as client:
        await post(client, make.report(fresh()))
        head = (await client.get("/v1/audit/head")).json()
    await asyncio.to_thread(process.stop)
    log = process.directory / "log.db"
    report = verify(log)
    assert report.sound
    assert report.signed == 1
    assert report.signed_to == head["seq"] == report.last
    (public,) = report.keys
    signature = head.pop("signature")
    assert fits(signature, public, **head)
    assert not fits(signature, public, **{**head, "seq": head["seq"] + 1})
    assert not fits(signature, "0" * 64, **head)
    for name in ("signing", "checkpoints"):
        assert stat.S_IMODE(beside(log, name).stat().st_mode) == 0o600
