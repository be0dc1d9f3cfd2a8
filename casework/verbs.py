"""The one catalogue of verbs: keys, help, palette, permissions, command-line verbs and docs all come from it.

Keys are the console's defaults (console document, section 1); a key may be shared only by two verbs that take turns
(`turns_with`: place a hold, lift it) or that belong to different places (`where`).
"""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

from casework.tokens import Role, Tier

Where = Literal["case", "approvals", "runbook"]
Group = Literal["triage", "people", "time", "outside", "decide", "end", "access"]
StaleClass = Literal["never", "material", "outside"]
Kind = Literal[
    "text",
    "line",
    "person",
    "case",
    "type",
    "severity",
    "imminence",
    "factors",
    "level",
    "minutes",
    "milestone",
    "party",
    "relation",
    "time",
    "action",
    "target",
    "policy",
    "fields",
    "proposal",
    "digest",
    "event",
    "step",
    "task",
]

RESPONDERS: Final[frozenset[Role]] = frozenset({"responder", "approver", "legal", "lead"})
APPROVERS: Final[frozenset[Role]] = frozenset({"approver", "legal", "lead"})
LEADS: Final[frozenset[Role]] = frozenset({"lead"})


class Ask(Struct, frozen=True, kw_only=True):
    """A field that the verb needs: its name in the command, what kind of value, and the words to ask with."""

    name: str
    kind: Kind
    label: str
    required: bool = True
    digits: dict[str, str] = {}
    """For verb + digit: what each digit stands for, as the command's value in text."""


class Verb(Struct, frozen=True, kw_only=True):
    """One verb. `title` is an imperative; `keys` may be empty (palette and command line only).

    ``stale_class``: what makes an older command stale. *never*: nothing. *material*: a material event. *outside*: also
    a contact, a link or a task (tiers 3 and 4).
    """

    verb: str
    title: str
    keys: tuple[str, ...] = ()
    opening_keys: tuple[str, ...] = ()
    """Keys that do it and then open the case."""
    tier: Tier = 1
    roles: frozenset[Role] = RESPONDERS
    group: Group = "triage"
    asks: tuple[Ask, ...] = ()
    undoable: bool = False
    bulk: bool = False
    """May be done on marked cases (never including an S0)."""
    where: Where = "case"
    turns_with: str | None = None
    never_stale: bool = False

    @property
    def stale_class(self) -> StaleClass:
        if self.never_stale:
            return "never"
        return "outside" if self.tier >= 3 else "material"


def _reason(label: str = "Reason", *, required: bool = True) -> Ask:
    return Ask(name="reason", kind="text", label=label, required=required)


_EVIDENCE: Final = Ask(name="evidence", kind="text", label="Evidence")
_TO: Final = Ask(name="to", kind="person", label="To whom")
_ACTION: Final = Ask(name="action_id", kind="proposal", label="Which proposal")

_ALL: Final = (
    # triage
    Verb(verb="claim", title="Claim the case", keys=("a",), opening_keys=("c",), undoable=True, bulk=True),
    Verb(
        verb="note",
        title="Add a note",
        keys=("n",),
        asks=(Ask(name="text", kind="text", label="Note"),),
        undoable=True,
        bulk=True,
        never_stale=True,
    ),
    Verb(
        verb="triage",
        title="Triage the case",
        keys=("of",),
        asks=(
            Ask(name="case_type", kind="type", label="Type"),
            Ask(name="severity", kind="severity", label="Severity"),
            Ask(name="imminence", kind="imminence", label="Imminence"),
            _EVIDENCE,
        ),
    ),
    Verb(
        verb="set_severity",
        title="Set the severity",
        keys=("p",),
        asks=(
            Ask(
                name="severity",
                kind="severity",
                label="Severity",
                digits={"0": "S0", "1": "S1", "2": "S2", "3": "S3", "4": "S4"},
            ),
            _reason("Reason (needed to lower it)", required=False),
        ),
        undoable=True,
        bulk=True,
    ),
    Verb(
        verb="set_factors",
        title="Set the facts that are scored",
        keys=("f",),
        asks=(Ask(name="factors", kind="factors", label="Facts"), _EVIDENCE),
        undoable=True,
    ),
    Verb(
        verb="tick",
        title="Tick a step of the runbook",
        keys=("space",),
        asks=(Ask(name="step", kind="step", label="Step"),),
        undoable=True,
        where="runbook",
        never_stale=True,
    ),
    Verb(
        verb="link",
        title="Link another case",
        keys=("l",),
        asks=(
            Ask(name="to", kind="case", label="Which case"),
            Ask(name="relation", kind="relation", label="How they belong together"),
        ),
    ),
    Verb(
        verb="merge",
        title="Merge into another case",
        keys=("m",),
        tier=2,
        asks=(Ask(name="into", kind="case", label="Into which case"),),
    ),
    Verb(verb="unmerge", title="Take the case out of the one it was merged into", keys=("ou",), tier=2),
    Verb(
        verb="undo",
        title="Undo the newest act",
        keys=("z",),
        asks=(Ask(name="seq", kind="event", label="Which act"),),
    ),
    # people
    Verb(verb="release", title="Release the case", keys=("ol",), group="people", undoable=True, bulk=True),
    Verb(
        verb="assign",
        title="Assign the case",
        keys=("t",),
        group="people",
        asks=(_TO,),
        undoable=True,
        bulk=True,
    ),
    Verb(
        verb="escalate",
        title="Escalate",
        keys=("e",),
        tier=2,
        group="people",
        asks=(
            Ask(
                name="level",
                kind="level",
                label="To whom",
                digits={"1": "1", "2": "2", "3": "3", "4": "4", "5": "5"},
            ),
            _reason(required=False),
        ),
    ),
    Verb(
        verb="add_task",
        title="Add a task",
        keys=("oa",),
        group="people",
        asks=(
            Ask(name="text", kind="text", label="Task"),
            Ask(name="owner", kind="person", label="Whose"),
            Ask(name="due_at", kind="time", label="Due"),
        ),
        never_stale=True,
    ),
    Verb(
        verb="complete_task",
        title="Mark a task done",
        keys=("od",),
        group="people",
        asks=(Ask(name="task_id", kind="task", label="Which task"),),
        never_stale=True,
    ),
    Verb(
        verb="busy",
        title="Say that you are busy until a time",
        keys=("ob",),
        group="people",
        asks=(Ask(name="until", kind="time", label="Until"),),
    ),
    Verb(
        verb="offer_handover",
        title="Offer the case to somebody",
        keys=("oH",),
        group="people",
        asks=(_TO,),
        turns_with="accept_handover",
    ),
    Verb(
        verb="accept_handover",
        title="Accept the case offered to you",
        keys=("oH",),
        group="people",
        turns_with="offer_handover",
    ),
    # time
    Verb(
        verb="snooze",
        title="Snooze",
        keys=("s",),
        group="time",
        asks=(Ask(name="minutes", kind="minutes", label="For how long", digits={"1": "15", "2": "60", "3": "240"}),),
        undoable=True,
        bulk=True,
    ),
    Verb(verb="unsnooze", title="End the snooze", keys=("os",), group="time", undoable=True, bulk=True),
    Verb(
        verb="waive",
        title="Waive a step",
        keys=("ov",),
        group="time",
        asks=(Ask(name="milestone", kind="milestone", label="Which step"), _reason()),
    ),
    # outside
    Verb(
        verb="log_contact",
        title="Log whom you told",
        keys=("C",),
        group="outside",
        asks=(
            Ask(name="party", kind="party", label="Party"),
            Ask(name="channel", kind="line", label="Channel"),
            Ask(name="number_source", kind="line", label="Where the number came from"),
            Ask(name="person", kind="line", label="Person"),
            Ask(name="reference", kind="line", label="Their reference", required=False),
            Ask(name="at", kind="time", label="When"),
            Ask(name="outcome", kind="text", label="Outcome"),
        ),
        never_stale=True,
    ),
    Verb(
        verb="post_update",
        title="Post an update",
        keys=("U",),
        tier=2,
        group="outside",
        asks=(
            Ask(name="text", kind="text", label="Update"),
            Ask(name="audience", kind="line", label="For whom"),
        ),
        never_stale=True,
    ),
    Verb(
        verb="await_external",
        title="Wait for somebody outside",
        keys=("ow",),
        group="outside",
        asks=(
            Ask(name="why", kind="text", label="Why"),
            Ask(name="who", kind="line", label="For whom"),
            Ask(name="chase_at", kind="time", label="Chase at"),
        ),
        turns_with="resume",
    ),
    Verb(verb="resume", title="Stop waiting", keys=("ow",), group="outside", turns_with="await_external"),
    Verb(
        verb="hold",
        title="Place a hold",
        keys=("oh",),
        group="outside",
        asks=(Ask(name="why", kind="text", label="Why"),),
        turns_with="unhold",
    ),
    Verb(verb="unhold", title="Lift the hold", keys=("oh",), roles=LEADS, group="outside", turns_with="hold"),
    # decide
    Verb(
        verb="propose",
        title="Propose an action",
        keys=("d",),
        tier=3,
        group="decide",
        asks=(
            Ask(name="action", kind="action", label="Action"),
            Ask(name="target", kind="target", label="On what"),
            Ask(name="policy", kind="policy", label="Policy"),
            _reason(),
            Ask(name="fields", kind="fields", label="Details"),
        ),
    ),
    Verb(
        verb="approve",
        title="Approve the action",
        keys=("y",),
        tier=3,
        roles=APPROVERS,
        group="decide",
        asks=(_ACTION, Ask(name="digest", kind="digest", label="Digest of what you saw")),
        where="approvals",
    ),
    Verb(
        verb="reject",
        title="Reject the action",
        keys=("R",),
        roles=APPROVERS,
        group="decide",
        asks=(_ACTION, _reason()),
        where="approvals",
    ),
    Verb(verb="cancel", title="Cancel a proposal", keys=("oz",), group="decide", asks=(_ACTION,)),
    Verb(
        verb="confirm",
        title="Confirm as the second person",
        keys=("oy",),
        tier=3,
        roles=APPROVERS,
        group="decide",
        asks=(Ask(name="seq", kind="event", label="Which act"),),
    ),
    Verb(verb="contain", title="Mark as contained otherwise", keys=("oc",), group="decide", asks=(_EVIDENCE,)),
    Verb(verb="investigate", title="Start the investigation", keys=("oi",), group="decide"),
    # end
    Verb(
        verb="resolve",
        title="Resolve the case",
        keys=("D",),
        group="end",
        asks=(Ask(name="outcome", kind="line", label="Outcome"), _reason()),
    ),
    Verb(
        verb="discard",
        title="Discard the case",
        keys=("ox",),
        group="end",
        asks=(Ask(name="outcome", kind="line", label="Outcome"), _reason()),
    ),
    Verb(verb="reopen", title="Reopen the case", keys=("oo",), group="end", asks=(_reason(),)),
    # access
    Verb(
        verb="break_glass",
        title="Break the glass on this case",
        keys=("og",),
        tier=2,
        group="access",
        asks=(_reason(),),
    ),
    Verb(
        verb="grant",
        title="Grant access to this case",
        keys=("oG",),
        roles=LEADS,
        group="access",
        asks=(Ask(name="principal", kind="person", label="To whom"),),
    ),
)

VERBS: Final[dict[str, Verb]] = {each.verb: each for each in _ALL}
"""Every verb by its name on the wire, in the order in which help shows them."""
