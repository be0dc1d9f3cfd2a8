"""What the feed answers over HTTP, and what a batch of commands is made of. Refusals are `protocol.problems`.

Times are ms UTC. Rows and cases travel as `protocol.shapes` builds them; where one answer carries many, they are `Raw`,
encoded once for each audience.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, Union

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType, defstruct

from casework.commands import COMMANDS, CaseId, Command, FieldName, FieldValue, Name
from casework.model import Target
from protocol import limits
from protocol.codec import Malformed, check_once, decode_body, decode_part
from protocol.frames import WireEvent
from protocol.problems import Problem, problem

IdempotencyKey = Annotated[str, Meta(pattern=limits.KEY_PATTERN)]


class Answer(Struct, frozen=True, kw_only=True):
    """Base of all answers."""


# --- intake


class IntakeAnswer(Answer, frozen=True, kw_only=True):
    """202 for a new report, 200 with `duplicate` for one that was there: the same (source, id), the same case."""

    case_id: str
    seq: int
    """seq of the first event that the report caused, also when it is a duplicate."""
    duplicate: bool = False


class ItemResult(Answer, frozen=True, kw_only=True):
    """What became of one item of a batch: the members of a single answer, or `problem`, whose pointer starts at the
    batch. Which members are there tells which; `status` is what the item alone would have been answered with.
    """

    status: int = 200
    case_id: str | UnsetType = UNSET
    version: int | UnsetType = UNSET
    seq: int | UnsetType = UNSET
    duplicate: bool | UnsetType = UNSET
    events: list[str] | UnsetType = UNSET
    problem: Problem | UnsetType = UNSET


#: By what is said with it: an accepted report, an accepted command, a refusal.
IntakeDone = ItemResult
CommandDone = ItemResult
Refused = ItemResult


class IntakeBatchAnswer(Answer, frozen=True, kw_only=True):
    """In the order of the batch."""

    results: list[ItemResult]


# --- commands


class CommandAnswer(Answer, frozen=True, kw_only=True):
    """An accepted command: the case's version and the log's seq after it, and the types of its events.

    `events` is empty where the command was right and changed nothing; `version` and `seq` are then the case's own.
    """

    case_id: str
    version: int
    seq: int
    events: list[str]


class PreviewQuestion(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody thinks of doing, as `propose` would say it."""

    action: Name
    target: Target
    fields: dict[FieldName, FieldValue] = {}


class PreviewAnswer(Answer, frozen=True, kw_only=True):
    """What it would touch, by kind and by country, and what the platform has on its subject. Nothing was done.

    `available` false: the platform could not say, and `why` says why; what it would touch is then not known.
    """

    available: bool
    why: str = ""
    counts: dict[str, int] = {}
    countries: dict[str, int] = {}
    strikes: int | None = None
    prior: list[str] = []
    sample: list[Target] = []


class CommandBatchAnswer(Answer, frozen=True, kw_only=True):
    """In the order of the batch; each item stands and falls alone."""

    results: list[ItemResult]


class CommandItem(Struct, frozen=True, kw_only=True):
    """One item of `POST /v1/commands`, decoded: `case_id` in its stored form, without the second hyphen."""

    key: str
    case_id: str
    command: Command


class CommandBatch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The envelope of `POST /v1/commands`; each item is judged on its own."""

    items: Annotated[list[Raw], Meta(max_length=limits.BATCH_COMMANDS)]


#: On the wire an item is the command's own fields and two more in one object: a Struct for each verb, so that a field
#: that its verb does not know is refused here as it is on a single command.
_ITEMS: Final = tuple(
    defstruct(
        f"{kind.__name__}Item",
        [("key", IdempotencyKey), ("case_id", CaseId)],
        bases=(kind,),
        module=__name__,
        frozen=True,
        kw_only=True,
        forbid_unknown_fields=True,
        tag=verb,
        tag_field="type",
    )
    for verb, kind in COMMANDS.items()
)
AnyCommandItem: Final[Any] = Union[_ITEMS]  # noqa: UP007 -- a union of what was built above, not written out


def decode_commands(body: bytes) -> list[CommandItem | Problem]:
    """The items of a `POST /v1/commands` body, in order; a malformed one is the problem document that answers it.

    Raises `Malformed` where the batch itself is not right: not JSON, unknown members, over 1,000 items.
    """
    batch: CommandBatch = decode_body(body, CommandBatch, numbers=False)
    return [_item(place, raw) for place, raw in enumerate(batch.items)]


def _item(place: int, raw: Raw) -> CommandItem | Problem:
    try:
        check_once(bytes(raw))
        item: Any = decode_part(raw, AnyCommandItem)
    except Malformed as fault:
        return problem("invalid", fault.reason, pointer=f"/items/{place}{fault.pointer}")
    kind = COMMANDS[item.verb]
    command = kind(**{name: getattr(item, name) for name in kind.__struct_fields__})
    return CommandItem(key=item.key, case_id=item.case_id[:2] + item.case_id[2:].replace("-", ""), command=command)


# --- reading


class CasesPage(Answer, frozen=True, kw_only=True):
    """Rows and stubs in queue order. `cursor` continues the list, null at its end; `head` is the seq it stands for."""

    cases: list[Raw]
    cursor: str | None
    head: int


class EventsPage(Answer, frozen=True, kw_only=True):
    """Events in seq order. Of the log: `head` is its newest seq, so the reader knows whether more is there."""

    events: list[WireEvent]
    head: int | UnsetType = UNSET


class Snapshot(Answer, frozen=True, kw_only=True):
    """Every live case at `seq` in queue order, as rows and stubs. `head_hash` is that of `seq`."""

    epoch: str
    seq: int
    head_hash: str
    cases: list[Raw]


class AuditHead(Answer, frozen=True, kw_only=True):
    """Where the log stands; `signature` is Ed25519 over `epoch seq head_hash` in base64, null without a key."""

    epoch: str
    seq: int
    head_hash: str
    signature: str | None = None


class Health(Answer, frozen=True, kw_only=True):
    status: Literal["ok"] = "ok"


class Readiness(Answer, frozen=True, kw_only=True):
    """200 if every check is true, else 503: `log` writable, `lag` bounded, `state` loaded, `clock` sane."""

    ready: bool
    checks: dict[str, bool]
    failing: list[str]


def answer_in(body: bytes, kind: type[Any]) -> Any:
    """An answer as its client reads it: members that a newer feed added are ignored. Raises `Malformed`."""
    return decode_body(body, kind, numbers=False)


def encode(answer: Answer) -> bytes:
    return msgspec.json.encode(answer)
