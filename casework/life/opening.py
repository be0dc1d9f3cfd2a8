"""Break-glass: one person sees one case for a while, without the clearance (domain, section 8)."""

from __future__ import annotations

from casework import facts
from casework.commands import BreakGlass, GrantAccess
from casework.life.turn import Turn
from casework.model import Grant


def break_glass(turn: Turn, command: BreakGlass) -> None:
    case = turn.state
    _not_open_yet(turn, turn.by, "You")
    grant = _grant(turn, turn.by) if case.severity == "S0" else None
    turn.add(facts.GlassBroken(reason=command.reason, grant=grant))


def grant(turn: Turn, command: GrantAccess) -> None:
    if command.principal == turn.by:
        turn.refuse("Nobody grants access to themselves. Ask another lead, or break the glass with a reason.")
    _not_open_yet(turn, command.principal, command.principal)
    turn.add(facts.AccessGranted(grant=_grant(turn, command.principal)))


def _not_open_yet(turn: Turn, principal: str, who: str) -> None:
    if any(each.principal == principal and each.until > turn.at for each in turn.state.grants):
        turn.refuse(f"{who} can see it already, for 60 min from when it was opened.")


def _grant(turn: Turn, principal: str) -> Grant:
    return Grant(principal=principal, until=turn.at + turn.policy.life_ms("glass_lasts"), by=turn.by)
