"""`POST /v1/intake`: CloudEvents 1.0, structured, binary and batch."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from casework.access import may_post_escalations
from casework.errors import NotPermitted
from feed.auth import Login
from feed.http.asking import body, login, node_of, parameters
from feed.http.replies import RateLimited, json_reply, refused
from feed.node import Node
from protocol import answers
from protocol.answers import IntakeAnswer, IntakeBatchAnswer, IntakeDone
from protocol.cloudevents import Incoming, decode
from protocol.codec import Malformed
from protocol.problems import Problem


async def receive(request: Request) -> Response:
    """202 for a new report, 200 for one that was there; a batch is 200 with a result for each item."""
    who = await login(request)
    parameters(request, ())
    raw = await body(request)
    given: dict[str, str] = {}
    for name, value in request.headers.items():
        if name in given and name.startswith("ce-"):
            raise Malformed("", f"has the header {name} twice")
        given[name] = value
    incoming = decode(given, raw)
    if not may_post_escalations(who.person):
        raise NotPermitted(what="posting escalations", needs="the role intake, responder or lead")
    node = node_of(request)
    count = len(incoming) if isinstance(incoming, list) else 1
    wait = node.intake_limit.take(who.principal, count)
    if wait:
        raise RateLimited(wait)
    if isinstance(incoming, list):
        # Each starts in its turn, so reports get their seqs in the order of the batch and share a commit.
        results = await asyncio.gather(*(_item(node, who, place, item) for place, item in enumerate(incoming)))
        return json_reply(IntakeBatchAnswer(results=list(results)))
    done = await node.intake.receive(who.person, incoming)
    answer = IntakeAnswer(case_id=done.case_id, seq=done.seq, duplicate=done.duplicate)
    return json_reply(answer, status=200 if done.duplicate else 202)


async def _item(node: Node, who: Login, place: int, item: Incoming | Problem) -> IntakeDone | answers.Refused:
    if isinstance(item, Problem):
        return answers.Refused(status=item.status, problem=item)
    try:
        done = await node.intake.receive(who.person, item)
    except Exception as fault:
        known = refused(fault)
        if known is None:
            raise
        return answers.Refused(status=known[0].status, problem=known[0])
    return IntakeDone(
        status=200 if done.duplicate else 202, case_id=done.case_id, seq=done.seq, duplicate=done.duplicate
    )
