"""From a key press to its repaint: our console under load, beside the smallest Textual application at rest."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from msgspec import Struct

from bench.report import Figure, Report, Scale, at_most, interleaved, spread
from bench.seen import Eye, Latencies, Place, colored_line, counted, gutter_line, latencies, typed_of
from bench.standin import StandInFeed, htop, load, opened, smallest, stand_in

FILTER: Final = "quarrels,journalist"
"""Typed into the filter, and taken back, letter by letter. No case has it, and no word of the language begins with any
of it: what is offered as the rest of a word would stand there before it is typed."""
STEPS: Final = {"j": 1, "k": -1}
ARROWS: Final = {"\x1b[B": 1, "\x1b[A": -1}
HTOP: Final = {"\x1bOB": 1, "\x1bOA": -1}
"""Its arrows, in the mode that it puts the terminal into."""
DOWN: Final = 25
"""Lines below the first case at which the keys begin: nothing that lands at the top moves the selection's line."""
QUICK_PACE: Final = (0.020, 0.030)
PER_SECOND: Final = 2_000
SMOKE: Final = 100
"""Cases in a smoke run."""
FEW: Final = 200
SOME: Final = 5_000
MANY: Final = 100_000


class Typed(Struct):
    """How long the keys of one console took."""

    idle: Latencies
    hot: Latencies
    filtering: Latencies


def run(scale: Scale, report: Report, directory: Path) -> None:
    many, few, keys = scale.of(MANY, SMOKE), scale.of(FEW, SMOKE), scale.of(200, 4)
    with stand_in(many, directory) as large, stand_in(few, directory) as little:

        def ours() -> tuple[Typed, Typed]:
            found = console(large, keys)
            return found, found if scale.quick else console(little, keys)

        pairs = interleaved(scale.pairs, ours, lambda: at_rest(directory, keys))
    big, small, least = [one for (one, _), _ in pairs], [one for (_, one), _ in pairs], [one for _, one in pairs]
    where = f"{many:,} cases and {PER_SECOND:,} events/s"
    rest = "the smallest Textual app, idle"
    _figures(report, f"key press to repaint at {where}", rest, [one.hot for one in big], least)
    report.figure(
        Figure(
            what=f"key press to repaint at {where}: p50",
            against=f"itself at {few}",
            ratios=tuple(one.hot.p50 / other.hot.p50 for one, other in zip(big, small, strict=True)),
            target=at_most(1.5),
            detail=f"{spread([one.hot.p50 for one in big], ' ms')} · {spread([one.hot.p50 for one in small], ' ms')}",
        )
    )
    _figures(report, f"a letter typed into the filter at {where}", rest, [one.filtering for one in big], least)
    for cases, found in ((many, big), (few, small)):
        report.note(f"our console at {cases:,} cases, idle: {_words([one.idle for one in found])}")
    others(scale, report, directory)


def others(scale: Scale, report: Report, directory: Path) -> None:
    """What has no target: our console beside a stock DataTable at a size that it can carry, and htop."""
    keys = scale.of(100, 4)
    if not scale.quick:
        _stock(report, directory, keys)
    if shutil.which("htop") is None:
        report.not_run("htop", "it is not installed")
        return
    with htop(directory) as program:
        found = latencies(Eye(program), program.type(there_and_back(HTOP, keys), seed=1), colored_line("cyan"), HTOP)
        report.note(f"htop: {_words([found])}")


def _stock(report: Report, directory: Path, keys: int) -> None:
    with stand_in(SOME, directory) as feed:
        ours = console(feed, keys)
        report.note(f"our console at {SOME:,} cases: idle {_words([ours.idle])}; hot {_words([ours.hot])}")
        with feed.stock() as program:
            opened(program, feed)
            eye = Eye(program)
            place = colored_line("0178d4")
            idle = latencies(eye, program.type(there_and_back(ARROWS, keys), seed=1), place, ARROWS)
            load(feed, program, PER_SECOND, 0.1 * keys + 2)
            hot = latencies(eye, program.type(there_and_back(ARROWS, keys), seed=2), place, ARROWS)
            report.note(f"stock DataTable at {SOME:,} cases: idle {_words([idle])}; hot {_words([hot])}")


def there_and_back(steps: Mapping[str, int], count: int) -> list[str]:
    """`count` keys: some of the first of `steps`, as many of the second, and so on."""
    one, other = steps
    half = min(10, count // 2)
    return ([one] * half + [other] * half) * (count // (2 * half))


def console(feed: StandInFeed, keys: int) -> Typed:
    """`keys` keys of each kind in a new console on `feed`: idle, under load, and into the filter under load."""
    moves = there_and_back(STEPS, keys)
    with feed.console() as program:
        opened(program, feed)
        eye = Eye(program)
        program.type(["j"] * min(DOWN, feed.cases // 10), seed=1, pace=QUICK_PACE)
        idle = latencies(eye, program.type(moves, seed=2), gutter_line, STEPS)
        load(feed, program, PER_SECOND, 2 * (0.08 * keys + 1) + 4)
        hot = program.type(moves, seed=3)
        asked = program.type("/", seed=4)
        text = FILTER[: max(2, min(len(FILTER), keys // 2))]
        letters = [*text, *"\x7f" * len(text)] * max(1, keys // (2 * len(text)))
        filtering = program.type(letters, seed=5)
        feed.check()
        moved = latencies(eye, hot, gutter_line, STEPS)
        assert asked in program.recordings
        place: Place = typed_of(text)
        return Typed(idle, moved, latencies(eye, filtering, place, {**dict.fromkeys(text, 1), "\x7f": -1}))


def at_rest(directory: Path, keys: int) -> Latencies:
    """The same number of keys in the smallest application."""
    with smallest(directory) as program:
        program.read_until(b"count 0", patience_s=30)
        program.settle(patience_s=30)
        return latencies(Eye(program), program.type(["j"] * keys, seed=1), counted, STEPS)


def _figures(report: Report, what: str, against: str, ours: list[Latencies], theirs: list[Latencies]) -> None:
    for name, target in (("p50", 1.5), ("p99", 3.0)):
        mine = [getattr(one, name) for one in ours]
        least = [getattr(one, name) for one in theirs]
        missed = sum(one.missed for one in ours)
        report.figure(
            Figure(
                what=f"{what}: {name}",
                against=against,
                ratios=tuple(one / other for one, other in zip(mine, least, strict=True)),
                target=at_most(target),
                detail=f"{spread(mine, ' ms')} · {spread(least, ' ms')}"
                + (f" · {missed} keys without an effect within a second" if missed else ""),
            )
        )


def _words(found: list[Latencies]) -> str:
    p50, p99 = spread([one.p50 for one in found], " ms"), spread([one.p99 for one in found], " ms")
    missed = sum(one.missed for one in found)
    return f"p50 {p50}, p99 {p99}" + (f", {missed} keys missed" if missed else "")
