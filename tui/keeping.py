"""Keeps the journal up while the console runs, and brings back what it says when the console starts again.

It looks ten times a second and writes what differs, at most every `DEBOUNCE_MS`. Acts that are held are written before
anything else happens to them: what the journal calls held was never sent.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, Protocol

from msgspec.structs import replace

from casework.query import QueryFault
from casework.verbs import VERBS
from client.views.saved import ALL
from client.views.sorts import QUEUE
from tui.floor import WorkFloor
from tui.journal import Draft, Journal, JournalFile, Unsent, returning
from tui.outbox import Intent, Outbox

DEBOUNCE_MS: Final = 300


def wall_ms() -> int:
    """ms UTC of this machine: a journal outlives the process and its monotonic clock."""
    return time.time_ns() // 1_000_000


class Kept(Protocol):
    """What the screen tells and takes back."""

    def drafts(self) -> dict[tuple[str, str], dict[str, str]]: ...
    def restore_drafts(self, drafts: dict[tuple[str, str], dict[str, str]]) -> None: ...
    def restored(self, sentence: str) -> None: ...


class Keeping:
    """`open_file` gives the journal of a principal, once it is known who that is. `now` is ms of a monotonic clock."""

    def __init__(
        self,
        model: WorkFloor,
        outbox: Outbox,
        screen: Kept,
        open_file: Callable[[str], JournalFile] | None,
        now: Callable[[], float],
        wall: Callable[[], int] = wall_ms,
    ) -> None:
        self._model = model
        self._outbox = outbox
        self._screen = screen
        self._open_file = open_file
        self._now = now
        self._wall = wall
        self._file: JournalFile | None = None
        self._written = Journal()
        self._differs_since: float | None = None
        self._over = open_file is None
        self.locked = False
        """Whether the screen is locked."""

    @property
    def fault(self) -> str | None:
        """Why nothing is kept, if so."""
        return None if self._file is None else self._file.fault

    def tick(self) -> None:
        """Take up the journal when it is known whose; then write what changed, once it has stood for a moment."""
        if self._over:
            return
        if self._file is None:
            self._take_up()
            return
        now = self._now()
        if self._gather() == replace(self._written, at=0):
            self._differs_since = None
        elif self._differs_since is None:
            self._differs_since = now
        elif now - self._differs_since >= DEBOUNCE_MS:
            self._write(self._gather())

    def acts_changed(self) -> None:
        """An act was put, sent or canceled: what is held is written now, before it goes on."""
        if self._file is not None and not self._over and self._unsent() != self._written.unsent:
            self._write(self._gather())

    def lost(self) -> None:
        """The terminal is gone: what stands now is what the person comes back to."""
        if self._file is not None and not self._over:
            self._write(self._gather())
        self._end()

    def left(self) -> None:
        """The person left by themselves: unsent text stays, the rest starts anew."""
        if self._file is not None and not self._over:
            self._write(Journal(drafts=self._gather().drafts))
        self._end()

    # --- inside

    def _end(self) -> None:
        self._over = True
        if self._file is not None:
            self._file.close()

    def _take_up(self) -> None:
        me = self._model.me
        if not me or self._model.now() is None or self._open_file is None:
            return
        self._file = self._open_file(me)
        found = self._file.read(self._wall())
        if found is None:
            if self._file.others:
                self._screen.restored("Another console of yours is open on this machine: its drafts are with it.")
            return
        self._written = found
        self._screen.restore_drafts({(each.verb, each.case_id): dict(each.values) for each in found.drafts})
        self.locked = found.locked
        self._restore_view(found)
        self._screen.restored(returning(found))

    def _restore_view(self, found: Journal) -> None:
        model = self._model
        model.marks.restore(found.marks)
        if model.view != ALL or model.filter:
            return  # the person chose one before the feed was there
        try:
            if found.sort:
                model.sort_by(found.sort)
            if found.view and model.views.named(found.view) is not None:
                model.look_at(found.view)
            if found.filter:
                model.ask_for(found.filter)
        except (QueryFault, LookupError):
            model.clear()  # the configuration has another view by that name, or none

    def _gather(self) -> Journal:
        model = self._model
        texts = {
            (entry.intent.verb, entry.intent.case_id): typed(entry.intent)
            for entry in self._outbox.entries
            if entry.state in ("sending", "unknown", "refused") and typed(entry.intent)
        }
        held = {**texts, **self._screen.drafts()}
        drafts = tuple(Draft(verb, case_id, values) for (verb, case_id), values in held.items())
        return Journal(
            view="" if model.view == ALL else model.view,
            filter=model.filter,
            sort="" if model.sort == QUEUE else model.sort,
            marks=model.marks.lasting,
            drafts=drafts,
            unsent=self._unsent(),
            locked=self.locked,
        )

    def _unsent(self) -> tuple[Unsent, ...]:
        return tuple(
            Unsent(entry.intent.title.lower(), entry.intent.case_id, entry.state)
            for entry in self._outbox.entries
            if (entry.state == "held" or entry.state == "sending") and (entry.intent.tier >= 2 or typed(entry.intent))
        )

    def _write(self, journal: Journal) -> None:
        assert self._file is not None
        self._written = journal
        self._differs_since = None
        self._file.write(replace(journal, at=self._wall()))


def typed(intent: Intent) -> dict[str, str]:
    """The text that a person typed into an act: what must not be lost with an answer that never came."""
    verb = VERBS.get(intent.verb)
    asks = () if verb is None else tuple(ask.name for ask in verb.asks if ask.kind == "text")
    values = {name: getattr(intent.command, name, None) for name in asks}
    return {name: value for name, value in values.items() if isinstance(value, str) and value}
