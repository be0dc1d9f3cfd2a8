"""The commands that a person may give on a case: one Struct a verb, unknown fields refused.

The wire form is `{"type": verb, "expected_version": n, …}`; `type` picks the Struct. Required texts may not be empty.
"""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct

from casework.escalation import FactorsGiven
from casework.model import Target
from casework.tokens import CaseType, Imminence, Milestone, Party, Relation, Severity

Text = Annotated[str, Meta(min_length=1, max_length=4_000)]
Name = Annotated[str, Meta(min_length=1, max_length=200)]
# `(?!\n)` at the end of a pattern: Python's `$` alone would let one line feed through.
CaseId = Annotated[str, Meta(pattern=r"^C-[0-9A-HJKMNP-TV-Z]{4}-?[0-9A-HJKMNP-TV-Z]{4}$(?!\n)")]
Millis = Annotated[int, Meta(ge=0, le=253_402_300_799_999)]
Seq = Annotated[int, Meta(ge=1, le=2**53 - 1)]


FieldName = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,63}$(?!\n)")]
#: No fractions: an action's digest is over RFC 8785 JSON, where only whole numbers are safe from rounding.
Scalar = Annotated[str, Meta(max_length=4_000)] | Annotated[int, Meta(ge=-(2**53) + 1, le=2**53 - 1)] | bool | None
FieldValue = Scalar | Annotated[list[Scalar], Meta(max_length=1_000)] | dict[FieldName, Scalar]


class Context(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the console knew when the key was pressed; kept in the command's first event."""

    epoch: Annotated[str, Meta(max_length=64)] | None = None
    seq: Annotated[int, Meta(ge=0, le=2**53 - 1)] | None = None
    head_hash: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$(?!\n)")] | None = None
    stale_ms: Annotated[int, Meta(ge=0, le=2**53 - 1)] | None = None


class Command(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type"):
    """Base of all commands. `expected_version` is the version that the person saw."""

    expected_version: Annotated[int, Meta(ge=0, le=2**53 - 1)]
    context: Context | None = None

    @property
    def verb(self) -> str:
        return str(self.__struct_config__.tag)


class Claim(Command, frozen=True, kw_only=True, tag="claim"):
    pass


class Release(Command, frozen=True, kw_only=True, tag="release"):
    pass


class Assign(Command, frozen=True, kw_only=True, tag="assign"):
    to: Name


class AddNote(Command, frozen=True, kw_only=True, tag="note"):
    text: Text


class Triage(Command, frozen=True, kw_only=True, tag="triage"):
    case_type: CaseType
    severity: Severity
    imminence: Imminence
    evidence: Text


class SetSeverity(Command, frozen=True, kw_only=True, tag="set_severity"):
    severity: Severity
    reason: Text | None = None


class SetFactors(Command, frozen=True, kw_only=True, tag="set_factors"):
    factors: FactorsGiven
    evidence: Text


class Escalate(Command, frozen=True, kw_only=True, tag="escalate"):
    level: Annotated[int, Meta(ge=1, le=5)]
    reason: Text | None = None


class Snooze(Command, frozen=True, kw_only=True, tag="snooze"):
    minutes: Annotated[int, Meta(ge=1, le=60 * 24 * 7)]


class Unsnooze(Command, frozen=True, kw_only=True, tag="unsnooze"):
    pass


class Link(Command, frozen=True, kw_only=True, tag="link"):
    to: CaseId
    relation: Relation


class Merge(Command, frozen=True, kw_only=True, tag="merge"):
    into: CaseId


class Unmerge(Command, frozen=True, kw_only=True, tag="unmerge"):
    pass


class Contain(Command, frozen=True, kw_only=True, tag="contain"):
    evidence: Text


class Investigate(Command, frozen=True, kw_only=True, tag="investigate"):
    pass


class LogContact(Command, frozen=True, kw_only=True, tag="log_contact"):
    party: Party
    channel: Name
    number_source: Name
    person: Name
    reference: Annotated[str, Meta(max_length=200)]
    at: Millis
    outcome: Text


class Waive(Command, frozen=True, kw_only=True, tag="waive"):
    milestone: Milestone
    reason: Text


class AwaitExternal(Command, frozen=True, kw_only=True, tag="await_external"):
    why: Text
    who: Name
    chase_at: Millis


class Resume(Command, frozen=True, kw_only=True, tag="resume"):
    pass


class PlaceHold(Command, frozen=True, kw_only=True, tag="hold"):
    why: Text


class Unhold(Command, frozen=True, kw_only=True, tag="unhold"):
    pass


class Resolve(Command, frozen=True, kw_only=True, tag="resolve"):
    outcome: Name
    reason: Text


class Discard(Command, frozen=True, kw_only=True, tag="discard"):
    outcome: Name
    reason: Text


class Reopen(Command, frozen=True, kw_only=True, tag="reopen"):
    reason: Text


class AddTask(Command, frozen=True, kw_only=True, tag="add_task"):
    text: Text
    owner: Name
    due_at: Millis


class CompleteTask(Command, frozen=True, kw_only=True, tag="complete_task"):
    task_id: Name


class PostUpdate(Command, frozen=True, kw_only=True, tag="post_update"):
    text: Text
    audience: Name


class TickStep(Command, frozen=True, kw_only=True, tag="tick"):
    step: Name


class Propose(Command, frozen=True, kw_only=True, tag="propose"):
    action: Name
    target: Target
    policy: Annotated[str, Meta(max_length=64)]
    reason: Text
    fields: Annotated[dict[FieldName, FieldValue], Meta(max_length=64)]

    def __post_init__(self) -> None:
        for name in (self.target.kind, self.target.id):
            if not 1 <= len(name) <= 200:
                raise ValueError("Expected a target whose kind and id are of length 1 to 200")


class Approve(Command, frozen=True, kw_only=True, tag="approve"):
    action_id: Name
    digest: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$(?!\n)")]


class Reject(Command, frozen=True, kw_only=True, tag="reject"):
    action_id: Name
    reason: Text


class Cancel(Command, frozen=True, kw_only=True, tag="cancel"):
    action_id: Name


class Confirm(Command, frozen=True, kw_only=True, tag="confirm"):
    seq: Seq


class Undo(Command, frozen=True, kw_only=True, tag="undo"):
    seq: Seq


class Busy(Command, frozen=True, kw_only=True, tag="busy"):
    until: Millis


class BreakGlass(Command, frozen=True, kw_only=True, tag="break_glass"):
    reason: Text


class GrantAccess(Command, frozen=True, kw_only=True, tag="grant"):
    principal: Name


class OfferHandover(Command, frozen=True, kw_only=True, tag="offer_handover"):
    to: Name


class AcceptHandover(Command, frozen=True, kw_only=True, tag="accept_handover"):
    pass


AnyCommand = (
    Claim
    | Release
    | Assign
    | AddNote
    | Triage
    | SetSeverity
    | SetFactors
    | Escalate
    | Snooze
    | Unsnooze
    | Link
    | Merge
    | Unmerge
    | Contain
    | Investigate
    | LogContact
    | Waive
    | AwaitExternal
    | Resume
    | PlaceHold
    | Unhold
    | Resolve
    | Discard
    | Reopen
    | AddTask
    | CompleteTask
    | PostUpdate
    | TickStep
    | Propose
    | Approve
    | Reject
    | Cancel
    | Confirm
    | Undo
    | Busy
    | BreakGlass
    | GrantAccess
    | OfferHandover
    | AcceptHandover
)

COMMANDS: Final[dict[str, type[Command]]] = {str(kind.__struct_config__.tag): kind for kind in AnyCommand.__args__}
"""Every verb's command by its name on the wire."""

#: Verbs that are never stale: they add and take nothing away.
NEVER_STALE: Final[frozenset[str]] = frozenset(
    {"note", "tick", "add_task", "complete_task", "post_update", "log_contact"}
)
