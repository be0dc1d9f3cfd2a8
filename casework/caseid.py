"""Case ids: 40 bits of SHA-256 in Crockford's alphabet, stored ``C-7F3A9K2M`` and shown ``C-7F3A-9K2M``."""

from __future__ import annotations

import hashlib
import re
from typing import Final

from casework.errors import BadInput

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_STORED: Final = re.compile(r"C-[0-9A-HJKMNP-TV-Z]{8}")
#: Crockford's reading of letters that look like digits.
_LOOKS_LIKE: Final = str.maketrans({"O": "0", "I": "1", "L": "1"})


def case_id(source: str, id: str, counter: int = 0) -> str:
    """The id of the case that the report (`source`, `id`) opens.

    SHA-256 over source, a zero byte, id and the counter in decimal digits; UTF-8. If the id belongs to another report,
    the caller tries `counter` + 1.
    """
    digest = hashlib.sha256(b"\0".join((_bytes(source), _bytes(id) + str(counter).encode()))).digest()
    bits = int.from_bytes(digest[:5], "big")
    return "C-" + "".join(ALPHABET[(bits >> shift) & 31] for shift in range(35, -1, -5))


def shown(stored: str) -> str:
    """A stored id as people read it aloud: in two groups. Anything else comes back as it is."""
    return f"{stored[:6]}-{stored[6:]}" if _STORED.fullmatch(stored) else stored


def parse(text: str) -> str:
    """The stored form of an id as somebody typed it: any case, with or without hyphens and the leading C.

    O is read as 0, I and L as 1. Raises `BadInput` if it is no case id.
    """
    compact = text.strip().upper().replace("-", "")
    if len(compact) == 9 and compact.startswith("C"):
        compact = compact[1:]
    stored = f"C-{compact.translate(_LOOKS_LIKE)}"
    if len(text) > 40 or _STORED.fullmatch(stored) is None:
        raise BadInput(pointer="", why="needs a case id such as C-7F3A-9K2M.")
    return stored


def _bytes(text: str) -> bytes:
    # A lone surrogate never gets past the boundary; if one did, the id must still be defined.
    return text.encode("utf-8", "surrogatepass")
