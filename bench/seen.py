"""Recordings of a terminal, decoded: when a key's effect could be seen, what was painted, and what had to be."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import Any, Final

import pyte
from msgspec import Struct

from bench.idealcells import Ideal, cells_of
from bench.ptyrun import COLUMNS, ROWS, PtyProgram, Ran, Recording
from bench.report import percentile

FRAME_GAP_S: Final = 0.015
"""Bytes that come within this of each other belong to one frame."""
PATIENCE_S: Final = 1.0
"""A key that shows no effect within this counts with this."""
GUTTER: Final = "\u258c"

Place = Callable[["Eye"], int | None]
"""What a key moves: a line number, or a count. None where it is not to be seen."""


class Eye:
    """A terminal's screen that is shown what `program` wrote, later than it was written, and all of it in order."""

    def __init__(self, program: PtyProgram) -> None:
        self.screen = pyte.Screen(COLUMNS, ROWS)
        self._stream = pyte.ByteStream(self.screen)
        self._recordings = program.recordings
        self._next = (0, 0)

    def see(
        self,
        *,
        to: Recording | None = None,
        through: Recording | None = None,
        before: Callable[[float], None] = lambda when: None,
    ) -> Iterator[float]:
        """Feed chunk by chunk what was not fed yet, up `to` a recording or `through` it, and say each one's time.

        `before` is called with that time right before.
        """
        number, chunk = self._next
        while number < len(self._recordings):
            recording = self._recordings[number]
            if recording is to:
                break
            while chunk < len(recording.chunks):
                when, data = recording.chunks[chunk]
                before(when)
                self._stream.feed(data)
                chunk += 1
                self._next = (number, chunk)
                yield when
            if recording is through or number + 1 == len(self._recordings):
                break  # more may come into the last one
            number, chunk = number + 1, 0
            self._next = (number, chunk)

    def catch_up(self, to: Recording | None = None) -> None:
        """Feed what was not fed yet, up to that recording."""
        for _ in self.see(to=to):
            pass

    def char(self, line: int, column: int) -> Any:
        return self.screen.buffer[line][column]

    def line(self, number: int) -> str:
        return "".join(self.screen.buffer[number][column].data for column in range(COLUMNS))

    def find(self, text: str) -> int | None:
        """The first line that holds `text`."""
        return next((number for number in range(ROWS) if text in self.line(number)), None)


def gutter_line(eye: Eye) -> int | None:
    """The line that the console's selection stands on."""
    return next((line for line in range(ROWS) if eye.char(line, 0).data == GUTTER), None)


def counted(eye: Eye) -> int | None:
    """The number that the smallest application shows."""
    words = eye.line(0).split()
    return int(words[1]) if len(words) == 2 and words[1].isdigit() else None


def typed_of(text: str) -> Place:
    """How many letters of `text` stand in the field behind the slash."""

    def place(eye: Eye) -> int | None:
        for number in range(ROWS - 1, 0, -1):
            line = eye.line(number)
            if line.startswith(" /  "):
                said = line[4:]
                return next((size for size in range(len(text), 0, -1) if said.startswith(text[:size])), 0)
        return None

    return place


def colored_line(background: str) -> Place:
    """The line whose third cell has the color `background` behind it."""

    def place(eye: Eye) -> int | None:
        return next((line for line in range(ROWS) if eye.char(line, 2).bg == background), None)

    return place


class Latencies(Struct):
    """ms from a key's write to the arrival of the bytes that show its effect, ascending."""

    ms: list[float]
    missed: int = 0
    """Keys without an effect in time; each counts as `PATIENCE_S`."""

    @property
    def p50(self) -> float:
        return percentile(self.ms, 0.5)

    @property
    def p99(self) -> float:
        return percentile(self.ms, 0.99)


def latencies(eye: Eye, recording: Recording, place: Place, steps: Mapping[str, int]) -> Latencies:
    """How long each key of `recording` took. A key moves `place` by `steps[key]`.

    A key's effect is there when the place is where the key puts it, or beyond: two keys may be painted as one.
    """
    eye.catch_up(recording)
    waiting: deque[tuple[float, int, int]] = deque()
    found = Latencies([])
    keys = deque(recording.keys)
    at = place(eye)

    def typed(until: float) -> None:
        """Take up the keys that were typed before `until`, each with the place that it leads to."""
        while keys and keys[0][0] <= until:
            when, key = keys.popleft()
            before = waiting[-1][1] if waiting else at
            if before is None:
                found.missed += 1
            else:
                waiting.append((when, before + steps[key], steps[key]))

    for when in eye.see(through=recording, before=typed):
        while waiting and when - waiting[0][0] > PATIENCE_S:
            waiting.clear()
            found.missed += 1
        at = place(eye)
        while at is not None and waiting and (at - waiting[0][1]) * waiting[0][2] >= 0:
            found.ms.append((when - waiting.popleft()[0]) * 1_000)
    typed(float("inf"))
    found.missed += len(waiting)
    found.ms += [PATIENCE_S * 1_000] * found.missed
    found.ms.sort()
    return found


def shown_at(program: PtyProgram, text: str) -> float:
    """Seconds from the program's start until `text` stood on its screen. Raises `Ran` if it never did."""
    eye = Eye(program)
    for when in eye.see():
        if eye.find(text) is not None:
            return when - program.started_at
    raise Ran(program.name, f"never showed {text!r}", b"")


class Painted(Struct):
    """What a recording painted: bytes, frames, cells that changed, and the bytes that those need at least."""

    seconds: float
    size: int = 0
    frames: int = 0
    """Frames after which at least one cell was another."""
    cells: int = 0
    ideal: int = 0
    fullest: int = 0
    """Frames that changed a cell, in the second that had most of them."""


def painted(eye: Eye, recording: Recording, seconds: float) -> Painted:
    """What `recording` painted in its `seconds`."""
    eye.catch_up(recording)
    found = Painted(seconds, size=recording.size)
    ideal = Ideal()
    before = cells_of(eye.screen)
    moments: list[float] = []
    ends = [
        following - when >= FRAME_GAP_S
        for (when, _), (following, _) in pairwise([*recording.chunks, (float("inf"), b"")])
    ]
    for when, whole in zip(eye.see(through=recording), ends, strict=True):
        if whole:
            after = cells_of(eye.screen)
            changed, size = ideal.frame(before, after)
            before = after
            if changed:
                found.cells += changed
                found.ideal += size
                moments.append(when)
    found.frames = len(moments)
    found.fullest = max((bisect_left(moments, when + 1) - place for place, when in enumerate(moments)), default=0)
    return found
