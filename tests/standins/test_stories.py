"""Every story tells an escalation that the intake would take."""

from __future__ import annotations

import random

import msgspec
import pytest

from casework.escalation import Escalation
from casework.tokens import CASE_TYPES
from standins.stories import stories, tell

NOW = 1_790_000_000_000


@pytest.mark.parametrize("number", range(len(stories().stories)))
def test_a_story_is_a_valid_escalation(number: int) -> None:
    story = stories().stories[number]
    for seed in range(5):
        data = tell(story, random.Random(seed), at_ms=NOW)
        escalation = msgspec.convert(data, Escalation, strict=True, str_keys=True)
        assert escalation.case_type == story["type"]
        assert "{" not in escalation.summary.replace("{}", "")


def test_all_fifteen_types_are_told() -> None:
    assert {story["type"] for story in stories().stories} == set(CASE_TYPES)


def test_some_stories_are_not_in_english_and_some_look_hostile() -> None:
    told = [tell(story, random.Random(1), at_ms=NOW) for story in stories().stories]
    assert len({data.get("language") for data in told}) >= 5
    assert any("\x1b" in data["summary"] for data in told)
    assert any("\u202e" in data["summary"] for data in told)


def test_the_same_seed_tells_the_same_words() -> None:
    story = stories().stories[0]
    assert tell(story, random.Random(3), at_ms=NOW) == tell(story, random.Random(3), at_ms=NOW)
    assert tell(story, random.Random(3), at_ms=NOW) != tell(story, random.Random(4), at_ms=NOW)


def test_only_named_types_are_picked() -> None:
    rng = random.Random(0)
    assert {stories().pick(rng, types=frozenset({"MVE", "TTL"}))["type"] for _ in range(200)} == {"MVE", "TTL"}
