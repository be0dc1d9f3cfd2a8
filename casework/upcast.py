"""Lifts the data of older events to today's schema when it is read; stored bytes never change.

One step a schema version: `STEPS[n]` takes data written at version n to version n + 1. A step gets the event type and
the data (JSON types, unsealed) and returns new data; it never changes its argument, and it knows no configuration.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

Step = Callable[[str, dict[str, Any]], dict[str, Any]]


def _from_1(kind: str, data: dict[str, Any]) -> dict[str, Any]:
    """Version 1 kept whole points, whole seconds, and of a sensitive value its mask alone.

    Its `result.score` becomes tenths; a clock's `allowance_s` milliseconds; an entry of `sensitive` a mask with the
    reference by which it can be revealed, which version 1 left to the reader.
    """
    lifted = dict(data)
    result = data.get("result")
    if isinstance(result, dict):
        lifted["result"] = _result_from_1(result)
    sensitive = data.get("sensitive")
    if isinstance(sensitive, dict):
        lifted["sensitive"] = {
            name: {"ref": name, "masked": masked} if isinstance(masked, str) else masked
            for name, masked in sensitive.items()
        }
    return lifted


def _result_from_1(result: Mapping[str, Any]) -> dict[str, Any]:
    lifted = dict(result)
    if "score" in lifted:
        lifted["score_tenths"] = int(lifted.pop("score")) * 10
    if "clocks" in lifted:
        lifted["clocks"] = [_clock_from_1(clock) for clock in lifted["clocks"]]
    return lifted


def _clock_from_1(clock: Mapping[str, Any]) -> dict[str, Any]:
    lifted = dict(clock)
    if "allowance_s" in lifted:
        lifted["allowance_ms"] = int(lifted.pop("allowance_s")) * 1_000
    return lifted


STEPS: Final[dict[int, Step]] = {1: _from_1}


def upcast(kind: str, v: int, data: Mapping[str, Any]) -> dict[str, Any]:
    """`data` of an event of type `kind` written at schema version `v`, as today's version has it.

    Data of today's version, or of one that is not known yet, comes back as it is.
    """
    lifted = dict(data)
    while v in STEPS:
        lifted = STEPS[v](kind, lifted)
        v += 1
    return lifted
