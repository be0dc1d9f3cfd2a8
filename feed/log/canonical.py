"""The bytes that are hashed, and back.

`body` is RFC 8785 JSON of the stored (sealed) event without seq and hash. There are no floats and no integers beyond
2^53 in it, and all keys are ASCII, so sorted compact JSON is that form. Readers hash stored bytes, never a re-encoding.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any, Final

import msgspec
from msgspec import Raw, Struct

from casework.events import Draft, Event, fact_of
from casework.facts import FACTS, SCHEMA_VERSION, CaseStub, Fact
from feed.log.base import Stored, Unstorable
from feed.log.seal import Keyring, seal_context

EXACT: Final = 2**53
"""Integers beyond this are not the same number in every JSON reader."""

_STORED: Final = frozenset(FACTS) - {CaseStub.__name__}

_encode = msgspec.json.Encoder(order="sorted").encode
_plain = msgspec.json.Encoder().encode


class Body(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The stored event. `data`: the public fields of its fact; `sealed`: base64 of nonce and ciphertext of the others.

    Every field without a default is always written, also where it has its usual value.
    """

    case_id: str
    version: int
    type: str
    v: int
    at: int
    actor: str
    part: int
    data: dict[str, Any]
    sealed: str | None = None
    idem: str | None = None
    context: dict[str, Any] | None = None


class StoredBody(Struct, frozen=True, kw_only=True):
    """The same, as it is read: `data` stays bytes until its type is known."""

    v: int
    part: int
    data: Raw
    sealed: str | None = None
    idem: str | None = None
    context: dict[str, Any] | None = None


_decode = msgspec.json.Decoder(StoredBody).decode
_as_object = msgspec.json.Decoder(dict[str, Any]).decode
_fact_decoders: Final = {kind: msgspec.json.Decoder(fact).decode for kind, fact in FACTS.items()}


def body_of(draft: Draft, kind: str, *, version: int, keyring: Keyring) -> bytes:
    """The canonical body of `draft` of type `kind` as event `version` of its case, sealed under the case's key (made if
    missing).

    Raises `Unstorable`.
    """
    fact, case_id = draft.fact, draft.case_id
    if kind not in _STORED:
        raise Unstorable(case_id=case_id, why=f"has the type {kind}, which belongs in no log")
    try:
        # What does not read back would stop every later start of the feed; found here, it is one refused append.
        _fact_decoders[kind](_plain(fact))
        data: dict[str, Any] = msgspec.to_builtins(fact)
        sealed = None
        if fact.SEALED and (secret := {name: data.pop(name) for name in fact.SEALED if name in data}):
            sealed = keyring.seal(case_id, seal_context(case_id, version, kind), _plain(secret))
        if draft.context is not None:
            _require_exact(draft.context, case_id)
        return _encode(
            Body(
                case_id=case_id,
                version=version,
                type=kind,
                v=SCHEMA_VERSION,
                at=draft.at,
                actor=draft.actor,
                part=draft.part,
                data=data,
                sealed=sealed,
                idem=draft.idem,
                context=draft.context,
            )
        )
    except UnicodeEncodeError:
        raise Unstorable(case_id=case_id, why="has text with a lone surrogate") from None
    except msgspec.ValidationError as error:
        # Its text may quote a value; the path of the field does not.
        raise Unstorable(case_id=case_id, why=f"would not read back, at {str(error).rpartition(' at ')[2]}") from None
    except (TypeError, OverflowError, RecursionError) as error:
        raise Unstorable(case_id=case_id, why=f"cannot be written as JSON ({type(error).__name__})") from None


def event_of(stored: Stored, keyring: Keyring) -> Event:
    """The event that `stored` is, unsealed if its key exists, else `redacted` with the sealed fields missing.

    Raises `msgspec.DecodeError` if the body is not an event of ours, `SealBroken` if the sealed part was altered.
    """
    body = _decode(stored.body)
    secret = None
    redacted = False
    if body.sealed is not None:
        context = seal_context(stored.case_id, stored.version, stored.type)
        secret = keyring.unseal(stored.case_id, context, body.sealed)
        redacted = secret is None
    return Event(
        seq=stored.seq,
        case_id=stored.case_id,
        version=stored.version,
        type=stored.type,
        v=body.v,
        at=stored.at,
        actor=stored.actor,
        part=body.part,
        fact=_fact(stored.type, body.v, bytes(body.data), secret),
        hash=stored.hash.hex(),
        redacted=redacted,
        idem=body.idem,
        context=body.context,
    )


def case_hash(previous: bytes, body: bytes) -> bytes:
    """The hash of an event: over the previous hash of its case (32 zero bytes at first) and its body."""
    return sha256(previous + body).digest()


def head_hash(previous: bytes, event_hash: bytes) -> bytes:
    """The hash of the whole log up to an event: over the head hash before it and its own hash."""
    return sha256(previous + event_hash).digest()


def _fact(kind: str, v: int, public: bytes, secret: bytes | None) -> Fact:
    decoder = _fact_decoders.get(kind)
    if decoder is not None and v == SCHEMA_VERSION:
        # Both are JSON objects with different keys: joined as text, the fact is decoded once, straight to its type.
        return decoder(_joined(public, secret))
    data = _as_object(public)
    if secret is not None:
        data.update(_as_object(secret))
    return fact_of(kind, v, data)


def _joined(public: bytes, secret: bytes | None) -> bytes:
    if secret is None or secret == b"{}":
        return public
    if public == b"{}":
        return secret
    return public[:-1] + b"," + secret[1:]


def _require_exact(value: object, case_id: str) -> None:
    """What a client sent along is the only part of a public body that no type bounds."""
    if isinstance(value, float):
        raise Unstorable(case_id=case_id, why="has a fractional number in its context; send whole milliseconds")
    if isinstance(value, int) and abs(value) > EXACT:
        raise Unstorable(case_id=case_id, why="has a number beyond 2^53 in its context")
    if isinstance(value, dict):
        for name, member in value.items():
            if not isinstance(name, str) or not name.isascii():
                raise Unstorable(case_id=case_id, why="has a name in its context that is not ASCII")
            _require_exact(member, case_id)
    elif isinstance(value, (list, tuple)):
        for member in value:
            _require_exact(member, case_id)
