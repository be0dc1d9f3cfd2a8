"""What a platform has to answer, whatever it is: preview, act, look up by key, verify. Everything else is the feed's.

ConnectorError
├── Refused    the platform said no, for good: nothing was done
├── TryLater   nothing was done, and it may work later; `after_ms` if the platform said when
└── Unclear    whether it was done is not known: no answer, a broken one, or one that contradicts itself
"""

from __future__ import annotations

from typing import Any, Protocol

from msgspec import Struct

from casework.model import Target
from casework.tokens import Severity


class Order(Struct, frozen=True, kw_only=True):
    """One action as a platform is told it. `key` is the same for all attempts and for no other action."""

    case_id: str
    action_id: str
    action: str
    target: Target
    policy: str
    fields: dict[str, Any]
    key: str
    attempt: int
    severity: Severity
    undoes: Order | None = None
    """Of a `restore`: the order that it takes back."""


class Taken(Struct, frozen=True, kw_only=True):
    """The platform took the order and calls it `reference`; whether it had an effect is another question."""

    reference: str = ""


class Preview(Struct, frozen=True, kw_only=True):
    """What an action would touch, and what the platform has on its subject."""

    counts: dict[str, int]
    """Things by kind: ``{"video": 1, "account": 1, "reupload": 14}``."""
    countries: dict[str, int] = {}
    strikes: int | None = None
    prior: tuple[str, ...] = ()
    """Earlier actions on the subject, the newest first, in the platform's words."""
    sample: tuple[Target, ...] = ()


class ConnectorError(Exception):
    """Base of what goes wrong; `why` may hold the platform's own words, cut short."""

    def __init__(self, why: str) -> None:
        self.why = why[:300]
        super().__init__(self.why)


class Refused(ConnectorError):
    """`status`: the HTTP status of the answer, 0 if there was none."""

    def __init__(self, why: str, status: int = 0) -> None:
        self.status = status
        super().__init__(why)


class TryLater(ConnectorError):
    def __init__(self, why: str, after_ms: int | None = None) -> None:
        self.after_ms = after_ms
        super().__init__(why)


class Unclear(ConnectorError):
    pass


class Connector(Protocol):
    """A platform. Every call ends within a bounded time and raises `ConnectorError` alone."""

    @property
    def actions(self) -> frozenset[str]:
        """What it carries out."""

    @property
    def keyed(self) -> bool:
        """Whether it knows an order by its key: only then a second attempt is safe."""

    async def preview(self, order: Order) -> Preview:
        """What the order would touch. Nothing is done."""

    async def act(self, order: Order) -> Taken:
        """Do it, once for each key."""

    async def find(self, order: Order) -> Taken | None:
        """Whether an order with this key was taken; None if the platform is sure that it was not."""

    async def verify(self, order: Order) -> bool:
        """Whether the effect can be seen now, by another way than the answer to `act`."""

    async def close(self) -> None: ...
