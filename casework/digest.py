"""What an approval binds: SHA-256 over the canonical JSON of exactly the action that was proposed (RFC 8785).

Canonical: members sorted by the UTF-16 code units of their names, no white space, strings with the shortest escapes.
Fractions have no place in a proposal, nor anywhere in the log.
"""

from __future__ import annotations

import hashlib
import json
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

    Raises `ValueError` for what has none: fractions, integers beyond 2^53 - 1, lone surrogates, names that are
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
    if isinstance(value, list | tuple):
        return f"[{','.join(_written(item, depth + 1) for item in value)}]"
    if isinstance(value, dict):
        if not all(isinstance(name, str) for name in value):
            raise ValueError("has a name that is no string")
        members = sorted(value.items(), key=lambda member: member[0].encode("utf-16-be", "surrogatepass"))
        return "{" + ",".join(f"{_written(name, 0)}:{_written(item, depth + 1)}" for name, item in members) + "}"
    raise ValueError(f"holds a {type(value).__name__}, which has no place in a proposal")
