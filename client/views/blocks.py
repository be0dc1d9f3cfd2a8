"""What a case is laid out from: headings, lines, labeled lines that may wrap, prose, and lines one can choose."""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct

from casework.untrusted import Untrusted
from client.views.bits import Line

SectionName = Literal["case", "runbook", "timeline", "notes", "told", "work", "related"]


class Head(Struct, frozen=True):
    """The title of a section."""

    title: str


class Prose(Struct, frozen=True):
    """Text of several lines, to be wrapped; `quoted` text came from outside and is marked as such at its left edge."""

    body: Untrusted
    quoted: bool = True
    lead: Line = ()
    """A line before it: who and when."""
    label: str | None = None
    """A word in the column of labels; empty to stand below one."""


class Hanging(Struct, frozen=True):
    """A line that wraps at its dots and at words, the further lines below `lead`: a label, a time, a mark."""

    lead: Line
    line: Line


class Choice(Struct, frozen=True):
    """A line that the cursor can stand on. `name` says what is chosen by it; `end` stands at the right edge."""

    name: str
    lead: Line
    line: Line
    end: Line = ()
    short: bool = False
    """Cut to one line: it is over."""


Block: TypeAlias = Head | Line | Prose | Hanging | Choice


class Section(Struct, frozen=True):
    """A part of a case that a tab shows alone and a column beside others. `count` is said in its title."""

    name: SectionName
    title: str
    blocks: tuple[Block, ...]
    count: str = ""
    chosen: str = ""
    """The choice that the cursor stands on unless a person moved it."""
