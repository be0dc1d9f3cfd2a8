"""How fast a log is verified: every stored body hashed, every column held against it."""

from __future__ import annotations

import asyncio
import time
from hashlib import sha256
from pathlib import Path

from bench import sample
from bench.report import Report, Scale, spread
from feed.log.verify import verify

EVENTS_A_CASE = 5


def run(scale: Scale, report: Report, directory: Path) -> None:
    cases = scale.of(8_000, 200)
    events = cases * EVENTS_A_CASE
    log = directory / "audit.db"
    asyncio.run(sample.build(log, cases=cases, events=EVENTS_A_CASE))
    size = log.stat().st_size
    rates, ratios = [], []
    for _ in range(scale.pairs):
        began = time.perf_counter()
        found = verify(log)
        took = time.perf_counter() - began
        rates.append(events / took)
        if not found.sound:
            raise RuntimeError("a log that was just written does not verify")
        began = time.perf_counter()
        sha256(log.read_bytes()).digest()
        ratios.append(took / (time.perf_counter() - began))
    report.note(f"`audit verify` of {events:,} events ({size / 2**20:.0f} MiB): {spread(rates, ' events/s')}")
    report.note(f"as long as {spread(ratios)} SHA-256 over the file; no target is set")
