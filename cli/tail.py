"""`watchfloor tail`: one line an event, for pipes and screen readers; it goes on after an outage where it stood."""

from __future__ import annotations

import argparse
import sys
import time
from typing import TYPE_CHECKING

from cli.calls import add_feed_arguments, calling
from cli.errors import UsageError
from cli.lines import write_error, write_json, write_line
from cli.list_ import moment

if TYPE_CHECKING:
    from client.http import Api
    from client.views.bits import Line
    from protocol.frames import WireEvent

PAGE = 1_000
PAUSE_S = 0.5
"""Between two looks at a log in which nothing happens."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("url", nargs="?", help="the feed (default: the configured one)")
    add_feed_arguments(parser)
    parser.add_argument(
        "--from", dest="start", type=int, metavar="SEQ", help="begin with this event (default: with what comes next)"
    )
    parser.add_argument("--until", type=int, metavar="SEQ", help="end after this event (default: never)")
    parser.add_argument("--json", action="store_true", help="the event as one JSON object a line")


def run(args: argparse.Namespace) -> int:
    from protocol.answers import AuditHead, answer_in

    if args.start is not None and args.start < 0:
        raise UsageError("--from is the seq of an event, from 1")
    with calling(args.url or args.feed, args.profile) as api:
        head: AuditHead = answer_in(api.get("/v1/audit/head"), AuditHead)
        after = head.seq if args.start is None else max(0, args.start - 1)
        return _follow(api, head.epoch, after, until=args.until, as_json=args.json)


def _follow(api: Api, epoch: str, after: int, *, until: int | None, as_json: bool) -> int:
    import random

    from client import backoff
    from client.errors import FeedUnreachable, Refused
    from protocol import codec
    from protocol.answers import EventsPage, answer_in

    silent = 0
    while until is None or after < until:
        try:
            if silent:
                epoch, after = _still_the_same(api, epoch, after)
            page: EventsPage = answer_in(api.get("/v1/events", after=after, limit=PAGE), EventsPage)
        except (FeedUnreachable, Refused) as error:
            if isinstance(error, Refused) and error.problem.status < 500:
                raise
            if not silent:
                write_error(f"{error}; going on from seq {after} when it is back")
            time.sleep(backoff.delay_ms(silent, random.random) / 1_000)
            silent += 1
            continue
        silent = 0
        for event in page.events:
            if until is not None and event.seq > until:
                break
            if as_json:
                write_json(codec.encode(event).decode())
            else:
                write_line(line(event))
        if page.events:
            after = page.events[-1].seq
            sys.stdout.flush()
        if len(page.events) < PAGE and (until is None or after < until):
            time.sleep(PAUSE_S)
    return 0


def _still_the_same(api: Api, epoch: str, after: int) -> tuple[str, int]:
    """After an outage: the log may be another one, or end before what was already shown."""
    from protocol.answers import AuditHead, answer_in

    head: AuditHead = answer_in(api.get("/v1/audit/head"), AuditHead)
    if head.epoch == epoch and head.seq >= after:
        return epoch, after
    write_error(f"the log is not the one it was (it ends at {head.seq}, shown was {after}); going on from its end")
    return head.epoch, head.seq


def line(event: WireEvent) -> str:
    """One event: seq, time (UTC), case, who, what happened in words, and what the case is after it."""
    from casework.caseid import shown

    what, after = _heard(event)
    return f"{event.seq} {moment(event.at)} {shown(event.case_id)} {event.actor} {what}" + (
        f"; {after}" if after else ""
    )


def _heard(event: WireEvent) -> tuple[str, str]:
    """What happened, and the state, severity and owner that came of it. Nothing that somebody wrote: `show` has it."""
    import msgspec

    from client.views.deeds import deed
    from protocol import shapes
    from protocol.codec import Malformed

    try:
        fact = shapes.event_in(event).fact
    except Malformed:
        return f"{event.type} (newer than this program)", ""
    after: list[str] = []
    for name in ("state", "severity", "owner"):
        value = getattr(fact.result, name)
        if value is not msgspec.UNSET:
            after.append(f"{name} {value if value is not None else 'nobody'}")
    return _spoken(deed(fact, event.type)), ", ".join(after)


def _spoken(line: Line) -> str:
    """A line of the timeline without what is quoted in it."""
    from casework.untrusted import Untrusted, visible

    words = [visible(text) if isinstance(text, Untrusted) else text for text, tone in line if tone != "quoted"]
    return "".join(words).rstrip(" :\u00b7,")
