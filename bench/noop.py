"""A server that does nothing, served as the feed serves: what HTTP itself costs on this machine."""

from __future__ import annotations

import asyncio
import socket

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from uvicorn import Config, Server

from feed.serve import listen_tcp
from feed.transport import FeedHTTPProtocol, FeedWebSocketProtocol

ANSWER = b'{"case_id":"C-00000000","version":123,"seq":12345,"events":["NoteAdded"]}'
"""As long as the answer to a command."""


async def noop(request: Request) -> Response:
    """Reads the body, answers as much as a command's answer is."""
    await request.body()
    return Response(ANSWER, media_type="application/json")


class Announced(Server):
    """Says `ready ADDRESS` once it serves."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        assert sockets is not None
        print(f"ready http://127.0.0.1:{sockets[0].getsockname()[1]}", flush=True)


def main() -> None:
    # The settings of feed.serve, with the same protocol classes.
    config = Config(
        Starlette(routes=[Route("/v1/cases/{id}/commands", noop, methods=["POST"])]),
        http=FeedHTTPProtocol,
        ws=FeedWebSocketProtocol,
        ws_per_message_deflate=False,
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=75,
        loop="asyncio",
    )
    asyncio.run(Announced(config).serve(sockets=[listen_tcp("127.0.0.1:0")]))


if __name__ == "__main__":
    main()
