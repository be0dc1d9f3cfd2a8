"""Lifts the data of older events to today's schema when it is read; stored bytes never change.

One step a schema version: `STEPS[n]` takes data written at version n to version n + 1. A step gets the event type and
the data (JSON types) and returns new data; it never changes its argument.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

Step = Callable[[str, dict[str, Any]], dict[str, Any]]


def _from_1(kind: str, data: dict[str, Any]) -> dict[str, Any]:
    """Version 1 had one free-standing `score` in whole points; version 2 keeps tenths."""
    result = data.get("result")
    if isinstance(result, dict) and "score" in result:
        lifted = dict(result)
        lifted["score_tenths"] = int(lifted.pop("score")) * 10
        return {**data, "result": lifted}
    return data


STEPS: Final[dict[int, Step]] = {1: _from_1}


def upcast(kind: str, v: int, data: Mapping[str, Any]) -> dict[str, Any]:
    """`data` of an event of type `kind` written at schema version `v`, as today's version has it."""
    lifted = dict(data)
    while v in STEPS:
        lifted = STEPS[v](kind, lifted)
        v += 1
    return lifted
