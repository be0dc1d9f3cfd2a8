"""What `--log` names: `sqlite:PATH`, and for tests `memory:`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from feed.log.base import Log, LogUnusable


def sqlite_path(address: str) -> Path:
    """The file of a `sqlite:PATH` address. Raises `LogUnusable` for any other."""
    scheme, separator, rest = address.partition(":")
    if scheme != "sqlite" or not separator or not rest:
        raise LogUnusable(path=address, why="is no log that this release can open. Write sqlite:PATH.")
    return Path(rest).expanduser()


def open_log(address: str, *, now: Callable[[], int]) -> Log:
    """Open the log at `address` on the running loop; `now` is feed time, ms UTC.

    Raises `LogLocked`, `LogUnusable`, OSError. The engine of `memory:` is not `durable`.
    """
    if address == "memory:":
        from feed.log.memory import MemoryLog

        return MemoryLog(now=now)
    from feed.log.sqlite import SqliteLog

    return SqliteLog(sqlite_path(address), now=now)


def snapshot_path(address: str) -> Path | None:
    """Where snapshots of the log at `address` are kept; None if that engine keeps none."""
    if address == "memory:":
        return None
    from feed.log.files import beside

    return beside(sqlite_path(address), "snapshot")
