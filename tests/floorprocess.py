"""A feed as its users run it, for proofs that need a real process: `with FeedProcess(folder) as feed`."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx

CHECKOUT = Path(__file__).resolve().parent.parent
PATIENCE_S = 30.0


class FeedProcess:
    """`watchfloor feed` on the log `folder/floor.db`; `url` is where it said that it is ready."""

    def __init__(self, folder: Path, *options: str, env: dict[str, str] | None = None) -> None:
        self.folder = folder
        self.log = folder / "floor.db"
        self._options = options
        self._env = {**os.environ, **(env or {})}
        self.url = ""
        self._reporter = ""
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> FeedProcess:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def token(self, principal: str, roles: str, *, clearances: str = "us") -> str:
        """A new bearer token; it counts at once, also beside the running feed."""
        from feed.log.tokens import TokenStore

        store = TokenStore(self.log)
        try:
            return store.issue(
                principal, roles=roles.split(","), clearances=[name for name in clearances.split(",") if name]
            )
        finally:
            store.close()

    def start(self) -> FeedProcess:
        listen = [] if "--listen" in self._options or "--unix" in self._options else ["--listen", "127.0.0.1:0"]
        with (self.folder / "feed.err").open("ab") as stderr:
            self.process = subprocess.Popen(
                [sys.executable, "main.py", "feed", "--log", f"sqlite:{self.log}", *listen, *self._options],
                cwd=CHECKOUT,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
            )
        assert self.process.stdout is not None
        readable, _, _ = select.select([self.process.stdout], [], [], PATIENCE_S)
        line = self.process.stdout.readline().decode() if readable else ""
        assert line.startswith("ready "), f"{line!r}: {(self.folder / 'feed.err').read_text()[-2_000:]}"
        self.url = line.removeprefix("ready ").strip()
        return self

    def raise_case(self, data: Mapping[str, object], number: int = 1) -> str:
        """Report `data`; the id of its case. A report of the same number is the same one."""
        report = {
            "specversion": "1.0",
            "type": "org.watchfloor.escalation.raised.v1",
            "source": "urn:test:floor",
            "id": str(number),
            "data": data,
        }
        self._reporter = self._reporter or self.token("reporter", "intake")
        headers = {"Authorization": f"Bearer {self._reporter}", "Content-Type": "application/cloudevents+json"}
        answer = httpx.post(f"{self.url}/v1/intake", json=report, headers=headers)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["case_id"])

    def kill(self) -> None:
        """SIGKILL, as a crash."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self._wait()

    def stop(self) -> int:
        """SIGTERM, as an operator; the exit code."""
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self._wait()

    def _wait(self) -> int:
        assert self.process is not None
        try:
            code = self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()
        self.process = None
        return code
