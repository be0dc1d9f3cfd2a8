"""Log lines: one record a line whatever the text, and no text of a case in them."""

from __future__ import annotations

import json
import logging

from feed.logs import Journal, JsonLines


def line_of(record: logging.LogRecord) -> str:
    return JsonLines().format(record)


def record(name: str, message: str, *args: object, error: BaseException | None = None) -> logging.LogRecord:
    info = (type(error), error, error.__traceback__) if error is not None else None
    return logging.LogRecord(name, logging.ERROR, __file__, 1, message, args, info)


def test_a_record_is_one_line_of_json() -> None:
    made = record("feed.x", "something happened")
    made.fields = {"case_id": "C-1\nforged\u2028line\u0085", "count": 3}
    line = line_of(made)
    assert line.splitlines() == [line]
    found = json.loads(line)
    assert (found["event"], found["count"]) == ("something happened", 3)
    assert found["case_id"] == "C-1\nforged\u2028line\u0085"


def test_an_exception_is_its_kind_and_places_never_its_text() -> None:
    secret = "the words of a case"
    try:
        raise ValueError(secret)
    except ValueError as error:
        line = line_of(record("feed.x", "failed", error=error))
    assert "words" not in line
    assert json.loads(line)["error"] == "ValueError"
    assert "test_logs.py" in line


def test_what_a_library_would_have_put_in_stays_out() -> None:
    line = line_of(record("uvicorn.error", "Bad request: %s", "the words of a case"))
    assert "words" not in line


def test_a_journal_writes_its_fields() -> None:
    seen: list[str] = []

    class Keep(logging.Handler):
        def emit(self, made: logging.LogRecord) -> None:
            seen.append(line_of(made))

    logger = logging.getLogger("feed.test_journal")
    handler = Keep()
    logger.addHandler(handler)
    try:
        Journal("test_journal").warning("clocks parted", parted_ms=5)
        Journal("test_journal").fault("fold failed", KeyError("secret"), seq=7)
    finally:
        logger.removeHandler(handler)
    first, second = (json.loads(line) for line in seen)
    assert (first["event"], first["parted_ms"], first["level"]) == ("clocks parted", 5, "warning")
    assert (second["seq"], second["error"]) == (7, "KeyError")
    assert "secret" not in seen[1]
