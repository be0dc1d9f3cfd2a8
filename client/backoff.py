"""How long to wait before trying again: full jitter, so that two hundred consoles do not come back in step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

FIRST_MS: Final = 250
LONGEST_MS: Final = 10_000


def delay_ms(attempt: int, random: Callable[[], float]) -> float:
    """The wait before attempt `attempt` (from 0): up to a bound that doubles from 0.25 s to 10 s.

    `random` gives numbers in [0, 1). A tenth of the bound is always waited, so that no luck makes it a busy loop.
    """
    return (0.1 + 0.9 * random()) * min(LONGEST_MS, FIRST_MS << min(attempt, 10))
