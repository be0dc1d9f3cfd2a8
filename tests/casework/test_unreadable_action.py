"""A proposal whose text cannot be read (masked, or its case's key destroyed) still waits for its second person."""

from msgspec.structs import replace

from casework import keeper
from casework.actionfacts import ActionProposed
from casework.audience import Audience
from casework.events import Event
from casework.evolve import evolve
from casework.facts import NoActionReverted
from casework.model import Case
from casework.policy import defaults
from casework.projection import project_case
from tests.casework.casefloor import LEE, MINUTE, Floor


def without_text(events: list[Event]) -> list[Event]:
    """The events as they read without the case's key."""
    return [
        replace(event, fact=replace(event.fact, action=None), redacted=True)
        if isinstance(event.fact, ActionProposed)
        else event
        for event in events
    ]


def fold(events: list[Event]) -> Case:
    case: Case | None = None
    for event in events:
        case = evolve(case, event)
    assert case is not None
    return case


def proposed() -> Floor:
    floor = Floor()
    floor.open(severity="S0", case_type="TTL", factors={"imminence": "now", "harm": "death"})
    floor.do("claim", by=LEE)
    assert floor.case().severity == "S0"
    floor.do("propose", by=LEE, **floor.fields("propose"))
    return floor


def test_it_is_known_that_one_person_did_it() -> None:
    floor = proposed()
    assert [action.one_person for action in floor.case().actions] == [True]
    case = fold(without_text(floor.log))
    assert [action.one_person for action in case.actions] == [True]
    masked = project_case(floor.case(), Audience(masked=True))
    assert isinstance(masked, Case)
    assert case.actions == masked.actions, "an auditor who follows along sees what a fresh look shows"


def test_time_takes_it_back_all_the_same() -> None:
    floor = proposed()
    case = fold(without_text(floor.log))
    drafts = keeper.due(case, floor.now + 31 * MINUTE, defaults())
    assert [draft.fact.action_id for draft in drafts if isinstance(draft.fact, NoActionReverted)] == ["a1"]
