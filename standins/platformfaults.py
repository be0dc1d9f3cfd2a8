"""What can go wrong at a platform, on demand: the next so many orders, or each with a probability."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Final

FAULTS: Final = (
    "500",  # an error, and nothing was done
    "500_after",  # an error, and it was done
    "429",  # too many; Retry-After says when
    "503",
    "hang_after",  # it was done, and nobody answers
    "hang_before",  # nothing was done, and nobody answers
    "garbage",  # it was done, and the answer is no JSON
    "error_in_200",  # 200 with an error in it; nothing was done
    "duplicate",  # the answer comes, and the effect a second time, as if the message had been delivered twice
    "no_effect",  # taken, and the effect never comes
    "slow_effect",  # taken, and the effect comes a while later
    "huge",  # an answer without an end
    "redirect",
)


@dataclass
class Faults:
    """`next`: how many of the next orders fail in which way; `rate`: the share of orders that fail in some way."""

    chance: random.Random = field(default_factory=random.Random)
    rate: float = 0.0
    kinds: tuple[str, ...] = FAULTS
    next: dict[str, int] = field(default_factory=dict)

    def draw(self) -> str | None:
        """The fault of this order, if it has one."""
        for kind, count in self.next.items():
            if count > 0:
                self.next[kind] = count - 1
                return kind
        return self.chance.choice(self.kinds) if self.chance.random() < self.rate else None
