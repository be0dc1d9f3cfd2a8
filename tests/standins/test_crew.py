"""The simulated crew works every kind of case to its end through the public interface."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import httpx
import pytest

from casework.tokens import CASE_TYPES
from standins.arrivals import Arrivals
from standins.crew import Member, next_step
from tests.floorprocess import FeedProcess


async def test_the_crew_ends_what_can_be_ended(tmp_path: Path) -> None:
    with FeedProcess(tmp_path) as feed:
        arrivals = Arrivals(seed=3, per_second=1, start_ms=1_795_318_000_000).first(60)
        headers = {"Content-Type": "application/cloudevents-batch+json"}
        async with (
            httpx.AsyncClient(
                base_url=feed.url, headers={"Authorization": f"Bearer {feed.token('reporter', 'intake')}"}
            ) as reporter,
            httpx.AsyncClient(
                base_url=feed.url, headers={"Authorization": f"Bearer {feed.token('bo', 'responder')}"}
            ) as bo,
        ):
            answer = await reporter.post("/v1/intake", json=[a.event for a in arrivals], headers=headers)
            assert answer.status_code == 200
            member = Member(bo, name="bo", pace_s=0.01, rng=random.Random(1), most=80)
            ended: dict[str, set[str]] = {}
            for row in (await bo.get("/v1/cases", params={"limit": 500})).json()["cases"]:
                ended.setdefault(row["case_type"], set()).add(await worked(member, bo, row["case_id"]))
    assert set(ended) <= set(CASE_TYPES)
    assert len(ended) >= 12
    for case_type, states in ended.items():
        assert states == {"RESOLVED"}, f"{case_type}: {states}"


async def worked(member: Member, http: httpx.AsyncClient, case_id: str) -> str:
    """The state of the case once the member knows no next step, or its step was refused."""
    for step_number in range(25):
        case: dict[str, Any] = (await http.get(f"/v1/cases/{case_id}")).json()
        step = next_step(case, now_ms=case["opened_at"])
        if step is None or not await member.do(case, step):
            return str(case["state"])
        assert step_number < 24, f"{case['case_type']} goes round in circles at {step.verb}"
    raise AssertionError("unreachable")


@pytest.mark.parametrize("state", ["RESOLVED", "CLOSED", "MERGED", "REJECTED"])
def test_there_is_nothing_to_do_on_an_ended_case(state: str) -> None:
    assert next_step({"state": state}, now_ms=0) is None
