"""Pieces of sentences about a case: words of ours, and beside them, marked as such, what came from elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from casework.caseid import shown
from casework.untrusted import Untrusted
from client.views.bits import Line, Tone


def said(words: str, tone: Tone = "text") -> Callable[[Any], Line]:
    """Words of ours alone."""
    return lambda fact: ((words, tone),)


def because(words: str, text: str, tone: Tone = "text") -> Line:
    """Our words, and what somebody wrote about it."""
    said: Line = ((words, tone),) if words else ()
    return (*said, (": ", "quiet"), (Untrusted(text), "quoted")) if text else said


def ended(words: str, name: str, text: str) -> Line:
    """Our words, a name, and what somebody wrote about it."""
    return ((f"{words} ", "strong"), (Untrusted(name), "text"), *because("", text))


def named(words: str, name: str, after: str = "") -> Line:
    """Our words and a name."""
    return ((f"{words} ", "text"), (Untrusted(name), "text"), *(((after, "text"),) if after else ()))


def to_case(words: str, case_id: str) -> Line:
    """Our words and a case."""
    return ((f"{words} ", "text"), (Untrusted(shown(case_id)), "text"))


def spoken(token: str) -> Untrusted:
    """A token of the feed in words. It may be one that this console does not know."""
    return Untrusted(token.replace("_", " "))
