"""`watchfloor simulate`: rates, the floor at the start, and what a token without the role is told."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from cli.errors import UsageError
from cli.simulate import per_second
from tests.floorprocess import FeedProcess


@pytest.mark.parametrize(("rate", "expected"), [("2/s", 2.0), ("30/m", 0.5), ("90/h", 0.025), ("3", 3.0)])
def test_a_rate_is_read(rate: str, expected: float) -> None:
    assert per_second(rate) == pytest.approx(expected)


@pytest.mark.parametrize("rate", ["", "0/s", "-1/m", "fast", "2/day", "nan/s", "1e9/s"])
def test_a_rate_that_cannot_be_is_refused(rate: str) -> None:
    with pytest.raises(UsageError, match=r"rate"):
        per_second(rate)


def simulate(checkout: Path, url: str, token: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(checkout / "main.py"), "simulate", url, *arguments],
        env={**os.environ, "WATCHFLOOR_TOKEN": token},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_it_fills_a_floor_and_the_same_seed_fills_it_once(tmp_path: Path, checkout: Path) -> None:
    with FeedProcess(tmp_path) as feed:
        token = feed.token("reporter", "intake")
        arguments = ("--seed", "5", "--cases", "15", "--rate", "1/s", "--minutes", "0.02")
        first = simulate(checkout, feed.url, token, *arguments)
        headers = {"Authorization": f"Bearer {feed.token('ana', 'viewer')}"}
        count = len(httpx.get(f"{feed.url}/v1/cases", headers=headers).json()["cases"])
        simulate(checkout, feed.url, token, *arguments)
        again = len(httpx.get(f"{feed.url}/v1/cases", headers=headers).json()["cases"])
        refused = simulate(checkout, feed.url, feed.token("eve", "viewer"), *arguments)

    assert first.returncode == 0, first.stderr
    assert "15 of 15" in first.stdout
    assert count >= 15
    assert again == count, "the same seed reports the same things, and the feed knows them"
    assert refused.returncode == 4
    assert "intake" in refused.stderr
