"""`GET /v1/snapshot`: every live case at one seq, in queue order; with an ETag, compressed if that is accepted."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from casework.access import Audience
from casework.model import Case
from feed.http.asking import node_of, parameters, reader
from feed.http.replies import JSON
from feed.node import Node
from feed.rows import audience_tag

_AT_ONCE: Final = 50


async def snapshot(request: Request) -> Response:
    """State and seq are taken together; the body is then made in pieces, without stopping anybody."""
    who = await reader(request, "cases")
    parameters(request, ())
    node = node_of(request)
    audience = node.engine.audience(who.person)
    tag = f'"{node.log.epoch}-{node.floor.seq}-{audience_tag(audience)}"'
    headers = {"etag": tag, "cache-control": "private", "vary": "Authorization, Accept-Encoding"}
    if _matches(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=headers)
    cases = list(node.floor.in_order())
    head = b'{"epoch":"%b","seq":%d,"head_hash":"%b","cases":[' % (
        node.log.epoch.encode(),
        node.floor.seq,
        node.floor.head_hash.encode(),
    )
    pieces = _pieces(node, audience, cases, head)
    coding = _coding(request.headers.get("accept-encoding", ""))
    if coding is not None:
        headers["content-encoding"] = coding
        pieces = _compressed(pieces, coding)
    return StreamingResponse(pieces, media_type=JSON, headers=headers)


async def _pieces(node: Node, audience: Audience, cases: list[Case], head: bytes) -> AsyncIterator[bytes]:
    yield head
    for start in range(0, len(cases), _AT_ONCE):
        rows = node.rows.encode(cases[start : start + _AT_ONCE], audience)
        yield (b"," if start else b"") + b",".join(rows)
        await asyncio.sleep(0)
    yield b"]}"


async def _compressed(pieces: AsyncIterator[bytes], coding: str) -> AsyncIterator[bytes]:
    squeezer: Any = _zstd() if coding == "zstd" else zlib.compressobj(5, zlib.DEFLATED, 31)
    async for piece in pieces:
        # zlib lets go of the interpreter: a large snapshot does not hold up the loop.
        out = await asyncio.to_thread(squeezer.compress, piece)
        if out:
            yield out
    yield squeezer.flush()


def _zstd() -> Any:
    from importlib import import_module

    return import_module("compression.zstd").ZstdCompressor()


def _has_zstd() -> bool:
    from importlib.util import find_spec

    try:
        return find_spec("compression.zstd") is not None  # Python 3.14 and later
    except ModuleNotFoundError:
        return False


HAS_ZSTD: Final = _has_zstd()


def _coding(accepted: str) -> str | None:
    """The best coding that is accepted and here: zstd, gzip, or none."""
    for coding in ("zstd", "gzip") if HAS_ZSTD else ("gzip",):
        if accepts(accepted, coding):
            return coding
    return None


def accepts(accepted: str, coding: str) -> bool:
    """Whether the Accept-Encoding `accepted` allows `coding`."""
    weights: dict[str, float] = {}
    for part in accepted.lower().split(","):
        name, _, parameter = part.partition(";")
        weight = parameter.strip().removeprefix("q=")
        try:
            weights[name.strip()] = float(weight) if weight else 1.0
        except ValueError:
            weights[name.strip()] = 0.0
    return weights.get(coding, weights.get("*", 0.0)) > 0


def _matches(given: str, tag: str) -> bool:
    """If-None-Match, by weak comparison (RFC 9110, section 13.1.2)."""
    return given.strip() == "*" or tag in [part.strip().removeprefix("W/") for part in given.split(",")]
