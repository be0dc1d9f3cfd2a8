"""The WebSocket frames of `watchfloor.v1`: one Struct a frame, a tagged union on `type`.

Text frames, JSON. Times are ms UTC. `prev` is the seq of the previous events or mark frame on the same sub; a client
whose cursor differs resyncs. Every `head_hash` is the log's head hash at its frame's `seq`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Raw, Struct, UnsetType

SUBPROTOCOL = "watchfloor.v1"

ResyncReason = Literal["slow", "trimmed", "epoch", "gap", "forked", "audience"]
Seq = Annotated[int, Meta(ge=0, le=2**53 - 1)]
SubName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9._:\-]{1,64}$(?!\n)")]
Moment = Annotated[int, Meta(ge=0, le=253_402_300_799_999)]
"""ms UTC."""
Text = Annotated[str, Meta(max_length=256)]
"""A name in a frame of the feed: of a node, a principal, a case, an event type."""
Hash = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$(?!\n)")]


class Frame(Struct, frozen=True, kw_only=True, tag_field="type"):
    """Base of all frames."""


# --- feed to client


class Hello(Frame, frozen=True, kw_only=True, tag="hello"):
    proto: str
    node: str
    epoch: str
    head: Seq
    server_time: Moment
    hb_ms: Annotated[int, Meta(ge=1, le=3_600_000)]
    max_frame: Seq
    auth_expires: Moment | None = None
    principal: str = ""
    roles: tuple[str, ...] = ()


class SnapshotBegin(Frame, frozen=True, kw_only=True, omit_defaults=True, tag="snapshot.begin"):
    """`audience` names whose eyes the rows are for; a cursor that goes on from them says it again."""

    sub: str
    epoch: str
    seq: Seq
    count: Seq
    audience: Annotated[str, Meta(max_length=64)] | None = None


class SnapshotChunk(Frame, frozen=True, kw_only=True, tag="snapshot.chunk"):
    """Rows in queue order (sub on all), or the one whole case (sub on a case)."""

    sub: str
    cases: list[Raw]


class SnapshotEnd(Frame, frozen=True, kw_only=True, tag="snapshot.end"):
    sub: str
    seq: Seq
    head_hash: str


class WireEvent(Struct, frozen=True, kw_only=True):
    """An event as its audience may see it. `data` has the fields of its `type` (for a CaseStub: `{"stub": …}`)."""

    seq: Seq
    case_id: Text
    version: Seq
    type: Text
    v: Annotated[int, Meta(ge=1, le=1_000_000)]
    at: Moment
    actor: Text
    part: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    hash: Annotated[str, Meta(max_length=64)] = ""
    redacted: bool = False
    idem: str | UnsetType = UNSET
    data: Raw


class Events(Frame, frozen=True, kw_only=True, tag="events"):
    sub: str
    prev: Seq
    seq: Seq
    head_hash: str
    events: list[WireEvent]


class Mark(Frame, frozen=True, kw_only=True, tag="mark"):
    """Nothing for you up to `seq`."""

    sub: str
    prev: Seq
    seq: Seq
    head_hash: str


class Heartbeat(Frame, frozen=True, kw_only=True, tag="hb"):
    """`head`: the newest seq of the log. `seq`: the newest published here; `head_hash` is that of `seq`."""

    server_time: Moment
    head: Seq
    seq: Seq
    head_hash: str


class PresenceSeen(Frame, frozen=True, kw_only=True, tag="presence"):
    case_id: Text
    who: Text
    doing: Text


class Resync(Frame, frozen=True, kw_only=True, tag="resync"):
    """A snapshot follows. `forked`: the log was rolled back or rewritten."""

    sub: str
    reason: ResyncReason
    seq: Seq


class AuthExpiring(Frame, frozen=True, kw_only=True, tag="auth.expiring"):
    at: Moment


class ErrorFrame(Frame, frozen=True, kw_only=True, tag="error"):
    problem: dict[str, Any]


class Bye(Frame, frozen=True, kw_only=True, tag="bye"):
    reason: str
    retry_ms: Annotated[int, Meta(ge=0, le=3_600_000)]


class TimeAnswer(Frame, frozen=True, kw_only=True, tag="time"):
    t0: Annotated[int, Meta(ge=-(2**53), le=2**53)]
    t1: Moment
    t2: Moment


FromFeed = (
    Hello
    | SnapshotBegin
    | SnapshotChunk
    | SnapshotEnd
    | Events
    | Mark
    | Heartbeat
    | PresenceSeen
    | Resync
    | AuthExpiring
    | ErrorFrame
    | Bye
    | TimeAnswer
)


# --- client to feed (unknown fields refused)


class Asked(Frame, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of what a client sends."""


class Filter(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`{"all": true}`: rows and row events. `{"case_id": …}`: one whole case and its events."""

    all: bool = False
    case_id: Annotated[str, Meta(max_length=11)] | None = None


class Cursor(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where the client stands: it holds everything up to `seq` of `epoch`, whose head hash was `head_hash`.

    `audience` is that of the snapshot that it started from. What a person may see can change while nobody is connected;
    then no event tells, and the rows have to come anew.
    """

    epoch: Annotated[str, Meta(max_length=64)]
    seq: Seq
    head_hash: Hash
    audience: Annotated[str, Meta(max_length=64)] | None = None


class Subscribe(Asked, frozen=True, kw_only=True, tag="subscribe", rename={"from_": "from"}):
    sub: SubName
    filter: Filter
    from_: Cursor | None = None


class Unsubscribe(Asked, frozen=True, kw_only=True, tag="unsubscribe"):
    sub: SubName


class TimeAsked(Asked, frozen=True, kw_only=True, tag="time"):
    t0: Annotated[int, Meta(ge=-(2**53), le=2**53)]


class Auth(Asked, frozen=True, kw_only=True, tag="auth"):
    token: Annotated[str, Meta(min_length=1, max_length=256)]


class PresenceSaid(Asked, frozen=True, kw_only=True, tag="presence"):
    case_id: Annotated[str, Meta(max_length=11)]
    doing: Annotated[str, Meta(max_length=40)]


FromClient = Subscribe | Unsubscribe | TimeAsked | Auth | PresenceSaid
