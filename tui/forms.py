"""What a verb asks for, as a few short fields with sensible defaults, and what was typed as a command.

The fields come from the catalogue of verbs. A value that cannot be is refused in its field, with what to write instead.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, get_args

from msgspec import Struct

from casework.caseid import parse as parse_case_id
from casework.commands import COMMANDS, Command
from casework.errors import BadInput
from casework.life.working import EDR_OUTCOMES, NO_REFERRAL, NOT_REPORTABLE
from casework.model import Case, Common
from casework.tokens import (
    CASE_TYPES,
    MILESTONES,
    SEVERITIES,
    Harm,
    Imminence,
    Party,
    Relation,
    Vulnerability,
)
from casework.verbs import Ask, Verb
from protocol.codec import Malformed, decode_body

CHOICES: Final[dict[str, tuple[str, ...]]] = {
    "type": CASE_TYPES,
    "severity": SEVERITIES,
    "imminence": get_args(Imminence),
    "milestone": MILESTONES,
    "party": get_args(Party),
    "relation": get_args(Relation),
}
"""Kinds of fields whose value is one of a few tokens."""

FACTOR_CHOICES: Final[dict[str, tuple[str, ...]]] = {
    "imminence": get_args(Imminence),
    "harm": get_args(Harm),
    "vulnerability": get_args(Vulnerability),
}
COUNTED: Final = ("specificity", "live_viewers", "views_per_min", "reuploads")
"""Factors that are numbers."""
FACTORS: Final = (*FACTOR_CHOICES, "identifiable_child", *COUNTED)
_SPAN: Final = re.compile(r"\+(\d{1,5})\s*(m|h|d)")
_CLOCK: Final = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)\s*[zZ]?")
_MINUTES: Final = {"m": 1, "h": 60, "d": 24 * 60}


class FieldFault(ValueError):
    """What was typed into the field `name` cannot be; `str()` says what can."""

    def __init__(self, name: str, why: str) -> None:
        self.name = name
        self.why = why
        super().__init__(why)


class Field(Struct, frozen=True):
    """One line to fill in."""

    ask: Ask
    default: str
    choices: tuple[str, ...] = ()
    hint: str = ""


OUTCOMES: Final[dict[str, tuple[str, ...]]] = {
    "EDR": EDR_OUTCOMES,
    "CSEA": ("reported", NOT_REPORTABLE),
    **dict.fromkeys(("SSH", "TTL", "MVE"), ("done", NO_REFERRAL)),
}
"""Words that mean something to the rules as the end of a case of that type; of an EDR there are no others."""


def fields_of(verb: Verb, case: Common, *, me: str, value: str | None = None) -> tuple[Field, ...]:
    """The fields that `verb` needs a person for; `value` is what the key already said."""
    return tuple(
        Field(ask=ask, default=_default(ask, verb, case, me), choices=_choices(ask, case), hint=_hint(ask))
        for ask in verb.asks
        if not (ask.digits and value is not None) and not _known(ask, verb, case, value)
    )


def _known(ask: Ask, verb: Verb, case: Common, value: str | None) -> bool:
    """Whether the key said it, or it is made and not typed."""
    if verb.verb == "assign" and value == "me":
        return True
    if verb.verb == "propose":
        return ask.name != "reason"
    if verb.verb == "set_severity" and value is not None and value > case.severity:
        return False  # lowering takes a reason
    # An optional reason would cost the one-key verbs a second step.
    return not ask.required and ask.kind == "text" and value is not None


def command_of(verb: Verb, typed: Mapping[str, str], *, version: int, now: int) -> Command:
    """The command that the typed values make, for the case at `version`; `now` is the feed's time.

    Raises `FieldFault`.
    """
    values: dict[str, Any] = {"type": verb.verb, "expected_version": version}
    for ask in verb.asks:
        text = typed.get(ask.name, "").strip()
        if not text:
            if ask.required:
                raise FieldFault(ask.name, f"{ask.label} is needed.")
            if ask.kind == "line":
                values[ask.name] = ""
            continue
        values[ask.name] = _value(ask, text, now)
    try:
        return decode_body(json.dumps(values).encode(), COMMANDS[verb.verb])
    except Malformed as fault:
        raise _fault(verb, fault) from None


def _value(ask: Ask, text: str, now: int) -> Any:
    if ask.kind in CHOICES:
        return one_of(ask.name, text, CHOICES[ask.kind], says=ask.label)
    if ask.kind in ("level", "minutes", "event"):
        if not text.isascii() or not text.isdigit():
            raise FieldFault(ask.name, f"{ask.label}: write a number.")
        return int(text[:18])
    if ask.kind == "time":
        return parse_time(ask.name, text, now)
    if ask.kind == "case":
        try:
            return parse_case_id(text)
        except BadInput as fault:
            raise FieldFault(ask.name, f"{ask.label}: it {fault.why}") from None
    if ask.kind == "factors":
        return parse_factors(ask.name, text)
    if ask.kind == "task" and text.isascii() and text.isdigit():
        return f"t{text}"
    return text


def one_of(name: str, text: str, choices: tuple[str, ...], *, says: str) -> str:
    """The choice that `text` names or begins. Raises `FieldFault` for the field `name`."""
    wanted = text.casefold().replace(" ", "_")
    exact = [choice for choice in choices if choice.casefold() == wanted]
    near = exact or [choice for choice in choices if choice.casefold().startswith(wanted)]
    if len(near) != 1:
        raise FieldFault(name, f"{says}: write one of {', '.join(near or choices)}.")
    return near[0]


def parse_time(name: str, text: str, now: int) -> int:
    """`now`, `+30m`, `+2h`, `+1d`, or a UTC time `14:00` (the next one) as ms UTC. Raises `FieldFault`."""
    if text == "now":
        return now
    if (span := _SPAN.fullmatch(text)) is not None:
        return now + int(span[1]) * _MINUTES[span[2]] * 60_000
    if (clock := _CLOCK.fullmatch(text)) is not None:
        today = datetime.fromtimestamp(now / 1_000, UTC)
        at = today.replace(hour=int(clock[1]), minute=int(clock[2]), second=0, microsecond=0)
        if at <= today:
            at += timedelta(days=1)
        return int(at.timestamp() * 1_000)
    raise FieldFault(name, "Write now, +30m, +2h, +1d or a UTC time such as 14:00.")


def parse_factors(name: str, text: str) -> dict[str, Any]:
    """`imminence=24h harm=death vulnerability=minor,child specificity=3` as factors. Raises `FieldFault`."""
    values: dict[str, Any] = {}
    for part in text.split():
        factor, mark, value = part.partition("=")
        if not mark:
            raise FieldFault(name, "Write factor=value, with spaces between: imminence=24h harm=death.")
        if factor == "vulnerability":
            values[factor] = [
                one_of(name, each, FACTOR_CHOICES[factor], says=factor) for each in value.split(",") if each
            ]
        elif factor in FACTOR_CHOICES:
            values[factor] = one_of(name, value, FACTOR_CHOICES[factor], says=factor)
        elif factor == "identifiable_child":
            values[factor] = one_of(name, value, ("yes", "no"), says=factor) == "yes"
        elif factor in COUNTED:
            if not value.isascii() or not value.isdigit() or len(value) > 12:
                raise FieldFault(name, f"{factor} needs a number.")
            values[factor] = int(value)
        else:
            raise FieldFault(name, f"There is no such factor; there are {', '.join(FACTORS)}.")
    return values


def complete_factors(text: str) -> tuple[str, ...]:
    """What the factors typed so far may become: the last word as a name of a factor, or as a value of it."""
    before, space, word = text.rpartition(" ")
    factor, mark, value = word.partition("=")
    if not mark:
        used = {each.partition("=")[0] for each in before.split()}
        return tuple(f"{before}{space}{each}=" for each in FACTORS if each.startswith(factor) and each not in used)
    chosen, comma, part = value.rpartition(",") if factor == "vulnerability" else ("", "", value)
    choices = ("yes", "no") if factor == "identifiable_child" else FACTOR_CHOICES.get(factor, ())
    ahead = f"{before}{space}{factor}={chosen}{comma}"
    return tuple(f"{ahead}{each}" for each in choices if each.startswith(part) and each != part)


def _default(ask: Ask, verb: Verb, case: Common, me: str) -> str:
    if ask.kind == "type":
        return case.case_type
    if ask.kind == "severity":
        return case.severity
    if ask.kind == "imminence":
        return case.factors.imminence or ""
    if ask.kind == "factors":
        return _factors_as_typed(case)
    if ask.kind == "relation":
        return "related"
    if ask.name == "at":
        return "now"
    if ask.name in ("due_at", "chase_at"):
        return "+1h"
    if ask.name == "until":
        return "+30m"
    if verb.verb == "add_task" and ask.kind == "person":
        return me
    if ask.name == "audience":
        return "internal"
    if ask.name == "action_id" and isinstance(case, Case):
        return next((each.action_id for each in case.actions if each.state == "proposed"), "")
    if ask.kind == "task":
        tasks = _open_tasks(case)
        return tasks[0] if len(tasks) == 1 else ""
    return ""


def _factors_as_typed(case: Common) -> str:
    factors = case.factors
    parts = []
    if factors.imminence is not None:
        parts.append(f"imminence={factors.imminence}")
    if factors.harm is not None:
        parts.append(f"harm={factors.harm}")
    if factors.vulnerability:
        parts.append(f"vulnerability={','.join(factors.vulnerability)}")
    if factors.specificity is not None:
        parts.append(f"specificity={factors.specificity}")
    return " ".join(parts)


def _choices(ask: Ask, case: Common) -> tuple[str, ...]:
    if ask.kind == "line" and ask.name == "outcome":
        return OUTCOMES.get(case.case_type, ())
    if ask.kind == "milestone":
        return tuple(dict.fromkeys(clock.milestone for clock in case.clocks if clock.met_at is None))
    if ask.kind == "task":
        return _open_tasks(case)
    return CHOICES.get(ask.kind, ())


def _open_tasks(case: Common) -> tuple[str, ...]:
    """Ids of the tasks that are open; one that is no plain word is left out, since it would stand in our own words."""
    tasks = case.tasks if isinstance(case, Case) else ()
    ids = (task.task_id for task in tasks if task.done_at is None)
    return tuple(each for each in ids if each.isascii() and each.isalnum())


def _hint(ask: Ask) -> str:
    if ask.kind == "task":
        return "its number is enough"
    if ask.kind == "time":
        return "now, +30m, +2h, 14:00"
    if ask.kind == "factors":
        return "factor=value \u2026"
    return "" if ask.required else "may stay empty"


def _fault(verb: Verb, fault: Malformed) -> FieldFault:
    """The wire's words name the place by a JSON pointer; ours name the field."""
    member = fault.pointer.split("/")[1] if "/" in fault.pointer else ""
    for ask in verb.asks:
        if ask.name == member:
            return FieldFault(ask.name, f"{ask.label}: it {fault.reason}.")
    return FieldFault(verb.asks[0].name if verb.asks else "", "That cannot be sent.")
