"""The facts of an action's life: proposed → approved → sent → acked → verified, and the ways it can end before."""

from __future__ import annotations

from casework.factbase import Fact
from casework.model import Action


class ActionProposed(Fact, frozen=True, kw_only=True):
    SEALED = ("action",)

    action_id: str
    action_type: str
    digest: str
    one_person: bool = False
    """A second person's word is owed. Also in the open: time takes it back, whether or not its text can be read."""
    cleared: bool = False
    """Nobody else has to agree before it goes."""
    action: Action | None = None


class ActionMoved(Fact, frozen=True, kw_only=True):
    """Base of the steps in an action's life."""

    action_id: str
    action_type: str


class ActionApproved(ActionMoved, frozen=True, kw_only=True):
    digest: str
    approved_by: str


class ActionRejected(ActionMoved, frozen=True, kw_only=True):
    SEALED = ("reason",)

    reason: str = ""


class ActionCanceled(ActionMoved, frozen=True, kw_only=True):
    pass


class ApprovalLapsed(ActionMoved, frozen=True, kw_only=True):
    """It was approved and did not go in time, or who agreed may no longer: it has to be approved anew."""

    why: str = "time"
    """``time``, ``proposer`` or ``approver``."""


class ActionSending(ActionMoved, frozen=True, kw_only=True):
    """Written before each call to the platform; all attempts of an action share one platform key."""

    MATERIAL = False

    attempt: int


class ActionDelayed(ActionMoved, frozen=True, kw_only=True):
    """The platform did nothing and may do it later: it is tried again at ``again_at``."""

    MATERIAL = False
    SEALED = ("why",)

    again_at: int
    why: str = ""


class ActionAcked(ActionMoved, frozen=True, kw_only=True):
    """The platform took it. Whether it had an effect is asked next."""

    MATERIAL = False
    SEALED = ("reference",)

    reference: str = ""


class ActionFailed(ActionMoved, frozen=True, kw_only=True):
    """The platform refused it, or took it and no effect was seen."""

    SEALED = ("why",)

    why: str = ""


class ActionUnknown(ActionMoved, frozen=True, kw_only=True):
    """It may or may not have been done: nobody answered. It is asked after by its key, never sent blindly again."""

    SEALED = ("why",)

    why: str = ""


class ActionReviewed(ActionMoved, frozen=True, kw_only=True):
    """A second person looked at what went first; ``agreed`` false: it should not have gone."""

    SEALED = ("reason",)

    agreed: bool
    reason: str = ""


class ReviewOverdue(ActionMoved, frozen=True, kw_only=True):
    """Nobody looked in time at what went first. It stands, and somebody has to be told."""

    seq_overdue: int


class ActionVerified(ActionMoved, frozen=True, kw_only=True):
    """The effect was seen; for ``no_action``: the decision stands."""
