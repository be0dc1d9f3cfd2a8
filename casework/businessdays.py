"""Spans of time as policy writes them, and business days: Monday to Friday in the calendar's zone."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from msgspec import Struct

SPAN_PATTERN: Final = r"^([1-9][0-9]{0,4}(s|m|h|d)|[1-9][0-9]? business days?)\Z"
"""What a span looks like in TOML."""

_UNIT_MS: Final = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_SATURDAY: Final = 5


class Span(Struct, frozen=True, kw_only=True):
    """A length of time: either milliseconds or whole business days; the other one is 0."""

    ms: int = 0
    business_days: int = 0


@lru_cache(maxsize=1_024)
def span(text: str) -> Span:
    """The span that `text` names, such as ``30m`` or ``3 business days``.

    Raises `ValueError` if it names none.
    """
    if re.match(SPAN_PATTERN, text) is None:
        raise ValueError(f'{text!r} is not a span; write a number and s, m, h, d or " business days", such as "30m"')
    if "business" in text:
        return Span(business_days=int(text.split(maxsplit=1)[0]))
    return Span(ms=int(text[:-1]) * _UNIT_MS[text[-1]])


def due(start: int, length: Span, tz: str) -> int:
    """When a clock that starts at `start` (ms UTC) and runs for `length` is due (ms UTC)."""
    if length.business_days:
        return add_business_days(start, length.business_days, tz)
    return start + length.ms


def add_business_days(start: int, days: int, tz: str) -> int:
    """The same time of day `days` business days after `start` (ms UTC), in the zone `tz`.

    Only the days that are counted must be business days: from any time on a Friday, Saturday or Sunday, one business
    day ends on Monday at that time. Local time decides, so across a change to or from daylight saving the span is an
    hour shorter or longer. A local time that the change skips is taken as far after the change; of one that occurs
    twice, the first occurrence counts.
    """
    from zoneinfo import ZoneInfo  # a console counts no business days and need not load the zones

    zone = ZoneInfo(tz)
    seconds, rest = divmod(start, 1_000)
    local = datetime.fromtimestamp(seconds, UTC).astimezone(zone).replace(tzinfo=None)
    left = days
    while left:
        local += timedelta(days=1)
        if local.weekday() < _SATURDAY:
            left -= 1
    return round(local.replace(tzinfo=zone).timestamp()) * 1_000 + rest
