"""Durable commands: notes on many cases over HTTP, against a POST that does nothing on the same kind of server.

Every note is judged, sealed, synced to disk, folded and published before its 200. Both servers run in processes of
their own, with the same protocol classes and settings, the same client, connections, headers and sizes.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import cycle
from pathlib import Path
from typing import Final

from bench import sample
from bench.feedprocess import Running, feed, helper
from bench.httpload import Load, drive, request
from bench.report import Figure, Report, Scale, at_least, interleaved, spread
from feed.log.tokens import TokenStore

CASES: Final = 200
CONNECTIONS: Final = 64
_TEXT: Final = "Called the reporter back; the account wrote twice more since noon, both messages are saved."
_FASTEST: Final = 20_000
"""Requests a second that are prepared; no server here comes near."""


def run(scale: Scale, report: Report, directory: Path) -> None:
    seconds = scale.of(3.0, 0.4)
    log = directory / "commands.db"
    asyncio.run(sample.build(log, cases=CASES, events=2))
    token = TokenStore(log).issue("ana", roles=["responder"])
    with ExitStack() as stack:
        real = stack.enter_context(feed(log))
        nothing = stack.enter_context(helper("bench.noop", (), directory))
        for server in (real, nothing):
            _load(server, token, scale.of(1.0, 0.2))
        pairs = interleaved(scale.pairs, lambda: _load(real, token, seconds), lambda: _load(nothing, token, seconds))
    ours, theirs = [mine for mine, _ in pairs], [other for _, other in pairs]
    report.figure(
        Figure(
            what=f"durable commands a second over HTTP, {CONNECTIONS} connections",
            against="a POST that does nothing",
            ratios=tuple(mine.per_second / other.per_second for mine, other in pairs),
            target=at_least(0.25),
            detail=(
                f"{spread([load.per_second for load in ours], '/s')} · "
                f"{spread([load.per_second for load in theirs], '/s')}"
            ),
        )
    )
    report.note(
        f"ms until the answer: p50 {spread([load.p50 for load in ours])}, p99 {spread([load.p99 for load in ours])} · "
        f"p50 {spread([load.p50 for load in theirs])}, p99 {spread([load.p99 for load in theirs])}"
    )
    report.note(
        f"the client's share of a core: {spread([load.client_cpu for load in ours])} · "
        f"{spread([load.client_cpu for load in theirs])}"
    )


def _load(server: Running, token: str, seconds: float) -> Load:
    made = iter(list(_requests(token, int(seconds * _FASTEST))))
    return drive(server.host, server.port, made, connections=CONNECTIONS, seconds=seconds)


def _requests(token: str, count: int) -> Iterator[bytes]:
    """Notes with new keys on one case after the other."""
    body = json.dumps({"type": "note", "expected_version": 1, "text": _TEXT}).encode()
    batch = uuid.uuid4().hex
    for number, case in zip(range(count), cycle(range(CASES))):
        headers = (("authorization", f"Bearer {token}"), ("idempotency-key", f"{batch}-{number}"))
        yield request(f"/v1/cases/{sample.case_name(case)}/commands", body, headers)
