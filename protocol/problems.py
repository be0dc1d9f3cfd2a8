"""RFC 9457 problem documents: every refusal over HTTP and in `error` frames."""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

Slug = Literal[
    "invalid",
    "unauthenticated",
    "forbidden",
    "not-found",
    "stale-version",
    "illegal-transition",
    "idempotency-mismatch",
    "too-large",
    "rate-limited",
    "log-unavailable",
]

STATUS: Final[dict[str, int]] = {
    "invalid": 400,
    "unauthenticated": 401,
    "forbidden": 403,
    "not-found": 404,
    "stale-version": 409,
    "illegal-transition": 409,
    "too-large": 413,
    "idempotency-mismatch": 422,
    "rate-limited": 429,
    "log-unavailable": 503,
}
MEDIA_TYPE: Final = "application/problem+json"
TITLE: Final[dict[str, str]] = {
    "invalid": "The request is not valid",
    "unauthenticated": "Who you are is not known",
    "forbidden": "Not permitted",
    "not-found": "There is no such thing here",
    "stale-version": "The case changed meanwhile",
    "illegal-transition": "The case's life does not allow that",
    "too-large": "The request is too large",
    "idempotency-mismatch": "This key was used for another request",
    "rate-limited": "Too many requests",
    "log-unavailable": "The log cannot acknowledge anything now",
}


class Problem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One problem document. `pointer` is a JSON pointer into the body; `version by at events` go with stale-version."""

    type: str
    title: str
    status: int
    detail: str = ""
    pointer: str | None = None
    version: int | None = None
    by: str | None = None
    at: int | None = None
    events: list[str] | None = None

    @property
    def slug(self) -> str:
        return self.type.removeprefix("/problems/")


def problem(slug: Slug, detail: str = "", **more: Any) -> Problem:
    """The problem document for `slug`; `more` are its extension members."""
    return Problem(type=f"/problems/{slug}", title=TITLE[slug], status=STATUS[slug], detail=detail, **more)


def encode(document: Problem) -> bytes:
    return msgspec.json.encode(document)
