"""A simulated crew that works cases through the public API, so that a demonstration floor lives.

Each member has a name, a token of its own and a pace. Members take what is next in the queue and unowned, tell the
police and the reporter where the case asks for it, contain and resolve. They leave the top of the queue alone for a
minute, so that a person at the console has something to claim.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import httpx

#: Which party meets which outside step; who is answered depends on the type.
PARTY: Final = {"police": "police", "report": "ncmec", "resources": "user", "share": "industry"}
ANSWERED: Final = {"NCII": "victim", "REG": "regulator", "PRESS": "press", "PART": "partner"}
LEFT_ALONE_MS: Final = 60_000


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class Step:
    """One command that a member would give now."""

    verb: str
    fields: dict[str, Any]


def next_step(case: dict[str, Any], *, now_ms: int) -> Step | None:
    """What a diligent member does next on its own case `case` (the whole form); None when only waiting is left."""
    state = case["state"]
    if state in ("RESOLVED", "CLOSED", "MERGED", "REJECTED"):
        return None
    if state == "NEW":
        return Step("claim", {})
    unmet = [c for c in case["clocks"] if c["met_at"] is None and not c["waived"]]
    milestones = {c["milestone"] for c in unmet}
    if state == "ACKED":
        return Step(
            "triage",
            {
                "case_type": case["case_type"],
                "severity": case["severity"],
                "imminence": case["factors"].get("imminence") or "unspecified",
                "evidence": "Read the report and looked at the account's last hour.",
            },
        )
    if "contain" in milestones:
        return Step("contain", {"evidence": "Checked: the item is down and the account is limited by its host."})
    if case["case_type"] == "EDR" and milestones & {"verify", "decide", "answer"}:
        said = (
            "Called back: a duty sergeant confirms." if "verify" in milestones else "REFUSED_NOT_EMERGENCY: answered."
        )
        return Step("log_contact", _contact("requester", said, now_ms))
    for milestone, party in (*PARTY.items(), ("answer", ANSWERED.get(case["case_type"], "requester"))):
        if milestone in milestones:
            return Step("log_contact", _contact(party, "Told what is known; they have our reference.", now_ms))
    if case["case_type"] in ("TTL", "SSH", "MVE") and not case["contacts"]:
        return Step("log_contact", _contact("police", "Told what is known; they have our reference.", now_ms))
    first_update = any(clock["milestone"] == "update" and clock["round"] == 0 for clock in unmet)
    if first_update and state != "INVESTIGATING":
        return Step("post_update", {"text": "Contained, outside steps done; investigating.", "audience": "floor"})
    if state in ("CONTAINED", "TRIAGED"):
        return Step("investigate", {})
    outcome = "REFUSED_NOT_EMERGENCY" if case["case_type"] == "EDR" else "done"
    return Step("resolve", {"outcome": outcome, "reason": "No further harm seen; the steps are in the timeline."})


def _contact(party: str, outcome: str, now_ms: int) -> dict[str, Any]:
    return {
        "party": party,
        "channel": "phone",
        "number_source": "directory of agencies",
        "person": "duty desk",
        "reference": f"ref-{now_ms % 100_000}",
        "at": now_ms,
        "outcome": outcome,
    }


class Member:
    """One simulated responder. `pace_s` is the mean time between two acts."""

    def __init__(self, http: httpx.AsyncClient, *, name: str, pace_s: float, rng: random.Random, most: int = 4) -> None:
        self.name = name
        self._http = http
        self._pace = pace_s
        self._rng = rng
        self._most = most
        self._keys: Iterator[int] = itertools.count(1)
        self._stuck: set[str] = set()
        self.acts = 0
        self.refusals = 0

    async def work(self) -> None:
        """Acts until canceled. A feed that is away is simply tried again."""
        while True:
            await asyncio.sleep(self._rng.expovariate(1 / self._pace))
            try:
                await self.act()
            except httpx.TransportError:
                continue

    async def act(self) -> None:
        """Does one thing: the next step on an own case, or else claims the first unowned one."""
        rows = (await self._http.get("/v1/cases", params={"view": "all", "limit": 200})).json().get("cases", [])
        mine = [row for row in rows if row["owner"] == self.name and row["case_id"] not in self._stuck]
        if mine and (len(mine) >= self._most or self._rng.random() < 0.8):
            case = (await self._http.get(f"/v1/cases/{self._rng.choice(mine)['case_id']}")).json()
            step = next_step(case, now_ms=_now_ms())
            if step is None or not await self.do(case, step):
                self._stuck.add(case["case_id"])
            return
        free = [row for row in rows if row["owner"] is None and not row["stub"] and row["state"] == "NEW"]
        # What is new at the top of the queue is left to the person at the console for a while, and then taken first.
        waited = [row for row in free[:2] if _now_ms() - row["opened_at"] > LEFT_ALONE_MS]
        choice = waited[:1] or free[2:12]
        if choice and len(mine) < self._most:
            await self.do(self._rng.choice(choice), Step("claim", {}))

    async def do(self, case: dict[str, Any], step: Step) -> bool:
        """Give the command of `step` on `case`; False if the case is stuck for this member."""
        answer = await self._http.post(
            f"/v1/cases/{case['case_id']}/commands",
            json={"type": step.verb, "expected_version": case["version"], **step.fields},
            headers={"Idempotency-Key": f"crew-{self.name}-{time.time_ns()}-{next(self._keys)}"},
        )
        self.acts += 1
        if answer.status_code == 200:
            return True
        self.refusals += 1
        # Somebody was faster: that case is not stuck, only changed.
        return bool(answer.status_code == 409 and answer.json().get("type") == "/problems/stale-version")
