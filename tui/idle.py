"""When nobody pressed a key for a while, the screen is put away. Pure; times are monotonic ms."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Idle:
    """`after_ms` 0: never."""

    after_ms: float
    pressed_at: float = 0.0
    locked: bool = False

    def pressed(self, now: float) -> None:
        """Somebody is there."""
        self.pressed_at = now

    def due(self, now: float) -> bool:
        """Whether it is time to put the screen away."""
        return not self.locked and self.after_ms > 0 and now - self.pressed_at >= self.after_ms
