"""The actions of a case that are not at their end, as its row keeps them: folded from events of rows alone."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from casework import actionfacts, facts
from casework.actionfold import DECIDING, state_after, state_of
from casework.events import Event
from casework.model import Action, Afoot
from casework.tokens import ActionState

ENDED: Final[frozenset[ActionState]] = frozenset({"verified", "failed", "rejected", "canceled"})
CALLED_OFF: Final[frozenset[ActionState]] = frozenset({"rejected", "canceled"})
"""Nothing was done, so there is nothing to look at afterward."""
NO_ACTION: Final = "no_action"


def afoot_of(actions: tuple[Action, ...]) -> tuple[Afoot, ...]:
    """What of `actions` is not at its end."""
    every = (
        Afoot(
            action_id=action.action_id,
            by=action.proposed_by,
            state=action.state,
            review=action.one_person and action.action != NO_ACTION,
        )
        for action in actions
    )
    return tuple(each for each in every if not _over(each))


def afoot_after(afoot: tuple[Afoot, ...], event: Event) -> tuple[Afoot, ...]:
    """`afoot` after `event`; the same object if it is about no action."""
    fact = event.fact
    if isinstance(fact, actionfacts.ActionProposed):
        # On one person's word the decision not to act reverts; what was done to somebody is looked at.
        review = fact.one_person and fact.action_type != NO_ACTION
        return (*afoot, Afoot(action_id=fact.action_id, by=event.actor, state=state_of(fact), review=review))
    if not isinstance(fact, actionfacts.ActionMoved | facts.NoActionReverted):
        return afoot
    moved = tuple(_step(each, fact) if each.action_id == fact.action_id else each for each in afoot)
    return tuple(each for each in moved if not _over(each))


def _step(afoot: Afoot, fact: actionfacts.ActionMoved | facts.NoActionReverted) -> Afoot:
    state = state_after(type(fact), afoot.state)
    return replace(afoot, state=state, review=afoot.review and not isinstance(fact, DECIDING))


def _over(afoot: Afoot) -> bool:
    return afoot.state in ENDED and not afoot.review
