"""`watchfloor do VERB CASE…`: any verb without a screen, on one case or many.

Each case is judged alone. The version that counts is the one the feed shows just before, unless one is given; a
command is asked again under its key until it is answered, and never done twice.
"""

from __future__ import annotations

import argparse
import time
import uuid
from typing import TYPE_CHECKING, Any

from cli.calls import add_feed_arguments, calling, refusal
from cli.errors import CliError, Exit, FeedUnreachable, NotPermitted, UsageError
from cli.lines import write_error, write_json, write_line

if TYPE_CHECKING:
    from casework.commands import Command
    from client.http import Api

TRIES = 6


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from casework.commands import COMMANDS

    parser.add_argument("verb", metavar="VERB", help=f"one of: {' '.join(COMMANDS)}")
    parser.add_argument("cases", metavar="CASE", nargs="+", help="a case id, for example C-7F3A-9K2M")
    add_feed_arguments(parser)
    parser.add_argument(
        "--field",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a field of the verb; NAME.PART=VALUE or JSON for a nested one; times as +2h, 14:00 (UTC), ms or ISO 8601",
    )
    parser.add_argument("--expected-version", type=int, metavar="N", help="the version that you saw (one case only)")
    parser.add_argument("--key", help="an Idempotency-Key, to ask again after a lost answer (one case only)")
    parser.add_argument("--json", action="store_true", help="one JSON object a case")


def run(args: argparse.Namespace) -> int:
    from casework.caseid import parse

    if len(args.cases) > 1 and (args.key is not None or args.expected_version is not None):
        raise UsageError("--key and --expected-version go with one case")
    given = fields(args.verb, args.field)
    if args.expected_version is not None:
        command_of(args.verb, given, args.expected_version)
    refused: list[CliError] = []
    with calling(args.feed, args.profile) as api:
        for case_id in dict.fromkeys(parse(text) for text in args.cases):
            try:
                _one(api, args, case_id, given)
            except (CliError, OSError) as error:
                if not isinstance(error, CliError) or isinstance(error, FeedUnreachable) or len(args.cases) == 1:
                    raise
                refused.append(error)
                if not args.json:
                    write_error(f"{case_id}: {error.message}")
    if not refused:
        return Exit.DONE
    return Exit.NOT_PERMITTED if all(isinstance(error, NotPermitted) for error in refused) else Exit.REFUSED


def fields(verb: str, given: list[str]) -> dict[str, Any]:
    """The fields of a command as typed: JSON where a value reads as an object or list, `a.b=c` for a nested one.

    Raises `UsageError`.
    """
    import msgspec

    from casework.commands import COMMANDS

    if verb not in COMMANDS:
        from difflib import get_close_matches

        near = get_close_matches(verb, COMMANDS, n=1)
        raise UsageError(
            f"there is no verb `{verb}`" + (f" (the nearest is `{near[0]}`)" if near else "") + "; see `do --help`"
        )
    found: dict[str, Any] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise UsageError(f"--field {text!r} is not NAME=VALUE")
        typed: Any = value
        if value[:1] in ("{", "["):
            try:
                typed = msgspec.json.decode(value)
            except (msgspec.DecodeError, ValueError, RecursionError):
                typed = value  # a text may start like that as well
        *outer, last = name.split(".")
        inside = found
        for part in outer:
            inside = inside.setdefault(part, {})
            if not isinstance(inside, dict):
                raise UsageError(f"--field {name}: {part} is already a value")
        if last in inside:
            raise UsageError(f"--field {name} is given twice")
        inside[last] = typed
    return found


def command_of(verb: str, given: dict[str, Any], version: int, now: int | None = None) -> Command:
    """The typed command; `now` is the feed's time (ms UTC). Raises `UsageError` with the field that does not fit."""
    import msgspec

    from casework.commands import COMMANDS

    kind = COMMANDS[verb]
    typed = {name: _typed(kind, name, value, now or time.time_ns() // 1_000_000) for name, value in given.items()}
    if verb == "propose":
        typed.setdefault("fields", {})
    try:
        # Not strict: what was typed is text, and the Struct knows which of it is a number.
        return msgspec.convert({**typed, "type": verb, "expected_version": version}, kind, strict=False)
    except msgspec.ValidationError as error:
        names = [name for name in kind.__struct_fields__ if name not in ("expected_version", "context")]
        wants = f"its fields: {', '.join(names)}" if names else "it has no fields"
        raise UsageError(f"{verb}: {error}; {wants}") from None


def _typed(kind: type[Command], name: str, value: Any, now: int) -> Any:
    """What the console's forms take as well: a time as `+2h` or ISO 8601, factors as words, a target as KIND:ID."""
    import msgspec

    from casework.commands import Millis
    from casework.model import Target
    from tui.forms import FieldFault, parse_factors, parse_time

    field = next((field for field in msgspec.structs.fields(kind) if field.name == name), None)
    if name == "fields" and isinstance(value, dict):
        return {inner: _of_action(inner, typed, now) for inner, typed in value.items()}
    if field is None or not isinstance(value, str):
        return value
    if field.type == Millis and not value.isdigit():
        from datetime import datetime

        try:
            return parse_time(name, value, now)
        except FieldFault:
            pass
        try:
            at = datetime.fromisoformat(value)
        except ValueError:
            raise UsageError(
                f"{name}={value} is no time; write now, +30m, +2h, 14:00 (UTC), 2026-11-22T01:30:00Z or ms since 1970"
            ) from None
        if at.tzinfo is None:
            raise UsageError(f"{name}={value} has no zone; write for example {value}Z")
        return int(at.timestamp() * 1_000)
    if name == "factors":
        try:
            return parse_factors(name, value)
        except FieldFault as fault:
            raise UsageError(f"{name}: {fault.why}") from None
    if field.type is Target:
        target_kind, colon, target_id = value.partition(":")
        if colon:
            return {"kind": target_kind, "id": target_id}
    return value


def _of_action(name: str, value: Any, now: int) -> Any:
    """A field of an action as the table of fields wants it; of one that it does not know, what it looks like."""
    from casework.actionfields import EXTRAS, NEEDS
    from tui.forms import FieldFault, parse_time

    need = NEEDS.get(name) or EXTRAS.get(name)
    if need is None or not isinstance(value, str) or need.kind in ("count", "list"):
        return _plain(value)
    if need.kind == "yes":
        return value.casefold() in ("true", "yes", "y")
    if need.kind == "time" and not value.isdigit():
        try:
            return parse_time(name, value, now)
        except FieldFault as fault:
            raise UsageError(f"fields.{name}: {fault.why}") from None
    return int(value) if need.kind == "time" else value


def _plain(value: Any) -> Any:
    """3 is a number, true is true, everything else a text."""
    if value in ("true", "false"):
        return value == "true"
    digits = isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16
    return int(value) if digits and (value == "0" or value[0] != "0") else value


def _one(api: Api, args: argparse.Namespace, case_id: str, given: dict[str, Any]) -> None:
    import msgspec

    from casework.caseid import shown
    from client.errors import Refused
    from protocol import codec, shapes
    from protocol.answers import CommandAnswer, answer_in

    key = args.key or str(uuid.uuid4())
    try:
        version = args.expected_version
        if version is None:
            command_of(args.verb, given, 0)  # a field that does not fit is told before anything is asked
            version = shapes.case_in(api.get(f"/v1/cases/{case_id}")).version
        body = codec.encode(command_of(args.verb, given, version, api.now_ms))
        answer: CommandAnswer = answer_in(_ask(api, case_id, body, key, args.verb), CommandAnswer)
    except Refused as error:
        if args.json:
            problem = msgspec.to_builtins(error.problem)
            write_json(codec.encode({"case_id": case_id, "status": error.problem.status, "problem": problem}).decode())
        raise refusal(error) from None
    if args.json:
        write_json(codec.encode({"status": 200, **msgspec.to_builtins(answer)}).decode())
    else:
        done = " ".join(answer.events) or "nothing to do, it holds already"
        write_line(f"{shown(case_id)}  {args.verb}: {done}  (version {answer.version}, seq {answer.seq})")


def _ask(api: Api, case_id: str, body: bytes, key: str, verb: str) -> bytes:
    """Ask until somebody answers, always under the same key."""
    import random

    from client import backoff
    from client.errors import FeedUnreachable as Silent
    from client.errors import Refused

    why = ""
    for attempt in range(TRIES):
        try:
            return api.post(f"/v1/cases/{case_id}/commands", body, key=key)
        except Silent as error:
            why = error.reason
        except Refused as error:
            if error.problem.status not in (429, 500, 503):
                raise
            why = str(error)
        time.sleep(backoff.delay_ms(attempt + 1, random.random) / 1_000)
    raise FeedUnreachable(
        api.profile.url,
        f"{why}; it is not known whether {verb} was done on {case_id}, ask again with --key {key}",
    )
