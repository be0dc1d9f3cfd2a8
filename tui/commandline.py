"""The command line behind `:`: a case, a view, any act or verb by its name, with what it needs behind it.

Everything comes from the same catalogue as the keys. No widgets: text in, its meaning or what it may become out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from casework.caseid import parse
from casework.errors import BadInput
from casework.verbs import Ask, Verb
from tui.acts import BY_NAME
from tui.forms import CHOICES
from tui.keymap import Bound, Keymap

ALIASES: Final[dict[str, str]] = {
    "q": "close",
    "quit": "close",
    "h": "help",
    "severity": "set_severity",
    "facts": "set_factors",
    "told": "log_contact",
    "contact": "log_contact",
    "update": "post_update",
    "handover": "offer_handover",
    "glass": "break_glass",
}
"""Shorter words for some names."""
_SPAN: Final = re.compile(r"(\d{1,5})\s*([mhd])")
_MINUTES: Final = {"m": 1, "h": 60, "d": 24 * 60}
_TAKES_ALL: Final = frozenset({"text", "factors"})
"""Kinds of fields that take the rest of the line."""
_OFFERED: Final = 12


class CommandFault(ValueError):
    """What was typed is no command; `str()` says what is."""


class Typed(Struct, frozen=True):
    """What a line means: a case to go to, a view, or what some key does as well, with what was typed behind it."""

    kind: Literal["go", "bound", "view"]
    case_id: str = ""
    view: str = ""
    bound: Bound | None = None
    given: dict[str, str] = {}
    """A verb's fields, by name."""
    argument: str = ""
    """What stands behind an act."""


def read(text: str, keymap: Keymap) -> Typed:
    """The meaning of a line: `C-7F3A-9K2M`, `view late`, `escalate 2`, `note told them`, `q`. Raises `CommandFault`."""
    word, _, rest = text.strip().partition(" ")
    rest = rest.strip()
    if not word:
        raise CommandFault("Write a case id, a view or a verb: C-7F3A-9K2M, view late, escalate 2, note \u2026")
    if word == "go" or word.upper().startswith("C-"):
        return _case(rest if word == "go" else word)
    if word == "view":
        return Typed("view", view=rest)
    name = name_of(word)
    bounds = [bound for bound in keymap.named(name) if not bound.opens]
    if not bounds:
        bounds = [bound for bound in keymap.named("propose") if bound.value == name]
    if not bounds:
        raise CommandFault(_nearest(name, keymap))
    bound = bounds[-1]
    if bound.verb is None:
        return _act(bound, rest)
    return _verb(bound, bounds, rest)


def name_of(word: str) -> str:
    """The catalogue's name for a word."""
    plain = word.replace("-", "_")
    return ALIASES.get(plain, plain)


def complete(text: str, keymap: Keymap, views: Sequence[str], query: Callable[[str], Sequence[str]]) -> tuple[str, ...]:
    """What the line may become: names first, then the values of the field that is being typed.

    `views` are the names of views; `query` completes a filter.
    """
    word, blank, rest = text.lstrip().partition(" ")
    if not blank:
        names = ("go", "view", *keymap.names(), *(b.value for b in keymap.named("propose") if b.value))
        return _begun(word.replace("-", "_"), names, "")
    name = name_of(word)
    if word == "view":
        return _begun(rest, views, f"{word} ")
    if name == "filter":
        return tuple(f"{word} {each}" for each in query(rest))[:_OFFERED]
    verb = next((bound.verb for bound in keymap.named(name) if bound.verb is not None), None)
    if verb is None:
        return ()
    before, _, last = rest.rpartition(" ")
    head = f"{word} {before} " if before else f"{word} "
    ask = _being_typed(verb, before)
    return () if ask is None else _begun(last, _values(verb, ask, keymap), head)


# --- what stands behind a name


def _case(word: str) -> Typed:
    try:
        return Typed("go", case_id=parse(word))
    except BadInput as fault:
        raise CommandFault(f"It {fault.why}") from None


def _act(bound: Bound, rest: str) -> Typed:
    takes = BY_NAME[bound.name].takes
    if rest and not takes:
        raise CommandFault(f"{bound.name} takes nothing behind it.")
    return Typed("bound", bound=bound, argument=rest)


def _verb(bound: Bound, bounds: Sequence[Bound], rest: str) -> Typed:
    """A verb with the fields that stand behind it, in their order or as name=value."""
    assert bound.verb is not None
    given: dict[str, str] = {}
    asks = [ask for ask in bound.verb.asks if bound.name != "propose" or ask.name in ("action", "reason")]
    if bound.value is not None:
        asks = [ask for ask in asks if ask.name != "action"]
    names = {ask.name for ask in asks}
    left = list(asks)
    while rest:
        word, _, behind = rest.partition(" ")
        name, equals, value = word.partition("=")
        if equals and name in names:
            ask = next(ask for ask in asks if ask.name == name)
            rest = f"{value} {behind}".strip() if ask.kind in _TAKES_ALL else behind.strip()
            given[name] = value if ask.kind not in _TAKES_ALL else rest
            rest = "" if ask.kind in _TAKES_ALL else rest
            left = [each for each in left if each.name != name]
            continue
        if not left:
            raise CommandFault(f"{bound.called} takes {_shape(asks)}.")
        ask = left.pop(0)
        given[ask.name], rest = (rest, "") if ask.kind in _TAKES_ALL or not left else (word, behind.strip())
    # Of two verbs that take turns on a key, a name means one.
    return Typed("bound", bound=replace(_chosen(bound, bounds, given), turns=None), given=given)


def _chosen(bound: Bound, bounds: Sequence[Bound], given: dict[str, str]) -> Bound:
    """The way to do it that the first field means: a digit, or what it stands for; `given` is put right for it."""
    verb = bound.verb
    assert verb is not None
    if verb.verb == "propose" and "action" in given:
        action = given.pop("action").replace("-", "_")
        found = next((each for each in bounds if each.value == action), None)
        if found is None:
            raise CommandFault(f"There is no action {action}; d shows them.")
        return found
    if verb.verb == "assign" and given.get("to") == "me":
        del given["to"]
        return next(each for each in bounds if each.value == "me")
    for ask in verb.asks:
        text = given.get(ask.name)
        if not ask.digits or text is None:
            continue
        span = _SPAN.fullmatch(text)
        value = str(int(span[1]) * _MINUTES[span[2]]) if span is not None and ask.kind == "minutes" else text
        value = ask.digits.get(value, value)
        found = next((each for each in bounds if each.value is not None and each.value == value.upper()), None)
        if found is None and ask.kind != "minutes":
            raise CommandFault(f"{bound.called} takes one of {', '.join(ask.digits.values())}.")
        if found is not None:
            del given[ask.name]
            return found
        given[ask.name] = value
    return bound


def _shape(asks: Sequence[Ask]) -> str:
    return " ".join(f"{ask.name}" for ask in asks) if asks else "nothing behind it"


def _nearest(name: str, keymap: Keymap) -> str:
    names = (*keymap.names(), *ALIASES, *(bound.value for bound in keymap.named("propose") if bound.value))
    near = get_close_matches(name, names, n=1)
    return f"There is no such command; the nearest is {near[0]}." if near else "There is no such command; ? shows them."


# --- completion


def _begun(typed: str, choices: Sequence[str], head: str) -> tuple[str, ...]:
    """Choices that start like what was typed, as whole lines; one that stands there whole is no news."""
    folded = typed.casefold()
    found = dict.fromkeys(each for each in choices if each.casefold().startswith(folded) and each != typed)
    return tuple(f"{head}{each}" for each in found)[:_OFFERED]


def _being_typed(verb: Verb, before: str) -> Ask | None:
    """The field that the last word of a line belongs to."""
    asks = [ask for ask in verb.asks if verb.verb != "propose" or ask.name in ("action", "reason")]
    at = len(before.split())
    return asks[at] if at < len(asks) else None


def _values(verb: Verb, ask: Ask, keymap: Keymap) -> Sequence[str]:
    if ask.kind == "action":
        return [bound.value for bound in keymap.named("propose") if bound.value]
    if ask.kind == "minutes":
        return ("15m", "1h", "4h")
    if ask.digits:
        return tuple(ask.digits.values())
    if ask.kind == "time":
        return ("now", "+30m", "+1h", "+2h")
    if ask.name == "to" and verb.verb == "assign":
        return ("me",)
    return CHOICES.get(ask.kind, ())
