"""A log and a feed in memory, as strict as the contract and as small as it gets: what the client's tests talk to.

It keeps the truth (`rows_at`), so that a test can hold every picture that a client calls whole against it.
"""

from __future__ import annotations

import hashlib
from random import Random

from casework import order
from casework.events import Event
from casework.evolve import evolve
from casework.facts import CaseClaimed, CaseOpened, CaseRetired, Fact, NoteAdded, SeverityRaised
from casework.model import Case, Clock, Flags, Result, Row
from casework.rows import evolve_row
from casework.tokens import Severity
from protocol import codec, shapes
from protocol.frames import (
    Asked,
    Cursor,
    Events,
    Frame,
    Heartbeat,
    Hello,
    Mark,
    Resync,
    ResyncReason,
    SnapshotBegin,
    SnapshotChunk,
    SnapshotEnd,
    Subscribe,
    TimeAnswer,
    TimeAsked,
    Unsubscribe,
)

NOW = 1_795_309_200_000
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def case_id(number: int) -> str:
    """A case id that is its number in Crockford's digits."""
    digits = ""
    for _ in range(8):
        number, digit = divmod(number, 32)
        digits = _LETTERS[digit] + digits
    return f"C-{digits}"


def row(number: int = 1, **changes: object) -> Row:
    """A row to begin with."""
    fields: dict[str, object] = {
        "case_id": case_id(number),
        "version": 1,
        "seq": number,
        "opened_seq": number,
        "case_type": "TTL",
        "severity": "S1",
        "band": 1,
        "state": "NEW",
        "flags": Flags(),
        "summary": f"report {number}",
        "opened_at": NOW,
    }
    return Row(**{**fields, **changes})  # type: ignore[arg-type]  # fields by name, as tests write them


class ScriptedLog:
    """Events from 1 on, their head hashes, and the truth at every seq. `salt` makes another log of the same events."""

    def __init__(self, epoch: str = "e1", salt: str = "") -> None:
        self.epoch = epoch
        self.salt = salt
        self.events: list[Event] = []
        self.hidden: set[int] = set()
        self.rows: dict[str, Row] = {}
        self.cases: dict[str, Case] = {}
        self._history: list[dict[str, Row]] = [{}]
        self._hashes = ["0" * 64]

    @property
    def seq(self) -> int:
        return len(self.events)

    def hash_at(self, seq: int) -> str:
        return self._hashes[seq]

    def rows_at(self, seq: int) -> dict[str, Row]:
        """What everybody should see once `seq` is folded."""
        return self._history[seq]

    def add(self, case: str, fact: Fact, *, kind: str | None = None) -> Event:
        """Append a fact; `kind` gives it another name, as a newer feed might."""
        held = self.cases.get(case)
        event = Event(
            seq=self.seq + 1,
            case_id=case,
            version=1 if held is None else held.version + 1,
            type=kind or type(fact).__name__,
            at=NOW + self.seq,
            actor="ana",
            fact=fact,
        )
        self.events.append(event)
        digest = hashlib.sha256(f"{self._hashes[-1]} {self.salt} {event.seq}".encode()).hexdigest()
        self._hashes.append(digest)
        rows = dict(self.rows)
        folded = evolve_row(rows.get(case), event)
        if folded is None:
            rows.pop(case, None)
        else:
            rows[case] = folded
        self.rows = rows
        self._history.append(rows)
        self.cases[case] = evolve(held, event)
        return event

    def hide(self) -> None:
        """An event that nobody here may see: a seq that a mark covers."""
        self.hidden.add(self.seq + 1)
        self.events.append(
            Event(seq=self.seq + 1, case_id="_audit", version=1, type="X", at=NOW, actor="", fact=Fact())
        )
        self._hashes.append(hashlib.sha256(f"{self._hashes[-1]} {self.salt} {self.seq}".encode()).hexdigest())
        self._history.append(self.rows)

    def open(self, number: int, severity: Severity = "S2") -> str:
        case = case_id(number)
        clock = Clock(milestone="ack", started_at=NOW, due_at=NOW + 600_000 - number, allowance_ms=600_000)
        result = Result(state="NEW", severity=severity, band=int(severity[1]), clocks=(clock,))
        self.add(
            case,
            CaseOpened(
                case_type="TTL", policy_version="1", defaults_digest="", summary=f"report {number}", result=result
            ),
        )
        return case

    def grow(self, random: Random, count: int) -> None:
        """`count` more things happen."""
        for _ in range(count):
            open_cases = list(self.rows)
            act = random.random()
            if not open_cases or act < 0.3:
                self.open(len(self.cases) + 1, random.choice(("S0", "S1", "S2", "S3")))
            elif act < 0.5:
                self.add(random.choice(open_cases), CaseClaimed(result=Result(state="ACKED", owner="ana")))
            elif act < 0.65:
                raised = SeverityRaised(severity="S0", before="S2", result=Result(severity="S0", band=0))
                self.add(random.choice(open_cases), raised)
            elif act < 0.8:
                self.add(random.choice(open_cases), NoteAdded(text="a note"))
            elif act < 0.9:
                self.hide()
            else:
                self.add(random.choice(open_cases), CaseRetired())


class ScriptedFeed:
    """One connection's other end. `held` events stay in the ring; older cursors are `trimmed`."""

    def __init__(
        self, log: ScriptedLog, *, batch: int = 3, page: int = 2, held: int = 1_000, hb_ms: int = 2_000
    ) -> None:
        self.log = log
        self.batch = batch
        self.page = page
        self.held = held
        self.hb_ms = hb_ms
        self.time = NOW
        self._subs: dict[str, int] = {}
        self._case_of: dict[str, str] = {}

    def hello(self) -> Hello:
        return Hello(
            proto="watchfloor.v1",
            node="n1",
            epoch=self.log.epoch,
            head=self.log.seq,
            server_time=self.time,
            hb_ms=self.hb_ms,
            max_frame=1 << 20,
            principal="ana",
            roles=("responder",),
        )

    def heartbeat(self) -> Heartbeat:
        seq = self.log.seq
        return Heartbeat(server_time=self.time, head=seq, seq=seq, head_hash=self.log.hash_at(seq))

    def answer(self, asked: Asked) -> list[Frame]:
        """What a frame of the client brings about."""
        match asked:
            case Subscribe() if asked.filter.case_id is not None:
                return self._whole_case(asked.sub, asked.filter.case_id)
            case Subscribe():
                return self._subscribe(asked.sub, asked.from_)
            case Unsubscribe():
                self._subs.pop(asked.sub, None)
                self._case_of.pop(asked.sub, None)
                return []
            case TimeAsked():
                return [TimeAnswer(t0=asked.t0, t1=self.time, t2=self.time)]
            case _:
                return []

    def news(self) -> list[Frame]:
        """What happened since, for every subscription."""
        frames: list[Frame] = []
        for sub in list(self._subs):
            frames += self._since(sub)
        return frames

    def _subscribe(self, sub: str, cursor: Cursor | None) -> list[Frame]:
        reason: ResyncReason | None = None
        if cursor is None:
            return self._snapshot(sub)
        if cursor.epoch != self.log.epoch:
            reason = "epoch"
        elif cursor.seq > self.log.seq or self.log.hash_at(cursor.seq) != cursor.head_hash:
            reason = "forked"
        elif cursor.seq < self.log.seq - self.held:
            reason = "trimmed"
        if reason is not None:
            return [Resync(sub=sub, reason=reason, seq=self.log.seq), *self._snapshot(sub)]
        self._subs[sub] = cursor.seq
        return self._since(sub)

    def _snapshot(self, sub: str) -> list[Frame]:
        log = self.log
        rows = sorted(log.rows.values(), key=order.key)
        self._subs[sub] = log.seq
        pages = [rows[start : start + self.page] for start in range(0, len(rows), self.page)]
        return [
            SnapshotBegin(sub=sub, epoch=log.epoch, seq=log.seq, count=len(rows)),
            *(SnapshotChunk(sub=sub, cases=[codec.raw(shapes.row_out(row)) for row in page]) for page in pages),
            SnapshotEnd(sub=sub, seq=log.seq, head_hash=log.hash_at(log.seq)),
        ]

    def _whole_case(self, sub: str, case: str) -> list[Frame]:
        log = self.log
        held = log.cases.get(case)
        if held is None:
            return []
        self._subs[sub] = log.seq
        self._case_of[sub] = case
        return [
            SnapshotBegin(sub=sub, epoch=log.epoch, seq=log.seq, count=1),
            SnapshotChunk(sub=sub, cases=[codec.raw(shapes.case_out(held))]),
            SnapshotEnd(sub=sub, seq=log.seq, head_hash=log.hash_at(log.seq)),
        ]

    def _since(self, sub: str) -> list[Frame]:
        log = self.log
        only = self._case_of.get(sub)
        frames: list[Frame] = []
        cursor = self._subs[sub]
        while cursor < log.seq:
            upto = min(log.seq, cursor + self.batch)
            seen = [
                shapes.event_out(event, data_form="whole" if only else "row")
                for event in log.events[cursor:upto]
                if event.seq not in log.hidden and (only is None or event.case_id == only)
            ]
            head = log.hash_at(upto)
            if seen:
                frames.append(Events(sub=sub, prev=cursor, seq=upto, head_hash=head, events=seen))
            else:
                frames.append(Mark(sub=sub, prev=cursor, seq=upto, head_hash=head))
            cursor = upto
        self._subs[sub] = cursor
        return frames
