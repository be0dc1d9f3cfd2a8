"""`GET /v1/feed`: the WebSocket handshake. Who may not come in gets a problem document, never a connection."""

from __future__ import annotations

from typing import Any

from starlette.websockets import WebSocket

from casework.access import may_read
from casework.errors import NotPermitted
from feed.auth import Unauthenticated
from feed.connection import OVERLOADED, FeedConnection
from feed.http.replies import Refused, problem_reply, refused
from feed.node import Node
from feed.transport import link_of
from protocol import codec, frames
from protocol.frames import SUBPROTOCOL
from protocol.problems import problem

RETRY_MS = 5_000


async def feed_endpoint(websocket: WebSocket) -> None:
    """Authenticate, accept, and hand over to a `FeedConnection`."""
    node: Node = websocket.app.state.node
    link = link_of(websocket.scope)
    await websocket.receive()  # websocket.connect
    try:
        _check(websocket, node)
        given = websocket.headers.getlist("authorization")
        try:
            if len(given) > 1:
                raise Unauthenticated("The header Authorization stands there twice.")
            login = await node.auth.login(given[0] if given else None, None if link is None else link.peer_uid)
        except Unauthenticated as fault:
            if given or (link is not None and link.peer_uid is not None):
                node.refusals.record("_unknown", "login", sentence=fault.why)
            raise
        if not may_read(login.person, "feed"):
            raise NotPermitted(what="reading the feed", needs="a reading role")
    except (Refused, Unauthenticated, NotPermitted) as fault:
        known = refused(fault)
        assert known is not None
        await websocket.send_denial_response(problem_reply(*known))
        return
    if link is None:
        raise RuntimeError("the feed runs on its own protocol classes only")
    send: Any = websocket.send
    await websocket.accept(subprotocol=SUBPROTOCOL)
    full = node.hub.connections_of(login.principal) >= node.config.limits.connections_per_principal
    if full or len(node.hub.listeners) >= node.config.limits.connections or node.draining:
        bye = frames.Bye(reason="too many connections" if full else "overloaded", retry_ms=RETRY_MS)
        await websocket.send_text(codec.encode(bye).decode())
        await websocket.close(OVERLOADED, "too many connections")
        return
    await FeedConnection(node, login, link, send).run(websocket.receive)  # type: ignore[arg-type]


async def no_endpoint(websocket: WebSocket) -> None:
    """A handshake for any other address."""
    await websocket.receive()  # websocket.connect
    await websocket.send_denial_response(problem_reply(problem("not-found", "The feed is at /v1/feed.")))


def _check(websocket: WebSocket, node: Node) -> None:
    origin = websocket.headers.get("origin")
    if origin is not None and origin not in node.config.origins:
        raise Refused(problem("forbidden", "This Origin is not listed in the feed's configuration."))
    if websocket.query_params:
        raise Refused(problem("invalid", "The feed takes no parameters; a token goes into the header."))
    if SUBPROTOCOL not in websocket.scope.get("subprotocols", []):
        raise Refused(problem("invalid", f"Ask for the subprotocol {SUBPROTOCOL}."))
