"""How the feed's orders are said in a platform's own API, as TOML, so that a platform is met without code.

    [act]                                       # one table for each question: preview, act, find, verify
    method = "POST"
    path = "/v1/actions"                        # {key}, {kind}, {id}, {action}, {case} … are filled in, escaped
    body = {key = "{key}", action = "{action}", target = {kind = "{kind}", id = "{id}"}, fields = "{fields}"}
    reference = "reference"                     # where the answer says it: members, joined by dots

    [verify]
    method = "GET"
    path = "/v1/state/{kind}/{id}"
    [verify.effects]                            # what the state shows once the action has its effect
    hide = {visible = false}

    [actions]                                   # the platform's names, where they differ; what is missing is not done
    suspend = "account.suspend"

A value that is exactly one placeholder is replaced by the thing itself (`{fields}` by the object). `{undoes}` and
`{undoes_key}` are the action and the key of what a restore takes back; its effect is that the other's is gone.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import quote

import msgspec
from msgspec import Meta, Struct

from casework.actionfold import RESTORE
from feed.delivery.connector import Order

_HOLE: Final = re.compile(r"\{(key|kind|id|action|case|policy|fields|attempt|undoes|undoes_key)\}")


class MappingFault(Exception):
    """A mapping that cannot be used: its file and why."""

    def __init__(self, file: str, why: str) -> None:
        self.file = file
        self.why = why
        super().__init__(f"{file}: {why}")


class Section(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class Question(Section, frozen=True, kw_only=True):
    method: Literal["GET", "POST", "PUT"]
    path: Annotated[str, Meta(pattern="^/")]
    body: Any = None
    reference: str = ""
    """Where the answer names the order; dotted members."""
    refused: str = ""
    """A member of an answer with a good status which, if it is there and not empty, says that nothing was done."""
    effects: dict[str, dict[str, Any]] = {}
    """By action: members of the answer (dotted) and the values they have once it has its effect."""


class Mapping(Section, frozen=True, kw_only=True):
    act: Question
    verify: Question
    find: Question | None = None
    """Missing: the platform knows no keys, and an order is never sent twice."""
    preview: Question | None = None
    actions: dict[str, str] = {}
    """Our id of an action → the platform's."""


def read(path: Path) -> Mapping:
    """The mapping in the file at `path`. Raises `MappingFault`."""
    try:
        return parse(path.read_text(encoding="utf-8"), file=str(path))
    except OSError as fault:
        raise MappingFault(str(path), f"cannot be read ({fault.strerror})") from None
    except UnicodeDecodeError:
        raise MappingFault(str(path), "is not UTF-8") from None


def parse(text: str, *, file: str) -> Mapping:
    """The mapping that `text` states. Raises `MappingFault`."""
    try:
        mapping = msgspec.convert(tomllib.loads(text), Mapping)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as fault:
        raise MappingFault(file, str(fault)) from None
    for action in mapping.actions:
        if action not in mapping.verify.effects and action != RESTORE:
            raise MappingFault(file, f"`verify.effects` does not say how the effect of {action} is seen")
    if not mapping.actions:
        raise MappingFault(file, "`actions` names nothing that the platform does")
    return mapping


def path_of(question: Question, order: Order, action: str) -> str:
    """The path with its placeholders filled in, each as one escaped segment."""
    return _HOLE.sub(lambda hole: quote(str(_value(hole[1], order, action)), safe=""), question.path)


def body_of(question: Question, order: Order, action: str) -> Any:
    """The body with its placeholders filled in; None if the question has none."""
    return _filled(question.body, order, action)


def member(answer: Any, dotted: str) -> Any:
    """The member of `answer` at the dotted path, or None."""
    for name in dotted.split("."):
        if not isinstance(answer, dict):
            return None
        answer = answer.get(name)
    return answer


def _filled(value: Any, order: Order, action: str) -> Any:
    if isinstance(value, dict):
        return {name: _filled(item, order, action) for name, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, order, action) for item in value]
    if isinstance(value, str):
        whole = _HOLE.fullmatch(value)
        if whole is not None:
            return _value(whole[1], order, action)
        return _HOLE.sub(lambda hole: str(_value(hole[1], order, action)), value)
    return value


def _value(name: str, order: Order, action: str) -> Any:
    return {
        "key": order.key,
        "kind": order.target.kind,
        "id": order.target.id,
        "action": action,
        "case": order.case_id,
        "policy": order.policy,
        "fields": order.fields,
        "attempt": order.attempt,
        "undoes": "" if order.undoes is None else order.undoes.action,
        "undoes_key": "" if order.undoes is None else order.undoes.key,
    }[name]
