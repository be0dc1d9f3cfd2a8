"""How long a feed takes from its start to `ready`: from the snapshot beside its log, against folding the whole log."""

from __future__ import annotations

import asyncio
import http.client
import json
import signal
from pathlib import Path

from bench import sample
from bench.feedprocess import Running, feed
from bench.report import Figure, Report, Scale, at_least, interleaved, spread
from feed.log.tokens import TokenStore

EVENTS_A_CASE = 5


def run(scale: Scale, report: Report, directory: Path) -> None:
    cases = scale.of(100_000, 400)
    log = directory / "start.db"
    snapshot = log.with_name(log.name + ".snapshot")
    asyncio.run(sample.build(log, cases=cases, events=EVENTS_A_CASE))
    token = TokenStore(log).issue("ana", roles=["responder"])
    with feed(log) as running:
        # The snapshot is the feed's own: it writes one when it ends, if anything was written since it started.
        _note(running, token)
    aside = snapshot.with_suffix(".aside")

    def from_snapshot() -> float:
        with feed(log, end=signal.SIGKILL) as running:
            return running.seconds

    def folding() -> float:
        snapshot.rename(aside)
        try:
            with feed(log, end=signal.SIGKILL) as running:
                return running.seconds
        finally:
            aside.rename(snapshot)

    pairs = interleaved(scale.pairs, from_snapshot, folding)
    report.figure(
        Figure(
            what=f"start to `ready` with {cases:,} cases and {cases * EVENTS_A_CASE:,} events, from a snapshot",
            against="folding the whole log",
            ratios=tuple(fold / quick for quick, fold in pairs),
            target=at_least(5),
            detail=(
                f"{spread([quick for quick, _ in pairs], ' s')} · {spread([fold for _, fold in pairs], ' s')}"
                f" · snapshot {snapshot.stat().st_size / 2**20:.0f} MiB"
            ),
        )
    )


def _note(running: Running, token: str) -> None:
    connection = http.client.HTTPConnection(running.host, running.port, timeout=30)
    connection.request(
        "POST",
        f"/v1/cases/{sample.case_name(0)}/commands",
        json.dumps({"type": "note", "expected_version": 0, "text": "one more"}),
        {"authorization": f"Bearer {token}", "content-type": "application/json", "idempotency-key": "one"},
    )
    answer = connection.getresponse()
    if answer.status != 200:
        raise RuntimeError(f"the feed answered {answer.status}: {answer.read()[:500]!r}")
    connection.close()
