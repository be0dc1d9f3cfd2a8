"""A runbook: what to do in a case of one type, step by step, and which of it is done.

Runbooks are Markdown that ships beside the rules (`casework/runbooks/`); an operator adds or replaces them by file. A
tick is an event of the case and names its step by the step's id, so a text may be improved while cases are open.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from casework.catalogue import shipped_actions
from casework.model import Case, Common, Tick
from casework.tokens import CaseType, Milestone

LONGEST_STEP: Final = 72
"""Characters of a step, so that the next one fits the preview on a line of 80."""
CONDITIONS: Final[frozenset[str]] = frozenset({"live", "minor", "crisis"})
"""What a step may depend on beside severities and sub-types: something is live, the subject is a minor or in crisis."""


class Step(Struct, frozen=True, kw_only=True):
    """One thing to do. `when` and `unless` hold severities, sub-types and conditions, any of which is enough."""

    step: str
    """Its id: what a tick names."""
    text: str
    part: str = ""
    """The heading that it stands under."""
    key: str = ""
    """The keys that do it, as they are pressed; empty where it is done elsewhere."""
    meets: Milestone | None = None
    when: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    how: tuple[str, ...] = ()
    """What else to know about it, a line each."""

    @property
    def says(self) -> str:
        """The text with its keys: `Preserve before anything is removed (dp)`."""
        return f"{self.text} ({self.key})" if self.key else self.text


class Runbook(Struct, frozen=True, kw_only=True):
    """The steps of one case type in their order. `file`: where it stands, for whoever wants to change it."""

    case_type: CaseType
    title: str
    lead: str = ""
    """The one sentence to remember."""
    steps: tuple[Step, ...] = ()
    file: str = ""


class Progress(Struct, frozen=True, kw_only=True):
    """Where a case stands in its runbook. `ticks` has who ticked each step, by its id."""

    runbook: Runbook
    steps: tuple[Step, ...]
    """Those that apply to the case as it is now, and those that were ticked when they did."""
    ticks: dict[str, Tick]
    met: tuple[str, ...] = ()
    """Steps that the record itself shows to be done: their milestone is met, or their action verified."""
    strange: tuple[Tick, ...] = ()
    """Ticks of steps that this runbook does not have."""

    @property
    def next(self) -> Step | None:
        """The first open step; None if all of it is done."""
        return next((step for step in self.steps if not self.is_done(step)), None)

    @property
    def done(self) -> int:
        """How many of the steps are done."""
        return sum(1 for step in self.steps if self.is_done(step))

    def is_done(self, step: Step) -> bool:
        """Whether somebody ticked it or the record shows it."""
        return step.step in self.ticks or step.step in self.met

    def place(self, step: Step) -> int:
        """Its number among the steps, from 1."""
        return self.steps.index(step) + 1


def progress(runbook: Runbook, case: Common, ticks: Sequence[Tick]) -> Progress:
    """The steps of `runbook` for `case` (a row will do), with `ticks` of whoever ticked them."""
    by_step = {tick.step: tick for tick in ticks}
    known = {step.step for step in runbook.steps}
    true = _true_of(case)
    seen = _milestones(case), _verified(case)
    return Progress(
        runbook=runbook,
        steps=tuple(step for step in runbook.steps if step.step in by_step or _applies(step, true)),
        ticks={step: tick for step, tick in by_step.items() if step in known},
        met=tuple(step.step for step in runbook.steps if step.meets in seen[0] or step.key in seen[1]),
        strange=tuple(tick for tick in ticks if tick.step not in known),
    )


def _milestones(case: Common) -> frozenset[Milestone]:
    """The milestones that the case has met and that are not due again; of a row as far as it tells."""
    met = {clock.milestone for clock in case.clocks if clock.met_at is not None}
    if case.state != "NEW" and not case.stub:
        met.add("ack")
    if case.contained_at is not None:
        met.add("contain")
    return frozenset(met - {clock.milestone for clock in case.clocks if clock.open and not clock.outer_bound})


def _verified(case: Common) -> frozenset[str]:
    """The keys of the actions that have their effect on the case."""
    if not isinstance(case, Case):
        return frozenset()
    stand = {each.action for each in case.actions if each.state == "verified" and each.reversed_by is None}
    return frozenset(rules.key for name, rules in shipped_actions().items() if name in stand)


def _applies(step: Step, true: frozenset[str]) -> bool:
    return (not step.when or not true.isdisjoint(step.when)) and true.isdisjoint(step.unless)


def _true_of(case: Common) -> frozenset[str]:
    true: set[str] = {case.severity}
    if case.sub_type is not None:
        true.add(case.sub_type)
    if case.sub_type == "LIVE" or any(item.live and item.up is not False for item in case.content):
        true.add("live")
    vulnerable = set(case.factors.vulnerability)
    if case.factors.identifiable_child or vulnerable & {"child", "minor"} or "minor" in case.sensitivities:
        true.add("minor")
    if "victim_in_crisis" in vulnerable:
        true.add("crisis")
    return frozenset(true)
