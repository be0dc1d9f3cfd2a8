"""A program in a pseudo-terminal, watched from outside: which bytes came when, and when which key was typed.

Nothing is decoded while it runs, so that the watching does not become what is measured; `bench.seen` does that later.
"""

from __future__ import annotations

import fcntl
import os
import pty
import random
import select
import signal
import subprocess
import termios
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct, field

from bench.feedprocess import ROOT

COLUMNS: Final = 160
ROWS: Final = 55
"""Then 49 cases stand below each other in the console's queue."""
PACE_S: Final = (0.050, 0.100)
"""Between two keys, at random, so that keys fall on every moment between two paints."""
LINK_BURST: Final = 400
"""Bytes that a slow link takes at once: a hundredth of a second of 40 kB/s."""
_AFTER_S: Final = 0.3
_READ: Final = 65_536
_RESTS: Final = 0.3
"""Share of a core below which a program is done with what it had to do at its start."""


def _own_terminal() -> None:
    """Run in the new process: its terminal is the one it is controlled by, so it hears of the end of ours."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


class Recording(Struct):
    """What was read, (s, bytes), and what was typed, (s, keys), each in order, on the machine's monotonic clock."""

    chunks: list[tuple[float, bytes]] = field(default_factory=list)
    keys: list[tuple[float, str]] = field(default_factory=list)

    @property
    def size(self) -> int:
        return sum(len(data) for _, data in self.chunks)


class Ran(Exception):
    """A program ended, or never showed what was waited for; the sentence has the end of what it wrote."""

    def __init__(self, name: str, what: str, written: bytes) -> None:
        self.name = name
        super().__init__(f"{name}: {what}; it wrote {written[-600:]!r}")


class PtyProgram:
    """`command` on a terminal of 160 by 55, until the block ends. `link` is how many bytes a second are read at most.

    `recordings` hold everything that was read, in order; `record` begins a new one.
    """

    def __init__(self, name: str, command: Sequence[str], home: Path, *, link: int | None = None) -> None:
        self.name = name
        self.link = link
        self.recordings: list[Recording] = [Recording()]
        self._tokens = float(LINK_BURST)
        self._tokens_at = 0.0
        self._gone: dict[int, int] = {}
        home.mkdir(parents=True, exist_ok=True)
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("WATCHFLOOR", "SSH_"))},
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "LANG": "C.UTF-8",
            "LC_ALL": "C.UTF-8",
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / "config"),
            "XDG_STATE_HOME": str(home / "state"),
            "PYTHONPATH": str(ROOT),
        }
        environment.pop("NO_COLOR", None)
        environment.pop("TMUX", None)
        # What is installed is compiled; without this ours would be compiled at each start, and Textual not.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        self._leader, follower = pty.openpty()
        termios.tcsetwinsize(follower, (ROWS, COLUMNS))
        self.started_at = time.monotonic()
        self.process = subprocess.Popen(
            list(command),
            cwd=ROOT,
            env=environment,
            stdin=follower,
            stdout=follower,
            stderr=follower,
            start_new_session=True,
            preexec_fn=_own_terminal,  # noqa: PLW1509 - this process has one thread
        )
        os.close(follower)

    def __enter__(self) -> PtyProgram:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        os.close(self._leader)

    @property
    def pid(self) -> int:
        return self.process.pid

    # --- reading and typing

    def record(self, seconds: float) -> Recording:
        """Read for `seconds`; what came is a recording of its own."""
        self.recordings.append(Recording())
        self._read_until(time.monotonic() + seconds)
        return self.recordings[-1]

    def type(self, keys: Sequence[str], *, seed: int, pace: tuple[float, float] = PACE_S) -> Recording:
        """Type `keys` at the pace of a quick person while reading, and read a little longer."""
        self.recordings.append(Recording())
        pauses = random.Random(seed)
        for key in keys:
            self._read_until(time.monotonic() + pauses.uniform(*pace))
            self.recordings[-1].keys.append((time.monotonic(), key))
            os.write(self._leader, key.encode())
        self._read_until(time.monotonic() + _AFTER_S)
        return self.recordings[-1]

    def read_until(self, marker: bytes, *, patience_s: float) -> None:
        """Read until `marker` came in one piece. Raises `Ran` if it does not within `patience_s`."""
        recording = self.recordings[-1]
        tail = b""
        seen = 0
        deadline = time.monotonic() + patience_s
        ended = False
        while time.monotonic() < deadline and not ended:
            ended = self.process.poll() is not None
            self._read_until(time.monotonic() + 0.02)
            for _, data in recording.chunks[seen:]:
                tail = tail[-len(marker) :] + data
                if marker in tail:
                    return
            seen = len(recording.chunks)
        if ended:
            raise Ran(self.name, f"ended with {self.process.returncode}", tail)
        raise Ran(self.name, f"showed no {marker!r} within {patience_s:.0f} s", tail)

    def settle(self, *, patience_s: float) -> None:
        """Read until the program rests: two quarters of a second in a row with little work. Raises `Ran`."""
        deadline = time.monotonic() + patience_s
        rested = 0
        while rested < 2:
            before = self.cpu_seconds()
            self._read_until(time.monotonic() + 0.25)
            rested = rested + 1 if self.cpu_seconds() - before < _RESTS * 0.25 else 0
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise Ran(self.name, "never came to rest", b"")

    def quit(self, key: str, *, patience_s: float) -> float | None:
        """Type `key`, and how many seconds later the program was gone; None if it was not within `patience_s`."""
        began = time.monotonic()
        os.write(self._leader, key.encode())
        while self.process.poll() is None:
            if time.monotonic() - began > patience_s:
                return None
            self._read_until(time.monotonic() + 0.005)
        return time.monotonic() - began

    def _read_until(self, until: float) -> None:
        """Read what comes until the time `until`, as fast as the link lets it through."""
        chunks = self.recordings[-1].chunks
        while True:
            now = time.monotonic()
            if now >= until:
                return
            size, wait = _READ, until - now
            if self.link is not None:
                self._tokens = min(LINK_BURST, self._tokens + (now - self._tokens_at) * self.link)
                self._tokens_at = now
                size = int(self._tokens)
                if size < LINK_BURST // 8:
                    time.sleep(min(wait, LINK_BURST / 8 / self.link))
                    continue
            if not select.select([self._leader], [], [], wait)[0]:
                continue
            try:
                data = os.read(self._leader, size)
            except OSError:  # the program is gone, and its terminal with it
                data = b""
            if not data:
                time.sleep(min(0.005, max(0.0, until - time.monotonic())))
                continue
            chunks.append((time.monotonic(), data))
            self._tokens -= len(data)

    # --- what it costs

    def cpu_seconds(self) -> float:
        """Time on a processor, all threads together, from the scheduler's own statistics."""
        for task in self._tasks():
            try:
                self._gone[int(task.name)] = int((task / "schedstat").read_text().split()[0])
            except (OSError, ValueError, IndexError):
                continue  # it ended meanwhile; what it had when last seen counts
        return sum(self._gone.values()) / 1e9

    def _tasks(self) -> Iterator[Path]:
        try:
            yield from Path(f"/proc/{self.pid}/task").iterdir()
        except OSError:
            return

    def memory(self) -> int:
        """Bytes of memory that are this program's share (PSS), or what it holds (RSS) where that cannot be read."""
        try:
            for line in Path(f"/proc/{self.pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    return int(line.split()[1]) * 1024
        except OSError:
            pass
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
