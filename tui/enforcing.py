"""Enforcement, as far as a form and a card go: what an action asks for, what it would touch, and how it is confirmed.

Everything comes from the catalogue of actions: a floor that carries out more of them has nothing to change here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from casework.caseid import shown
from casework.catalogue import Clause, Enforcement, contains_case, needs_second
from casework.commands import FieldValue, Propose
from casework.model import Common, Content, Subject
from casework.model import Target as ActionTarget
from casework.untrusted import Untrusted
from casework.verbs import Ask
from client.views.bits import DOT, Bit, Line
from client.views.row import summary_of
from tui.cards import Carded
from tui.forms import Field, FieldFault, one_of
from tui.outbox import Intent
from tui.target import Target

NO_ACTION: Final = "no_action"
TELLING: Final = frozenset({"notify", "withhold_notice", "welfare"})
_UNTIL: Final = {
    "cybertip": "File the report with NCMEC and log it (log_contact) with its id as the reference.",
    "disclose": "Answer by your present procedure and log it (log_contact).",
    "refer": "Call the agency by its published number and log it (log_contact).",
    "legal_hold": "Preserve at the platform, then add a note of it.",
}
"""What to do while this version does not do it; for what is not named here, see `not_in_service`."""
_REVERSIBLE: Final = {
    "full": "can be taken back",
    "part": "can be taken back in part",
    "none": "cannot be taken back",
    "in_term": "can be taken back within its term",
    "any": "as the act it takes back",
}
_SUBJECTS: Final = frozenset({"account", "device"})
_ASKED_APART: Final = frozenset({"policy", "duration", "term", "reason_code"})
"""Needs that have a field of their own; a reason is always asked."""


def not_in_service(name: str, rules: Enforcement) -> str | None:
    """Why an action cannot be done by this version, and what to do instead; None if it can."""
    if rules.in_service:
        return None
    contained = contains_case(rules) and name not in TELLING
    instead = _UNTIL.get(
        name,
        "Do it at the platform, then mark the case as contained (contain)."
        if contained
        else "Do it at the platform, then add a note of it.",
    )
    return f"{rules.title}: this version does not carry it out yet. {instead}"


def fields_for(name: str, rules: Enforcement, case: Common, clauses: Mapping[str, Clause]) -> tuple[Field, ...]:
    """What a proposal asks a person for: on what, under which policy, for how long, what else it needs, and why."""
    fields: list[Field] = []
    targets = tuple(f"{each.kind}:{each.id}" for each in _candidates(rules, case))
    if targets:
        ask = Ask(name="target", kind="target", label="On what")
        fields.append(Field(ask, default=targets[0] if len(targets) == 1 else "", choices=targets))
    if "policy" in rules.needs:
        fields.append(Field(Ask(name="policy", kind="policy", label="Policy"), default="", choices=tuple(clauses)))
    if rules.terms or {"duration", "term"} & set(rules.needs):
        ask = Ask(name=_term(rules), kind="line", label="For how long")
        fields.append(Field(ask, default="", choices=rules.terms, hint="" if rules.terms else "7d"))
    fields += [
        Field(Ask(name=need, kind="line", label=need.replace("_", " ").capitalize()), default="")
        for need in rules.needs
        if need not in _ASKED_APART
    ]
    fields.append(Field(Ask(name="reason", kind="text", label="Reason"), default=""))
    return tuple(fields)


def proposal(
    name: str,
    rules: Enforcement,
    target: Target,
    case: Common | None,
    values: Mapping[str, str],
    clauses: Mapping[str, Clause],
) -> Propose:
    """The command that the filled-in form makes, on the case and version that were seen. Raises `FieldFault`."""
    case_id = target.case_id or ""
    typed = {key: value.strip() for key, value in values.items()}
    for key, value in typed.items():
        if not value:
            raise FieldFault(key, "A reason is needed." if key == "reason" else "This is needed.")
    if not typed.get("reason"):
        raise FieldFault("reason", "A reason is needed.")
    on = ActionTarget(kind="case", id=case_id)
    if "target" in typed:
        candidates = () if case is None else _candidates(rules, case)
        targets = {f"{each.kind}:{each.id}": each for each in candidates}
        chosen = targets[one_of("target", typed["target"], tuple(targets), says="On what")]
        on = ActionTarget(kind=chosen.kind, id=chosen.id)
    policy = ""
    if "policy" in typed:
        policy = one_of("policy", typed["policy"], tuple(clauses), says="Policy")
    term = _term(rules)
    if rules.terms and term in typed:
        typed[term] = one_of(term, typed[term], rules.terms, says="For how long")
    fields: dict[str, FieldValue] = {
        key: value for key, value in typed.items() if key not in ("target", "policy", "reason")
    }
    return Propose(
        expected_version=target.version, action=name, target=on, policy=policy, reason=typed["reason"], fields=fields
    )


def card_for(
    rules: Enforcement, command: Propose, target: Target, case: Common | None, clauses: Mapping[str, Clause]
) -> Carded:
    """The card: who and what, on what grounds, what it touches, whether it can be taken back, who else is needed."""
    case_id = target.case_id or ""
    title: list[Bit] = [("No action" if command.action == NO_ACTION else rules.title, "strong")]
    if command.target.kind != "case":
        title += [("  ", "text"), (Untrusted(f"{command.target.kind} {command.target.id}"), "strong")]
        title += _handle(command, case)
    body: list[Line] = []
    if case is not None:
        body.append((("on        ", "quiet"), (shown(case_id), "strong"), DOT, (summary_of(case), "text")))
    if command.policy:
        clause = clauses.get(command.policy)
        said = command.policy if clause is None else f"{command.policy} {clause.title} ({clause.version})"
        body.append((("policy    ", "quiet"), (Untrusted(said), "text")))
    for name, value in command.fields.items():
        body.append(((f"{name.replace('_', ' ')[:9]:<10}", "quiet"), (Untrusted(str(value)), "text")))
    body.append((("reason    ", "quiet"), (Untrusted(command.reason), "text")))
    body.append((("touches   ", "quiet"), *_touched(rules, command, case)))
    if case is not None and case.content and rules.scope != "none":
        body.append((("evidence  ", "quiet"), (_evidence(case.content), "text")))
    second = _second(rules, target, case)
    if second:
        body.append((("second    ", "quiet"), (second, "soon")))
    intent = Intent(
        verb="propose",
        title=command.action.replace("_", " "),
        case_id=case_id,
        command=command,
        tier=rules.tier,
        severity=target.severity,
    )
    return Carded(
        tuple(title),
        tuple(body),
        command.action.replace("_", " "),
        (intent,),
        typed=case_id[-4:] if rules.tier == 4 else None,
        end=((f"{shown(case_id)} \u00b7 v{target.version}", "quiet"),),
    )


def _term(rules: Enforcement) -> str:
    return "term" if "term" in rules.needs else "duration"


def _candidates(rules: Enforcement, case: Common) -> tuple[Subject | Content, ...]:
    """What of the case the action may be about."""
    if rules.scope == "content":
        return case.content
    if rules.scope in _SUBJECTS:
        return case.subjects
    return (*case.content, *case.subjects) if rules.scope == "any" else ()


def _handle(command: Propose, case: Common | None) -> Line:
    for subject in () if case is None else case.subjects:
        if (subject.kind, subject.id) == (command.target.kind, command.target.id) and subject.handle:
            return ((" ", "text"), (Untrusted(f'"{subject.handle}"'), "quoted"))
    return ()


def _touched(rules: Enforcement, command: Propose, case: Common | None) -> Line:
    if command.action == NO_ACTION:
        return (("nothing: it decides not to act", "text"),)
    what = {"content": "1 piece of content", "account": "1 account", "device": "1 device", "outside": "others outside"}
    back = _REVERSIBLE[rules.reversible]
    return ((what.get(rules.scope, "the case"), "text"), DOT, (back, "late" if rules.reversible == "none" else "text"))


def _evidence(content: tuple[Content, ...]) -> str:
    up = sum(1 for item in content if item.up)
    pieces = "1 piece" if len(content) == 1 else f"{len(content)} pieces"
    return f"{pieces} of content on the case, {up} up"


def _second(rules: Enforcement, target: Target, case: Common | None) -> str:
    """Who else is needed, in words; empty if nobody is."""
    second, first = needs_second(rules, severity=target.severity, case_type="" if case is None else case.case_type)
    if not second:
        return ""
    within = f" within {rules.review_within}" if rules.review_within else ""
    if first:
        return f"goes at once; another person of the role {rules.approver} has to confirm it{within}"
    return f"waits for another person of the role {rules.approver}; nothing happens before{within}"
