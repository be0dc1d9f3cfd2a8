"""Times as a responder reads them. All arguments are ms; what is left is rounded down, so it is never optimistic."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

SECOND: Final = 1_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

SECONDS_FROM: Final = 10 * MINUTE
"""Below this a countdown shows seconds."""


def countdown(left_ms: int) -> str:
    """What is left: `6:48` below ten minutes, then `12m`, `2h10`, `3d04`; late with a minus: `-0:42`, `-12m`."""
    if left_ms >= 0:
        return _span(left_ms)
    # Late by a part of a second is late by a second.
    return "-" + _span(-(left_ms // SECOND) * SECOND)


def lateness(left_ms: int) -> str:
    """How late, without a sign: for places where a minus is too thin to be read."""
    return countdown(left_ms).removeprefix("-")


def of_allowance(allowance_ms: int) -> str:
    """A clock's whole length: `30:00` below an hour, else as a countdown."""
    if allowance_ms < HOUR:
        return f"{allowance_ms // MINUTE}:{allowance_ms % MINUTE // SECOND:02d}"
    return _span(allowance_ms)


def age(ms: int) -> str:
    """How old, in at most three characters: `<1m`, `15m`, `3h`, `2d`."""
    if ms < MINUTE:
        return "<1m"
    if ms < HOUR:
        return f"{ms // MINUTE}m"
    if ms < DAY:
        return f"{ms // HOUR}h"
    return f"{ms // DAY}d"


def ago(ms: int) -> str:
    """How long ago, in words of a line: `4 s`, `22 m`, `3 h`, `2 d`."""
    if ms < MINUTE:
        return f"{max(0, ms) // SECOND} s"
    if ms < HOUR:
        return f"{ms // MINUTE} m"
    if ms < DAY:
        return f"{ms // HOUR} h"
    return f"{ms // DAY} d"


def stopwatch(ms: int) -> str:
    """Minutes and seconds in digits that keep their place: `00:34`."""
    return f"{ms // MINUTE:02d}:{ms % MINUTE // SECOND:02d}"


def feed_age(ms: int) -> str:
    """The feed's age: tenths below ten seconds, `0.4 s`, then whole seconds."""
    return f"{ms / SECOND:.1f} s" if ms < 10 * SECOND else ago(ms)


def utc(ms: int) -> str:
    """`12:41:07`, UTC."""
    return datetime.fromtimestamp(ms / SECOND, UTC).strftime("%H:%M:%S")


def utc_minute(ms: int) -> str:
    """`12:41`, UTC."""
    return datetime.fromtimestamp(ms / SECOND, UTC).strftime("%H:%M")


def utc_date(ms: int) -> str:
    """`2026-11-22`, UTC."""
    return datetime.fromtimestamp(ms / SECOND, UTC).strftime("%Y-%m-%d")


def utc_day(ms: int) -> str:
    """`2026-11-22 12:41`, UTC."""
    return datetime.fromtimestamp(ms / SECOND, UTC).strftime("%Y-%m-%d %H:%M")


def local_minute(ms: int, zone: str) -> str | None:
    """The local time `06:41` in `zone`, or None if that is no time zone anybody knows."""
    found = _zone(zone)
    return None if found is None else datetime.fromtimestamp(ms / SECOND, found).strftime("%H:%M")


@lru_cache(maxsize=256)
def _zone(name: str) -> ZoneInfo | None:
    # The name comes from outside: a path or a NUL in it is no zone either.
    if not name.isascii() or not name.isprintable() or ".." in name or name.startswith("/"):
        return None
    from zoneinfo import ZoneInfo  # at the first case of another zone, not before the first paint

    try:
        return ZoneInfo(name)
    except (OSError, ValueError):  # ZoneInfoNotFoundError is a KeyError
        return None
    except KeyError:
        return None


def _span(ms: int) -> str:
    if ms < SECONDS_FROM:
        return f"{ms // MINUTE}:{ms % MINUTE // SECOND:02d}"
    if ms < HOUR:
        return f"{ms // MINUTE}m"
    if ms < DAY:
        return f"{ms // HOUR}h{ms % HOUR // MINUTE:02d}"
    if ms < 100 * DAY:
        return f"{ms // DAY}d{ms % DAY // HOUR:02d}"
    return f"{ms // DAY}d"
