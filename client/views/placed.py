"""Case ids in the order of the entries that place them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import overload

from client.standing import Entry


class Placed(Sequence[str]):
    """The ids of `_order`; who inherits says which cases are in it and where each stands."""

    _order: Sequence[Entry]

    def __len__(self) -> int:
        return len(self._order)

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[str]: ...
    def __getitem__(self, at: int | slice) -> str | Sequence[str]:
        if isinstance(at, slice):
            return [entry.case_id for entry in self._order[at]]
        return self._order[at].case_id

    def __iter__(self) -> Iterator[str]:
        return (entry.case_id for entry in self._order)
