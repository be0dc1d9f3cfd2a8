"""Every row of the table of verbs: from which states to which, and from which it is refused."""

import pytest

from casework.commands import COMMANDS
from casework.decide import HANDLERS, PAIRED
from casework.errors import BadInput, IllegalTransition
from casework.saying import NOT_DONE, STANDS
from casework.verbs import VERBS
from tests.casework.casefloor import ANA, BO, CASE_B, HOUR, LEE, Floor, types

STATES = ("NEW", "ACKED", "TRIAGED", "CONTAINED", "INVESTIGATING", "RESOLVED", "CLOSED", "REJECTED")
OPEN = STATES[:5]

# verb: {from: to}. A state that is not named refuses the verb. S2 DOX, so nobody may act before triage.
MOVES: dict[str, dict[str, str]] = {
    "claim": {"NEW": "ACKED"} | {state: state for state in OPEN[1:]},
    "triage": {"ACKED": "TRIAGED"} | {state: state for state in OPEN[2:]},
    "contain": {"TRIAGED": "CONTAINED"},
    "investigate": {"CONTAINED": "INVESTIGATING"},
    "resolve": {"ACKED": "RESOLVED", "TRIAGED": "RESOLVED", "CONTAINED": "RESOLVED", "INVESTIGATING": "RESOLVED"},
    "discard": {"NEW": "REJECTED", "ACKED": "REJECTED", "TRIAGED": "REJECTED"},
    "reopen": {"RESOLVED": "TRIAGED", "CLOSED": "TRIAGED", "REJECTED": "TRIAGED"},
    "merge": dict.fromkeys(OPEN, "MERGED"),
    "propose": {"TRIAGED": "TRIAGED", "CONTAINED": "CONTAINED", "INVESTIGATING": "INVESTIGATING"},
    "link": {state: state for state in STATES},
    "break_glass": {state: state for state in STATES},
    "grant": {state: state for state in STATES},
    **{
        verb: {state: state for state in OPEN}
        for verb in (
            "assign", "note", "set_severity", "set_factors", "escalate", "snooze", "log_contact", "waive",
            "await_external", "hold", "add_task", "post_update", "tick",
        )
    },
}  # fmt: skip
MOVES["snooze"] = {state: state for state in OPEN}
MOVES["waive"] = {"NEW": "NEW", "ACKED": "ACKED", "TRIAGED": "TRIAGED"}  # contain is open only there
MOVES["release"] = {state: state for state in OPEN[1:]}
MOVES["offer_handover"] = MOVES["release"]
MOVES["busy"] = MOVES["release"]

#: What has to be done before the verb, and by whom it is done.
FIRST = {
    "complete_task": "add_task",
    "unsnooze": "snooze",
    "resume": "await_external",
    "unhold": "hold",
    "undo": "note",
}
MOVES |= {verb: MOVES[first] for verb, first in FIRST.items()}


@pytest.mark.parametrize("verb", sorted(MOVES))
@pytest.mark.parametrize("state", STATES)
def test_moves(verb: str, state: str) -> None:
    floor = Floor().at_state(state)
    floor.open(CASE_B)
    by = LEE if verb in ("grant", "unhold") else ANA
    expected = MOVES[verb].get(state)
    if expected is None:
        before = floor.case()
        with pytest.raises(IllegalTransition) as refused:
            floor.do(verb, by=by, **floor.fields(verb))
        assert refused.value.state == state
        assert str(refused.value).startswith(f"{NOT_DONE[refused.value.verb]}: ")
        assert str(refused.value).endswith(f"The case is {STANDS[state]}.")
        assert floor.case() == before
        return
    if verb in FIRST:
        floor.do(FIRST[verb], **floor.fields(FIRST[verb]))
    events = floor.do(verb, by=by, **floor.fields(verb))
    assert floor.case().state == expected
    if verb == "claim" and state != "NEW":
        assert events == []
    else:
        assert events


def test_every_verb_has_a_handler_and_a_place_in_the_catalogue() -> None:
    assert set(HANDLERS) | set(PAIRED) == set(COMMANDS) == set(VERBS)
    assert not set(HANDLERS) & set(PAIRED)
    elsewhere = {"accept_handover", "approve", "cancel", "confirm", "reject", "unmerge"}
    assert set(MOVES) | elsewhere == set(COMMANDS), "a verb without an example"


@pytest.mark.parametrize("state", ["ACKED", "TRIAGED", "CONTAINED", "INVESTIGATING"])
def test_unmerge_gives_back_the_state_it_was_merged_in(state: str) -> None:
    floor = Floor().at_state(state)
    floor.open(CASE_B)
    before = floor.case()
    floor.do("merge", into=CASE_B)
    assert floor.case().state == "MERGED"
    events = floor.do("unmerge")
    assert types(events) == ["CaseUnmerged", "CaseSeparated"]
    assert floor.case().state == state
    assert floor.case().clocks == before.clocks
    assert floor.cases[CASE_B].absorbed == ()


def test_accept_handover_needs_the_offer() -> None:
    floor = Floor().at_state("TRIAGED")
    with pytest.raises(IllegalTransition, match="Nobody offered it"):
        floor.do("accept_handover", by=BO)
    floor.do("offer_handover", to="bo")
    assert floor.case().owner == "ana", "ownership moves only on accept"
    with pytest.raises(IllegalTransition, match="offered to bo, not to you"):
        floor.do("accept_handover", by=LEE)
    floor.do("accept_handover", by=BO)
    assert (floor.case().owner, floor.case().offered_to) == ("bo", None)


def test_the_key_and_the_context_stand_in_the_first_event_only() -> None:
    floor = Floor()
    floor.open()
    events = floor.do("claim", context={"epoch": "e", "seq": 1, "stale_ms": 40})
    assert types(events) == ["CaseClaimed", "MilestoneMet"]
    assert events[0].context == {"epoch": "e", "seq": 1, "stale_ms": 40}
    assert events[1].context is None
    assert [event.idem for event in events] == ["k", "k"]
    assert [event.part for event in events] == [0, 1]


def test_an_unknown_case_is_named() -> None:
    floor = Floor().at_state("TRIAGED")
    with pytest.raises(BadInput, match="names no case on this floor: C-8G4B-0M3N"):
        floor.do("merge", into=CASE_B)
    with pytest.raises(BadInput, match="this case itself"):
        floor.do("link", to=floor.case().case_id, relation="related")


def test_a_case_that_left_the_floor_refuses_everything() -> None:
    floor = Floor().at_state("CLOSED")
    floor.later(24 * HOUR)
    assert types(floor.keep()) == ["CaseRetired"]
    for verb in ("reopen", "note", "link", "grant"):
        with pytest.raises(IllegalTransition, match="left the floor"):
            floor.do(verb, by=LEE, **floor.fields(verb))
