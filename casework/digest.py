"""What an approval binds: SHA-256 over the canonical JSON of exactly the action that was proposed (RFC 8785).

Canonical: members sorted by the UTF-16 code units of their names, no white space, strings with the shortest escapes,
numbers as ECMAScript prints them.
"""

from __future__ import annotations

import hashlib
import json
import math
from typing import Any, Final

from casework.model import Action

#: Beyond it an IEEE double no longer tells integers apart, and JSON readers disagree (RFC 7493, section 2.2).
_EXACT: Final = 2**53 - 1
_DEEPEST: Final = 32


def approval_digest(case_id: str, action: Action) -> str:
    """The digest (hex) that an approval of `action` has to name.

    Raises `ValueError` if a field of the action has no canonical form (see `canonical`).
    """
    content = {
        "case_id": case_id,
        "action_id": action.action_id,
        "action": action.action,
        "target": {"kind": action.target.kind, "id": action.target.id},
        "policy": action.policy,
        "reason": action.reason,
        "fields": action.fields,
        "proposed_by": action.proposed_by,
    }
    return hashlib.sha256(canonical(content)).hexdigest()


def canonical(value: Any) -> bytes:
    """The RFC 8785 form of a JSON value.

    Raises `ValueError` for what has none: integers beyond 2^53 - 1, NaN and infinities, lone surrogates, names that are
    not strings, nesting deeper than 32.
    """
    try:
        return _written(value, 0).encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError("holds half a character (a lone surrogate)") from None


def _written(value: Any, depth: int) -> str:
    if depth > _DEEPEST:
        raise ValueError(f"is nested deeper than {_DEEPEST}")
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        # json escapes exactly what RFC 8785 wants when it may write non-ASCII as it is, DEL included.
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, int):
        if abs(value) > _EXACT:
            raise ValueError("holds an integer beyond 2^53 - 1")
        return str(value)
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, list | tuple):
        return f"[{','.join(_written(item, depth + 1) for item in value)}]"
    if isinstance(value, dict):
        if not all(isinstance(name, str) for name in value):
            raise ValueError("has a name that is no string")
        members = sorted(value.items(), key=lambda member: member[0].encode("utf-16-be", "surrogatepass"))
        return "{" + ",".join(f"{_written(name, 0)}:{_written(item, depth + 1)}" for name, item in members) + "}"
    raise ValueError(f"holds a {type(value).__name__}, which JSON does not know")


def _number(value: float) -> str:
    """`value` as ECMAScript's Number::toString writes it."""
    if not math.isfinite(value):
        raise ValueError("holds a number that is not finite")
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    mantissa, _, exponent = repr(abs(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    # 0.digits times 10^point, with the shortest digits that read back as the same double.
    leading = len(whole + fraction) - len((whole + fraction).lstrip("0"))
    point = len(whole) + int(exponent or 0) - leading
    digits = (whole + fraction).strip("0")
    if 0 < point <= 21:
        if len(digits) <= point:
            return sign + digits + "0" * (point - len(digits))
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    power = point - 1
    rest = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{sign}{digits[0]}{rest}e{'+' if power > 0 else '-'}{abs(power)}"
