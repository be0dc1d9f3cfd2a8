"""CloudEvents 1.0 over HTTP, as intake takes them: structured, binary and batch (CNCF CloudEvents HTTP binding 1.0).

Attributes are bounded and free of control characters; extension attributes are tolerated and not kept. The data is
JSON and fits an escalation, or an update of one.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final, Literal
from urllib.parse import unquote_to_bytes

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from casework.escalation import RAISED, Escalation, EscalationUpdate
from protocol import limits
from protocol.codec import Malformed, check, check_once, decode_body, decode_part
from protocol.problems import Problem, problem

STRUCTURED: Final = "application/cloudevents+json"
BATCH: Final = "application/cloudevents-batch+json"

#: The specification allows no control characters in strings. `(?!\n)`: Python's `$` would let one line feed through.
_ATTRIBUTE: Final = r"^[^\u0000-\u001f\u007f-\u009f]+$(?!\n)"
Attribute = Annotated[str, Meta(min_length=1, max_length=1_024, pattern=_ATTRIBUTE)]
Time = Annotated[datetime, Meta(tz=True)]
#: A media type of JSON, in any case, with or without parameters.
_JSON: Final = r"^[A-Za-z]+/([A-Za-z0-9!#$&^_.+\-]+\+)?[Jj][Ss][Oo][Nn] *(;[ -~]*)?$(?!\n)"
_JSON_TYPE: Final = re.compile(_JSON)
_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")


class Attributes(Struct, frozen=True, kw_only=True):
    """The context attributes that intake reads."""

    specversion: Literal["1.0"]
    id: Attribute
    source: Attribute
    type: Literal["org.watchfloor.escalation.raised.v1", "org.watchfloor.escalation.updated.v1"]
    subject: Attribute | None = None
    time: Time | None = None
    datacontenttype: Annotated[str, Meta(max_length=200, pattern=_JSON)] | None = None
    dataschema: Annotated[str, Meta(min_length=1, max_length=1_024)] | None = None


class Envelope(Attributes, frozen=True, kw_only=True):
    """A structured event. Its data is decoded once its type is known."""

    data: Raw | UnsetType = UNSET
    data_base64: str | UnsetType | None = UNSET


class Incoming(Struct, frozen=True, kw_only=True):
    """One event that intake may act on. `time` is ms UTC."""

    source: str
    id: str
    subject: str | None
    time: int | None
    kind: Literal["raised", "updated"]
    data: Escalation | EscalationUpdate

    @property
    def origin(self) -> dict[str, str]:
        """What the log keeps, sealed, of where it came from."""
        given = {"source": self.source, "id": self.id, "subject": self.subject, "time": self.time}
        return {name: str(value) for name, value in given.items() if value is not None}

    @property
    def refs(self) -> tuple[str, str]:
        return refs(self.source, self.id, self.subject)


def refs(source: str, id: str, subject: str | None) -> tuple[str, str]:
    """(intake_ref, subject_ref), SHA-256 in hex: the identity of a report, and how updates find its case.

    A report without subject is found by its id. Raises `Malformed` if `source` contains NUL, which separates.
    """
    if "\0" in source:
        raise Malformed("/source", "contains NUL")
    return _ref(source, id), _ref(source, id if subject is None else subject)


def _ref(source: str, name: str) -> str:
    return hashlib.sha256(source.encode() + b"\0" + name.encode()).hexdigest()


def decode(headers: Mapping[str, str], body: bytes) -> Incoming | list[Incoming | Problem]:
    """The event of a request, or of a batch each event or the problem that answers it, in order.

    Names of headers in any case. Raises `Malformed` for a single event, or if the batch itself is not right.
    """
    given: dict[str, str] = {}
    for name, value in headers.items():
        name = name.lower()
        if name in given and name.startswith("ce-"):
            raise Malformed("", f"has the header {name} twice")
        given[name] = value
    media = _media_type(given.get("content-type", ""))
    if media == BATCH:
        return _batch(body)
    if media == STRUCTURED:
        envelope = decode_body(body, Envelope, numbers=False)
        check_once(body)
        return _structured(envelope)
    if media.startswith("application/cloudevents"):
        raise Malformed("", f"is {media[:100]}; this feed takes {STRUCTURED}, {BATCH}, or ce- headers with JSON")
    return _binary(given, media, body)


def _batch(body: bytes) -> list[Incoming | Problem]:
    events: list[Raw] = decode_body(body, list[Raw], numbers=False)
    if len(events) > limits.BATCH_EVENTS:
        raise Malformed("", f"has {len(events)} events; a batch has at most {limits.BATCH_EVENTS}")
    results: list[Incoming | Problem] = []
    for place, event in enumerate(events):
        try:
            check_once(bytes(event))
            results.append(_structured(decode_part(event, Envelope)))
        except Malformed as fault:
            results.append(problem("invalid", fault.reason, pointer=f"/{place}{fault.pointer}"))
    return results


def _structured(event: Envelope) -> Incoming:
    encoded = event.data_base64
    if isinstance(encoded, str):
        if event.data is not UNSET:
            raise Malformed("/data_base64", "stands beside `data`; one of the two was expected")
        try:
            data = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            raise Malformed("/data_base64", "is not base64") from None
        return _incoming(event, data, "/data_base64", checked=False)
    if isinstance(event.data, UnsetType):
        raise Malformed("/data", "object missing required field `data`")
    return _incoming(event, bytes(event.data), "/data", checked=True)


def _binary(headers: Mapping[str, str], media: str, body: bytes) -> Incoming:
    if "ce-specversion" not in headers:
        raise Malformed(
            "",
            f"is not a CloudEvent: send {STRUCTURED}, {BATCH}, or JSON with the headers ce-specversion, ce-id, "
            "ce-source and ce-type",
        )
    if media and not _JSON_TYPE.search(media):
        raise Malformed("", f"is {media[:100]}; the data of an escalation is JSON")
    given = {name[3:]: _unquoted(name, value) for name, value in headers.items() if name.startswith("ce-")}
    given.pop("datacontenttype", None)  # in this mode it is Content-Type
    try:
        event = msgspec.convert(given, Attributes)
    except msgspec.ValidationError as fault:
        raise Malformed("", f"has a header that is not right (ce-): {fault}") from None
    return _incoming(event, body, "", checked=False)


def _unquoted(name: str, value: str) -> str:
    """A header's value: unquoted, then one round of percent-decoding (HTTP binding, section 3.1.3.2)."""
    if not value.isascii():
        raise Malformed("", f"has bytes in {name} that are not percent-encoded")
    if len(value) >= 2 and value[0] == value[-1] == '"':
        value = re.sub(r"\\(.)", r"\1", value[1:-1])
    if _PERCENT.search(value):
        raise Malformed("", f"has a percent sign in {name} that encodes nothing")
    try:
        return unquote_to_bytes(value).decode()
    except UnicodeDecodeError:
        raise Malformed("", f"has bytes in {name} that are not UTF-8") from None


def _incoming(event: Attributes, data: bytes, pointer: str, *, checked: bool) -> Incoming:
    kind: Any = Escalation if event.type == RAISED else EscalationUpdate
    if not data:
        raise Malformed(pointer, "is empty; the data of an escalation was expected")
    try:
        if not checked:
            check(data)
            check_once(data)
        decoded = decode_part(data, kind)
    except Malformed as fault:
        raise fault.under(pointer) from None
    return Incoming(
        source=event.source,
        id=event.id,
        subject=event.subject,
        time=None if event.time is None else millis(event.time),
        kind="raised" if event.type == RAISED else "updated",
        data=decoded,
    )


_EPOCH: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def millis(moment: datetime) -> int:
    """ms UTC of a time with zone, rounded down."""
    past = moment - _EPOCH
    return past.days * 86_400_000 + past.seconds * 1_000 + past.microseconds // 1_000


def _media_type(content_type: str) -> str:
    """The type without parameters, in small letters. Raises `Malformed` for another charset than UTF-8."""
    media, *parameters = content_type.split(";")
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset" and value.strip().strip('"').lower() not in ("utf-8", "us-ascii"):
            raise Malformed("", f"is in {value.strip()[:40]}; UTF-8 was expected")
    return media.strip().lower()
