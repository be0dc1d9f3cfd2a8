"""Fan-out: one feed process and many consoles, against plain asyncio transports and against websockets.broadcast.

In each round the feed runs first, and what one of its consoles got is played to the others: the same frames at the same
times, over as many connections, from a sender in a process of its own. Deliveries are events times consoles, from the
first arrival to the last. p99 is over every frame and console: its arrival after the frame's first arrival anywhere.
"""

from __future__ import annotations

import asyncio
import resource
from contextlib import ExitStack
from pathlib import Path
from typing import Final, NamedTuple

from bench import fanruns, sample
from bench.fanruns import CASES, Run, frames_in, notes, one_by_one, reports, through_feed, through_plain
from bench.feedprocess import Running, feed, helper
from bench.report import MIB, TIMES, Figure, Report, Scale, at_least, at_most, spread
from feed.log.tokens import TokenStore

AT_ONCE: Final = 8
"""Notes in a request."""
SPARE: Final = 500
"""Descriptors that a process needs beside its consoles."""


class Round(NamedTuple):
    """One run of each kind, side by side."""

    feed: Run
    raw: Run
    broadcast: Run | None = None
    four: Run | None = None


class Stalls(NamedTuple):
    """The same load without and with consoles that do not read."""

    none: Run
    some: Run


class Servers(NamedTuple):
    """What runs during all rounds; `tokens` are of four audiences."""

    feed: Running
    raw: Running
    broadcast: Running
    directory: Path
    tokens: list[str]

    def plain(self, kind: str, consoles: int, frames: list[fanruns.Sent]) -> Run:
        server = self.raw if kind == "raw" else self.broadcast
        path = self.directory / f"{kind}.sock"
        return through_plain(server, path, consoles, frames, websocket=kind == "broadcast")


def run(scale: Scale, report: Report, directory: Path) -> None:
    log = directory / "fanout.db"
    asyncio.run(sample.build(log, cases=CASES, events=2))
    store = TokenStore(log)
    # Who may see what differs, so each has a ring and an encoding of its own.
    tokens = [
        store.issue(f"p{number}", roles=["responder"], clearances=clearances)
        for number, clearances in enumerate(([], ["us"], ["eu"], ["us", "eu"]))
    ]
    with ExitStack() as stack:
        servers = Servers(
            stack.enter_context(feed(log)),
            stack.enter_context(helper("bench.plainfan", ("raw", str(directory / "raw.sock")), directory)),
            stack.enter_context(helper("bench.plainfan", ("broadcast", str(directory / "broadcast.sock")), directory)),
            directory,
            tokens,
        )
        many = scale.of(1_000, 40)
        rounds = [_round(servers, scale, many, 40.0, whole=True) for _ in range(scale.pairs)]
        _report_rounds(report, many, rounds)
        stalls = [_stalls(servers, scale, many) for _ in range(scale.pairs)]
        _report_stalls(report, many, stalls)
        most = scale.of(3_000, 80)
        if _descriptors() >= most + SPARE:
            _report_rounds(report, most, [_round(servers, scale, most, 15.0, whole=False) for _ in range(scale.pairs)])
        else:
            report.not_run(f"{most:,} consoles", f"a process may open {_descriptors():,} files here")


def _round(servers: Servers, scale: Scale, consoles: int, per_second: float, *, whole: bool) -> Round:
    recorded = servers.directory / "frames"
    token = servers.tokens[0]

    def load() -> fanruns.Load:
        requests = int(scale.of(2.5, 0.5) * per_second)
        return notes(token, requests=requests, at_once=AT_ONCE, per_second=per_second)

    ours = through_feed(servers.feed, [(token, consoles)], load(), recorded=str(recorded))
    frames = frames_in(recorded)
    raw = servers.plain("raw", consoles, frames)
    if not whole:
        return Round(ours, raw)
    # It falls behind by far: a part of the load shows how far, and the rest would only take long.
    alone = one_by_one(frames)
    broadcast = servers.plain("broadcast", consoles, alone[: len(alone) // 3])
    four = through_feed(servers.feed, [(each, consoles // 4) for each in servers.tokens], load())
    return Round(ours, raw, broadcast, four)


def _stalls(servers: Servers, scale: Scale, consoles: int) -> Stalls:
    per_second = 50.0
    token = servers.tokens[0]

    def once(stalled: int) -> Run:
        load = reports(token, requests=int(scale.of(3.0, 0.5) * per_second), per_second=per_second)
        return through_feed(servers.feed, [(token, consoles)], load, stalled=stalled)

    return Stalls(once(0), once(consoles // 10))


def _report_rounds(report: Report, consoles: int, rounds: list[Round]) -> None:
    who = f"{consoles:,} consoles of one audience"
    raws = [each.raw.per_second for each in rounds]
    report.figure(
        Figure(
            what=f"{who}: deliveries a second",
            against="raw asyncio TCP, same frames",
            ratios=tuple(each.feed.per_second / each.raw.per_second for each in rounds),
            target=at_least(0.8),
            detail=f"{spread([each.feed.per_second for each in rounds], '/s')} · {spread(raws, '/s')}",
        )
    )
    report.figure(
        Figure(
            what=f"{who}: p99 of an arrival after the frame's first",
            against="raw asyncio TCP, same frames",
            ratios=tuple(each.feed.found.p99 / each.raw.found.p99 for each in rounds),
            target=at_most(1.25),
            detail=(
                f"{spread([each.feed.found.p99 for each in rounds], ' ms')} · "
                f"{spread([each.raw.found.p99 for each in rounds], ' ms')}; of the frame in the middle "
                f"{spread([each.feed.found.p99_of_a_frame / each.raw.found.p99_of_a_frame for each in rounds], TIMES)}"
            ),
        )
    )
    fours = [(each.four, each.raw) for each in rounds if each.four is not None]
    if fours:
        report.figure(
            Figure(
                what=f"{consoles:,} consoles of four audiences: deliveries a second",
                against="raw asyncio TCP, same frames for all",
                ratios=tuple(four.per_second / raw.per_second for four, raw in fours),
                target=at_least(0.6),
                detail=f"{spread([four.per_second for four, _ in fours], '/s')} · {spread(raws, '/s')}",
            )
        )
    others = [(each.feed, each.broadcast) for each in rounds if each.broadcast is not None]
    if others:
        report.figure(
            Figure(
                what=f"{who}: deliveries a second",
                against="websockets.broadcast of each event as it comes",
                ratios=tuple(ours.per_second / other.per_second for ours, other in others),
                target=at_least(3),
                detail=f"{spread([other.per_second for _, other in others], '/s')} of theirs",
            )
        )
    per_delivery = [each.feed.cpu / each.feed.found.deliveries * 1e6 for each in rounds]
    plain = [each.raw.cpu / each.raw.found.deliveries * 1e6 for each in rounds]
    report.note(
        f"processor time a delivery, commands included: {spread(per_delivery, ' µs')} · raw {spread(plain, ' µs')}; "
        f"resyncs {sum(each.feed.found.others for each in rounds)}, lost {sum(each.feed.found.lost for each in rounds)}"
    )


def _report_stalls(report: Report, consoles: int, rounds: list[Stalls]) -> None:
    stalled = consoles // 10
    reading = consoles - stalled
    report.figure(
        Figure(
            what=f"{stalled} of {consoles:,} consoles stalled: deliveries a second to each of the others",
            against="none stalled",
            ratios=tuple((some.per_second / reading) / (none.per_second / consoles) for none, some in rounds),
            target=at_least(0.95),
            detail=(
                f"p99 {spread([some.found.p99 for _, some in rounds], ' ms')} · "
                f"{spread([none.found.p99 for none, _ in rounds], ' ms')}"
            ),
        )
    )
    report.figure(
        Figure(
            what="memory for each stalled console, in the feed and in its sockets",
            against="",
            ratios=tuple((max(0, some.grown) + some.waiting) / stalled / MIB for _, some in rounds),
            target=at_most(0.75, " MiB"),
            detail=f"of it in the sockets {spread([some.waiting / stalled / MIB for _, some in rounds], ' MiB')}",
        )
    )


def _descriptors() -> int:
    """How many files a process may open, after asking for all that it may have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard and hard != resource.RLIM_INFINITY:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        soft = hard
    return soft
