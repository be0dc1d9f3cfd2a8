"""`watchfloor show CASE`: one case in lines, as this person may see it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cli.calls import add_feed_arguments, calling
from cli.errors import Exit
from cli.lines import write_json, write_line
from cli.list_ import left, moment

if TYPE_CHECKING:
    from casework.model import Case, Clock
    from client.http import Api


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("case", metavar="CASE", help="its id, for example C-7F3A-9K2M")
    parser.add_argument("url", nargs="?", help="the feed (default: the configured one)")
    add_feed_arguments(parser)
    parser.add_argument("--json", action="store_true", help="the whole case as one JSON object")


def run(args: argparse.Namespace) -> int:
    from casework.caseid import parse
    from protocol import shapes

    with calling(args.url or args.feed, args.profile) as api:
        body = api.get(f"/v1/cases/{parse(args.case)}")
        if args.json:
            write_json(body.decode())
            return Exit.DONE
        case = shapes.case_in(body)
        for text in lines(case, api.now_ms):
            write_line(text)
        for text in () if case.stub else next_steps(api, case):
            write_line(text)
    return Exit.DONE


def lines(case: Case, now: int | None = None) -> Iterator[str]:
    """The case, the most urgent first; free text is somebody else's and keeps to its own line."""
    from casework import order
    from casework.caseid import shown

    kind = f"{case.case_type} {case.sub_type}" if case.sub_type else case.case_type
    head = f"{shown(case.case_id)}  {case.severity} {kind}  {case.state}"
    yield f"{head}  owner {case.owner or '-'}  version {case.version}"
    if case.stub:
        yield f"not cleared to read it: it lies within {case.boundary or 'a boundary'}"
        yield from _clocks(case.clocks, now)
        return
    yield f"why here: {'; '.join(order.why(case))}"
    yield f"opened {moment(case.opened_at)}" + (f"  contained {moment(case.contained_at)}" if case.contained_at else "")
    if case.flags.hold is not None:
        yield f"ON HOLD by {case.flags.hold.by}: {case.flags.hold.why}"
    if case.flags.awaiting is not None:
        yield f"waiting for {case.flags.awaiting.who}: {case.flags.awaiting.why}"
    yield from _clocks(case.clocks, now)
    yield f"said: {case.summary}"
    if case.translation is not None:
        yield f"translated by {case.translation.by}: {case.translation.text}"
    for number, text in enumerate(case.narrative.splitlines(), 1):
        yield f"narrative {number}: {text}"
    for subject in case.subjects:
        place = f"  place {subject.place}" if subject.place else ""
        yield f"subject: {subject.kind} {subject.id} {subject.handle or ''}{place}".rstrip()
    for item in case.content:
        up = {True: "up", False: "down", None: "not checked"}[item.up]
        checked = f" at {moment(item.checked_at)}" if item.checked_at is not None else ""
        yield f"content: {item.kind} {item.id}{'  LIVE' if item.live else ''}  {up}{checked}"
    for name, value in case.sensitive.items():
        yield f"{name}: {value.masked} (masked)"
    for action in case.actions:
        approved = f", approved by {action.approved_by}" if action.approved_by else ""
        yield (
            f"action {action.action_id}: {action.action} on {action.target.kind} {action.target.id}, {action.state}, "
            f"proposed by {action.proposed_by}{approved}, digest {action.digest}"
        )
    for task in case.tasks:
        done = f"done by {task.done_by}" if task.done_by else "open"
        yield f"task {task.task_id}: {task.text} ({task.owner}, {done})"
    for contact in case.contacts:
        yield f"told {moment(contact.at)}: {contact.party} {contact.person} by {contact.channel}: {contact.outcome}"
    for related in case.related:
        yield f"{related.relation}: {shown(related.case_id)}"
    for note in case.notes:
        yield f"note {moment(note.at)} {note.by}{' (struck out)' if note.struck else ''}: {note.text}"


def next_steps(api: Api, case: Case) -> Iterator[str]:
    """Where the case stands in its runbook, and how the next step is ticked from here."""
    from casework.runbook import progress
    from client.errors import Refused
    from protocol.answers import answer_in
    from protocol.catalogue import Catalogue
    from protocol.codec import Malformed

    try:
        catalogue: Catalogue = answer_in(api.get("/v1/catalogue"), Catalogue)
    except (Refused, Malformed):
        return  # a feed that is older or newer: the case itself was shown
    runbook = next((each for each in catalogue.runbooks if each.case_type == case.case_type), None)
    if runbook is None:
        return
    stands = progress(runbook, case, case.runbook)
    step = stands.next
    if step is None:
        yield f"runbook: done, {len(stands.steps)} of {len(stands.steps)}"
        return
    yield f"runbook: next is {stands.place(step)} of {len(stands.steps)}: {step.text}"
    for how in step.how:
        yield f"runbook: {how}"
    yield f"runbook: when it is done: watchfloor do tick {case.case_id} --field step={step.step}"


def _clocks(clocks: tuple[Clock, ...], now: int | None) -> Iterator[str]:
    for clock in clocks:
        name = clock.milestone + (" (outer bound)" if clock.outer_bound else "")
        if clock.met_at is not None:
            how = f"met {moment(clock.met_at)}"
        elif clock.waived is not None:
            how = f"waived by {clock.waived.by}"
        elif clock.stopped_at is not None:
            how = "stopped"
        elif clock.paused:
            how = "paused"
        else:
            how = "runs" if now is None else left(clock.due_at, now)
        late = f"  LATE since {moment(clock.breached_at)}" if clock.breached_at is not None else ""
        yield f"clock {name}: due {moment(clock.due_at)}, {how}{late}"
