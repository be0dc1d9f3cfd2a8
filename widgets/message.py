"""The message line and the footer: what just happened, what a prefix waits for, and which keys make sense now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from client.views.bits import Bit, Line
from widgets.paint import words, wrapped
from widgets.status import line_width
from widgets.toned import Lines

LONGEST: Final = 3
"""Lines that a sentence may take: a refusal is read to its end."""


class Message(Lines):
    """One line, empty most of the time; a sentence that is longer, or a list, takes the lines that it needs."""

    DEFAULT_CSS = """
    Message { height: auto; min-height: 1; max-height: 50%; width: 1fr; }
    """
    PART = "The message"

    def say(self, lines: Sequence[Line]) -> None:
        """Show these lines; one empty line clears it."""
        room = self.size.width - 2
        line = lines[0]
        if len(lines) == 1 and len(line) == 1 and room > 0 and line_width(line) > room:
            (sentence, tone), *_ = line
            self.show(tuple(((" ", "text"), (each, tone)) for each in wrapped(words(sentence), room)[:LONGEST]))
        else:
            self.show(tuple(((" ", "text"), *each) if each else () for each in lines))


class Footer(Lines):
    """Keys and what they do, the ones for this case now first, help last."""

    DEFAULT_CSS = """
    Footer { height: 1; width: 1fr; }
    """
    PART = "The line of keys"

    def offer(self, keys: Sequence[tuple[str, str]], width: int) -> None:
        """Show as many (key, what it does) as fit in `width`; the last one always stays."""
        kept = list(keys)
        while len(kept) > 1 and _width(kept) > width - 2:
            del kept[-2]
        bits: list[Bit] = [(" ", "text")]
        for at, (key, title) in enumerate(kept):
            bits.append(("  " if at else "", "text"))
            # Help is always there: it need not stand out.
            last = at == len(kept) - 1
            bits.append((key, "quiet" if last else "key"))
            bits.append((f" {title}", "quiet"))
        self.show((tuple(bits),))


def _width(keys: Sequence[tuple[str, str]]) -> int:
    return sum(len(key) + 1 + len(title) + 2 for key, title in keys)
