"""A log that an older version wrote still folds; its bytes stay, its data is lifted when it is read."""

import json
from pathlib import Path
from typing import Any

from casework import keeper
from casework.events import Event, fact_of
from casework.evolve import evolve
from casework.facts import SCHEMA_VERSION, CaseOpened
from casework.model import Case, Masked, Row
from casework.policy import defaults
from casework.rows import evolve_row, row_of
from casework.upcast import STEPS, upcast
from tests.casework.casefloor import HOUR, MINUTE

LOG = Path(__file__).parent / "data" / "log_v1.jsonl"


def stored() -> list[dict[str, Any]]:
    return [json.loads(line) for line in LOG.read_text("utf-8").splitlines()]


def event(line: dict[str, Any]) -> Event:
    values = {name: value for name, value in line.items() if name != "data"}
    return Event(fact=fact_of(line["type"], line["v"], line["data"]), **values)


def folded() -> Case:
    case: Case | None = None
    row: Row | None = None
    for line in stored():
        one = event(line)
        case = evolve(case, one)
        row = evolve_row(row, one)
        assert row == row_of(case)
    assert case is not None
    return case


def test_the_fixture_is_of_the_older_shape() -> None:
    lines = stored()
    assert {line["v"] for line in lines} == {1}
    opened = lines[0]["data"]
    assert isinstance(opened["result"]["score"], int)
    assert "allowance_s" in opened["result"]["clocks"][0]
    assert isinstance(opened["sensitive"]["requester_email"], str)


def test_a_log_of_version_1_folds_to_its_end() -> None:
    case = folded()
    assert (case.state, case.severity, case.owner, case.outcome) == ("RESOLVED", "S0", "ana", "done")
    assert (case.version, case.summary, case.narrative) == (len(stored()), "Threat naming a school", "Seen twice")
    assert case.score_tenths % 10 == 0
    assert case.score_tenths > 500
    clocks = {clock.name[0]: clock for clock in case.clocks}
    assert clocks["ack"].allowance_ms == 10 * MINUTE
    assert clocks["ack"].breached_at == clocks["ack"].due_at
    assert all(type(clock.allowance_ms) is int for clock in case.clocks)
    assert case.sensitive == {"requester_email": Masked(ref="requester_email", masked="j…@…gov")}
    assert case.flags.rca_due
    assert (len(case.notes), len(case.contacts)) == (1, 1)


def test_an_old_case_lives_on_under_todays_rules() -> None:
    case = folded()
    (closed,) = keeper.due(case, case.at + 24 * HOUR, defaults())
    assert closed.type == "CaseClosed"


def test_lifting_changes_nothing_it_was_given() -> None:
    for line in stored():
        before = json.dumps(line["data"])
        upcast(line["type"], 1, line["data"])
        assert json.dumps(line["data"]) == before


def test_lifting_twice_is_lifting_once() -> None:
    for line in stored():
        once = upcast(line["type"], 1, line["data"])
        assert upcast(line["type"], 1, once) == once
        assert upcast(line["type"], SCHEMA_VERSION, once) == once


def test_there_is_a_step_for_every_older_version() -> None:
    assert sorted(STEPS) == list(range(1, SCHEMA_VERSION))


def test_data_of_a_version_to_come_is_read_as_far_as_it_is_known() -> None:
    line = stored()[0]
    data = upcast(line["type"], 1, line["data"]) | {"tomorrow": 1}
    fact = fact_of("CaseOpened", SCHEMA_VERSION + 1, data)
    assert isinstance(fact, CaseOpened)
    assert fact.summary == "Threat naming a school"
