"""Cases that belong together: link, merge, unmerge. Both cases are written, as one intent."""

from __future__ import annotations

from typing import Any, Final

from msgspec.structs import replace

from casework import clocks, facts
from casework.caseid import parse, shown
from casework.commands import Link, Merge, Unmerge
from casework.life.turn import Turn
from casework.life.working import IN_FLIGHT, running_again, stopped
from casework.model import Case, Clock, Related
from casework.tokens import OPEN_STATES, contains, more_severe

#: What the other case calls a relation; the rest read the same from both sides.
MIRRORED: Final[dict[str, str]] = {"parent": "child", "child": "parent"}
#: Clocks of a merged case that its survivor has on its own account.
_OWN: Final[frozenset[str]] = frozenset({"ack", "update", "chase"})


def link(turn: Turn, command: Link, other: Case | None) -> None:
    case, to = turn.state, parse(command.to)
    if to == case.case_id:
        turn.bad("/to", "names this case itself. Name another one.")
    target = _second(turn, other, to, "/to")
    back = MIRRORED.get(command.relation, command.relation)
    known = {(related.case_id, str(related.relation)) for related in case.related}
    if (to, command.relation) in known:
        return
    if command.relation in MIRRORED and (to, back) in known:
        turn.refuse(f"{shown(to)} is its {back} already; it cannot be its {command.relation} as well.")
    turn.add(facts.CaseLinked(related=Related(case_id=to, relation=command.relation, at=turn.at, by=turn.by)))
    beside = turn.beside(target)
    if all((related.case_id, related.relation) != (case.case_id, back) for related in target.related):
        related = Related(case_id=case.case_id, relation=back, at=beside.at, by=turn.by)
        beside.add(facts.CaseLinked(related=related))


def merge(turn: Turn, command: Merge, other: Case | None) -> None:
    case, into = turn.state, parse(command.into)
    if into == case.case_id:
        turn.bad("/into", "names this case itself. Name the one that goes on.")
    survivor = _second(turn, other, into, "/into")
    if survivor.state == "MERGED" and survivor.merged_into == case.case_id:
        turn.refuse(f"{shown(into)} was merged into this one already; a circle would lose both. Unmerge it first.")
    if survivor.state == "MERGED":
        turn.refuse(f"{shown(into)} was merged into {shown(survivor.merged_into or '')}. Merge into that one.")
    if survivor.state not in OPEN_STATES:
        turn.refuse(f"{shown(into)} is {survivor.state}. Reopen it, or link the two.")
    for action in case.actions:
        if action.state in IN_FLIGHT:
            turn.refuse(f"{action.action} {action.action_id} is {action.state}. Have it decided first.")
    if case.pending:
        waiting = case.pending[0]
        turn.refuse(f"A {waiting.kind} by {waiting.by} waits for a second person. Have it confirmed first.")
    if _uncontained(case) and not contains(survivor.case_type, survivor.sub_type):
        turn.refuse(f"{shown(into)} is a case of type {survivor.case_type}, which contains nothing, and this one has "
                    "something to contain. Link the two, or merge the other way round.")  # fmt: skip
    turn.add(
        facts.CaseMerged(into=into),
        state="MERGED",
        merged_into=into,
        ended_at=turn.at,
        clocks=stopped(case.clocks, turn.at),
    )
    _absorb(turn.beside(survivor), case)


def unmerge(turn: Turn, command: Unmerge, other: Case | None) -> None:
    case = turn.state
    if case.state != "MERGED" or case.merged_into is None:
        turn.refuse("It was not merged into another case.")
    survivor = _second(turn, other, case.merged_into, "")
    turn.add(
        facts.CaseUnmerged(out_of=case.merged_into),
        state=case.ended_from or "ACKED",
        merged_into=None,
        ended_at=None,
        clocks=running_again(case),
    )
    turn.breach()
    if case.case_id in survivor.absorbed:
        turn.beside(survivor).add(facts.CaseSeparated(separated=case.case_id))


def _second(turn: Turn, other: Case | None, wanted: str, pointer: str) -> Case:
    if other is None or other.case_id != wanted:
        turn.bad(pointer, f"names no case on this floor: {shown(wanted)}.")
    if other.retired_at is not None:
        turn.refuse(f"{shown(wanted)} left the floor. Add its id as a note.")
    return other


def _absorb(turn: Turn, merged: Case) -> None:
    """Let the survivor carry what the merged case still owed: its severity, every open step, the earlier due.

    So its band is at least as severe as the merged one's; a QUERY, which owes nothing to anybody outside, brings none.
    """
    turn.breach()
    case = turn.state
    changes: dict[str, Any] = {}
    started: dict[tuple[str, str | None, int, bool], Clock] = {}
    if more_severe(merged.severity, case.severity):
        changes["severity"] = merged.severity
        if merged.severity == "S0":
            changes["pending"] = tuple(item for item in case.pending if item.kind != "lowering")
        changes["grounds"] = (f"{merged.severity}: as {shown(merged.case_id)}, merged into it", *case.grounds[1:])
        raised = clocks.retarget(
            case.clocks,
            case_type=case.case_type,
            sub_type=case.sub_type,
            severity=merged.severity,
            opened_at=case.opened_at,
            reported_at=case.reported_at,
            now=turn.at,
            policy=turn.policy,
        )
        started = {clock.name: clock for clock in raised}
    held = {clock.name: clock for clock in case.clocks} | started
    moving = {clock.name: clock for clock in merged.clocks}
    moving |= {clock.name: clock for clock in clocks.resume(merged.clocks, turn.at)}
    for clock in moving.values():
        if not clock.owed or clock.milestone in _OWN:
            continue
        for changed in _owed(tuple(held.values()), clock):
            held[changed.name] = started[changed.name] = changed
    if _uncontained(merged) and case.contained_at is not None:
        # What joined it is still up: the harm is not contained any more, whatever was done before.
        changes |= {"contained_at": None, "state": "TRIAGED"}
    turn.add(facts.CaseAbsorbed(absorbed=merged.case_id), clocks=tuple(started.values()), **changes)
    if "severity" in changes:
        turn.wake("raised")
    if merged.flags.hold is not None and case.flags.hold is None:
        turn.add(facts.HoldPlaced(why=merged.flags.hold.why))


def _uncontained(case: Case) -> bool:
    return case.contained_at is None and contains(case.case_type, case.sub_type)


def _owed(held: tuple[Clock, ...], clock: Clock) -> tuple[Clock, ...]:
    """What the survivor's clocks `held` have to become so that `clock` of the merged case is kept."""
    mine = [
        c for c in held if (c.milestone, c.party, c.outer_bound) == (clock.milestone, clock.party, clock.outer_bound)
    ]
    owed = [c for c in mine if c.owed]
    if owed:
        newest = max(owed, key=lambda c: c.round)
        if clock.due_at >= newest.due_at:
            return ()
        earlier = replace(
            newest,
            due_at=clock.due_at,
            allowance_ms=clock.due_at - newest.started_at,
            breached_at=clock.breached_at,
            rule=clock.rule,
        )
        return (earlier,)
    if clock.milestone == "resolve":
        return ()
    round_ = max((c.round for c in held if (c.milestone, c.party) == (clock.milestone, clock.party)), default=-1) + 1
    return (replace(clock, round=round_),)
