"""The WebSocket feed as an AsyncAPI 3.0 document, served at `/asyncapi.json`; one message for each frame Struct."""

from __future__ import annotations

from functools import cache
from typing import Any, Final, get_args

from msgspec import Struct

from protocol import frames, limits, schemas
from protocol.frames import SUBPROTOCOL, FromClient, FromFeed
from protocol.schemas import PREFIX

_CHANNEL: Final = "feed"
_CLOSE: Final = {
    1002: "bytes that are no frame (RFC 6455)",
    1003: "a binary frame",
    1007: "text that is not UTF-8",
    1009: f"a message of more than {limits.FRAME_IN} bytes",
    1012: "restart",
    1013: "overloaded",
    4001: "not authenticated, or the token was revoked",
    4002: "too many faults, frames, pings or fragments",
    4003: "not permitted",
    4008: f"too slow: no progress for {limits.EOF_GRACE_MS // 1000} s",
    4010: "the token expired",
}


@cache
def document() -> dict[str, Any]:
    """The document. It is made once; whoever changes it makes a copy."""
    sent, asked = get_args(FromFeed), get_args(FromClient)
    kinds: list[type[Struct]] = [*sent, *asked]
    _, named = schemas.components(kinds)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Watchfloor feed",
            "version": "1",
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {
            _CHANNEL: {
                "address": "/v1/feed",
                "title": "The escalation feed",
                "description": f"Subprotocol `{SUBPROTOCOL}`. Close codes: "
                + "; ".join(f"{code} {why}" for code, why in _CLOSE.items())
                + ".",
                "messages": {_name(kind): {"$ref": f"#/components/messages/{_name(kind)}"} for kind in kinds},
                "bindings": {
                    "ws": {
                        "method": "GET",
                        "headers": {
                            "type": "object",
                            "properties": {
                                "Authorization": {"type": "string", "pattern": "^Bearer .+$"},
                                "Sec-WebSocket-Protocol": {"const": SUBPROTOCOL},
                            },
                            "required": ["Sec-WebSocket-Protocol"],
                        },
                        "bindingVersion": "0.1.0",
                    }
                },
            }
        },
        "operations": {
            "feedSends": _operation("send", "What the feed sends. `hello` comes first.", sent),
            "feedReceives": _operation(
                "receive", "What a client may send. Faults are answered; too many close it (4002).", asked
            ),
        },
        "components": {
            "messages": {_name(kind): _message(kind) for kind in kinds},
            "schemas": named,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def _name(kind: type[Struct]) -> str:
    return kind.__name__


def _message(kind: type[Struct]) -> dict[str, Any]:
    tag = str(kind.__struct_config__.tag)
    message: dict[str, Any] = {
        "name": tag,
        "title": kind.__name__,
        "contentType": "application/json",
        "payload": {"$ref": PREFIX + kind.__name__},
    }
    if summary := _SUMMARIES.get(kind):
        message["summary"] = summary
    return message


def _operation(action: str, summary: str, kinds: tuple[type[Struct], ...]) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{_CHANNEL}"},
        "summary": summary,
        "security": [{"$ref": "#/components/securitySchemes/bearer"}],
        "messages": [{"$ref": f"#/channels/{_CHANNEL}/messages/{_name(kind)}"} for kind in kinds],
    }


_SUMMARIES: Final[dict[type[Struct], str]] = {
    frames.Hello: "First on each connection.",
    frames.SnapshotBegin: "A snapshot follows; what was there before is void once it ended.",
    frames.SnapshotChunk: f"Rows in queue order, at most {limits.SNAPSHOT_ROWS}; or the one whole case.",
    frames.SnapshotEnd: "The cursor is now `seq`.",
    frames.Events: "What happened after `prev`; a client whose cursor is not `prev` subscribes anew.",
    frames.Mark: "Nothing for you up to `seq`.",
    frames.Heartbeat: "At least each `hb_ms`.",
    frames.PresenceSeen: f"Who looks at a case; forgotten after {limits.PRESENCE_MS // 1000} s.",
    frames.Resync: "Why a snapshot comes in place of events.",
    frames.AuthExpiring: "Send `auth` with a fresh token before `at`.",
    frames.ErrorFrame: "A problem document; the connection goes on.",
    frames.Bye: "The feed goes; come back after `retry_ms`.",
    frames.TimeAnswer: "When the question came (`t1`) and when this went (`t2`).",
    frames.Subscribe: "`from` is where the client stands, or null for a snapshot.",
    frames.Unsubscribe: "No more frames on this sub.",
    frames.TimeAsked: "What time is it there?",
    frames.Auth: "A fresh token for the same principal.",
    frames.PresenceSaid: "What I am doing on a case.",
}
_DESCRIPTION: Final = (
    f"JSON text frames, told apart by `type`. A client sends at most {limits.FRAME_IN} bytes a frame, and skips types "
    "and members that it does not know. Every seq comes in an events frame or is covered by a mark; there is never a "
    "silent gap and never a duplicate. Times are ms UTC. Commands go over HTTP."
)
