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
CELL: Final = 19
"""Cells of a key and its words in a list of what may follow a prefix: four stand side by side on 80 columns."""


def prefix_lines(
    prefix: str,
    keymap: Keymap,
    target: Target | None,
    size: tuple[int, int],
    works: Callable[[Bound], bool] = lambda _: True,
) -> tuple[Line, ...]:
    """A prefix with what may follow: `e  1 second  2 lead \u2026`, for the case that it is bound to.

    `size` is the screen's, in cells. What does not fit on one line stands in columns, on a third of the screen at
    most; what `works` there and now comes first, since a small screen does not show all, and the rest is pale.
    """
    width, height = size
    head: list[Bit] = [(prefix, "key")]
    if target is not None and target.many:
        head.append((f" {len(target.marked)} marked", "key"))
    elif target is not None and target.case_id is not None:
        head.append((f" {shown(target.case_id)}", "quiet"))
    followers = sorted(
        (
            (key, follow_words(bound.name, bound.value, bound.title), works(bound))
            for key, bound in keymap.follows(prefix)
        ),
        key=lambda follower: not follower[2],
    )
    room = width - 2
    needed = sum(len(key) + len(words) + 3 for key, words, _ in followers)
    if needed <= room - sum(len(str(text)) for text, _ in head):
        line = [*head]
        for key, words, apt in followers:
            line += [("  ", "text"), *_follower(key, words, apt=apt)]
        return (tuple(line),)
    cell = min(room, CELL, max(len(key) + len(words) + 3 for key, words, _ in followers))
    columns = max(1, room // cell)
    most = max(1, height // 3 - 1) * columns
    cells = [_cell(key, words, cell, apt=apt) for key, words, apt in followers]
    if len(cells) > most:
        cells = [*cells[: most - 1], (("\u2026 ? shows all", "quiet"),)]
    starts = range(0, len(cells), columns)
    return (tuple(head), *(tuple(bit for each in cells[start : start + columns] for bit in each) for start in starts))


def _follower(key: str, words: str, *, apt: bool) -> Line:
    return ((key, "key" if apt else "quiet"), (f" {words}", "text" if apt else "quiet"))


def _cell(key: str, words: str, width: int, *, apt: bool) -> Line:
    kept = cut(words, width - len(key) - 3)
    return (*_follower(key, kept, apt=apt), (" " * (width - len(key) - len(kept) - 1), "text"))


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


def trouble_lines(troubles: Sequence[Untrusted]) -> tuple[Line, ...]:
    """What is wrong around the console, above what a person did; nothing if nothing is."""
    if not troubles:
        return ()
    lines: list[Line] = [((" What this machine refuses", "strong"),), ()]
    for trouble in troubles:
        lines.extend(((f" {each}", "soon"),) for each in wrapped(words(trouble), SENTENCE + 11))
    return (*lines, ())


def tone_named(name: str) -> Tone:
    """The tone of that name; an unknown one is plain text."""
    tones: dict[str, Tone] = {"late": "late", "soon": "soon", "quiet": "quiet", "mine": "mine", "key": "key"}
    return tones.get(name, "text")
