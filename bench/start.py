"""How long a feed takes from its start to `ready`: from the snapshot beside its log, against folding the whole log."""

from __future__ import annotations

import asyncio
import http.client
import json
import signal
from pathlib import Path
from typing import NamedTuple

from bench import sample
from bench.feedprocess import Running, feed
from bench.report import MIB, TIMES, Figure, Report, Scale, at_least, interleaved, spread
from feed.log.tokens import TokenStore

EVENTS_A_CASE = 5


class Took(NamedTuple):
    """Seconds until `ready`: on the clock, and of the processors."""

    seconds: float
    cpu: float


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

    def from_snapshot() -> Took:
        with feed(log, end=signal.SIGKILL) as running:
            return Took(running.seconds, running.cpu_seconds())

    def folding() -> Took:
        snapshot.rename(aside)
        try:
            return from_snapshot()
        finally:
            aside.rename(snapshot)

    pairs = interleaved(scale.pairs, from_snapshot, folding)
    quick_s, fold_s = [quick.seconds for quick, _ in pairs], [fold.seconds for _, fold in pairs]
    report.figure(
        Figure(
            what=f"start to `ready` with {cases:,} cases and {cases * EVENTS_A_CASE:,} events, from a snapshot",
            against="folding the whole log",
            ratios=tuple(fold.seconds / quick.seconds for quick, fold in pairs),
            target=at_least(5),
            detail=(
                f"{spread(quick_s, ' s')} · {spread(fold_s, ' s')} · snapshot {snapshot.stat().st_size / MIB:.0f} MiB"
            ),
        )
    )
    ratios = [fold.cpu / quick.cpu for quick, fold in pairs]
    report.note(
        f"in processor time, which a machine that is busy elsewhere spoils less: {spread(ratios, TIMES)}, "
        f"{spread([quick.cpu for quick, _ in pairs], ' s')} · {spread([fold.cpu for _, fold in pairs], ' s')}"
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
