"""What the message line says: a waiting prefix first, then what was refused, held, on its way and done."""

from __future__ import annotations

from collections.abc import Callable

from casework.caseid import shown
from casework.untrusted import Untrusted
from client.views.bits import Bit, Line, Tone
from client.views.sorts import QUEUE, SORTS
from tui.keymap import Bound, Keymap
from tui.outbox import Entry, said
from tui.target import Target

_URGENT = ("refused", "unknown", "held", "sending", "canceled", "done")


def prefix_line(
    prefix: str, keymap: Keymap, target: Target | None, width: int, works: Callable[[Bound], bool] = lambda _: True
) -> Line:
    """A prefix with what may follow: `e  1 second  2 lead …`, for the case that it is bound to.

    What `works` there and now comes first, since a narrow screen does not show all.
    """
    bits: list[Bit] = [(prefix, "key")]
    if target is not None and target.case_id is not None:
        bits.append((f" {shown(target.case_id)}", "quiet"))
    room = width - sum(len(str(text)) for text, _ in bits) - 4
    for key, bound in sorted(keymap.follows(prefix), key=lambda follower: not works(follower[1])):
        words = follow_words(bound.name, bound.value, bound.title)
        if len(key) + len(words) + 3 > room:
            bits.append(("  \u2026", "quiet"))
            break
        room -= len(key) + len(words) + 3
        bits += [("  ", "text"), (key, "key"), (f" {words}", "quiet")]
    return tuple(bits)


LEVELS = {"1": "second", "2": "lead", "3": "duty manager", "4": "legal", "5": "child safety"}
SHORT = {
    "release": "release",
    "contain": "contained",
    "investigate": "investigate",
    "await_external": "wait",
    "hold": "hold",
    "waive": "waive",
    "discard": "discard",
    "reopen": "reopen",
    "unmerge": "unmerge",
    "unsnooze": "end snooze",
    "add_task": "task",
    "complete_task": "task done",
    "cancel": "cancel proposal",
    "confirm": "confirm",
    "busy": "busy",
    "break_glass": "break glass",
    "offer_handover": "handover",
    "triage": "triage",
    "copy_id": "id",
    **{f"sort_{name}": "queue's own" if name == QUEUE else name for name in SORTS},
}


def follow_words(name: str, value: str | None, title: str) -> str:
    """What the second key stands for, in a word or two."""
    if name == "escalate" and value is not None:
        return LEVELS.get(value, value)
    if name == "snooze" and value is not None:
        minutes = int(value)
        return f"{minutes} m" if minutes < 60 else f"{minutes // 60} h"
    if name == "assign":
        return "me" if value == "me" else "somebody"
    if value is not None:
        return value.replace("_", " ")
    return SHORT.get(name, title.lower())


def message_line(entries: list[Entry], now: float) -> Line:
    """The most pressing of what this person set going, or nothing."""
    for state in _URGENT:
        for entry in reversed(entries):
            if entry.state != state:
                continue
            found = said(entry, now)
            if found is not None:
                sentence, tone = found
                return ((Untrusted(sentence), tone_named(tone)),)
    return ()


def tone_named(name: str) -> Tone:
    """The tone of that name; an unknown one is plain text."""
    tones: dict[str, Tone] = {"late": "late", "soon": "soon", "quiet": "quiet", "mine": "mine", "key": "key"}
    return tones.get(name, "text")
