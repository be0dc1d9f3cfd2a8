"""Drawable rows, kept while they are true: until their case changes, and no longer than their second lasts."""

from __future__ import annotations

from collections.abc import Iterable

from client.views.row import QueueRow


class DrawnRows:
    """By case. A screen asks for the same rows several times a second; what they say changes with it at most."""

    def __init__(self) -> None:
        self._second = -1
        self._rows: dict[str, QueueRow] = {}

    def get(self, case_id: str, now: int, *, sending: bool) -> QueueRow | None:
        """The row of a case if it is still true at `now` (ms)."""
        second = now // 1_000
        if second != self._second:
            self._second = second
            self._rows.clear()
        row = self._rows.get(case_id)
        return row if row is not None and row.sending is sending else None

    def keep(self, row: QueueRow) -> QueueRow:
        """Keep a row that was made for the `now` that was last asked for."""
        self._rows[row.case_id] = row
        return row

    def forget(self, case_ids: Iterable[str]) -> None:
        """These cases changed."""
        rows = self._rows
        if rows:
            for case_id in case_ids:
                rows.pop(case_id, None)

    def clear(self) -> None:
        """Who looks is another one."""
        self._rows.clear()
