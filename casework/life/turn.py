"""A turn: one command (or one look of the keeper) on a case, as the events it makes, each already folded."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, NoReturn

from msgspec import to_builtins
from msgspec.structs import replace

from casework import clocks, order
from casework.access import Person
from casework.commands import Context
from casework.errors import BadInput, IllegalTransition
from casework.events import Draft, placed
from casework.evolve import evolve
from casework.facts import Fact, MilestoneBreached, MilestoneMet, SnoozeEnded
from casework.model import Case, Clock
from casework.policy import Policy
from casework.tokens import ENDED_STATES, OPEN_STATES, OUTSIDE_MILESTONES, Milestone

_STEPS: Final[frozenset[str]] = OUTSIDE_MILESTONES | {"verify", "decide"}


class Turn:
    """What one command makes happen to one case.

    `state` is the case after the events so far; `drafts` are those events. The seqs in `state` are provisional: a fact
    never carries one of an event of its own command.
    """

    def __init__(
        self,
        state: Case,
        *,
        now: int,
        actor: Person,
        policy: Policy,
        key: str | None = None,
        verb: str = "",
        connected: frozenset[str] = frozenset(),
    ) -> None:
        """`connected`: the actions that the floor's platform carries out."""
        self.state = state
        self.now = now
        self.at = max(now, state.at)
        self.actor = actor
        self.policy = policy
        self.key = key
        self.verb = verb
        self.connected = connected
        self.context: dict[str, Any] | None = None
        self.drafts: list[Draft] = []
        self._before = state

    @property
    def by(self) -> str:
        return self.actor.principal

    def carry(self, context: Context | None) -> None:
        """Keep what the console knew; the first event carries it."""
        if context is not None:
            self.context = {name: value for name, value in to_builtins(context).items() if value is not None}

    def beside(self, other: Case) -> Turn:
        """A turn on a second case of the same command: one list of events, one intent."""
        turn = Turn(other, now=self.now, actor=self.actor, policy=self.policy, key=self.key, verb=self.verb)
        turn.drafts = self.drafts
        turn.context = self.context
        return turn

    def add(self, fact: Fact, **result: Any) -> None:
        """Make `fact` happen, with `result` beside what it carries, and with what follows from both."""
        fact = replace(fact, result=replace(fact.result, **result)) if result else fact
        after = self._folded(fact)
        follows = _follows(after, self.at)
        if follows:
            fact = replace(fact, result=replace(fact.result, **follows))
            after = self._folded(fact)
        first = not self.drafts
        self._before = self.state
        self.drafts.append(self._draft(fact, self.context if first else None))
        self.state = after

    def breach(self) -> None:
        """Write down every clock that is late by now, in due order; a late clock ends a snooze."""
        if self.state.state not in OPEN_STATES:
            return
        for clock in clocks.breached(self.state.clocks, self.at):
            fact = MilestoneBreached(
                milestone=clock.milestone,
                party=clock.party,
                round=clock.round,
                outer_bound=clock.outer_bound,
                breached_at=clock.due_at,
            )
            self.add(fact, clocks=(clock,))
            self.wake("late")

    def wake(self, why: str) -> None:
        """End a snooze, if there is one."""
        if self.state.flags.snoozed_until is not None:
            self.add(SnoozeEnded(why=why), snoozed_until=None)

    def meet(self, *milestones: str) -> None:
        """Meet every open clock of these milestones, outer bounds included; one event a milestone."""
        for milestone in milestones:
            met = met_now(self.state.clocks, milestone, self.at)
            if met:
                self.add(MilestoneMet(milestone=milestone), clocks=met)

    def updates_begin(self, met: Milestone) -> None:
        """Start the first update's clock if it waits for `met`, which was met just now, and none runs yet."""
        case = self.state
        started = clocks.first_update(
            case.clocks,
            met=met,
            case_type=case.case_type,
            sub_type=case.sub_type,
            severity=case.severity,
            now=self.at,
            policy=self.policy,
        )
        if started and not any(clock.milestone == "update" and clock.owed for clock in case.clocks):
            self.amend(clocks=started)

    def amend(self, **result: Any) -> None:
        """Let the newest event of this case carry more results; clocks are added to those it has."""
        last = self.drafts.pop()
        fact = last.fact
        started = result.pop("clocks", ())
        fact = replace(fact, result=replace(fact.result, clocks=(*fact.result.clocks, *started), **result))
        self.drafts.append(replace(last, fact=fact))
        event = placed(self.drafts[-1], seq=self.state.seq, version=self.state.version)
        self.state = evolve(self._before, event)

    def refuse(self, guard: str, *, state: str | None = None) -> NoReturn:
        """Refuse the verb: `guard` names what is missing and what to do next."""
        raise IllegalTransition(state=state or self.state.state, verb=self.verb, guard=guard)

    def bad(self, pointer: str, why: str) -> NoReturn:
        """Refuse a field of the command."""
        raise BadInput(pointer=pointer, why=why)

    def done(self) -> tuple[Draft, ...]:
        return tuple(self.drafts)

    def _draft(self, fact: Fact, context: dict[str, Any] | None) -> Draft:
        return Draft(
            case_id=self.state.case_id,
            at=self.at,
            actor=self.by,
            part=len(self.drafts),
            fact=fact,
            idem=self.key,
            context=context,
        )

    def _folded(self, fact: Fact) -> Case:
        event = placed(self._draft(fact, None), seq=self.state.seq + 1, version=self.state.version + 1)
        return evolve(self.state, event)


def met_now(held: Iterable[Clock], milestone: str, at: int) -> tuple[Clock, ...]:
    """The open clocks of `milestone` among `held`, met at `at`; a paused one is met as well and no longer paused."""
    return tuple(
        replace(clock, met_at=at, paused=False, paused_at=None)
        for clock in held
        if clock.milestone == milestone and clock.owed
    )


def secured(case: Case) -> bool:
    """Whether the harm is contained and every outside step met or waived (domain, section 2).

    The call back and the decision of an EDR count as outside steps. A type that has nothing to contain is never
    secured: its answer may be given while the danger that it speaks of goes on.
    """
    if case.state in ENDED_STATES:
        return case.secured_at is not None  # an end secures nothing and takes nothing back
    # A clock that an earlier end stopped was followed by a new round when the case came back.
    return case.contained_at is not None and not any(clock.owed for clock in case.clocks if clock.milestone in _STEPS)


def _follows(case: Case, at: int) -> dict[str, Any]:
    """What the state of the clocks and the severity entail: `secured_at` and the band."""
    follows: dict[str, Any] = {}
    now_secured = secured(case)
    if now_secured and case.secured_at is None:
        follows["secured_at"] = at
    elif not now_secured and case.secured_at is not None:
        follows["secured_at"] = None
    band = order.band(case.severity, now_secured)
    if band != case.band:
        follows["band"] = band
    return follows
