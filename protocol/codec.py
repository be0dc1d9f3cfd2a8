"""Bytes to Structs and back: the one gate that every body and every frame passes.

What msgspec alone would let through or let escape as another exception is caught here: nesting, numbers of thousands of
digits, a byte order mark, bytes that are not UTF-8. The checks run before the decoder, in a few passes of C speed.

A member that stands twice in one object of a report, a command or a frame is refused: which of the two counts differs
from reader to reader, and an order about a case must mean one thing to all of them.

A number of more than 19 digits is refused wherever it stands in a document that is decoded to its last field. `3.0`
is the integer 3, as JSON Schema has it; `3.5` where an integer belongs is refused.
"""

from __future__ import annotations

import json
import re
from array import array
from collections.abc import Iterable
from itertools import accumulate
from typing import Any, Final, TypeVar, cast, overload

import msgspec
from msgspec import Struct

from protocol import limits
from protocol.frames import Frame, FromClient, FromFeed

T = TypeVar("T")

_BOM: Final = b"\xef\xbb\xbf"
_NOT_BRACKETS: Final = bytes(byte for byte in range(256) if byte not in b"[]{}")
#: An opening bracket becomes +1, a closing one -1 (as a signed byte).
_STEPS: Final = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")
#: Every digit as 0, so that a long number is found by a plain search.
_DIGITS: Final = bytes.maketrans(b"123456789", b"0" * 9)
_LONG_NUMBER: Final = b"0" * (limits.INTEGER_DIGITS + 1)
_SURROGATE: Final = re.compile(rb"\\u[dD][89a-fA-F]")
_SLICE: Final = 1 << 16
_PLACE: Final = re.compile(r" - at (?:`key` in )?`\$([^`]*)`$")
_MEMBER: Final = re.compile(r"^Object (?:missing required|contains unknown) field `(.*)`$", re.DOTALL)
_STEP: Final = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|\[\.\.\.\]")
#: A string (which stays as it is), or a whole number that is written with a fraction of zeros.
_WHOLE: Final = re.compile(rb'"(?:[^"\\]|\\.)*"|(-?[0-9]+)\.0+(?![0-9.eE])', re.DOTALL)
_REASON_MAX: Final = 300


class Malformed(Exception):
    """A body or frame that is not what it should be.

    `pointer` is an RFC 6901 pointer to the fault as far as it is known ("" is the whole); `reason` is a sentence part
    that may quote the input, at most 300 characters of it.
    """

    def __init__(self, pointer: str, reason: str) -> None:
        self.pointer = pointer
        self.reason = reason if len(reason) <= _REASON_MAX else reason[:_REASON_MAX] + "…"
        super().__init__(f"{pointer or 'the body'}: {self.reason}")

    def under(self, prefix: str) -> Malformed:
        """The same fault, seen from outside: `prefix` is the pointer to what was decoded."""
        return Malformed(prefix + self.pointer, self.reason)


class UnknownFrame(Struct, frozen=True, kw_only=True):
    """A frame of a type that this client does not know: a newer feed sent it. It is skipped, never an error."""

    type: str


@overload
def decode_body(body: bytes, kind: type[T], *, numbers: bool = True) -> T: ...
@overload
def decode_body(body: bytes, kind: Any, *, numbers: bool = True) -> Any: ...
def decode_body(body: bytes, kind: Any, *, numbers: bool = True) -> Any:
    """`body` (JSON, UTF-8) as a `kind`: a Struct, a union of tagged Structs, or any type that msgspec takes.

    `numbers` false leaves the length of numbers, and members that stand there twice, to whoever decodes the `Raw` parts
    of a batch, so that one item's fault is one item's. Raises `Malformed`, and nothing else, whatever the bytes are.
    """
    if not body:
        raise Malformed("", "is empty; a JSON document was expected")
    check(body, numbers=numbers)
    if numbers:
        check_once(body)
    return _decoded(_decoder(kind), body)


@overload
def decode_part(raw: msgspec.Raw | bytes, kind: type[T], *, numbers: bool = True) -> T: ...
@overload
def decode_part(raw: msgspec.Raw | bytes, kind: Any, *, numbers: bool = True) -> Any: ...
def decode_part(raw: msgspec.Raw | bytes, kind: Any, *, numbers: bool = True) -> Any:
    """A part of a body that `decode_body` let through, such as one item of a batch. Raises `Malformed`.

    `numbers` false: their length is not looked at, because the part comes from the feed itself.
    """
    part = bytes(raw)
    if numbers and _LONG_NUMBER in part.translate(_DIGITS):
        _check_numbers(_outside_strings(part))
    return _decoded(_decoder(kind), part)


def check(body: bytes, *, numbers: bool = True) -> None:
    """What holds for every JSON text from outside, whatever it is decoded to. Raises `Malformed`."""
    if body.startswith(_BOM):
        raise Malformed("", "starts with a byte order mark; JSON has none")
    if not body.isascii():
        try:
            body.decode("utf-8")
        except UnicodeDecodeError as fault:
            raise Malformed("", f"is not UTF-8 (byte {fault.start})") from None
    deep = body.count(b"[") + body.count(b"{") > limits.DEPTH
    long_number = numbers and _LONG_NUMBER in body.translate(_DIGITS)
    if not deep and not long_number:
        return
    outside = _outside_strings(body)
    if deep and _too_deep(outside):
        raise Malformed("", f"is nested more than {limits.DEPTH} levels deep")
    if long_number:
        _check_numbers(outside)


class _Twice(ValueError):
    """A member stands twice in one object."""


def _no_member_twice(pairs: list[tuple[str, Any]]) -> None:
    if len(pairs) > 1 and len({name for name, _ in pairs}) != len(pairs):
        raise _Twice


#: Values are not wanted, only names; numbers stay text, whatever their length.
_NAMES: Final = json.JSONDecoder(object_pairs_hook=_no_member_twice, parse_int=str, parse_float=str)
_PAIRS: Final = json.JSONDecoder(object_pairs_hook=tuple, parse_int=str, parse_float=str)


def check_once(body: bytes) -> None:
    """Raises `Malformed` if an object of `body`, which passed `check`, has a member twice. What is no JSON is left to
    the decoder, which says why.
    """
    try:
        _NAMES.decode(body.decode())
    except _Twice:
        pointer = _second(_PAIRS.decode(body.decode())) or ""
        raise Malformed(pointer, "stands there twice; each member once was expected") from None
    except (ValueError, RecursionError):
        pass


def _second(part: Any) -> str | None:
    """The pointer to the first member that its object has already. Objects are tuples of pairs here."""
    if not isinstance(part, tuple | list):
        return None
    seen: set[str] = set()
    members: Iterable[tuple[Any, Any]] = part if isinstance(part, tuple) else enumerate(part)
    for name, value in members:
        place = "/" + escape(str(name)[:100])
        if name in seen:
            return place
        seen.add(name)
        if (deeper := _second(value)) is not None:
            return place + deeper
    return None


def _check_numbers(outside: bytes) -> None:
    if _LONG_NUMBER in outside.translate(_DIGITS):
        raise Malformed("", f"has a number of more than {limits.INTEGER_DIGITS} digits")


def _too_deep(outside: bytes) -> bool:
    steps = array("b", outside.translate(_STEPS, _NOT_BRACKETS))
    depth = 0
    for start in range(0, len(steps), _SLICE):  # in slices, so that a bomb is refused by its first one
        depths = list(accumulate(steps[start : start + _SLICE], initial=depth))
        if max(depths) > limits.DEPTH:
            return True
        depth = depths[-1]
    return False


def _outside_strings(body: bytes) -> bytes:
    """`body` without its strings. Backslashes stand only inside strings, and pairs of them escape each other."""
    if b"\\" in body:
        body = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    return b" ".join(body.split(b'"')[::2])


_DECODERS: Final[dict[Any, msgspec.json.Decoder[Any]]] = {}


def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    """One decoder for each kind; kinds are named in code, so there are not many."""
    decoder = _DECODERS.get(kind)
    if decoder is None:
        decoder = _DECODERS[kind] = msgspec.json.Decoder(kind)
    return decoder


def _decoded(decoder: msgspec.json.Decoder[Any], body: bytes) -> Any:
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as fault:
        message = str(fault)
        if "got `float`" in message and (whole := _WHOLE.sub(_without_fraction, body)) != body:
            return _decoded(decoder, whole)
        raise _invalid(message) from None
    except msgspec.DecodeError as fault:
        reason = str(fault)
        if "surrogate" in reason or ("truncated" in reason and _SURROGATE.search(body)):
            reason = "has a lone surrogate: half of a pair of \\u escapes"
        raise Malformed("", _lower(reason)) from None
    except UnicodeDecodeError as fault:
        raise Malformed("", f"is not UTF-8 (byte {fault.start})") from None
    except RecursionError:
        raise Malformed("", "is nested too deep") from None


def _without_fraction(found: re.Match[bytes]) -> bytes:
    return found.group(1) or found.group(0)


def _invalid(message: str) -> Malformed:
    """msgspec's message, with its path as a pointer; a missing or unknown member is pointed at itself."""
    place = _PLACE.search(message)
    pointer = ""
    if place is not None:
        message = message[: place.start()]
        for member, index in _STEP.findall(place.group(1)):
            if not member and not index:
                break  # the name of a mapping's member is not told; the pointer ends at the mapping
            pointer += "/" + (escape(member) if member else index)
    member = _MEMBER.match(message)
    if member is not None:
        pointer += "/" + escape(member.group(1)[:100])
    # Patterns end in `$(?!\n)` for Python's sake; people read them without that.
    return Malformed(pointer, _lower(message.replace(r"$(?!\\n)'", "$'")))


def escape(member: str) -> str:
    """A member's name as one token of an RFC 6901 pointer."""
    return member.replace("~", "~0").replace("/", "~1")


def _lower(message: str) -> str:
    return message[:1].lower() + message[1:] if not message.startswith("JSON") else message


# --- frames

_FROM_FEED: Final = msgspec.json.Decoder(FromFeed)
_FROM_CLIENT: Final = msgspec.json.Decoder(FromClient)


class _Typed(Struct):
    type: str


_TYPED: Final = msgspec.json.Decoder(_Typed)
_FEED_TYPES: Final = frozenset(str(kind.__struct_config__.tag) for kind in FromFeed.__args__)


def from_feed(frame: bytes | str) -> Frame | UnknownFrame:
    """A frame that the feed sent. A type that is not known here becomes an `UnknownFrame`.

    Raises `Malformed`.
    """
    body = _frame_bytes(frame)  # no `check`: the feed is trusted that far, and a snapshot's chunks are large
    try:
        return cast(Frame, _decoded(_FROM_FEED, body))
    except Malformed as fault:
        if fault.pointer != "/type":
            raise
        kind = cast(_Typed, _decoded(_TYPED, body)).type
        if kind in _FEED_TYPES:
            raise
        return UnknownFrame(type=kind)


def from_client(frame: bytes | str) -> Frame:
    """A frame that a client sent: at most 64 KiB, a known type, no unknown field. Raises `Malformed`."""
    body = _frame_bytes(frame)
    if len(body) > limits.FRAME_IN:
        raise Malformed("", f"is larger than {limits.FRAME_IN} bytes")
    check(body)
    check_once(body)
    return cast(Frame, _decoded(_FROM_CLIENT, body))


def _frame_bytes(frame: bytes | str) -> bytes:
    if isinstance(frame, str):
        try:
            frame = frame.encode()
        except UnicodeEncodeError:
            raise Malformed("", "has a lone surrogate") from None
    if not frame:
        raise Malformed("", "is empty; a JSON document was expected")
    return frame


# --- out

_ENCODER: Final = msgspec.json.Encoder()


def encode(value: Any) -> bytes:
    """`value` (Structs, Raw, JSON types) as JSON bytes."""
    return _ENCODER.encode(value)


def encode_lines(values: Any) -> bytes:
    """NDJSON: one document a line, each line ended."""
    return _ENCODER.encode_lines(values)


def raw(value: Any) -> msgspec.Raw:
    """`value` encoded once, to stand in several frames."""
    return msgspec.Raw(_ENCODER.encode(value))
