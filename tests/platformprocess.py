"""A simulated platform as a process, and the part of a feed's configuration that names it."""

from __future__ import annotations

import select
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx

CHECKOUT = Path(__file__).resolve().parent.parent
PATIENCE_S = 30.0


class PlatformProcess:
    """`watchfloor platform` in `folder`; it comes back on the same port with what it had done."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self.url = ""
        self._listen = "127.0.0.1:0"
        self._options = options
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> PlatformProcess:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self._end(signal.SIGTERM)

    def start(self) -> PlatformProcess:
        files = ["--secret-file", str(self.folder / "secret"), "--state", str(self.folder / "platform.jsonl")]
        self.process = subprocess.Popen(
            [sys.executable, "main.py", "platform", "--listen", self._listen, *files, *self._options],
            cwd=CHECKOUT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
        )
        assert self.process.stdout is not None
        readable, _, _ = select.select([self.process.stdout], [], [], PATIENCE_S)
        line = self.process.stdout.readline().decode() if readable else ""
        assert line.startswith("ready "), line
        self.url = line.removeprefix("ready ").strip()
        self._listen = self.url.removeprefix("http://")
        return self

    def kill(self) -> None:
        """SIGKILL, as a crash."""
        self._end(signal.SIGKILL)

    def configured(self) -> Path:
        """A feed's configuration that names this platform."""
        from standins.platform import mapping

        (self.folder / "platform.toml").write_text(mapping(), encoding="utf-8")
        config = self.folder / "feed.toml"
        config.write_text(
            f'[platform]\nkind = "http"\nurl = "{self.url}"\nsecret_file = "secret"\n'
            'mapping = "platform.toml"\nprivate = true\n',
            encoding="utf-8",
        )
        return config

    def faults(self, **faults: Any) -> None:
        """How it goes wrong from now on: `next={kind: count}`, `rate`, `kinds`."""
        assert httpx.post(f"{self.url}/v1/faults", json=faults).status_code == 200

    def effects(self) -> list[dict[str, Any]]:
        """Every order that it carried out."""
        found: list[dict[str, Any]] = httpx.get(f"{self.url}/v1/effects").json()["effects"]
        return found

    def _end(self, number: int) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(PATIENCE_S)
        if self.process is not None and self.process.stdout is not None:
            self.process.stdout.close()
