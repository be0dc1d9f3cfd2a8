"""The card of an action: who and what, on what grounds, what it touches, whether it can be undone, who else is needed.

What it touches is asked from the platform while the card stands there. Until somebody answered, the card says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from casework.businessdays import span
from casework.caseid import shown
from casework.catalogue import HOLD, OVER, REMOVING, Clause, Enforcement, needs_second, preserved_first
from casework.commands import FieldValue, Propose
from casework.model import Action, Case, Common
from casework.untrusted import Untrusted
from client.views.bits import DOT, Bit, Line
from client.views.previewed import earlier, touched
from client.views.row import summary_of
from client.views.times import utc_minute
from tui.actionforms import NO_ACTION, RESTORE
from tui.cards import Carded
from tui.outbox import Intent
from tui.target import Target

if TYPE_CHECKING:
    from protocol.answers import PreviewAnswer

_REVERSIBLE: Final = {
    "full": "can be taken back (du)",
    "part": "can be taken back in part (du)",
    "none": "cannot be taken back",
    "in_term": "holds for its term",
    "any": "can be done again",
}
_LABEL: Final = 10


def card_for(
    rules: Enforcement,
    command: Propose,
    target: Target,
    case: Common | None,
    clauses: Mapping[str, Clause],
    now: int,
    found: PreviewAnswer | None = None,
) -> Carded:
    """The card at `now` (ms UTC); `found` is what the platform said of it, None as long as it has not answered."""
    case_id = target.case_id or ""
    title: list[Bit] = [("No action" if command.action == NO_ACTION else rules.title, "strong")]
    if command.target.kind != "case":
        title += [("  ", "text"), (Untrusted(f"{command.target.kind} {command.target.id}"), "strong")]
        title += _handle(command, case)
    body: list[Line] = []
    if case is not None:
        body.append(_labeled("on", (shown(case_id), "strong"), DOT, (summary_of(case), "text")))
    if command.policy:
        body.append(_labeled("policy", (Untrusted(policy_words(command.policy, clauses)), "text")))
    body += field_lines(command.fields, case)
    body.append(_labeled("reason", (Untrusted(command.reason), "text")))
    body += _effect(rules, command, found)
    if case is not None and (kept := preservation(command.action, case)):
        body.append(_labeled("kept", *kept))
    body.append(_labeled("second", *_second(rules, command, target, case, now)))
    what = command.action.replace("_", " ")
    intent = Intent(
        verb="propose",
        title=f"propose {what}",
        case_id=case_id,
        command=command,
        tier=rules.tier,
        severity=target.severity,
    )
    return Carded(
        tuple(title),
        tuple(body),
        what,
        (intent,),
        typed=case_id[-4:] if rules.tier == 4 else None,
        end=((f"{shown(case_id)} \u00b7 v{target.version}", "quiet"),),
    )


def policy_words(policy: str, clauses: Mapping[str, Clause]) -> str:
    """`VE-1 Credible threat (2026-10)`."""
    code, _, version = policy.partition("@")
    clause = clauses.get(code)
    version = version or ("" if clause is None else clause.version)
    title = "" if clause is None or clause.version != version else f" {clause.title}"
    return f"{code}{title} ({version})" if version else code


def field_lines(fields: Mapping[str, FieldValue], case: Common | None = None) -> list[Line]:
    """What else was asked for; an action that is taken back is named by what it is."""
    lines: list[Line] = []
    for name, value in fields.items():
        said = str(value)
        if value is True:
            said = "yes"
        elif name == "expiry" and isinstance(value, int):
            said = f"{utc_minute(value)} Z"
        elif name == "which_action" and isinstance(case, Case):
            taken = next((each for each in case.actions if each.action_id == value), None)
            said = said if taken is None else f"{value}: {taken.action.replace('_', ' ')}, by {taken.proposed_by}"
        lines.append(_labeled(name.replace("_", " ")[: _LABEL - 1], (Untrusted(said), "text")))
    return lines


def preservation(action: str, case: Common) -> Line:
    """Whether what the action takes away is preserved; empty where that does not matter or is not known."""
    if action not in REMOVING or not isinstance(case, Case):
        return ()
    hold = next((each for each in reversed(case.actions) if each.action == HOLD and each.state not in OVER), None)
    if hold is not None:
        state: Bit = (hold.state, "mine" if hold.state == "verified" else "soon")
        return (("preserved by ", "text"), (Untrusted(hold.action_id), "text"), (", ", "text"), state)
    due = preserved_first(case.case_type, case.severity)
    return (("not preserved: dp comes first" if due else "not preserved", "late" if due else "soon"),)


def _labeled(label: str, *bits: Bit) -> Line:
    return ((label.ljust(_LABEL), "quiet"), *bits)


def _handle(command: Propose, case: Common | None) -> Line:
    for subject in () if case is None else case.subjects:
        if (subject.kind, subject.id) == (command.target.kind, command.target.id) and subject.handle:
            return ((" ", "text"), (Untrusted(f'"{subject.handle}"'), "quoted"))
    return ()


def _effect(rules: Enforcement, command: Propose, found: PreviewAnswer | None) -> list[Line]:
    if command.action == NO_ACTION:
        return [_labeled("touches", ("nothing: it decides not to act", "text"))]
    undone: Bit = (_REVERSIBLE[rules.reversible], "late" if rules.reversible == "none" else "text")
    past = earlier(found)
    return [
        _labeled("touches", *touched(found)),
        _labeled("undone", undone, *((DOT, *past) if past else ())),
    ]


def _second(rules: Enforcement, command: Propose, target: Target, case: Common | None, now: int) -> Line:
    """Who else has to agree, and until when."""
    if command.action == RESTORE:
        return (("whoever the action needed that it takes back", "text"),)
    count = command.fields.get("preview_count", 1)
    second, first = needs_second(
        rules,
        severity=target.severity,
        items=count if isinstance(count, int) else 1,
        exact_hash=command.fields.get("match") == "exact_hash",
        case_type="" if case is None else case.case_type,
    )
    if not second:
        return (("nobody else: it goes once you say so", "text"),)
    if first:
        until = utc_minute(now + span(rules.review_within or "30m").ms)
        return ((f"goes at once; another {rules.approver} has to look at it until {until} Z", "soon"),)
    return ((f"waits for another {rules.approver}; nothing happens before that", "soon"),)


def request_lines(
    action: Action, case: Case, clauses: Mapping[str, Clause], found: PreviewAnswer | None, *, gone: bool = False
) -> list[Line]:
    """A request as whoever decides on it sees it: on what, on which grounds, with what, and what it touches.

    `gone`: it was sent already, so nobody is asked what it would touch.
    """
    body: list[Line] = []
    if action.target.kind != "case":
        body.append(_labeled("target", (Untrusted(f"{action.target.kind} {action.target.id}"), "text")))
    if action.policy:
        body.append(_labeled("policy", (Untrusted(policy_words(action.policy, clauses)), "text")))
    body += field_lines(action.fields, case)
    body.append(_labeled("reason", (Untrusted(action.reason), "text")))
    if action.action != NO_ACTION and not gone:
        past = earlier(found)
        body.append(_labeled("touches", *touched(found), *((DOT, *past) if past else ())))
    if kept := preservation(action.action, case):
        body.append(_labeled("kept", *kept))
    return body
