"""The routes, and what surrounds each: the Origin rule, problem documents for every refusal, no body left unread."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute

from feed.feedroute import feed_endpoint, no_endpoint
from feed.http import admin, cases, catalogue, commands, events, health, intake, preview, snapshot
from feed.http.asking import READ, body, node_of
from feed.http.replies import Refused, TooLarge, problem_reply, refused
from feed.logs import Journal
from feed.node import Node
from protocol.problems import Problem, problem

Endpoint = Callable[[Request], Awaitable[Response]]

_journal: Final = Journal("http")

ROUTES: Final[tuple[tuple[str, str, Endpoint], ...]] = (
    ("GET", "/healthz", health.healthz),
    ("GET", "/readyz", health.readyz),
    ("GET", "/metrics", health.metrics),
    ("GET", "/openapi.json", health.openapi_json),
    ("GET", "/asyncapi.json", health.asyncapi_json),
    ("POST", "/v1/intake", intake.receive),
    ("GET", "/v1/cases", cases.list_cases),
    ("GET", "/v1/cases/{id}", cases.show_case),
    ("GET", "/v1/cases/{id}/events", cases.case_events),
    ("POST", "/v1/cases/{id}/commands", commands.one),
    ("POST", "/v1/cases/{id}/preview", preview.show),
    ("POST", "/v1/commands", commands.many),
    ("GET", "/v1/events", events.list_events),
    ("GET", "/v1/snapshot", snapshot.snapshot),
    ("GET", "/v1/catalogue", catalogue.show),
    ("GET", "/v1/audit/head", health.audit_head),
    ("POST", "/v1/admin/clock", admin.confirm_clock),
)


def make_app(node: Node) -> Starlette:
    """The ASGI application of `node`."""
    app = Starlette(
        routes=[
            *(Route(path, _guarded(endpoint), methods=[method]) for method, path, endpoint in ROUTES),
            WebSocketRoute("/v1/feed", feed_endpoint),
            WebSocketRoute("/{elsewhere:path}", no_endpoint),
        ],
        exception_handlers={HTTPException: _http_fault, Exception: _own_fault},
    )
    app.router.redirect_slashes = False
    app.state.node = node
    return app


def _guarded(endpoint: Endpoint) -> Endpoint:
    """`endpoint` with its refusals as problem documents."""

    async def guarded(request: Request) -> Response:
        try:
            check_framing(request)
            check_origin(request.headers.get("origin"), node_of(request))
            return await endpoint(request)
        except Exception as fault:
            known = refused(fault)
            if known is None:
                raise
            bad, headers = known
            return await _after_body(request, bad, headers)

    guarded.__name__ = getattr(endpoint, "__name__", "endpoint")
    return guarded


def check_framing(request: Request) -> None:
    """Two lengths for one body are how a request is smuggled past a proxy (RFC 9112, section 6.1). Raises `Refused`."""
    if "transfer-encoding" in request.headers and "content-length" in request.headers:
        bad = problem("invalid", "Content-Length and Transfer-Encoding stand there together; send one of the two.")
        raise Refused(bad, {"connection": "close"})


def check_origin(origin: str | None, node: Node) -> None:
    """A request from a web page counts only if its origin is listed. Raises `Refused`."""
    if origin is not None and origin not in node.config.origins:
        raise Refused(problem("forbidden", "This Origin is not listed in the feed's configuration."))


async def _after_body(request: Request, bad: Problem, headers: dict[str, str]) -> Response:
    """The refusal, once what the client still sends was read and dropped: it would not read an answer before."""
    if request.method == "POST" and not request.scope.get(READ) and "connection" not in headers:
        try:
            await body(request)
        except TooLarge as fault:
            if not fault.drained:
                headers = {**headers, "connection": "close"}
        except (Refused, ClientDisconnect, RuntimeError):
            headers = {**headers, "connection": "close"}
    return problem_reply(bad, headers)


async def _http_fault(request: Request, fault: Exception) -> Response:
    """Starlette's own refusals: no such route, or not with this method."""
    assert isinstance(fault, HTTPException)
    headers = dict(fault.headers or {})
    if fault.status_code == 405:
        title = "This method is not possible here"
        bad = Problem(type="about:blank", title=title, status=405, detail=f"Allowed: {headers.get('Allow', '')}.")
    else:
        bad = problem("not-found", "There is no such address here; see /openapi.json.")
    return await _after_body(request, bad, headers)


async def _own_fault(request: Request, fault: Exception) -> Response:
    """A fault of ours: its kind and place go to the log, its text to nobody."""
    _journal.fault("request failed", fault, path=request.scope.get("route_path", ""))
    bad = Problem(type="about:blank", title="A fault of the feed", status=500, detail="It is in the feed's log.")
    return problem_reply(bad, {"connection": "close"})
