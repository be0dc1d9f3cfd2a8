"""`/v1/cases`: the queue in pages, one case whole, its events."""

from __future__ import annotations

import asyncio
from typing import Final

from msgspec import Raw
from starlette.requests import Request
from starlette.responses import Response

from casework import caseid, order, query
from casework.access import project_case
from casework.evolve import evolve
from casework.model import Case, Row, Stub
from casework.tokens import STATES
from feed.engine import NotFound
from feed.floor import Floor
from feed.http.asking import case_id_of, node_of, parameters, reader, whole_number
from feed.http.replies import Refused, json_reply
from feed.log.replay import events, fold_case
from feed.node import Node
from feed.ring import whole_event
from feed.rows import seen
from protocol import cursor, limits, shapes
from protocol.answers import CasesPage, EventsPage
from protocol.frames import WireEvent
from protocol.problems import problem

_AT_ONCE: Final = 100
"""Rows looked at between two yields: a few milliseconds."""


async def list_cases(request: Request) -> Response:
    """`GET /v1/cases`: rows in queue order; `cursor` goes on right behind the last one, whatever moved meanwhile."""
    who = await reader(request, "cases")
    given = parameters(request, ("view", "q", "state", "limit", "cursor"))
    limit = whole_number(given, "limit", limits.LIST_DEFAULT, 1, limits.LIST_MAX)
    states = _states(given.get("state"))
    asked = _queries(given)
    node = node_of(request)
    audience = node.engine.audience(who.person)
    after = None if "cursor" not in given else cursor.decode(given["cursor"])
    found: list[Case] = []
    more = False
    now = node.clock.now_ms()
    head = node.floor.seq
    # The floor at this moment: a search of all of it lets others go on, and still is of one seq.
    for number, case in enumerate(_from(node.floor, after), start=1):
        if number % _AT_ONCE == 0:
            await asyncio.sleep(0)
        if states and case.state not in states:
            continue
        if asked and not _matches(asked, seen(case, audience), who.principal, now):
            continue
        if len(found) == limit:
            more = True
            break
        found.append(case)
    rows = [Raw(row) for row in node.rows.encode(found, audience)]
    onward = cursor.encode(order.key(found[-1])) if more else None
    return json_reply(CasesPage(cases=rows, cursor=onward, head=head))


def _states(given: str | None) -> frozenset[str]:
    """States, separated by commas."""
    if given is None:
        return frozenset()
    names = frozenset(given.split(","))
    if not names <= frozenset(STATES):
        raise Refused(problem("invalid", f"`state` is one of {', '.join(STATES)}, or several separated by commas."))
    return names


def _queries(given: dict[str, str]) -> tuple[query.Query, ...]:
    """What `view` and `q` ask for: a row has to fit both. Without a view every case counts that has not left the floor,
    so that `state` and `q` find ended and snoozed ones too.
    """
    name, text = given.get("view"), given.get("q", "")
    if name is not None and name not in query.VIEWS:
        raise Refused(problem("invalid", f"`view` is one of {', '.join(query.VIEWS)}."))
    try:
        asked = (query.parse(text),) if text else ()
        return asked if name is None else (query.view(name), *asked)
    except query.QueryFault as fault:
        raise Refused(problem("invalid", f"`q`: {fault}")) from None


def _matches(asked: tuple[query.Query, ...], row: Row | Stub, me: str, now: int) -> bool:
    return all(query.matches(each, row, me=me, now=now) for each in asked)


def _from(floor: Floor, after: order.Key | None) -> list[Case]:
    # No two cases have one key, and every id sorts before this one.
    places = iter(floor.order) if after is None else floor.order.irange(minimum=(after, "\U0010ffff"))
    return [floor.cases[case_id] for _, case_id in places]


async def show_case(request: Request) -> Response:
    """`GET /v1/cases/{id}`: the whole case as this person may see it, also after it left the floor."""
    who = await reader(request, "cases")
    parameters(request, ())
    node = node_of(request)
    case = await case_or_from_log(node, case_id_of(request))
    return json_reply(shapes.case_out(project_case(case, node.engine.audience(who.person))))


async def case_or_from_log(node: Node, case_id: str) -> Case:
    """The case from memory, or one that left it from the log. Raises `NotFound`."""
    case = node.floor.cases.get(case_id)
    if case is None and case_id in node.floor.ids:
        case = await fold_case(node.log, case_id)
    if case is None:
        raise NotFound(caseid.shown(case_id))
    return case


async def case_events(request: Request) -> Response:
    """`GET /v1/cases/{id}/events`: all of its events, or `limit` of them after `after`."""
    who = await reader(request, "events")
    given = parameters(request, ("after", "limit"))
    start = whole_number(given, "after", 0, 0, 2**53 - 1)
    limit = whole_number(given, "limit", limits.LIST_MAX, 1, limits.LIST_MAX)
    node = node_of(request)
    case_id = case_id_of(request)
    if case_id not in node.floor.ids:
        await case_or_from_log(node, case_id)
    audience = node.engine.audience(who.person)
    found: list[WireEvent] = []
    state: Case | None = None
    # From the first one on: a stub shows the case as it was after each event.
    async for batch in events(node.log, 0, case_id):
        for event in batch:
            state = evolve(state, event)
            if event.seq > start and len(found) < limit:
                found.append(whole_event(event, state, audience, who.principal))
        if len(found) == limit:
            break
    return json_reply(EventsPage(events=found))
