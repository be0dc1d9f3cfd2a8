"""Which keys do what: the catalogue of verbs, of enforcement and the console's own acts in one table.

It is checked when it is made, so that a configuration that makes two things fight for a key never starts a console.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Final

from msgspec import Struct

from casework.catalogue import Enforcement, shipped_actions
from casework.tokens import Tier
from casework.verbs import VERBS, Verb, Where
from tui.acts import ACTS, FIXED
from tui.keynames import NEVER_BOUND, NEVER_DESTRUCTIVE, is_key, spelled, split

Sequence = tuple[str, ...]

OPENER: Final = "claim_open"
"""What the configuration calls claiming a case and opening it."""


class Bound(Struct, frozen=True):
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
    tier: Tier = 1
    """How it is guarded; of an enforcement action, the action's own."""

    @property
    def called(self) -> str:
        """The name that the configuration and a collision use."""
        if self.name == "propose" and self.value is not None:
            return self.value
        return OPENER if self.opens else self.name


class KeymapFault(ValueError):
    """A configuration of keys that cannot be; `str()` says what to change."""


class KeyCollision(KeymapFault):
    """Two things want the same keys; says both names."""

    def __init__(self, keys: Sequence, first: str, second: str) -> None:
        self.keys, self.first, self.second = keys, first, second
        super().__init__(f"the key {spelled(keys)} is wanted by {first} and by {second}; give one of them another key")


class KeyNeverBound(KeymapFault):
    """A key that must stay free was asked for."""

    def __init__(self, key: str, name: str, why: str = "terminals keep it for themselves") -> None:
        self.key, self.name = key, name
        super().__init__(f"{name} cannot have the key {key}: {why}; choose another")


class UnknownName(KeymapFault):
    """A key was given to something that there is not."""

    def __init__(self, name: str, names: Iterable[str]) -> None:
        self.name = name
        near = get_close_matches(name, list(names), n=1)
        super().__init__(f"nothing is called {name!r}" + (f"; the nearest is {near[0]}" if near else ""))


class Keymap:
    """Sequences of one or two keys, by place. `remap`: name to key, as configured. Raises `KeymapFault`.

    In the place of a runbook its own keys come before those of the case; the approvals have only their own.
    """

    def __init__(
        self, remap: Mapping[str, str] | None = None, *, actions: Mapping[str, Enforcement] | None = None
    ) -> None:
        self._placed: dict[Where, dict[Sequence, Bound]] = {"case": {}, "approvals": {}, "runbook": {}}
        self._named: dict[str, list[Bound]] = {}
        self._remap = dict(remap or {})
        self._actions = shipped_actions() if actions is None else actions
        self._check_names()
        for act in ACTS:
            self._place(act.name, act.keys, Bound(name=act.name, title=act.title))
        for verb in VERBS.values():
            self._add_verb(verb)
        for bound_here in self._placed.values():
            _check_prefixes(bound_here)

    def get(self, keys: Sequence, where: Where = "case") -> Bound | None:
        """What the whole sequence does there."""
        found = self._placed[where].get(keys)
        return self._placed["case"].get(keys) if found is None and where == "runbook" else found

    def is_prefix(self, key: str) -> bool:
        """Whether something may follow `key`."""
        return any(len(keys) == 2 and keys[0] == key for keys in self._placed["case"])

    def follows(self, prefix: str) -> tuple[tuple[str, Bound], ...]:
        """What may follow `prefix`, in the catalogue's order."""
        here = self._placed["case"]
        return tuple((keys[1], bound) for keys, bound in here.items() if len(keys) == 2 and keys[0] == prefix)

    def all(self, where: Where = "case") -> tuple[tuple[Sequence, Bound], ...]:
        """Every sequence with what it does."""
        return tuple(self._placed[where].items())

    def named(self, name: str) -> tuple[Bound, ...]:
        """What is called `name`, in every form it has, with keys or without; the one that asks for all comes last."""
        return tuple(self._named.get(name, ()))

    def names(self) -> tuple[str, ...]:
        """Every name of a verb or an act."""
        return tuple(self._named)

    def keys_of(self, name: str, value: str | None = None) -> str:
        """How to press `name`, spelled; empty if it has no keys."""
        for where in self._placed.values():
            for keys, bound in where.items():
                if bound.name == name and not bound.opens and (value is None or bound.value == value):
                    return spelled(keys)
        return ""

    # --- making it

    def _check_names(self) -> None:
        known = {act.name for act in ACTS} | set(VERBS) | set(self._actions) | {OPENER}
        for name, key in self._remap.items():
            if name not in known:
                raise UnknownName(name, known)
            if name in FIXED:
                raise KeymapFault(f"{name} keeps the key {spelled(FIXED[name])}: it always has to lead back")
            for each in split(key):
                if each in NEVER_BOUND or each.startswith("alt+"):
                    raise KeyNeverBound(each, name)
                if not is_key(each):
                    raise KeymapFault(f"{name} = {key!r} is no key: write one character, two, or a name such as ctrl+e")
                if each == "y" and name != "approve" and len(split(key)) == 1:
                    raise KeyNeverBound(each, name, "it means yes, and only on a card")

    def _keys(self, name: str, keys: tuple[str, ...]) -> tuple[str, ...]:
        """The keys of `name`: a configured one stands for the first; arrows and other named keys stay beside it."""
        if name not in self._remap:
            return keys
        return (self._remap[name], *(key for key in keys[1:] if len(key) > 2 or key == "up"))

    def _place(self, name: str, keys: tuple[str, ...], bound: Bound, where: Where = "case") -> None:
        self._named.setdefault(bound.name, []).append(bound)
        for key in self._keys(name, keys):
            self._add(split(key), bound, where)

    def _add_verb(self, verb: Verb) -> None:
        turns = VERBS.get(verb.turns_with) if verb.turns_with else None
        digits = next((ask.digits for ask in verb.asks if ask.digits), {})
        bound = Bound(name=verb.verb, title=verb.title, verb=verb, turns=turns, tier=verb.tier)
        if digits or verb.verb in ("assign", "propose"):
            for key in self._keys(verb.verb, verb.keys):
                if len(split(key)) > 1:
                    raise KeymapFault(f"{verb.verb} is followed by a second key, so its own can be only one, not {key}")
                self._add_choices(key, verb, digits)
            self._named.setdefault(verb.verb, []).append(bound)
        else:
            self._place(verb.verb, verb.keys, bound, verb.where)
        if verb.opening_keys:
            opening = Bound(name=verb.verb, title=f"{verb.title} and open it", verb=verb, opens=True, tier=verb.tier)
            self._place(OPENER, verb.opening_keys, opening)

    def _add_choices(self, key: str, verb: Verb, digits: Mapping[str, str]) -> None:
        """The second keys of a verb: digits, a person, or the enforcement actions."""
        for digit, value in digits.items():
            self._choice((key, digit), Bound(verb.verb, verb.title, verb, value=value, tier=verb.tier))
        if verb.verb == "assign":
            self._choice((key, "m"), Bound("assign", "Assign to me", verb, value="me", tier=verb.tier))
            self._add((key, "o"), Bound("assign", "Assign to somebody", verb, tier=verb.tier))
        elif verb.verb == "propose":
            for action, rules in self._actions.items():
                own = self._remap.get(action)
                keys = (key, rules.key[1]) if own is None else split(own)
                self._choice(keys, Bound("propose", rules.title, verb, value=action, tier=rules.tier))

    def _choice(self, keys: Sequence, bound: Bound) -> None:
        self._named.setdefault(bound.name, []).append(bound)
        self._add(keys, bound)

    def _add(self, keys: Sequence, bound: Bound, where: Where = "case") -> None:
        for key in keys:
            if key in NEVER_BOUND or key.startswith("alt+"):
                raise KeyNeverBound(key, bound.called)
        if bound.tier >= 2 and keys[-1] in NEVER_DESTRUCTIVE:
            raise KeyNeverBound(keys[-1], bound.called, "fingers find it by accident")
        here = self._placed[where]
        held = here.get(keys)
        if held is None:
            here[keys] = bound
        elif held.verb is None or held.verb.turns_with != bound.name:
            raise KeyCollision(keys, held.called, bound.called)


def _check_prefixes(bound_here: Mapping[Sequence, Bound]) -> None:
    """A key that does something cannot be a prefix as well."""
    for keys, follower in bound_here.items():
        alone = bound_here.get(keys[:1]) if len(keys) == 2 else None
        if alone is not None:
            raise KeyCollision(keys[:1], alone.called, follower.called)
