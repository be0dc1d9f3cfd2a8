"""One floor screen at work without a terminal: its real queue, keys, forms, cards and outbox, on virtual time.

A script presses keys, has the feed change things and lets time pass, all from one seed. Beside it stands a witness that
knows only what was painted, and says of every act whether it is about what stood on the selected row at its first key.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import replace
from textual import events
from textual.geometry import Region, Size

from casework.model import Row
from tests.tui.sample_floor import MINUTE, NOW, SampleMirror, SampleSession, row
from tui.askarea import AskArea
from tui.floor import WorkFloor
from tui.keymap import Keymap
from tui.outbox import Entry
from tui.screens import floor as floor_module
from tui.screens.floor import FloorScreen
from tui.seen import FRESH_MS, NEVER
from tui.target import Target
from widgets.queue import Queue

LINES = 8
"""Of the queue; fewer than there are cases, so that the window moves."""
CASES = 14
MOVES = ("j", "k", "j", "k", "g", "G", "b", "B", "u", "1", "2", "3", "4", "0", "escape", "enter", "q", "z", "y", "c")
PHRASES = (
    "a",
    "c",
    "n",
    "e1",
    "e2",
    "e5",
    "s1",
    "p0",
    "p1",
    "p3",
    "d0",
    "d0",
    "m",
    "tm",
    "ol",
    "og",
    "oh",
    "U",
    "dd",
    "ez",
)
"""What is pressed; the feed may come between any two of these keys."""
OWNERS = (None, "ana", "bo", "cy")
STATES = ("NEW", "ACKED", "TRIAGED", "CONTAINED")


def _facts(row: Row) -> tuple[str | None, str, str]:
    return row.owner, row.state, row.severity


class LooseQueue(Queue):
    """The queue without a screen around it; what it last painted can be asked."""

    def __init__(self, rows: Callable[[], SampleMirror]) -> None:
        super().__init__()
        self._rows = rows
        self._lines: dict[int, Row] = {}
        """What stands on each line."""

    @property
    def stood(self) -> dict[str, Row]:
        """Each row as it was painted last."""
        return {row.case_id: row for row in self._lines.values()}

    @property
    def size(self) -> Size:
        return Size(80, LINES)

    def refresh(self, *regions: Region, **_: Any) -> LooseQueue:
        return self

    def repaint(self, lines: Iterable[int] | None = None) -> None:
        super().repaint(lines)
        top, page = self.window
        rows = self._rows().rows
        shown = self._ids[top : top + page]
        for y in range(1, LINES) if lines is None else lines:
            row = rows.get(shown[y - 1]) if y <= len(shown) else None
            if row is None:
                self._lines.pop(y, None)
            else:
                self._lines[y] = row

    @property
    def selected(self) -> tuple[str, int] | None:
        """The case and the version on the selected row, as they are painted."""
        row = None if self.cursor is None else self.stood.get(self.cursor)
        return None if row is None else (row.case_id, row.version)


class LooseAskArea(AskArea):
    def mount(self, *_: Any, **__: Any) -> Any:
        return None

    def _take_away(self, widget: object) -> None:
        pass


class Nothing:
    """Takes everything and is nothing."""

    def __getattr__(self, name: str) -> Nothing:
        return self

    def __call__(self, *_: object, **__: object) -> Nothing:
        return self

    def __bool__(self) -> bool:
        return False


NOTHING = Nothing()


class LooseView:
    """As much of the floor's widgets as its screen touches."""

    def __init__(self, queue: LooseQueue) -> None:
        self.queue = queue
        self.asking = LooseAskArea()
        self.opened: str | None = None
        self.timeline = False

    @property
    def selected(self) -> str | None:
        return self.queue.cursor

    def paint_rows(self, lines: range | None = None) -> None:
        self.queue.repaint(lines)

    def open(self, case_id: str) -> None:
        self.opened = case_id
        self.queue.select(case_id)

    def close(self) -> None:
        self.opened = None

    def __getattr__(self, name: str) -> Any:
        return NOTHING


class LooseFloor(FloorScreen):
    """The real screen, without an application."""

    works: list[asyncio.Task[Any]] = []

    @property
    def size(self) -> Size:
        return Size(80, 24)

    def _open(self, case_id: str, section: object) -> None:
        self.view.open(case_id)
        self.paint()

    def _spawn(self, work: Any) -> None:
        self.works = [each for each in self.works if not each.done()]
        self.works.append(asyncio.get_running_loop().create_task(work))

    def call_after_refresh(self, *_: Any, **__: Any) -> bool:
        return True

    def paint_first(self) -> None:
        pass

    def paint_now(self) -> None:
        pass

    def drained_at(self) -> float | None:
        return None

    def news_due(self) -> bool:
        return True

    def paint_news(self, *, whole: bool = True) -> None:
        pass

    def leave(self) -> None:
        pass

    def pane_is_open(self) -> bool:
        return False  # keys move the queue


@dataclass
class Witness:
    """What was painted when the keys of an act began, and when each case really changed."""

    first: tuple[str, int] | None = None
    changed_at: dict[str, float] = field(default_factory=dict)
    unseen: dict[str, float] = field(default_factory=dict)
    """When a case had changed before it did in a way that is not painted yet."""
    acts: int = 0
    hurtful: int = 0

    def judge(self, entry: Entry, now: float) -> None:
        """Raises `AssertionError` for an act that is about anything else than what stood there."""
        intent = entry.intent
        if intent.verb == "undo":
            return
        self.acts += 1
        about = (intent.case_id, intent.command.expected_version)
        assert about == self.first, f"{intent.title} went to {about}; on the selected row stood {self.first}"
        if intent.tier >= 2:
            self.hurtful += 1
            ago = now - self.changed_at.get(intent.case_id, NEVER)
            assert ago >= FRESH_MS, f"{intent.title} went to {intent.case_id}, which changed {ago:.0f} ms ago"


class Steered:
    """One run."""

    def __init__(self, seed: int, *, steps: int = 60, breaks: Callable[[FloorScreen], None] | None = None) -> None:
        self._random = random.Random(seed)
        self._steps = steps
        self._breaks = breaks
        self.witness = Witness()
        self.session = SampleSession(mirror=SampleMirror(self._case(at) for at in range(CASES)))
        self._number = CASES
        self._phrase: list[str] = []
        self.log: list[str] = []

    def _case(self, number: int) -> Row:
        severity = self._random.choice(("S0", "S1", "S2", "S2", "S3"))
        owner = self._random.choice(OWNERS)
        left_ms = self._random.randint(-5, 90) * MINUTE
        return row(number + 1, "DOX", severity, "Something", left_ms=left_ms, owner=owner)

    async def run(self) -> Witness:
        loop = asyncio.get_running_loop()

        def now() -> float:
            return loop.time() * 1_000

        floor_module.monotonic_ms, before = now, floor_module.monotonic_ms
        try:
            self.floor = self._floor()
            await self._play(now)
        finally:
            floor_module.monotonic_ms = before
        return self.witness

    def _floor(self) -> LooseFloor:
        model = WorkFloor(clock=floor_module.monotonic_ms)
        model.session = self.session
        floor = LooseFloor(model, Keymap())
        self.queue = LooseQueue(lambda: self.session.mirror)
        self.queue.source(model.ids, model.row, model.index, model.marks)
        floor.view = LooseView(self.queue)  # type: ignore[assignment]  # as much of it as a screen without widgets needs
        if self._breaks is not None:
            self._breaks(floor)
        return floor

    async def _play(self, now: Callable[[], float]) -> None:
        ticking = asyncio.create_task(self._tick())
        await asyncio.sleep(3)
        for _ in range(self._steps):
            what = self._random.random()
            if what < 0.25:
                await asyncio.sleep(self._random.choice((0.005, 0.05, 0.2, 0.5, 1.0)))
            elif what < 0.5:
                self._feed(now())
            else:
                self._press(now())
                await asyncio.sleep(self._random.uniform(0.02, 0.3))
        await asyncio.sleep(6)
        ticking.cancel()

    async def _tick(self) -> None:
        while True:
            self.session.clock.now = NOW + int(asyncio.get_running_loop().time() * 1_000)
            self.floor._tick()
            await asyncio.sleep(0.1)

    # --- what happens

    def _feed(self, now: float) -> None:
        """Something happens on the feed, mostly where it hurts."""
        mirror, rng = self.session.mirror, self._random
        what = rng.choice(("owner", "owner", "state", "severity", "order", "score", "retire", "arrive"))
        selected = self.queue.cursor
        if what == "arrive" or not mirror.rows:
            self._number += 1
            mirror.put(self._case(self._number))
        else:
            case_id = selected if selected in mirror.rows and rng.random() < 0.6 else rng.choice(sorted(mirror.rows))
            assert case_id is not None
            old = mirror.rows[case_id]
            if what == "retire":
                mirror.drop(case_id)
            else:
                new = self._changed(old, what)
                stood = self.queue.stood.get(case_id, old)
                if _facts(new) == _facts(stood):
                    # Back as it stands on the screen: nobody could have seen that it was away.
                    self.witness.changed_at[case_id] = self.witness.unseen.pop(case_id, NEVER)
                elif _facts(new) != _facts(old):
                    if _facts(old) == _facts(stood):
                        self.witness.unseen[case_id] = self.witness.changed_at.get(case_id, NEVER)
                    self.witness.changed_at[case_id] = now
                mirror.put(new)
        self.log.append(f"{now:7.0f} feed {what}")
        self.session.on_change()
        self.floor.feed_changed()

    def _changed(self, old: Row, what: str) -> Row:
        rng = self._random
        version = old.version + 1
        if what == "owner":
            return replace(old, version=version, owner=rng.choice(OWNERS))
        if what == "state":
            return replace(old, version=version, state=rng.choice(STATES))
        if what == "severity":
            severity = rng.choice(("S0", "S1", "S2", "S3"))
            return replace(old, version=version, severity=severity, band=int(severity[1]))
        if what == "score":
            return replace(old, version=version, score_tenths=rng.randint(1, 999))
        clocks = (replace(old.clocks[0], due_at=NOW + rng.randint(-5, 90) * MINUTE),)
        return replace(old, version=version, clocks=clocks)

    def _press(self, now: float) -> None:
        floor, asking = self.floor, self.floor.view.asking
        if floor.steering.prefix is None and asking.question is None:
            self.witness.first = self.queue.selected
        known = {entry.number for entry in floor.outbox.entries}
        for key in self._keys(asking):
            event = events.Key(key, key if len(key) == 1 else None)
            event.time = now / 1_000
            self.log.append(f"{now:7.0f} key {key} on {self.queue.selected}")
            floor.on_key(event)
        for entry in floor.outbox.entries:
            if entry.number not in known:
                self.log.append(f"        act {entry.intent.title} on {entry.intent.case_id}")
                self.witness.judge(entry, now)

    def _keys(self, asking: AskArea) -> list[str]:
        """The next key, or two: one of a phrase that was begun, an answer, or something new."""
        rng = self._random
        if asking.form is not None:
            return rng.choice((["x"], ["enter"], ["enter"], ["x", "enter"], ["x", "enter"], ["escape"]))
        if asking.card is not None:
            return [rng.choice(("y", "y", "y", "n", "enter", "j"))]
        if not self._phrase:
            self._phrase = list(rng.choice(PHRASES)) if rng.random() < 0.6 else [rng.choice(MOVES)]
        return [self._phrase.pop(0)]


def broken(floor: FloorScreen) -> None:
    """A steering that takes its target at the last key, as peers do: the control that must be caught."""
    fire = floor.steering.fire

    def late(bound: Any, target: Target, at: float, given: Any = None) -> None:
        fire(bound, floor.target(), at, given)

    floor.steering.fire = late  # type: ignore[method-assign]  # it is broken on purpose


def hasty(floor: FloorScreen) -> None:
    """A steering that never asks again."""
    floor.steering.unsure = lambda target, at: ""  # type: ignore[method-assign]  # it is broken on purpose
