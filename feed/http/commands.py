"""Commands: one on a case, or up to a thousand that stand and fall alone."""

from __future__ import annotations

import asyncio
import re
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from casework.commands import AnyCommand
from casework.errors import NotPermitted
from feed.auth import Login
from feed.http.asking import body, case_id_of, check_media, login, node_of, parameters
from feed.http.replies import RateLimited, Refused, json_reply, refused
from feed.node import Node
from feed.refusals import RECORDED_VERBS
from protocol import answers, limits
from protocol.answers import CommandAnswer, CommandBatchAnswer, CommandDone, CommandItem, decode_commands
from protocol.codec import decode_body
from protocol.problems import Problem, problem

_KEY: Final = re.compile(limits.KEY_PATTERN.removesuffix("$") + r"\Z")


async def one(request: Request) -> Response:
    """`POST /v1/cases/{id}/commands`."""
    who = await login(request)
    parameters(request, ())
    raw = await body(request)
    check_media(request)
    key = request.headers.get("idempotency-key")
    if key is None or not _KEY.match(key):
        raise Refused(
            problem("invalid", "Send the header Idempotency-Key: up to 128 letters, digits and . _ : - of your choice.")
        )
    command = decode_body(raw, AnyCommand)
    node = node_of(request)
    _limit(node, who, 1)
    answer = await _do(node, who, CommandItem(key=key, case_id=case_id_of(request), command=command))
    return json_reply(answer)


async def many(request: Request) -> Response:
    """`POST /v1/commands`: each item is judged alone; those of one case in their order."""
    who = await login(request)
    parameters(request, ())
    raw = await body(request)
    check_media(request)
    items = decode_commands(raw)
    node = node_of(request)
    _limit(node, who, len(items))
    results = await asyncio.gather(*(_item(node, who, item) for item in items))
    return json_reply(CommandBatchAnswer(results=list(results)))


async def _item(node: Node, who: Login, item: CommandItem | Problem) -> CommandDone | answers.Refused:
    if isinstance(item, Problem):
        return answers.Refused(status=item.status, problem=item)
    try:
        done = await _do(node, who, item)
    except Exception as fault:
        known = refused(fault)
        if known is None:
            raise
        return answers.Refused(status=known[0].status, problem=known[0])
    return CommandDone(case_id=done.case_id, version=done.version, seq=done.seq, events=done.events)


async def _do(node: Node, who: Login, item: CommandItem) -> CommandAnswer:
    try:
        return await node.engine.command(who.person, item.case_id, item.command, item.key)
    except NotPermitted as fault:
        verb = item.command.verb
        if verb in RECORDED_VERBS:
            known = item.case_id if item.case_id in node.floor.ids else None
            node.refusals.record(who.principal, verb, case_id=known, sentence=str(fault))
        raise


def _limit(node: Node, who: Login, count: int) -> None:
    wait = node.command_limit.take(who.principal, count)
    if wait:
        raise RateLimited(wait)
