"""Rows as an audience may see them, encoded once a version: what lists and snapshots are made of.

Two hundred consoles that come back after a restart each take a snapshot; they get the same bytes.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

import msgspec

from casework.access import Audience, project_row
from casework.model import Case, Row, Stub
from casework.rows import row_of
from protocol import codec, shapes

AUDIENCES: Final = 16
BYTES: Final = 256 * 1024 * 1024


class RowEncoder:
    """Encoded rows by audience and case, bounded by bytes; the audience not used for longest goes first."""

    def __init__(self, *, size: int = BYTES) -> None:
        self._max_bytes = size
        self._tables: OrderedDict[Audience, dict[str, tuple[int, bytes]]] = OrderedDict()
        self._bytes = 0

    def encode(self, cases: Sequence[Case], audience: Audience) -> list[bytes]:
        """The rows of `cases`, in their order."""
        table = self._table(audience)
        rows: list[bytes] = []
        for case in cases:
            held = table.get(case.case_id)
            if held is not None and held[0] == case.version:
                rows.append(held[1])
                continue
            row = codec.encode(shapes.row_out(seen(case, audience)))
            rows.append(row)
            self._bytes += len(row) - (len(held[1]) if held is not None else 0)
            table[case.case_id] = (case.version, row)
        self._shrink()
        return rows

    def forget(self, case_id: str) -> None:
        """The case left the floor."""
        for table in self._tables.values():
            held = table.pop(case_id, None)
            if held is not None:
                self._bytes -= len(held[1])

    def _table(self, audience: Audience) -> dict[str, tuple[int, bytes]]:
        table = self._tables.setdefault(audience, {})
        self._tables.move_to_end(audience)
        while len(self._tables) > AUDIENCES:
            self._drop_oldest()
        return table

    def _shrink(self) -> None:
        while self._bytes > self._max_bytes and self._tables:
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        _, table = self._tables.popitem(last=False)
        self._bytes -= sum(len(row) for _, row in table.values())


def seen(case: Case, audience: Audience) -> Row | Stub:
    """The row of `case` as `audience` may see it."""
    return project_row(row_of(case), audience)


def audience_tag(audience: Audience) -> str:
    """A short name of an audience, for ETags; equal audiences have equal names, on every node."""
    parts = [
        sorted(audience.clearances),
        audience.every,
        audience.masked,
        sorted(audience.granted),
        audience.audits,
    ]
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()[:12]
