"""A console's session with one feed: the picture of the floor, the link, the clock and the commands, as one thing.

Everything runs on one asyncio loop. `on_change` is called at most once a pass of that loop, when anything that a
screen may show has changed; what changed is asked from the mirror (`take_dirty`), never told.
"""

from __future__ import annotations

import asyncio
import contextlib
import random as randomness
import uuid
from collections.abc import Callable, Coroutine, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from msgspec.structs import replace

from casework.commands import Command, Context
from casework.events import Event
from casework.model import Case, Row, Target
from client import collecting, http, lookups
from client.casebook import OpenCase
from client.clock import ServerClock, boottime_ms
from client.collecting import SNAPSHOT
from client.commands import Commands, Outcome, PendingCommand
from client.config import Profile
from client.errors import ClientError, FeedUnreachable, Refused
from client.heads import Heads, heads_file
from client.link import Link
from client.link_state import LinkState
from client.mirror import Mirror
from client.status import LinkStatus
from protocol.codec import Malformed

if TYPE_CHECKING:
    import httpx

    from protocol.answers import PreviewAnswer
    from protocol.catalogue import Catalogue

CASE_WAIT_S: Final = 2.0
"""How long an opened case may take on the feed before it is asked for over HTTP."""
REFETCH_WAIT_S: Final = 2.0
PREVIEW_WAIT_S: Final = 6.0
"""How long a platform may take to say what an action would touch; a card does not wait for it."""
FIRST_PAGE_S: Final = 0.06
"""How long a screen that is about to be made waits for its first rows: making it twice takes as long."""
STARTS: Final = ("connecting", "loading")
CATALOGUE_SPREAD_S: Final = 2.0
"""The catalogue is asked for within so long, at random; later with each try."""
CATALOGUE_TRIES: Final = 5
SAME_MOST: Final = 20
"""Cases of one subject that are asked for."""


def new_key() -> str:
    """An Idempotency-Key: random, made once for each intent."""
    return str(uuid.uuid4())


class Session:
    """`now`, `random`, `keys` and `transport` are for tests. Nothing happens before `start`."""

    def __init__(
        self,
        profile: Profile,
        *,
        now: Callable[[], float] = boottime_ms,
        random: Callable[[], float] = randomness.random,
        keys: Callable[[], str] = new_key,
        heads: Heads | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.profile = profile
        self.mirror = Mirror()
        self.clock = ServerClock(now)
        self.on_change: Callable[[], None] = lambda: None
        self._now = now
        self._keys = keys
        self._random = random
        self._transport = transport
        self._state = LinkState(
            self.mirror, self.clock, random=random, heads=heads or Heads(heads_file(profile.address.url))
        )
        self._commands = Commands(
            self._post,
            now=now,
            random=random,
            on_change=self._changed,
            epoch=lambda: self.mirror.epoch,
            post_many=self._post_many,
        )
        self.catalogue: Catalogue | None = None
        """What is in force on the feed, None until it was told; the one before stays while the next is asked for."""
        self._catalogue_of = 0  # the connection that it was asked for on
        self._asking: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._link: Link | None = None
        self._http: httpx.AsyncClient | None = None
        self._news = asyncio.Event()
        self._told = False

    async def start(self, *, page_first: bool = False) -> None:
        """Begin to connect; returns at once.

        With `page_first` it returns with the first page of a snapshot, which then rests until `go_on`, or a moment
        later without.
        """
        self._link = Link(self.profile, self._state, now=self._now, on_change=self._on_link, page_first=page_first)
        self._run(self._link.run(), "link")
        self._run(self._prepare(), "prepare HTTP")
        if page_first:
            await self._until(lambda: bool(self.mirror.rows) or self.status.phase not in STARTS, FIRST_PAGE_S)

    def go_on(self) -> None:
        """The first page is on the screen: take in the rest."""
        if self._link is not None:
            self._link.go_on()

    async def close(self) -> None:
        """End everything; nothing that was not sent is sent."""
        tasks = list(self._tasks)
        self._tasks.clear()
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await task
        collecting.resume(SNAPSHOT)
        if self._http is not None:
            await self._http.aclose()
            self._http = None

    # --- reading

    @property
    def status(self) -> LinkStatus:
        """The link as it is now."""
        return self._state.status(self._now())

    @property
    def pending(self) -> dict[str, PendingCommand]:
        """Commands that are not settled, by key."""
        return self._commands.pending

    @property
    def presence(self) -> dict[str, list[tuple[str, str]]]:
        """By case: who else does what there."""
        return self._state.presence.others()

    def case(self, case_id: str) -> Case | None:
        """The whole case, if it is open and has come in."""
        held = self._state.subs.cases.get(case_id)
        return held.case if held is not None else None

    def events(self, case_id: str) -> tuple[Event, ...] | None:
        """What happened on an open case, in order; None as long as it is not known whole."""
        held = self._state.subs.cases.get(case_id)
        return held.history.events if held is not None and held.history.whole else None

    def newer(self, case_id: str) -> bool:
        """Whether something happened on the case that this console does not know: tiers 3 and 4 are locked on it."""
        held = self._state.subs.cases.get(case_id)
        return case_id in self.mirror.newer or (held is not None and held.newer)

    def context(self) -> Context:
        """What this console knows now, to be kept with what is done on the strength of it."""
        mirror, status = self.mirror, self.status
        if not mirror.epoch:
            return Context()
        return Context(
            epoch=mirror.epoch, seq=mirror.cursor, head_hash=mirror.head_hash or None, stale_ms=status.feed_age_ms
        )

    # --- acting

    async def do(self, case_id: str, command: Command, *, key: str | None = None) -> Outcome:
        """Have `command` done; its `expected_version` is what the person saw at the first key. `key`: made before."""
        if command.context is None:
            command = replace(command, context=self.context())
        outcome = await self._commands.do(case_id, command, key=key or self._keys())
        self._settle()
        return outcome

    async def do_many(self, items: Sequence[tuple[str, Command]]) -> list[Outcome]:
        """Have many commands done, each for itself; the outcomes in their order."""
        context = self.context()
        outcomes = await self._commands.do_many(
            [
                (case_id, command if command.context is not None else replace(command, context=context), self._keys())
                for case_id, command in items
            ]
        )
        self._settle()
        return outcomes

    async def ask_again(self, key: str) -> Outcome:
        """Ask after a command that nobody answered for, with the same key. Raises `KeyError`."""
        outcome = await self._commands.ask_again(key)
        self._settle()
        return outcome

    async def open_case(self, case_id: str) -> Case | None:
        """Follow the whole case. Gives it as soon as it is here, None if it cannot be had now.

        Raises `Refused` if the feed refuses it.
        """
        held = self._state.subs.open(case_id)
        self._poke()
        if case_id in self.mirror.rows:  # what left the floor is not on the feed any more
            followed = ("live", "loading", "forked")
            await self._until(lambda: held.case is not None or self.status.phase not in followed, CASE_WAIT_S)
        if held.case is None:
            with contextlib.suppress(FeedUnreachable):
                held.replace(await self._fetch(case_id))
                self._changed()
        return held.case

    def recall(self, case_id: str) -> None:
        """See to it that `events` knows the open case's past."""
        held = self._state.subs.cases.get(case_id)
        if held is not None and not held.history.whole:
            self._run(self._fetch_history(held), f"events of {case_id}")

    async def cases_like(self, query: str) -> list[Row]:
        """The first cases that fit `query`, ended ones among them; none if the feed does not answer."""
        try:
            return await lookups.rows(self._client(), self.profile, query, limit=SAME_MOST)
        except (ClientError, Malformed):
            return []

    async def preview(self, case_id: str, action: str, target: Target, fields: dict[str, Any]) -> PreviewAnswer:
        """What the platform says that an action would touch, or why that is not known: after some seconds at most."""
        from protocol.answers import PreviewAnswer

        try:
            async with asyncio.timeout(PREVIEW_WAIT_S):
                return await lookups.preview(self._client(), self.profile, case_id, action, target, fields)
        except TimeoutError:
            return PreviewAnswer(available=False, why=f"nobody answered within {PREVIEW_WAIT_S:.0f} s")
        except (ClientError, Malformed) as fault:
            return PreviewAnswer(available=False, why=str(fault))

    async def close_case(self, case_id: str) -> None:
        """Follow it no longer."""
        self._state.subs.shut(case_id)
        self.doing(case_id, "")

    def doing(self, case_id: str, what: str) -> None:
        """Let others see what this person does on a case (≤ 40 characters, repeated while it lasts; empty ends it)."""
        self._state.presence.say(case_id, what)
        self._poke()

    def acknowledge_fork(self) -> None:
        """Go on with a log that is not the one that was seen before."""
        self._state.acknowledge_fork()
        self._changed()

    # --- inside

    async def _prepare(self) -> None:
        """Load what the first command needs once the picture is there, so that it does not wait for that."""
        await self._until(lambda: self.mirror.complete, CASE_WAIT_S)
        await asyncio.to_thread(import_module, "httpx")

    def _on_link(self) -> None:
        for case_id in self.mirror.take_refetch():
            self._run(self._refetch(case_id), f"refetch {case_id}")
        if self._state.connections != self._catalogue_of and self.status.phase == "live":
            self._catalogue_of = self._state.connections
            self._run(self._fetch_catalogue(self._state.connections), "catalogue")
        self._settle()
        # While a snapshot comes in nothing is garbage, and what came in stays.
        if self.mirror.loading and self.status.phase == "loading":
            collecting.put_off(SNAPSHOT)
        else:
            collecting.resume(SNAPSHOT)
        self._changed()

    def _settle(self) -> None:
        self._commands.settle(epoch=self.mirror.epoch, cursor=self.mirror.cursor)

    async def _refetch(self, case_id: str) -> None:
        attempt = 0
        while case_id in self.mirror.behind:
            try:
                self.mirror.replace(await self._fetch(case_id))
            except Refused as refused:
                if refused.problem.status in (403, 404):
                    self.mirror.retire(case_id)
                    break
            except (ClientError, Malformed):
                pass
            attempt += 1
            self._changed()
            if case_id in self.mirror.behind:
                await asyncio.sleep(min(REFETCH_WAIT_S * attempt, 30))
        self._changed()

    async def _fetch(self, case_id: str) -> Case:
        """GET the whole case. Raises `FeedUnreachable`, `Refused`, `NoToken`, `Malformed`."""
        return await lookups.case(self._client(), self.profile, case_id)

    async def _fetch_catalogue(self, connection: int) -> None:
        """Get what is in force, a moment after the picture stands: 200 consoles come back at once after a restart."""
        for attempt in range(1, CATALOGUE_TRIES + 1):
            await asyncio.sleep(self._random() * CATALOGUE_SPREAD_S * attempt)
            if self._state.connections != connection:
                return
            with contextlib.suppress(ClientError, Malformed):
                self.catalogue = await lookups.catalogue(self._client(), self.profile)
                self._changed()
                return

    async def _fetch_history(self, held: OpenCase) -> None:
        """Get the events of an open case; without an answer the next look at it asks again."""
        if held.case_id in self._asking:
            return
        self._asking.add(held.case_id)
        try:
            mark = held.history.mark
            held.history.fetched(await lookups.events(self._client(), self.profile, held.case_id), mark)
        except (ClientError, Malformed):
            pass
        finally:
            self._asking.discard(held.case_id)
            self._changed()

    async def _post(self, case_id: str, body: bytes, key: str) -> httpx.Response:
        return await self._client().post(
            f"/v1/cases/{quote(case_id, safe='')}/commands",
            content=body,
            headers={**http.headers(self.profile), "Content-Type": "application/json", "Idempotency-Key": key},
        )

    async def _post_many(self, body: bytes) -> httpx.Response:
        headers = {**http.headers(self.profile), "Content-Type": "application/json"}
        return await self._client().post("/v1/commands", content=body, headers=headers)

    def _client(self) -> httpx.AsyncClient:
        if self._http is None:
            self._http = http.async_client(self.profile, self._transport)
        return self._http

    def _poke(self) -> None:
        if self._link is not None:
            self._link.poke()

    def _run(self, work: Coroutine[None, None, None], name: str) -> None:
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _until(self, condition: Callable[[], bool], seconds: float) -> None:
        """Wait until `condition` holds after some change, at most `seconds`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not condition():
                    self._news.clear()
                    await self._news.wait()

    def _changed(self) -> None:
        self._news.set()
        if self._told:
            return
        self._told = True
        asyncio.get_running_loop().call_soon(self._tell)

    def _tell(self) -> None:
        self._told = False
        self.on_change()
