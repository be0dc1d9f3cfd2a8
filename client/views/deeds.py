"""Each event in the words of the floor: what happened, without who and when. An unknown type is told by its name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from casework import facts
from casework.facts import Fact
from casework.untrusted import Untrusted
from client.views.actiondeeds import ACTION_WORDS
from client.views.bits import Line
from client.views.times import utc_minute
from client.views.wording import because, ended, named, said, spoken, to_case

LEVELS: Final = ("", "second", "lead", "duty manager", "legal", "child safety")
"""Whom an escalation pages, by its level."""


def deed(fact: Fact, kind: str) -> Line:
    """What happened; `kind` is the event's type."""
    say = _WORDS.get(type(fact)) or ACTION_WORDS.get(type(fact))
    if say is not None:
        return say(fact)
    return ((Untrusted(kind), "text"), (" (newer than this console)", "quiet"))


def _opened(fact: facts.CaseOpened) -> Line:
    severity = fact.result.severity
    kind = f"opened as {fact.case_type}" + (f" {severity}" if isinstance(severity, str) else "")
    after: Line = () if fact.continues is None else to_case(", goes on from", fact.continues)
    return ((kind, "strong"), *after)


def _escalated(fact: facts.CaseEscalated) -> Line:
    whom = LEVELS[fact.level] if 0 < fact.level < len(LEVELS) else f"level {fact.level}"
    return because(f"escalated to {whom}", fact.reason, "soon")


def _breached(fact: facts.MilestoneBreached) -> Line:
    law = " law" if fact.outer_bound else ""
    again = f" {fact.round + 1}" if fact.round else ""
    return ((spoken(fact.milestone), "late"), (f"{law}{again} late", "late"))


def _contact(fact: facts.ContactLogged) -> Line:
    contact = fact.contact
    if contact is None:
        return ((f"told {fact.party}", "text"),)
    person: Line = ((" ", "text"), (Untrusted(contact.person), "quoted")) if contact.person else ()
    return ((f"told {fact.party}", "text"), *person, (": ", "quiet"), (Untrusted(contact.outcome), "quoted"))


def _task(fact: facts.TaskAdded) -> Line:
    if fact.task is None:
        return named("added task", fact.task_id)
    return (("task for ", "text"), (Untrusted(fact.task.owner), "text"), (": ", "quiet"),
            (Untrusted(fact.task.text), "quoted"))  # fmt: skip


def _linked(fact: facts.CaseLinked) -> Line:
    other = fact.related
    return (("linked ", "text"), (spoken(str(other.relation)), "text"), *to_case(":", other.case_id))


def _waived(fact: facts.MilestoneWaived) -> Line:
    return (("waived ", "text"), (spoken(fact.milestone), "text"), *because("", fact.reason))


def _undone(fact: facts.Undone) -> Line:
    what = DONE_WORDS.get(fact.kind)
    return (("took back: ", "text"), (what or Untrusted(fact.kind), "text"))


def _glass(fact: facts.GlassBroken) -> Line:
    return because("broke the glass" if fact.grant is not None else "asked for break-glass", fact.reason, "soon")


def _awaits(fact: facts.AwaitStarted) -> Line:
    return (*named("waits for", fact.who), (": ", "quiet"), (Untrusted(fact.why), "quoted"))


def _ended_snooze(fact: facts.SnoozeEnded) -> Line:
    why = {"late": ": a clock is late", "raised": ": severity raised", "updated": ": a report joined"}
    return ((f"snooze ended{why.get(fact.why, '')}", "text"),)


DONE_WORDS: Final[dict[str, str]] = {
    "CaseClaimed": "the claim",
    "ClaimReleased": "the release",
    "CaseAssigned": "the assignment",
    "CaseSnoozed": "the snooze",
    "SnoozeEnded": "the end of the snooze",
    "StepTicked": "a tick",
    "FactorsSet": "the facts",
    "SeverityRaised": "the raised severity",
    "NoteAdded": "a note",
}
"""What an undone act was, by the type of its event."""

_WORDS: Final[dict[type[Fact], Callable[[Any], Line]]] = {
    facts.CaseOpened: _opened,
    facts.EscalationUpdated: said("a further report joined"),
    facts.ReachUpdated: said("reach changed", "quiet"),
    facts.CaseClaimed: said("claimed it", "mine"),
    facts.ClaimReleased: said("released it"),
    facts.ClaimLapsed: lambda fact: named("the claim of", fact.owner, " lapsed"),
    facts.CaseAssigned: lambda fact: named("assigned it to", fact.to),
    facts.CaseTriaged: lambda fact: because(
        f"triaged as {fact.case_type} {fact.severity}, imminence {fact.imminence}", fact.evidence
    ),
    facts.SeverityRaised: lambda fact: because(f"raised {fact.before} to {fact.severity}", fact.reason, "soon"),
    facts.SeverityLowered: lambda fact: because(f"lowered {fact.before} to {fact.severity}", fact.reason),
    facts.LoweringReverted: said("the lowering was reverted: nobody confirmed it", "soon"),
    facts.DiscardReverted: said("the discard was reverted: nobody confirmed it", "soon"),
    facts.NoActionReverted: said("no action was reverted: nobody confirmed it", "soon"),
    facts.NotReportableStated: lambda fact: because("said that it is not reportable", fact.reason),
    facts.NotReportableReverted: said("not reportable was reverted: nobody confirmed it", "soon"),
    facts.ActConfirmed: lambda fact: (("confirmed as second person: ", "text"), (spoken(fact.kind), "text")),
    facts.FactorsSet: lambda fact: (("set ", "text"), (spoken(", ".join(fact.names)), "text")),
    facts.CaseEscalated: _escalated,
    facts.CaseSnoozed: lambda fact: ((f"snoozed it until {utc_minute(fact.until)} Z", "text"),),
    facts.SnoozeEnded: _ended_snooze,
    facts.CaseLinked: _linked,
    facts.CaseMerged: lambda fact: to_case("merged it into", fact.into),
    facts.CaseAbsorbed: lambda fact: to_case("took in", fact.absorbed),
    facts.CaseUnmerged: lambda fact: to_case("taken out of", fact.out_of),
    facts.CaseSeparated: lambda fact: to_case("let go of", fact.separated),
    # Without evidence it was contained by what was done to its subject, whose effect was seen.
    facts.CaseContained: lambda fact: because(
        "contained otherwise" if fact.evidence else "contained", fact.evidence, "strong"
    ),
    facts.ContainmentEnded: said("no longer contained: what was to contain it was called off or failed", "soon"),
    facts.InvestigationStarted: said("began the investigation"),
    facts.ContactLogged: _contact,
    facts.MilestoneMet: lambda fact: ((spoken(fact.milestone), "mine"), (" met", "mine")),
    facts.MilestoneBreached: _breached,
    facts.MilestoneWaived: _waived,
    facts.AwaitStarted: _awaits,
    facts.AwaitEnded: said("waits no longer"),
    facts.HoldPlaced: lambda fact: because("placed a hold", fact.why, "soon"),
    facts.HoldLifted: said("lifted the hold"),
    facts.CaseResolved: lambda fact: ended("resolved it as", fact.outcome, fact.reason),
    facts.CaseDiscarded: lambda fact: ended("discarded it as", fact.outcome, fact.reason),
    facts.CaseReopened: lambda fact: because("reopened it", fact.reason, "strong"),
    facts.CaseClosed: said("closed"),
    facts.CaseRetired: said("left the floor; the log keeps it", "quiet"),
    facts.NoteAdded: lambda fact: because("noted", fact.text),
    facts.StepTicked: lambda fact: named("ticked step", fact.step),
    facts.TaskAdded: _task,
    facts.TaskCompleted: lambda fact: named("finished task", fact.task_id),
    facts.UpdatePosted: lambda fact: ended("update for", fact.audience, fact.text),
    facts.BusyDeclared: lambda fact: ((f"busy until {utc_minute(fact.until)} Z", "quiet"),),
    facts.GlassBroken: _glass,
    facts.AccessGranted: lambda fact: named("gave access to", fact.grant.principal),
    facts.HandoverOffered: lambda fact: named("offered it to", fact.to),
    facts.HandoverAccepted: said("accepted it", "mine"),
    facts.Undone: _undone,
    facts.RefusalRecorded: lambda fact: because("refused", fact.sentence),
    facts.CaseStub: said("something happened that you may not see", "quiet"),
}
