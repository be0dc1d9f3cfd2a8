"""Every bound on every input, in one place."""

from __future__ import annotations

from typing import Final

KIB: Final = 1024
MIB: Final = 1024 * 1024

BODY: Final = 1 * MIB
"""Bytes of a request body that is accepted."""
BODY_DRAINED: Final = 8 * MIB
"""Bytes of an oversized body that are read and dropped before the answer; beyond it the connection is cut."""
DEPTH: Final = 32
"""Nesting of a JSON body."""
INTEGER_DIGITS: Final = 19
FRAME_IN: Final = 64 * KIB
"""Bytes of a WebSocket frame from a client."""
FRAMES_PER_SECOND: Final = 50
"""Frames of a client, and pings, after a burst of twice as many; beyond it the connection is closed."""
FRAGMENTS: Final = 64
"""Fragments of one message."""
FRAME_OUT: Final = 1 * MIB
"""Bytes of the largest frame that the feed sends (`max_frame` of hello)."""
SNAPSHOT_ROWS: Final = 500
SNAPSHOT_BYTES: Final = 512 * KIB
EVENTS_PER_FRAME: Final = 64
EVENTS_BYTES: Final = 256 * KIB
BATCH_EVENTS: Final = 1_000
BATCH_COMMANDS: Final = 1_000
LIST_DEFAULT: Final = 200
LIST_MAX: Final = 1_000
QUERY_LENGTH: Final = 1_000
SUBSCRIPTIONS: Final = 16
"""Subscriptions on one connection."""
KEY_PATTERN: Final = r"^[A-Za-z0-9._:\-]{1,128}$(?!\n)"
"""An Idempotency-Key: visible, short, never free text."""
KEY_LIFE_MS: Final = 7 * 24 * 3_600_000
HEARTBEAT_MS: Final = 2_000
STALE_FACTOR: Final = 2.5
"""Heartbeats missed before the client calls the feed stale."""
EOF_GRACE_MS: Final = 30_000
"""A slow reader without progress is closed (4008) after this."""
PRESENCE_MS: Final = 30_000
TOKEN_RECHECK_MS: Final = 2_000
"""How often a connection's token is looked up again; a revoked one counts within 5 s."""
