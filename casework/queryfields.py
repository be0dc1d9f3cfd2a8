"""The fields of the query language: what each may be compared with, and how a row answers.

Plain comparisons and substrings only: a query is typed by a person, the text it looks through by anybody.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from typing import Final, get_args

from msgspec import Struct

from casework.caseid import shown
from casework.model import Afoot, Row
from casework.order import next_clock
from casework.queryvalues import QueryFault, duration, number, suggestion
from casework.tokens import (
    CASE_TYPES,
    ENDED_STATES,
    MILESTONES,
    OPEN_STATES,
    SEVERITIES,
    STATES,
    Harm,
    Imminence,
    Sensitivity,
    SourceKind,
    SubType,
)


class Asked(Struct, frozen=True):
    """A row with what a query needs beside it: who asks and when (ms UTC)."""

    row: Row
    me: str
    now: int


Test = Callable[[Asked], bool]
Make = Callable[[str, str, int], Test]
"""(operator, value, position of the value) to the test; raises `QueryFault`."""


class Field(Struct, frozen=True, kw_only=True):
    """One field: the operators it takes, how a test is made of them, and values to offer."""

    name: str
    operators: tuple[str, ...]
    make: Make
    offers: tuple[str, ...] = ()
    example: str
    lists: bool = True
    """Whether values may be given as a list, any of which counts."""


_COMPARE: Final[dict[str, Callable[[float, float], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    ":": operator.eq,
}


def _tokens(name: str, known: tuple[str, ...], read: Callable[[Row], Iterable[str | None]]) -> Make:
    lower = {token.casefold(): token for token in known}

    def make(_op: str, value: str, position: int) -> Test:
        token = lower.get(value.casefold())
        if token is None:
            listed = ", ".join(lower)
            hint = suggestion(value, lower)
            raise QueryFault(position=position, reason=f'"{value[:40]}" is no {name}.{hint} It may be {listed}.')
        return lambda asked: token in read(asked.row)

    return make


def _severity(_op: str, value: str, position: int) -> Test:
    low, dots, high = value.partition("..")
    first = _severity_digit(low, position) if low or not dots else 0
    last = _severity_digit(high, position + len(low) + 2) if high else (4 if dots else first)
    if first > last:
        first, last = last, first
    return lambda asked: first <= int(asked.row.severity[1]) <= last


def _severity_digit(text: str, position: int) -> int:
    digit = text[1:] if text[:1] in "sS" else text
    if digit not in ("0", "1", "2", "3", "4"):
        raise QueryFault(
            position=position, reason=f'Write a severity from S0 to S4, or a range such as 0..1, not "{text[:40]}".'
        )
    return int(digit)


def _state(_op: str, value: str, position: int) -> Test:
    wanted = value.casefold()
    if wanted == "open":
        return lambda asked: asked.row.state in OPEN_STATES
    if wanted == "ended":
        return lambda asked: asked.row.state in ENDED_STATES
    return _tokens("state", STATES, lambda row: (row.state,))(_op, value, position)


def _owner(_op: str, value: str, _position: int) -> Test:
    wanted = value.casefold()
    if wanted == "me":
        return lambda asked: asked.row.owner is not None and asked.row.owner == asked.me
    if wanted == "none":
        return lambda asked: asked.row.owner is None
    return lambda asked: asked.row.owner is not None and asked.row.owner.casefold() == wanted


def _named(read: Callable[[Row], str | None]) -> Make:
    def make(_op: str, value: str, _position: int) -> Test:
        wanted = value.casefold()

        def test(asked: Asked) -> bool:
            there = read(asked.row)
            return wanted == "none" if there is None else there.casefold() == wanted

        return test

    return make


def _next(op: str, value: str, position: int) -> Test:
    if value.casefold() == "none":
        return lambda asked: next_clock(asked.row.clocks) is None
    return _tokens("milestone", MILESTONES, _next_milestone)(op, value, position)


def _next_milestone(row: Row) -> tuple[str | None]:
    clock = next_clock(row.clocks)
    return (clock.milestone if clock else None,)


def _left(op: str, value: str, position: int) -> Test:
    compare, span = _COMPARE[op], duration(value, position)

    def test(asked: Asked) -> bool:
        clock = next_clock(asked.row.clocks)
        return clock is not None and compare(clock.due_at - asked.now, span)

    return test


def _age(op: str, value: str, position: int) -> Test:
    compare, span = _COMPARE[op], duration(value, position)
    return lambda asked: compare(asked.now - asked.row.opened_at, span)


def _amount(read: Callable[[Row], float | None]) -> Make:
    def make(op: str, value: str, position: int) -> Test:
        low, dots, high = value.partition("..")
        if dots and op == ":":
            least, most = number(low, position), number(high, position + len(low) + 2)

            def between(asked: Asked) -> bool:
                there = read(asked.row)
                return there is not None and least <= there <= most

            return between
        compare, wanted = _COMPARE[op], number(value, position)

        def test(asked: Asked) -> bool:
            there = read(asked.row)
            return there is not None and compare(there, wanted)

        return test

    return make


def contains_text(value: str) -> Test:
    """Whether the words stand in what a row says: summary, translation, source, subjects, content, and its id."""
    wanted = value.casefold()
    return lambda asked: any(wanted in text.casefold() for text in _texts(asked.row))


def _text(_op: str, value: str, _position: int) -> Test:
    return contains_text(value)


def _texts(row: Row) -> Iterable[str]:
    yield row.summary
    yield row.case_id
    yield shown(row.case_id)
    if row.translation is not None:
        yield row.translation.text
    if row.source is not None:
        yield row.source.name
    for subject in row.subjects:
        yield subject.id
        yield from (text for text in (subject.handle, subject.place) if text)
    for item in row.content:
        yield item.id


def is_late(row: Row, now: int) -> bool:
    """Whether a running clock of the row is past its due."""
    return any(clock.running and clock.due_at < now for clock in row.clocks)


def waits_for(me: str, afoot: Afoot) -> bool:
    """Whether an action waits for a second person other than whoever proposed it, before or after it goes."""
    return (afoot.state == "proposed" or afoot.review) and afoot.by.casefold() != me.casefold()


_IS: Final[dict[str, Test]] = {
    "late": lambda asked: is_late(asked.row, asked.now),
    "unowned": lambda asked: asked.row.owner is None,
    "owned": lambda asked: asked.row.owner is not None,
    "mine": lambda asked: asked.row.owner is not None and asked.row.owner == asked.me,
    "open": lambda asked: asked.row.state in OPEN_STATES,
    "ended": lambda asked: asked.row.state in ENDED_STATES,
    "snoozed": lambda asked: asked.row.flags.snoozed_until is not None,
    "hold": lambda asked: asked.row.flags.hold is not None,
    "awaiting": lambda asked: asked.row.flags.awaiting is not None,
    "rca": lambda asked: asked.row.flags.rca_due,
    "secured": lambda asked: asked.row.band > int(asked.row.severity[1]),
    "live": lambda asked: any(item.live for item in asked.row.content),
    "up": lambda asked: any(item.up for item in asked.row.content),
    "stub": lambda asked: asked.row.stub,
    "unreadable": lambda asked: asked.row.unreadable,
    "approval": lambda asked: any(waits_for(asked.me, each) for each in asked.row.afoot),
    "acting": lambda asked: any(each.state != "proposed" for each in asked.row.afoot),
    "unknown": lambda asked: any(each.state == "unknown" for each in asked.row.afoot),
}
_HAS: Final[dict[str, Test]] = {
    "notes": lambda asked: asked.row.counts.notes > 0,
    "actions": lambda asked: asked.row.counts.actions > 0,
    "tasks": lambda asked: asked.row.counts.tasks > 0,
    "contacts": lambda asked: asked.row.counts.contacts > 0,
    "related": lambda asked: asked.row.counts.related > 0,
    "runbook": lambda asked: asked.row.counts.runbook > 0,
    "updates": lambda asked: asked.row.updates > 0,
    "subjects": lambda asked: bool(asked.row.subjects),
    "content": lambda asked: bool(asked.row.content),
    "sensitive": lambda asked: bool(asked.row.sensitive),
    "translation": lambda asked: asked.row.translation is not None,
    "place": lambda asked: any(subject.place for subject in asked.row.subjects),
    "boundary": lambda asked: asked.row.boundary is not None,
    "floor": lambda asked: bool(asked.row.floors),
}


def _one_of(name: str, tests: dict[str, Test]) -> Make:
    def make(_op: str, value: str, position: int) -> Test:
        test = tests.get(value.casefold())
        if test is None:
            hint = suggestion(value, tests)
            reason = f"There is no {name}:{value[:40]}.{hint} It may be {', '.join(tests)}."
            raise QueryFault(position=position, reason=reason)
        return test

    return make


def _lower(tokens: Iterable[str]) -> tuple[str, ...]:
    return tuple(token.casefold() for token in tokens)


_MEASURES: Final = ("<", "<=", ">", ">=", "=")
_SUB_TYPES: Final[tuple[str, ...]] = get_args(SubType)
_SOURCES: Final[tuple[str, ...]] = get_args(SourceKind)
_SENSITIVITIES: Final[tuple[str, ...]] = get_args(Sensitivity)
_IMMINENCES: Final[tuple[str, ...]] = get_args(Imminence)
_HARMS: Final[tuple[str, ...]] = get_args(Harm)

_ALL: Final = (
    Field(name="sev", operators=(":",), make=_severity, offers=_lower(SEVERITIES), example="sev:0..1"),
    Field(
        name="type",
        operators=(":",),
        make=_tokens("type", CASE_TYPES, lambda row: (row.case_type,)),
        offers=_lower(CASE_TYPES),
        example="type:csea,ssh",
    ),
    Field(
        name="sub",
        operators=(":",),
        make=_tokens("sub-type", _SUB_TYPES, lambda row: (row.sub_type,)),
        offers=_lower(_SUB_TYPES),
        example="sub:live",
    ),
    Field(
        name="state",
        operators=(":",),
        make=_state,
        offers=("open", "ended", *_lower(STATES)),
        example="state:new,acked",
    ),
    Field(name="owner", operators=(":",), make=_owner, offers=("me", "none"), example="owner:me"),
    Field(name="is", operators=(":",), make=_one_of("is", _IS), offers=tuple(_IS), example="is:unowned"),
    Field(name="has", operators=(":",), make=_one_of("has", _HAS), offers=tuple(_HAS), example="has:contacts"),
    Field(name="next", operators=(":",), make=_next, offers=("none", *MILESTONES), example="next:police"),
    Field(name="late", operators=_MEASURES, make=_left, offers=("5m", "10m", "1h"), example="late<10m"),
    Field(name="age", operators=_MEASURES, make=_age, offers=("10m", "2h", "1d"), example="age>2h"),
    Field(
        name="score",
        operators=(*_MEASURES, ":"),
        make=_amount(lambda row: row.score_tenths / 10),
        offers=("60", "80", "90"),
        example="score>80",
    ),
    Field(
        name="graphic",
        operators=(*_MEASURES, ":"),
        make=_amount(lambda row: row.graphic_level),
        offers=("2", "3", "4"),
        example="graphic<3",
    ),
    Field(
        name="viewers",
        operators=_MEASURES,
        make=_amount(lambda row: row.factors.live_viewers),
        offers=("100", "1000"),
        example="viewers>100",
    ),
    Field(
        name="boundary",
        operators=(":",),
        make=_named(lambda row: row.boundary),
        offers=("none",),
        example="boundary:us",
    ),
    Field(name="lang", operators=(":",), make=_named(lambda row: row.language), offers=("none",), example="lang:en"),
    Field(
        name="source",
        operators=(":",),
        make=_tokens("source", _SOURCES, lambda row: (row.source.kind if row.source else None,)),
        offers=_SOURCES,
        example="source:law_enforcement",
    ),
    Field(
        name="sens",
        operators=(":",),
        make=_tokens("sensitivity", _SENSITIVITIES, lambda row: row.sensitivities),
        offers=_SENSITIVITIES,
        example="sens:minor",
    ),
    Field(
        name="imminence",
        operators=(":",),
        make=_tokens("imminence", _IMMINENCES, lambda row: (row.factors.imminence or "unspecified",)),
        offers=_IMMINENCES,
        example="imminence:now",
    ),
    Field(
        name="harm",
        operators=(":",),
        make=_tokens("harm", _HARMS, lambda row: (row.factors.harm,)),
        offers=_HARMS,
        example="harm:death",
    ),
    Field(name="text", operators=("~",), make=_text, example='text~"school"', lists=False),
)

FIELDS: Final[dict[str, Field]] = {field.name: field for field in _ALL}
"""Every field by its name, in the order in which completion offers them."""
