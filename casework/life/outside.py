"""The world outside: whom we told, what we wait for, what is waived, what is held.

What a logged contact meets, by party (domain, sections 3, 4 and 6):

========== =========================================================================================================
party      meets
========== =========================================================================================================
police     ``police``; on an EDR what `requester` does (the agency asks); on LEGAL ``answer``
ncmec      ``report``, if `reference` carries the report's id
user       ``resources``; on NCII and PART ``answer``
victim     ``resources``; on NCII ``answer``
industry   ``share``
regulator  ``answer`` on REG
requester  ``answer`` on LEGAL, PART and QUERY. On an EDR: ``verify`` by a call back (below); ``decide`` and ``answer``
           if `outcome` begins with one of the decisions, for example ``REFUSED_UNVERIFIED: could not be reached``
press      ``answer`` on PRESS
partner    ``answer`` on PART
internal   nothing; likewise ``other``
========== =========================================================================================================

Where a party that answers is not the one a borrowed row expects (an S0 DOX has no answer clock), there is simply no
clock to meet. A contact whose outcome begins with ``no answer``, ``not reached``, ``unreachable``, ``voicemail`` or
``failed`` is kept and meets nothing.

The call back is the verification of an EDR: `channel` is a phone, and `number_source` begins with ``directory`` or
``published``; a number from the request itself never verifies. Verifying makes the source's credibility ``verified``.
"""

from __future__ import annotations

from typing import Any, Final

from msgspec.structs import replace

from casework import clocks, facts
from casework.commands import AwaitExternal, LogContact, PlaceHold, Resume, Unhold, Waive
from casework.intake import grounds
from casework.life.turn import Turn, met_now
from casework.life.working import EDR_OUTCOMES, state_not_reportable
from casework.model import Case, Contact, Source, Waiver
from casework.score import rate

UNREACHED: Final = ("no answer", "not reached", "unreachable", "voicemail", "failed")
PHONES: Final[frozenset[str]] = frozenset({"phone", "call", "telephone", "voice", "callback", "call back"})
PUBLISHED: Final = ("directory", "published")
#: How far in the future a contact may lie: a console's clock is not the feed's.
_AHEAD_MS: Final = 60_000
#: Who a case of a type answers to.
ANSWERS: Final[dict[str, frozenset[str]]] = {
    "NCII": frozenset({"victim", "user"}),
    "REG": frozenset({"regulator"}),
    "LEGAL": frozenset({"requester", "police"}),
    "PRESS": frozenset({"press"}),
    "PART": frozenset({"partner", "requester", "user"}),
    "QUERY": frozenset({"requester", "internal"}),
}
#: Milestones that no waiver ends, and what to do instead.
NEVER_WAIVED: Final = {
    "ack": "Claim the case.",
    "resolve": "Resolve the case, discard it with a reason, or wait for somebody outside.",
    "chase": "Resume the case.",
}


def log_contact(turn: Turn, command: LogContact) -> None:
    if command.at > turn.at + _AHEAD_MS:
        turn.bad("/at", "lies in the future. Give the time at which the contact was made.")
    contact = Contact(
        seq=0,
        by=turn.by,
        party=command.party,
        channel=command.channel,
        number_source=command.number_source,
        person=command.person,
        reference=command.reference,
        at=command.at,
        outcome=command.outcome,
    )
    met = milestones_met(turn.state, contact)
    turn.add(facts.ContactLogged(party=command.party, contact=contact))
    for milestone in met:
        if milestone == "verify":
            _verified(turn)
        else:
            turn.meet(milestone)


def milestones_met(case: Case, contact: Contact) -> tuple[str, ...]:
    """The milestones that `contact` meets on `case`, by the table above."""
    if contact.outcome.strip().lower().startswith(UNREACHED):
        return ()
    party = contact.party
    if case.case_type == "EDR" and party in ("police", "requester"):
        met = ["verify"] if _called_back(contact) else []
        if contact.outcome.strip().upper().startswith(EDR_OUTCOMES):
            met += ["decide", "answer"]
        return tuple(met)
    met = []
    if party == "police":
        met.append("police")
    if party == "ncmec" and contact.reference.strip():
        met.append("report")
    if party in ("user", "victim"):
        met.append("resources")
    if party == "industry":
        met.append("share")
    if party in ANSWERS.get(case.case_type, frozenset()):
        met.append("answer")
    return tuple(met)


def waive(turn: Turn, command: Waive) -> None:
    case = turn.state
    if command.milestone in NEVER_WAIVED:
        turn.refuse(f"{command.milestone} is never waived. {NEVER_WAIVED[command.milestone]}")
    waived = tuple(c for c in case.clocks if c.milestone == command.milestone and c.owed)
    if not waived:
        turn.refuse(f"No {command.milestone} is open. Nothing has to be waived.")
    if command.milestone == "report" and case.case_type == "CSEA":
        state_not_reportable(turn, command.reason, resolving=False)
        return
    turn.add(
        facts.MilestoneWaived(milestone=command.milestone, reason=command.reason),
        clocks=waived_now(turn, command.milestone),
    )


def waived_now(turn: Turn, milestone: str) -> clocks.Clocks:
    """The open clocks of `milestone`, waived by this person."""
    return tuple(
        replace(clock, waived=Waiver(by=turn.by, at=turn.at), paused=False, paused_at=None)
        for clock in turn.state.clocks
        if clock.milestone == milestone and clock.owed
    )


def await_external(turn: Turn, command: AwaitExternal) -> None:
    case = turn.state
    if case.flags.awaiting is not None:
        turn.refuse(f"It waits for {case.flags.awaiting.who} already. Resume it first.")
    if command.chase_at <= turn.at:
        turn.bad("/chase_at", "lies in the past. Give a time from now on.")
    changed = (*clocks.pause(case.clocks, turn.at), *clocks.chase(command.chase_at, turn.at, case.clocks))
    fact = facts.AwaitStarted(why=command.why, who=command.who, chase_at=command.chase_at)
    turn.add(fact, clocks=changed)


def resume(turn: Turn, command: Resume) -> None:
    case = turn.state
    if case.flags.awaiting is None:
        turn.refuse("It waits for nobody.")
    changed = (*clocks.resume(case.clocks, turn.at), *met_now(case.clocks, "chase", turn.at))
    turn.add(facts.AwaitEnded(), clocks=changed)


def hold(turn: Turn, command: PlaceHold) -> None:
    if turn.state.flags.hold is not None:
        turn.refuse(f"{turn.state.flags.hold.by} placed a hold already. Add what you know as a note.")
    turn.add(facts.HoldPlaced(why=command.why))


def unhold(turn: Turn, command: Unhold) -> None:
    if turn.state.flags.hold is None:
        turn.refuse("It is not held.")
    turn.add(facts.HoldLifted())


def _called_back(contact: Contact) -> bool:
    by_phone = contact.channel.strip().lower() in PHONES
    return by_phone and contact.number_source.strip().lower().startswith(PUBLISHED)


def _verified(turn: Turn) -> None:
    """The requester is who it says: verify is met, the source counts as verified, updates begin."""
    if not met_now(turn.state.clocks, "verify", turn.at):
        return
    turn.meet("verify")
    source = turn.state.source
    if source is not None and source.kind == "law_enforcement" and source.credibility != "verified":
        turn.amend(**_as_verified(turn, source))
    turn.updates_begin("verify")


def _as_verified(turn: Turn, source: Source) -> dict[str, Any]:
    case = turn.state
    known = Source(kind=source.kind, name=source.name, credibility="verified")
    rating = rate(case.factors, known, sub_type=case.sub_type, sensitivities=case.sensitivities, policy=turn.policy)
    return {
        "credibility": "verified",
        "score_tenths": rating.tenths,
        "floors": rating.floors,
        "grounds": grounds(case.grounds[:1], rating.grounds),
    }
