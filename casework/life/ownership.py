"""Who has the case: claim, release, assign, handover, busy."""

from __future__ import annotations

from typing import Final

from casework import facts
from casework.commands import AcceptHandover, Assign, Busy, Claim, OfferHandover, Release
from casework.life.turn import Turn
from casework.life.words import ago

#: How far ahead an owner may say to be busy: no case is kept from the others for longer than that.
BUSY_AT_MOST_MS: Final = 4 * 3_600_000


def claim(turn: Turn, command: Claim) -> None:
    case = turn.state
    if case.owner is not None and case.owner != turn.by:
        turn.refuse(
            f"{case.owner} claimed this {ago(case.owner_since, turn.at)}. Nothing was sent. Ask for a handover."
        )
    awaited = any(clock.milestone == "ack" and clock.running for clock in case.clocks)
    if case.owner == turn.by and case.state != "NEW" and not awaited:
        return
    turn.add(facts.CaseClaimed(), owner=turn.by, owner_since=turn.at, **_acked(turn))
    _meet_ack(turn)


def release(turn: Turn, command: Release) -> None:
    case = turn.state
    if case.owner is None:
        turn.refuse("Nobody has it; there is nothing to release.")
    if case.owner != turn.by and "lead" not in turn.actor.roles:
        turn.refuse(f"{case.owner} has it, not you. A lead can release it, or assign it to somebody who takes it.")
    turn.add(facts.ClaimReleased(), owner=None, owner_since=None)


def assign(turn: Turn, command: Assign) -> None:
    if command.to == turn.state.owner:
        return
    turn.add(facts.CaseAssigned(to=command.to), owner=command.to, owner_since=turn.at)


def offer_handover(turn: Turn, command: OfferHandover) -> None:
    case = turn.state
    if case.owner != turn.by:
        has_it = "Nobody has it" if case.owner is None else f"{case.owner} has it"
        turn.refuse(f"{has_it}; only its owner hands a case over. Claim it first, or assign it.")
    if command.to == turn.by:
        turn.bad("/to", "names yourself. Hand the case over to somebody else.")
    turn.add(facts.HandoverOffered(to=command.to))


def accept_handover(turn: Turn, command: AcceptHandover) -> None:
    case = turn.state
    if case.offered_to is None:
        turn.refuse("Nobody offered it. Its owner offers a handover first.")
    if case.offered_to != turn.by:
        turn.refuse(f"It was offered to {case.offered_to}, not to you. Ask its owner to offer it to you.")
    turn.add(facts.HandoverAccepted(), owner=turn.by, owner_since=turn.at, **_acked(turn))
    _meet_ack(turn)


def busy(turn: Turn, command: Busy) -> None:
    if turn.state.owner != turn.by:
        turn.refuse("Only its owner can be busy on it. Claim it first.")
    if command.until <= turn.at:
        turn.bad("/until", "lies in the past. Give a time from now on.")
    if command.until > turn.at + BUSY_AT_MOST_MS:
        turn.bad("/until", "is more than 4 hours away. Hand the case over instead.")
    turn.add(facts.BusyDeclared(until=command.until))


def _acked(turn: Turn) -> dict[str, str]:
    return {"state": "ACKED"} if turn.state.state == "NEW" else {}


def _meet_ack(turn: Turn) -> None:
    turn.meet("ack")
    turn.updates_begin("ack")
