"""A real feed against its own OpenAPI document: schemathesis finds nothing, and finds what is put there."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

import httpx
import pytest

from tests.floorprocess import CHECKOUT, FeedProcess

OPERATIONS: Final = 15
"""All routes of the document; schemathesis leaves out the one that the document itself comes from."""
PATIENCE_S: Final = 900


@pytest.fixture
def feed(tmp_path: Path) -> Iterator[FeedProcess]:
    with FeedProcess(tmp_path) as process:
        yield process


def schemathesis(url: str, token: str, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """`schemathesis run` as anybody would call it, with the configuration of this checkout."""
    program = str(Path(sys.executable).parent / "schemathesis")
    command = [program, "--config-file", str(CHECKOUT / "schemathesis.toml"), "run", f"{url}/openapi.json"]
    return subprocess.run(
        [*command, "--no-color", "-H", f"Authorization: Bearer {token}", *options],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def everybody(feed: FeedProcess) -> str:
    return feed.token("ana", "responder,lead,auditor,admin")


def found_nothing(run: subprocess.CompletedProcess[str]) -> int:
    """How many requests were made; none of them may have found anything."""
    assert run.returncode == 0, run.stdout[-6_000:] + run.stderr[-2_000:]
    counted = re.search(r"(\d+) generated, (\d+) passed", run.stdout)
    assert counted, run.stdout[-2_000:]
    assert counted[1] == counted[2]
    return int(counted[1])


def unharmed(feed: FeedProcess, token: str) -> int:
    """The feed lives, reads back all that it took in, and logged no fault of its own; how many events it has."""
    with httpx.Client(
        base_url=feed.url, headers={"authorization": f"Bearer {token}"}, trust_env=False, timeout=30
    ) as client:
        assert client.get("/readyz").status_code == 200
        assert client.get("/v1/snapshot").status_code == 200
        head = int(client.get("/v1/audit/head").json()["seq"])
    faults = [json.loads(line) for line in (feed.folder / "feed.err").read_text().splitlines()]
    assert not [line for line in faults if line["level"] == "error"]
    return head


def test_schemathesis_finds_no_fault(feed: FeedProcess, tmp_path: Path) -> None:
    token = everybody(feed)
    run = schemathesis(feed.url, token, tmp_path, "--phases", "examples,fuzzing,stateful")
    made = found_nothing(run)
    assert f"Selected: {OPERATIONS}/{OPERATIONS}" in run.stdout
    assert f"Tested: {OPERATIONS}" in run.stdout
    assert made > 500
    assert "401/403" not in run.stdout, "the token does not open every operation"
    assert unharmed(feed, token) > 10, "hardly anything was accepted"


@pytest.mark.torture("schemathesis")
def test_schemathesis_finds_no_fault_in_any_phase(feed: FeedProcess, tmp_path: Path) -> None:
    token = everybody(feed)
    assert found_nothing(schemathesis(feed.url, token, tmp_path)) > 5_000
    unharmed(feed, token)


# --- the control


@contextmanager
def lying(feed: FeedProcess) -> Iterator[str]:
    """The feed seen through a proxy that changes one answer: the seq of the head becomes a text."""

    class Liar(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with httpx.Client(base_url=feed.url, trust_env=False) as client:
                answer = client.get(self.path, headers={"authorization": self.headers.get("authorization", "")})
            body = answer.content
            if self.path == "/v1/audit/head" and answer.status_code == 200:
                body = json.dumps({**answer.json(), "seq": "many"}).encode()
            self.send_response(answer.status_code)
            self.send_header("content-type", answer.headers["content-type"])
            self.send_header("content-length", str(len(body)))
            if "www-authenticate" in answer.headers:
                self.send_header("www-authenticate", answer.headers["www-authenticate"])
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing on stderr."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Liar)
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        serving.join(10)


def test_schemathesis_finds_an_answer_that_lies(feed: FeedProcess, tmp_path: Path) -> None:
    with lying(feed) as url:
        only = ("--phases", "fuzzing", "--include-path", "/v1/audit/head")
        run = schemathesis(url, everybody(feed), tmp_path, *only)
    assert run.returncode == 1, run.stdout[-3_000:]
    assert "Response violates schema" in run.stdout
    assert "audit/head" in run.stdout
