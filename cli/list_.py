"""`watchfloor list`: the queue in lines, most urgent first."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from cli.calls import add_feed_arguments, calling
from cli.errors import Exit, UsageError
from cli.lines import write_json, write_line

if TYPE_CHECKING:
    from casework.model import Row

PAGE = 200


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("url", nargs="?", help="the feed (default: the configured one)")
    add_feed_arguments(parser)
    parser.add_argument("--view", metavar="NAME", help="all, mine, unowned, late … (default: all, the open ones)")
    parser.add_argument("--q", metavar="QUERY", help="a filter, as the console's / takes it")
    parser.add_argument("--state", metavar="STATE", help="only cases in this state, for example NEW")
    parser.add_argument("--limit", type=int, default=0, metavar="N", help="at most so many (default: all)")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")


def run(args: argparse.Namespace) -> int:
    from protocol import shapes
    from protocol.answers import CasesPage, answer_in

    if args.limit < 0:
        raise UsageError("--limit cannot be negative")
    left = args.limit or None
    # A state that was asked for by name is shown, also where it is an end.
    view = args.view or (None if args.state else "all")
    cursor: str | None = None
    with calling(args.url or args.feed, args.profile) as api:
        while True:
            size = PAGE if left is None else min(PAGE, left)
            body = api.get("/v1/cases", view=view, q=args.q, state=args.state, limit=size, cursor=cursor)
            page: CasesPage = answer_in(body, CasesPage)
            for raw in page.cases:
                if args.json:
                    write_json(bytes(raw).decode())
                else:
                    write_line(line(shapes.row_in(raw), api.now_ms))
            cursor = page.cursor
            if left is not None:
                left -= len(page.cases)
            if cursor is None or not page.cases or left == 0:
                return Exit.DONE


def line(row: Row, now: int | None = None) -> str:
    """One case: severity, what is due and in how long, type, state, owner, id, what was said.

    `now` is the feed's time (ms UTC); without it the time that something is due (UTC) stands there instead.
    """
    from casework import order
    from casework.caseid import shown

    clock = order.next_clock(row.clocks)
    due = "" if clock is None else f"{clock.milestone} {left(clock.due_at, now)}"
    late = "LATE" if clock is not None and (clock.breached_at is not None or clock.due_at < (now or 0)) else ""
    kind = f"{row.case_type} {row.sub_type}" if row.sub_type else row.case_type
    said = "(not cleared to read it)" if row.stub else row.summary
    place = f"{row.severity} {late:<4} {due:<22} {kind:<14} {row.state:<13}"
    return f"{place} {row.owner or '-':<10} {shown(row.case_id)}  {said}"


def left(due_at: int, now: int | None) -> str:
    """`in 12 m`, `late 42 s`, or the time where it is not known what time it is there."""
    from client.views.times import ago

    if now is None:
        return moment(due_at)
    return f"in {ago(due_at - now)}" if due_at >= now else f"late {ago(now - due_at)}"


def moment(at: int) -> str:
    """`at` (ms UTC) to the second; the day stands before it, since work here runs past midnight."""
    from datetime import UTC, datetime

    return datetime.fromtimestamp(at // 1_000, UTC).strftime("%m-%d %H:%M:%SZ")
