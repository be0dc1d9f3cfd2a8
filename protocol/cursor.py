"""The cursor of `GET /v1/cases`: the queue key of the last row of a page, as text that can be checked.

It names a place in the order, not a row, so a page after it is right whatever happened to the queue in between.
"""

from __future__ import annotations

import re
from typing import Final

from casework.order import Key
from protocol.codec import Malformed

#: band . harm, paper or none . due (ms UTC) . minus the score in tenths . arrival
PATTERN: Final = r"^[0-9]{1,2}\.[0-2]\.-?[0-9]{1,15}\.-?[0-9]{1,4}\.[0-9]{1,16}$(?!\n)"
_CURSOR: Final = re.compile(PATTERN)


def encode(key: Key) -> str:
    """The cursor after the row whose queue key is `key`."""
    return ".".join(str(part) for part in key)


def decode(text: str) -> Key:
    """The queue key that `text` names; rows whose key is greater come after it. Raises `Malformed`."""
    if _CURSOR.search(text) is None:
        raise Malformed("", "is not a cursor of this list; leave it out to start at the top")
    band, kind, due_at, score, arrival = (int(part) for part in text.split("."))
    return (band, kind, due_at, score, arrival)
