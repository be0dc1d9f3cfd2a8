"""The floor as this console shows it: which cases are in view, in which order, and the numbers of the status lines.

No widgets and no sockets: the session's mirror goes in, drawable rows come out. Whoever calls gives the time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final, Generic, TypeVar

from msgspec.structs import replace

from casework.catalogue import Clause, Enforcement, shipped_actions
from casework.model import Common, Row
from casework.query import Query, depends_on_time, parse
from client.views.chosen import chosen
from client.views.drawn import DrawnRows
from client.views.floor import Floor
from client.views.inview import InView
from client.views.row import QueueRow, queue_row
from client.views.saved import ALL, SavedView, SavedViews
from client.views.sorts import QUEUE, SORTS
from client.views.tally import Tally
from tui.flowing import Flowing
from tui.marks import Marks
from tui.port import FloorSession, Watched
from tui.target import Target
from widgets.boundary import Fault

AGAIN_MS: Final = 1_000
"""How often what time alone changes is asked again, at most: the late view, and filters on time."""
AGAIN_SHARE: Final = 10
"""Asking again takes no more than one part in so many of the time."""
SLICE_MS: Final = 2.5
"""How long a search may keep a key press waiting."""
TAKEN_AT_ONCE: Final = 64
"""Cases that are taken in before the time is looked at."""
LOCK_MS: Final = 60_000
"""How long the order stays locked."""
VISIBLE: Final = 100
"""Lines of the old list that a new search looks at first: what stays, stays in sight."""


S = TypeVar("S", bound=Watched)


def elapsed_ms() -> float:
    """ms of a clock that never jumps."""
    return time.perf_counter_ns() / 1_000_000


class FloorModel(Generic[S]):
    """What is in view. `session` may come later: until then there is nothing to show and that is said.

    `clock` is ms of a monotonic clock.
    """

    def __init__(
        self,
        *,
        name: str = "",
        read_only: bool = False,
        views: SavedViews | None = None,
        clock: Callable[[], float] = elapsed_ms,
    ) -> None:
        self.session: S | None = None
        self.name = name
        self.read_only = read_only
        self.views = views or SavedViews()
        self.view = ALL
        self.filter = ""
        self.sort = QUEUE
        self.line = ""
        """How slow the line to the terminal is, while it is; said on the second line."""
        self.window = (0, 0)
        """First line of the list on the screen, and how many lines there are."""
        self._clock = clock
        self._query: Query | None = None
        self._ids = InView()
        self._asks_time = False
        self._locked_until: float | None = None
        self.tally = Tally()
        self._revision = -1
        self._asked_at = 0
        self._spent_ms = 0.0
        self.looked: Callable[[Row], None] = lambda row: None
        """Told of every row that is about to be painted."""
        self.stirred: Callable[[Collection[str]], None] = lambda case_ids: None
        """Told of every case that changed."""
        self.sending: set[str] = set()
        """Cases with a command on its way."""
        self._drawn = DrawnRows()
        self._untaken: set[str] = set()
        """Cases that changed and are not taken in yet."""
        self.unread: list[Fault] = []
        """Cases that could not be taken in."""

    # --- reading

    @property
    def ids(self) -> Sequence[str]:
        """The cases in view, in the chosen order."""
        return self._ids

    @property
    def me(self) -> str:
        return "" if self.session is None else self.session.status.principal

    @property
    def phase(self) -> str:
        """How the link is; empty before there is one."""
        return "" if self.session is None else self.session.status.phase

    def now(self) -> int | None:
        """The feed's time, or None before it is known."""
        if self.session is None:
            return None
        try:
            return self.session.clock.now_ms()
        except LookupError:
            return None

    def index(self, case_id: str) -> int | None:
        return self._ids.index(case_id) if case_id in self._ids else None

    def row(self, case_id: str) -> QueueRow | None:
        """The drawable row of a case, now."""
        now = self.now()
        if self.session is None or now is None:
            return None
        sending = case_id in self.sending
        # A key is about the row of this moment: one that was kept counts only while nothing came since.
        settled = self.session.mirror.revision == self._revision
        drawn = self._drawn.get(case_id, now, sending=sending) if settled else None
        if drawn is not None:
            return drawn
        row = self.session.mirror.rows.get(case_id)
        if row is None:
            return None
        self.looked(row)
        made = queue_row(row, now, self.me, sending=sending)
        return self._drawn.keep(made) if settled else made

    def next_late(self) -> tuple[int, str] | None:
        """(due_at, case id) of the next case to be late."""
        now = self.now()
        return None if now is None else self.tally.next_late(now)

    def hidden_s0(self) -> int:
        """How many open S0 are outside of the view: not in the list, or out of sight in an order that is not the
        queue's, which has them at its top."""
        urgent = self.tally.s0
        if self.sort == QUEUE and not self.locked:
            return sum(1 for case_id in urgent if case_id not in self._ids)
        top, lines = self.window
        return len(urgent) - sum(1 for case_id in self._ids[top : top + lines] if case_id in urgent)

    def floor(self) -> Floor:
        """What the status lines say, now."""
        now = self.now()
        if self.session is None:
            return Floor(name=self.name, read_only=self.read_only, view=self.view, filter=self.filter, sort=self.sort)
        status = self.session.status
        searching = self._ids.searching(self.session.mirror.rows)
        return Floor(
            now=now,
            name=self.name,
            who=status.principal,
            roles=_spoken(status.roles),
            phase=status.phase,
            feed_age_ms=status.feed_age_ms,
            detail=status.detail,
            retry_in_ms=status.retry_in_ms,
            open=self.tally.open,
            unowned=self.tally.unowned,
            late=0 if now is None else self.tally.late(now),
            snoozed=self.tally.snoozed,
            hidden_s0=self.hidden_s0(),
            view=self.view,
            filter=self.filter,
            shown=len(self._ids),
            read_only=self.read_only,
            sort=self.sort,
            locked_ms=self.locked_ms,
            new=self._ids.new,
            line=self.line,
            searched=None if searching is None else (searching.seen, searching.total),
        )

    def urgent_of_mine(self) -> int:
        """How many open S0 and S1 this person owns."""
        if self.session is None or not self.me:
            return 0
        return self.tally.urgent_of_mine

    @property
    def pending(self) -> bool:
        """Whether the mirror changed since the last `refresh`, or that has not taken in all."""
        return bool(self._untaken) or (self.session is not None and self.session.mirror.revision != self._revision)

    # --- changing

    def refresh(self) -> bool:
        """Take in what the mirror changed; whether any case did."""
        session = self.session
        now = self.now()
        if session is None or now is None:
            return False
        rows = session.mirror.rows
        changed = self._end_lock()
        if session.mirror.revision != self._revision:
            self._revision = session.mirror.revision
            dirty = session.mirror.take_dirty()
            self.stirred(dirty)
            self._drawn.forget(dirty)
            if self.tally.me != self.me:
                self.tally.me = self.me
                self._drawn.clear()
            # What is gone leaves at once: a list of cases that are not there must not be chosen from.
            gone = {case_id for case_id in dirty if case_id not in rows}
            if gone:
                self._take(rows, gone, now)
                self._noted(gone)
                changed = True
            self._untaken |= dirty
            self._untaken -= gone
        changed = self._take_slice(rows, now) or changed
        if self._asks_time and not self._ids.walking:
            if now - self._asked_at >= max(AGAIN_MS, AGAIN_SHARE * self._spent_ms):
                passed = self.tally.due_between(self._asked_at, now) if self._asked_at else ()
                self._asked_at, self._spent_ms = now, 0.0
                self._ids.again(rows, passed)
                changed = self.search() or changed
        return changed

    def _take_slice(self, rows: Mapping[str, Row], now: int) -> bool:
        """Take in what changed for one slice; whether there was anything. A whole snapshot takes many."""
        until = self._clock() + SLICE_MS
        taken = False
        while self._untaken and (not taken or self._clock() < until):
            some = {self._untaken.pop() for _ in range(min(TAKEN_AT_ONCE, len(self._untaken)))}
            self._take(rows, some, now)
            self._noted(some)
            taken = True
        return taken

    def _take(self, rows: Mapping[str, Row], dirty: Collection[str], now: int) -> None:
        """Take in the cases that changed. One that cannot be taken in stays as it was, and no other with it."""
        try:
            self.tally.update(rows, dirty)
            self._ids.update(rows, dirty, now)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one case, the others are told apart from it
            if len(dirty) == 1:
                self.unread.append(Fault.of("A case", error))
                return
            for case_id in dirty:
                self._take(rows, (case_id,), now)

    def look_at(self, view: str, *, selected: str | None = None) -> None:
        """Switch to a view; the filter and the order stay. `selected` is asked before all others."""
        self.view = view
        self._choose(selected)

    def ask_for(self, text: str, *, selected: str | None = None) -> None:
        """Filter by a query; empty: no filter. Raises `QueryFault`."""
        self._query = parse(text) if text.strip() else None
        self.filter = text.strip()
        self._choose(selected)

    def sort_by(self, sort: str, *, selected: str | None = None) -> None:
        """Show the view in another order. Raises `KeyError` if there is no such order."""
        self.sort = SORTS[sort].name
        self._choose(selected)

    def clear(self) -> None:
        """View, filter, order and lock as they are at the start."""
        self.view, self.filter, self._query, self.sort = ALL, "", None, QUEUE
        self._choose(None)

    def search(self) -> bool:
        """Go on for one slice with what is left to take in, or to search; whether anything in view changed."""
        now = self.now()
        if self.session is None or now is None:
            return False
        began = self._clock()
        changed = self._take_slice(self.session.mirror.rows, now)
        if not self._ids.busy or self._clock() >= began + SLICE_MS:
            return changed
        try:
            changed = self._ids.step(self.session.mirror.rows, now, self._clock, began + SLICE_MS) or changed
        except Exception as error:  # noqa: BLE001 - the search goes on behind the case that cannot be asked
            self.unread.append(Fault.of("A case", error))
        self._spent_ms += self._clock() - began
        return changed

    @property
    def searching(self) -> bool:
        """Whether `search` has something to do."""
        return bool(self._untaken) or self._ids.busy

    @property
    def whole(self) -> bool:
        """Whether the list is all there is of the view: every case was asked."""
        return self.session is None or (not self._untaken and self._ids.searching(self.session.mirror.rows) is None)

    # --- the lock

    def lock(self) -> None:
        """Let rows keep their places for a minute, or end that."""
        if self.locked:
            self._locked_until = None
            self._ids.unlock()
        else:
            self._locked_until = self._clock() + LOCK_MS
            self._ids.lock()

    @property
    def locked(self) -> bool:
        return self._ids.locked

    @property
    def locked_ms(self) -> int | None:
        """How long the order stays locked; None if it is not."""
        if self._locked_until is None or not self.locked:
            return None
        return max(0, int(self._locked_until - self._clock()))

    def _end_lock(self) -> bool:
        if self._locked_until is None or self._clock() < self._locked_until:
            return False
        self._locked_until = None
        self._ids.unlock()
        return True

    # --- inside

    def _noted(self, dirty: Collection[str]) -> None:
        """These cases changed; for who keeps more about cases."""

    def _choose(self, selected: str | None) -> None:
        view, query = self._view(), self._query
        self._locked_until = None
        self._asks_time = (query is not None and depends_on_time(query)) or depends_on_time(view.query)
        wanted, worth = chosen(None if view.name == ALL else view.query, query, lambda: self.me)
        plain = query is None and view.name == ALL
        rows = {} if self.session is None else self.session.mirror.rows
        top, lines = self.window
        first = [] if selected is None else [selected]
        first += self._ids[top : top + min(lines, VISIBLE)]
        if view.name == "mine":
            first += self.tally.mine
        self._ids.choose(None if plain else wanted, self.sort, rows, first, None if plain else worth)
        self._asked_at, self._spent_ms = self.now() or 0, 0.0
        self.search()

    def _view(self) -> SavedView:
        return self.views.named(self.view) or self.views.on("1") or SavedView(ALL, parse(""))


class WorkFloor(FloorModel[FloorSession]):
    """The floor of somebody who works on it: cases can be open or marked, and others are seen to look at them."""

    def __init__(
        self,
        *,
        name: str = "",
        read_only: bool = False,
        views: SavedViews | None = None,
        clock: Callable[[], float] = elapsed_ms,
    ) -> None:
        super().__init__(name=name, read_only=read_only, views=views, clock=clock)
        self.marks = Marks(self._seen)
        self.flowing = Flowing()

    def floor(self) -> Floor:
        marked, hidden = self.marks.split(self.ids)
        return replace(super().floor(), marked=len(marked) + hidden, marked_hidden=hidden)

    def _noted(self, dirty: Collection[str]) -> None:
        self.marks.update(dirty)
        now = self.now()
        if self.session is not None and now is not None:
            self.flowing.note(self.session.mirror.rows, dirty, now)

    def _seen(self, case_id: str) -> Target | None:
        row = None if self.session is None else self.session.mirror.rows.get(case_id)
        return None if row is None else Target(row.case_id, row.version, row.severity)

    def case(self, case_id: str) -> Common | None:
        """The whole case if it is open here, else its row."""
        if self.session is None:
            return None
        return self.session.case(case_id) or self.session.mirror.rows.get(case_id)

    @property
    def actions(self) -> Mapping[str, Enforcement]:
        """The enforcement actions in force on this floor; as they ship, until the feed has told."""
        catalogue = None if self.session is None else self.session.catalogue
        return shipped_actions() if catalogue is None else {each.action: each.rules for each in catalogue.actions}

    @property
    def clauses(self) -> Mapping[str, Clause]:
        """The clauses of policy in force on this floor; none until the feed has told."""
        catalogue = None if self.session is None else self.session.catalogue
        return {} if catalogue is None else {each.code: each.clause for each in catalogue.policies}

    def looking(self, case_id: str) -> Sequence[tuple[str, str]]:
        """Who else has the case open, and what they do there."""
        return () if self.session is None else self.session.presence.get(case_id, ())


def _spoken(roles: Sequence[str]) -> tuple[str, ...]:
    """The most telling role: what others include is not said."""
    for role in ("lead", "legal", "approver", "responder", "auditor", "viewer", "intake", "admin"):
        if role in roles:
            return (role,)
    return ()
