"""Values in a query: spans of time, numbers, and what to say when one cannot be read."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Final

MAX_DURATION_MS: Final = 10 * 366 * 86_400_000
_UNITS: Final = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


class QueryFault(ValueError):
    """A query that cannot be read: where (characters from 0) and what would be right."""

    def __init__(self, *, position: int, reason: str) -> None:
        self.position = position
        self.reason = reason
        super().__init__(f"At {position + 1}: {reason}")


def suggestion(value: str, known: Iterable[str]) -> str:
    """`` Did you mean x?`` for a value close to a known one, else an empty text."""
    close = difflib.get_close_matches(value.casefold()[:60], list(known), n=1, cutoff=0.6)
    return f" Did you mean {close[0]}?" if close else ""


def duration(text: str, position: int) -> int:
    """Milliseconds of ``10m``, ``1h30m``, ``2d`` or ``0``. Raises `QueryFault`."""
    total = 0
    number = ""
    for character in text.casefold():
        if character in "0123456789" and len(number) < 9:
            number += character
        elif character in _UNITS and number:
            total += int(number) * _UNITS[character]
            number = ""
        else:
            break
    else:
        if text == "0":
            return 0
        if text and not number and total <= MAX_DURATION_MS:
            return total
    raise QueryFault(position=position, reason="Write a time such as 10m, 2h, 1h30m or 3d.")


def number(text: str, position: int) -> float:
    """A plain decimal such as ``80`` or ``62.5``. Raises `QueryFault`."""
    whole, _, rest = text.partition(".")
    digits = all(part == "" or (part.isascii() and part.isdigit()) for part in (whole, rest))
    if not digits or not whole or len(text) > 15 or (text.endswith(".")):
        raise QueryFault(position=position, reason="Write a number such as 80 or 62.5.")
    return float(text)
