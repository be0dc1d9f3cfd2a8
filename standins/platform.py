"""A platform to enforce on, simulated: accounts and content, signed orders, and faults on demand.

POST /v1/actions                 {key, action, target, policy, fields}     → {reference}
GET  /v1/actions/{key}           → {reference}, 404 if it never came
GET  /v1/state/{kind}/{id}       → what is there now
POST /v1/preview                 {action, target, fields}                   → counts, countries, strikes, prior, sample
POST /v1/things                  {things: [{kind, id, …}]}                  puts things there (tests, drills)
POST /v1/faults                  {next: {kind: count}, rate, kinds}         how it goes wrong from now on
GET  /v1/effects                 → every order with how often it was carried out

The first four have to be signed by Standard Webhooks with the secret that both sides know.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import socket
from collections.abc import AsyncIterator, Callable
from importlib import resources
from typing import Any, Final

import uvicorn
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from standins.platformfaults import FAULTS, Faults
from standins.platformstate import PlatformState, Unknown

HANG_S: Final = 60.0
SLOW_S: Final = 1.0


def mapping() -> str:
    """How a feed talks to this platform: the text of a mapping."""
    return resources.files("standins").joinpath("platform.toml").read_text("utf-8")


class Platform:
    """The application. `latency_s`: mean seconds that each answer takes."""

    def __init__(
        self, state: PlatformState, secret: str, *, faults: Faults | None = None, latency_s: float = 0.0
    ) -> None:
        self.state = state
        self.faults = faults or Faults()
        self._webhook = Webhook(secret)
        self._latency_s = latency_s
        self._chance = random.Random(7)
        self._later: set[asyncio.Task[None]] = set()
        self.app = Starlette(
            routes=[
                Route("/v1/actions", self.act, methods=["POST"]),
                Route("/v1/actions/{key}", self.find, methods=["GET"]),
                Route("/v1/state/{kind}/{id}", self.show, methods=["GET"]),
                Route("/v1/preview", self.preview, methods=["POST"]),
                Route("/v1/things", self.things, methods=["POST"]),
                Route("/v1/faults", self.set_faults, methods=["POST"]),
                Route("/v1/effects", self.effects, methods=["GET"]),
            ]
        )

    async def serve(self, listening: socket.socket, *, say: Callable[[str], None]) -> None:
        """Answer on the socket until SIGTERM or SIGINT; `say` gets the line `ready URL`."""
        config = uvicorn.Config(
            self.app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1
        )
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn tells it by a flag only
            await asyncio.sleep(0.005)
        host, port = listening.getsockname()[:2]
        say(f"ready http://{host}:{port}")
        await serving

    async def act(self, request: Request) -> Response:
        body = await self._signed(request)
        if isinstance(body, Response):
            return body
        target = body["target"]
        fault = self.faults.draw()
        if fault in ("500", "503", "429", "hang_before", "error_in_200", "redirect"):
            return await self._nothing_done(fault)
        if fault in ("no_effect", "slow_effect") and body["key"] not in self.state.orders:
            if fault == "slow_effect":
                self._do_later(body)
            return JSONResponse({"reference": "taken"})
        try:
            order = self.state.do(
                body["key"], body["action"], target["kind"], target["id"], body["fields"], body.get("undoes", "")
            )
        except Unknown as fault_:
            return JSONResponse({"error": str(fault_)}, 404)
        except ValueError as fault_:
            return JSONResponse({"error": str(fault_)}, 400)
        return await self._done(fault, order.key, order.reference)

    async def find(self, request: Request) -> Response:
        body = await self._signed(request)
        if isinstance(body, Response):
            return body
        order = self.state.orders.get(request.path_params["key"])
        if order is None:
            return JSONResponse({"error": "no such order"}, 404)
        return JSONResponse({"reference": order.reference})

    async def show(self, request: Request) -> Response:
        body = await self._signed(request)
        if isinstance(body, Response):
            return body
        try:
            return JSONResponse(self.state.thing(request.path_params["kind"], request.path_params["id"]))
        except Unknown as fault:
            return JSONResponse({"error": str(fault)}, 404)

    async def preview(self, request: Request) -> Response:
        body = await self._signed(request)
        if isinstance(body, Response):
            return body
        kind, name = body["target"]["kind"], body["target"]["id"]
        try:
            thing = self.state.thing(kind, name)
        except Unknown as fault:
            return JSONResponse({"error": str(fault)}, 404)
        copies = [each for each in self.state.things.values() if each.get("copy_of") == name]
        places = [str(each.get("country", "US")) for each in (thing, *copies)]
        return JSONResponse(
            {
                "counts": {kind: 1, **({"reupload": len(copies)} if copies else {})},
                "countries": {place: places.count(place) for place in sorted(set(places))},
                "strikes": int(thing.get("strikes", 0)),
                "prior": list(reversed(thing.get("history", []))),
                "sample": [{"kind": each["kind"], "id": each["id"]} for each in copies[:5]],
            }
        )

    # --- without a signature: what tests and drills turn

    async def things(self, request: Request) -> Response:
        for thing in (await request.json())["things"]:
            facts = {name: value for name, value in thing.items() if name not in ("kind", "id")}
            self.state.make(thing["kind"], thing["id"], **facts)
        return JSONResponse({"things": len(self.state.things)})

    async def set_faults(self, request: Request) -> Response:
        wanted = await request.json()
        unknown = [kind for kind in (*wanted.get("next", {}), *wanted.get("kinds", ())) if kind not in FAULTS]
        if unknown:
            return JSONResponse({"error": f"no fault {unknown[0]}; there are {', '.join(FAULTS)}"}, 400)
        self.faults.next = {str(kind): int(count) for kind, count in wanted.get("next", {}).items()}
        self.faults.rate = float(wanted.get("rate", 0.0))
        self.faults.kinds = tuple(wanted.get("kinds", FAULTS))
        return JSONResponse({"faults": {"next": self.faults.next, "rate": self.faults.rate}})

    async def effects(self, request: Request) -> Response:
        return JSONResponse(
            {
                "effects": [
                    {
                        "key": order.key,
                        "action": order.action,
                        "target": {"kind": order.kind, "id": order.id},
                        "times": order.times,
                        "requests": order.requests,
                    }
                    for order in self.state.orders.values()
                ]
            }
        )

    # --- inside

    async def _signed(self, request: Request) -> dict[str, Any] | Response:
        """The body of a signed request; else the answer that refuses it."""
        raw = await request.body()
        try:
            self._webhook.verify(raw, dict(request.headers), json_parse=False)
        except (WebhookVerificationError, ValueError):
            return JSONResponse({"error": "the signature does not fit"}, 401)
        if self._latency_s:
            await asyncio.sleep(self._chance.expovariate(1 / self._latency_s))
        try:
            body = json.loads(raw) if raw else {}
        except ValueError:
            return JSONResponse({"error": "no JSON"}, 400)
        return body if isinstance(body, dict) else JSONResponse({"error": "no object"}, 400)

    async def _nothing_done(self, fault: str) -> Response:
        if fault == "hang_before":
            await asyncio.sleep(HANG_S)
        if fault == "error_in_200":
            return JSONResponse({"error": "internal"})
        if fault == "redirect":
            return RedirectResponse("http://127.0.0.1:1/elsewhere")
        headers = {"Retry-After": "1"} if fault == "429" else {}
        return JSONResponse({"error": "not now"}, int(fault) if fault.isdigit() else 500, headers=headers)

    async def _done(self, fault: str | None, key: str, reference: str) -> Response:
        if fault == "duplicate":
            self.state.orders[key].requests += 1  # delivered twice: the key makes one effect of it
        if fault == "hang_after":
            await asyncio.sleep(HANG_S)
        if fault == "500_after":
            return JSONResponse({"error": "internal"}, 500)
        if fault == "garbage":
            return Response(b"<html>\xff\x00{", media_type="application/json")
        if fault == "huge":
            return StreamingResponse(_endless(), media_type="application/json")
        return JSONResponse({"reference": reference})

    def _do_later(self, body: dict[str, Any]) -> None:
        async def later() -> None:
            await asyncio.sleep(SLOW_S)
            target = body["target"]
            with contextlib.suppress(Unknown, ValueError):
                undoes = body.get("undoes", "")
                self.state.do(body["key"], body["action"], target["kind"], target["id"], body["fields"], undoes)

        task = asyncio.get_running_loop().create_task(later())
        self._later.add(task)
        task.add_done_callback(self._later.discard)


async def _endless() -> AsyncIterator[bytes]:
    for _ in range(4_096):
        yield b" " * 4_096
        await asyncio.sleep(0)
