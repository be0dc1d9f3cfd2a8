"""Undo: the same principal takes back its own newest acts, for ten seconds of feed time."""

from __future__ import annotations

from typing import Any, Final

from msgspec import UNSET
from msgspec.structs import replace

from casework import facts
from casework.commands import Undo
from casework.life.judging import rescored
from casework.life.turn import Turn
from casework.life.words import ago
from casework.model import Clock, Recent, Result

_UNDOABLE: Final = "claim, release, snooze, unsnooze, assign, tick, facts, a raised severity and a note"


def undo(turn: Turn, command: Undo) -> None:
    case = turn.state
    found = next((each for each in case.recent if each.seq <= command.seq <= each.last_seq), None)
    if found is None:
        turn.refuse(f"Event {command.seq} cannot be undone. For 10 s one can take back {_UNDOABLE}.")
    if found.by != turn.by:
        turn.refuse(f"{found.by} did that. Only the same person takes it back.")
    if turn.at - found.at > turn.policy.life_ms("undo_within"):
        turn.refuse(f"That was {ago(found.at, turn.at)}; 10 s are over. Do the opposite instead.")
    if case.material.version > found.version:
        later = case.material
        turn.refuse(
            f"{later.by} did something after it ({later.type}). Look at the case, then do the opposite instead."
        )
    fact = facts.Undone(
        seq_undone=found.seq,
        kind=found.type,
        note_seq=found.seq if found.type == "NoteAdded" else None,
        step=found.step,
        factor_names=tuple(found.notes),
    )
    turn.add(replace(fact, result=_restored(turn, found)))


def _restored(turn: Turn, found: Recent) -> Result:
    """What takes the command back. Reach that was counted meanwhile stays counted; a lateness stays written."""
    result = found.inverse
    if found.notes and result.factors is not UNSET:
        old = result.factors
        factors = replace(turn.state.factors, **{name: getattr(old, name) for name in found.notes})
        again: dict[str, Any] = rescored(turn, factors)
        result = replace(result, **again)
    now = {clock.name: clock for clock in turn.state.clocks}
    return replace(result, clocks=tuple(_late_stays(clock, now.get(clock.name)) for clock in result.clocks))


def _late_stays(old: Clock, now: Clock | None) -> Clock:
    if now is None or now.breached_at is None or old.breached_at is not None or now.due_at != old.due_at:
        return old
    return replace(old, breached_at=now.breached_at)
