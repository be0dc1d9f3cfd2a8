"""Drives a feed with simulated escalations through its public intake, and through nothing else."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

import httpx

from standins.arrivals import Arrival, Arrivals

BATCH: Final = 200
STRUCTURED: Final = {"content-type": "application/cloudevents+json"}
BATCHED: Final = {"content-type": "application/cloudevents-batch+json"}


class IntakeRefused(Exception):
    """The feed takes nothing from this token; `status` is how it said so."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(f"The feed answered {status}; simulating needs a token with the role intake.")


async def seed_floor(http: httpx.AsyncClient, arrivals: Arrivals, count: int) -> int:
    """Posts `count` raised escalations in batches; returns how many the feed took."""
    taken = 0
    left = arrivals.first(count)
    while left:
        batch, left = left[:BATCH], left[BATCH:]
        answer = await http.post("/v1/intake", json=[a.event for a in batch], headers=BATCHED)
        if answer.status_code != 200:
            raise IntakeRefused(answer.status_code)
        taken += sum(1 for result in answer.json()["results"] if "case_id" in result)
    return taken


async def run(
    http: httpx.AsyncClient,
    arrivals: Arrivals,
    *,
    speed: float = 1.0,
    seconds: float | None = None,
    on_sent: Callable[[Arrival, int], None] | None = None,
) -> Counter[str]:
    """Posts arrivals at their times, `speed` times as fast, for `seconds` (None: until canceled).

    `on_sent` gets each arrival with the status it was answered. Returns how many were answered how, by status. A feed
    that is away for a while is asked again, with the same event: the feed knows duplicates.
    """
    loop = asyncio.get_running_loop()
    statuses: Counter[str] = Counter()
    began = loop.time()
    first_ms: int | None = None
    for arrival in arrivals:
        first_ms = arrival.at_ms if first_ms is None else first_ms
        due = (arrival.at_ms - first_ms) / 1000 / speed
        if seconds is not None and due >= seconds:
            await asyncio.sleep(max(0.0, began + seconds - loop.time()))
            break
        await asyncio.sleep(max(0.0, began + due - loop.time()))
        status = await _post(http, arrival.event)
        statuses[str(status)] += 1
        if on_sent:
            on_sent(arrival, status)
    return statuses


async def _post(http: httpx.AsyncClient, event: dict[str, Any]) -> int:
    delay = 0.25
    while True:
        try:
            answer = await http.post("/v1/intake", json=event, headers=STRUCTURED)
        except httpx.TransportError:
            await asyncio.sleep(delay)
            delay = min(delay * 2, 5.0)
            continue
        if answer.status_code == 503:
            await asyncio.sleep(min(float(answer.headers.get("retry-after", "1")), 5.0))
            continue
        if answer.status_code in (401, 403):
            raise IntakeRefused(answer.status_code)
        return answer.status_code
