"""`POST /v1/cases/{id}/preview`: what an action would touch, as the platform tells it. Nothing is done."""

from __future__ import annotations

from msgspec.structs import replace
from starlette.requests import Request
from starlette.responses import Response

from casework.access import require_on
from casework.model import Action, Case
from feed.delivery.connector import ConnectorError
from feed.delivery.outbox import order_of
from feed.http.asking import body, case_id_of, check_media, login, node_of, parameters
from feed.http.replies import json_reply
from feed.node import Node
from protocol.answers import PreviewAnswer, PreviewQuestion
from protocol.codec import decode_body


async def show(request: Request) -> Response:
    who = await login(request)
    parameters(request, ())
    raw = await body(request)
    check_media(request)
    question = decode_body(raw, PreviewQuestion)
    node = node_of(request)
    case = node.engine.present(case_id_of(request), "propose")
    audience = node.engine.audience(who.person)
    require_on(who.person, "propose", boundary=case.boundary, case_id=case.case_id, audience=audience)
    return json_reply(await _asked(node, case, question))


async def _asked(node: Node, case: Case, question: PreviewQuestion) -> PreviewAnswer:
    platform = node.platform
    if platform is None or question.action not in platform.actions:
        return PreviewAnswer(available=False, why="The platform of this floor does not carry it out.")
    action = Action(
        action_id="preview",
        action=question.action,
        target=question.target,
        policy="",
        reason="",
        fields=question.fields,
        state="proposed",
        proposed_by="",
    )
    try:
        order = replace(order_of(case, action, node.log.epoch), key="preview")
        found = await platform.preview(order)
    except ConnectorError as fault:
        return PreviewAnswer(available=False, why=f"The platform has no preview of it: {fault.why}.")
    return PreviewAnswer(
        available=True,
        counts=found.counts,
        countries=found.countries,
        strikes=found.strikes,
        prior=list(found.prior),
        sample=list(found.sample),
    )
