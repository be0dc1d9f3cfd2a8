"""`GET /v1/catalogue`: what is in force here, and the verbs that this person may use."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from feed.http.asking import node_of, parameters, reader
from feed.http.replies import json_reply
from protocol.catalogue import catalogue_out


async def show(request: Request) -> Response:
    who = await reader(request, "catalogue")
    parameters(request, ())
    return json_reply(catalogue_out(node_of(request).policy, who.person))
