"""A case is the fold of its events, whatever happened; folding is pure, bounded and total over what was written."""

from collections import Counter
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings

from casework import order
from casework.events import Event, fact_of
from casework.evolve import UNDO_KEPT, evolve
from casework.facts import FACTS, CaseClaimed, Fact, UnknownFact
from casework.model import Case
from casework.tokens import OPEN_STATES
from tests.casework.casefloor import BO, CASE_A, CASE_B, HOUR, MINUTE, START, Floor
from tests.casework.stories import IDS, events_of, stories, told

SETTINGS = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def stored(event: Event) -> Event:
    """The event as it comes back from a log: through JSON and the typed facts."""
    data = msgspec.json.decode(msgspec.json.encode(event.fact))
    return msgspec.structs.replace(event, fact=fact_of(event.type, event.v, data))


def fold(events: list[Event]) -> Case:
    state: Case | None = None
    for event in events:
        state = evolve(state, event)
    assert state is not None
    return state


@SETTINGS
@given(stories)
def test_the_fold_of_the_stored_log_is_the_state(story: int) -> None:
    floor = told(story)
    for case_id in IDS:
        assert fold([stored(event) for event in events_of(floor, case_id)]) == floor.cases[case_id]


@SETTINGS
@given(stories)
def test_what_always_holds_of_a_case(story: int) -> None:
    floor = told(story)
    for case_id in IDS:
        case = floor.cases[case_id]
        events = events_of(floor, case_id)
        assert case.version == len(events)
        assert case.seq == events[-1].seq
        assert [event.at for event in events] == sorted(event.at for event in events)
        assert case.band == order.band(case.severity, case.secured_at is not None)
        names = [clock.name for clock in case.clocks]
        assert len(names) == len(set(names))
        assert len(case.recent) <= UNDO_KEPT
        late = Counter(
            (event.fact.milestone, event.fact.party, event.fact.round, event.fact.outer_bound)  # type: ignore[attr-defined]
            for event in events
            if event.type == "MilestoneBreached"
        )
        assert all(times == 1 for times in late.values()), "late once"
        if case.state not in OPEN_STATES:
            assert not any(clock.running for clock in case.clocks)
            assert case.ended_at is not None
        for event in events:
            assert msgspec.json.decode(msgspec.json.encode(event.fact)) is not None
            assert not _floats(msgspec.to_builtins(event.fact)), "no fraction in the log"


def _floats(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_floats(item) for item in value.values())
    if isinstance(value, list | tuple):
        return any(_floats(item) for item in value)
    return isinstance(value, float)


@SETTINGS
@given(stories)
def test_a_late_clock_was_due_before_it_was_written_and_never_moves_again(story: int) -> None:
    floor = told(story)
    for event in floor.log:
        if event.type == "MilestoneBreached":
            (clock,) = event.fact.result.clocks
            assert clock.breached_at == clock.due_at < event.at


def test_a_fact_of_an_unknown_type_only_moves_the_version() -> None:
    floor = Floor()
    floor.open()
    before = floor.case()
    event = Event(
        seq=7,
        case_id=CASE_A,
        version=2,
        type="ExposureLogged",
        at=START + 1,
        actor="ana",
        fact=UnknownFact(raw={"x": 1}),
    )
    after = evolve(before, event)
    assert (after.version, after.seq, after.at) == (2, 7, START + 1)
    assert after.material.type == "ExposureLogged", "what it means is not known, so it is taken for material"
    same = {"version", "seq", "at", "material"}
    assert all(getattr(after, f) == getattr(before, f) for f in before.__struct_fields__ if f not in same)


def test_the_fold_begins_with_the_opening() -> None:
    event = Event(seq=1, case_id=CASE_A, version=1, type="CaseClaimed", at=START, actor="ana", fact=CaseClaimed())
    with pytest.raises(ValueError, match="was not opened"):
        evolve(None, event)


def test_text_whose_key_was_destroyed_is_gone_and_the_case_still_folds() -> None:
    floor = Floor()
    floor.open(CASE_A, case_type="TTL", narrative="secret")
    floor.open(CASE_B)
    for verb in ("claim", "triage", "note", "log_contact", "add_task", "tick", "propose", "hold", "await_external"):
        floor.do(verb, **floor.fields(verb))
    floor.do("set_factors", factors={"harm": "death"}, evidence="x")
    floor.do("link", to=CASE_B, relation="related")

    def redacted(event: Event) -> Event:
        data = msgspec.json.decode(msgspec.json.encode(event.fact))
        sealed = FACTS[event.type].SEALED
        left = {name: value for name, value in data.items() if name not in sealed}
        return msgspec.structs.replace(event, fact=fact_of(event.type, event.v, left), redacted=bool(sealed))

    whole, gone = fold(events_of(floor, CASE_A)), fold([redacted(event) for event in events_of(floor, CASE_A)])
    assert gone.unreadable
    assert (gone.summary, gone.narrative, gone.source) == ("", "", None)
    for name in ("state", "owner", "severity", "band", "score_tenths", "clocks", "version", "triage_noted", "factors"):
        assert getattr(gone, name) == getattr(whole, name)
    for name in ("notes", "contacts", "tasks", "actions", "related", "runbook"):
        assert len(getattr(gone, name)) == len(getattr(whole, name)) == 1
    assert gone.notes[0].text == gone.tasks[0].text == gone.contacts[0].person == gone.actions[0].reason == ""
    assert gone.actions[0].digest == whole.actions[0].digest


def test_grants_that_are_over_are_forgotten() -> None:
    floor = Floor()
    floor.open(CASE_A, case_type="TTL", factors={"imminence": "now", "harm": "death"})
    for number in range(3):
        floor.do("break_glass", reason=str(number))
        floor.later(HOUR)
    assert len(floor.case().grants) == 1


def test_a_new_owner_is_neither_busy_nor_offered_the_case() -> None:
    floor = Floor().at_state("ACKED")
    floor.do("busy", until=floor.now + HOUR)
    floor.do("offer_handover", to="cy")
    floor.later(MINUTE)
    floor.do("assign", to="bo", by=BO)
    assert (floor.case().busy_until, floor.case().offered_to) == (None, None)


def test_every_fact_can_be_folded() -> None:
    """No type of event stops the fold of a case, with nothing but its required fields."""
    floor = Floor()
    floor.open()
    fillers: dict[str, Any] = {
        "Related": {"case_id": CASE_B, "relation": "related", "at": 1, "by": "ana"},
        "Grant": {"principal": "cy", "until": START * 2, "by": "lee"},
        "S1": "S1", "DOX": "DOX", "unspecified": "now", "police": "police", "int": 1, "str": "x", "bool": True,
    }  # fmt: skip
    for name, kind in FACTS.items():
        if name in ("CaseOpened", "CaseStub"):
            continue
        values: dict[str, Any] = {}
        for field in msgspec.structs.fields(kind):
            if not field.required:
                continue
            kind_of = str(field.type)
            values[field.encode_name] = next(value for label, value in fillers.items() if label in kind_of)
        fact: Fact = fact_of(name, 2, values)
        event = Event(seq=2, case_id=CASE_A, version=2, type=name, at=START, actor="ana", fact=fact)
        assert evolve(floor.case(), event).version == 2
