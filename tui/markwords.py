"""What is said of marks: the message line while there are any, the keys that act on them, and what was not done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from casework.caseid import shown
from casework.untrusted import Untrusted
from client.views.bits import Line
from tui.batches import Item
from tui.keymap import Keymap
from tui.marks import Marks

_VERBS: Final = (
    ("claim", "claim"),
    ("note", "note"),
    ("snooze", "snooze"),
    ("assign", "assign"),
    ("release", "release"),
)


def marks_line(marks: Marks, count: str, out_of_view: int) -> Line:
    """The message line while cases are marked."""
    there = len(marks)
    said: Line = ((f"{there} marked", "key"),)
    if out_of_view:
        said = (*said, (f" \u00b7 {out_of_view} of them not shown: they are left out", "soon"))
    if marks.ranging:
        return (*said, (f" \u00b7 range {count}" if count else " \u00b7 range: j k and counts stretch it", "quiet"))
    return (*said, (" \u00b7 a verb acts on all of them \u00b7 Esc clears", "quiet"))


def marks_footer(keymap: Keymap) -> tuple[tuple[str, str], ...]:
    """The keys that act on marks."""
    offers = [(keymap.keys_of(verb), title) for verb, title in _VERBS]
    prefixes = [(key[:1] if title in ("snooze", "assign") else key, title) for key, title in offers if key]
    return (*prefixes, ("Esc", "clear"), (keymap.keys_of("help"), "keys"))


def refused_lines(items: Sequence[Item]) -> tuple[Line, ...]:
    """Each case that was not done, with the reason."""
    return tuple(
        (
            (f" {shown(item.case_id)}  ", "strong"),
            (Untrusted(item.sentence), "quiet" if item.state == "left out" else "late"),
        )
        for item in items
    )
