"""Prometheus metrics of a node, on a registry of their own. Labels are kinds and states, never a case or a person."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector

from casework.tokens import SEVERITIES, STATES
from feed.node import Node

_AT_ONCE: Final = 1_000
MEDIA: Final = "text/plain; version=0.0.4; charset=utf-8"


class NodeCollector(Collector):
    """Reads the node when it is scraped; nothing is counted twice. Cases were counted before, see `exposition`."""

    def __init__(self, node: Node, cases: Counter[tuple[str, str]], late: Counter[str]) -> None:
        self._node = node
        self._by_state = cases
        self._late = late

    def collect(self) -> Iterator[Metric]:
        node = self._node
        yield from self._cases()
        yield _counter("watchfloor_commands", "Commands accepted.", node.engine.counts["commands"])
        yield _counter(
            "watchfloor_commands_refused", "Commands refused by version or rules.", node.engine.counts["refused"]
        )
        yield _counter("watchfloor_reports", "Reports accepted by intake.", node.engine.counts["reports"])
        yield _counter("watchfloor_events", "Events published since the start.", node.engine.counts["events"])
        yield _counter("watchfloor_deliveries", "Events written to feed connections.", node.hub.delivered)
        yield _gauge("watchfloor_log_seq", "Newest event of the log.", node.log.head().seq)
        yield _gauge("watchfloor_published_seq", "Newest event published here.", node.floor.seq)
        yield _gauge("watchfloor_log_available", "Whether the log acknowledges.", int(node.log.unavailable is None))
        yield _gauge("watchfloor_connections", "Open feed connections.", len(node.hub.listeners))
        yield _gauge("watchfloor_audiences", "Audiences with a connection.", node.hub.audiences)
        yield _gauge("watchfloor_ring_bytes", "Bytes held for resuming.", node.ring.held_bytes)
        yield _gauge("watchfloor_keeper_lag_seconds", "How late the keeper last wrote.", node.keeper.lag_ms / 1000)
        yield _gauge("watchfloor_clock_sane", "Whether wall and monotonic clock agree.", int(node.keeper.clock_sane))

    def _cases(self) -> Iterator[Metric]:
        family = GaugeMetricFamily("watchfloor_cases", "Cases on the floor.", labels=("state", "severity"))
        for state in STATES:
            for severity in SEVERITIES:
                family.add_metric((state, severity), self._by_state[state, severity])
        yield family
        family = GaugeMetricFamily("watchfloor_cases_late", "Cases with a late clock.", labels=("severity",))
        for severity in SEVERITIES:
            family.add_metric((severity,), self._late[severity])
        yield family


async def exposition(node: Node) -> tuple[bytes, str]:
    """The metrics in Prometheus' text format, and its media type. A large floor is counted in steps."""
    by_state: Counter[tuple[str, str]] = Counter()
    late: Counter[str] = Counter()
    for number, case in enumerate(tuple(node.floor.cases.values()), start=1):
        by_state[case.state, case.severity] += 1
        if any(clock.running and clock.breached_at is not None for clock in case.clocks):
            late[case.severity] += 1
        if number % _AT_ONCE == 0:
            await asyncio.sleep(0)
    registry = CollectorRegistry()
    registry.register(NodeCollector(node, by_state, late))
    return generate_latest(registry), MEDIA


def _counter(name: str, help_text: str, value: float) -> CounterMetricFamily:
    return CounterMetricFamily(name, help_text, value=value)


def _gauge(name: str, help_text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, help_text, value=value)
