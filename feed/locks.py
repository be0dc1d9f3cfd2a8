"""One lock a name, there only while somebody holds it or waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from types import TracebackType


class Locks:
    """Locks by name. Several at once are taken in sorted order, so two commands never wait for each other in a ring."""

    def __init__(self) -> None:
        self._locks: dict[str, _Shared] = {}

    def hold(self, names: Iterable[str]) -> Held:
        """Hold the locks of all `names`: `async with locks.hold(names): …`."""
        return Held(self._locks, sorted(set(names)))

    def __len__(self) -> int:
        return len(self._locks)


class _Shared(asyncio.Lock):
    """A lock, and how many hold it or wait for it."""

    users = 0


class Held:
    """The locks of some names, for one `async with`."""

    __slots__ = ("_locks", "_names", "_taken")

    def __init__(self, locks: dict[str, _Shared], names: list[str]) -> None:
        self._locks = locks
        self._names = names
        self._taken: list[str] = []

    async def __aenter__(self) -> None:
        try:
            for name in self._names:
                lock = self._locks.get(name)
                if lock is None:
                    lock = self._locks[name] = _Shared()
                lock.users += 1
                try:
                    await lock.acquire()
                except BaseException:
                    self._leave(name, lock)
                    raise
                self._taken.append(name)
        except BaseException:
            self._release()
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._release()

    def _release(self) -> None:
        for name in reversed(self._taken):
            lock = self._locks[name]
            lock.release()
            self._leave(name, lock)
        self._taken.clear()

    def _leave(self, name: str, lock: _Shared) -> None:
        lock.users -= 1
        if not lock.users:
            del self._locks[name]
