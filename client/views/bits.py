"""The smallest drawable thing: a piece of text and its tone. A line is a tuple of them.

A plain `str` is a word of ours. Whatever came from outside is `Untrusted`, and the drawing makes it visible.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from casework.untrusted import Untrusted

Tone = Literal["text", "quiet", "strong", "late", "soon", "s0", "s1", "s2", "key", "mine", "rule", "quoted"]
"""What a piece of text is, never which color it has; a theme decides that.

`late` and `soon` are about time, `s0` to `s2` about severity, `mine` is this person's and healthy, `quoted` is text
from outside in the midst of ours.
"""

Bit: TypeAlias = tuple[str | Untrusted, Tone]
Line: TypeAlias = tuple[Bit, ...]

DOT: Final[Bit] = (" · ", "quiet")


def dotted(*parts: Line) -> Line:
    """`parts` that are not empty, in one line, with a quiet dot between."""
    line: list[Bit] = []
    for part in parts:
        if part:
            if line:
                line.append(DOT)
            line.extend(part)
    return tuple(line)


def text(words: str | Untrusted, tone: Tone = "text") -> Line:
    """One piece as a line."""
    return ((words, tone),)
