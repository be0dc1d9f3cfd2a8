"""The command line behind `:`: a case to go to, a view, or a verb by its name."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Final, Literal

from msgspec import Struct

from casework.caseid import parse
from casework.errors import BadInput
from tui.keymap import Bound, Keymap

ACTS: Final[dict[str, str]] = {"q": "close", "quit": "close", "help": "help", "clear": "clear", "redraw": "redraw"}


class CommandFault(ValueError):
    """What was typed is no command; `str()` says what is."""


class Typed(Struct, frozen=True):
    """What a line means: a case to go to, or what some key does as well."""

    kind: Literal["go", "bound", "view"]
    case_id: str = ""
    view: str = ""
    bound: Bound | None = None


def read(text: str, keymap: Keymap) -> Typed:
    """The meaning of a line: `C-7F3A-9K2M`, `view late`, `escalate 2`, `note`, `q`. Raises `CommandFault`."""
    word, _, rest = text.strip().partition(" ")
    rest = rest.strip()
    if not word:
        raise CommandFault("Write a case id, a view or a verb: C-7F3A-9K2M, view late, escalate 2, note.")
    if word.upper().startswith("C-"):
        try:
            return Typed("go", case_id=parse(word))
        except BadInput as fault:
            raise CommandFault(f"It {fault.why}") from None
    if word == "view":
        return Typed("view", view=rest)
    name = ACTS.get(word, word.replace("-", "_"))
    value = _value(name, rest, keymap)
    for _, bound in keymap.all():
        if bound.name == name and not bound.opens and (value is None or bound.value == value):
            return Typed("bound", bound=bound)
    raise CommandFault(_nearest(name, value, keymap))


def _value(name: str, rest: str, keymap: Keymap) -> str | None:
    """What stands behind a verb: the digit of its key or what that stands for."""
    ways = [(keys[-1], bound) for keys, bound in keymap.all() if bound.name == name]
    if not any(bound.value for _, bound in ways):
        return None
    for key, bound in ways:
        if rest.casefold() in (key.casefold(), (bound.value or "").casefold()):
            return bound.value
    return rest or "?"


def _nearest(name: str, value: str | None, keymap: Keymap) -> str:
    choices = [bound.value for _, bound in keymap.all() if bound.name == name and bound.value is not None]
    if choices:
        return f"{name} takes one of {', '.join(choices)}."
    names = {bound.name for _, bound in keymap.all() if bound.verb is not None}
    near = get_close_matches(name, names, n=1)
    return f"There is no such command; the nearest is {near[0]}." if near else "There is no such command; ? shows them."
