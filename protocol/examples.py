"""Examples for the documents and for the written description; tests decode each of them."""

from __future__ import annotations

from typing import Any, Final

CASE_ID: Final = "C-7F3A9K2M"

ESCALATION: Final[dict[str, Any]] = {
    "case_type": "SSH",
    "summary": "A live stream: the person says goodbye and shows pills",
    "narrative": "Reported by four viewers within two minutes.",
    "boundary": "us",
    "language": "en",
    "source": {"kind": "user_report", "name": "in-app report"},
    "factors": {"imminence": "now", "harm": "death", "specificity": 3, "live_viewers": 1200},
    "graphic_level": 2,
    "subjects": [{"kind": "account", "id": "u_8123", "handle": "night_owl", "place": "US-TX", "tz": "America/Chicago"}],
    "content": [{"kind": "video", "id": "v_991", "live": True, "up": True}],
    "sensitive": {"subject_phone": "+1 555 0100"},
    "occurred_at": "2026-11-22T01:02:03Z",
    "reported_at": "2026-11-22T01:02:30Z",
}

RAISED: Final[dict[str, Any]] = {
    "specversion": "1.0",
    "type": "org.watchfloor.escalation.raised.v1",
    "source": "https://reports.example/app",
    "id": "r-20261122-0001",
    "subject": "stream-991",
    "time": "2026-11-22T01:02:31Z",
    "datacontenttype": "application/json",
    "data": ESCALATION,
}

UPDATED: Final[dict[str, Any]] = {
    "specversion": "1.0",
    "type": "org.watchfloor.escalation.updated.v1",
    "source": "https://reports.example/app",
    "id": "r-20261122-0002",
    "subject": "stream-991",
    "data": {"factors": {"live_viewers": 5400}, "content": [{"kind": "video", "id": "v_991", "live": False}]},
}

CLAIM: Final[dict[str, Any]] = {
    "type": "claim",
    "expected_version": 1,
    "context": {"epoch": "e1", "seq": 9120, "head_hash": "0" * 64, "stale_ms": 0},
}

PROPOSE: Final[dict[str, Any]] = {
    "type": "propose",
    "expected_version": 3,
    "action": "suspend",
    "target": {"kind": "account", "id": "u_8123"},
    "policy": "SH1",
    "reason": "Imminent; police are told.",
    "fields": {"duration": "7d", "notice": "template-4"},
}

PREVIEW: Final[dict[str, Any]] = {name: PROPOSE[name] for name in ("action", "target", "fields")}

COMMANDS: Final[dict[str, Any]] = {
    "items": [
        {"case_id": CASE_ID, "key": "a1", **CLAIM},
        {"case_id": "C-7F3A-9K2N", "key": "a2", "type": "note", "expected_version": 4, "text": "Same stream."},
    ]
}

PROBLEM: Final[dict[str, Any]] = {
    "type": "/problems/stale-version",
    "title": "The case changed meanwhile",
    "status": 409,
    "detail": "Not done: bo claimed it meanwhile, at 12:41:03 Z. Nothing was sent.",
    "version": 2,
    "by": "bo",
    "at": 1795309351000,
    "events": ["CaseClaimed"],
}

INVALID: Final[dict[str, Any]] = {
    "type": "/problems/invalid",
    "title": "The request is not valid",
    "status": 400,
    "detail": "invalid enum value 'XYZ'",
    "pointer": "/data/case_type",
}

#: One connection, in order; `>` is sent by the feed, `<` by the client.
CONVERSATION: Final[list[tuple[str, dict[str, Any]]]] = [
    (
        ">",
        {
            "type": "hello",
            "proto": "watchfloor.v1",
            "node": "feed-1",
            "epoch": "e1",
            "head": 9120,
            "server_time": 1795309350000,
            "hb_ms": 2000,
            "max_frame": 1048576,
            "auth_expires": None,
            "principal": "ana",
            "roles": ["responder"],
        },
    ),
    ("<", {"type": "subscribe", "sub": "main", "filter": {"all": True}, "from": None}),
    (">", {"type": "snapshot.begin", "sub": "main", "epoch": "e1", "seq": 9120, "count": 0}),
    (">", {"type": "snapshot.chunk", "sub": "main", "cases": []}),
    (">", {"type": "snapshot.end", "sub": "main", "seq": 9120, "head_hash": "a" * 64}),
    (
        ">",
        {
            "type": "events",
            "sub": "main",
            "prev": 9120,
            "seq": 9121,
            "head_hash": "b" * 64,
            "events": [
                {
                    "seq": 9121,
                    "case_id": CASE_ID,
                    "version": 2,
                    "type": "CaseClaimed",
                    "v": 2,
                    "at": 1795309351000,
                    "actor": "ana",
                    "part": 0,
                    "hash": "c" * 64,
                    "redacted": False,
                    "data": {"result": {"state": "ACKED", "owner": "ana", "owner_since": 1795309351000}},
                }
            ],
        },
    ),
    (">", {"type": "mark", "sub": "main", "prev": 9121, "seq": 9122, "head_hash": "d" * 64}),
    (">", {"type": "hb", "server_time": 1795309352000, "head": 9122, "seq": 9122, "head_hash": "d" * 64}),
    ("<", {"type": "time", "t0": 1795309352100}),
    (">", {"type": "time", "t0": 1795309352100, "t1": 1795309352101, "t2": 1795309352101}),
    (">", {"type": "bye", "reason": "restart", "retry_ms": 500}),
]
