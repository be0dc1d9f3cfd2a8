"""A command is refused only if something material happened after the version that the person saw."""

from typing import Any

import pytest

from casework.errors import StaleVersion
from casework.facts import FACTS
from casework.verbs import VERBS
from tests.casework.casefloor import BO, CASE_B, HOUR, LEE, MINUTE, Floor

IMMATERIAL: dict[str, dict[str, Any]] = {
    "note": {"text": "x"},
    "tick": {"step": "call"},
    "post_update": {"text": "x", "audience": "partner"},
    "add_task": {"text": "x", "owner": "cy", "due_at": 4_000_000_000_000},
    "link": {"to": CASE_B, "relation": "related"},
}
OUTSIDE = ("add_task", "link", "log_contact", "complete_task")


def storm(floor: Floor) -> None:
    """Everything that is never material, by somebody else."""
    for verb, fields in IMMATERIAL.items():
        floor.do(verb, by=BO, **fields)
    floor.do("log_contact", by=BO, **floor.fields("log_contact"))
    floor.do("complete_task", by=BO, task_id="t1")
    floor.update(factors={"live_viewers": 10})
    floor.later(31 * MINUTE)
    floor.keep()


def test_a_storm_of_immaterial_events_refuses_nobody() -> None:
    floor = Floor().at_state("ACKED", case_type="TTL")
    floor.open(CASE_B)
    seen = floor.case().version
    storm(floor)
    assert floor.case().version > seen + 7
    floor.do("triage", seen=seen, **floor.fields("triage"))


def test_a_material_event_refuses_with_who_what_and_when() -> None:
    floor = Floor().at_state("ACKED")
    seen = floor.case().version
    floor.later(MINUTE)
    floor.do("hold", by=LEE, why="police")
    floor.do("note", by=BO, text="x")
    with pytest.raises(StaleVersion) as refused:
        floor.do("triage", seen=seen, **floor.fields("triage"))
    error = refused.value
    assert (error.by, error.type, error.at, error.expected) == ("lee", "HoldPlaced", floor.now, seen)
    assert error.version == floor.case().version
    assert "lee placed a hold on it meanwhile, at " in str(error)
    floor.do("triage", seen=seen + 1, **floor.fields("triage"))


def test_verbs_that_only_add_are_never_stale() -> None:
    never = {verb for verb, known in VERBS.items() if known.stale_class == "never"}
    assert never == {"note", "tick", "add_task", "complete_task", "post_update", "log_contact"}
    floor = Floor().at_state("ACKED")
    floor.do("hold", by=LEE, why="police")
    for verb in ("note", "tick", "add_task", "post_update", "log_contact"):
        floor.do(verb, seen=0, **floor.fields(verb))
    floor.do("complete_task", seen=0, task_id="t1")


@pytest.mark.parametrize("outside", OUTSIDE)
def test_tiers_3_and_4_take_contacts_links_and_tasks_as_material(outside: str) -> None:
    floor = Floor().at_state("TRIAGED")
    floor.open(CASE_B)
    if outside == "complete_task":
        floor.do("add_task", **floor.fields("add_task"))
    seen = floor.case().version
    floor.do(outside, by=BO, **floor.fields(outside))
    assert VERBS["propose"].stale_class == "outside"
    with pytest.raises(StaleVersion) as refused:
        floor.do("propose", seen=seen, **floor.fields("propose"))
    assert refused.value.by == "bo"
    floor.do("set_severity", seen=seen, severity="S1")


def test_claim_race_tells_who() -> None:
    floor = Floor()
    floor.open()
    seen = floor.case().version
    floor.do("claim", by=BO, seen=seen)
    with pytest.raises(StaleVersion, match=r"^Not done: bo claimed it meanwhile, at "):
        floor.do("claim", seen=seen)
    assert floor.case().owner == "bo"


def test_the_version_is_judged_before_the_rules() -> None:
    floor = Floor()
    floor.open()
    floor.do("claim", by=BO)
    with pytest.raises(StaleVersion):
        floor.do("contain", seen=1, evidence="x")


def test_a_version_from_the_future_is_not_stale() -> None:
    floor = Floor()
    floor.open()
    floor.do("claim", seen=900)


def test_which_facts_are_material() -> None:
    never = {
        "MilestoneBreached", "MilestoneMet", "NoteAdded", "StepTicked", "TaskAdded", "TaskCompleted", "ContactLogged",
        "UpdatePosted", "CaseLinked", "ReachUpdated", "BusyDeclared", "GlassBroken", "AccessGranted", "CaseRetired",
        "RefusalRecorded", "CaseStub", "ActionSending", "ActionAcked", "ActionDelayed",
    }  # fmt: skip
    assert {name for name, fact in FACTS.items() if not fact.MATERIAL} == never
    assert {name for name, fact in FACTS.items() if fact.OUTSIDE} == {
        "CaseLinked", "ContactLogged", "TaskAdded", "TaskCompleted",
    }  # fmt: skip


def test_an_update_of_facts_is_material() -> None:
    floor = Floor()
    floor.open()
    floor.update(factors={"harm": "death"})
    with pytest.raises(StaleVersion):
        floor.do("claim", seen=1)
    floor.later(HOUR)
    floor.do("claim", seen=2)
