"""Behind `:` stands everything that a key does, by its name, and more: fields, spans, cases; Tab completes it."""

from __future__ import annotations

import pytest

from casework.catalogue import shipped_actions
from casework.verbs import VERBS
from tui.acts import ACTS
from tui.commandline import ALIASES, CommandFault, Typed, complete, read
from tui.keymap import Keymap
from tui.questions import filters

KEYMAP = Keymap()
VIEWS = ("all", "mine", "unowned", "late")


def verb(text: str) -> tuple[str, str | None, dict[str, str]]:
    typed = read(text, KEYMAP)
    assert typed.bound is not None
    return typed.bound.name, typed.bound.value, dict(typed.given)


def offered(text: str) -> tuple[str, ...]:
    return complete(text, KEYMAP, VIEWS, filters)


@pytest.mark.parametrize("name", [*VERBS, *(act.name for act in ACTS)])
def test_every_verb_and_act_is_reached_by_its_name(name: str) -> None:
    typed = read(name, KEYMAP)

    assert typed.bound is not None
    assert (typed.bound.name, typed.bound.turns) == (name, None)


@pytest.mark.parametrize("action", shipped_actions())
def test_every_action_is_reached_by_its_name(action: str) -> None:
    assert verb(action) == ("propose", action, {})
    assert verb(f"propose {action} they asked") == ("propose", action, {"reason": "they asked"})


@pytest.mark.parametrize(("word", "name"), ALIASES.items())
def test_shorter_words(word: str, name: str) -> None:
    assert read(word, KEYMAP).bound == read(name, KEYMAP).bound


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("escalate 2", ("escalate", "2", {})),
        ("escalate 2 they ask twice", ("escalate", "2", {"reason": "they ask twice"})),
        ("snooze 1h", ("snooze", "60", {})),
        ("snooze 3", ("snooze", "240", {})),
        ("snooze 90m", ("snooze", None, {"minutes": "90"})),
        ("severity s0", ("set_severity", "S0", {})),
        ("severity 3 a hoax", ("set_severity", "S3", {"reason": "a hoax"})),
        ("note told the school, again", ("note", None, {"text": "told the school, again"})),
        ("assign bo", ("assign", None, {"to": "bo"})),
        ("assign me", ("assign", "me", {})),
        ("merge C-7F3A-9K2M", ("merge", None, {"into": "C-7F3A-9K2M"})),
        ("resolve removed it is down", ("resolve", None, {"outcome": "removed", "reason": "it is down"})),
        ("log_contact party=police outcome=they are on it", (
            "log_contact", None, {"party": "police", "outcome": "they are on it"},
        )),
        ("no-action satire", ("propose", "no_action", {"reason": "satire"})),
    ],
)  # fmt: skip
def test_what_stands_behind_a_verb(text: str, means: tuple[str, str | None, dict[str, str]]) -> None:
    assert verb(text) == means


def test_cases_views_and_filters() -> None:
    assert read("c-7f3a-9k2m", KEYMAP) == read("go C-7F3A-9K2M", KEYMAP) == Typed("go", case_id="C-7F3A9K2M")
    assert read("view late", KEYMAP) == Typed("view", view="late")
    assert read("filter sev:0 is:unowned", KEYMAP).argument == "sev:0 is:unowned"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "Write a case id"),
        ("klaim", "the nearest is claim"),
        ("xyzzy", "\\? shows them"),
        ("escalate 9", "takes one of 1, 2, 3, 4, 5"),
        ("propose fly", "no action fly"),
        ("C-1", "It "),
        ("down 3", "takes nothing behind it"),
        ("claim now", "takes nothing behind it"),
    ],
)
def test_what_cannot_be_says_what_can(text: str, says: str) -> None:
    with pytest.raises(CommandFault, match=says):
        read(text, KEYMAP)


def test_completion() -> None:
    assert offered("esc") == ("escalate",)
    assert offered("view ") == ("view all", "view mine", "view unowned", "view late")
    assert offered("escalate ") == tuple(f"escalate {digit}" for digit in "12345")
    assert offered("waive ver") == ("waive verify",)
    assert offered("propose sus") == ("propose suspend",)
    assert offered("snooze 1") == ("snooze 15m", "snooze 1h")
    assert "filter sev:0 type:csea" in offered("filter sev:0 type:cs")
    assert offered("note told ") == ()


@pytest.mark.parametrize("name", [*VERBS, *(act.name for act in ACTS)])
def test_a_name_that_is_begun_is_offered(name: str) -> None:
    assert name in [*offered(name[:-1]), *offered(name[:2]), *offered(name[: len(name) // 2])]
