"""The floor that consoles are measured on: cases as a feed would send them, and events that really change them.

Everything is on one made-up clock that starts at `EPOCH_MS` when a console connects, so every console that is measured
sees the same cases with the same time left. The first `NEAR` cases of the queue are due within ten minutes: their
countdowns tick by the second. Rows are made from reports that passed the intake's own rules (`bench.sample`), and every
event is folded here as a console folds it, so none can be sent that a console would refuse.
"""

from __future__ import annotations

import hashlib
import random
from collections import deque
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from bench import sample
from casework.events import Event, placed
from casework.facts import CaseAssigned, CaseOpened, Fact, FactorsSet, NoteAdded, SeverityLowered, SeverityRaised
from casework.model import Case, Clock, Common, Factors, Result, Row
from casework.rows import evolve_row, row_of
from casework.tokens import SEVERITIES, Milestone, Severity
from protocol import codec, shapes

EPOCH_MS: Final = 1_790_000_000_000
NEAR: Final = 90
"""Cases at the top that events change, and whose countdowns show seconds."""
VISITORS: Final = 20
"""Cases at the very top that came in or were raised under load; the one there for longest sinks for each that comes."""
FLUSH_S: Final = 0.010
"""Between two frames, as the feed has it under load."""
_MINUTE: Final = 60_000
_EVENTS: Final = 5
"""On each case, before the first one is sent."""
_OWNERS: Final = ("ana", "bo", "cy", "dee", "eve", None)
_CLOCKS: Final[tuple[tuple[Milestone, int], ...]] = (
    ("contain", 0),
    ("police", 15 * _MINUTE),
    ("update", 30 * _MINUTE),
)
"""The first of them places a case; the others follow it by so many ms."""
_WHAT: Final = (
    "threat that names a school",
    "home address of a journalist, posted again",
    "known video, uploaded once more under another name",
    "asks for a child's pictures in direct messages",
    "says goodbye to friends tonight",
    "court order about one post",
    "live stream, many viewers reported it",
    "accounts that act together before the vote",
)
_MIX: Final = (
    *("open", "raise"),
    *("due",) * 2,
    *("owner",) * 6,
    *("factors",) * 4,
    *("note",) * 4,
)
"""Each of the first two makes a visitor and sends the oldest away: of 20 events 16 change the top of the queue."""


def summary(number: int) -> str:
    """What case `number` says of itself: every one something else, as on a floor."""
    return f"Report {number:05}, {_WHAT[number * 7 % len(_WHAT)]}"


class Happened(NamedTuple):
    """One event, encoded, and its case as it stands after it."""

    case_id: str
    encoded: bytes
    row: Row


class Frame(Struct, frozen=True):
    """The events of one flush, for whoever follows everything, and one by one for whoever follows a case."""

    at: float
    """Seconds after the start of the load."""
    prev: int
    seq: int
    events: tuple[Happened, ...]

    @property
    def payload(self) -> bytes:
        return self.on("main", self.prev, [event.encoded for event in self.events])

    def on(self, sub: str, prev: int, events: list[bytes]) -> bytes:
        """The frame for the subscription `sub`."""
        return b'{"type":"events","sub":"%b","prev":%d,"seq":%d,"head_hash":"%b","events":[%b]}' % (
            sub.encode(),
            prev,
            self.seq,
            head_hash(self.seq).encode(),
            b",".join(events),
        )


def head_hash(seq: int) -> str:
    """What stands for the log's hash at `seq`: there is no log, but a console compares what it is told."""
    return hashlib.sha256(b"%d" % seq).hexdigest()


class FloorLoad:
    """`count` cases at their start, and the events that follow. `fresh` goes back to the start."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._stories = [sample.reported(number, events=_EVENTS) for number in range(sample.VARIANTS)]
        self._templates = [row_of(case) for case, _ in self._stories]
        self._versions = self._templates[0].version
        self._ids = [sample.case_name(number) for number in range(count)]
        self._numbers = {name: number for number, name in enumerate(self._ids)}
        self.encoded = [shapes.row_bytes(self.row(number)) for number in range(count)]
        """Every row at the start, in queue order."""
        self.base_seq = count * self._versions
        self.seq = self.base_seq
        self._random = random.Random(0)
        self._rows: dict[str, Row] = {}
        self._sent: dict[str, list[Happened]] = {}
        self._visitors: deque[str] = deque()
        self._opened = 0
        self.fresh()

    def fresh(self) -> None:
        """As it was before the first event; the same events follow again."""
        self.seq = self.base_seq
        self._random.seed(len(self._ids))
        self._rows.clear()
        self._sent.clear()
        self._visitors.clear()
        self._opened = 0

    def row(self, number: int) -> Row:
        """Case `number` at the start; 0 stands at the top of the queue."""
        return replace(
            self._templates[number % len(self._templates)],
            case_id=self._ids[number],
            opened_seq=number * self._versions + 1,
            seq=(number + 1) * self._versions,
            owner=_OWNERS[number % len(_OWNERS)],
            summary=summary(number),
            opened_at=EPOCH_MS - (10 + number % 50) * _MINUTE,
            **_placed(*self._place(number)),
        )

    def sent(self, frame: Frame) -> None:
        """The frame went out: from now on its cases stand as after it."""
        for event in frame.events:
            self._sent.setdefault(event.case_id, []).append(event)

    def case(self, case_id: str) -> Case | None:
        """The whole case after what was sent; None if there is no such case."""
        number, sent = self._numbers.get(case_id), self._sent.get(case_id)
        if number is None and sent is None:
            return None
        row = sent[-1].row if sent is not None else self.row(number or 0)
        return Case(**{name: getattr(row, name) for name in Common.__struct_fields__})

    def history(self, case_id: str) -> list[bytes]:
        """The encoded events of a case, up to what was sent."""
        number = self._numbers.get(case_id)
        events: list[bytes] = []
        if number is not None:
            opened = self.row(number).opened_seq
            for place, draft in enumerate(self._stories[number % len(self._stories)][1]):
                draft = replace(draft, case_id=case_id)
                event = placed(draft, seq=opened + place, version=place + 1, digest=head_hash(opened + place))
                events.append(codec.encode(shapes.event_out(event)))
        return events + [event.encoded for event in self._sent.get(case_id, ())]

    def load(self, *, per_second: int, seconds: float) -> Iterator[Frame]:
        """The frames of `seconds` of load, encoded; from where the last load ended."""
        first, acts = self.seq, 0
        for number in range(1, round(seconds / FLUSH_S) + 1):
            at = number * FLUSH_S
            events: list[Happened] = []
            prev = self.seq
            while self.seq - first < at * per_second:
                events += self._change(_MIX[acts % len(_MIX)], EPOCH_MS)
                acts += 1
            if events:
                yield Frame(at, prev, self.seq, tuple(events))

    # --- inside

    def _place(self, number: int) -> tuple[Severity, int]:
        """Severity and due of case `number`."""
        if number < NEAR:
            # Two severities, each in the order of its dues: 4:50 to 9:50 left.
            half = NEAR // 2
            return ("S0" if number < half else "S1"), EPOCH_MS + (290 + number % half * 6) * 1_000 + number
        severity: Severity = SEVERITIES[2 + (number - NEAR) * 3 // max(1, self.count - NEAR)]
        return severity, EPOCH_MS + 4 * 3_600_000 + number * _MINUTE

    def _change(self, kind: str, at: int) -> list[Happened]:
        """One thing that happens, as one event; two where a visitor comes and another has to go."""
        pick = self._random
        near = self._ids[pick.randrange(VISITORS, min(NEAR, self.count))]
        match kind:
            case "open":
                return [self._open(at), *self._send_one_away(at)]
            case "raise":
                return [self._raise(at), *self._send_one_away(at)]
            case "due":
                severity, due = self._place(self._numbers[near])
                due += pick.randrange(-20, 21) * 1_000
                fact: Fact = SeverityRaised(severity=severity, before=severity, result=Result(**_placed(severity, due)))
            case "owner":
                owner = f"{pick.choice(_OWNERS) or 'fay'}{pick.randrange(9)}"
                near = self._ids[pick.randrange(min(NEAR, self.count))]
                fact = CaseAssigned(to=owner, result=Result(owner=owner, owner_since=at))
            case "factors":
                factors = Factors(specificity=pick.randrange(5), reuploads=pick.randrange(1_000))
                fact = FactorsSet(
                    names=("specificity", "reuploads"),
                    result=Result(factors=factors, score_tenths=pick.randrange(1_000)),
                )
            case _:
                near = self._ids[pick.randrange(self.count)]
                fact = NoteAdded(text=f"The account wrote again, message {self.seq}; it is saved.")
        return [self._event(near, fact, at)]

    def _open(self, at: int) -> Happened:
        self._opened += 1
        opening = self._stories[self._opened % len(self._stories)][1][0].fact
        assert isinstance(opening, CaseOpened)
        name = sample.case_name(10_000_000 + self._opened)
        self._visitors.append(name)
        result = replace(opening.result, **_placed("S0", EPOCH_MS + 240_000 + self._random.randrange(40_000)))
        return self._event(name, replace(opening, result=result, summary=summary(90_000 + self._opened)), at)

    def _raise(self, at: int) -> Happened:
        name = self._ids[self._random.randrange(min(NEAR, self.count - 1), self.count)]
        if name in self._visitors:
            return self._event(name, NoteAdded(text="It is still at the top."), at)
        self._visitors.append(name)
        before = self._held(name).severity
        due = EPOCH_MS + 240_000 + self._random.randrange(40_000)
        return self._event(name, SeverityRaised(severity="S0", before=before, result=Result(**_placed("S0", due))), at)

    def _send_one_away(self, at: int) -> list[Happened]:
        if len(self._visitors) <= VISITORS:
            return []
        name = self._visitors.popleft()
        due = EPOCH_MS + (4 * 60 + self._random.randrange(10_000)) * _MINUTE
        fact = SeverityLowered(severity="S3", before="S0", result=Result(**_placed("S3", due)))
        return [self._event(name, fact, at)]

    def _held(self, name: str) -> Row:
        row = self._rows.get(name)
        return row if row is not None else self.row(self._numbers[name])

    def _event(self, name: str, fact: Fact, at: int) -> Happened:
        held = None if isinstance(fact, CaseOpened) else self._held(name)
        self.seq += 1
        event = Event(
            seq=self.seq,
            case_id=name,
            version=1 if held is None else held.version + 1,
            type=type(fact).__name__,
            at=at,
            actor="ana",
            fact=fact,
            hash=head_hash(self.seq),
        )
        after = evolve_row(held, event)
        assert after is not None
        self._rows[name] = after
        return Happened(name, codec.encode(shapes.event_out(event, data_form="row")), after)


def _placed(severity: Severity, due_at: int) -> dict[str, Any]:
    """The fields of a row, or of a result, that place a case there."""
    clocks = tuple(
        Clock(
            milestone=milestone,
            started_at=due_at + later - 30 * _MINUTE,
            due_at=due_at + later,
            allowance_ms=30 * _MINUTE,
            rule=f"bench.{severity}.{milestone}",
        )
        for milestone, later in _CLOCKS
    )
    return {"severity": severity, "band": int(severity[1]), "clocks": clocks}
