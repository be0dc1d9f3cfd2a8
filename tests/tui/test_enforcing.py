"""Forms and cards of enforcement: exactly what the rules ask for, tier 4 typed, nothing said that is not known."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from casework import actionfields
from casework.catalogue import Enforcement, shipped_actions
from casework.commands import Propose
from casework.model import Action, Case, Content, Subject
from casework.model import Target as ActionTarget
from casework.policy import defaults
from casework.untrusted import Untrusted, visible
from client.views.bits import Line
from protocol.answers import PreviewAnswer
from tests.tui.sample_floor import NOW, sketch, whole_case
from tui.actioncards import card_for, request_lines
from tui.actionforms import fields_for, proposal
from tui.cards import Carded
from tui.enforcing import not_in_service
from tui.forms import FieldFault
from tui.target import Target

SCHOOL = next(each for each in sketch() if each.case_id == "C-7F3A9K2M")
TARGET = Target("C-7F3A9K2M", 14, "S1")
ACTIONS = {name: replace(rules, in_service=True) for name, rules in shipped_actions().items()}
CLAUSES = dict(defaults().policies)
TYPED = {
    "yes": "yes",
    "count": "3",
    "hash": "A" * 64,
    "country": "de",
    "span": "3d",
    "time": "+2h",
    "word": "word",
    "text": "some words",
}
"""What a person types into a field that has nothing yet, by its kind."""


def said(line: Line) -> str:
    return "".join(visible(text) if isinstance(text, Untrusted) else text for text, _ in line)


def filled(name: str, case: Case, **typed: str) -> dict[str, str]:
    """The form as it stands, with what is typed, and something fitting wherever nothing stands."""
    needs = actionfields.asked(ACTIONS[name])
    values: dict[str, str] = {}
    for field in fields_for(name, ACTIONS[name], case, CLAUSES):
        need = needs.get(field.ask.name)
        fitting = field.choices[0] if field.choices else TYPED[need.kind] if need is not None else "kind:id_1"
        values[field.ask.name] = typed.get(field.ask.name) or field.default or fitting
    return {**values, "reason": "threat"}


def live_case() -> Case:
    """A whole case with one stream, one account and one action that stands."""
    standing = Action(
        action_id="a1",
        action="hide",
        target=ActionTarget(kind="stream", id="s_1"),
        policy="SH-1@2026-10",
        reason="r",
        fields={},
        state="verified",
        proposed_by="bo",
    )
    return replace(
        whole_case(),
        case_type="SSH",
        severity="S0",
        content=(Content(kind="stream", id="s_1", live=True, sha256="b" * 64),),
        subjects=(Subject(kind="account", id="u_1"),),
        actions=(standing,),
    )


@pytest.mark.parametrize("name", sorted(set(ACTIONS) - {"cybertip", "disclose", "refer", "no_action"}))
def test_a_form_makes_exactly_the_fields_that_the_rules_want(name: str) -> None:
    case = live_case()
    command = proposal(name, ACTIONS[name], TARGET, case, filled(name, case), CLAUSES, NOW)

    actionfields.check(ACTIONS[name], name, command.fields, NOW)
    assert set(command.fields) == set(actionfields.asked(ACTIONS[name]))
    assert 1 <= len(command.target.id) <= 200


def test_usual_values_stand_there_so_that_little_is_typed() -> None:
    case = live_case()
    empty = {
        name: [field.ask.name for field in fields_for(name, ACTIONS[name], case, CLAUSES) if not field.default]
        for name in ACTIONS
    }

    assert empty["hide"] == empty["suspend"] == empty["legal_hold"] == empty["welfare"] == empty["lock"] == ["reason"]
    assert empty["livecut"] == empty["remove"] == ["evidence_snapshot", "reason"]
    assert empty["ban"] == ["strikes", "reason"]
    assert empty["no_action"] == ["reason"]
    assert empty["restore"] == ["rca_tag", "reason"]


@pytest.mark.parametrize(
    ("case_type", "sub_type", "name", "likely"),
    [
        ("SSH", None, "livecut", "SH-1"),
        ("TTL", None, "remove", "VE-1"),
        ("DOX", None, "hide", "HB-1"),
        ("CSEA", "ENTICE", "ban", "CS-2"),
        ("CSEA", None, "quarantine", "CS-1"),
        ("NCII", "SEXT", "remove", "EX-3"),
        ("PRESS", None, "hide", ""),
    ],
)
def test_the_clause_that_is_likely_is_offered_first(
    case_type: str, sub_type: str | None, name: str, likely: str
) -> None:
    case = replace(live_case(), case_type=case_type, sub_type=sub_type, severity="S1")
    policy = next(each for each in fields_for(name, ACTIONS[name], case, CLAUSES) if each.ask.name == "policy")

    assert policy.default == likely
    assert set(policy.choices) == set(CLAUSES)
    assert not likely or policy.choices[0] == likely


def test_what_is_taken_back_stands_and_its_target_goes_with_it() -> None:
    case = live_case()
    command = proposal("restore", ACTIONS["restore"], TARGET, case, filled("restore", case), CLAUSES, NOW)
    assert (command.fields["which_action"], command.target.id) == ("a1", "s_1")

    gone = replace(case, actions=(replace(case.actions[0], reversed_by="a2"),))
    with pytest.raises(FieldFault):
        proposal("restore", ACTIONS["restore"], TARGET, gone, filled("restore", case), CLAUSES, NOW)


def offered(name: str, values: dict[str, str], seen: Target = TARGET) -> Propose:
    return proposal(name, ACTIONS[name], seen, SCHOOL, values, CLAUSES, NOW)


def card(name: str, values: dict[str, str], seen: Target = TARGET) -> Carded:
    rules = ACTIONS[name]
    return card_for(rules, offered(name, values, seen), seen, SCHOOL, CLAUSES, NOW)


def test_what_is_not_carried_out_says_so_and_what_to_do_instead() -> None:
    found = {name: not_in_service(name, rules) for name, rules in shipped_actions().items()}

    assert {name for name, why in found.items() if why is None} == {"no_action"}
    assert all("this version does not carry it out yet" in why for why in found.values() if why is not None)
    assert "contain" in (found["remove"] or "")
    assert "NCMEC" in (found["cybertip"] or "")


@pytest.mark.parametrize(("name", "rules"), ACTIONS.items())
def test_a_reason_is_always_asked_and_a_target_where_there_is_one(name: str, rules: Enforcement) -> None:
    asked = [field.ask.name for field in fields_for(name, rules, SCHOOL, CLAUSES)]

    assert asked[-1] == "reason"
    assert ("target" in asked) == (rules.scope in ("content", "account", "device", "outside") and name != "sweep")


def test_a_form_offers_what_the_case_has() -> None:
    fields = {field.ask.name: field for field in fields_for("suspend", ACTIONS["suspend"], SCHOOL, CLAUSES)}

    assert fields["target"].default == "account:u_8123"
    assert fields["duration"].choices == ("1d", "3d", "7d")
    assert fields["duration"].default == "7d"
    # Of three pieces of content none is chosen by itself.
    assert [f.default for f in fields_for("remove", ACTIONS["remove"], SCHOOL, CLAUSES) if f.ask.name == "target"] == [
        ""
    ]


VALUES = {"target": "account:u_8123", "policy": "ve-1", "duration": "7", "notice": "withheld", "reason": "threat"}


def test_a_card_of_tier_3_says_who_what_why_and_whether_it_can_be_taken_back() -> None:
    asked = card("suspend", VALUES)
    lines = [said(line) for line in asked.body]

    assert said(asked.title) == 'Suspend the account  account u_8123 "northgate.kid"'
    assert said(asked.end) == "C-7F3A-9K2M \u00b7 v14"
    assert f"policy    VE-1 Credible threat ({CLAUSES['VE-1'].version})" in lines
    assert "duration  7d" in lines
    assert "reason    threat" in lines
    assert "touches   not known yet: the platform is being asked" in lines
    assert "undone    can be taken back (du)" in lines
    assert "second    nobody else: it goes once you say so" in lines
    assert (asked.yes, asked.typed) == ("suspend", None)
    (intent,) = asked.intents
    assert (intent.case_id, intent.tier) == ("C-7F3A9K2M", 3)
    assert intent.command.expected_version == 14
    assert isinstance(intent.command, Propose)
    assert intent.command.policy == f"VE-1@{CLAUSES['VE-1'].version}"


def test_what_the_platform_says_stands_on_the_card_and_what_it_does_not_say_is_not_guessed() -> None:
    command = offered("suspend", VALUES)

    def lines(found: PreviewAnswer) -> list[str]:
        asked = card_for(ACTIONS["suspend"], command, TARGET, SCHOOL, CLAUSES, NOW, found)
        return [said(line) for line in asked.body]

    known = PreviewAnswer(
        available=True,
        counts={"video": 1, "reupload": 14},
        countries={"US": 9, "DE": 1, "FR": 5},
        strikes=2,
        prior=["hide", "suspend"],
    )
    assert "touches   1 video \u00b7 14 re-uploads \u00b7 3 countries" in lines(known)
    assert "undone    can be taken back (du) \u00b7 2 strikes \u00b7 earlier: hide, suspend" in lines(known)
    unknown = PreviewAnswer(available=False, why="it answered 503\x1b[31m")
    assert any(line.startswith("touches   not known: it answered 503") for line in lines(unknown))
    assert not any("\x1b" in line for line in lines(unknown))
    assert len(lines(known)) == len(lines(unknown)) == len(card("suspend", VALUES).body)


def test_tier_4_wants_the_end_of_the_id_typed_and_names_the_second_person() -> None:
    values = {"target": "account:u_8123", "policy": "VE-1", "strikes": "3", "notice_or_why_none": "none", "reason": "x"}
    asked = card("ban", values)
    assert asked.typed == "9K2M"
    assert any("waits for another approver" in said(line) for line in asked.body)

    at_s0 = card("ban", values, Target("C-7F3A9K2M", 14, "S0"))
    assert any("goes at once; another approver has to look at it until 13:11 Z" in said(line) for line in at_s0.body)


def test_what_is_removed_says_whether_it_is_preserved() -> None:
    case = replace(live_case(), actions=())
    command = proposal("remove", ACTIONS["remove"], TARGET, case, filled("remove", case), CLAUSES, NOW)

    def kept(case: Case) -> str:
        asked = card_for(ACTIONS["remove"], command, TARGET, case, CLAUSES, NOW)
        return next(said(line) for line in asked.body if said(line).startswith("kept"))

    assert kept(case) == "kept      not preserved: dp comes first"
    hold = replace(live_case().actions[0], action="legal_hold", state="sent")
    assert kept(replace(case, actions=(hold,))) == "kept      preserved by a1, sent"


def test_whoever_decides_sees_the_whole_request() -> None:
    case = live_case()
    action = replace(
        case.actions[0],
        action="ban",
        state="proposed",
        policy=f"SH-1@{CLAUSES['SH-1'].version}",
        fields={"strikes": 2, "notice_or_why_none": "none: safety"},
    )
    lines = [said(line) for line in request_lines(action, case, CLAUSES, None)]

    assert "target    stream s_1" in lines
    assert any(line.startswith("policy    SH-1 Imminent suicide") for line in lines)
    assert {"strikes   2", "notice or none: safety", "reason    r"} <= set(lines)
    assert "touches   not known yet: the platform is being asked" in lines


@pytest.mark.parametrize(
    ("name", "field", "text"),
    [
        ("suspend", "target", "u_9"),
        ("suspend", "policy", "XX"),
        ("suspend", "duration", "9d"),
        ("suspend", "notice", ""),
        ("suspend", "reason", " "),
        ("ban", "strikes", "many"),
        ("ban", "strikes", "9999999"),
        ("device_block", "target", "d_1"),
        ("device_block", "expiry", "now"),
        ("geoblock", "country", "Germany"),
        ("share_hash", "evidence_viewed", "no"),
        ("quarantine", "hash", "abc"),
        ("lock", "reason_code", "two words"),
        ("legal_hold", "term", "forever"),
    ],
)
def test_what_cannot_be_is_said_in_its_field(name: str, field: str, text: str) -> None:
    case = live_case()
    with pytest.raises(FieldFault) as fault:
        proposal(name, ACTIONS[name], TARGET, case, {**filled(name, case), field: text}, CLAUSES, NOW)
    assert fault.value.name == field
    assert fault.value.why.endswith(".")
