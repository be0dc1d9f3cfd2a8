"""What a console asks of the feed over HTTP beside its commands: a case, its events, what is in force, a query.

Each raises `FeedUnreachable`, `Refused`, `NoToken`, `Malformed`. The modules that decode an answer are loaded with it:
none of this is needed before the first rows stand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from casework.events import Event
from casework.facts import UnknownFact
from casework.model import Case, Row, Target
from client import http
from client.config import Profile
from client.errors import FeedUnreachable, Refused
from protocol import limits, shapes
from protocol.codec import Malformed
from protocol.frames import WireEvent

if TYPE_CHECKING:
    import httpx

    from protocol.answers import PreviewAnswer
    from protocol.catalogue import Catalogue

PAGES: Final = 20
"""Pages of events that are read of one case; what lies beyond is in the log."""


async def case(client: httpx.AsyncClient, profile: Profile, case_id: str) -> Case:
    """The whole case as this person may see it."""
    return shapes.case_in(await _get(client, profile, f"/v1/cases/{quote(case_id, safe='')}"))


async def events(client: httpx.AsyncClient, profile: Profile, case_id: str) -> list[Event]:
    """All events of the case, the oldest first."""
    from protocol.answers import EventsPage, answer_in

    found: list[Event] = []
    for _ in range(PAGES):
        after = found[-1].seq if found else 0
        raw = await _get(client, profile, f"/v1/cases/{quote(case_id, safe='')}/events", after=after)
        page: EventsPage = answer_in(raw, EventsPage)
        found += [_event(event) for event in page.events]
        if len(page.events) < limits.LIST_MAX:
            break
    return found


def _event(wire: WireEvent) -> Event:
    """The event; one that cannot be read keeps its place and its name."""
    try:
        return shapes.event_in(wire)
    except Malformed:
        return Event(
            seq=wire.seq,
            case_id=wire.case_id,
            version=wire.version,
            type=wire.type,
            v=wire.v,
            at=wire.at,
            actor=wire.actor,
            fact=UnknownFact(),
        )


async def rows(client: httpx.AsyncClient, profile: Profile, query: str, *, limit: int) -> list[Row]:
    """The first `limit` cases that fit `query`, ended ones that are still on the floor among them."""
    from protocol.answers import CasesPage, answer_in

    page: CasesPage = answer_in(await _get(client, profile, "/v1/cases", q=query, limit=limit), CasesPage)
    return [shapes.row_in(raw) for raw in page.cases]


async def catalogue(client: httpx.AsyncClient, profile: Profile) -> Catalogue:
    """What is in force on the feed, and the verbs that this person may use."""
    from protocol.answers import answer_in
    from protocol.catalogue import Catalogue

    found: Catalogue = answer_in(await _get(client, profile, "/v1/catalogue"), Catalogue)
    return found


async def preview(
    client: httpx.AsyncClient, profile: Profile, case_id: str, action: str, target: Target, fields: dict[str, Any]
) -> PreviewAnswer:
    """What the platform says that an action would touch. Nothing is done."""
    import httpx

    from protocol.answers import PreviewAnswer, PreviewQuestion, answer_in
    from protocol.codec import encode

    body = encode(PreviewQuestion(action=action, target=target, fields=fields))
    headers = {**http.headers(profile), "Content-Type": "application/json"}
    try:
        response = await client.post(f"/v1/cases/{quote(case_id, safe='')}/preview", content=body, headers=headers)
    except httpx.HTTPError as error:
        raise FeedUnreachable(profile.url, http.reason(error)) from None
    if response.status_code != 200:
        raise Refused(http.problem_of(response))
    found: PreviewAnswer = answer_in(response.content, PreviewAnswer)
    return found


async def _get(client: httpx.AsyncClient, profile: Profile, path: str, **params: Any) -> bytes:
    import httpx

    try:
        response = await client.get(path, params=params, headers=http.headers(profile))
    except httpx.HTTPError as error:
        raise FeedUnreachable(profile.url, http.reason(error)) from None
    if response.status_code != 200:
        raise Refused(http.problem_of(response))
    return response.content
