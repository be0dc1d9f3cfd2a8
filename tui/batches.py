"""What was done on many cases at once: sent as one, answered each for itself, taken back as one.

No widgets. Times are ms of a monotonic clock. A refused item stays in the list until it was seen.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from casework.commands import Command, Undo
from tui.outbox import SETTLE_S, UNDO_MS, Entry, Intent, Outbox
from tui.port import Done

SHOWN_MS: Final = 10_000
KEPT: Final = 5

State = Literal["sending", "done", "refused", "unknown", "left out", "canceled"]
SendMany = Callable[[Sequence[tuple[str, Command]]], Awaitable[Sequence[Done]]]


class Item(Struct, frozen=True):
    """One case of a batch and how it ended; `sentence` says why where it was not done."""

    case_id: str
    state: State
    sentence: str = ""
    seq: int | None = None
    version: int | None = None
    intent: Intent | None = None
    """None if it was left out from the start."""


class Batch(Struct, frozen=True):
    """Many items under one title. `at` is when it got to where it is."""

    number: int
    title: str
    preview: str
    items: tuple[Item, ...]
    at: float
    sending: bool = True
    undone: bool = False
    seen: bool = False

    def count(self, state: State) -> int:
        return sum(1 for item in self.items if item.state == state)

    @property
    def open(self) -> tuple[Item, ...]:
        """What was not done and has to be seen."""
        return tuple(item for item in self.items if item.state in ("refused", "unknown", "left out"))

    @property
    def undoable(self) -> tuple[Item, ...]:
        """What can be taken back."""
        return tuple(
            item
            for item in self.items
            if item.state == "done" and item.intent is not None and item.intent.undoable and item.seq and item.version
        )


@dataclass(slots=True)
class Batches:
    """`send` gives a batch to the session; `now` is ms of a monotonic clock; `changed` is told of every step."""

    send: SendMany
    now: Callable[[], float]
    changed: Callable[[], None]
    spawn: Callable[[Awaitable[None]], None]
    settle: Callable[[], Awaitable[None]] = lambda: asyncio.sleep(SETTLE_S)
    batches: list[Batch] = field(default_factory=list)
    _number: int = 0
    _settling: set[int] = field(default_factory=set)

    @classmethod
    def over(cls, outbox: Outbox) -> Batches:
        """Batches that go one by one, the way the outbox sends."""

        async def send(items: Sequence[tuple[str, Command]]) -> Sequence[Done]:
            return [await outbox.send(case_id, command) for case_id, command in items]

        return cls(send, outbox.now, outbox.changed, outbox.spawn, outbox.settle)

    def put(self, title: str, preview: str, intents: Sequence[Intent], left_out: Sequence[Item] = ()) -> Batch:
        """Take intents that belong together; they leave once it is known that no paste put them."""
        self._number += 1
        items = (*(Item(each.case_id, "sending", intent=each) for each in intents), *left_out)
        batch = Batch(self._number, title, preview, items, self.now())
        self.batches.append(batch)
        del self.batches[:-KEPT]
        self._settling.add(batch.number)
        self.spawn(self._go(batch))
        self.changed()
        return batch

    def undoable_at(self) -> float | None:
        """When the newest batch that can still be taken back was done."""
        batch = self._undoable()
        return None if batch is None else batch.at

    def undo_newest(self) -> bool:
        """Take back all that was done by the newest batch; whether there is one."""
        batch = self._undoable()
        if batch is None:
            return False
        self._set(replace(batch, undone=True))
        intents = []
        for item in batch.undoable:
            assert item.intent is not None
            assert item.seq is not None
            assert item.version is not None
            command = Undo(expected_version=item.version, seq=item.seq)
            intents.append(replace(item.intent, verb="undo", title="undo", command=command, undoable=False))
        self.put(f"undo {batch.title}", "", intents)
        return True

    def drop_unsettled(self) -> int:
        """Take back what has not left yet; how many batches it was."""
        dropped = [batch for batch in self.batches if batch.number in self._settling]
        self._settling.clear()
        for batch in dropped:
            items = tuple(replace(item, state="canceled") for item in batch.items)
            self._set(replace(batch, items=items, sending=False, at=self.now()))
        return len(dropped)

    def see_all(self) -> bool:
        """What was refused was seen; whether there was anything."""
        unseen = [batch for batch in self.batches if batch.open and not batch.sending and not batch.seen]
        for batch in unseen:
            self._set(replace(batch, seen=True))
        return bool(unseen)

    @property
    def unseen(self) -> tuple[Item, ...]:
        """What was not done and was not seen yet, the newest batch first."""
        shown = [batch for batch in reversed(self.batches) if not batch.sending and not batch.seen]
        return tuple(item for batch in shown for item in batch.open)

    @property
    def sending(self) -> set[str]:
        """Cases with something on its way."""
        return {item.case_id for batch in self.batches for item in batch.items if item.state == "sending"}

    @property
    def lately(self) -> set[str]:
        """Cases that something was done on just now."""
        since = self.now() - UNDO_MS
        return {item.case_id for batch in self.batches if batch.sending or batch.at >= since for item in batch.items}

    def entries(self) -> tuple[Entry, ...]:
        """What was done on each case, as the list of messages has it, the oldest first."""
        return tuple(
            Entry(batch.number, item.intent, item.state, batch.at, item.sentence, undone=batch.undone, read=True)
            for batch in self.batches
            for item in batch.items
            if item.intent is not None and item.state != "left out"
        )

    def said(self) -> tuple[float, str, str] | None:
        """(when, sentence, tone) of the newest batch for the message line, or None when it has been said."""
        if not self.batches:
            return None
        batch, now = self.batches[-1], self.now()
        if batch.sending:
            return batch.at, f"{batch.preview or batch.title} \u2026 on its way", "quiet"
        if now - batch.at > SHOWN_MS and (batch.seen or not batch.open):
            return None
        return batch.at, *_summary(batch, now)

    def _undoable(self) -> Batch | None:
        since = self.now() - UNDO_MS
        return next((b for b in reversed(self.batches) if not b.undone and b.at >= since and b.undoable), None)

    async def _go(self, batch: Batch) -> None:
        await self.settle()
        if batch.number not in self._settling:
            return
        self._settling.discard(batch.number)
        going = [item for item in batch.items if item.intent is not None]
        try:
            done = await self.send([(item.case_id, item.intent.command) for item in going if item.intent is not None])
            ended = [_ended(item, each) for item, each in zip(going, done, strict=True)]
        except Exception as error:  # noqa: BLE001 - a fault of ours must be seen as one, not end the console
            said = f"Not known whether it was done: {type(error).__name__}. Look at the case."
            ended = [replace(item, state="unknown", sentence=said) for item in going]
        left_out = tuple(item for item in batch.items if item.intent is None)
        self._set(replace(batch, items=(*ended, *left_out), sending=False, at=self.now()))

    def _set(self, batch: Batch) -> None:
        self.batches[:] = [batch if held.number == batch.number else held for held in self.batches]
        self.changed()


def _ended(item: Item, done: Done) -> Item:
    if done.ok:
        # Without an event it held already: there is nothing to take back.
        return replace(item, state="done", seq=done.seq if done.events else None, version=done.version)
    return replace(item, state="unknown" if done.unknown else "refused", sentence=done.sentence)


def _summary(batch: Batch, now: float) -> tuple[str, str]:
    """What became of a batch in one line: `claim: 8 done · 2 refused · z undoes 8, 7 s`."""
    parts = [f"{batch.count('done')} done"] if batch.count("done") else []
    for state, word in (("refused", "refused"), ("unknown", "not known"), ("left out", "left out")):
        if count := batch.count(state):  # type: ignore[arg-type]  # the tokens of State, spelled out
            parts.append(f"{count} {word}")
    if not parts:
        return f"{batch.title}: canceled, nothing was sent", "text"
    left = UNDO_MS - (now - batch.at)
    if batch.undoable and not batch.undone and left > 0:
        parts.append(f"z undoes {len(batch.undoable)}, {-int(-left // 1_000)} s")
    missed = batch.count("refused") or batch.count("unknown")
    said = " \u00b7 ".join(parts)
    return f"{batch.title}: {said}", "soon" if missed else "mine"
