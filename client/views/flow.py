"""Arrivals against clears in the last hour, kept up by the cases that changed.

Ended cases stay in the mirror for a day, so both are whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from casework.model import Row
from client.views.times import HOUR


class Flow:
    """When cases of the last hour came and ended, ms UTC by case id."""

    def __init__(self) -> None:
        self._opened: dict[str, int] = {}
        self._ended: dict[str, int] = {}

    def update(self, rows: Mapping[str, Row], dirty: Iterable[str], now: int) -> None:
        """Take in the cases that changed, came or went."""
        for case_id in dirty:
            row = rows.get(case_id)
            _keep(self._opened, case_id, None if row is None else row.opened_at, now)
            _keep(self._ended, case_id, None if row is None else row.ended_at, now)

    def count(self, now: int) -> tuple[int, int]:
        """How many came and how many ended in the hour before `now`."""
        for times in (self._opened, self._ended):
            for case_id in [case_id for case_id, at in times.items() if at <= now - HOUR]:
                del times[case_id]
        return sum(at <= now for at in self._opened.values()), sum(at <= now for at in self._ended.values())


def _keep(times: dict[str, int], case_id: str, at: int | None, now: int) -> None:
    if at is not None and at > now - HOUR:
        times[case_id] = at
    else:
        times.pop(case_id, None)
