"""`GET /v1/catalogue`: what is in force here, and the verbs that this person may use."""

from __future__ import annotations

import asyncio
import zlib

from starlette.requests import Request
from starlette.responses import Response

from feed.http.asking import node_of, parameters, reader
from feed.http.replies import json_reply
from feed.http.snapshot import accepts
from protocol.catalogue import catalogue_out
from protocol.codec import encode


async def show(request: Request) -> Response:
    who = await reader(request, "catalogue")
    parameters(request, ())
    node = node_of(request)
    body = encode(catalogue_out(node.policy, who.person, node.runbooks, node.engine.connected))
    varied = {"vary": "Authorization, Accept-Encoding"}
    # Each console asks at each new connection, some of them over a thin line: a quarter of the bytes says the same.
    if not accepts(request.headers.get("accept-encoding", ""), "gzip"):
        return json_reply(body, headers=varied)
    squeezed = await asyncio.to_thread(_gzip, body)
    return json_reply(squeezed, headers={**varied, "content-encoding": "gzip"})


def _gzip(body: bytes) -> bytes:
    squeezer = zlib.compressobj(5, zlib.DEFLATED, 31)
    return squeezer.compress(body) + squeezer.flush()
