"""Ties a child process to the life of the one that started it, also when that one is killed with SIGKILL.

The starter keeps the writing end of a pipe open and never writes. The child reads the other end in a thread; the read
returns only when the starter is gone, however it went. Then the child ends itself: SIGTERM, and SIGKILL if that takes
longer than `GRACE_S`. This needs no signal from the kernel, so it is the same on Linux and macOS.

    python -m cli.tether FD COMMAND …      runs `watchfloor COMMAND …`, tied to the pipe FD
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

GRACE_S = 5.0


class Tether:
    """The starter's end: children started through it end when this process does."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        self._children: list[subprocess.Popen[bytes]] = []

    def start(
        self,
        arguments: Sequence[str],
        *,
        env: dict[str, str] | None = None,
        stdout: int | None = None,
        stderr: int | None = None,
    ) -> "subprocess.Popen[bytes]":
        """Start `watchfloor` with `arguments`; `env` is added to this process's environment."""
        root = str(Path(__file__).resolve().parent.parent)
        path = os.pathsep.join(part for part in (root, os.environ.get("PYTHONPATH", "")) if part)
        child = subprocess.Popen(
            [sys.executable, "-m", "cli.tether", str(self._read), *arguments],
            env={**os.environ, "PYTHONPATH": path, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            pass_fds=(self._read,),
        )
        self._children.append(child)
        return child

    def end(self) -> None:
        """End all children, the newest first; each gets `GRACE_S` to leave in good order."""
        for child in reversed(self._children):
            if child.poll() is None:
                child.terminate()
        for child in reversed(self._children):
            try:
                child.wait(GRACE_S)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
            if child.stdout is not None:
                child.stdout.close()
        self._children.clear()
        os.close(self._write)
        os.close(self._read)


def hold(fd: int) -> None:
    """In the child: end this process when the other end of the pipe `fd` is gone."""

    def watch() -> None:
        os.read(fd, 1)
        os.kill(os.getpid(), signal.SIGTERM)
        threading.Event().wait(GRACE_S)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, name="tether", daemon=True).start()


def main() -> int:
    from cli.main import run

    hold(int(sys.argv[1]))
    return run(sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())
