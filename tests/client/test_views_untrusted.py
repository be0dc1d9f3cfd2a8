"""Nothing that came from outside leaves a view as a plain string, wherever in a case it stood."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, get_args

import pytest
from msgspec import Struct
from msgspec.structs import replace

from casework.events import Event
from casework.facts import FACTS
from casework.model import Case, Row
from casework.runbook import Progress
from casework.untrusted import Untrusted, raw
from client.views import facts, floor, row, wall
from client.views.blocks import Choice, Section
from client.views.timeline import timeline
from client.views.whole import Beside, sections
from tests.client.outsidetext import filled

NOW = 1_795_351_267_000
MARK = "OUTSIDE"
KINDS = ("ordinary", "ended", "restricted", "unreadable", "late")


def marked(kind: str) -> Case:
    """A case that is nothing but text from outside."""
    case: Case = filled(Case, "", {"text": MARK, "boundary": "us"}, at=NOW - 60_000)
    case = replace(case, case_id="C-00000001", flags=replace(case.flags, snoozed_until=None), ended_at=None, recent=())
    if kind == "ended":
        return replace(case, state="RESOLVED", ended_at=NOW)
    if kind == "late":
        return replace(case, clocks=(replace(case.clocks[0], due_at=NOW - 1, met_at=None, stopped_at=None),))
    return replace(case, stub=kind == "restricted", unreadable=kind == "unreadable")


def row_of(case: Case) -> Row:
    return Row(**{name: getattr(case, name) for name in Row.__struct_fields__ if name not in ("counts", "afoot")})


def checked(case: Case) -> Progress:
    """How far it is in a runbook of nothing but text from outside."""
    found: Progress = filled(Progress, "", {"text": MARK}, at=NOW)
    return found


def plain(value: Any, path: str) -> Iterator[str]:
    """Where a plain string with the mark stands in `value`."""
    if isinstance(value, str):
        if MARK.casefold() in value.casefold():
            yield f"{path}: {value}"
    elif isinstance(value, Untrusted):
        return
    elif isinstance(value, Case | Row):
        return  # the case itself, handed through to the title: what is drawn of it is looked at there
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from plain(key, path)
            yield from plain(inner, f"{path}.{key}")
    elif isinstance(value, tuple | list):
        for at, inner in enumerate(value):
            yield from plain(inner, f"{path}[{at}]")
    elif isinstance(value, Struct):
        for name in value.__struct_fields__:
            if isinstance(value, Choice | Section) and name in ("name", "chosen"):
                continue  # says which it is, and is not painted
            yield from plain(getattr(value, name), f"{path}.{name}")
    else:
        assert value is None or isinstance(value, int | float), f"{path}: {type(value)} is not looked into"


def outside(value: Any) -> int:
    """How many texts from outside stand in `value`."""
    if isinstance(value, Untrusted):
        return int(MARK in raw(value))
    if isinstance(value, tuple | list):
        return sum(map(outside, value))
    return sum(outside(getattr(value, name)) for name in value.__struct_fields__) if isinstance(value, Struct) else 0


@pytest.mark.parametrize("kind", KINDS)
def test_no_plain_string_holds_a_word_from_outside(kind: str) -> None:
    case = marked(kind)
    looking = [(MARK, MARK)]
    beside = Beside(looking=looking, progress=checked(case), catalogued=True, same=(row_of(case),), unfolded=9)
    of_a_row = Beside(looking=looking, unfolded=9)
    views = {
        "facts": facts.facts(case, NOW, looking=looking, progress=checked(case)),
        "facts of a row": facts.facts(row_of(case), NOW, looking=looking),
        "case": sections(case, NOW, beside),
        "case that is found": sections(case, NOW, replace(beside, find=lambda case_id: row_of(case))),
        "case of a row": sections(row_of(case), NOW, of_a_row),
        "queue row": row.queue_row(row_of(case), NOW, MARK),
        "wall": wall.wall(
            floor.Floor(now=NOW, name=MARK, who=MARK, phase="live", detail=MARK, filter=MARK, feed_age_ms=3),
            {"C-00000001": row_of(case)},
            ["C-00000001"],
            (NOW + 5, "C-00000001"),
            flow=(),
        ),
    }

    assert [found for name, view in views.items() for found in plain(view, name)] == []
    if kind == "ordinary":
        assert outside(tuple(views.values())) > 30, "the mark is there, as text from outside"


@pytest.mark.parametrize("name", FACTS)
def test_no_plain_string_of_what_happened(name: str) -> None:
    fact = filled(FACTS[name], "", {"text": MARK}, at=NOW)
    event = Event(seq=1, case_id="C-00000001", version=1, type=MARK, at=NOW, actor=MARK, fact=fact)

    assert list(plain(timeline([event]), name)) == []


@pytest.mark.parametrize("phase", get_args(floor.Phase))
def test_no_plain_string_of_the_floor_either(phase: Literal["live"]) -> None:
    told = floor.Floor(
        now=NOW,
        name=MARK,
        who=MARK,
        roles=("lead",),
        phase=phase,
        detail=MARK,
        filter=MARK,
        feed_age_ms=3,
        retry_in_ms=5,
    )

    for view in (floor.first_line(told), floor.second_line(told), floor.banner(told), floor.empty_words(told, 3)):
        assert list(plain(view, phase)) == []
