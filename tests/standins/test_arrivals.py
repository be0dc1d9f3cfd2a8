"""The stream of arrivals: repeatable, in time order, with updates, duplicates, bursts and a believable mix."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest

from standins.arrivals import Arrival, Arrivals

NOON = 1_790_000_000_000 - 1_790_000_000_000 % 86_400_000 + 12 * 3_600_000
NIGHT = NOON - 4 * 3_600_000


def some(count: int, *, seed: int = 1, rate: float = 1.0, start: int = NOON) -> list[Arrival]:
    return list(itertools.islice(Arrivals(seed=seed, per_second=rate, start_ms=start), count))


def test_the_same_seed_gives_the_same_stream() -> None:
    assert some(500) == some(500)
    assert [a.event["data"] for a in some(50)] != [a.event["data"] for a in some(50, seed=2)]


def test_times_never_run_backwards_and_ids_are_unique_but_for_duplicates() -> None:
    arrivals = some(2_000)
    times = [a.at_ms for a in arrivals]
    assert times == sorted(times)
    ids = [a.event["id"] for a in arrivals if a.kind != "duplicate"]
    assert len(ids) == len(set(ids))
    seen: set[str] = set()
    for arrival in arrivals:
        if arrival.kind == "duplicate":
            assert arrival.event["id"] in seen
        seen.add(arrival.event["id"])


def test_updates_name_an_earlier_report() -> None:
    raised: set[str] = set()
    updates = 0
    for arrival in some(2_000):
        if arrival.kind == "raised":
            raised.add(arrival.event["subject"])
        elif arrival.kind == "updated":
            updates += 1
            assert arrival.event["subject"] in raised
    assert updates > 100


def test_the_mix_is_believable() -> None:
    counts = Counter(a.event["data"]["case_type"] for a in some(6_000) if a.kind == "raised")
    assert len(counts) == 15
    live = sum(
        1 for a in some(6_000) if a.kind == "raised" and a.event["data"].get("factors", {}).get("imminence") == "now"
    )
    assert 0 < live < sum(counts.values()) * 0.25


def test_the_rate_follows_the_hour() -> None:
    def span(start: int) -> int:
        arrivals = some(3_000, rate=10, start=start)
        return arrivals[-1].at_ms - arrivals[0].at_ms

    assert span(NOON + 4 * 3_600_000) < span(NIGHT)


def test_a_burst_brings_many_of_few_types() -> None:
    arrivals = [a for a in some(40_000, rate=5) if a.kind == "raised"]
    shares = [
        Counter(a.event["data"]["case_type"] for a in arrivals[at : at + 60]) for at in range(0, len(arrivals) - 60, 60)
    ]
    assert any(len(share) <= 4 for share in shares)
    assert any(len(share) >= 10 for share in shares)


def test_a_rate_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be simulated"):
        Arrivals(seed=1, per_second=0, start_ms=NOON)
