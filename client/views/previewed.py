"""What the platform says that an action would touch, in a line or two; what it did not say is not guessed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from casework.untrusted import Untrusted
from client.views.bits import DOT, Bit, Line, dotted

if TYPE_CHECKING:
    from protocol.answers import PreviewAnswer

MOST: Final = 4
"""Kinds, and earlier actions, that are named."""
_PLURALS: Final = {"reupload": ("re-upload", "re-uploads"), "account": ("account", "accounts")}


def touched(found: PreviewAnswer | None) -> Line:
    """`1 video · 14 re-uploads · 3 countries`; None: nobody has answered."""
    if found is None:
        return (("not known yet: the platform is being asked", "quiet"),)
    if not found.available:
        return (("not known: ", "soon"), (Untrusted(found.why), "soon"))
    parts: list[Line] = [((_counted(count, kind), "text"),) for kind, count in list(found.counts.items())[:MOST]]
    if more := len(found.counts) - MOST:
        parts += [((f"{more} more kinds", "text"),)] if more > 0 else []
    if len(found.countries) == 1:
        parts.append((("in ", "text"), (Untrusted(next(iter(found.countries))), "text")))
    elif found.countries:
        parts.append(((f"{len(found.countries)} countries", "text"),))
    return dotted(*parts) or (("nothing, says the platform", "soon"),)


def earlier(found: PreviewAnswer | None) -> Line:
    """What the platform has on it: strikes, and what was done to it before. Empty if it did not say."""
    if found is None or not found.available:
        return ()
    strikes = (
        "" if found.strikes is None else _plural(found.strikes, "strike", "strikes") if found.strikes else "no strikes"
    )
    said: list[Bit] = [(strikes, "soon" if found.strikes else "text"), DOT] if strikes else []
    if not found.prior:
        return (*said, ("nothing earlier", "text"))
    names = ", ".join(each.replace("_", " ") for each in found.prior[:MOST])
    more = len(found.prior) - MOST
    return (
        *said,
        ("earlier: ", "text"),
        (Untrusted(names), "text"),
        *(((f" and {more} more", "text"),) if more > 0 else ()),
    )


def _counted(count: int, kind: str) -> Untrusted:
    """The platform names the kinds, so the words are its own."""
    one, many = _PLURALS.get(kind, (kind, f"{kind}s"))
    return Untrusted(_plural(count, one, many))


def _plural(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"
