"""The one table of keys: the console document's, and what a configuration may make of it."""

from __future__ import annotations

import pytest

from casework.catalogue import shipped_actions
from casework.verbs import VERBS
from tui.acts import ACTS
from tui.keymap import KeyCollision, Keymap, KeymapFault, KeyNeverBound, UnknownName
from tui.keynames import NEVER_BOUND, spelled

KEYMAP = Keymap()


def where(keymap: Keymap, keys: str) -> str:
    bound = keymap.get(tuple(keys))
    assert bound is not None, keys
    return bound.called


def test_every_verb_and_act_and_action_has_a_name_of_its_own() -> None:
    names = [act.name for act in ACTS] + list(VERBS) + list(shipped_actions())

    assert len(set(names)) == len(names)


def test_every_verb_has_keys_in_its_place() -> None:
    bound = {(bound.name, place) for place in ("case", "approvals", "runbook") for _, bound in KEYMAP.all(place)}
    turned = {verb.turns_with for verb in VERBS.values()}

    assert {(name, verb.where) for name, verb in VERBS.items() if name not in turned} <= bound


def test_every_action_of_the_catalogue_has_its_key() -> None:
    assert {where(KEYMAP, rules.key): rules.key for rules in shipped_actions().values()} == {
        name: rules.key for name, rules in shipped_actions().items()
    }
    assert KEYMAP.get(("d", "d")) is None
    # A capital cannot be recalled.
    capitals = {rules.tier for rules in shipped_actions().values() if rules.key[1].isupper()}
    assert capitals == {4}


def test_a_single_key_and_a_key_behind_a_prefix_can_be_remapped() -> None:
    keymap = Keymap({"claim": "V", "legal_hold": "do", "down": "h", "claim_open": "W", "view_late": "X"})

    assert [where(keymap, keys) for keys in ("V", "do", "h", "W", "X")] == [
        "claim",
        "legal_hold",
        "down",
        "claim_open",
        "view_late",
    ]
    assert keymap.get(("a",)) is None
    assert keymap.get(("d", "p")) is None
    assert keymap.get(("down",)) is not None, "the arrow stays"


def test_a_prefix_moves_with_all_that_follows_it() -> None:
    keymap = Keymap({"propose": "W", "escalate": "E"})

    assert where(keymap, "Ws") == "suspend"
    assert where(keymap, "E5") == "escalate"
    assert not keymap.is_prefix("d")


@pytest.mark.parametrize(
    ("remap", "first", "second"),
    [
        ({"claim": "n"}, "claim", "note"),
        ({"claim": "e"}, "claim", "escalate"),
        ({"claim": "o"}, "claim", "triage"),
        ({"down": "d"}, "down", "hide"),
        ({"claim": "3"}, "view_unowned", "claim"),
        ({"legal_hold": "ds"}, "suspend", "legal_hold"),
        ({"release": "of"}, "triage", "release"),
        ({"snooze": "e"}, "escalate", "snooze"),
        ({"claim_open": "j"}, "down", "claim_open"),
        ({"claim": "b", "note": "b"}, "next_late", "claim"),
    ],
)
def test_a_collision_is_refused_with_both_names(remap: dict[str, str], first: str, second: str) -> None:
    with pytest.raises(KeyCollision) as fault:
        Keymap(remap)

    assert {fault.value.first, fault.value.second} == {first, second}
    assert first in str(fault.value)
    assert second in str(fault.value)


@pytest.mark.parametrize("key", [*sorted(NEVER_BOUND), "alt+x", "y"])
def test_some_keys_stay_free(key: str) -> None:
    with pytest.raises(KeyNeverBound) as fault:
        Keymap({"claim": key})

    assert fault.value.name == "claim"


@pytest.mark.parametrize("key", ["ctrl+d", "ctrl+k"])
def test_keys_that_fingers_find_by_accident_do_nothing_that_hurts(key: str) -> None:
    with pytest.raises(KeymapFault, match="by accident"):
        Keymap({"merge": key, "half_down": "ctrl+n"})


@pytest.mark.parametrize(
    ("remap", "says"),
    [
        ({"klaim": "w"}, "the nearest is claim"),
        ({"preserve": "dp"}, "nothing is called 'preserve'"),
        ({"claim": "crtl+x"}, "is no key"),
        ({"claim": "abc"}, "is no key"),
        ({"claim": " "}, "is no key"),
        ({"back": "x"}, "back keeps the key Esc"),
        ({"escalate": "oe"}, "followed by a second key"),
    ],
)
def test_what_cannot_be_says_what_to_change(remap: dict[str, str], says: str) -> None:
    with pytest.raises(KeymapFault, match=says):
        Keymap(remap)
    if "nothing is called" in says:
        with pytest.raises(UnknownName):
            Keymap(remap)


def test_function_keys_are_one_key() -> None:
    assert Keymap({"claim": "f5"}).get(("f5",)) is not None


def test_keys_are_spelled_as_people_write_them() -> None:
    assert [spelled(keys) for keys in (("d", "p"), ("ctrl+l",), ("e", "enter"), ("space",))] == [
        "dp",
        "ctrl+l",
        "e Enter",
        "Space",
    ]
