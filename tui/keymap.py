"""Which keys do what: the catalogue of verbs and the console's own acts in one table, checked when it is made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from casework.verbs import VERBS, Verb
from tui.acts import ACTS

Sequence = tuple[str, ...]

NEVER_BOUND: Final[frozenset[str]] = frozenset(
    {
        *("ctrl+a", "ctrl+b", "ctrl+s", "ctrl+q", "ctrl+h", "ctrl+i", "ctrl+m", "ctrl+left_square_bracket"),
        *("ctrl+space", "ctrl+@", "ctrl+backslash", "ctrl+z", "f1", "f10", "f11", "~"),
    }
)
"""Keys that terminals, multiplexers and screen readers keep for themselves; alt+letter besides."""

_NAMES: Final[dict[str, str]] = {
    "enter": "Enter",
    "escape": "Esc",
    "space": "Space",
    "up": "Up",
    "down": "Down",
    "home": "Home",
    "end": "End",
    "pageup": "PgUp",
    "pagedown": "PgDn",
}

ACTIONS: Final[dict[str, str]] = {"0": "no_action"}
"""Second keys after `d` that work yet: the enforcement action of each."""


@dataclass(frozen=True, slots=True)
class Bound:
    """What a key sequence does: a verb (with what the last key chose) or one of the console's acts."""

    name: str
    title: str
    verb: Verb | None = None
    turns: Verb | None = None
    """The verb that takes turns with it on the same keys."""
    value: str | None = None
    """What the digit or letter stands for."""
    opens: bool = False
    """Open the case after it."""


class KeyCollision(ValueError):
    """Two things want the same keys; says both names."""

    def __init__(self, keys: Sequence, first: str, second: str) -> None:
        self.keys, self.first, self.second = keys, first, second
        super().__init__(f"the key {spelled(keys)} is wanted by {first} and by {second}; give one of them another key")


class KeyNeverBound(ValueError):
    """A key that must stay free was asked for."""

    def __init__(self, key: str, name: str) -> None:
        self.key, self.name = key, name
        super().__init__(f"{name} cannot have the key {key}: terminals keep it for themselves; choose another")


def spelled(keys: Iterable[str]) -> str:
    """Keys as they are written: `dp`, `ctrl+l`, `Enter`, `e Enter`."""
    written = [_NAMES.get(key, key) for key in keys]
    return ("" if all(len(key) == 1 for key in written) else " ").join(written)


def split(key: str) -> Sequence:
    """A key of the catalogue as the keys to press: two characters are a prefix and what follows, but for `up`."""
    return tuple(key) if len(key) == 2 and key != "up" else (key,)


class Keymap:
    """Sequences of one or two keys. Raises `KeyCollision` or `KeyNeverBound` when it cannot be made."""

    def __init__(self, remap: Mapping[str, str] | None = None) -> None:
        self._bound: dict[Sequence, Bound] = {}
        remap = remap or {}
        for act in ACTS:
            for key in (remap[act.name],) if act.name in remap else act.keys:
                self._add(split(key), Bound(name=act.name, title=act.title))
        for verb in VERBS.values():
            if verb.where != "case":
                continue
            for key in (remap[verb.verb],) if verb.verb in remap else verb.keys:
                self._add_verb(split(key), verb)
            for key in verb.opening_keys:
                self._add(split(key), Bound(name=verb.verb, title=f"{verb.title} and open it", verb=verb, opens=True))
        for prefix in {keys[:1] for keys in self._bound if len(keys) == 2}:
            if prefix in self._bound:
                follower = next(bound for keys, bound in self._bound.items() if len(keys) == 2 and keys[:1] == prefix)
                raise KeyCollision(prefix, self._bound[prefix].name, follower.name)

    def get(self, keys: Sequence) -> Bound | None:
        """What the whole sequence does."""
        return self._bound.get(keys)

    def is_prefix(self, key: str) -> bool:
        """Whether something may follow `key`."""
        return any(len(keys) == 2 and keys[0] == key for keys in self._bound)

    def follows(self, prefix: str) -> tuple[tuple[str, Bound], ...]:
        """What may follow `prefix`, in the catalogue's order."""
        return tuple((keys[1], bound) for keys, bound in self._bound.items() if len(keys) == 2 and keys[0] == prefix)

    def all(self) -> tuple[tuple[Sequence, Bound], ...]:
        """Every sequence with what it does."""
        return tuple(self._bound.items())

    def keys_of(self, name: str, value: str | None = None) -> str:
        """How to press `name`, spelled; empty if it has no keys."""
        for keys, bound in self._bound.items():
            if bound.name == name and not bound.opens and (value is None or bound.value == value):
                return spelled(keys)
        return ""

    def _add_verb(self, keys: Sequence, verb: Verb) -> None:
        turns = VERBS.get(verb.turns_with) if verb.turns_with else None
        digits = next((ask.digits for ask in verb.asks if ask.digits), {})
        bound = Bound(name=verb.verb, title=verb.title, verb=verb, turns=turns)
        if digits:
            for digit, value in digits.items():
                self._add((*keys, digit), Bound(name=verb.verb, title=verb.title, verb=verb, value=value))
        elif verb.verb == "assign":
            self._add((*keys, "m"), Bound(name="assign", title="Assign to me", verb=verb, value="me"))
            self._add((*keys, "o"), Bound(name="assign", title="Assign to somebody", verb=verb))
        elif verb.verb == "propose":
            for key, action in ACTIONS.items():
                title = action.replace("_", " ").capitalize()
                self._add((*keys, key), Bound(name="propose", title=title, verb=verb, value=action))
        else:
            self._add(keys, bound)

    def _add(self, keys: Sequence, bound: Bound) -> None:
        for key in keys:
            if key in NEVER_BOUND or key.startswith("alt+"):
                raise KeyNeverBound(key, bound.name)
        held = self._bound.get(keys)
        if held is None:
            self._bound[keys] = bound
        elif held.verb is None or held.verb.turns_with != bound.name:
            raise KeyCollision(keys, held.name, bound.name)
