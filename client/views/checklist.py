"""The runbook of a case as lines: what is done and by whom, what is next, what follows."""

from __future__ import annotations

from casework.model import Tick
from casework.runbook import Progress, Step
from casework.untrusted import Untrusted
from client.views.bits import Line
from client.views.blocks import Block, Choice, Hanging, Section
from client.views.times import utc_minute

DONE, NEXT, OPEN = "\u2713 ", "\u25b8 ", "\u00b7 "
"""Marks before a step; the next one stands out by its tone as well."""


def next_step(progress: Progress) -> Line:
    """The next open step in one line: `runbook 3 of 7: Preserve … (dp)`."""
    step, count = progress.next, len(progress.steps)
    if step is None:
        return ((f"runbook done, {count} of {count}", "quiet"),) if count else ()
    return (
        (f"runbook {progress.place(step)} of {count}: ", "quiet"),
        (Untrusted(step.text), "strong"),
        *_keys(step),
    )


def checklist(progress: Progress | None, *, of: str, known: bool, ticks: tuple[Tick, ...] = ()) -> Section:
    """The section of the runbook for a case of type `of`; `known`: the catalogue is here at all.

    Without a runbook the `ticks` that there are stand alone.
    """
    if progress is None:
        why = "There is no runbook for this type." if known else "The runbook is being fetched from the feed."
        return Section("runbook", "Runbook", (((why, "quiet"),), *(_tick(tick) for tick in ticks)), of)
    blocks: list[Block] = []
    upcoming = progress.next
    if progress.runbook.lead:
        blocks.append(Hanging((), ((Untrusted(progress.runbook.lead), "quoted"),)))
    part = ""
    for step in progress.steps:
        if step.part != part:
            part = step.part
            blocks.append(((Untrusted(part), "quiet"),))
        blocks.append(_step(step, progress.ticks.get(step.step), step.step in progress.met, upcoming is step))
        if upcoming is step:
            blocks += [Hanging((("    ", "quiet"),), ((Untrusted(how), "quiet"),)) for how in step.how]
    blocks += [_tick(tick) for tick in progress.strange]
    return Section(
        "runbook",
        "Runbook",
        tuple(blocks),
        f"{progress.done}/{len(progress.steps)}",
        chosen="" if upcoming is None else upcoming.step,
    )


def _step(step: Step, tick: Tick | None, met: bool, upcoming: bool) -> Choice:
    if tick is not None:
        by: Line = ((Untrusted(tick.by), "quiet"), (f" {utc_minute(tick.at)}", "quiet"))
        return Choice(step.step, ((DONE, "mine"),), ((Untrusted(step.text), "quiet"),), by, short=True)
    if met:
        # Nobody ticked it: the record of the case shows it.
        by = (("met", "mine"),)
        return Choice(step.step, ((DONE, "quiet"),), ((Untrusted(step.text), "quiet"),), by, short=True)
    mark: Line = ((NEXT, "key"),) if upcoming else ((OPEN, "quiet"),)
    return Choice(step.step, mark, ((Untrusted(step.text), "strong" if upcoming else "text"), *_keys(step)))


def _keys(step: Step) -> Line:
    return ((" (", "quiet"), (Untrusted(step.key), "key"), (")", "quiet")) if step.key else ()


def _tick(tick: Tick) -> Line:
    """A tick of a step that the runbook does not have: its id is all that is known of it."""
    return (
        (DONE, "mine"),
        (Untrusted(tick.step), "quiet"),
        ("  ", "text"),
        (Untrusted(tick.by), "quiet"),
        (f" {utc_minute(tick.at)}", "quiet"),
    )
