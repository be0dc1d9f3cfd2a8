"""A platform in seeded, virtual time: slow, silent, wrong and forgetful on demand. It counts what it really did."""

from __future__ import annotations

import asyncio
from collections import Counter
from random import Random
from typing import Final

from feed.delivery.connector import Order, Preview, Refused, Taken, TryLater, Unclear

FAULTS: Final = (
    "429", "503", "500", "500_after", "hang_before", "hang_after", "late_arrival", "garbage", "error_in_200", "refuse",
    "slow_effect", "no_effect", "down",
)  # fmt: skip
PATIENCE_S: Final = 8.0


class SimulatedPlatform:
    """`keyed` false: it does not know an order by its key, and does what it is asked as often as it is asked."""

    def __init__(self, random: Random, *, keyed: bool = True, rate: float = 0.4) -> None:
        self.actions = frozenset({"hide", "lock", "ban", "legal_hold", "remove"})
        self.keyed = keyed
        self.rate = rate
        self.done: Counter[str] = Counter()
        """By key: how often its effect was carried out."""
        self.asked: Counter[tuple[str, str]] = Counter()
        """By intent (case, action id): how often it was asked to act."""
        self.keys: dict[tuple[str, str], set[str]] = {}
        self.order: list[tuple[str, str, str]] = []
        """What was carried out, in its order: (target, case, action id)."""
        self._random = random
        self._taken: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._down_until = 0.0

    async def preview(self, order: Order) -> Preview:
        return Preview(counts={order.target.kind: 1})

    async def act(self, order: Order) -> Taken:
        name = (order.case_id, order.action_id)
        self.asked[name] += 1
        self.keys.setdefault(name, set()).add(order.key)
        fault = self._random.choice(FAULTS) if self._random.random() < self.rate else ""
        await self._trip()
        if fault == "down":
            self._down_until = asyncio.get_running_loop().time() + self._random.uniform(1, 200)
            raise TryLater("it cannot be reached")
        if fault in ("429", "503"):
            raise TryLater(f"it answered {fault}", 1_000 if fault == "429" else None)
        if fault in ("500", "error_in_200"):
            raise Unclear("it answered 500")
        if fault == "hang_before":
            await asyncio.sleep(PATIENCE_S)
            raise Unclear("no answer in time")
        if fault == "refuse" and order.key not in self._taken:
            raise Refused("it answered 404", 404)
        self._taken.add(order.key)
        if fault == "late_arrival":
            self._later(order, self._random.uniform(0, 20))
            raise Unclear("no answer in time")
        if fault == "slow_effect":
            self._later(order, self._random.uniform(0, 30))
            return Taken(reference="later")
        if fault == "no_effect":
            return Taken(reference="never")
        self._do(order)
        if fault in ("500_after", "hang_after", "garbage"):
            await asyncio.sleep(PATIENCE_S if fault == "hang_after" else 0)
            raise Unclear(fault)
        return Taken(reference=f"ref {order.key[:9]}")

    async def find(self, order: Order) -> Taken | None:
        await self._trip()
        return Taken(reference="found") if order.key in self._taken else None

    async def verify(self, order: Order) -> bool:
        await self._trip()
        return self.done[order.key] > 0

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()

    async def _trip(self) -> None:
        await asyncio.sleep(self._random.choice((0.0, 0.01, 0.2)))
        if asyncio.get_running_loop().time() < self._down_until:
            raise TryLater("it cannot be reached")

    def _do(self, order: Order) -> None:
        if self.done[order.key] and self.keyed:
            return
        self.done[order.key] += 1
        self.order.append((order.target.id, order.case_id, order.action_id))

    def _later(self, order: Order, seconds: float) -> None:
        async def arrive() -> None:
            await asyncio.sleep(seconds)
            self._do(order)

        task = asyncio.get_running_loop().create_task(arrive())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
