"""A slow line: the terminal takes 40 kB a second, as an SSH session on a bad mobile link does, and keys still count."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from msgspec import Struct

from bench.keys import DOWN, MANY, QUICK_PACE, SMOKE, STEPS, there_and_back
from bench.report import Figure, Report, Scale, at_most, interleaved, spread
from bench.seen import Eye, Latencies, counted, gutter_line, latencies
from bench.standin import PATIENCE_S, StandInFeed, load, opened, smallest, stand_in

LINK: Final = 40_000
"""Bytes a second."""
PER_SECOND: Final = 500
QUITS_S: Final = 1.0


class Slow(Struct):
    """How long keys took, bytes a second meanwhile, and how many seconds it took to quit."""

    keys: Latencies
    per_second: float
    quit: float


def run(scale: Scale, report: Report, directory: Path) -> None:
    many, keys = scale.of(MANY, SMOKE), scale.of(200, 4)
    with stand_in(many, directory) as feed:
        pairs = interleaved(
            scale.pairs, lambda: _console(feed, keys, scale.of(20.0, 2.0)), lambda: _smallest(directory, keys)
        )
    ours, least = [one for one, _ in pairs], [one for _, one in pairs]
    missed = sum(one.keys.missed for one in ours)
    report.figure(
        Figure(
            what=f"key press to repaint at {many:,} cases and {PER_SECOND} events/s on a 40 kB/s link: p50",
            against="the smallest Textual app, idle, on the same link",
            ratios=tuple(one.keys.p50 / other.p50 for one, other in zip(ours, least, strict=True)),
            target=at_most(3),
            detail=f"{spread([one.keys.p50 for one in ours], ' ms')} · {spread([one.p50 for one in least], ' ms')} · "
            f"{spread([one.per_second for one in ours], ' B/s')}"
            + (f" · {missed} keys without an effect within a second" if missed else ""),
        )
    )
    p99 = spread([one.keys.p99 for one in ours], " ms")
    report.note(f"p99 {p99} · {spread([one.p99 for one in least], ' ms')}")
    report.figure(
        Figure(
            what="quits on the same link under the same load",
            against="",
            ratios=tuple(one.quit for one in ours),
            target=at_most(QUITS_S, unit=" s"),
        )
    )


def _console(feed: StandInFeed, keys: int, patience_s: float) -> Slow:
    with feed.console(link=LINK) as program:
        opened(program, feed)
        program.type(["j"] * min(DOWN, feed.cases // 10), seed=1, pace=QUICK_PACE)
        eye = Eye(program)
        load(feed, program, PER_SECOND, 0.08 * keys + 4)
        typed = program.type(there_and_back(STEPS, keys), seed=2)
        lasted = typed.chunks[-1][0] - typed.keys[0][0] if typed.chunks else 1.0
        feed.check()
        quit_s = program.quit("q", patience_s=patience_s)
        found = latencies(eye, typed, gutter_line, STEPS)
        return Slow(found, typed.size / max(0.1, lasted), patience_s if quit_s is None else quit_s)


def _smallest(directory: Path, keys: int) -> Latencies:
    with smallest(directory, link=LINK) as program:
        program.read_until(b"count 0", patience_s=PATIENCE_S)
        program.settle(patience_s=PATIENCE_S)
        return latencies(Eye(program), program.type(["j"] * keys, seed=1), counted, STEPS)
