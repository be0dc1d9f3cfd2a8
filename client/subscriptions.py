"""What this console follows over one connection, and the rule that nothing in between is ever missing.

`main` feeds the mirror, `case.<id>` one open case each. A frame that does not follow on what is held leads to a new
subscription from exactly there; frames of the old one that are still under way are passed over until the answer. A
snapshot that comes in broken is not repaired: the connection is given up (`broken`).

The log itself may have been rolled back or rewritten. The feed finds that out when a subscription resumes (`resync`
with `forked`); at a first connection, where there is nothing to resume, the remembered heads are held against it.
"""

from __future__ import annotations

from typing import Final, Literal

from client.casebook import OpenCase
from client.errors import Gap
from client.heads import Heads
from client.mirror import Mirror
from protocol import limits
from protocol.frames import (
    Asked,
    Cursor,
    Events,
    Filter,
    Heartbeat,
    Hello,
    Mark,
    Resync,
    SnapshotBegin,
    SnapshotChunk,
    SnapshotEnd,
    Subscribe,
    Unsubscribe,
)

MAIN: Final = "main"
PROBE: Final = "probe"
"""A subscription from a remembered head: only to hear whether the log still leads there."""
OPEN_CASES: Final = limits.SUBSCRIPTIONS - 4
"""Whole cases that are followed at once; the one asked for longest ago gives way."""
BEATS_BEHIND: Final = 3
"""Heartbeats in a row that name a seq which never came, before it counts as missing."""
TRIES: Final = 3
"""Subscriptions in a row that did not help, before the connection is given up."""
WIPED_BY: Final = frozenset({"forked", "epoch", "audience"})
"""Reasons of a resync after which nothing that is held may stay: another log, or other eyes."""

State = Literal["idle", "asked", "snapshot", "live"]
OnSub = Events | Mark | SnapshotBegin | SnapshotChunk | SnapshotEnd | Resync


class Subscriptions:
    """Times are ms UTC of the feed (`at`) or ms of a monotonic clock (`now`)."""

    def __init__(self, mirror: Mirror, heads: Heads | None = None) -> None:
        self.mirror = mirror
        self.cases: dict[str, OpenCase] = {}
        self.outbox: list[Asked] = []
        self.gaps = 0
        self.forked = ""
        """Why the log is not the one that was seen before; empty when it is, or when a person acknowledged it."""
        self.broken: str | None = None
        """Why only a new connection will help."""
        self.detail = ""
        self._heads = heads
        self._states: dict[str, State] = {}
        self._connected = False
        self._tries = 0
        self._behind: tuple[int, int] = (0, 0)  # the cursor at the last heartbeat that was ahead of it, how many
        self._waited: dict[str, int] = {}
        """By subscription: heartbeats since something was asked or came in on it."""
        self._probe: Cursor | None = None

    @property
    def live(self) -> bool:
        """Whether the mirror follows the log."""
        return self._states.get(MAIN) == "live"

    # --- what the person wants

    def open(self, case_id: str) -> OpenCase:
        """Follow one whole case."""
        held = self.cases.pop(case_id, None)
        if held is not None:
            self.cases[case_id] = held  # the newest stands last
            return held
        while len(self.cases) >= OPEN_CASES:
            self.shut(next(iter(self.cases)))
        opened = self.cases[case_id] = OpenCase(case_id)
        if self._connected:
            self._subscribe_case(opened)
        return opened

    def shut(self, case_id: str) -> None:
        """Follow it no longer."""
        held = self.cases.pop(case_id, None)
        if held is not None and self._states.pop(held.sub, None) is not None:
            self.outbox.append(Unsubscribe(sub=held.sub))

    def acknowledge_fork(self, at: int) -> None:
        """A person has seen that the log is not the one it was, and goes on with it."""
        if not self.forked:
            return
        self.forked = ""
        mirror = self.mirror
        if self._heads is not None and mirror.complete:
            self._heads.acknowledge(epoch=mirror.epoch, seq=mirror.cursor, head_hash=mirror.head_hash, at=at)

    # --- the connection

    def connected(self, hello: Hello) -> None:
        """Subscribe to everything that is wanted, from where each stands."""
        self._connected = True
        self.broken = None
        self.detail = ""
        self._tries = 0
        self._behind = (0, 0)
        self._waited.clear()
        self._compare(hello)
        self._subscribe_main()
        for case in self.cases.values():
            self._subscribe_case(case)

    def lost(self) -> None:
        """The connection is gone; what is held stays."""
        self._connected = False
        self._states.clear()
        self.outbox.clear()
        self._probe = None

    def received(self, frame: OnSub) -> None:
        """A frame of a subscription. Never raises: what does not follow is asked for again."""
        self._waited[frame.sub] = 0
        if frame.sub == MAIN:
            self._on_main(frame)
        elif frame.sub == PROBE:
            self._on_probe(frame)
        else:
            held = next((case for case in self.cases.values() if case.sub == frame.sub), None)
            if held is not None:
                self._on_case(held, frame)

    def beat(self, beat: Heartbeat, *, in_time: bool = True) -> None:
        """A heartbeat says how far the log was published: what never comes is missed by this.

        One that is not `in_time` was held up on a slow line and came in right behind another: it says nothing of how
        long anything was waited for.
        """
        mirror = self.mirror
        if in_time:
            self._miss_answers()
        if self._states.get(MAIN) not in ("live", "asked") or not mirror.complete:
            return
        if beat.seq == mirror.cursor and beat.head_hash == mirror.head_hash:
            self._behind = (0, 0)
            self._now_live()
            return
        # Frames of one connection come in order, so a heartbeat may run ahead of them only while they flow.
        cursor, beats = self._behind
        beats = beats + in_time if cursor == mirror.cursor else 1
        self._behind = (mirror.cursor, beats)
        if beats >= BEATS_BEHIND or beat.seq == mirror.cursor:
            self._behind = (0, 0)
            self._missing(Gap(cursor=mirror.cursor, prev=beat.seq, what="a heartbeat"))

    def _miss_answers(self) -> None:
        """An answer that does not come, or breaks off, may have been a frame that could not be read."""
        for sub in [sub for sub, state in self._states.items() if state in ("asked", "snapshot")]:
            beats = self._waited[sub] = self._waited.get(sub, 0) + 1
            if beats < BEATS_BEHIND:
                continue
            if sub == PROBE:
                del self._states[sub]
                self.outbox.append(Unsubscribe(sub=sub))
            elif sub == MAIN:
                if not self.mirror.complete:
                    self._missing(Gap(cursor=self.mirror.cursor, prev=0, what="a snapshot that does not come"))
            else:
                case = next(case for case in self.cases.values() if case.sub == sub)
                case.unanswered += 1
                if case.unanswered < TRIES:
                    self._subscribe_case(case, again=True)
                else:
                    self._states[sub] = "idle"  # it left the floor; HTTP still knows it
        for case in self.cases.values():
            row = self.mirror.rows.get(case.case_id)
            if self._states.get(case.sub) != "live" or row is None or case.case is None:
                continue
            beats = self._waited[case.sub] = self._waited.get(case.sub, 0) + 1
            if row.version <= case.case.version:
                self._waited[case.sub] = 0
            elif beats >= BEATS_BEHIND:
                self.gaps += 1
                case.lost()
                self._subscribe_case(case, again=True)

    def remember(self, *, at: int, now: float) -> None:
        """Note the head that was reached, now and then. Not of a log that is in doubt: that would be forgetting why."""
        mirror = self.mirror
        doubted = self.forked or PROBE in self._states
        if self._heads is not None and self.live and not doubted:
            self._heads.told(epoch=mirror.epoch, seq=mirror.cursor, head_hash=mirror.head_hash, at=at, now=now)

    # --- main

    def _on_main(self, frame: OnSub) -> None:
        mirror = self.mirror
        state = self._states.get(MAIN, "idle")
        try:
            match frame:
                case Resync():
                    self._resync(frame)
                case SnapshotBegin() if state != "idle":
                    if mirror.epoch and frame.epoch != mirror.epoch:
                        self._forget()
                    mirror.begin(frame)
                    self._states[MAIN] = "snapshot"
                case SnapshotChunk() if state == "snapshot":
                    mirror.chunk(frame)
                case SnapshotEnd() if state == "snapshot":
                    mirror.end(frame)
                    self._now_live()
                case Events() | Mark() if state in ("live", "asked"):
                    if state == "asked" and (not mirror.complete or frame.prev != mirror.cursor):
                        return  # still from the subscription before: what it lacks was asked for
                    if isinstance(frame, Events):
                        mirror.apply(frame)
                    else:
                        mirror.mark(frame)
                    self._now_live()
                case _ if state == "snapshot":
                    raise Gap(cursor=mirror.cursor, prev=mirror.cursor, what="a frame in the middle of a snapshot")
                case SnapshotChunk() | SnapshotEnd() if state == "live":
                    raise Gap(cursor=mirror.cursor, prev=mirror.cursor, what="a part of a snapshot without its start")
                case _:
                    return
        except Gap as gap:
            self._missing(gap)

    def _resync(self, frame: Resync) -> None:
        """The feed starts anew, and says why; a snapshot follows."""
        self._states[MAIN] = "asked"
        if frame.reason == "forked":
            self._fork("the log was rolled back or rewritten since this console last saw it")
        if frame.reason in WIPED_BY:
            self._forget()
        if frame.reason == "audience":
            for case in self.cases.values():
                self._subscribe_case(case, again=True)

    def _forget(self) -> None:
        self.mirror.clear()
        for case in self.cases.values():
            case.forget()

    def _missing(self, gap: Gap) -> None:
        """Ask for what is missing from where the mirror stands; a broken snapshot needs a new connection."""
        self.gaps += 1
        self._tries += 1
        self.detail = str(gap)
        if self._tries > TRIES or not self.mirror.complete:
            self._states[MAIN] = "idle"
            self.broken = str(gap)
            return
        self.outbox.append(Unsubscribe(sub=MAIN))
        self._subscribe_main()

    def _now_live(self) -> None:
        if self.live:
            return
        self._states[MAIN] = "live"
        self.detail = ""
        self._tries = 0
        self._ask_probe()

    def _subscribe_main(self) -> None:
        self._states[MAIN] = "asked"
        self._waited[MAIN] = 0
        self.outbox.append(Subscribe(sub=MAIN, filter=Filter(all=True), from_=self.mirror.resume_point()))

    # --- one case

    def _on_case(self, held: OpenCase, frame: OnSub) -> None:
        state = self._states.get(held.sub, "idle")
        try:
            match frame:
                case Resync():
                    if frame.reason in WIPED_BY:
                        held.forget()
                    else:
                        held.lost()
                    self._states[held.sub] = "asked"
                case SnapshotBegin() if state != "idle":
                    held.begin(frame)
                    self._states[held.sub] = "snapshot"
                case SnapshotChunk() if state == "snapshot":
                    held.chunk(frame)
                case SnapshotEnd() if state == "snapshot":
                    held.end(frame)
                    held.unanswered = 0
                    self._states[held.sub] = "live"
                case Events() | Mark() if state == "live" or (state == "asked" and held.complete):
                    if isinstance(frame, Events):
                        held.apply(frame)
                    else:
                        held.mark(frame)
                    self._states[held.sub] = "live"
                case _:
                    return
        except Gap:
            self.gaps += 1
            held.lost()
            self._subscribe_case(held, again=True)

    def _subscribe_case(self, case: OpenCase, *, again: bool = False) -> None:
        if again and case.sub in self._states:
            self.outbox.append(Unsubscribe(sub=case.sub))
        self._states[case.sub] = "asked"
        self._waited[case.sub] = 0
        self.outbox.append(Subscribe(sub=case.sub, filter=Filter(case_id=case.case_id), from_=case.resume_point()))

    # --- is it the log that was seen before?

    def _compare(self, hello: Hello) -> None:
        last = self._heads.latest() if self._heads is not None else None
        if self._heads is None or last is None or last.epoch != hello.epoch:
            return
        if hello.head < last.seq:
            self._fork(f"the log ends at {hello.head}, and this console has seen it at {last.seq}")
        elif self.mirror.resume_point() is None:
            self._probe = self._heads.probe()

    def _ask_probe(self) -> None:
        probe, self._probe = self._probe, None
        if probe is None or probe.epoch != self.mirror.epoch:
            return
        if probe.seq == self.mirror.cursor:
            if probe.head_hash != self.mirror.head_hash:
                self._fork("the log was rewritten since this console last saw it")
            return
        self._states[PROBE] = "asked"
        self.outbox.append(Subscribe(sub=PROBE, filter=Filter(all=True), from_=probe))

    def _on_probe(self, frame: OnSub) -> None:
        if self._states.pop(PROBE, None) is None:
            return
        self.outbox.append(Unsubscribe(sub=PROBE))
        if isinstance(frame, Resync) and frame.reason == "forked":
            self._fork("the log was rewritten since this console last saw it")

    def _fork(self, why: str) -> None:
        self.forked = why
        self._probe = None
