"""Forms and cards of enforcement: everything from the catalogue, tier 4 typed, a second person named."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from casework.catalogue import Clause, Enforcement, shipped_actions
from casework.untrusted import Untrusted, visible
from client.views.bits import Line
from tests.tui.sample_floor import sketch
from tui.cards import Carded
from tui.enforcing import card_for, fields_for, not_in_service, proposal
from tui.forms import FieldFault
from tui.target import Target

SCHOOL = next(each for each in sketch() if each.case_id == "C-7F3A9K2M")
TARGET = Target("C-7F3A9K2M", 14, "S1")
ACTIONS = {name: replace(rules, in_service=True) for name, rules in shipped_actions().items()}
CLAUSES = {
    "VE-1": Clause(title="Credible threat", version="2026-10", text="\u2026", severity="S1"),
    "VE-2": Clause(title="Glorifying violence", version="2026-10", text="\u2026", severity="S2"),
}


def said(line: Line) -> str:
    return "".join(visible(text) if isinstance(text, Untrusted) else text for text, _ in line)


def card(name: str, values: dict[str, str], seen: Target = TARGET) -> Carded:
    rules = ACTIONS[name]
    command = proposal(name, rules, seen, SCHOOL, values, CLAUSES)
    return card_for(rules, command, seen, SCHOOL, CLAUSES)


def test_what_is_not_carried_out_says_so_and_what_to_do_instead() -> None:
    found = {name: not_in_service(name, rules) for name, rules in shipped_actions().items()}

    assert {name for name, why in found.items() if why is None} == {"no_action"}
    assert all("this version does not carry it out yet" in why for why in found.values() if why is not None)
    assert "contain" in (found["remove"] or "")
    assert "NCMEC" in (found["cybertip"] or "")


@pytest.mark.parametrize(("name", "rules"), ACTIONS.items())
def test_every_need_of_the_catalogue_is_asked_for(name: str, rules: Enforcement) -> None:
    asked = [field.ask.name for field in fields_for(name, rules, SCHOOL, CLAUSES)]

    assert set(rules.needs) - {"reason_code"} <= set(asked)
    assert asked[-1] == "reason"
    assert ("target" in asked) == (rules.scope in ("content", "account", "device", "any"))


def test_a_form_offers_what_the_case_has() -> None:
    fields = {field.ask.name: field for field in fields_for("suspend", ACTIONS["suspend"], SCHOOL, CLAUSES)}

    assert fields["target"].default == "account:u_8123"
    assert fields["policy"].choices == ("VE-1", "VE-2")
    assert fields["duration"].choices == ("1d", "3d", "7d")
    assert [f.default for f in fields_for("remove", ACTIONS["remove"], SCHOOL, CLAUSES) if f.ask.name == "target"] == [
        ""
    ]


def test_a_card_of_tier_3_says_who_what_why_and_whether_it_can_be_taken_back() -> None:
    values = {"target": "account:u_8123", "policy": "ve-1", "duration": "7", "notice": "withheld", "reason": "threat"}
    asked = card("suspend", values)
    lines = [said(line) for line in asked.body]

    assert said(asked.title) == 'Suspend the account  account u_8123 "northgate.kid"'
    assert said(asked.end) == "C-7F3A-9K2M \u00b7 v14"
    assert "policy    VE-1 Credible threat (2026-10)" in lines
    assert "duration  7d" in lines
    assert "reason    threat" in lines
    assert "touches   1 account \u00b7 can be taken back" in lines
    assert "evidence  3 pieces of content on the case, 3 up" in lines
    assert (asked.yes, asked.typed) == ("suspend", None)
    (intent,) = asked.intents
    assert (intent.case_id, intent.tier) == ("C-7F3A9K2M", 3)
    assert intent.command.expected_version == 14


def test_tier_4_wants_the_end_of_the_id_typed_and_names_the_second_person() -> None:
    values = {"target": "account:u_8123", "policy": "VE-1", "strikes": "3", "notice_or_why_none": "none", "reason": "x"}
    asked = card("ban", values)
    assert asked.typed == "9K2M"
    assert any("waits for another person of the role approver" in said(line) for line in asked.body)

    at_s0 = card("ban", values, Target("C-7F3A9K2M", 14, "S0"))
    assert any("goes at once; another person" in said(line) and "30m" in said(line) for line in at_s0.body)


def test_what_cannot_be_is_said_in_its_field() -> None:
    good = {"target": "account:u_8123", "policy": "VE-1", "duration": "7d", "notice": "sent", "reason": "x"}
    for name, text in (("target", "u_9"), ("policy", "XX"), ("duration", "9d"), ("notice", ""), ("reason", " ")):
        with pytest.raises(FieldFault) as fault:
            card("suspend", {**good, name: text})
        assert fault.value.name == name
