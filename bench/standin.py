"""The stand-in feed's process (`bench.standinfeed`) as the measurements drive it, and our console on it."""

from __future__ import annotations

import contextlib
import itertools
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from bench.feedprocess import ROOT, Running, helper
from bench.ptyrun import PtyProgram
from bench.standinfeed import Count

ROW_SHOWN: Final = b"Report 0"
"""Words of the first cases' summaries, and of nothing else on the screen."""
PATIENCE_S: Final = 180.0
_homes = itertools.count()


class LostItsPlace(Exception):
    """The console did not follow the feed the whole time: what was measured is not what was meant."""

    def __init__(self, count: Count) -> None:
        super().__init__(
            f"the console lost its place: {count.connections} connections, {count.everything} subscriptions on "
            f"everything, {count.fetched} cases fetched"
        )


class StandInFeed:
    """A running stand-in with `cases` cases."""

    def __init__(self, cases: int, running: Running, directory: Path) -> None:
        self.cases = cases
        self.directory = directory
        self._running = running

    @property
    def url(self) -> str:
        return f"http://{self._running.host}:{self._running.port}"

    def fresh(self) -> None:
        self._ask(do="fresh")

    def prepare(self, *, per_second: int, seconds: float) -> None:
        """Have the events of `seconds` encoded."""
        self._ask(do="prepare", per_second=per_second, seconds=seconds)

    def go(self) -> None:
        """Have them sent from now on."""
        self._ask(do="go")

    def count(self) -> Count:
        return msgspec.convert(self._ask(do="count"), Count)

    def check(self) -> Count:
        """What the console did. Raises `LostItsPlace` if it connected or subscribed more than once."""
        count = self.count()
        if count.connections != 1 or count.everything != 1 or count.fetched:
            raise LostItsPlace(count)
        return count

    @contextlib.contextmanager
    def console(self, *, link: int | None = None) -> Iterator[PtyProgram]:
        """Our console on this floor, from its start; the floor is as it was at first."""
        self.fresh()
        home = self.directory / f"home{next(_homes)}"
        name = f"console on {self.cases:,} cases"
        with PtyProgram(name, [sys.executable, "main.py", self.url], home, link=link) as program:
            yield program

    @contextlib.contextmanager
    def stock(self) -> Iterator[PtyProgram]:
        """The stock DataTable application on the same floor."""
        self.fresh()
        name = f"DataTable with {self.cases:,} cases"
        command = [sys.executable, "-m", "bench.stock", self.url]
        with PtyProgram(name, command, self.directory / f"home{next(_homes)}") as program:
            yield program

    def _ask(self, **told: Any) -> dict[str, Any]:
        process = self._running.process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(told) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
        if not line:
            raise RuntimeError("the stand-in feed ended early")
        heard: dict[str, Any] = json.loads(line)
        return heard


@contextlib.contextmanager
def stand_in(cases: int, directory: Path) -> Iterator[StandInFeed]:
    """A stand-in with `cases` cases, until the block ends."""
    with helper("bench.standinfeed", [str(cases)], directory) as running:
        yield StandInFeed(cases, running, directory)


@contextlib.contextmanager
def smallest(directory: Path, *, link: int | None = None) -> Iterator[PtyProgram]:
    """The smallest Textual application."""
    command = [sys.executable, "-P", str(ROOT / "bench" / "smallest.py")]
    with PtyProgram("smallest Textual app", command, directory / f"home{next(_homes)}", link=link) as program:
        yield program


def opened(program: PtyProgram, feed: StandInFeed) -> None:
    """Read until the console shows rows, holds them all and has come to rest."""
    program.read_until(ROW_SHOWN, patience_s=PATIENCE_S)
    deadline = time.monotonic() + PATIENCE_S
    while not feed.count().live:
        if time.monotonic() > deadline:
            raise LostItsPlace(feed.count())
        program.record(0.05)
    program.settle(patience_s=PATIENCE_S)


def load(feed: StandInFeed, program: PtyProgram, per_second: int, seconds: float) -> None:
    """Start a load of `seconds`, and give it a second to be in full swing."""
    feed.prepare(per_second=per_second, seconds=seconds)
    feed.go()
    program.record(min(1.0, seconds / 4))


@contextlib.contextmanager
def htop(directory: Path) -> Iterator[PtyProgram]:
    """htop at rest, which may look and not touch."""
    with PtyProgram("htop", ["htop", "--readonly", "--no-mouse"], directory / f"home{next(_homes)}") as program:
        program.read_until(b"PID", patience_s=10)
        program.settle(patience_s=30)
        yield program
