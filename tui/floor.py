"""The floor as this console shows it: which cases are in view, in which order, and the numbers of the status lines.

No widgets and no sockets: the session's mirror goes in, drawable rows come out. Whoever calls gives the time.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final, Generic, TypeVar

from casework.model import Common, Row
from casework.query import Query, matches, parse, view
from casework.tokens import OPEN_STATES
from client.views.floor import Floor
from client.views.row import QueueRow, queue_row
from client.views.shown import Shown
from client.views.tally import Tally
from tui.port import FloorSession, Watched
from widgets.boundary import Fault

VIEWS: Final = ("all", "mine", "unowned", "late")
AGAIN_MS: Final = 1_000
"""How often what time alone changes is asked again: the late view, and filters."""


S = TypeVar("S", bound=Watched)


class FloorModel(Generic[S]):
    """What is in view. `session` may come later: until then there is nothing to show and that is said."""

    def __init__(self, *, name: str = "", read_only: bool = False) -> None:
        self.session: S | None = None
        self.name = name
        self.read_only = read_only
        self.view = "all"
        self.filter = ""
        self._query: Query | None = None
        self._shown = Shown(self._wanted)
        self.tally = Tally()
        self._revision = -1
        self._asked_at = 0
        self.sending: set[str] = set()
        """Cases with a command on its way."""
        self.unread: list[Fault] = []
        """Cases that could not be taken in."""

    # --- reading

    @property
    def ids(self) -> Sequence[str]:
        """The cases in view, in queue order."""
        return self._shown

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
        return self._shown.index(case_id) if case_id in self._shown else None

    def row(self, case_id: str) -> QueueRow | None:
        """The drawable row of a case, now."""
        now = self.now()
        if self.session is None or now is None:
            return None
        row = self.session.mirror.rows.get(case_id)
        if row is None:
            return None
        return queue_row(row, now, self.me, sending=case_id in self.sending)

    def next_late(self) -> tuple[int, str] | None:
        """(due_at, case id) of the next case to be late."""
        now = self.now()
        return None if now is None else self.tally.next_late(now)

    def floor(self) -> Floor:
        """What the status lines say, now."""
        now = self.now()
        if self.session is None:
            return Floor(name=self.name, read_only=self.read_only, view=self.view, filter=self.filter)
        status = self.session.status
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
            hidden_s0=sum(1 for case_id in self.tally.s0 if case_id not in self._shown),
            view=self.view,
            filter=self.filter,
            shown=len(self._shown),
            read_only=self.read_only,
        )

    def urgent_of_mine(self) -> int:
        """How many open S0 and S1 this person owns."""
        if self.session is None or not self.me:
            return 0
        return sum(
            1
            for row in self.session.mirror.rows.values()
            if row.owner == self.me and row.severity in ("S0", "S1") and row.state in OPEN_STATES
        )

    # --- changing

    def refresh(self) -> bool:
        """Take in what the mirror changed; whether any case did."""
        session = self.session
        now = self.now()
        if session is None or now is None:
            return False
        rows = session.mirror.rows
        changed = False
        if session.mirror.revision != self._revision:
            self._revision = session.mirror.revision
            dirty = session.mirror.take_dirty()
            self._take(rows, dirty, now)
            changed = bool(dirty)
        if self._depends_on_time() and now - self._asked_at >= AGAIN_MS:
            self._asked_at = now
            before = list(self._shown)
            self._shown.rebuild(rows, now)
            changed = changed or before != list(self._shown)
        return changed

    def _take(self, rows: Mapping[str, Row], dirty: Collection[str], now: int) -> None:
        """Take in the cases that changed. One that cannot be taken in stays as it was, and no other with it."""
        try:
            self.tally.update(rows, dirty)
            self._shown.update(rows, dirty, now)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one case, the others are told apart from it
            if len(dirty) == 1:
                self.unread.append(Fault.of("A case", error))
                return
            for case_id in dirty:
                self._take(rows, (case_id,), now)

    def look_at(self, view: str) -> None:
        """Switch to a view; the filter stays."""
        self.view = view
        self._rebuild()

    def ask_for(self, text: str) -> None:
        """Filter by a query; empty: no filter. Raises `QueryFault`."""
        self._query = parse(text) if text.strip() else None
        self.filter = text.strip()
        self._rebuild()

    def clear(self) -> None:
        """Every view and filter off."""
        self.view, self.filter, self._query = "all", "", None
        self._rebuild()

    def _rebuild(self) -> None:
        now = self.now()
        if self.session is not None and now is not None:
            self._shown.rebuild(self.session.mirror.rows, now)

    def _depends_on_time(self) -> bool:
        return self.view == "late" or self._query is not None

    def _wanted(self, row: Row, now: int) -> bool:
        query = self._query
        if query is None and self.view == "all":
            # The same as the saved view, without the language: it is asked of every row at each start.
            return row.state in OPEN_STATES and row.flags.snoozed_until is None
        if query is not None and self.view == "all":
            # A filter looks behind snoozes; ended cases only if it names them.
            return (row.state in OPEN_STATES or _names_state(query)) and matches(query, row, me=self.me, now=now)
        return matches(view(self.view), row, me=self.me, now=now) and (
            query is None or matches(query, row, me=self.me, now=now)
        )


class WorkFloor(FloorModel[FloorSession]):
    """The floor of somebody who works on it: cases can be open, and others are seen to look at them."""

    def case(self, case_id: str) -> Common | None:
        """The whole case if it is open here, else its row."""
        if self.session is None:
            return None
        return self.session.case(case_id) or self.session.mirror.rows.get(case_id)

    def looking(self, case_id: str) -> Sequence[tuple[str, str]]:
        """Who else has the case open, and what they do there."""
        return () if self.session is None else self.session.presence.get(case_id, ())


def _names_state(query: Query) -> bool:
    return any(term.text.lstrip("-").casefold().startswith(("is:", "state:")) for term in query.terms)


def _spoken(roles: Sequence[str]) -> tuple[str, ...]:
    """The most telling role: what others include is not said."""
    for role in ("lead", "legal", "approver", "responder", "auditor", "viewer", "intake", "admin"):
        if role in roles:
            return (role,)
    return ()
