"""The steps of an action's life in the words of the floor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from casework import actionfacts
from casework.actionfacts import ActionMoved
from casework.factbase import Fact
from client.views.bits import Line, Tone
from client.views.times import utc
from client.views.wording import because, spoken


def _moved(words: str, tone: Tone = "text") -> Callable[[ActionMoved], Line]:
    return lambda fact: ((spoken(fact.action_type), tone), (f" {words}", tone))


def _with(words: str, text: str, fact: ActionMoved, tone: Tone = "text") -> Line:
    return ((spoken(fact.action_type), tone), *because(f" {words}", text, tone))


def _proposed(fact: actionfacts.ActionProposed) -> Line:
    reason = "" if fact.action is None else fact.action.reason
    return (("proposed ", "strong"), (spoken(fact.action_type), "strong"), *because("", reason))


def _reviewed(fact: actionfacts.ActionReviewed) -> Line:
    return _with("looked at afterward: right" if fact.agreed else "should not have gone", fact.reason, fact)


def _sending(fact: actionfacts.ActionSending) -> Line:
    again = f", attempt {fact.attempt}" if fact.attempt > 1 else ""
    return ((spoken(fact.action_type), "text"), (f" sent to the platform{again}", "text"))


def _delayed(fact: actionfacts.ActionDelayed) -> Line:
    return (*_with("not done by the platform", fact.why, fact, "soon"), (f", again at {utc(fact.again_at)}", "quiet"))


_LAPSED: Final = {
    "time": "it did not go in time",
    "proposer": "its proposer is no responder any more",
    "approver": "whoever approved it may not any more",
}


def _lapsed(fact: actionfacts.ApprovalLapsed) -> Line:
    why = _LAPSED.get(fact.why, "its approval lapsed")
    return ((spoken(fact.action_type), "text"), (f" has to be approved anew: {why}", "soon"))


ACTION_WORDS: Final[dict[type[Fact], Callable[[Any], Line]]] = {
    actionfacts.ActionProposed: _proposed,
    actionfacts.ActionApproved: _moved("approved", "strong"),
    actionfacts.ActionRejected: lambda fact: _with("rejected", fact.reason, fact),
    actionfacts.ActionCanceled: _moved("canceled"),
    actionfacts.ApprovalLapsed: _lapsed,
    actionfacts.ActionSending: _sending,
    actionfacts.ActionDelayed: _delayed,
    actionfacts.ActionAcked: _moved("taken by the platform; its effect is asked for next"),
    actionfacts.ActionFailed: lambda fact: _with("failed", fact.why, fact, "late"),
    actionfacts.ActionUnknown: lambda fact: _with("unknown, it is asked after by its key", fact.why, fact, "late"),
    actionfacts.ActionReviewed: _reviewed,
    actionfacts.ReviewOverdue: _moved("was not looked at in time", "late"),
    actionfacts.ActionVerified: _moved("verified: its effect was seen", "mine"),
}
"""By the type of the event."""
