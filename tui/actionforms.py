"""The form of an action and the proposal that it makes: exactly what `casework.actionfields` asks for, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from casework import actionfields
from casework.actionfields import Need
from casework.catalogue import Clause, Enforcement
from casework.commands import FieldValue, Propose
from casework.errors import BadInput
from casework.model import Common
from casework.model import Target as ActionTarget
from casework.verbs import Ask
from tui.actiondefaults import candidates, clauses_for, default_of, likely_target, restorable
from tui.forms import Field, FieldFault, one_of, parse_time
from tui.target import Target

NO_ACTION: Final = "no_action"
RESTORE: Final = "restore"
KIND_AND_ID: Final = "kind:id"
_YES: Final = frozenset({"y", "yes", "true"})
_OF_THE_CASE: Final = frozenset({"content", "account"})


def needs_of(name: str, rules: Enforcement) -> dict[str, Need]:
    """The fields of an action beside target, policy and reason; to decide not to act asks for its reason alone."""
    return {} if name == NO_ACTION else actionfields.asked(rules)


def fields_for(name: str, rules: Enforcement, case: Common, clauses: Mapping[str, Clause]) -> tuple[Field, ...]:
    """What a proposal asks a person for: on what, under which policy, what else the action needs, and why.

    What is usual stands there already, so that Enter goes on to what has to be typed.
    """
    fields: list[Field] = []
    if rules.scope not in ("any", "none") and name != "sweep":
        found = candidates(name, rules, case)
        ask = Ask(name="target", kind="target", label="On what")
        targets = tuple(f"{each.kind}:{each.id}" for each in found)
        hint = "" if targets else "the case lists none" if rules.scope in _OF_THE_CASE else KIND_AND_ID
        fields.append(Field(ask, default=likely_target(name, found), choices=targets, hint=hint))
    if "policy" in rules.needs:
        codes, likely = clauses_for(name, case, clauses)
        fields.append(Field(Ask(name="policy", kind="policy", label="Policy"), default=likely, choices=codes))
    for field, need in needs_of(name, rules).items():
        choices = need.choices
        if need.kind == "action":
            choices = tuple(each.action_id for each in restorable(case))
        hint = "+30d, +12h" if need.kind == "time" else "yes" if need.kind == "yes" else need.hint
        ask = Ask(name=field, kind="line", label=need.label)
        fields.append(Field(ask, default=default_of(name, field, need, case), choices=choices, hint=hint))
    fields.append(Field(Ask(name="reason", kind="text", label="Reason"), default=""))
    return tuple(fields)


def _label(name: str, rules: Enforcement, field: str) -> str:
    """The words that a field is asked for with."""
    need = needs_of(name, rules).get(field)
    return field.replace("_", " ").capitalize() if need is None else need.label


def proposal(
    name: str,
    rules: Enforcement,
    target: Target,
    case: Common | None,
    values: Mapping[str, str],
    clauses: Mapping[str, Clause],
    now: int,
) -> Propose:
    """The command that the filled-in form makes, on the case and version that were seen. Raises `FieldFault`.

    `now` is the feed's time (ms UTC). What the feed would refuse in a field is said in that field.
    """
    typed = {key: value.strip() for key, value in values.items()}
    for key, value in typed.items():
        if not value:
            label = {"target": "On what", "policy": "Policy", "reason": "A reason"}.get(key) or _label(name, rules, key)
            raise FieldFault(key, f"{label} is needed.")
    if not typed.get("reason"):
        raise FieldFault("reason", "A reason is needed.")
    needs = needs_of(name, rules)
    fields = {field: _value(field, need, typed.get(field, ""), case, now) for field, need in needs.items()}
    try:
        if needs:
            actionfields.check(rules, name, fields, now)
    except BadInput as fault:
        field = fault.pointer.rpartition("/")[2]
        label = needs[field].label if field in needs else field
        raise FieldFault(field, f"{label} {fault.why}") from None
    return Propose(
        expected_version=target.version,
        action=name,
        target=_on(name, rules, target, case, typed, fields),
        policy=_policy(typed.get("policy", ""), clauses),
        reason=typed["reason"],
        fields=fields,
    )


def _on(
    name: str,
    rules: Enforcement,
    target: Target,
    case: Common | None,
    typed: Mapping[str, str],
    fields: Mapping[str, FieldValue],
) -> ActionTarget:
    """What it is done to: a thing of the case, what was named, or the target of what is taken back."""
    if name == RESTORE:
        standing = () if case is None else restorable(case)
        taken = next((each for each in standing if each.action_id == fields["which_action"]), None)
        if taken is None:
            raise FieldFault("which_action", "Name one that is verified and not taken back.")
        return taken.target
    if name == "sweep":
        return ActionTarget(kind="query", id=str(fields["query"])[:200])
    if "target" not in typed:
        return ActionTarget(kind="case", id=target.case_id or "")
    found = () if case is None else candidates(name, rules, case)
    things = {f"{each.kind}:{each.id}": each for each in found}
    if rules.scope in _OF_THE_CASE:
        if not things:
            raise FieldFault("target", "The case lists nothing that this can be done to.")
        wanted = typed["target"]
        chosen = things[wanted if wanted in things else one_of("target", wanted, tuple(things), says="On what")]
        return ActionTarget(kind=chosen.kind, id=chosen.id)
    kind, colon, identity = typed["target"].partition(":")
    if not kind or not colon or not identity or max(len(kind), len(identity)) > 200:
        raise FieldFault("target", f"On what: write {KIND_AND_ID}, such as device:d_1.")
    return ActionTarget(kind=kind, id=identity)


def _policy(text: str, clauses: Mapping[str, Clause]) -> str:
    """The clause with the version that is read here: the feed refuses it if another one is in force by then."""
    if not text or not clauses:
        return text
    code = one_of("policy", text.partition("@")[0], tuple(clauses), says="Policy")
    return f"{code}@{clauses[code].version}"


def _value(field: str, need: Need, text: str, case: Common | None, now: int) -> FieldValue:
    """What was typed as the value that goes over the wire. Raises `FieldFault`."""
    match need.kind:
        case "count":
            if not text.isascii() or not text.isdigit():
                raise FieldFault(field, f"{need.label}: write a number.")
            return int(text[:9])
        case "yes":
            if text.casefold() not in _YES:
                raise FieldFault(field, f"{need.label}: write yes once it is so; else this has to wait.")
            return True
        case "time":
            return parse_time(field, text, now)
        case "choice" if need.choices:
            return one_of(field, text, need.choices, says=need.label)
        case "action":
            standing = () if case is None else restorable(case)
            return one_of(field, text, tuple(each.action_id for each in standing), says=need.label)
        case "country":
            return text.upper()
        case "hash":
            return text.lower()
    return text
