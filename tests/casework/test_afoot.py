"""What of a case's actions its row has: the fold of the row is the row of the fold, whatever way an action goes."""

from __future__ import annotations

from random import Random
from typing import Any, Final

import pytest
from msgspec.structs import replace

from casework.access import Audience, project_event
from casework.errors import CaseworkError
from casework.evolve import evolve
from casework.life import delivering
from casework.life.delivering import NotNow
from casework.model import Afoot, Case, Row
from casework.query import matches, parse
from casework.rows import evolve_row, row_of
from tests.casework.casefloor import ANA, BO, CY, LEE, MINUTE, Floor
from tests.casework.test_enforcement import ALL, PROPOSALS, REPORT, S0, everybody

SEEDS: Final = 60
EVERY: Final = Audience(every=True)


def wander(seed: int) -> Floor:
    """A case on which people propose, decide and look, and a platform does this and that."""
    rng = Random(seed)
    it = Floor(connected=ALL).at_state("TRIAGED", **(S0 if seed % 2 else REPORT))
    for _ in range(40):
        it.later(rng.choice((0, 1_000, 11 * MINUTE, 31 * MINUTE)))
        actions = it.case().actions
        some = rng.choice(actions[-2:]) if actions else None
        actor = rng.choice((ANA, BO, CY, LEE))
        try:
            match rng.randrange(8):
                case 0 | 1:
                    name = rng.choice([*PROPOSALS, "no_action", *("legal_hold", "ban") * 4])
                    given: dict[str, Any] = PROPOSALS.get(name) or {
                        "target": {"kind": "case", "id": "C"},
                        "policy": "",
                        "fields": {},
                    }
                    it.do("propose", by=actor, action=name, reason="r", **given)
                case 2 if some is not None:
                    it.do("approve", by=actor, action_id=some.action_id, digest=some.digest)
                case 3 if some is not None:
                    it.do(rng.choice(("reject", "cancel")), by=actor, action_id=some.action_id, reason="r")
                case 4 if some is not None:
                    allowed = everybody if rng.random() < 0.8 else lambda who, role: False
                    it.append(delivering.send(it.case(), some.action_id, it.now, policy=it.policy, allowed=allowed))
                case 5 if some is not None:
                    how: delivering.Ended = rng.choice(("acked", "verified", "failed", "unknown"))
                    it.append(delivering.ended(it.case(), some.action_id, how, it.now, policy=it.policy, why="w"))
                case 6 if some is not None:
                    again = it.now + MINUTE
                    it.append(delivering.delayed(it.case(), some.action_id, again, it.now, policy=it.policy, why="w"))
                case _:
                    it.keep()
        except (CaseworkError, NotNow, TypeError, ValueError):
            continue
    return it


@pytest.mark.parametrize("seed", range(SEEDS))
def test_the_fold_of_the_row_is_the_row_of_the_fold(seed: int) -> None:
    case: Case | None = None
    row: Row | None = None
    for event in wander(seed).log:
        case = evolve(case, event)
        row = evolve_row(row, project_event(event, row_of(case), EVERY, form="row"))
        assert row == row_of(case), event.type


def test_the_walks_come_by_everything_that_a_row_tells() -> None:
    seen: set[tuple[str, bool]] = set()
    for seed in range(SEEDS):
        case: Case | None = None
        for event in wander(seed).log:
            case = evolve(case, event)
            seen |= {(each.state, each.review) for each in row_of(case).afoot}
    assert {state for state, _ in seen} >= {"proposed", "approved", "sent", "acked", "unknown"}
    assert ("verified", True) in seen, "what went first is to be looked at when it is done as well"
    assert {review for _, review in seen} == {True, False}


@pytest.mark.parametrize(
    ("afoot", "approval", "unknown"),
    [
        (Afoot(action_id="a1", by="bo", state="proposed"), True, False),
        (Afoot(action_id="a1", by="Ana", state="proposed"), False, False),
        (Afoot(action_id="a1", by="bo", state="verified", review=True), True, False),
        (Afoot(action_id="a1", by="bo", state="sent"), False, False),
        (Afoot(action_id="a1", by="bo", state="unknown"), False, True),
    ],
)
def test_the_filters_tell_what_waits_for_whom(afoot: Afoot, approval: bool, unknown: bool) -> None:
    row = replace(row_of(wander(0).case()), afoot=(afoot,))

    assert matches(parse("is:approval"), row, me="ana", now=0) == approval
    assert matches(parse("is:unknown"), row, me="ana", now=0) == unknown
    assert matches(parse("is:acting"), row, me="ana", now=0) == (afoot.state != "proposed")
    nothing = replace(row, afoot=())
    assert not any(matches(parse(f"is:{name}"), nothing, me="ana", now=0) for name in ("approval", "unknown", "acting"))
