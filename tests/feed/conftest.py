"""A node in memory under a clock that the test moves, and real feed processes."""

from __future__ import annotations

import asyncio
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from casework import policy
from casework.access import Person
from casework.tokens import Role
from feed.clock import ManualClock
from feed.config import FeedConfig
from feed.log.memory import MemoryLog
from feed.log.tokens import TokenStore
from feed.node import Node
from feed.state import load
from protocol.cloudevents import STRUCTURED, Incoming, decode
from protocol.codec import encode

START_MS = 1_795_300_000_000
CHECKOUT = Path(__file__).resolve().parents[2]


def person(principal: str = "ana", *roles: Role, clearances: frozenset[str] = frozenset()) -> Person:
    return Person(principal=principal, roles=frozenset(roles or ("responder", "lead")), clearances=clearances)


def report(
    ident: str = "1", *, origin: str = "/test", updated: bool = False, subject: str | None = None, **data: Any
) -> dict[str, Any]:
    """A CloudEvent as its JSON object; `data` on top of the required fields (an update has none of those)."""
    base = {} if updated else {"case_type": "TTL", "summary": f"report {ident}", "source": {"kind": "user_report"}}
    kind = "updated" if updated else "raised"
    event = {
        "specversion": "1.0",
        "id": ident,
        "source": origin,
        "type": f"org.watchfloor.escalation.{kind}.v1",
        "data": {**base, **data},
    }
    return event if subject is None else {**event, "subject": subject}


def incoming(*args: Any, **kwargs: Any) -> Incoming:
    found = decode({"content-type": STRUCTURED}, encode(report(*args, **kwargs)))
    assert isinstance(found, Incoming)
    return found


class Floor:
    """What tests make of the fixtures in this file."""

    person = staticmethod(person)
    report = staticmethod(report)
    incoming = staticmethod(incoming)
    start_ms = START_MS


@pytest.fixture(scope="session")
def make() -> type[Floor]:
    """`make.person(…)`, `make.report(…)`, `make.incoming(…)`."""
    return Floor


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START_MS)


@pytest.fixture
async def node(clock: ManualClock) -> AsyncIterator[Node]:
    """A node on a log in memory, loaded; its keeper and ticker do not run by themselves."""
    log = MemoryLog(now=clock.now_ms)
    found = Node(config=FeedConfig(), log=log, clock=clock, policy=policy.defaults(), find_token=None)
    await load(log, found.floor, found.ring)
    found.loaded = True
    yield found
    await found.engine.idle()
    await found.refusals.idle()
    await log.close()


class FeedProcess:
    """A feed as users run it. `url` is what it said it is ready at."""

    def __init__(self, directory: Path, *options: str, unix: bool = True, env: dict[str, str] | None = None) -> None:
        self.directory = directory
        self.log = directory / "log.db"
        self.socket = directory / "feed.sock"
        self.options = [*options]
        if unix:
            self.options += ["--unix", str(self.socket)]
        self.env = {**os.environ, **(env or {})}
        self.process: subprocess.Popen[str] | None = None
        self.url = ""

    def start(self, timeout: float = 30) -> FeedProcess:
        command = [sys.executable, "main.py", "feed", "--log", f"sqlite:{self.log}", *self.options]
        if "--listen" not in self.options:
            command += ["--listen", "127.0.0.1:0"]
        errors = (self.directory / "stderr").open("a")
        self.process = subprocess.Popen(
            command, cwd=CHECKOUT, env=self.env, stdout=subprocess.PIPE, stderr=errors, text=True
        )
        errors.close()
        line = self._first_line(timeout)
        assert line.startswith("ready "), f"{line!r}: {(self.directory / 'stderr').read_text()[-2000:]}"
        self.url = line.removeprefix("ready ").strip()
        return self

    def _first_line(self, timeout: float) -> str:
        assert self.process is not None
        assert self.process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            return self.process.stdout.readline() if selector.select(timeout) else ""

    def token(self, principal: str = "ana", roles: str = "responder,lead", **more: Any) -> str:
        store = TokenStore(self.log)
        try:
            return store.issue(principal, roles=roles.split(","), **more)
        finally:
            store.close()

    def revoke(self, principal: str) -> None:
        store = TokenStore(self.log)
        store.revoke(principal)
        store.close()

    def client(self, token: str | None = None, *, unix: bool = False, **more: Any) -> httpx.AsyncClient:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        if unix:
            transport = httpx.AsyncHTTPTransport(uds=str(self.socket))
            return httpx.AsyncClient(transport=transport, base_url="http://feed", headers=headers, **more)
        return httpx.AsyncClient(base_url=self.url, headers=headers, trust_env=False, **more)

    @property
    def ws_url(self) -> str:
        return self.url.replace("http", "ws", 1) + "/v1/feed"

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(10)
        assert self.process.stdout is not None
        self.process.stdout.close()

    def stop(self, timeout: float = 15) -> int:
        """SIGTERM, and its exit code."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code

    def close(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.kill()


@pytest.fixture
def feed_process(tmp_path: Path) -> Iterator[Callable[..., FeedProcess]]:
    """Makes feed processes (not started) in this test's directory; they end with it."""
    made: list[FeedProcess] = []

    def new(*options: str, **more: Any) -> FeedProcess:
        made.append(FeedProcess(tmp_path, *options, **more))
        return made[-1]

    yield new
    for process in made:
        process.close()


@pytest.fixture(scope="module")
def feed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FeedProcess]:
    """One running feed for the tests of a module."""
    process = FeedProcess(tmp_path_factory.mktemp("feed")).start()
    yield process
    process.close()


@pytest.fixture
def until() -> Callable[..., Any]:
    """`await until(condition)`: waits for it to hold, never for a fixed time."""

    async def wait(condition: Callable[[], object], seconds: float = 10) -> None:
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "the condition did not come true"
            await asyncio.sleep(0.005)

    return wait
