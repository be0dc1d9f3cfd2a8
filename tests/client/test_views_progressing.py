"""How far an action got, in words: nothing is called done before its effect was seen, nothing is hidden."""

from __future__ import annotations

from typing import Any

import pytest

from casework.actionfacts import ActionMoved
from casework.model import Action, Case, Clock, Target, Tick
from casework.runbook import Runbook, Step, progress
from casework.untrusted import Untrusted, visible
from client.views.actiondeeds import ACTION_WORDS
from client.views.bits import Line
from client.views.blocks import Choice
from client.views.checklist import checklist
from client.views.progressing import in_flight, progress_of

NOW = 1_795_351_267_000
"""12:41:07 UTC"""


def action(state: str, **more: Any) -> Action:
    values: dict[str, Any] = {
        "action_id": "a1",
        "action": "hide",
        "target": Target(kind="video", id="v_1"),
        "policy": "",
        "reason": "r",
        "fields": {},
        "state": state,
        "proposed_by": "ana",
    }
    return Action(**(values | more))


def case(*actions: Action, **more: Any) -> Case:
    values: dict[str, Any] = {
        "case_id": "C-00000001",
        "version": 1,
        "seq": 1,
        "opened_seq": 1,
        "case_type": "SSH",
        "severity": "S0",
        "band": 0,
        "state": "ACKED",
        "opened_at": 0,
        "actions": actions,
    }
    return Case(**(values | more))


def said(line: Line) -> str:
    return "".join(visible(text) if isinstance(text, Untrusted) else text for text, _ in line)


def tones(line: Line) -> set[str]:
    return {tone for _, tone in line}


@pytest.mark.parametrize(
    ("state", "more", "words"),
    [
        ("proposed", {}, "proposed by ana \u2192 waits for a second person"),
        ("approved", {"approved_by": "bo"}, "proposed by ana \u2192 approved by bo \u2192 about to be sent"),
        ("sent", {"attempt": 1}, "proposed by ana \u2192 sent, no answer yet"),
        ("sent", {"attempt": 2}, "proposed by ana \u2192 sent (attempt 2), no answer yet"),
        (
            "approved",
            {"attempt": 1, "why": "it answered 503", "again_at": NOW + 12_000},
            "proposed by ana \u2192 sent \u2192 the platform did nothing: it answered 503 \u00b7 again in 0:12",
        ),
        ("acked", {"attempt": 1}, "proposed by ana \u2192 sent \u2192 acked, its effect was not seen yet"),
        (
            "verified",
            {"attempt": 2, "approved_by": "bo", "reference": "r1", "moved_at": NOW},
            "proposed by ana \u2192 approved by bo \u2192 sent (attempt 2) \u2192 acked \u2192 verified 12:41:07",
        ),
        (
            "failed",
            {"attempt": 1, "moved_at": NOW, "why": "no such video"},
            "proposed by ana \u2192 sent \u2192 failed 12:41:07: no such video",
        ),
        (
            "unknown",
            {"attempt": 1, "why": "no answer in time"},
            "proposed by ana \u2192 sent \u2192 unknown: no answer in time \u00b7 asked after by its key",
        ),
        (
            "verified",
            {"attempt": 1, "moved_at": NOW, "one_person": True, "review_until": NOW + 720_000},
            "proposed by ana \u2192 sent \u2192 verified 12:41:07  1p a look is due in 12m",
        ),
        (
            "verified",
            {"attempt": 1, "moved_at": NOW, "reversed_by": "a3"},
            "proposed by ana \u2192 sent \u2192 verified 12:41:07 \u00b7 reversed by a3",
        ),
        ("rejected", {}, "proposed by ana \u2192 rejected"),
    ],
)
def test_each_state_says_what_is_known_and_no_more(state: str, more: dict[str, Any], words: str) -> None:
    line = progress_of(action(state, **more), NOW)

    assert said(line) == words
    assert ("mine" in tones(line)) == (state == "verified"), "green is what was seen"


def test_the_words_of_the_platform_stay_marked_as_such() -> None:
    line = progress_of(action("failed", attempt=1, why="\x1b[2J done"), NOW)

    assert [text for text, tone in line if tone == "quoted"] == [Untrusted("\x1b[2J done")]


def test_what_is_under_way_is_one_line_and_what_is_unknown_comes_first() -> None:
    assert in_flight(case(action("verified"), action("proposed")), NOW) == ()
    flying = case(action("unknown", attempt=1, why="no answer"), action("sent", attempt=1, action="lock"))
    assert said(in_flight(flying, NOW)) == "hide unknown: no answer \u00b7 asked after by its key and 1 more"
    assert said(in_flight(case(action("sent", attempt=1)), NOW)) == "hide sent, no answer yet"


def test_every_step_of_an_action_has_its_words() -> None:
    def below(kind: type[ActionMoved]) -> set[type[ActionMoved]]:
        return {kind, *(each for inner in kind.__subclasses__() for each in below(inner))}

    assert below(ActionMoved) - {ActionMoved} <= set(ACTION_WORDS)


RUNBOOK = Runbook(
    case_type="SSH",
    title="t",
    steps=(
        Step(step="claim", text="Take it", meets="ack"),
        Step(step="police", text="Call", meets="police"),
        Step(step="hold", text="Preserve", key="dp"),
        Step(step="update", text="Post", meets="update"),
        Step(step="rest", text="Rest"),
    ),
)


def due(milestone: Any, *, met: bool, round: int = 0) -> Clock:
    return Clock(milestone=milestone, started_at=0, due_at=9, allowance_ms=9, met_at=5 if met else None, round=round)


def test_a_step_that_the_record_shows_is_done_without_a_tick_and_is_not_next() -> None:
    clocks = (due("police", met=True), due("update", met=True), due("update", met=False, round=1))
    hold = action("verified", action="legal_hold")
    found = progress(RUNBOOK, case(hold, clocks=clocks), (Tick(step="rest", by="bo", at=1),))

    assert found.met == ("claim", "police", "hold")
    assert (found.done, found.next and found.next.step) == (4, "update"), "an update is due again"
    taken_back = progress(RUNBOOK, case(action("verified", action="legal_hold", reversed_by="a2")), ())
    assert taken_back.met == ("claim",)
    assert progress(RUNBOOK, case(state="NEW"), ()).met == ()

    lines = [block for block in checklist(found, of="SSH", known=True).blocks if isinstance(block, Choice)]
    ends = [said(each.end) for each in lines]
    assert [each.startswith("bo") or each for each in ends] == ["met", "met", "met", "", True]
