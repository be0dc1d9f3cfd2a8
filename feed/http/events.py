"""`GET /v1/events`: the log, as this person may see it."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from casework.access import AUDIT_CASE, Audience, sees_whole
from casework.events import Event
from casework.evolve import evolve
from casework.model import Case
from feed.http.asking import node_of, parameters, reader, whole_number
from feed.http.cases import case_or_from_log
from feed.http.replies import PRIVATE, json_reply
from feed.log.replay import events as log_events
from feed.node import Node
from feed.ring import whole_event
from protocol import codec, limits
from protocol.answers import EventsPage

NDJSON: Final = "application/x-ndjson"


async def list_events(request: Request) -> Response:
    """Events after `after`, at most `limit`, in seq order; as NDJSON if that is what is accepted.

    The record of refusals (`_audit`) is the auditors'; a page may therefore be shorter than its seqs suggest.
    """
    who = await reader(request, "events")
    given = parameters(request, ("after", "limit"))
    after = whole_number(given, "after", 0, 0, 2**53 - 1)
    limit = whole_number(given, "limit", limits.LIST_DEFAULT, 1, limits.LIST_MAX)
    node = node_of(request)
    audience = node.engine.audience(who.person)
    events: list[Event] = []
    while len(events) < limit and (page := await node.log.read(after, limit - len(events))):
        events += [event for event in page if event.case_id != AUDIT_CASE or audience.audits]
        after = page[-1].seq
    states = await _states(node, events, audience)
    seen = [whole_event(event, states.get(event.seq), audience, who.principal) for event in events]
    if NDJSON in request.headers.get("accept", ""):
        return Response(codec.encode_lines(seen), media_type=NDJSON, headers=PRIVATE)
    return json_reply(EventsPage(events=seen, head=node.floor.seq))


async def _states(node: Node, events: list[Event], audience: Audience) -> dict[int, Case]:
    """By seq, the case after each event. Where the case is seen whole its present state says all that is needed; for a
    stub it is folded up to each event, because a stub shows the case as it then was.
    """
    states: dict[int, Case] = {}
    wanted: dict[str, set[int]] = {}
    for event in events:
        if event.case_id == AUDIT_CASE:
            continue
        wanted.setdefault(event.case_id, set()).add(event.seq)
    for case_id, seqs in wanted.items():
        case = await case_or_from_log(node, case_id)
        if sees_whole(case.boundary, case_id, audience):
            states.update(dict.fromkeys(seqs, case))
            continue
        state: Case | None = None
        last = max(seqs)
        async for batch in log_events(node.log, 0, case_id):
            for event in batch:
                state = evolve(state, event)
                if event.seq in seqs:
                    states[event.seq] = state
            if batch[-1].seq >= last:
                break
    return states
