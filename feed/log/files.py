"""Files that only the feed's own user may read, and the lock that keeps a second feed away from a log."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from pathlib import Path
from typing import Final

from feed.log.base import LogLocked, LogUnusable

PRIVATE: Final = 0o600
BUSY_MS: Final = 5_000


def beside(path: Path, suffix: str) -> Path:
    """The file that belongs to the log `path`: PATH.keys, PATH.lock, PATH.tokens, PATH.snapshot, PATH.checkpoints."""
    return path.with_name(f"{path.name}.{suffix}")


def make_private(path: Path) -> bool:
    """Create `path` with mode 0600, or take others' rights away from the one that is there. True if it is new.

    Raises OSError.
    """
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, PRIVATE))
    except FileExistsError:
        if path.stat().st_mode & 0o077:
            path.chmod(PRIVATE)
        return False
    sync_directory(path.parent)
    return True


def sync_directory(directory: Path) -> None:
    """Make a new or renamed name in `directory` durable."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class FileLock:
    """An exclusive flock on a file of its own; it goes with the process, however that ends."""

    def __init__(self, path: Path) -> None:
        """Raises `LogLocked` if another process has it."""
        self._descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, PRIVATE)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(self._descriptor, 32, 0).decode("ascii", "replace").strip()
            os.close(self._descriptor)
            name = str(path).removesuffix(".lock")
            raise LogLocked(path=name, pid=int(holder) if holder.isdigit() else None) from None
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def connect(path: Path, *, factory: type[sqlite3.Connection] = sqlite3.Connection) -> sqlite3.Connection:
    """A read-write connection in autocommit mode, for use under its owner's own lock or on one thread."""
    connection = sqlite3.connect(
        path, isolation_level=None, check_same_thread=False, timeout=BUSY_MS / 1000, factory=factory
    )
    connection.execute("PRAGMA trusted_schema=OFF")
    return connection


def connect_read_only(path: Path) -> sqlite3.Connection:
    """A connection that cannot write, beside a running feed or on a log at rest.

    Raises `LogUnusable` if there is no such file or it cannot be opened.
    """
    if not path.is_file():
        raise LogUnusable(path=str(path), why="does not exist. Name the file that the feed was given.")
    address = path.absolute().as_uri()
    # On read-only media the WAL index cannot be made; without a WAL the file itself is all there is.
    wal = path.with_name(path.name + "-wal")
    modes = ["mode=ro"] if wal.exists() and wal.stat().st_size else ["mode=ro", "mode=ro&immutable=1"]
    for mode in modes:
        try:
            connection = sqlite3.connect(
                f"{address}?{mode}", uri=True, isolation_level=None, check_same_thread=False, timeout=BUSY_MS / 1000
            )
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except sqlite3.OperationalError:
            continue
        except sqlite3.DatabaseError as error:
            raise LogUnusable(path=str(path), why=f"cannot be read: {error}. Restore it from a backup.") from None
        return connection
    raise LogUnusable(path=str(path), why="cannot be opened for reading. Check its permissions.")
