"""What the console needs of the client: the shape of a session, so that a screen can be tested without a feed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

from casework.model import Case, Row
from client.views.floor import Phase

if TYPE_CHECKING:
    from casework.commands import Command


class Mirrored(Protocol):
    """The rows as the feed last told them."""

    @property
    def rows(self) -> Mapping[str, Row]: ...
    @property
    def revision(self) -> int: ...
    @property
    def newer(self) -> set[str]: ...
    def take_dirty(self) -> set[str]: ...


class Linked(Protocol):
    """How the link is."""

    @property
    def phase(self) -> Phase: ...
    @property
    def feed_age_ms(self) -> int | None: ...
    @property
    def principal(self) -> str: ...
    @property
    def roles(self) -> tuple[str, ...]: ...
    @property
    def detail(self) -> str: ...
    @property
    def retry_in_ms(self) -> int | None: ...


class FeedClock(Protocol):
    """The feed's time; `now_ms` raises `LookupError` before it is known."""

    def now_ms(self) -> int: ...


class Done(Protocol):
    """How a command ended: a sentence for the person in any case."""

    @property
    def ok(self) -> bool: ...
    @property
    def seq(self) -> int | None: ...
    @property
    def version(self) -> int | None: ...
    @property
    def sentence(self) -> str: ...


class Watched(Protocol):
    """A session that can be looked at."""

    on_change: Callable[[], None]

    @property
    def mirror(self) -> Mirrored: ...
    @property
    def status(self) -> Linked: ...
    @property
    def clock(self) -> FeedClock: ...

    async def start(self) -> None: ...
    async def close(self) -> None: ...


class FloorSession(Watched, Protocol):
    """A person's session on a feed: it can act as well."""

    @property
    def presence(self) -> Mapping[str, list[tuple[str, str]]]: ...

    async def do(self, case_id: str, command: Command) -> Done: ...
    async def open_case(self, case_id: str) -> Case | None: ...
    async def close_case(self, case_id: str) -> None: ...
    def case(self, case_id: str) -> Case | None: ...
    def acknowledge_fork(self) -> None: ...
