"""From the configuration to a connector, and who may stand behind an action now."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from casework.tokens import Role
from casework.verbs import APPROVERS, RESPONDERS
from feed.auth import own_person
from feed.config import FeedConfig, PlatformRules
from feed.delivery.connector import Connector
from feed.delivery.http import HttpConnector
from feed.delivery.mapping import read
from feed.delivery.outbound import Outbound
from feed.log.tokens import TokenStore

_COUNTS_AS: Final[dict[Role, frozenset[Role]]] = {"responder": RESPONDERS, "approver": APPROVERS}


class PlatformFault(Exception):
    """A platform that cannot be used as it is configured; `str()` says why."""


def connect(rules: PlatformRules) -> Connector:
    """The connector that `rules` describe. Raises `PlatformFault`, `MappingFault`, `Forbidden`."""
    mapping = read(Path(rules.mapping))
    path = Path(rules.secret_file)
    try:
        if path.stat().st_mode & 0o007:
            raise PlatformFault(f"{path}: everybody on this host may open it; chmod 600 it, and have it replaced")
        secret = path.read_text(encoding="ascii").strip()
        return HttpConnector(Outbound(rules.url, private=rules.private), mapping, secret)
    except OSError as fault:
        raise PlatformFault(f"{path}: {fault.strerror or 'cannot be read'}") from None
    except (ValueError, RuntimeError) as fault:
        raise PlatformFault(f"{path}: it has to hold one secret, whsec_ and base64 ({type(fault).__name__})") from None


class Standing:
    """Whether a principal has a role now: by a live token, or by a uid of the configuration."""

    def __init__(self, config: FeedConfig, tokens: TokenStore | None) -> None:
        self._config = config
        self._tokens = tokens

    def __call__(self, principal: str, role: Role) -> bool:
        wanted = _COUNTS_AS.get(role, frozenset({role}))
        return any(wanted & frozenset(roles) for roles in self._roles(principal))

    def _roles(self, principal: str) -> Iterable[Iterable[Role]]:
        for uid in self._config.uids.values():
            if uid.principal == principal:
                yield uid.roles
        if self._config.unix is not None:
            own = own_person()
            if own.principal == principal:
                yield own.roles
        if self._tokens is not None and self._config.auth.tokens == "any":
            yield from self._tokens.live_roles(principal)
