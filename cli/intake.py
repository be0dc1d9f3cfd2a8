"""`watchfloor intake FILE|-`: post escalations from a file.

The file holds CloudEvents or bare `data` objects, as one JSON array, as JSON lines, or a single object. Each item is
judged alone. A bare item gets a CloudEvents id of its own content and of how often the same content stood before it in
the file, so that posting a file again, also with lines added or moved, gives duplicates and no second cases.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from cli.calls import add_feed_arguments, calling
from cli.errors import CliError, Exit, UsageError
from cli.lines import write_line

if TYPE_CHECKING:
    from client.http import Api

SOURCE = "urn:watchfloor:intake"
"""The CloudEvents source of bare items."""
FORMATS = ("auto", "cloudevents", "data")
TRIES = 6


class Item(NamedTuple):
    """One item of the file: its line, or its place in an array, from 1; and the CloudEvent as it is sent."""

    number: int
    body: bytes


class Fault(NamedTuple):
    """One item that is refused: its line, or its place in an array, from 1; and why."""

    number: int
    reason: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="the file, or - for standard input")
    parser.add_argument(
        "--as",
        dest="form",
        metavar="FORMAT",
        default="auto",
        help=f"what the items are: {', '.join(FORMATS)} (default: auto, each item for itself)",
    )
    add_feed_arguments(parser)
    parser.add_argument("--verbose", action="store_true", help="a line for each accepted item too")


def run(args: argparse.Namespace) -> int:
    if args.form not in FORMATS:
        raise UsageError(f"--as {args.form} is no format; there is: {', '.join(FORMATS)}")
    text = sys.stdin.buffer.read() if args.file == "-" else Path(args.file).read_bytes()
    accepted = duplicates = refused = 0
    with calling(args.feed, args.profile) as api:
        for batch in batches(items(text, args.form)):
            told = {entry.number: entry.reason for entry in batch if isinstance(entry, Fault)}
            done: dict[int, tuple[str, bool]] = {}
            sent = [entry for entry in batch if isinstance(entry, Item)]
            for number, result in _post(api, sent) if sent else ():
                if isinstance(result, str):
                    told[number] = result
                else:
                    done[number] = result
            for entry in batch:
                _report(entry.number, told.get(entry.number), done.get(entry.number), verbose=args.verbose)
            refused += len(told)
            duplicates += sum(duplicate for _, duplicate in done.values())
            accepted += sum(not duplicate for _, duplicate in done.values())
    write_line(f"{accepted} accepted, {duplicates} already there, {refused} refused")
    return Exit.REFUSED if refused else Exit.DONE


def _report(number: int, refused: str | None, done: tuple[str, bool] | None, *, verbose: bool) -> None:
    if refused is not None:
        write_line(f"{number}: {refused}")
    elif done is not None and verbose:
        from casework.caseid import shown

        write_line(f"{number}: {shown(done[0])}{' (was there)' if done[1] else ''}")


def items(text: bytes, form: str) -> Iterator[Item | Fault]:
    """The items of a file in order, each as the CloudEvent to send, or why it cannot be one.

    Raises `CliError` if the file as a whole cannot be read.
    """
    import msgspec

    text = text.removeprefix(b"\xef\xbb\xbf")
    raws: list[tuple[int, bytes]]
    if text.lstrip()[:1] == b"[":
        try:
            raws = [(at, bytes(raw)) for at, raw in enumerate(msgspec.json.decode(text, type=list[msgspec.Raw]), 1)]
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise CliError(f"the file is not a JSON array: {error}") from None
    elif _single(text):
        raws = [(1, text)]
    else:
        raws = [(at, line) for at, line in enumerate(text.splitlines(), 1) if line.strip()]
    seen: dict[str, int] = {}
    for number, raw in raws:
        yield _item(number, raw.strip(), form, seen)


def _single(text: bytes) -> bool:
    """Whether the whole text is one object, over however many lines."""
    import msgspec

    try:
        return isinstance(msgspec.json.decode(text), dict)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return False


def _item(number: int, raw: bytes, form: str, seen: dict[str, int]) -> Item | Fault:
    import msgspec

    from casework.escalation import RAISED
    from protocol import codec, limits
    from protocol.codec import Malformed

    try:
        members: dict[str, object] = codec.decode_body(raw, dict[str, object])
    except Malformed as fault:
        return Fault(number, f"it is not a JSON object: {fault if fault.pointer else fault.reason}")
    if form == "cloudevents" or (form == "auto" and "specversion" in members):
        body = raw
    else:
        content = hashlib.sha256(msgspec.json.encode(members, order="deterministic")).hexdigest()[:32]
        seen[content] = seen.get(content, 0) + 1
        event = {
            "specversion": "1.0",
            "id": f"{content}-{seen[content]}",
            "source": SOURCE,
            "type": RAISED,
            "datacontenttype": "application/json",
            "data": msgspec.Raw(raw),
        }
        body = codec.encode(event)
    if len(body) + 2 > limits.BODY:
        return Fault(number, f"it is larger than {limits.BODY} bytes")
    return Item(number, body)


def batches(found: Iterator[Item | Fault]) -> Iterator[list[Item | Fault]]:
    """Items together as far as one request takes them, in the order of the file, with the faults between them."""
    from protocol import limits

    batch: list[Item | Fault] = []
    count, size = 0, 2
    for entry in found:
        more = len(entry.body) + 1 if isinstance(entry, Item) else 0
        if count >= limits.BATCH_EVENTS or len(batch) >= 2 * limits.BATCH_EVENTS or size + more > limits.BODY:
            yield batch
            batch, count, size = [], 0, 2
        batch.append(entry)
        count += isinstance(entry, Item)
        size += more
    if batch:
        yield batch


def _post(api: Api, batch: list[Item]) -> Iterator[tuple[int, tuple[str, bool] | str]]:
    """What became of each item: (case id, whether it was there), or why it was refused."""
    from client.errors import Refused
    from protocol.answers import IntakeBatchAnswer, answer_in
    from protocol.problems import Problem

    try:
        body = _ask(api, b"[" + b",".join(item.body for item in batch) + b"]")
    except Refused as error:
        if error.problem.status not in (400, 413, 422):
            raise
        if len(batch) == 1:
            yield batch[0].number, _reason(error.problem.pointer, str(error))
            return
        # The batch as a whole was refused: find out whose fault it is, the others must not suffer for it.
        half = len(batch) // 2
        yield from _post(api, batch[:half])
        yield from _post(api, batch[half:])
        return
    answer: IntakeBatchAnswer = answer_in(body, IntakeBatchAnswer)
    for item, result in zip(batch, answer.results, strict=True):
        problem = result.problem
        if isinstance(problem, Problem):
            yield item.number, _reason(problem.pointer, problem.detail or problem.title)
        else:
            yield item.number, (str(result.case_id), result.duplicate is True)


def _reason(pointer: str | None, sentence: str) -> str:
    """The sentence, with the place in the item: the item's own place in its batch says nothing to anybody."""
    place = "/" + pointer.lstrip("/").partition("/")[2] if pointer and pointer.lstrip("/")[:1].isdigit() else pointer
    return f"{sentence} ({place})" if place and place != "/" and place not in sentence else sentence


def _ask(api: Api, body: bytes) -> bytes:
    """Post a batch until somebody answers: reports are told apart by source and id, so none opens two cases."""
    import random

    from client import backoff
    from client.errors import FeedUnreachable, Refused

    last: Exception | None = None
    for attempt in range(TRIES):
        try:
            return api.post("/v1/intake", body, content_type="application/cloudevents-batch+json")
        except FeedUnreachable as error:
            last = error
            if attempt >= 2:
                break
        except Refused as error:
            if error.problem.status not in (429, 500, 503):
                raise
            last = error
        time.sleep(backoff.delay_ms(attempt + 1, random.random) / 1_000)
    assert last is not None
    raise last
