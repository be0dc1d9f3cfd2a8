"""The HTTP interface as an OpenAPI 3.1 document, served at `/openapi.json`; schemas come from the Structs in use.

What a JSON Schema cannot say is said in words: binary CloudEvents, and that each item of a batch is judged alone.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final, get_args

from casework.commands import AnyCommand
from casework.escalation import Escalation, EscalationUpdate
from protocol import answers, catalogue, cloudevents, examples, limits, problems, schemas, shapes
from protocol import openapiparts as parts

_ANYTHING: Final[dict[str, Any]] = {}


@cache
def document() -> dict[str, Any]:
    """The document. It is made once; whoever changes it makes a copy."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Watchfloor feed",
            "version": "1",
            "summary": "Escalations for on-call trust-and-safety responders.",
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}],
        "tags": [{"name": name, "description": text} for name, text in _TAGS.items()],
        "paths": parts.name_operations(_paths(), _NAMES),
        "components": {
            "schemas": _schemas(),
            "responses": {name: parts.refusal(status) for status, (name, _) in parts.REFUSALS.items()},
            "parameters": parts.PARAMETERS,
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A token from `watchfloor token issue`. On a Unix socket the peer's uid does.",
                }
            },
        },
    }


def _schemas() -> dict[str, Any]:
    commands = get_args(AnyCommand)
    kinds = [
        *commands,
        Escalation,
        EscalationUpdate,
        cloudevents.Envelope,
        problems.Problem,
        answers.IntakeAnswer,
        answers.IntakeBatchAnswer,
        answers.CommandAnswer,
        answers.PreviewQuestion,
        answers.PreviewAnswer,
        answers.CommandBatchAnswer,
        answers.CommandBatch,
        answers.CasesPage,
        answers.EventsPage,
        answers.Snapshot,
        answers.AuditHead,
        answers.Health,
        answers.Readiness,
        catalogue.Catalogue,
        shapes.CaseOut,
    ]
    _, named = schemas.components(kinds)
    envelope = named.pop("Envelope")
    named["RaisedEvent"] = _event(envelope, "raised", "Escalation")
    named["UpdatedEvent"] = _event(envelope, "updated", "EscalationUpdate")
    named["Command"] = schemas.tagged(commands)
    named["CommandItem"] = _command_item(named)
    # Each item is judged on its own, so the batch takes any; the first branch is what is accepted.
    named["CommandBatch"]["properties"]["items"]["items"] = {"anyOf": [parts.ref("CommandItem"), _ANYTHING]}
    return dict(sorted(named.items()))


def _event(envelope: dict[str, Any], kind: str, data: str) -> dict[str, Any]:
    """The structured form of one event type. Data in base64 is accepted too, beside no `data`."""
    properties = {name: schema for name, schema in envelope["properties"].items() if name != "data_base64"}
    return {
        "title": f"{kind.capitalize()}Event",
        "description": "A CloudEvents 1.0 event in structured form; extension attributes are tolerated. "
        "In place of `data`, `data_base64` may carry the same JSON.",
        "type": "object",
        "properties": {
            **properties,
            "type": {"const": f"org.watchfloor.escalation.{kind}.v1"},
            "data": parts.ref(data),
        },
        "required": ["specversion", "id", "source", "type", "data"],
        "not": {"required": ["data_base64"]},
    }


def _command_item(named: dict[str, Any]) -> dict[str, Any]:
    return {
        "title": "CommandItem",
        "description": "A command with its case and its key beside its own fields; no other fields.",
        "type": "object",
        "properties": {
            "case_id": parts.case_id(),
            "key": {"type": "string", "pattern": parts.KEY},
            "type": {"enum": [kind.__struct_config__.tag for kind in get_args(AnyCommand)]},
            "expected_version": named["Claim"]["properties"]["expected_version"],
        },
        "required": ["case_id", "key", "type", "expected_version"],
    }


def _paths() -> dict[str, Any]:
    case_path = {"parameters": [parts.parameter("CaseId")]}
    return {
        "/healthz": {
            "get": parts.public("Whether the process answers", "health", {200: parts.answer("Health", "It does.")})
        },
        "/readyz": {
            "get": parts.public(
                "Whether it can serve",
                "health",
                {
                    200: parts.answer("Readiness", "Every check is true."),
                    503: parts.answer("Readiness", "`failing` says which."),
                },
            )
        },
        "/metrics": {
            "get": parts.get(
                "Numbers in the Prometheus text format; role admin",
                "health",
                {200: {"description": "No case data.", "content": {"text/plain": {"schema": {"type": "string"}}}}},
            )
        },
        "/openapi.json": {
            "get": parts.public("This document", "documents", {200: parts.document_answer("OpenAPI 3.1.")})
        },
        "/asyncapi.json": {
            "get": parts.public("The WebSocket feed", "documents", {200: parts.document_answer("AsyncAPI 3.0.")})
        },
        "/v1/intake": {"post": _intake()},
        "/v1/cases": {"get": _list_cases()},
        "/v1/cases/{id}": {
            **case_path,
            "get": parts.get(
                "One case, as this person may see it", "cases", {200: parts.answer_or_stub("Case", "The case.")}, 404
            ),
        },
        "/v1/cases/{id}/events": {
            **case_path,
            "get": parts.get(
                "The events of one case, oldest first",
                "cases",
                {200: parts.answer("EventsPage", "At most `limit` of them.")},
                404,
                parameters=["After", "EventsLimit"],
            ),
        },
        "/v1/cases/{id}/commands": {**case_path, "post": _command()},
        "/v1/cases/{id}/preview": {**case_path, "post": _preview()},
        "/v1/commands": {"post": _commands()},
        "/v1/events": {
            "get": parts.get(
                "The log, as this person may see it",
                "cases",
                {
                    200: {
                        "description": "As JSON, or as NDJSON (one event a line) if that is what Accept names.",
                        "content": {
                            parts.JSON: {"schema": parts.ref("EventsPage")},
                            "application/x-ndjson": {"schema": {"type": "string"}},
                        },
                    }
                },
                parameters=["After", "Limit"],
            )
        },
        "/v1/snapshot": {"get": _snapshot()},
        "/v1/catalogue": {
            "get": parts.get(
                "What is in force, and the verbs this person may use", "cases", {200: parts.answer("Catalogue", "")}
            )
        },
        "/v1/audit/head": {
            "get": parts.get(
                "Where the log stands", "health", {200: parts.answer("AuditHead", "To remember and to compare.")}
            )
        },
    }


def _intake() -> dict[str, Any]:
    event = {"oneOf": [parts.ref("RaisedEvent"), parts.ref("UpdatedEvent")]}
    return {
        **parts.operation("Report an escalation, or more about one", "intake"),
        "description": "CloudEvents 1.0. Structured and batch as shown; binary: `Content-Type: application/json`, the "
        "data as the body, the attributes as `ce-` headers, percent-encoded. The same (source, id) again is answered "
        "200 with `duplicate`. Roles: intake, responder, lead.",
        "requestBody": {
            "required": True,
            "content": {
                cloudevents.STRUCTURED: {
                    "schema": event,
                    "examples": {
                        "raised": {"value": examples.RAISED},
                        "updated": {"value": examples.UPDATED},
                    },
                },
                cloudevents.BATCH: {
                    "schema": {
                        "type": "array",
                        "maxItems": limits.BATCH_EVENTS,
                        "description": "Each item is judged on its own; the first branch is what is accepted.",
                        "items": {"anyOf": [event, _ANYTHING]},
                    },
                    "examples": {"two": {"value": [examples.RAISED, examples.UPDATED]}},
                },
            },
        },
        "responses": {
            "202": {**parts.answer("IntakeAnswer", "A new report, durable."), "links": _to_the_case()},
            "200": {
                "description": "The report was there already; or a batch, with a result for each item in order.",
                "content": {
                    parts.JSON: {"schema": {"anyOf": [parts.ref("IntakeAnswer"), parts.ref("IntakeBatchAnswer")]}}
                },
            },
            **parts.refusals(*parts.WRITE, 404),
        },
    }


def _to_the_case() -> dict[str, Any]:
    """What may be asked next about the case that a report opened or joined."""
    case = {"id": "$response.body#/case_id"}
    return {
        "case": {"operationId": _NAMES["get /v1/cases/{id}"], "parameters": case},
        "events": {"operationId": _NAMES["get /v1/cases/{id}/events"], "parameters": case},
        "command": {"operationId": _NAMES["post /v1/cases/{id}/commands"], "parameters": case},
    }


def _list_cases() -> dict[str, Any]:
    return parts.get(
        "The queue, in its order",
        "cases",
        {200: parts.answer("CasesPage", "`cursor` continues the list; null at its end.")},
        parameters=["View", "Query", "State", "Limit", "Cursor"],
    )


def _command() -> dict[str, Any]:
    return {
        **parts.operation("One command on a case", "commands"),
        "description": "Judged in order: authentication, body, permission, idempotency, version, rules. Only an "
        f"accepted command binds its key, for {limits.KEY_LIFE_MS // 86_400_000} days.",
        "parameters": [parts.parameter("IdempotencyKey")],
        "requestBody": {
            "required": True,
            "content": {
                parts.JSON: {
                    "schema": parts.ref("Command"),
                    "examples": {"claim": {"value": examples.CLAIM}, "propose": {"value": examples.PROPOSE}},
                }
            },
        },
        "responses": {
            "200": parts.answer("CommandAnswer", "Accepted and durable."),
            **parts.refusals(*parts.WRITE, 404, 409, 422),
        },
    }


def _preview() -> dict[str, Any]:
    return {
        **parts.operation("What an action would touch", "cases"),
        "description": "The platform is asked; nothing is done, and nothing is written down.",
        "requestBody": {
            "required": True,
            "content": {
                parts.JSON: {"schema": parts.ref("PreviewQuestion"), "examples": {"one": {"value": examples.PREVIEW}}},
            },
        },
        "responses": {
            "200": parts.answer("PreviewAnswer", "`available` false: the platform could not say, and `why` says why."),
            **parts.refusals(*parts.WRITE, 404, 409),
        },
    }


def _commands() -> dict[str, Any]:
    return {
        **parts.operation("Up to 1,000 commands that stand and fall alone", "commands"),
        "requestBody": {
            "required": True,
            "content": {
                parts.JSON: {"schema": parts.ref("CommandBatch"), "examples": {"two": {"value": examples.COMMANDS}}},
            },
        },
        "responses": {
            "200": parts.answer("CommandBatchAnswer", "A result for each item, in order."),
            **parts.refusals(*parts.WRITE),
        },
    }


def _snapshot() -> dict[str, Any]:
    operation = parts.get("Every live case at one seq, in queue order", "cases", {200: parts.answer("Snapshot", "")})
    headers = {
        "ETag": {"required": True, "schema": {"type": "string"}},
        "Cache-Control": {"required": True, "schema": {"type": "string"}},
        "Vary": {"required": True, "schema": {"type": "string"}},
    }
    operation["responses"]["200"]["headers"] = headers
    operation["responses"]["304"] = {"description": "As in If-None-Match.", "headers": headers}
    operation["parameters"] = [parts.parameter("IfNoneMatch")]
    return operation


_NAMES: Final = {
    "get /healthz": "health",
    "get /readyz": "readiness",
    "get /metrics": "metrics",
    "get /openapi.json": "openapi",
    "get /asyncapi.json": "asyncapi",
    "post /v1/intake": "reportEscalation",
    "get /v1/cases": "listCases",
    "get /v1/cases/{id}": "showCase",
    "get /v1/cases/{id}/events": "listCaseEvents",
    "post /v1/cases/{id}/commands": "giveCommand",
    "post /v1/cases/{id}/preview": "previewAction",
    "post /v1/commands": "giveCommands",
    "get /v1/events": "listEvents",
    "get /v1/snapshot": "snapshot",
    "get /v1/catalogue": "catalogue",
    "get /v1/audit/head": "auditHead",
}
_TAGS: Final = {
    "intake": "Reports come in.",
    "cases": "What is known.",
    "commands": "What is done.",
    "health": "Whether it works.",
    "documents": "How to talk to it.",
}
_DESCRIPTION: Final = (
    "Times are integer milliseconds UTC, but in the body of a report: RFC 3339 with a zone. Refusals are RFC 9457 "
    "problem documents; `type` is `/problems/<slug>`. A body has at most 1 MiB and 32 levels; an unknown field of a "
    "command or of a report is refused, as is an unknown query parameter. A member given twice is refused. "
    "Live changes come over the WebSocket that /asyncapi.json describes."
)
