"""What a console paints and costs: bytes beside the fewest that could do, paints a second, share of a core."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from msgspec import Struct

from bench.keys import DOWN, MANY, PER_SECOND, QUICK_PACE, SMOKE, SOME
from bench.ptyrun import PtyProgram
from bench.report import TIMES, Figure, Report, Scale, Target, at_most, spread
from bench.seen import Eye, Painted, painted
from bench.standin import StandInFeed, htop, load, opened, stand_in

PAINTS: Final = 10
"""Data paints a second at most."""


class Watched(Struct):
    """What was painted in a while, and the share of a core (percent) that went into it and everything else."""

    paint: Painted
    core: float

    @property
    def ratio(self) -> float:
        return self.paint.size / max(1, self.paint.ideal)


def run(scale: Scale, report: Report, directory: Path) -> None:
    many, seconds = scale.of(MANY, SMOKE), scale.of(30.0, 0.5)
    with stand_in(many, directory) as feed:
        found = [_console(feed, seconds) for _ in range(scale.pairs)]
    idle, hot = [one for one, _ in found], [one for _, one in found]
    minimal = "the cells that changed, re-encoded minimally"
    _bytes(report, f"bytes a second at {many:,} cases, idle, 49 countdowns that tick", minimal, idle, at_most(1.3))
    _bytes(report, f"bytes a second at {PER_SECOND:,} events/s", minimal, hot, at_most(1.5))
    paints = tuple(one.paint.frames / one.paint.seconds for one in hot)
    report.figure(
        Figure(
            what=f"data paints a second at {PER_SECOND:,} events/s",
            against="",
            ratios=paints,
            target=at_most(PAINTS, unit=" paints/s"),
            detail=f"{max(one.paint.fullest for one in hot)} in the fullest second",
        )
    )
    for what, ours, target in (("idle", idle, 2.0), (f"at {PER_SECOND:,} events/s", hot, 15.0)):
        report.figure(
            Figure(
                what=f"processor at {many:,} cases, {what}",
                against="",
                ratios=tuple(one.core for one in ours),
                target=at_most(target, unit=" %"),
                detail=f"of a core, {seconds:g} s each",
            )
        )
    if not scale.quick:
        with stand_in(SOME, directory) as feed:
            beside = (("our console", _console(feed, seconds)), ("stock DataTable", _stock(feed, seconds)))
        for name, (rest, busy) in beside:
            report.note(f"{name} at {SOME:,} cases: idle {_words(rest)}; hot {_words(busy)}")
    if shutil.which("htop") is None:
        report.not_run("htop", "it is not installed")
        return
    with htop(directory) as program:
        report.note(f"htop: {_words(_watch(Eye(program), program, seconds))}")


def _console(feed: StandInFeed, seconds: float) -> tuple[Watched, Watched]:
    """Our console for `seconds` at rest and as long under load, the selection in the middle of the screen."""
    with feed.console() as program:
        opened(program, feed)
        eye = Eye(program)
        program.type(["j"] * min(DOWN, feed.cases // 10), seed=1, pace=QUICK_PACE)
        idle = _watch(eye, program, seconds)
        load(feed, program, PER_SECOND, seconds + 2)
        hot = _watch(eye, program, seconds)
        feed.check()
        return idle, hot


def _stock(feed: StandInFeed, seconds: float) -> tuple[Watched, Watched]:
    with feed.stock() as program:
        opened(program, feed)
        eye = Eye(program)
        idle = _watch(eye, program, seconds)
        load(feed, program, PER_SECOND, seconds + 2)
        return idle, _watch(eye, program, seconds)


def _watch(eye: Eye, program: PtyProgram, seconds: float) -> Watched:
    before = program.cpu_seconds()
    recording = program.record(seconds)
    core = (program.cpu_seconds() - before) / seconds * 100
    return Watched(painted(eye, recording, seconds), core)


def _bytes(report: Report, what: str, against: str, ours: list[Watched], target: Target) -> None:
    report.figure(
        Figure(
            what=what,
            against=against,
            ratios=tuple(one.ratio for one in ours),
            target=target,
            detail=f"{spread([one.paint.size / one.paint.seconds for one in ours], ' B/s')} · "
            f"{spread([one.paint.ideal / one.paint.seconds for one in ours], ' B/s')} · "
            f"{spread([one.paint.cells / one.paint.seconds for one in ours], ' cells/s')} changed",
        )
    )


def _words(one: Watched) -> str:
    paint = one.paint
    return (
        f"{paint.size / paint.seconds:,.0f} B/s ({one.ratio:.3g}{TIMES} minimal), "
        f"{paint.frames / paint.seconds:.3g} paints/s, {one.core:.3g} % of a core"
    )
