"""What this person set going: held for five seconds, on its way, done, refused. The newest can be taken back.

No widgets. Times are ms of a monotonic clock. Losing the terminal cancels what is held; it never sends it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from casework.caseid import shown
from casework.commands import Command, Undo
from casework.tokens import Severity, Tier
from tui.port import Done

HOLD_MS: Final = 5_000
SETTLE_S: Final = 0.05
"""Nothing leaves sooner after its key: only then is it known that the key was not part of a paste."""
UNDO_MS: Final = 10_000
DONE_SHOWN_MS: Final = 10_000
SEEN_MS: Final = 1_000
"""A refusal that stands there for less may not have been read: a key that comes then was meant for something else."""
TOGETHER_MS: Final = 50
"""Acts that are put within this time are one act on several cases."""
KEPT: Final = 50

State = Literal["held", "sending", "done", "refused", "unknown", "canceled"]
Send = Callable[[str, Command], Awaitable[Done]]


class Intent(Struct, frozen=True):
    """One act of this person, bound to the case and version that were on the screen at its first key."""

    verb: str
    title: str
    case_id: str
    command: Command
    tier: Tier
    severity: Severity
    undoable: bool = False

    @property
    def held(self) -> bool:
        """Tier 2 waits, but an S0 or S1 is escalated at once."""
        return self.tier == 2 and not (self.verb == "escalate" and self.severity in ("S0", "S1"))


class Entry(Struct, frozen=True):
    """An intent and how far it got. `at` is when it got there."""

    number: int
    intent: Intent
    state: State
    at: float
    sentence: str = ""
    seq: int | None = None
    version: int | None = None
    undone: bool = False
    read: bool = False
    """A refusal stays in sight until it was seen: until a key comes that could not have been meant before."""
    put_at: float = 0.0
    """When it was put."""

    def left_ms(self, now: float) -> float:
        """How long it is still held."""
        return max(0.0, self.at + HOLD_MS - now)


@dataclass(slots=True)
class Outbox:
    """`send` gives a command to the session; `now` is ms of a monotonic clock; `changed` is told of every step."""

    send: Send
    now: Callable[[], float]
    changed: Callable[[], None]
    spawn: Callable[[Awaitable[None]], None]
    settle: Callable[[], Awaitable[None]] = lambda: asyncio.sleep(SETTLE_S)
    entries: list[Entry] = field(default_factory=list)
    _number: int = 0
    _settling: set[int] = field(default_factory=set)

    def put(self, intent: Intent) -> Entry:
        """Take an intent: it goes at once, or is held and can be canceled."""
        self._number += 1
        entry = Entry(self._number, intent, "held" if intent.held else "sending", self.now(), put_at=self.now())
        self.entries.append(entry)
        del self.entries[:-KEPT]
        if not intent.held:
            self._settling.add(entry.number)
            self.spawn(self._settle(entry))
        self.changed()
        return entry

    def tick(self) -> None:
        """Send what was held long enough."""
        now = self.now()
        for entry in self.entries:
            if entry.state == "held" and entry.left_ms(now) <= 0:
                self._set(replace(entry, state="sending", at=now))
                self.spawn(self._go(entry))

    def cancel_newest(self) -> Entry | None:
        """Cancel the newest held act; None if nothing is held."""
        for entry in reversed(self.entries):
            if entry.state == "held":
                canceled = replace(entry, state="canceled", at=self.now())
                self._set(canceled)
                return canceled
        return None

    def cancel_all(self) -> int:
        """Cancel everything that is held; how much it was."""
        count = 0
        while self.cancel_newest() is not None:
            count += 1
        return count

    def drop_unsettled(self) -> int:
        """Take back what the last keys put and what has not left yet: they were a paste. How much it was."""
        dropped = [entry for entry in self.entries if entry.number in self._settling]
        self._settling.clear()
        for entry in dropped:
            self._set(replace(entry, state="canceled", at=self.now()))
        return len(dropped)

    def undo_newest(self) -> Intent | None:
        """The undo of the newest act that can still be undone, or None; it counts as undone from now on."""
        entry = self._undoable()
        if entry is None or entry.seq is None or entry.version is None:
            return None
        self._set(replace(entry, undone=True))
        return Intent(
            verb="undo",
            title=f"undo {entry.intent.title}",
            case_id=entry.intent.case_id,
            command=Undo(expected_version=entry.version, seq=entry.seq),
            tier=1,
            severity=entry.intent.severity,
        )

    def undoable_at(self) -> float | None:
        """When the newest act that can still be undone was done."""
        entry = self._undoable()
        return None if entry is None else entry.at

    def _undoable(self) -> Entry | None:
        now = self.now()
        for entry in reversed(self.entries):
            if entry.state != "done" or entry.undone or now - entry.at > UNDO_MS:
                continue
            if entry.intent.undoable and entry.seq is not None and entry.version is not None:
                return entry
        return None

    def read_all(self) -> None:
        """A key was pressed: refusals that stood there long enough to be read were seen."""
        since = self.now() - SEEN_MS
        for entry in self.entries:
            if entry.state in ("refused", "unknown") and not entry.read and entry.at <= since:
                self._set(replace(entry, read=True))

    @property
    def unread(self) -> tuple[Entry, ...]:
        """Refusals that were not seen yet, the oldest first."""
        return tuple(entry for entry in self.entries if entry.state in ("refused", "unknown") and not entry.read)

    def company(self, entry: Entry) -> int:
        """How many acts were put together with `entry`, itself included."""
        return sum(1 for each in self.entries if abs(each.put_at - entry.put_at) <= TOGETHER_MS)

    @property
    def sending(self) -> set[str]:
        """Cases with something on its way."""
        return {entry.intent.case_id for entry in self.entries if entry.state == "sending"}

    @property
    def lately(self) -> set[str]:
        """Cases that this person did something on just now: what becomes of them is no surprise."""
        since = self.now() - UNDO_MS
        return self.sending | {entry.intent.case_id for entry in self.entries if entry.at >= since}

    @property
    def held(self) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.entries if entry.state == "held")

    async def _settle(self, entry: Entry) -> None:
        await self.settle()
        if entry.number in self._settling:
            self._settling.discard(entry.number)
            await self._go(entry)

    async def _go(self, entry: Entry) -> None:
        intent = entry.intent
        try:
            done = await self.send(intent.case_id, intent.command)
        except Exception as error:  # noqa: BLE001 - a fault of ours must be seen as a refusal, not end the console
            said = f"Not known whether {intent.title} was done: {type(error).__name__}. Look at the case."
            self._set(replace(entry, state="unknown", at=self.now(), sentence=said))
            return
        state: State = "done" if done.ok else "unknown" if done.unknown else "refused"
        self._set(
            replace(
                entry,
                state=state,
                at=self.now(),
                # Done without an event: it held already, and the feed's sentence says so.
                sentence="" if done.ok and done.events else done.sentence,
                seq=done.seq,
                version=done.version,
            )
        )

    def _set(self, entry: Entry) -> None:
        for at, held in enumerate(self.entries):
            if held.number == entry.number:
                self.entries[at] = entry
                break
        self.changed()


def said(entry: Entry, now: float) -> tuple[str, str] | None:
    """(sentence, tone) of an entry for the message line, or None when it has been said long enough."""
    name = f"{entry.intent.title.lower()} {shown(entry.intent.case_id)}"
    if entry.state == "held":
        seconds = -int(-entry.left_ms(now) // 1_000)
        return f"{name} in {seconds} s \u00b7 z cancels", "soon"
    if entry.state == "sending":
        return f"{name} \u2026 on its way", "quiet"
    if entry.state in ("refused", "unknown"):
        return None if entry.read else (entry.sentence, "late")
    if now - entry.at > DONE_SHOWN_MS:
        return None
    if entry.state == "done" and entry.sentence:
        return entry.sentence, "quiet"
    if entry.state == "canceled":
        return f"{name}: canceled, nothing was sent", "text"
    undo = ""
    if entry.intent.undoable and not entry.undone and now - entry.at < UNDO_MS:
        undo = f" \u00b7 z undoes, {-int(-(UNDO_MS - (now - entry.at)) // 1_000)} s"
    return f"{name} \u2713{undo}", "mine"
