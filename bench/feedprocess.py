"""Real processes to measure: a feed node as anybody starts it, and small ones of the bench to hold it against."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urlsplit

ROOT: Final = Path(__file__).resolve().parent.parent
PATIENCE_S: Final = 180.0
CONFIG: Final = """\
[limits]
connections_per_principal = 20000
connections = 20000
"""
"""What a bench needs beside the defaults: one person may open thousands of consoles."""


class Running(NamedTuple):
    """A process that said `ready ADDRESS`, and how long that took from its start."""

    host: str
    port: int
    process: subprocess.Popen[str]
    seconds: float

    @property
    def pid(self) -> int:
        return self.process.pid

    def cpu_seconds(self) -> float:
        """What the process has had of the processors so far, all its threads together."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident(self) -> int:
        """Bytes of memory that it holds now."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@contextlib.contextmanager
def feed(log: Path, *, end: signal.Signals = signal.SIGTERM) -> Iterator[Running]:
    """`watchfloor feed` on `log` and a free port, until the block ends; then it gets the signal `end`."""
    config = log.with_name("bench.toml")
    config.write_text(CONFIG)
    command = [
        str(ROOT / "main.py"),
        "feed",
        "--listen",
        "127.0.0.1:0",
        "--log",
        f"sqlite:{log}",
        "--config",
        str(config),
    ]
    with _running(command, log.with_name("feed.err"), end) as running:
        yield running


@contextlib.contextmanager
def helper(module: str, arguments: Sequence[str], directory: Path) -> Iterator[Running]:
    """`python -m module`, one of this package, which says `ready http://HOST:PORT` like a feed."""
    with _running(["-m", module, *arguments], directory / f"{module}.err", signal.SIGKILL) as running:
        yield running


@contextlib.contextmanager
def _running(command: Sequence[str], errors: Path, end: signal.Signals) -> Iterator[Running]:
    began = time.perf_counter()
    with errors.open("w") as err:
        process = subprocess.Popen(
            [sys.executable, *command], cwd=ROOT, stdout=subprocess.PIPE, stderr=err, stdin=subprocess.PIPE, text=True
        )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        seconds = time.perf_counter() - began
        if not line.startswith("ready "):
            process.wait(PATIENCE_S)
            raise RuntimeError(f"{command[0]} ended before it was ready: {errors.read_text()[-2_000:]}")
        address = urlsplit(line.split()[1])
        assert address.hostname is not None
        assert address.port is not None
        yield Running(address.hostname, address.port, process, seconds)
    finally:
        if process.poll() is None:
            process.send_signal(end)
        try:
            process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()
