"""Opening a console: from its process's start to the first rows on the screen, and the memory that it then holds."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from bench.keys import MANY, SMOKE, SOME
from bench.report import MIB, Figure, Report, Scale, at_most, interleaved, spread
from bench.seen import shown_at
from bench.standin import PATIENCE_S, ROW_SHOWN, StandInFeed, opened, smallest, stand_in


class Opened(NamedTuple):
    """Seconds until the first rows, or the first paint, stood on the screen; bytes once everything was there."""

    seconds: float
    memory: int


def run(scale: Scale, report: Report, directory: Path) -> None:
    many, some = scale.of(MANY, SMOKE), scale.of(SOME, SMOKE)
    with stand_in(many, directory) as large, stand_in(some, directory) as middle:
        if not scale.quick:  # once before, so that nothing is compiled or read from the disk for the first time
            _console(middle)
            _smallest(directory)

        def ours() -> tuple[Opened, Opened]:
            one = _console(middle)
            return one, one if scale.quick else _console(large)

        pairs = interleaved(scale.pairs, ours, lambda: _smallest(directory))
        least = [one for _, one in pairs]
        for cases, found, target in (
            (some, [one for (one, _), _ in pairs], 1.5),
            (many, [one for (_, one), _ in pairs], 2.0),
        ):
            report.figure(
                Figure(
                    what=f"first rows on screen at {cases:,} cases",
                    against="the smallest Textual app's first paint",
                    ratios=tuple(one.seconds / other.seconds for one, other in zip(found, least, strict=True)),
                    target=at_most(target),
                    detail=f"{spread([one.seconds for one in found], ' s')} · "
                    f"{spread([one.seconds for one in least], ' s')}",
                )
            )
        memory = [one.memory / MIB for (_, one), _ in pairs]
        report.figure(
            Figure(
                what=f"memory at {many:,} cases",
                against="the smallest Textual app",
                ratios=tuple(mine * MIB / other.memory for mine, other in zip(memory, least, strict=True)),
                target=at_most(4),
                detail=f"{spread(memory, ' MiB')} · {spread([one.memory / MIB for one in least], ' MiB')}",
            )
        )
        smaller = [one.memory / MIB for (one, _), _ in pairs]
        report.note(f"memory of our console at {some:,} cases: {spread(smaller, ' MiB')}")
        if scale.quick:
            return
        stock = _stock(middle)
        report.note(
            f"stock DataTable at {some:,} cases: first rows {stock.seconds:.2g} s, {stock.memory / MIB:.0f} MiB"
        )


def _console(feed: StandInFeed) -> Opened:
    with feed.console() as program:
        opened(program, feed)
        feed.check()
        return Opened(shown_at(program, ROW_SHOWN.decode()), program.memory())


def _stock(feed: StandInFeed) -> Opened:
    with feed.stock() as program:
        opened(program, feed)
        return Opened(shown_at(program, ROW_SHOWN.decode()), program.memory())


def _smallest(directory: Path) -> Opened:
    with smallest(directory) as program:
        program.read_until(b"count 0", patience_s=PATIENCE_S)
        program.settle(patience_s=PATIENCE_S)
        return Opened(shown_at(program, "count 0"), program.memory())
