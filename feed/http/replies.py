"""What goes back: JSON answers, problem documents, and which problem each refusal is."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from casework import errors
from casework.facts import FACTS
from feed.auth import Unauthenticated
from feed.engine import KeyMismatch, NotFound
from feed.intake import NothingToUpdate
from feed.log.base import LogUnavailable, Unstorable, VersionConflict
from protocol import problems
from protocol.codec import Malformed, encode
from protocol.problems import Problem, problem

JSON: Final = "application/json"
RETRY_SECONDS: Final = 1
PRIVATE: Final = {"cache-control": "private, no-store", "vary": "Authorization"}


class TooLarge(Exception):
    """A body over the limit; `drained` says whether all of it was read and dropped."""

    def __init__(self, *, drained: bool) -> None:
        self.drained = drained
        super().__init__("The body is too large.")


class RateLimited(Exception):
    """Too many requests of one principal; it may come again after `seconds`."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        super().__init__("Too many requests.")


class Refused(Exception):
    """A problem document, raised from where it was found."""

    def __init__(self, bad: Problem, headers: dict[str, str] | None = None) -> None:
        self.problem = bad
        self.headers = headers or {}
        super().__init__(bad.detail)


def json_reply(answer: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """`answer` as JSON; what a person may see is never kept by a cache."""
    body = answer if isinstance(answer, bytes) else encode(answer)
    return Response(body, status_code=status, media_type=JSON, headers={**PRIVATE, **(headers or {})})


def problem_reply(bad: Problem, headers: dict[str, str] | None = None) -> Response:
    """A problem document with its status."""
    return Response(
        problems.encode(bad),
        status_code=bad.status,
        media_type=problems.MEDIA_TYPE,
        headers={"cache-control": "no-store", **(headers or {})},
    )


def refused(fault: Exception) -> tuple[Problem, dict[str, str]] | None:
    """The problem document and headers for a refusal; None for what is no refusal but a fault of ours."""
    match fault:
        case Refused():
            return fault.problem, fault.headers
        case Unauthenticated():
            return problem("unauthenticated", fault.why), {"www-authenticate": 'Bearer realm="watchfloor"'}
        case Malformed():
            return problem("invalid", str(fault), pointer=fault.pointer), {}
        case TooLarge():
            headers = {} if fault.drained else {"connection": "close"}
            return problem("too-large", "The body has more than 1 MiB."), headers
        case RateLimited():
            return problem("rate-limited", "Slow down."), {"retry-after": str(max(1, int(fault.seconds + 0.999)))}
        case errors.NotPermitted():
            return problem("forbidden", str(fault)), {}
        case errors.StaleVersion():
            return _stale(fault), {}
        case errors.IllegalTransition():
            return problem("illegal-transition", str(fault)), {}
        case errors.BadInput():
            return problem("invalid", str(fault), pointer=fault.pointer), {}
        case NotFound():
            return problem("not-found", str(fault)), {}
        case NothingToUpdate():
            return problem("not-found", str(fault)), {"retry-after": str(RETRY_SECONDS)}
        case KeyMismatch():
            return problem("idempotency-mismatch", str(fault)), {}
        case LogUnavailable():
            return problem("log-unavailable", str(fault)), {"retry-after": str(RETRY_SECONDS)}
        case VersionConflict():
            return problem("log-unavailable", str(fault)), {"retry-after": str(RETRY_SECONDS)}
        case Unstorable():
            return problem("invalid", str(fault)), {}
    return None


def _stale(fault: errors.StaleVersion) -> Problem:
    return problem(
        "stale-version",
        str(fault),
        version=fault.version,
        by=fault.by,
        at=fault.at,
        events=[fault.type] if fault.type in FACTS else [],
    )
