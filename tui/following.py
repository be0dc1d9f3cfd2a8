"""Which whole cases this console follows: the one that is open, and the selected one once the selection rests."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from typing import Final

from client.errors import ClientError
from tui.caselook import CaseLook
from tui.floor import WorkFloor

REST_MS: Final = 500.0
"""How long the selection rests on a case before it is fetched whole: passing by costs nothing."""
AGAIN_MS: Final = 5_000.0
"""How long after asking for the events of a case in vain they are asked for again."""

Spawn = Callable[[Awaitable[object]], None]


class Following:
    """`now` is ms of a monotonic clock. Others see that this person looks only at a case that was opened."""

    def __init__(self, model: WorkFloor, look: CaseLook, spawn: Spawn) -> None:
        self._model = model
        self._look = look
        self._spawn = spawn
        self.rest_ms = REST_MS
        self._opened: str | None = None
        self._glanced: str | None = None
        """Followed because the selection rests on it."""
        self._selected: str | None = None
        self._since = 0.0
        self._known = look.known(None)
        self._recalled: dict[str, float] = {}

    def open(self, case_id: str) -> None:
        """A person opens this case."""
        if self._opened not in (None, case_id):
            self._shut(self._opened)
        self._opened = case_id
        if self._glanced == case_id:
            self._glanced = None
        self._known = self._look.known(None)  # what was painted by now may be less than what is known
        self._spawn(self._fetch(case_id))

    def close(self) -> None:
        """Nothing is open any more."""
        self._shut(self._opened)
        self._opened = None
        self._look.fold()

    def glance(self, selected: str | None, now: float, *, past: bool) -> bool:
        """The selection is on this case; `past`: what happened on it is shown. Called a few times a second.

        Whether anything that is shown of it beside its row is another than at the last call.
        """
        session = self._model.session
        if session is None:
            return False
        if selected != self._selected:
            self._selected, self._since = selected, now
        if self._glanced not in (None, selected):
            self._shut(self._glanced)
            self._glanced = None
        rests = selected is not None and now - self._since >= self.rest_ms
        if rests and selected not in (None, self._opened, self._glanced) and session.status.phase == "live":
            self._glanced = selected
            self._spawn(self._glimpse(selected))
        if past and selected is not None and selected in (self._opened, self._glanced):
            self._recall(selected, now)
        before, self._known = self._known, self._look.known(selected)
        return any(one is not other for one, other in zip(before, self._known, strict=True))

    def _recall(self, case_id: str, now: float) -> None:
        session = self._model.session
        if session is None or session.case(case_id) is None or session.events(case_id) is not None:
            return
        if now - self._recalled.get(case_id, -AGAIN_MS) >= AGAIN_MS:
            self._recalled = {case_id: now}
            session.recall(case_id)

    async def _glimpse(self, case_id: str) -> None:
        session = self._model.session
        # Nobody asked for it: what the feed refuses here is said when the case is opened.
        with contextlib.suppress(ClientError):
            if session is not None:
                await session.open_case(case_id)

    async def _fetch(self, case_id: str) -> None:
        session = self._model.session
        if session is None or case_id != self._opened:
            return
        session.doing(case_id, "looking")
        case = await session.open_case(case_id) or self._model.case(case_id)
        if case is not None:
            await self._look.find_same(case)

    def _shut(self, case_id: str | None) -> None:
        if case_id is not None and self._model.session is not None:
            self._spawn(self._leave(case_id))

    async def _leave(self, case_id: str) -> None:
        session = self._model.session
        # It may have been opened again before this had its turn.
        if session is not None and case_id not in (self._opened, self._glanced):
            await session.close_case(case_id)
        elif session is not None and case_id == self._glanced:
            session.doing(case_id, "")  # others no longer see somebody at it
