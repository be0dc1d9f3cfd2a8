"""What a case is about, folded behind its category until a person opens it: content and subjects.

Level 0 shows how many of which kind, 1 each of them with its caption, 2 also captions of graphic content (G3 and up).
Media is never here: handles, hashes and what was written about it.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

from casework.model import Common, Content, Subject
from casework.untrusted import Untrusted
from client.views.bits import Line, dotted, text
from client.views.blocks import Block, Hanging, Prose
from client.views.times import ago, local_minute

GRAPHIC: Final = 3
"""From this level on a caption takes a second key."""
MOST: Final = 2
"""The highest level of unfolding."""

CATEGORIES: Final[dict[str, str]] = {
    "TTL": "threat",
    "MVE": "mass violence",
    "SSH": "self-harm",
    "CSEA": "child abuse",
    "EXPL": "exploitation",
    "NCII": "intimate images",
    "DOX": "private data",
    "DANGER": "dangerous acts",
    "CIVIC": "disputed claims",
}
"""What to expect behind the fold, by case type."""


def folded_content(case: Common) -> Line:
    """Kinds and counts, language, graphic level and category: what the fold hides."""
    parts: list[Line] = [_kinds(case)] if case.content else []
    if case.language is not None:
        parts.append(text(Untrusted(case.language)))
    category = CATEGORIES.get(case.case_type)
    level = "" if case.graphic_level is None else f"G{case.graphic_level}"
    if case.content and category is not None:
        said = f"{level} folded: {category}".strip()
        parts.append(text(said, "soon" if (case.graphic_level or 0) >= GRAPHIC else "text"))
    elif level:
        parts.append(text(level, "soon" if (case.graphic_level or 0) >= GRAPHIC else "text"))
    if case.sensitivities:
        parts.append(text(", ".join(name.replace("_", " ") for name in case.sensitivities)))
    return dotted(*parts)


def material(case: Common, now: int, *, level: int, key: str) -> list[Block]:
    """Subjects and content at a `level` of unfolding; `key` is the one that unfolds further."""
    if not case.content and not case.subjects:
        return []
    if not level:
        said = folded_content(case) or text("subjects folded")
        return [Hanging((("Content".ljust(9), "quiet"),), dotted(said, ((key, "key"), (" opens", "quiet"))))]
    return [*_subjects(case, now), *_contents(case, now, level, key)]


def _kinds(case: Common) -> Line:
    kinds = Counter(item.kind for item in case.content)
    line: list[tuple[str | Untrusted, str]] = []
    for kind, count in kinds.most_common(3):
        if line:
            line.append((", ", "text"))
        line += [(f"{count} ", "text"), (Untrusted(kind if count == 1 else f"{kind}s"), "quoted")]
    return tuple(line)  # type: ignore[arg-type]


def _subjects(case: Common, now: int) -> list[Block]:
    return [
        Hanging(((("Subjects" if at == 0 else "").ljust(9), "quiet"),), _subject(subject, now))
        for at, subject in enumerate(case.subjects)
    ]


def _subject(subject: Subject, now: int) -> Line:
    name: Line = ((Untrusted(subject.kind), "quoted"), (" ", "text"), (Untrusted(subject.id), "quoted"))
    parts: list[Line] = [name]
    if subject.handle is not None:
        parts.append((('"', "text"), (Untrusted(subject.handle), "quoted"), ('"', "text")))
    if subject.age_given is not None:
        parts.append(text(f"age given {subject.age_given}"))
    if subject.region is not None:
        parts.append(text(Untrusted(subject.region), "quoted"))
    if subject.place is not None:
        old = "" if subject.place_at is None else f", {ago(max(0, now - subject.place_at))} old"
        parts.append(((Untrusted(subject.place), "quoted"), (old, "text")))
    local = None if subject.tz is None else local_minute(now, subject.tz)
    if local is not None:
        parts.append(text(f"{local} there"))
    if subject.last_active_at is not None:
        parts.append(text(f"active {ago(max(0, now - subject.last_active_at))} ago"))
    return dotted(*parts)


def _contents(case: Common, now: int, level: int, key: str) -> list[Block]:
    blocks: list[Block] = []
    for at, item in enumerate(case.content):
        blocks.append(Hanging(((("Content" if at == 0 else "").ljust(9), "quiet"),), _item(item, now)))
        if item.caption and (case.graphic_level or 0) >= GRAPHIC and level < MOST:
            said: Line = ((f"caption folded: G{case.graphic_level}, graphic", "soon"),)
            blocks.append(Hanging(((" " * 9, "quiet"),), dotted(said, ((key, "key"), (" opens", "quiet")))))
        elif item.caption:
            blocks.append(Prose(Untrusted(item.caption), label=""))
    return blocks


def _item(item: Content, now: int) -> Line:
    parts: list[Line] = [((Untrusted(item.kind), "quoted"), (" ", "text"), (Untrusted(item.id), "quoted"))]
    if item.live:
        parts.append(text("LIVE", "late"))
    if item.up is not None:
        checked = "" if item.checked_at is None else f", {ago(max(0, now - item.checked_at))} ago"
        parts.append(text(("up" if item.up else "gone") + checked))
    if item.sha256 is not None:
        parts.append((("sha256 ", "quiet"), (Untrusted(item.sha256[:12]), "quiet"), ("\u2026", "quiet")))
    return dotted(*parts)
