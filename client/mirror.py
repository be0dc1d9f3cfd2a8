"""The floor as the feed last told it: every case that this person may see, as a row, in queue order.

No sockets and no clock. The link hands in frames; the mirror folds them and says which cases changed. Three rules make
a silent gap impossible: a frame has to follow on the one before (`prev == cursor`), an event has to be the next
version of its case, and a snapshot has to hold as many cases as it announced. Whatever breaks one raises `Gap`.

A case that this console cannot fold (an event type it does not know, data it cannot read) keeps its last row, is
named in `newer`, and is asked for again whole (`take_refetch`); tiers 3 and 4 are locked on it. Until the answer is
in, it also stands in `behind`: what is shown of it is known to be old.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, overload

from msgspec import Raw

from casework.facts import CaseOpened, CaseStub, UnknownFact
from casework.model import Case, Row
from casework.rows import evolve_row, row_of
from client.errors import Gap
from client.keptrows import KeptRows
from protocol import shapes
from protocol.codec import Malformed
from protocol.frames import Cursor, Events, Mark, SnapshotBegin, SnapshotChunk, SnapshotEnd, WireEvent

NO_HASH: Final = "0" * 64
"""The head hash of an empty log."""


_CASE: Final = re.compile(r"C-[0-9A-HJKMNP-TV-Z]{8}")


def is_case(case_id: str) -> bool:
    """Whether this is a case id in its stored form. Ids go into addresses and commands: nothing else gets in here."""
    return _CASE.fullmatch(case_id) is not None


class QueueIds(Sequence[str]):
    """The case ids in queue order: a live view, O(log n) by index."""

    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        queue = self._mirror.rows.queue
        if isinstance(index, slice):
            return [standing.case_id for standing in queue[index]]
        return queue[index].case_id

    def __len__(self) -> int:
        return len(self._mirror.rows)

    def __iter__(self) -> Iterator[str]:
        return (standing.case_id for standing in self._mirror.rows.queue)


class _Staging:
    """A snapshot on its way. While an older picture is shown its rows are kept aside, else they are the mirror's.

    `left` are the cases of the older picture that it did not name so far.
    """

    def __init__(self, begin: SnapshotBegin, held: KeptRows) -> None:
        self.begin = begin
        self.aside = bool(held)
        self.rows = KeptRows(held.packing) if self.aside else held
        self.left = set(held)
        self.changed: set[str] = set()
        self.announced: set[str] = set()
        """Cases that came and were there when it began."""
        self.unreadable = 0


class Mirror:
    """Rows by case id, their order, and how far into the log they reach.

    `cursor` and `head_hash` belong to the last frame that was folded; `complete` says that a whole snapshot stands
    behind them. `revision` grows with every change. `rows` is for reading only.
    """

    def __init__(self) -> None:
        self.rows = KeptRows()
        self.epoch = ""
        self.audience: str | None = None
        """Whose eyes the rows are for, in the feed's words; None if it did not say."""
        self.cursor = 0
        self.head_hash = NO_HASH
        self.complete = False
        self.revision = 0
        self.newer: set[str] = set()
        """Cases on which something happened that this console does not know."""
        self.behind: dict[str, int] = {}
        """Cases whose row is older than the feed: the version that it should have at least."""
        self.unreadable = 0
        """Cases of the last snapshot that could not be decoded and are therefore not in `rows`."""
        self._dirty: set[str] = set()
        self._refetch: set[str] = set()
        self._staging: _Staging | None = None

    # --- reading

    def ids(self) -> QueueIds:
        """Case ids in queue order, as a live view."""
        return QueueIds(self)

    def index(self, case_id: str) -> int:
        """The place of a case in the queue, from 0. Raises `KeyError` if it is not in the mirror."""
        standing = self.rows.standing(case_id)
        if standing is None:
            raise KeyError(case_id)
        return int(self.rows.queue.index(standing))

    def take_dirty(self) -> set[str]:
        """The cases that changed, came or went since this was last asked."""
        dirty, self._dirty = self._dirty, set()
        return dirty

    def take_refetch(self) -> set[str]:
        """The cases that have to be asked for again, whole, over HTTP (`replace` takes the answer)."""
        refetch, self._refetch = self._refetch, set()
        return refetch

    @property
    def loading(self) -> bool:
        """Whether a snapshot is on its way."""
        return self._staging is not None

    def resume_point(self) -> Cursor | None:
        """Where to go on from after a lost connection; None if only a snapshot will do."""
        if not self.complete or not self.epoch:
            return None
        return Cursor(epoch=self.epoch, seq=self.cursor, head_hash=self.head_hash, audience=self.audience)

    # --- the snapshot

    def load(self, rows: Iterable[Row], epoch: str, seq: int, head_hash: str) -> None:
        """Put `rows` in place of everything held, as they stand at `seq`."""
        self._staging = None
        held = KeptRows(self.rows.packing)
        for row in rows:
            held.put(row)
            if self.rows.get(row.case_id) != row:
                self._dirty.add(row.case_id)
        self._swap(held, self.rows.keys() - held.keys())
        self.audience = None
        self._at(epoch, seq, head_hash)

    def clear(self) -> None:
        """Forget everything: the log is another one, or this person may see other things than before."""
        self._staging = None
        self._swap(KeptRows(self.rows.packing), self.rows)
        self.newer.clear()
        self.behind.clear()
        self.unreadable = 0
        self._refetch.clear()
        self.complete = False
        self.epoch = ""
        self.audience = None
        self.cursor = 0
        self.head_hash = NO_HASH

    def begin(self, frame: SnapshotBegin) -> None:
        """A snapshot starts. With an empty mirror its first rows can be used at once; else the old ones stay till its
        end."""
        self._staging = _Staging(frame, self.rows)
        self.complete = False
        self.revision += 1

    def chunk(self, frame: SnapshotChunk) -> None:
        """A page of rows, most urgent first. Raises `Gap` if no snapshot was begun."""
        staging = self._staging
        if staging is None:
            raise Gap(cursor=self.cursor, prev=self.cursor, what="a page of a snapshot that was not begun")
        for raw in frame.cases:
            row = _readable(raw)
            if row is None or not self._stage(staging, row):
                staging.unreadable += 1
        self.revision += 1

    def _stage(self, staging: _Staging, row: Row) -> bool:
        """Take in a row of a snapshot; False if it has no place in the queue."""
        case_id = row.case_id
        held = staging.rows.get(case_id)
        if held is None or held.version < row.version:
            # All that can be done by the page is done now: the end of a snapshot must not hold up a key press.
            try:
                if not staging.aside:
                    self._put(row)
                elif held is None and self.rows.get(case_id) == row:
                    staging.rows.take_over(case_id, self.rows)
                else:
                    staging.rows.put(row)
                    staging.changed.add(case_id)
            except ValueError:
                return False
        staging.left.discard(case_id)
        if row.opened_seq <= staging.begin.seq:
            staging.announced.add(case_id)
        return True

    def end(self, frame: SnapshotEnd) -> None:
        """The snapshot is whole. Raises `Gap` if cases are missing; then the picture is not complete."""
        staging, self._staging = self._staging, None
        if staging is None:
            raise Gap(cursor=self.cursor, prev=frame.seq, what="the end of a snapshot that was not begun")
        # Cases that arrived while it was sent come on top of those that were announced.
        count = len(staging.announced) + staging.unreadable
        if count < staging.begin.count or frame.seq < staging.begin.seq:
            raise Gap(
                cursor=self.cursor, prev=frame.seq, what=f"a snapshot with {count} of {staging.begin.count} cases"
            )
        if staging.aside:
            self._dirty |= staging.changed
            self._swap(staging.rows, staging.left)
        self.newer.intersection_update(self.rows.keys())
        self.behind = {case_id: version for case_id, version in self.behind.items() if self._lacks(case_id, version)}
        self.unreadable = staging.unreadable
        self.audience = staging.begin.audience
        self._at(staging.begin.epoch, frame.seq, frame.head_hash)

    # --- what happened since

    def apply(self, frame: Events) -> None:
        """Fold a frame of events. A frame that is already held changes nothing.

        Raises `Gap` if it does not follow on `cursor`; nothing of it is folded then.
        """
        if not self._follows(frame.prev, frame.seq, "events"):
            return
        events = frame.events
        last = frame.prev
        for wire in events:
            if not last < wire.seq <= frame.seq:
                raise Gap(cursor=self.cursor, prev=last, what=f"an event {wire.seq} out of its place")
            last = wire.seq
        for wire in events:
            self._fold(wire)
        self.cursor, self.head_hash = frame.seq, frame.head_hash
        self.revision += 1

    def mark(self, frame: Mark) -> None:
        """Nothing for this person up to `frame.seq`. Raises `Gap` like `apply`."""
        if self._follows(frame.prev, frame.seq, "a mark"):
            self.cursor, self.head_hash = frame.seq, frame.head_hash
            self.revision += 1

    def replace(self, case: Case | Row) -> None:
        """A case as HTTP answered it; older than what is held, it changes nothing."""
        row = case if isinstance(case, Row) else row_of(case)
        held = self.rows.get(row.case_id)
        if held is None or row.version >= held.version:
            self._put(row)
            if not self._lacks(row.case_id, self.behind.get(row.case_id, 0)):
                self.behind.pop(row.case_id, None)
            self.revision += 1

    def retire(self, case_id: str) -> None:
        """Take a case out; unknown ones are nothing to do."""
        self.behind.pop(case_id, None)
        self.newer.discard(case_id)
        if case_id not in self.rows:
            return
        self.rows.drop(case_id)
        self._dirty.add(case_id)
        self.revision += 1

    # --- inside

    def _follows(self, prev: int, seq: int, what: str) -> bool:
        """Whether to fold it: False for what is already held. Raises `Gap`."""
        if not self.complete:
            raise Gap(cursor=self.cursor, prev=prev, what=f"{what} without a whole snapshot")
        if seq < prev:
            raise Gap(cursor=self.cursor, prev=prev, what=f"{what} that ends before it begins")
        if prev == self.cursor:
            return True
        if seq <= self.cursor:
            return False
        raise Gap(cursor=self.cursor, prev=prev, what=what)

    def _fold(self, wire: WireEvent) -> None:
        held = self.rows.get(wire.case_id)
        if held is not None and wire.version <= held.version:
            return  # a refetched case was ahead of the feed
        if held is None and not is_case(wire.case_id):
            return  # the record of refusals, which auditors are sent: no case, no row
        try:
            event = shapes.event_in(wire)
            if isinstance(event.fact, UnknownFact):
                self._cannot_fold(wire)
                return
            whole = isinstance(event.fact, CaseOpened | CaseStub)
            if not whole and (held is None or wire.version != held.version + 1):
                # It left this mirror (a retired case is reopened), or what came before could not be folded.
                self._ask_again(wire)
                return
            row = evolve_row(held, event)
        except Exception:  # noqa: BLE001 - one case that cannot be folded must not take the floor down
            self._cannot_fold(wire)
            return
        if row is None:
            self.retire(event.case_id)
        else:
            self._put(row)
            self.behind.pop(event.case_id, None)

    def _cannot_fold(self, wire: WireEvent) -> None:
        self.newer.add(wire.case_id)
        self._ask_again(wire)

    def _ask_again(self, wire: WireEvent) -> None:
        self._refetch.add(wire.case_id)
        self._dirty.add(wire.case_id)
        self.behind[wire.case_id] = wire.version

    def _lacks(self, case_id: str, version: int) -> bool:
        row = self.rows.get(case_id)
        return row is None or row.version < version

    def _put(self, row: Row) -> None:
        case_id = row.case_id
        self.rows.put(row)
        self._dirty.add(case_id)
        if self._staging is not None and self._staging.aside:
            self._staging.changed.add(case_id)  # the snapshot on its way was compared with what stood here before

    def _swap(self, rows: KeptRows, left: Iterable[str]) -> None:
        """Replace all rows; `left` names those that are not among the new ones."""
        self._dirty.update(left)
        self.rows = rows
        self.revision += 1

    def _at(self, epoch: str, seq: int, head_hash: str) -> None:
        self.epoch, self.cursor, self.head_hash = epoch, seq, head_hash
        self.complete = True
        self.revision += 1


def _readable(raw: Raw) -> Row | None:
    """The row that was sent, or None if this console cannot read it (a token it does not know)."""
    try:
        row = shapes.row_in(raw)
    except Malformed:
        return None
    return row if is_case(row.case_id) else None
