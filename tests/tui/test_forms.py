"""Forms: what a verb asks for, sensible defaults, and what was typed as the command that is sent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from casework.commands import (
    AddTask,
    AwaitExternal,
    CompleteTask,
    Link,
    LogContact,
    PostUpdate,
    Resolve,
    SetFactors,
    SetSeverity,
    Waive,
)
from casework.verbs import VERBS
from tests.tui.sample_floor import HOUR, MINUTE, NOW, sketch, whole_case
from tui.forms import FieldFault, command_of, complete_factors, fields_of, parse_time

SCHOOL = next(each for each in sketch() if each.case_id == "C-7F3A9K2M")


def defaults(verb: str, value: str | None = None) -> dict[str, str]:
    return {field.ask.name: field.default for field in fields_of(VERBS[verb], SCHOOL, me="ana", value=value)}


def command(verb: str, **typed: str) -> object:
    return command_of(VERBS[verb], typed, version=14, now=NOW)


def test_defaults_are_what_is_known() -> None:
    assert defaults("triage") == {"case_type": "TTL", "severity": "S1", "imminence": "24h", "evidence": ""}
    assert defaults("set_factors")["factors"] == "imminence=24h harm=death vulnerability=minor specificity=3"
    assert defaults("add_task") == {"text": "", "owner": "ana", "due_at": "+1h"}
    assert defaults("log_contact")["at"] == "now"
    assert defaults("link")["relation"] == "related"


def test_what_the_key_said_is_not_asked_again() -> None:
    assert defaults("escalate", "1") == {}
    assert defaults("snooze", "15") == {}
    assert defaults("assign", "me") == {}
    assert defaults("set_severity", "S0") == {}
    assert list(defaults("set_severity", "S3")) == ["reason"]
    assert list(defaults("propose", "no_action")) == ["reason"]


def test_a_task_is_chosen_by_its_number() -> None:
    case = whole_case()
    task = case.tasks[0]
    verb = VERBS["complete_task"]
    one = fields_of(verb, case, me="ana")[0]
    assert (one.default, one.choices) == ("t1", ("t1",))
    several = replace(case, tasks=(task, replace(task, task_id="t2"), replace(task, task_id="t3", done_at=NOW)))
    two = fields_of(verb, several, me="ana")[0]
    assert (two.default, two.choices) == ("", ("t1", "t2"))
    assert command("complete_task", task_id="2") == CompleteTask(expected_version=14, task_id="t2")


def test_commands_are_what_was_typed() -> None:
    assert command("resolve", outcome="removed", reason="down") == Resolve(
        expected_version=14, outcome="removed", reason="down"
    )
    assert command("link", to="c-7f3a-9k2m", relation="dup") == Link(
        expected_version=14, to="C-7F3A9K2M", relation="duplicate"
    )
    assert command("set_severity", severity="S3", reason="hoax") == SetSeverity(
        expected_version=14, severity="S3", reason="hoax"
    )
    assert command("waive", milestone="police", reason="x") == Waive(
        expected_version=14, milestone="police", reason="x"
    )
    assert command("post_update", text="x", audience="internal") == PostUpdate(
        expected_version=14, text="x", audience="internal"
    )
    assert command("add_task", text="x", owner="bo", due_at="+30m") == AddTask(
        expected_version=14, text="x", owner="bo", due_at=NOW + 30 * MINUTE
    )
    assert command("await_external", why="x", who="y", chase_at="+2h") == AwaitExternal(
        expected_version=14, why="x", who="y", chase_at=NOW + 2 * HOUR
    )


def test_a_contact_may_lack_a_reference() -> None:
    sent = command(
        "log_contact",
        party="police",
        channel="phone",
        number_source="directory",
        person="Sgt. Lee",
        at="now",
        outcome="on it",
    )

    assert isinstance(sent, LogContact)
    assert (sent.reference, sent.at, sent.party) == ("", NOW, "police")


def test_factors_are_parsed_and_named() -> None:
    sent = command(
        "set_factors", factors="harm=serious vulnerability=child,minor identifiable_child=yes", evidence="seen"
    )

    assert isinstance(sent, SetFactors)
    assert (sent.factors.harm, sent.factors.vulnerability, sent.factors.identifiable_child) == (
        "serious",
        ("child", "minor"),
        True,
    )


@pytest.mark.parametrize(
    ("verb", "typed", "field", "words"),
    [
        ("note", {"text": " "}, "text", "Note is needed"),
        (
            "triage",
            {"case_type": "TTX", "severity": "S1", "imminence": "now", "evidence": "x"},
            "case_type",
            "Type: write one",
        ),
        (
            "triage",
            {"case_type": "P", "severity": "S1", "imminence": "now", "evidence": "x"},
            "case_type",
            "PRESS, PART",
        ),
        ("link", {"to": "xyz", "relation": "related"}, "to", "needs a case id"),
        ("add_task", {"text": "x", "owner": "bo", "due_at": "soon"}, "due_at", "+30m"),
        ("set_factors", {"factors": "harm", "evidence": "x"}, "factors", "factor=value"),
        ("set_factors", {"factors": "mood=bad", "evidence": "x"}, "factors", "no such factor"),
        ("set_factors", {"factors": "specificity=9", "evidence": "x"}, "factors", "Facts"),
        ("note", {"text": "x" * 5_000}, "text", "Note"),
    ],
)
def test_a_fault_names_its_field_and_says_what_to_write(
    verb: str, typed: dict[str, str], field: str, words: str
) -> None:
    with pytest.raises(FieldFault, match=words.replace("+", r"\+")) as caught:
        command(verb, **typed)
    assert caught.value.name == field


def test_times() -> None:
    assert parse_time("at", "now", NOW) == NOW
    assert parse_time("at", "+1d", NOW) == NOW + 24 * HOUR
    assert parse_time("at", "13:00", NOW) == NOW - NOW % HOUR + HOUR
    assert parse_time("at", "12:00z", NOW) == NOW - NOW % HOUR + 24 * HOUR


@given(st.text(max_size=12))
def test_any_text_is_a_time_or_a_fault(text: str) -> None:
    try:
        at = parse_time("at", text, NOW)
    except FieldFault:
        return
    assert at >= NOW


@pytest.mark.parametrize(
    ("typed", "becomes"),
    [
        ("har", ("harm=",)),
        ("harm=hands", ("harm=hands_on",)),
        ("harm=death spec", ("harm=death specificity=",)),
        ("harm=death har", ()),
        ("identifiable_child=", ("identifiable_child=yes", "identifiable_child=no")),
        ("specificity=", ()),
    ],
)
def test_factors_are_completed_by_name_and_by_value(typed: str, becomes: tuple[str, ...]) -> None:
    assert complete_factors(typed) == becomes


def test_a_second_vulnerability_is_completed_behind_the_first() -> None:
    assert "vulnerability=minor,adult" in complete_factors("vulnerability=minor,")


def test_an_outcome_that_the_rules_know_is_offered() -> None:
    def offered(case_type: str) -> tuple[str, ...]:
        case = replace(sketch()[3], case_type=case_type)
        return next(each.choices for each in fields_of(VERBS["resolve"], case, me="ana") if each.ask.name == "outcome")

    assert "REFUSED_FRAUD" in offered("EDR")
    assert offered("CSEA") == ("reported", "not_reportable")
    assert offered("DOX") == ()
