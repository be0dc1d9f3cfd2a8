"""Which keys make sense for a case now, and why the others do not: advice only, the feed decides."""

from __future__ import annotations

from typing import Final

from casework.model import Case, Common
from casework.order import next_clock
from casework.tokens import ENDED_STATES, OPEN_STATES, OUTSIDE_MILESTONES, contains
from casework.verbs import Verb
from tui.enforcing import not_in_service
from tui.floor import WorkFloor
from tui.keymap import Bound, Keymap

STEP: Final[dict[str, tuple[str, str]]] = {
    "ack": ("claim", "claim"),
    "verify": ("log_contact", "told"),
    "decide": ("propose", "no action"),
    "contain": ("contain", "contained"),
    "police": ("log_contact", "told police"),
    "report": ("log_contact", "reported"),
    "resources": ("log_contact", "sent resources"),
    "share": ("log_contact", "shared"),
    "answer": ("log_contact", "answered"),
    "update": ("post_update", "update"),
    "chase": ("resume", "heard back"),
    "resolve": ("resolve", "resolve"),
}
"""The verb that meets each milestone, as far as this console has it, in a word for the footer."""


def why_not(verb: Verb, case: Common | None, *, me: str, roles: frozenset[str], read_only: bool) -> str | None:
    """Why `verb` does not work here and now, in a sentence; None if nothing is known against it."""
    if read_only:
        return "This console is read only."
    if roles and not verb.roles & roles:
        return f"It needs the role {' or '.join(sorted(verb.roles))}."
    if case is None:
        return "No case is selected: press j."
    if case.stub and verb.verb not in ("break_glass", "claim", "escalate"):
        return "You see only a stub of this case: og breaks the glass."
    return _against(verb.verb, case, me)


def against(bound: Bound, case: Common | None, model: WorkFloor) -> str | None:
    """Why what a key is bound to does not work here and now; None if nothing is known against it, or it is no verb."""
    if bound.verb is None:
        return None
    roles = frozenset(() if model.session is None else model.session.status.roles)
    verb = turn(bound.verb, bound.turns, case, model.me)
    refusal = why_not(verb, case, me=model.me, roles=roles, read_only=model.read_only)
    if refusal is None and verb.verb == "propose" and bound.value is not None:
        rules = model.actions.get(bound.value)
        return f"There is no action {bound.value} here." if rules is None else not_in_service(bound.value, rules)
    return refusal


def _against(verb: str, case: Common, me: str) -> str | None:
    state = case.state
    if verb == "reopen":
        return None if state in ("RESOLVED", "CLOSED", "REJECTED") else "The case is open."
    if verb == "unmerge":
        return None if state == "MERGED" else "The case is not merged."
    if verb in ("note", "link", "undo", "busy"):
        return None
    if state in ENDED_STATES:
        return f"The case is {state.lower()}: oo reopens it."
    if verb == "claim" and case.owner is not None and case.owner != me:
        return f"{_name(case.owner)} has it."
    if verb == "release" and case.owner is None:
        return "Nobody has it."
    if verb == "triage" and state == "NEW":
        return "Claim it first."
    if verb == "contain":
        if not contains(case.case_type, case.sub_type):
            return f"{case.case_type} cases have nothing to contain."
        if state in ("CONTAINED", "INVESTIGATING"):
            return "It is contained."
        if state == "NEW" or (state == "ACKED" and case.severity > "S1"):
            return "Claim it first." if state == "NEW" else "Triage it first."
    if verb == "resolve" and state in ("NEW", "CONTAINING"):
        return "Claim it first." if state == "NEW" else "Contain it first."
    if verb == "discard" and state not in ("NEW", "ACKED", "TRIAGED"):
        return "Work on it has begun: resolve it."
    if verb == "investigate" and state in ("NEW", "CONTAINING", "INVESTIGATING"):
        return "Claim it first." if state == "NEW" else "It is not contained yet, or is investigated already."
    if verb == "snooze" and case.severity in ("S0", "S1"):
        return "An S0 or S1 is never snoozed."
    if verb == "unsnooze" and case.flags.snoozed_until is None:
        return "It is not snoozed."
    if verb == "unhold" and case.flags.hold is None:
        return "There is no hold."
    if verb == "hold" and case.flags.hold is not None:
        return "There is a hold."
    if verb == "resume" and case.flags.awaiting is None:
        return "It does not wait for anybody."
    if verb == "accept_handover" and isinstance(case, Case) and case.offered_to != me:
        return "It is not offered to you."
    return None


def _name(owner: str) -> str:
    # Names reach the screen inside our own sentence: only plain ones are spelled out there.
    return owner if owner.isascii() and owner.isprintable() and len(owner) <= 40 else "Somebody else"


def turn(verb: Verb, other: Verb | None, case: Common | None, me: str) -> Verb:
    """Of two verbs that take turns on one key, the one whose turn it is."""
    if other is None or case is None:
        return verb
    second = {
        "unhold": case.flags.hold is not None,
        "resume": case.flags.awaiting is not None,
        "accept_handover": isinstance(case, Case) and case.offered_to == me and bool(me),
    }
    for candidate in (verb, other):
        if candidate.verb in second:
            partner = other if candidate is verb else verb
            return candidate if second[candidate.verb] else partner
    return verb


def footer(
    case: Common | None, keymap: Keymap, *, me: str, roles: frozenset[str], read_only: bool, pane: bool
) -> tuple[tuple[str, str], ...]:
    """(key, what it does): the next milestone's key first, then what usually follows, help last."""
    last = (keymap.keys_of("help"), "keys")
    if case is None:
        without = (("down", "select"), ("filter", "filter"), ("close", "quit"))
        return (*((keymap.keys_of(name), title) for name, title in without), last)
    offers: list[tuple[str, str]] = []
    for verb, title in _likely(case, me):
        value = "no_action" if verb == "propose" else "1" if verb == "escalate" else None
        bound = next((b for _, b in keymap.all() if b.name == verb and (value is None or b.value == value)), None)
        if bound is None or bound.verb is None:
            continue
        if why_not(bound.verb, case, me=me, roles=roles, read_only=read_only) is None:
            offer = (keymap.keys_of(verb, value), title)
            if offer[0] and offer[0] not in [key for key, _ in offers]:
                offers.append(offer)
    opening = (keymap.keys_of("close"), "back") if pane else (keymap.keys_of("open"), "open")
    return (*offers[:5], opening, last)


def _likely(case: Common, me: str) -> list[tuple[str, str]]:
    """Verbs in the order in which they come up, for this case as it stands."""
    likely: list[tuple[str, str]] = []
    clock = next_clock(case.clocks) if case.state in OPEN_STATES else None
    if case.state not in OPEN_STATES:
        likely.append(("reopen", "reopen"))
    elif case.owner != me:
        likely.append(("claim", "claim"))
    if clock is not None:
        likely.append(STEP[clock.milestone])
    if case.state == "ACKED":
        likely.append(("triage", "triage"))
    owed = {each.milestone for each in case.clocks if each.running and each.milestone in OUTSIDE_MILESTONES}
    if owed:
        likely.append(("log_contact", "told"))
    if case.state in ("CONTAINED", "INVESTIGATING") or (
        case.state == "TRIAGED" and not contains(case.case_type, case.sub_type)
    ):
        likely.append(("resolve", "resolve"))
    likely += [("note", "note"), ("escalate", "second"), ("release", "release")]
    return likely
