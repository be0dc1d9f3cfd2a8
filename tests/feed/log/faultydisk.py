"""A SQLite connection that meets the faults a test asks for."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from typing import Any


def nothing(sql: str) -> Exception | None:
    return None


class Faults:
    """What a test does to the disk: the error that a statement meets before it runs, or after it ran."""

    def __init__(self) -> None:
        self.before: Callable[[str], Exception | None] = nothing
        self.after: Callable[[str], Exception | None] = nothing
        self.statements: list[str] = []

    def hold_commits(self) -> threading.Event:
        """Commits wait until the event is set."""
        go = threading.Event()

        def wait(sql: str) -> None:
            if sql == "COMMIT":
                go.wait(10)

        self.before = wait
        return go

    def fail_on(self, word: str) -> None:
        self.before = lambda sql: sqlite3.OperationalError("disk I/O error") if word in sql else None

    def heal(self) -> None:
        self.before = self.after = nothing


faults = Faults()


class Disk(sqlite3.Connection):
    """A connection that meets the faults of the test."""

    def execute(self, sql: str, *arguments: Any) -> sqlite3.Cursor:
        faults.statements.append(sql)
        if (error := faults.before(sql)) is not None:
            raise error
        cursor = super().execute(sql, *arguments)
        if (error := faults.after(sql)) is not None:
            raise error
        return cursor
