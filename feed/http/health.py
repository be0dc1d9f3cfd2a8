"""Whether the node lives, whether it can serve, its numbers, and the documents of its interface."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from feed.http.asking import node_of, parameters, reader
from feed.http.replies import JSON, json_reply
from feed.node import Node
from protocol import codec
from protocol.answers import AuditHead, Health, Readiness

LAG_MAX: Final = 10_000
"""Events that the log may be ahead of what was published here."""


async def healthz(request: Request) -> Response:
    """`GET /healthz`: the process answers."""
    return json_reply(Health())


async def readyz(request: Request) -> Response:
    """`GET /readyz`: 200, or 503 with what is failing."""
    checks = readiness(node_of(request))
    failing = [name for name, good in checks.items() if not good]
    return json_reply(Readiness(ready=not failing, checks=checks, failing=failing), status=503 if failing else 200)


def readiness(node: Node) -> dict[str, bool]:
    return {
        "log": node.log.unavailable is None,
        "lag": node.log.head().seq - node.floor.seq <= LAG_MAX,
        "state": node.loaded and not node.draining and node.engine.broken is None,
        "clock": node.keeper.clock_sane,
    }


async def metrics(request: Request) -> Response:
    """`GET /metrics`: Prometheus text, no case data in labels."""
    await reader(request, "metrics")
    from feed.metrics import exposition

    body, media = await exposition(node_of(request))
    return Response(body, headers={"content-type": media, "cache-control": "no-store"})


async def openapi_json(request: Request) -> Response:
    return Response(_document("openapi"), media_type=JSON)


async def asyncapi_json(request: Request) -> Response:
    return Response(_document("asyncapi"), media_type=JSON)


_documents: dict[str, bytes] = {}


def _document(name: str) -> bytes:
    if name not in _documents:
        from importlib import import_module

        _documents[name] = codec.encode(import_module(f"protocol.{name}").document())
    return _documents[name]


async def audit_head(request: Request) -> Response:
    """`GET /v1/audit/head`: where the log stands, signed where the log has a key (a log in memory has none)."""
    await reader(request, "audit_head")
    parameters(request, ())
    node = node_of(request)
    head = node.log.head()
    signature = None if node.signing is None else node.signing.sign(head.epoch, head.seq, head.head_hash)
    return json_reply(AuditHead(epoch=head.epoch, seq=head.seq, head_hash=head.head_hash, signature=signature))
