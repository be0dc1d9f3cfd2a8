"""Refusals speak as the floor does: no verb, state or event type of the wire stands in a sentence."""

from __future__ import annotations

import pytest

from casework import saying
from casework.errors import IllegalTransition, StaleVersion
from casework.facts import FACTS
from casework.tokens import STATES
from casework.verbs import VERBS


def test_each_verb_and_each_state_has_its_words() -> None:
    assert set(saying.NOT_DONE) == set(VERBS)
    assert set(saying.STANDS) == set(STATES)
    assert str(IllegalTransition(state="ACKED", verb="resolve", guard="Triage it first.")) == (
        "Not resolved: Triage it first. The case is acknowledged."
    )


@pytest.mark.parametrize("kind", sorted(name for name, fact in FACTS.items() if fact.MATERIAL or fact.OUTSIDE))
def test_each_event_that_makes_a_command_stale_has_its_words(kind: str) -> None:
    if kind not in ("CaseOpened", "GlassBroken"):
        said = saying.meanwhile("bo", kind, 45_667_000)
        assert kind not in said, kind
        assert said.endswith(" meanwhile, at 12:41:07 Z")


def test_what_the_feed_did_by_itself_and_what_is_not_known() -> None:
    assert saying.meanwhile("_keeper", "CaseResolved", 0) == "The feed resolved it meanwhile, at 00:00:00 Z"
    assert saying.meanwhile("b{o}", "Strange", 0) == "b{o} changed it (Strange) meanwhile, at 00:00:00 Z"
    stale = StaleVersion(expected=3, version=5, by="bo", at=0, type="CaseClaimed")
    assert str(stale) == (
        "Not done: bo claimed it meanwhile, at 00:00:00 Z. Nothing was sent. Look again: it is at version 5, you saw 3."
    )
