"""A floor to draw: the rows of the design's sketch, a session without a feed, and a clock that a test turns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from msgspec.structs import replace

from casework.audience import Person
from casework.commands import Command
from casework.events import Event
from casework.model import Case, Clock, Content, Counts, Factors, Note, Row, Source, Subject, Target, Task, Translation
from casework.policy import defaults
from casework.runbookfile import shipped
from client.status import LinkStatus
from protocol.answers import PreviewAnswer
from protocol.catalogue import Catalogue, catalogue_out

NOW = 1_795_351_267_000
"""2026-11-22 12:41:07 UTC."""
MINUTE = 60_000
HOUR = 60 * MINUTE


def clock(milestone: str, left_ms: int, allowance_ms: int, **more: Any) -> Clock:
    """A clock with `left_ms` to go at NOW."""
    due_at = NOW + left_ms
    return Clock(
        milestone=milestone,  # type: ignore[arg-type]
        started_at=due_at - allowance_ms,
        due_at=due_at,
        allowance_ms=allowance_ms,
        **more,
    )


def row(
    number: int,
    case_type: str,
    severity: str,
    summary: str,
    *,
    left_ms: int = HOUR,
    step: str = "contain",
    owner: str | None = None,
    age_ms: int = MINUTE,
    allowance_ms: int = HOUR,
    **more: Any,
) -> Row:
    """A row with one clock; `number` makes its id and its arrival."""
    values: dict[str, Any] = {
        "case_id": f"C-{number:08d}",
        "version": 3,
        "seq": 100 + number,
        "opened_seq": number,
        "case_type": case_type,
        "severity": severity,
        "band": int(severity[1]),
        "state": "NEW" if owner is None else "ACKED",
        "owner": owner,
        "summary": summary,
        "opened_at": NOW - age_ms,
        "clocks": (clock(step, left_ms, allowance_ms),),
        "score_tenths": 500,
    }
    return Row(**(values | more))


def sketch() -> list[Row]:
    """The nine rows of the design's picture and thirty more below them."""
    school = row(
        4,
        "TTL",
        "S1",
        'Threat naming a school, "tomorrow 8 am"',
        left_ms=6 * MINUTE + 48_000,
        owner="ana",
        age_ms=23 * MINUTE,
        allowance_ms=30 * MINUTE,
        case_id="C-7F3A9K2M",
        version=14,
        state="TRIAGED",
        score_tenths=770,
        updates=3,
        language="en",
        graphic_level=1,
        factors=Factors(
            imminence="24h", harm="death", vulnerability=("minor",), specificity=3, views_per_min=31, reuploads=3
        ),
        subjects=(
            Subject(
                kind="account",
                id="u_8123",
                handle="northgate.kid",
                place="US-TX",
                place_at=NOW - 22 * MINUTE,
                tz="America/Chicago",
                age_given=15,
            ),
        ),
        content=(
            Content(kind="video", id="v_991", up=True, checked_at=NOW - 4_000),
            Content(kind="comment", id="c_1", up=True, checked_at=NOW - 4_000),
            Content(kind="comment", id="c_2", up=True, checked_at=NOW - 4_000),
        ),
        source=Source(kind="user_report", name="in-app report", credibility="known"),
        counts=Counts(related=1, notes=2),
        clocks=(
            clock("ack", -22 * MINUTE, 10 * MINUTE, met_at=NOW - 22 * MINUTE - 9 * MINUTE - 2_000),
            clock("contain", 6 * MINUTE + 48_000, 30 * MINUTE),
            clock("police", 36 * MINUTE + 48_000, 60 * MINUTE),
            clock("update", 37 * MINUTE + 46_000, 60 * MINUTE),
        ),
    )
    rows = [
        row(
            1,
            "SSH",
            "S0",
            "Live stream: plan and means stated",
            left_ms=-42_000,
            step="police",
            owner="cy",
            age_ms=15 * MINUTE,
            allowance_ms=15 * MINUTE,
        ),
        row(
            2,
            "EDR",
            "S0",
            "Harris County SO: missing child",
            left_ms=73_000,
            step="verify",
            owner="bo",
            age_ms=13 * MINUTE,
            allowance_ms=15 * MINUTE,
        ),
        row(
            3,
            "CSEA",
            "S0",
            "Live abuse, 14 viewers reported it",
            left_ms=200_000,
            step="ack",
            age_ms=40_000,
            allowance_ms=5 * MINUTE,
        ),
        school,
        row(
            5,
            "CSEA",
            "S1",
            "Known hash \u00d73, two accounts",
            left_ms=12 * MINUTE + 30_000,
            step="report",
            owner="cy",
            age_ms=3 * HOUR,
            allowance_ms=4 * HOUR,
        ),
        row(
            6,
            "EDR",
            "S1",
            "Phone log: suspect live location",
            left_ms=38 * MINUTE,
            step="decide",
            owner="dee",
            age_ms=HOUR,
            allowance_ms=2 * HOUR,
        ),
        row(7, "MVE", "S1", "Attack video re-uploaded, 212 seen", left_ms=50 * MINUTE, owner="dee", age_ms=9 * MINUTE),
        row(
            8,
            "DOX",
            "S2",
            "Home address of a journalist",
            left_ms=24 * MINUTE,
            step="ack",
            age_ms=6 * MINUTE,
            allowance_ms=30 * MINUTE,
        ),
        row(
            9,
            "NCII",
            "S2",
            "Victim request, 48 h legal bound",
            left_ms=2 * HOUR + 10 * MINUTE,
            owner="ana",
            age_ms=HOUR,
            allowance_ms=4 * HOUR,
        ),
    ]
    texts = (
        "Press asks about a removed account",
        "Data preservation letter, 90 days",
        "Deepfake of a mayor before the vote",
        "Second look: satire or threat",
        "Order to remove two URLs, inquiry only",
    )
    types = ("PRESS", "LEGAL", "CIVIC", "QUERY", "REG")
    for at in range(30):
        severity = "S3" if at < 22 else "S4"
        rows.append(
            row(
                10 + at,
                types[at % 5],
                severity,
                texts[at % 5],
                left_ms=(3 + at) * HOUR,
                step="answer",
                owner=(None, "dee", "ana")[at % 3] if at > 2 else "dee",
                age_ms=(at + 1) * 20 * MINUTE,
                allowance_ms=(4 + at) * HOUR,
            )
        )
    return rows


def whole_case() -> Case:
    """The sketch's selected case, opened."""
    base = next(each for each in sketch() if each.case_id == "C-7F3A9K2M")
    shared = {name: getattr(base, name) for name in base.__struct_fields__ if name not in ("counts", "afoot")}
    return Case(
        **(shared | {"owner_since": NOW - 22 * MINUTE}),
        narrative="A picture of the school gate: \u201ctomorrow 8 am, nobody leaves\u201d.\nTwo told us.",
        tasks=(
            Task(
                task_id="t1",
                text="Call the school's night line",
                owner="bo",
                due_at=NOW + 12 * MINUTE,
                by="ana",
                at=NOW - 8 * MINUTE,
            ),
        ),
        notes=(
            Note(seq=90, by="ana", at=NOW - 12 * MINUTE, text="Account is four days old; one earlier case, same gate."),
            Note(seq=95, by="bo", at=NOW - 5 * MINUTE, text="School confirms exam starts at 8."),
        ),
    )


class SampleMirror:
    """A mirror that a test fills."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self.rows = {each.case_id: each for each in rows}
        self.revision = 1
        self._dirty = set(self.rows)

    def take_dirty(self) -> set[str]:
        dirty, self._dirty = self._dirty, set()
        return dirty

    def put(self, *rows: Row) -> None:
        for each in rows:
            self.rows[each.case_id] = each
            self._dirty.add(each.case_id)
        self.revision += 1

    def drop(self, *case_ids: str) -> None:
        for case_id in case_ids:
            self.rows.pop(case_id, None)
            self._dirty.add(case_id)
        self.revision += 1

    def swap(self, rows: Iterable[Row]) -> None:
        """A new snapshot."""
        old = set(self.rows)
        self.rows = {each.case_id: each for each in rows}
        self._dirty |= old | set(self.rows)
        self.revision += 1


class SampleClock:
    def __init__(self, now: int = NOW) -> None:
        self.now = now

    def now_ms(self) -> int:
        return self.now


@cache
def in_force() -> Catalogue:
    """What a feed without a configuration of its own serves to a responder."""
    return catalogue_out(defaults(), Person(principal="ana", roles=frozenset({"responder"})), shipped())


@dataclass
class SampleOutcome:
    ok: bool = True
    sentence: str = "Done."
    seq: int | None = 500
    version: int | None = 15
    events: tuple[str, ...] = ("Done",)
    unknown: bool = False


def nothing() -> None:
    """Nobody listens."""


@dataclass
class SampleSession:
    """A session without a feed: what was sent is kept in `sent`, and `answers` says how it ends."""

    mirror: SampleMirror = field(default_factory=lambda: SampleMirror(sketch()))
    status: LinkStatus = field(
        default_factory=lambda: LinkStatus(phase="live", feed_age_ms=400, principal="ana", roles=("responder",))
    )
    clock: SampleClock = field(default_factory=SampleClock)
    presence: dict[str, list[tuple[str, str]]] = field(default_factory=lambda: {"C-7F3A9K2M": [("bo", "looking")]})
    sent: list[tuple[str, Command]] = field(default_factory=list)
    answers: list[SampleOutcome] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)
    """How many commands each batch had."""
    cases: dict[str, Case] = field(default_factory=dict)
    opened: list[str] = field(default_factory=list)
    acknowledged: int = 0
    strange: set[str] = field(default_factory=set)
    done_here: list[tuple[str, str]] = field(default_factory=list)

    catalogue: Catalogue | None = field(default_factory=in_force)
    past: dict[str, tuple[Event, ...]] = field(default_factory=dict)
    recalled: list[str] = field(default_factory=list)
    like: list[Row] = field(default_factory=list)
    asked_like: list[str] = field(default_factory=list)
    foresees: PreviewAnswer = field(
        default_factory=lambda: PreviewAnswer(
            available=True, counts={"video": 1, "reupload": 14}, countries={"US": 12, "DE": 2, "FR": 1}, strikes=2
        )
    )
    previewed: list[tuple[str, str, Target]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.on_change: Callable[[], None] = nothing

    async def start(self, *, page_first: bool = False) -> None:
        self.on_change()

    def go_on(self) -> None:
        pass

    async def close(self) -> None:
        pass

    async def do(self, case_id: str, command: Command) -> SampleOutcome:
        self.sent.append((case_id, command))
        return self.answers.pop(0) if self.answers else SampleOutcome()

    async def do_many(self, items: Sequence[tuple[str, Command]]) -> list[SampleOutcome]:
        self.batches.append(len(items))
        return [await self.do(case_id, command) for case_id, command in items]

    async def open_case(self, case_id: str) -> Case | None:
        self.opened.append(case_id)
        self.on_change()
        return self.cases.get(case_id)

    async def close_case(self, case_id: str) -> None:
        if case_id in self.opened:
            self.opened.remove(case_id)

    def case(self, case_id: str) -> Case | None:
        return self.cases.get(case_id) if case_id in self.opened else None

    def doing(self, case_id: str, what: str) -> None:
        self.done_here.append((case_id, what))

    def events(self, case_id: str) -> tuple[Event, ...] | None:
        return self.past.get(case_id) if case_id in self.recalled else None

    def recall(self, case_id: str) -> None:
        self.recalled.append(case_id)

    async def cases_like(self, query: str) -> list[Row]:
        self.asked_like.append(query)
        return self.like

    async def preview(self, case_id: str, action: str, target: Target, fields: dict[str, Any]) -> PreviewAnswer:
        self.previewed.append((case_id, action, target))
        return self.foresees

    def newer(self, case_id: str) -> bool:
        return case_id in self.strange

    def acknowledge_fork(self) -> None:
        self.acknowledged += 1

    def set_status(self, **changes: Any) -> None:
        self.status = replace(self.status, **changes)
        self.on_change()


TRANSLATION = Translation(text="He says he will do it tonight.", by="machine")
