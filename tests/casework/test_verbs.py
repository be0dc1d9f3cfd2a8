"""The one catalogue of verbs agrees with the commands, with the keys of the console, and with itself."""

import re
from collections import defaultdict

import msgspec
import pytest

from casework.commands import COMMANDS, NEVER_STALE
from casework.policy import defaults
from casework.verbs import VERBS, Verb

#: The console document's table of keys.
KEYS = {
    "a": {"claim"},
    "n": {"note"},
    "f": {"set_factors"},
    "C": {"log_contact"},
    "U": {"post_update"},
    "D": {"resolve"},
    "l": {"link"},
    "z": {"undo"},
    "e": {"escalate"},
    "s": {"snooze"},
    "p": {"set_severity"},
    "t": {"assign"},
    "m": {"merge"},
    "of": {"triage"},
    "ol": {"release"},
    "oc": {"contain"},
    "oi": {"investigate"},
    "ow": {"await_external", "resume"},
    "oh": {"hold", "unhold"},
    "ov": {"waive"},
    "ox": {"discard"},
    "oo": {"reopen"},
    "ou": {"unmerge"},
    "os": {"unsnooze"},
    "oa": {"add_task"},
    "od": {"complete_task"},
    "oz": {"cancel"},
    "oy": {"confirm"},
    "ob": {"busy"},
    "og": {"break_glass"},
    "oG": {"grant"},
    "oH": {"offer_handover", "accept_handover"},
    "y": {"approve"},
    "R": {"reject"},
    "space": {"tick"},
    "d": {"propose"},
}
#: Keys of movement and views that no verb may take while the queue or a case has them.
TAKEN = set("cbBjkgGuJKxvriAYLSwq0123456789/*:?")


def test_every_command_has_exactly_one_verb() -> None:
    assert set(VERBS) == set(COMMANDS)
    assert all(name == verb.verb for name, verb in VERBS.items())


def test_keys_are_those_of_the_console() -> None:
    found: dict[str, set[str]] = defaultdict(set)
    for verb in VERBS.values():
        for key in verb.keys:
            found[key].add(verb.verb)
    assert found == KEYS


def test_keys_do_not_collide() -> None:
    owners: dict[tuple[str, str], list[Verb]] = defaultdict(list)
    for verb in VERBS.values():
        for key in (*verb.keys, *verb.opening_keys):
            owners[verb.where, key].append(verb)
    for (_, key), verbs in owners.items():
        if len(verbs) > 1:
            assert {verb.turns_with for verb in verbs} == {verb.verb for verb in verbs}, key
            assert len(verbs) == 2
    prefixes = {key[0] for _, key in owners if len(key) == 2}
    at_once = {key for where, key in owners if where == "case" and len(key) == 1}
    assert prefixes == {"o"}
    assert not prefixes & at_once
    assert at_once & TAKEN == {"c"}  # claim and open
    assert VERBS["claim"].opening_keys == ("c",)


def test_turns_are_mutual() -> None:
    for verb in VERBS.values():
        if verb.turns_with is not None:
            assert VERBS[verb.turns_with].turns_with == verb.verb
            assert VERBS[verb.turns_with].keys == verb.keys


def test_keys_that_terminals_and_people_lose_are_never_bound() -> None:
    actions = [action.key for action in defaults().actions.values()]
    keys = [key for verb in VERBS.values() for key in verb.keys] + actions
    assert all(re.fullmatch(r"[A-Za-z0-9]{1,2}|space", key) for key in keys)
    assert len(set(actions)) == len(actions)
    assert "dd" not in actions
    assert all(key.startswith("d") and len(key) == 2 for key in actions)


@pytest.mark.parametrize("verb", VERBS.values(), ids=lambda verb: verb.verb)
def test_fields_asked_are_those_of_the_command(verb: Verb) -> None:
    fields = {
        field.name: field
        for field in msgspec.structs.fields(COMMANDS[verb.verb])
        if field.name not in ("expected_version", "context")
    }
    assert [ask.name for ask in verb.asks] == list(fields)
    for ask in verb.asks:
        needed = fields[ask.name].required
        # The reference may be empty but not left out: the form need not insist.
        assert ask.required is needed or ask.name == "reference"


@pytest.mark.parametrize("verb", VERBS.values(), ids=lambda verb: verb.verb)
def test_titles_are_plain_imperatives(verb: Verb) -> None:
    assert re.fullmatch(r"[A-Z][a-z]+( [A-Za-z]+)*", verb.title)
    assert verb.title.split()[0] not in ("The", "A", "To")
    assert len(verb.title) <= 60


def test_what_makes_a_verb_stale() -> None:
    by_class: dict[str, set[str]] = defaultdict(set)
    for verb in VERBS.values():
        by_class[verb.stale_class].add(verb.verb)
    assert by_class["never"] == NEVER_STALE
    assert by_class["outside"] == {verb.verb for verb in VERBS.values() if verb.tier >= 3}
    assert by_class["outside"] == {"propose", "approve", "confirm"}


def test_what_can_be_undone() -> None:
    assert {verb.verb for verb in VERBS.values() if verb.undoable} == {
        "claim",
        "release",
        "snooze",
        "unsnooze",
        "assign",
        "tick",
        "set_factors",
        "set_severity",
        "note",
    }
    assert all(verb.tier == 1 for verb in VERBS.values() if verb.undoable or verb.bulk)


def test_verb_and_digit() -> None:
    digits = {verb.verb: ask.digits for verb in VERBS.values() for ask in verb.asks if ask.digits}
    assert digits == {
        "escalate": {"1": "1", "2": "2", "3": "3", "4": "4", "5": "5"},
        "snooze": {"1": "15", "2": "60", "3": "240"},
        "set_severity": {"0": "S0", "1": "S1", "2": "S2", "3": "S3", "4": "S4"},
    }
