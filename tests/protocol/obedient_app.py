"""A feed that knows only the wire: it decodes as the real one does and answers with samples. For schemathesis."""

from __future__ import annotations

import re

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from casework import caseid
from casework.commands import AnyCommand
from casework.errors import BadInput
from protocol import answers, cloudevents, codec, limits, openapi, problems
from protocol.codec import Malformed
from protocol.problems import Problem, problem

CASE_ID = "C-7F3A9K2M"
TOKEN = "good"


def _reply(value: object, status: int = 200) -> Response:
    return Response(codec.encode(value), status_code=status, media_type="application/json")


def _refuse(bad: Problem) -> Response:
    return Response(problems.encode(bad), status_code=bad.status, media_type=problems.MEDIA_TYPE)


def _stranger(request: Request) -> bool:
    return request.headers.get("authorization") != f"Bearer {TOKEN}"


async def _document(request: Request) -> Response:
    return _reply(openapi.document())


async def _intake(request: Request) -> Response:
    if _stranger(request):
        return _refuse(problem("unauthenticated"))
    try:
        incoming = cloudevents.decode(request.headers, await request.body())
    except Malformed as fault:
        return _refuse(problem("invalid", str(fault), pointer=fault.pointer))
    if not isinstance(incoming, list):
        return _reply(answers.IntakeAnswer(case_id=CASE_ID, seq=1), 202)
    results = [
        answers.Refused(status=item.status, problem=item)
        if isinstance(item, Problem)
        else answers.IntakeDone(status=202, case_id=CASE_ID, seq=1, duplicate=False)
        for item in incoming
    ]
    return _reply(answers.IntakeBatchAnswer(results=results))


async def _command(request: Request) -> Response:
    if _stranger(request):
        return _refuse(problem("unauthenticated"))
    if not re.search(limits.KEY_PATTERN, request.headers.get("idempotency-key", "")):
        return _refuse(problem("invalid", "no key"))
    try:
        codec.decode_body(await request.body(), AnyCommand)
        caseid.parse(request.path_params["id"])
    except Malformed as fault:
        return _refuse(problem("invalid", str(fault), pointer=fault.pointer))
    except BadInput:
        return _refuse(problem("not-found"))
    return _reply(answers.CommandAnswer(case_id=CASE_ID, version=1, seq=1, events=["CaseClaimed"]))


async def _commands(request: Request) -> Response:
    if _stranger(request):
        return _refuse(problem("unauthenticated"))
    try:
        items = answers.decode_commands(await request.body())
    except Malformed as fault:
        return _refuse(problem("invalid", str(fault), pointer=fault.pointer))
    results = [
        answers.Refused(status=item.status, problem=item)
        if isinstance(item, Problem)
        else answers.CommandDone(case_id=item.case_id, version=1, seq=1, events=[])
        for item in items
    ]
    return _reply(answers.CommandBatchAnswer(results=results))


app = Starlette(
    routes=[
        Route("/openapi.json", _document),
        Route("/v1/intake", _intake, methods=["POST"]),
        Route("/v1/cases/{id}/commands", _command, methods=["POST"]),
        Route("/v1/commands", _commands, methods=["POST"]),
    ]
)
