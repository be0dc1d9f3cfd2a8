"""What comes in: who asks, the body within its bounds, and query parameters by name."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Final

from starlette.requests import ClientDisconnect, Request

from casework import caseid
from casework.access import Read, may_read
from casework.errors import BadInput, NotPermitted
from casework.tokens import Role
from feed.auth import Login, Unauthenticated
from feed.engine import NotFound
from feed.http.replies import Refused, TooLarge
from feed.node import Node
from feed.transport import link_of
from protocol import limits
from protocol.codec import Malformed
from protocol.problems import problem

BODY_SECONDS: Final = 30.0
READ: Final = "watchfloor.read"
"""In the scope once the whole body was read."""
_READING: Final[tuple[Role, ...]] = ("viewer", "responder", "approver", "legal", "lead", "auditor")


def node_of(request: Request) -> Node:
    node: Node = request.app.state.node
    return node


async def login(request: Request) -> Login:
    """Who asks. Raises `Unauthenticated`; a refused token is on record."""
    node = node_of(request)
    given = request.headers.getlist("authorization")
    link = link_of(request.scope)
    try:
        if len(given) > 1:
            raise Unauthenticated("The header Authorization stands there twice.")
        found = await node.auth.login(given[0] if given else None, None if link is None else link.peer_uid)
    except Unauthenticated as fault:
        if given or (link is not None and link.peer_uid is not None):
            node.refusals.record("_unknown", "login", sentence=fault.why)
        raise
    node.signs.seen(found.principal)
    return found


async def reader(request: Request, what: Read) -> Login:
    """Who asks, and that a role of theirs reads `what`. Raises `Unauthenticated`, `NotPermitted`."""
    found = await login(request)
    if not may_read(found.person, what):
        needs = " or ".join(_READING) if what in ("cases", "events", "feed", "catalogue", "audit_head") else "admin"
        raise NotPermitted(what=f"reading {what.replace('_', ' ')}", needs=f"the role {needs}")
    return found


async def body(request: Request) -> bytes:
    """The whole body. Raises `TooLarge` after up to 8 MiB were read and dropped, `Refused` if it does not come."""
    declared = request.headers.get("content-length", "")
    over = declared.isdigit() and int(declared) > limits.BODY
    if declared.isdigit() and int(declared) > limits.BODY_DRAINED:
        raise TooLarge(drained=False)
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for part in request.stream():
                size += len(part)
                if size > limits.BODY_DRAINED:
                    raise TooLarge(drained=False)
                if size > limits.BODY or over:
                    over = True
                    parts.clear()
                else:
                    parts.append(part)
    except TimeoutError:
        late = problem("invalid", f"The body did not come within {BODY_SECONDS:.0f} s.")
        raise Refused(late, {"connection": "close"}) from None
    except ClientDisconnect:
        raise Refused(problem("invalid", "The client went away."), {"connection": "close"}) from None
    request.scope[READ] = True
    if over:
        raise TooLarge(drained=True)
    return b"".join(parts)


def parameters(request: Request, known: Iterable[str]) -> dict[str, str]:
    """The query parameters. One that nobody knows, or that stands there twice, is refused: a typing error in a filter
    must not look like an answer. Raises `Refused`.
    """
    names = tuple(known)
    found: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name not in names:
            there = f"; there are {', '.join(names)}" if names else ""
            raise Refused(problem("invalid", f"There is no parameter `{name[:40]}` here{there}."))
        if name in found:
            raise Refused(problem("invalid", f"The parameter `{name}` stands there twice."))
        if "\ufffd" in value or "\0" in value:
            raise Refused(problem("invalid", f"The parameter `{name}` is not clean UTF-8."))
        found[name] = value
    return found


def whole_number(given: dict[str, str], name: str, default: int, least: int, most: int) -> int:
    """The parameter `name` as a whole number within its bounds. Raises `Refused`."""
    text = given.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= limits.INTEGER_DIGITS and least <= int(text) <= most):
        raise Refused(problem("invalid", f"The parameter `{name}` is a whole number from {least} to {most}."))
    return int(text)


def case_id_of(request: Request) -> str:
    """The case id in the path, in its stored form. Raises `NotFound`."""
    given = str(request.path_params["id"])
    try:
        return caseid.parse(given)
    except BadInput:
        raise NotFound(given[:40]) from None


def check_media(request: Request) -> None:
    """A body that says what it is says JSON. Raises `Malformed`."""
    media = request.headers.get("content-type", "application/json").split(";")[0].strip().lower()
    if media != "application/json":
        raise Malformed("", f"is {media[:60]}; application/json was expected")
