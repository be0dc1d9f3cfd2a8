"""What one person was in the midst of, on disk: view, filter, order, marks, drafts, and acts that were not sent yet.

One JSON file in `$XDG_STATE_HOME/watchfloor/` for a feed, a principal and a console (0600, written beside and renamed,
so that a reader sees all of it or what was there before). Two consoles of one person at once have a file each, held by
a lock that ends with the process. It holds what this person typed, and nothing that the feed revealed.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
from pathlib import Path
from typing import Final, Literal

import msgspec
from msgspec import Struct

from casework.caseid import shown

MAX_AGE_MS: Final = 12 * 3_600_000
"""A shift; what is older has been handed over."""
MAX_BYTES: Final = 1 << 20
SLOTS: Final = 8
"""Consoles of one person on one machine that keep a journal; a ninth has none."""


class Draft(Struct, frozen=True):
    """What was typed into the form of a verb, for one case."""

    verb: str
    case_id: str
    values: dict[str, str]


class Unsent(Struct, frozen=True):
    """An act that had not been answered: held and so not sent, or on its way and so not known."""

    title: str
    case_id: str
    state: Literal["held", "sending"]


class Journal(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`at` is this machine's ms UTC when it was written. Empty strings: as at the start."""

    at: int = 0
    view: str = ""
    filter: str = ""
    sort: str = ""
    marks: tuple[str, ...] = ()
    drafts: tuple[Draft, ...] = ()
    unsent: tuple[Unsent, ...] = ()
    locked: bool = False
    """Whether the screen was locked: then it is when it comes back."""

    @property
    def empty(self) -> bool:
        """Whether there is nothing to come back to."""
        return self == Journal(at=self.at)


class JournalFile:
    """The journal of this console. A disk that refuses costs the journal (`fault` says why), never the console."""

    def __init__(self, home: Path, url: str, principal: str) -> None:
        readable = re.sub(r"[^A-Za-z0-9]+", "-", url).strip("-")[:40]
        digest = hashlib.sha256(f"{url}\n{principal}".encode()).hexdigest()[:12]
        self.fault: str | None = None
        self.others = 0
        """How many other consoles of this person keep a journal here."""
        self._home = home
        self._stem = f"journal-{readable}-{digest}"
        self._lock: int | None = None
        self._slot = 0
        try:
            home.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._claim()
        except OSError as error:
            self.fault = f"{home}: {error.strerror or error}"

    @property
    def path(self) -> Path:
        """Where it is written."""
        return self._home / f"{self._stem}-{self._slot}.json"

    def read(self, now: int) -> Journal | None:
        """What was left here, None if there is nothing, nothing readable, or nothing younger than a shift."""
        if self._lock is None:
            return None
        try:
            with self.path.open("rb") as file:
                found = msgspec.json.decode(file.read(MAX_BYTES), type=Journal)
        except (OSError, msgspec.MsgspecError, ValueError, RecursionError):
            return None
        return found if 0 <= now - found.at <= MAX_AGE_MS else None

    def write(self, journal: Journal) -> None:
        """Keep `journal` in place of what was kept; an empty one leaves no file behind."""
        if self._lock is None:
            return
        beside = self.path.with_suffix(".new")
        try:
            if journal.empty:
                self.path.unlink(missing_ok=True)
                return
            number = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
            with open(number, "wb") as file:
                file.write(msgspec.json.encode(journal))
            beside.replace(self.path)
            self.fault = None
        except OSError as error:
            self.fault = f"{self.path}: {error.strerror or error}"

    def close(self) -> None:
        """Leave the file to the next console."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _claim(self) -> None:
        """Take the first free place; one with something in it before an empty one."""
        free: list[tuple[bool, int, int]] = []
        for slot in range(SLOTS):
            number = os.open(self._home / f"{self._stem}-{slot}.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
            try:
                fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(number)
                self.others += 1
                continue
            self._slot = slot
            free.append((not self.path.exists(), slot, number))
            if not (self._home / f"{self._stem}-{slot + 1}.lock").exists():
                break
        free.sort()
        for at, (_, slot, number) in enumerate(free):
            if at == 0:
                self._slot, self._lock = slot, number
            else:
                os.close(number)


def returning(journal: Journal) -> str:
    """What to say to the person who comes back to `journal`: acts first, since they are what matters."""
    held = [act for act in journal.unsent if act.state == "held"]
    sending = [act for act in journal.unsent if act.state == "sending"]
    said: list[str] = []
    if held:
        were = "was" if len(held) == 1 else "were"
        said.append(f"{_named(held)} {were} held when the terminal was lost: not sent.")
    if sending:
        were = "was" if len(sending) == 1 else "were"
        said.append(f"{_named(sending)} {were} on the way when the terminal was lost: not known, look at the case.")
    back = []
    if journal.drafts:
        on = ", ".join(dict.fromkeys(shown(draft.case_id) for draft in journal.drafts if draft.case_id))
        drafts = "1 draft" if len(journal.drafts) == 1 else f"{len(journal.drafts)} drafts"
        back.append(f"{drafts} on {on}" if on else drafts)
    back += [
        name
        for name, there in (
            ("filter", journal.filter),
            ("view", journal.view or journal.sort),
            ("marks", journal.marks),
        )
        if there
    ]
    if back:
        listed = back[0] if len(back) == 1 else f"{', '.join(back[:-1])} and {back[-1]}"
        said.append(f"Back: {listed}.")
    return " ".join(said)


def _named(acts: list[Unsent]) -> str:
    return ", ".join(f"{act.title} {shown(act.case_id)}" for act in acts)
