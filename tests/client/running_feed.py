"""A real feed process on a log in a temporary directory, for tests that go through the whole wire."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO

import httpx

ROOT = Path(__file__).resolve().parents[2]
TTL = {
    "case_type": "TTL",
    "summary": "He says that he waits outside her house",
    "source": {"kind": "user_report"},
    "factors": {"imminence": "now", "harm": "death"},
}
NCII = {"case_type": "NCII", "summary": "Pictures were shared again", "source": {"kind": "partner"}}


class RunningFeed:
    """`socket` is its Unix socket: whoever runs the tests is a lead there. `url` is its TCP address, with tokens."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        # A socket's path is short by nature, and a test's directory may not be.
        self.socket = f"unix:{directory}/s"
        self.log = f"sqlite:{directory}/log.db"
        self.url = ""
        self._listen = "127.0.0.1:0"
        self._process: subprocess.Popen[str] | None = None
        self._errors: IO[str] | None = None

    def start(self) -> None:
        """Returns when it serves."""
        self._errors = (self.directory / "stderr").open("a")
        command = [sys.executable, str(ROOT / "main.py"), "feed", "--unix", self.socket.removeprefix("unix:")]
        command += ["--listen", self._listen, "--log", self.log]
        self._process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("ready "):
                self.url = line.split()[1]
                self._listen = self.url.removeprefix("http://")  # where it was, it is again after a restart
                return
        raise AssertionError((self.directory / "stderr").read_text())

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(how)
            process.wait(20)
            assert process.stdout is not None
            process.stdout.close()
        if self._errors is not None:
            self._errors.close()

    def token(self, principal: str, roles: str, *options: str) -> str:
        command = [sys.executable, str(ROOT / "main.py"), "token", "issue", "--principal", principal]
        command += ["--roles", roles, "--log", self.log, *options]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1]

    def raise_case(self, data: Mapping[str, object], number: int) -> str:
        """Post one report; its case id."""
        event = {
            "specversion": "1.0",
            "id": str(number),
            "source": "/tests",
            "type": "org.watchfloor.escalation.raised.v1",
            "data": data,
        }
        transport = httpx.HTTPTransport(uds=self.socket.removeprefix("unix:"))
        with httpx.Client(transport=transport, base_url="http://localhost") as client:
            answer = client.post(
                "/v1/intake", content=json.dumps(event), headers={"Content-Type": "application/cloudevents+json"}
            )
        assert answer.status_code in (200, 202), answer.text
        return str(answer.json()["case_id"])
