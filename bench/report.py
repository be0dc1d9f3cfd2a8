"""What a measurement found: ratios of pairs that ran side by side, each with its target and whether it was met."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Sequence
from typing import Final, Literal, NamedTuple, TextIO, TypeVar

T = TypeVar("T")
U = TypeVar("U")

PAIRS: Final = 5
"""Interleaved pairs in a full run."""
QUICK_PAIRS: Final = 1
TIMES: Final = "\u00d7"
MIB: Final = 1024 * 1024


class Scale(NamedTuple):
    """How much is measured. `quick` is a smoke: it shows that the bench runs, its figures mean nothing."""

    quick: bool = False

    @property
    def pairs(self) -> int:
        return QUICK_PAIRS if self.quick else PAIRS

    def of(self, full: T, quick: T) -> T:
        """`full`, or `quick` in a smoke."""
        return quick if self.quick else full


class Target(NamedTuple):
    """What the median of the ratios is held against."""

    way: Literal["at least", "at most"]
    ratio: float
    unit: str = TIMES

    def met(self, ratio: float) -> bool:
        return ratio >= self.ratio if self.way == "at least" else ratio <= self.ratio

    def __str__(self) -> str:
        return f"{'≥' if self.way == 'at least' else '≤'} {self.ratio:g}{self.unit}"


def at_least(ratio: float) -> Target:
    return Target("at least", ratio)


def at_most(ratio: float, unit: str = TIMES) -> Target:
    return Target("at most", ratio, unit)


class Figure(NamedTuple):
    """`ratios`: one a pair, so that more is what `what` says more of; in the unit of its target."""

    what: str
    against: str
    ratios: tuple[float, ...]
    target: Target
    detail: str = ""

    @property
    def median(self) -> float:
        return statistics.median(self.ratios)

    @property
    def met(self) -> bool:
        return self.target.met(self.median)


class Report:
    """Prints as it goes; `figures` and `missing` are what it printed."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stdout
        self.figures: list[Figure] = []
        self.missing: list[str] = []

    def heading(self, text: str) -> None:
        self._line(f"\n{text}")

    def figure(self, figure: Figure) -> None:
        """One ratio with its spread, its target and the word."""
        self.figures.append(figure)
        low, high = min(figure.ratios), max(figure.ratios)
        pairs = f"{len(figure.ratios)} pair{'s' if len(figure.ratios) > 1 else ''}"
        verdict = "met" if figure.met else "not met"
        unit = figure.target.unit
        self._line(f"  {figure.what}{', against ' if figure.against else ''}{figure.against}")
        self._line(
            f"    {_short(figure.median)}{unit}  (min {_short(low)}, max {_short(high)}, {pairs})"
            f"   target {figure.target}   {verdict}"
        )
        if figure.detail:
            self._line(f"    {figure.detail}")

    def note(self, text: str) -> None:
        """Something measured that has no target."""
        self._line(f"  {text}")

    def not_run(self, what: str, why: str) -> None:
        """What this machine or this checkout cannot measure; it is said and not guessed."""
        self.missing.append(what)
        self._line(f"  {what}: not run, {why}")

    def _line(self, text: str) -> None:
        print(text, file=self._out, flush=True)


def interleaved(pairs: int, ours: Callable[[], T], theirs: Callable[[], U]) -> list[tuple[T, U]]:
    """(ours, theirs) of each pair, run right after each other, every other pair in the other order."""
    found: list[tuple[T, U]] = []
    for number in range(pairs):
        if number % 2:
            second = theirs()
            found.append((ours(), second))
        else:
            first = ours()
            found.append((first, theirs()))
    return found


def spread(values: Sequence[float], unit: str = "") -> str:
    """The median of absolute values with their range: machines differ, so this is never what a target is set on."""
    return f"{_short(statistics.median(values))}{unit} ({_short(min(values))} to {_short(max(values))})"


def percentile(ordered: Sequence[float], part: float) -> float:
    """The value at `part` (0 to 1) of `ordered` ascending values."""
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
