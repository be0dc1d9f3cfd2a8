"""What a JSON Schema can say of the query language: a pattern that valid queries match and mistakes do not.

It holds bare words, words in quotes, and each field with the values that the language offers. Values that are free (an
owner, a number) are narrower here than in the language itself.
"""

from __future__ import annotations

import re
from typing import Final

from casework.queryfields import FIELDS

#: The views add up to three terms of their own to the language's fifty.
_TERMS: Final = 40
_WORD: Final = r'[^\s":~<>=\u0000\ufffd]+'
_QUOTED: Final = r'"([^"\\\u0000\ufffd]|\\[^\u0000\ufffd])+"'


def pattern() -> str:
    fields = "|".join(
        f"{re.escape(field.name)}({'|'.join(map(re.escape, field.operators))})({values})"
        + (f"(,({values}))*" if field.lists else "")
        for field in FIELDS.values()
        if field.offers
        for values in ["|".join(map(_literal, field.offers))]
    )
    # A minus alone turns nothing around.
    term = rf"(?!-(\s|$))-?({_WORD}|{_QUOTED}|{fields})"
    return rf"^\s*({term}(\s+{term}){{0,{_TERMS}}})?\s*$"


def _literal(text: str) -> str:
    return re.escape(text).replace(r"\-", "-")
