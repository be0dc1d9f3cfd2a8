"""What an admin does: say which clock is right after the two parted."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from casework.access import may_read
from casework.errors import NotPermitted
from feed.http.asking import body, check_media, login, node_of, parameters
from feed.http.replies import json_reply
from protocol.answers import Answer
from protocol.codec import decode_body


class ClockWord(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`feed`: the time that the feed kept is right. `wall`: the host's clock is right now."""

    trust: Literal["feed", "wall"]


class ClockState(Answer, frozen=True, kw_only=True):
    """`now` is feed time (ms UTC), `parted_ms` wall time minus feed time after the confirmation."""

    now: int
    parted_ms: int
    sane: bool


async def confirm_clock(request: Request) -> Response:
    """`POST /v1/admin/clock`."""
    who = await login(request)
    parameters(request, ())
    raw = await body(request)
    check_media(request)
    word = decode_body(raw, ClockWord)
    if not may_read(who.person, "config"):
        raise NotPermitted(what="confirming the clock", needs="the role admin")
    node = node_of(request)
    node.clock.confirm(word.trust)
    node.keeper.confirmed()
    return json_reply(
        ClockState(now=node.clock.now_ms(), parted_ms=node.clock.parted_ms(), sane=node.keeper.clock_sane)
    )
