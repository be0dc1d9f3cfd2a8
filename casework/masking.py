"""What stands in for a sensitive value where the value itself must not travel.

Never more than the first character and, of an e-mail address, its top-level domain, or, of a number, its last two
digits; a value too short for that shows nothing.
"""

from __future__ import annotations

import re
from typing import Final

_EMAIL: Final = re.compile(r"(?P<first>[^@\s])(?P<rest>[^@\s]*)@[^@\s]+\.(?P<tld>[A-Za-z]{2,12})")
_NUMBER: Final = re.compile(r"\+?[\d\s()./\-]*\d[\d\s()./\-]*")
_MANY_DIGITS: Final = 6
_SHORT: Final = 3
HIDDEN: Final = "…"


def masked(value: str) -> str:
    """`value` as people without a reason to read it may see it: ``j…@…gov``, ``…42``, ``M…``."""
    text = value.strip()
    if (email := _EMAIL.fullmatch(text)) is not None:
        first = email["first"] if email["rest"] else ""
        return f"{first}{HIDDEN}@{HIDDEN}{email['tld']}"
    if _NUMBER.fullmatch(text):
        digits = [character for character in text if character.isdigit()]
        return HIDDEN + "".join(digits[-2:]) if len(digits) >= _MANY_DIGITS else HIDDEN
    return f"{text[0]}{HIDDEN}" if len(text) > _SHORT else HIDDEN
