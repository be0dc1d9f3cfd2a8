"""What the message line says: a waiting prefix first, then what was refused, held, on its way and done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from casework.caseid import shown
from casework.untrusted import Untrusted
from client.views.bits import Bit, Line, Tone
from client.views.sorts import QUEUE, SORTS
from client.views.times import utc
from tui.keymap import Bound, Keymap
from tui.outbox import Entry, Outbox, said
from tui.target import Target
from widgets.paint import cut, words, wrapped

_URGENT = ("refused", "unknown", "held", "sending", "canceled", "done")


SENTENCE: Final = 66
"""Cells of a sentence in the list of messages: it fits beside the time on the smallest terminal that is wide."""


def prefix_line(
    prefix: str, keymap: Keymap, target: Target | None, width: int, works: Callable[[Bound], bool] = lambda _: True
) -> Line:
    """A prefix with what may follow: `e  1 second  2 lead …`, for the case that it is bound to.

    What `works` there and now comes first, since a narrow screen does not show all.
    """
    bits: list[Bit] = [(prefix, "key")]
    if target is not None and target.many:
        bits.append((f" {len(target.marked)} marked", "key"))
    elif target is not None and target.case_id is not None:
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


def message_line(outbox: Outbox) -> Line:
    """The most pressing of what this person set going, or nothing."""
    now = outbox.now()
    unread = outbox.unread
    if len(unread) > 1:
        known = max(len(unread), outbox.company(unread[-1]))
        sentence = f"{len(unread)} of {known} refused; the newest: {unread[-1].sentence} All of them: :messages"
        return ((Untrusted(sentence), "late"),)
    for state in _URGENT:
        for entry in reversed(outbox.entries):
            if entry.state != state:
                continue
            found = said(entry, now)
            if found is not None:
                sentence, tone = found
                return ((Untrusted(sentence), tone_named(tone)),)
    return ()


OUTCOMES: Final[dict[str, tuple[str, Tone]]] = {
    "held": ("held", "soon"),
    "sending": ("on its way", "quiet"),
    "done": ("done", "mine"),
    "refused": ("refused", "late"),
    "unknown": ("not known", "late"),
    "canceled": ("canceled", "quiet"),
}


def history_lines(entries: Sequence[Entry], now: float, feed_now: int | None) -> tuple[Line, ...]:
    """What was set going, the newest first; `now` is ms of the entries' clock, `feed_now` the feed's time, ms UTC."""
    lines: list[Line] = [((" What you did", "strong"), ("  the newest first", "quiet")), ()]
    for entry in reversed(entries):
        outcome, tone = OUTCOMES[entry.state]
        at = None if feed_now is None else feed_now - int(now - entry.at)
        lines.append(
            (
                (f" {'' if at is None else utc(at):<9} ", "quiet"),
                (f"{shown(entry.intent.case_id):<12} ", "text"),
                (f"{cut(entry.intent.title.lower(), 20):<20} ", "text"),
                (f"{outcome}{', undone' if entry.undone else ''}", tone),
            )
        )
        if entry.sentence:
            sentences = wrapped(words(Untrusted(entry.sentence)), SENTENCE)
            lines.extend(((" " * 11, "text"), (each, "quiet")) for each in sentences)
    if not entries:
        lines.append(((" Nothing yet.", "quiet"),))
    return tuple(lines)


def tone_named(name: str) -> Tone:
    """The tone of that name; an unknown one is plain text."""
    tones: dict[str, Tone] = {"late": "late", "soon": "soon", "quiet": "quiet", "mine": "mine", "key": "key"}
    return tones.get(name, "text")
