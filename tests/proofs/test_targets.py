"""No key ever acts on another case than the one that stood on the selected row, whatever the feed does meanwhile."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.proofs.steeredfloor import Steered, Witness, broken, hasty
from tests.proofs.virtualtime import run
from tui.screens.floor import FloorScreen

SHORT = range(300)
LONG = range(10_000)


def play(seed: int, breaks: Callable[[FloorScreen], None] | None = None) -> Witness:
    """One run; a failure names its seed and tells what happened."""
    steered = Steered(seed, breaks=breaks)
    try:
        return run(steered.run())
    except AssertionError as fault:
        told = "\n".join(steered.log[-25:])
        raise AssertionError(f"seed {seed}: {fault}\n{told}") from None


def played(seeds: range, breaks: Callable[[FloorScreen], None] | None = None) -> None:
    acts = hurtful = 0
    for seed in seeds:
        witness = play(seed, breaks)
        acts, hurtful = acts + witness.acts, hurtful + witness.hurtful
    # The script is worth something only if it does something.
    assert acts > len(seeds)
    assert hurtful > len(seeds) // 10


def test_every_act_is_about_what_stood_on_the_selected_row() -> None:
    played(SHORT)


@pytest.mark.torture("targets")
def test_every_act_is_about_what_stood_on_the_selected_row_10_000_times() -> None:
    played(LONG)


@pytest.mark.parametrize(
    ("breaks", "says"), [(broken, "on the selected row stood"), (hasty, "which changed .* ms ago")]
)
def test_a_steering_that_is_broken_is_caught(breaks: Callable[[FloorScreen], None], says: str) -> None:
    with pytest.raises(AssertionError, match=rf"seed \d+: .*{says}"):
        played(SHORT, breaks)
