"""The whole cases that are open at this console, each fed by a subscription of its own.

Same rules as the mirror: a frame follows on the one before, an event is the next version. A case that cannot be
folded further is asked for again; until then what is shown of it is the last that was understood.
"""

from __future__ import annotations

import msgspec

from casework.events import Event
from casework.evolve import evolve
from casework.facts import CaseRetired, CaseStub, UnknownFact
from casework.model import Case
from client.errors import Gap
from client.history import History
from protocol import shapes
from protocol.codec import Malformed
from protocol.frames import Cursor, Events, Mark, SnapshotBegin, SnapshotChunk, SnapshotEnd


class OpenCase:
    """One open case: as it stands at `cursor` of `epoch`, None as long as nothing came in."""

    def __init__(self, case_id: str) -> None:
        self.case_id = case_id
        self.case: Case | None = None
        self.complete = False
        self.newer = False
        """Something happened on it that this console does not know."""
        self.unanswered = 0
        """Subscriptions in a row that nothing came of."""
        self.history = History()
        self._epoch = ""
        self._cursor = 0
        self._head_hash = ""
        self._staged: Case | None = None
        self._begun: SnapshotBegin | None = None

    @property
    def sub(self) -> str:
        """The name of its subscription."""
        return f"case.{self.case_id}"

    def resume_point(self) -> Cursor | None:
        """Where to go on from; None if only the whole case will do."""
        if not self.complete:
            return None
        return Cursor(epoch=self._epoch, seq=self._cursor, head_hash=self._head_hash)

    def begin(self, frame: SnapshotBegin) -> None:
        self._begun, self._staged, self.complete = frame, None, False
        self.history.missed()

    def chunk(self, frame: SnapshotChunk) -> None:
        """Raises `Gap` if no snapshot was begun or the case cannot be read."""
        if self._begun is None or len(frame.cases) > 1:
            raise Gap(cursor=self._cursor, prev=self._cursor, what=f"a page that is not the case {self.case_id}")
        for raw in frame.cases:
            try:
                self._staged = shapes.case_in(raw)
            except Malformed:
                self.newer = True

    def end(self, frame: SnapshotEnd) -> None:
        """Raises `Gap` if the case did not come."""
        begun, self._begun = self._begun, None
        if begun is None:
            raise Gap(cursor=self._cursor, prev=frame.seq, what="the end of a snapshot that was not begun")
        if self._staged is not None:
            self.case, self._staged = self._staged, None
        elif begun.count and not self.newer:
            raise Gap(cursor=self._cursor, prev=frame.seq, what=f"a snapshot without the case {self.case_id}")
        self._epoch, self._cursor, self._head_hash = begun.epoch, frame.seq, frame.head_hash
        self.complete = True

    def apply(self, frame: Events) -> None:
        """Fold a frame of events. Raises `Gap` if one is missing or cannot be folded: the case has to come anew."""
        if not self._follows(frame.prev, frame.seq):
            return
        case = self.case
        happened: list[Event] = []
        for wire in frame.events:
            if wire.case_id != self.case_id or (case is not None and wire.version <= case.version):
                continue
            try:
                event = shapes.event_in(wire)
            except Malformed:
                raise self._not_understood(wire.seq) from None
            if isinstance(event.fact, UnknownFact):
                raise self._not_understood(wire.seq)
            happened.append(event)
            if isinstance(event.fact, CaseStub) and case is not None and case.stub:
                case = msgspec.convert(event.fact.stub, Case, from_attributes=True)
                continue
            if isinstance(event.fact, CaseStub):
                # Access ended meanwhile: nothing of what was seen stays.
                self.case = None
                self.history.forget()
                raise Gap(cursor=self._cursor, prev=wire.seq, what=f"the case {self.case_id} behind its stub")
            if isinstance(event.fact, CaseRetired):
                continue  # it left the floor; the pane keeps showing it as it ended
            if case is not None and wire.version != case.version + 1:
                raise Gap(cursor=case.version, prev=wire.version, what=f"version {wire.version} of {self.case_id}")
            try:
                case = evolve(case, event)
            except Exception:  # noqa: BLE001 - a case that cannot be folded is asked for again, the link goes on
                raise self._not_understood(wire.seq) from None
        self.case = case
        self.history.happened(happened)
        self._cursor, self._head_hash = frame.seq, frame.head_hash

    def mark(self, frame: Mark) -> None:
        """Raises `Gap`."""
        if self._follows(frame.prev, frame.seq):
            self._cursor, self._head_hash = frame.seq, frame.head_hash

    def replace(self, case: Case) -> None:
        """The case as HTTP answered it; older than what is held, it changes nothing."""
        if self.case is None or case.version >= self.case.version:
            self.case = case

    def forget(self) -> None:
        """Access or the log itself changed: nothing of it is kept."""
        self.case = None
        self.history.forget()
        self.complete = False
        self._begun = self._staged = None

    def lost(self) -> None:
        """What came last does not follow: the next subscription starts with the whole case."""
        self.complete = False
        self._begun = self._staged = None

    def _follows(self, prev: int, seq: int) -> bool:
        if not self.complete:
            raise Gap(cursor=self._cursor, prev=prev, what=f"events of {self.case_id} without the case")
        if prev == self._cursor:
            return True
        if seq <= self._cursor:
            return False
        raise Gap(cursor=self._cursor, prev=prev, what=f"events of {self.case_id}")

    def _not_understood(self, seq: int) -> Gap:
        self.newer = True
        return Gap(cursor=self._cursor, prev=seq, what=f"an event of {self.case_id} that this console does not know")
