"""What the operations of the OpenAPI document are put together from: answers, refusals, parameters."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from casework.commands import CaseId
from casework.query import VIEWS
from casework.tokens import STATES
from protocol import cursor, examples, limits, problems, querypattern
from protocol.schemas import PREFIX, portable

JSON: Final = "application/json"
#: Refusals by status: what they are called here, and in words.
REFUSALS: Final[dict[int, tuple[str, str]]] = {
    400: ("Invalid", "The request is not valid; `pointer` leads to the fault in the body, as far as it is known."),
    401: ("Unauthenticated", "Who asks is not known."),
    403: ("Forbidden", "The role, the clearance or the Origin is not enough."),
    404: ("NotFound", "There is no such thing here."),
    409: ("Conflict", "The case changed since `expected_version`, or its life does not allow that."),
    413: ("TooLarge", f"The body has more than {limits.BODY} bytes."),
    422: ("Mismatch", "This Idempotency-Key was used for another request."),
    429: ("RateLimited", "Too many requests; Retry-After says when to come again."),
    503: ("Unavailable", "The log cannot acknowledge anything now. Ask again with the same key."),
}
READ: Final = (400, 401, 403, 429, 503)
WRITE: Final = (400, 401, 403, 413, 429, 503)


def ref(name: str) -> dict[str, Any]:
    return {"$ref": PREFIX + name}


def parameter(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/parameters/{name}"}


def operation(summary: str, tag: str) -> dict[str, Any]:
    return {"summary": summary, "tags": [tag]}


def name_operations(paths: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    """`paths` with an operationId for each operation, from `names` by method and path."""
    for path, item in paths.items():
        for method in item.keys() & {"get", "post"}:
            item[method] = {"operationId": names[f"{method} {path}"], **item[method]}
    return paths


def get(
    summary: str, tag: str, found: dict[int, dict[str, Any]], *more: int, parameters: list[str] | None = None
) -> dict[str, Any]:
    made = operation(summary, tag)
    if parameters:
        made["parameters"] = [parameter(name) for name in parameters]
    made["responses"] = {**{str(status): body for status, body in found.items()}, **refusals(*READ, *more)}
    return made


def public(summary: str, tag: str, found: dict[int, dict[str, Any]]) -> dict[str, Any]:
    """A route for everybody; a web page of an unlisted Origin is refused here too."""
    return {
        **operation(summary, tag),
        "security": [],
        "responses": {**{str(status): body for status, body in found.items()}, **refusals(403)},
    }


def answer(name: str, description: str) -> dict[str, Any]:
    return {"description": description or f"The {name.lower()}.", "content": {JSON: {"schema": ref(name)}}}


def answer_or_stub(name: str, description: str) -> dict[str, Any]:
    schema = {"anyOf": [ref(name), ref("Stub")]}
    return {"description": f"{description} A stub without the clearance.", "content": {JSON: {"schema": schema}}}


def document_answer(description: str) -> dict[str, Any]:
    return {"description": description, "content": {JSON: {"schema": {"type": "object"}}}}


def refusals(*statuses: int) -> dict[str, Any]:
    return {str(status): {"$ref": f"#/components/responses/{REFUSALS[status][0]}"} for status in sorted(set(statuses))}


def refusal(status: int) -> dict[str, Any]:
    example = {400: examples.INVALID, 409: examples.PROBLEM}.get(status)
    content: dict[str, Any] = {"schema": ref("Problem")}
    if example is not None:
        content["examples"] = {"one": {"value": example}}
    response: dict[str, Any] = {
        "description": REFUSALS[status][1],
        "content": {problems.MEDIA_TYPE: content},
    }
    if status in (429, 503):
        response["headers"] = {"Retry-After": {"schema": {"type": "string"}, "description": "Seconds."}}
    if status == 401:
        response["headers"] = {"WWW-Authenticate": {"schema": {"type": "string"}}}
    return response


def case_id() -> dict[str, Any]:
    pattern = portable(str(msgspec.json.schema(CaseId)["pattern"]))
    return {"type": "string", "pattern": pattern, "examples": [examples.CASE_ID]}


KEY: Final = portable(limits.KEY_PATTERN)
_STATE: Final = "|".join(STATES)


def _query(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": description}


def _limit(default: int) -> dict[str, Any]:
    schema = {"type": "integer", "minimum": 1, "maximum": limits.LIST_MAX, "default": default}
    return _query("limit", schema, "How many at most.")


PARAMETERS: Final[dict[str, Any]] = {
    "CaseId": {"name": "id", "in": "path", "required": True, "schema": case_id(), "description": "Stored or shown."},
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "required": True,
        "schema": {"type": "string", "pattern": KEY},
        "description": "One for each intent; the same again gives the same answer and does nothing twice.",
    },
    "IfNoneMatch": {
        "name": "If-None-Match",
        "in": "header",
        "required": False,
        "schema": {"type": "string"},
        "description": "The ETag of the snapshot at hand.",
    },
    "View": _query(
        "view",
        {"type": "string", "enum": list(VIEWS)},
        "A saved view. Without one: every case on the floor, ended and snoozed ones too.",
    ),
    "Query": _query(
        "q",
        {"type": "string", "maxLength": limits.QUERY_LENGTH, "pattern": querypattern.pattern()},
        "The query language, such as `sev:0..1 owner:me late<10m`. The pattern covers words, quoted words, and fields "
        "with the values the console offers; the language takes more values than that.",
    ),
    "State": _query("state", {"type": "string", "pattern": f"^({_STATE})(,({_STATE}))*$"}, "One or more states."),
    "Limit": _limit(limits.LIST_DEFAULT),
    "EventsLimit": _limit(limits.LIST_MAX),
    "Cursor": _query(
        "cursor",
        {"type": "string", "pattern": portable(cursor.PATTERN)},
        "From the previous page.",
    ),
    "After": _query(
        "after",
        {"type": "integer", "minimum": 0, "maximum": 2**53 - 1, "default": 0},
        "Events after this seq.",
    ),
}
