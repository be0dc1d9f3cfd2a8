"""What a simulated platform knows: accounts, content, what was done to them and by which order. Kept in a file.

It stands for a real platform in the demo, in tests and in drills, so it is plain about what it did: each effect is
written down once for each key, and `effects` says how often each was carried out.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Thing = dict[str, Any]
Key = tuple[str, str]

_FLAGS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "hide": lambda fields: {"visible": False},
    "remove": lambda fields: {"removed": True},
    "quarantine": lambda fields: {"removed": True, "quarantined": fields.get("custody_id", "")},
    "livecut": lambda fields: {"live": False},
    "geoblock": lambda fields: {"blocked_in": fields.get("country", "")},
    "agegate": lambda fields: {"agegate": True},
    "share_hash": lambda fields: {"shared_with": fields.get("bank", "")},
    "feature_block": lambda fields: {"features_blocked": fields.get("duration", "")},
    "lock": lambda fields: {"locked": True},
    "suspend": lambda fields: {"suspended": fields.get("duration", "")},
    "ban": lambda fields: {"banned": True},
    "device_block": lambda fields: {"blocked_until": fields.get("expiry", 0)},
    "legal_hold": lambda fields: {"preserved": fields.get("term", "")},
    "welfare": lambda fields: {"resources_sent": fields.get("template", "")},
    "notify": lambda fields: {"told": fields.get("template", "")},
    "withhold_notice": lambda fields: {"notice_withheld": True},
}
"""What each action leaves on its target."""
ACTIONS = frozenset(_FLAGS) | {"restore"}


class Unknown(LookupError):
    """The platform has no such thing."""


@dataclass
class Order:
    """One order that was carried out."""

    key: str
    action: str
    kind: str
    id: str
    reference: str
    before: dict[str, Any]
    times: int = 1
    """How often its effect was carried out: once, whatever the number of requests."""
    requests: int = 1


@dataclass
class PlatformState:
    """`file`: where every order is written before it is answered; None keeps it in memory."""

    file: Path | None = None
    open_world: bool = True
    """Things that nobody made yet exist when they are asked for, as in a demo whose cases are invented."""
    things: dict[Key, Thing] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.file is not None and self.file.exists():
            for line in self.file.read_text(encoding="utf-8").splitlines():
                try:
                    self._replay(json.loads(line))
                except (ValueError, KeyError):
                    continue  # the last line of a process that was killed

    def make(self, kind: str, id: str, **facts: Any) -> Thing:
        """Put a thing on the platform."""
        thing = self.things[kind, id] = {"kind": kind, "id": id, "visible": True, "removed": False, **facts}
        return thing

    def thing(self, kind: str, id: str) -> Thing:
        """A thing of the platform. Raises `Unknown`."""
        found = self.things.get((kind, id))
        if found is None:
            if not self.open_world:
                raise Unknown(f"no {kind} {id}")
            found = self.make(kind, id, live=kind in ("live", "stream"), strikes=0)
        return found

    def do(self, key: str, action: str, kind: str, id: str, fields: dict[str, Any], undoes: str = "") -> Order:
        """Carry out an order, once for each key; `undoes` is the key of what a restore takes back.

        Raises `Unknown`, `ValueError` for an action that it does not know.
        """
        held = self.orders.get(key)
        if held is not None:
            held.requests += 1
            return held
        if action not in ACTIONS:
            raise ValueError(f"no action {action}")
        line = {"key": key, "action": action, "kind": kind, "id": id, "fields": fields, "undoes": undoes}
        order = self._replay(line)
        if self.file is not None:
            with self.file.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
                file.flush()
                os.fsync(file.fileno())
        return order

    def again(self, key: str) -> None:
        """Carry out an order a second time, as a platform with a fault would: for tests that have to notice."""
        self.orders[key].times += 1

    def _replay(self, line: dict[str, Any]) -> Order:
        kind, name, fields = line["kind"], line["id"], line["fields"]
        thing = self.thing(kind, name)
        before = dict(thing)
        if line["action"] == "restore":
            self._restore(kind, name, line["undoes"])
        else:
            thing.update(_FLAGS[line["action"]](fields))
        thing.setdefault("history", []).append(line["action"])
        order = Order(line["key"], line["action"], kind, name, f"ref-{len(self.orders) + 1}", before)
        self.orders[order.key] = order
        return order

    def _restore(self, kind: str, id: str, undoes: str) -> None:
        """Take back the order with that key; what it had changed is as before."""
        order = self.orders.get(undoes)
        if order is None or (order.kind, order.id) != (kind, id):
            raise Unknown(f"nothing to take back on {kind} {id}")
        thing = self.things[kind, id]
        for name in _FLAGS[order.action]({}):
            if name in order.before:
                thing[name] = order.before[name]
            else:
                thing.pop(name, None)
