"""The row of a fold is the fold of the row, also of what an audience may see of it."""

import pytest
from hypothesis import HealthCheck, given, settings

from casework.access import Audience, project_case, project_event, project_row
from casework.events import Event
from casework.evolve import evolve
from casework.facts import CaseClaimed
from casework.model import Case, Row, Stub
from casework.rows import evolve_row, row_of, row_of_stub
from tests.casework.casefloor import CASE_A, CASE_B, HOUR, START, Floor
from tests.casework.stories import IDS, events_of, stories, told

AUDIENCES = {
    "every": Audience(every=True),
    "cleared": Audience(clearances=frozenset({"us"})),
    "granted": Audience(granted=frozenset({CASE_A})),
    "nobody": Audience(),
    "auditor": Audience(every=True, masked=True, audits=True),
    "auditor without clearance": Audience(masked=True, audits=True),
}


def as_row(seen: Row | Stub) -> Row:
    return row_of_stub(seen) if isinstance(seen, Stub) else seen


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(stories)
def test_folding_what_one_may_see_is_seeing_the_fold(story: int) -> None:
    floor = told(story)
    for case_id in IDS:
        case: Case | None = None
        seen: dict[str, Row | None] = dict.fromkeys(AUDIENCES)
        for event in events_of(floor, case_id):
            case = evolve(case, event)
            row = row_of(case)
            for name, audience in AUDIENCES.items():
                projected = project_event(event, row, audience, form="row")
                assert projected == project_event(event, case, audience, form="row"), "of a case as of its row"
                seen[name] = evolve_row(seen[name], projected)
                if case.retired_at is None:
                    assert seen[name] == as_row(project_row(row, audience)), (name, event.type)
                else:
                    assert seen[name] is None


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(stories)
def test_a_whole_case_folds_from_its_whole_events(story: int) -> None:
    floor = told(story)
    audience = Audience(every=True)
    for case_id in IDS:
        case: Case | None = None
        for event in events_of(floor, case_id):
            case = evolve(case, project_event(event, floor.cases[case_id], audience, form="whole"))
        assert case == project_case(floor.cases[case_id], audience)


def test_a_row_counts_and_keeps_only_what_is_unmet() -> None:
    floor = Floor()
    floor.open(CASE_A, content=[{"kind": "video", "id": "v", "caption": "words"}], narrative="long")
    floor.open(CASE_B, continues=CASE_A)
    for verb in ("claim", "triage", "note", "log_contact", "add_task", "tick", "propose"):
        floor.do(verb, **floor.fields(verb))
    floor.do("note", text="2")
    floor.do("link", to=CASE_B, relation="related")
    row = row_of(floor.case())
    counts = {"notes": 2, "actions": 1, "tasks": 1, "contacts": 1, "related": 1, "runbook": 1}
    assert {name: getattr(row.counts, name) for name in counts} == counts
    assert [clock.milestone for clock in row.clocks] == ["contain", "update", "resolve"]
    assert row.content[0].caption is None
    assert not hasattr(row, "narrative")
    assert row_of(floor.cases[CASE_B]).counts.related == 2, "the one it continues, and the link"


def test_a_tick_that_was_undone_is_not_counted() -> None:
    floor = Floor().at_state("TRIAGED")
    floor.do("tick", step="a")
    floor.do("undo", seq=floor.case().seq)
    assert row_of(floor.case()).counts.runbook == 0


def test_a_retired_case_has_no_row() -> None:
    floor = Floor().at_state("CLOSED")
    floor.later(24 * HOUR)
    floor.keep()
    assert floor.rows[CASE_A] is None


def test_a_row_does_not_begin_in_the_middle() -> None:
    event = Event(seq=9, case_id=CASE_A, version=4, type="CaseClaimed", at=START, actor="ana", fact=CaseClaimed())
    with pytest.raises(ValueError, match="has no row"):
        evolve_row(None, event)
