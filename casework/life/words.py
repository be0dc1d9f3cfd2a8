"""Small words of the sentences in which something is refused."""

from __future__ import annotations

from collections.abc import Iterable


def ago(then: int | None, now: int) -> str:
    """``4 s ago``, ``12 min ago``, ``3 h ago``, ``2 days ago``: how long ago `then` (ms UTC) was."""
    return "earlier" if then is None else f"{length(now - then)} ago"


def length(ms: int) -> str:
    """A length of time as people say it: ``4 s``, ``12 min``, ``3 h``, ``2 days``."""
    seconds = max(0, ms) // 1_000
    for unit, size, limit in (("s", 1, 60), ("min", 60, 3_600), ("h", 3_600, 172_800)):
        if seconds < limit:
            return f"{seconds // size} {unit}"
    return f"{seconds // 86_400} days"


def listed(words: Iterable[str], last: str = "or") -> str:
    """``a``, ``a or b``, ``a, b or c``."""
    items = list(words)
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {last} {items[-1]}" if items else ""
