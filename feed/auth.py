"""Who is asking: a bearer token over TCP, the peer's uid over a Unix socket.

A token is looked up in the store beside the log and the answer kept for two seconds, so that a revoked one is cut
within five, on open feed connections too. Nothing here says what a person may do; that is `casework.access`.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Mapping
from typing import Final, Literal, Protocol

from msgspec import Struct

from casework.access import Person
from feed.config import FeedConfig
from feed.log.base import LogUnusable
from feed.logs import Journal
from protocol import limits

OWN: Final[tuple[Literal["responder"], Literal["lead"]]] = ("responder", "lead")
_CACHED: Final = 10_000
_journal: Final = Journal("auth")
_TOKEN_MAX: Final = 256


class Unauthenticated(Exception):
    """It is not known who asks; `why` is a sentence, without the token."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)


class Grantee(Protocol):
    """What the token store says of a token that exists and is not revoked."""

    @property
    def person(self) -> Person: ...

    @property
    def expires_at(self) -> int | None: ...


class Login(Struct, frozen=True, kw_only=True):
    """An authenticated person. `token` is None over a Unix socket; `expires_at` is ms UTC."""

    person: Person
    token: str | None = None
    expires_at: int | None = None

    @property
    def principal(self) -> str:
        return self.person.principal


Find = Callable[[str], Grantee | None]


class Authenticator:
    """Turns what a request brings into a `Login`."""

    def __init__(
        self,
        config: FeedConfig,
        find: Find | None,
        *,
        now: Callable[[], int],
        monotonic: Callable[[], float] = time.monotonic,
        own_uid: int | None = None,
    ) -> None:
        self._config = config
        self._find = find
        self._now = now
        self._monotonic = monotonic
        self._own_uid = os.getuid() if own_uid is None else own_uid
        self._cache: dict[str, tuple[float, Grantee | None]] = {}

    async def login(self, authorization: str | None, peer_uid: int | None) -> Login:
        """The login of a request: its token if it brings one, else the uid of its Unix socket.

        Raises `Unauthenticated`.
        """
        if authorization is not None:
            scheme, _, token = authorization.partition(" ")
            if scheme.lower() != "bearer" or not token.strip():
                raise Unauthenticated("Send the header `Authorization: Bearer TOKEN`.")
            return await self.by_token(token.strip())
        if peer_uid is not None:
            return self.by_uid(peer_uid)
        raise Unauthenticated("Send the header `Authorization: Bearer TOKEN`; `watchfloor token issue` makes one.")

    def by_uid(self, uid: int) -> Login:
        """The login of a peer on the Unix socket. Raises `Unauthenticated` for a uid that is not configured."""
        known = self._config.uids.get(str(uid))
        if known is not None:
            return Login(person=known.person())
        if uid == self._own_uid:
            return Login(person=own_person(uid))
        raise Unauthenticated(
            f"The uid {uid} is not configured here; name it under [uids] in the feed's configuration."
        )

    async def by_token(self, token: str) -> Login:
        """The login of a token. Raises `Unauthenticated` if it is unknown, revoked, expired or not accepted here."""
        found = await self._look_up(token)
        if found is None:
            raise Unauthenticated("This token is unknown or was revoked. Ask for a new one.")
        expires_at = found.expires_at
        if expires_at is not None and expires_at <= self._now():
            raise Unauthenticated("This token has expired. Ask for a new one.")
        if self._config.auth.tokens == "intake_only" and found.person.roles != {"intake"}:
            raise Unauthenticated("This feed takes tokens for intake only. Use its Unix socket.")
        return Login(person=found.person, token=token, expires_at=expires_at)

    async def still(self, login: Login) -> Login:
        """The same login as it stands now. Raises `Unauthenticated` if its token no longer counts."""
        return login if login.token is None else await self.by_token(login.token)

    async def _look_up(self, token: str) -> Grantee | None:
        if self._find is None or len(token) > _TOKEN_MAX or not token.isascii() or not token.isprintable():
            return None
        now = self._monotonic()
        at, found = self._cache.get(token, (-1e9, None))
        if found is not None and now - at < limits.TOKEN_RECHECK_MS / 1000:
            return found
        try:
            found = await asyncio.to_thread(self._find, token)
        except LogUnusable as fault:
            # While the disk cannot be read, who was let in goes on reading; nobody new is let in.
            _journal.fault("tokens cannot be read", fault)
            if found is not None:
                return found
            raise Unauthenticated("Tokens cannot be checked now: the disk does not answer. Try again.") from None
        if len(self._cache) >= _CACHED:
            self._cache.clear()
        # Only what exists is kept: a token counts at once after it was issued, and guesses take no memory.
        if found is not None:
            self._cache[token] = (now, found)
        else:
            self._cache.pop(token, None)
        return found


def own_person(uid: int | None = None) -> Person:
    """The feed's own uid is responder and lead, with every clearance (domain, section 8)."""
    import pwd

    uid = os.getuid() if uid is None else uid

    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:
        name = f"uid-{uid}"
    return Person(principal=name, roles=frozenset(OWN), every_clearance=True)


def headers_of(scope_headers: list[tuple[bytes, bytes]]) -> Mapping[str, str]:
    """Header names in small letters; of a repeated one, the values joined by a comma."""
    found: dict[str, str] = {}
    for name, value in scope_headers:
        key = name.decode("latin-1").lower()
        text = value.decode("latin-1")
        found[key] = f"{found[key]},{text}" if key in found else text
    return found
