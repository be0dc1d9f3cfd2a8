"""The feed's own log lines: JSON, one record a line, on stderr.

They carry ids, counts and kinds of errors. Case text, tokens and sensitive values never reach a log call; as a second
gate, only the named fields of a record are written, and the traceback of an exception is reduced to places.
"""

from __future__ import annotations

import logging
import sys
import traceback
from typing import Any, Final

import msgspec

_FIELDS: Final = "fields"


class JsonLines(logging.Formatter):
    """One JSON object a record: at (ms UTC), level, logger, event, then its fields."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": int(record.created * 1000),
            "level": record.levelname.lower(),
            "logger": record.name,
            # Only our own calls state their event as a constant; another library's text may quote a request.
            "event": str(record.msg) if record.name.startswith("feed") else _foreign(record),
        }
        line.update(getattr(record, _FIELDS, {}))
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = type(record.exc_info[1]).__name__
            line["places"] = _places(record.exc_info[1])
        return msgspec.json.encode(line).decode().translate(_LINE_BREAKS)


# JSON escapes C0 already; these three break lines in some readers.
_LINE_BREAKS: Final = {0x85: "\\u0085", 0x2028: "\\u2028", 0x2029: "\\u2029"}


def _foreign(record: logging.LogRecord) -> str:
    """What a library says, without the arguments that it would have put in."""
    return str(record.msg).strip().splitlines()[0][:200] if record.msg else ""


def _places(error: BaseException) -> list[str]:
    """Where it came from, innermost last: file, line and function; no source text, no values."""
    return [
        f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)[-12:]
    ]


def set_up(level: str = "info") -> None:
    """Send every log record of this process to stderr as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # An access line would carry query strings, and those are other people's words.
    for name in ("uvicorn.access", "uvicorn.error", "websockets"):
        logger = logging.getLogger(name)
        logger.handlers[:] = []
        logger.propagate = name != "uvicorn.access"
        logger.setLevel(logging.WARNING)


class Journal:
    """A logger whose calls take an event (a constant) and fields (ids, counts, kinds)."""

    def __init__(self, name: str) -> None:
        self._logger = logging.getLogger(f"feed.{name}")

    def info(self, event: str, **fields: str | int | float | None) -> None:
        self._logger.info(event, extra={_FIELDS: fields})

    def warning(self, event: str, **fields: str | int | float | None) -> None:
        self._logger.warning(event, extra={_FIELDS: fields})

    def fault(self, event: str, error: BaseException, **fields: str | int | float | None) -> None:
        """A fault of our own: kind and places of `error`, never its text, which may quote a case."""
        self._logger.error(event, exc_info=error, extra={_FIELDS: fields})
