"""Acts of one person that wait for a second one: what is asked of this person on a case, as a card.

The card shows the whole request as it stands in the case, and an approval names the digest of exactly that.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Final, Protocol

from casework.afoot import CALLED_OFF
from casework.caseid import shown
from casework.commands import Approve, Command, Confirm
from casework.model import Action, Case, Pending
from casework.untrusted import Untrusted
from casework.verbs import VERBS
from client.views.bits import DOT, Bit, Line
from client.views.row import summary_of
from client.views.times import utc_minute
from tui.actioncards import request_lines
from tui.actionforms import NO_ACTION
from tui.cards import Carded
from tui.floor import WorkFloor
from tui.outbox import Intent
from tui.proposing import Proposing
from tui.target import Target

if TYPE_CHECKING:
    from protocol.answers import PreviewAnswer

KINDS: Final = {
    "lowering": "The severity was lowered",
    "discard": "The case was discarded",
    "not_reportable": "No CyberTip is due",
}
"""What one person did or stated, by the kind of what waits."""
_BY_ACTION: Final = frozenset({NO_ACTION, "review"})
"""Kinds that stand for an action, which is decided on with its digest."""


def waits(action: Action) -> bool:
    """Whether a second person has to decide on it, before it goes or after it went."""
    return action.state == "proposed" or (action.review_until is not None and action.state not in CALLED_OFF)


def own(by: str, me: str) -> bool:
    """Whether an act was this person's, however the name is written; the feed judges it again."""
    return by.strip().casefold() == me.strip().casefold()


class Desk(Protocol):
    """What the screen does for it."""

    def card(self, carded: Carded) -> None: ...
    def card_told(self, carded: Carded, body: Sequence[Line]) -> None: ...
    def say(self, sentence: str | Untrusted, tone: str = "text") -> None: ...
    def asked(self) -> bool: ...
    def spawn(self, work: Awaitable[None]) -> None: ...


class Deciding:
    """`reject` opens the form of a refusal for a target and the id of a proposal."""

    def __init__(
        self, model: WorkFloor, desk: Desk, reject: Callable[[Target, str], None], proposing: Proposing
    ) -> None:
        self._model = model
        self._desk = desk
        self._reject = reject
        self._proposing = proposing

    def begin(self, target: Target) -> None:
        """Show what waits for a second person on the case; the whole case is fetched if it is not open."""
        case = None if target.case_id is None else self._model.case(target.case_id)
        if isinstance(case, Case):
            self._show(case, target)
        elif case is not None:
            self._desk.say("Fetching the whole request \u2026", "quiet")
            self._desk.spawn(self._fetch(target))

    async def _fetch(self, target: Target) -> None:
        session = self._model.session
        if session is None or target.case_id is None:
            return
        known = session.case(target.case_id) is not None
        case = await session.open_case(target.case_id)
        if not known:
            await session.close_case(target.case_id)
        if self._desk.asked():
            return  # somebody went on to something else: it is asked for again
        if case is None:
            self._desk.say("The case cannot be had now: try again.", "late")
        else:
            self._show(case, target)

    def _show(self, case: Case, target: Target) -> None:
        me = self._model.me
        action = next((each for each in case.actions if waits(each) and not own(each.proposed_by, me)), None)
        if action is not None:
            self._show_action(case, action, target)
            return
        item = next((each for each in case.pending if not own(each.by, me) and each.kind not in _BY_ACTION), None)
        if item is not None:
            self._desk.card(self._confirmation(case, item, target))
            return
        mine = bool(case.pending) or any(waits(each) for each in case.actions)
        why = "it was your own act, a second person decides on it." if mine else "nothing waits for a second person."
        self._desk.say(f"{shown(case.case_id)}: {why}", "quiet")

    def _show_action(self, case: Case, action: Action, target: Target) -> None:
        """Show the card of a request, and ask what it would touch where it has not gone yet."""
        carded = self._approval(case, action, target)
        self._desk.card(carded)
        if action.action == NO_ACTION or action.review_until is not None:
            return

        def told(found: PreviewAnswer) -> None:
            self._desk.card_told(carded, self._approval(case, action, target, found).body)

        self._proposing.ask(case.case_id, action.action, action.target, action.fields, told)

    def _approval(self, case: Case, action: Action, target: Target, found: PreviewAnswer | None = None) -> Carded:
        command = Approve(expected_version=target.version, action_id=action.action_id, digest=action.digest)
        what = action.action.replace("_", " ")
        review = action.review_until is not None
        body: list[Line] = []
        if review:
            body += _went_first(case, action)
        else:
            body += _request(
                case,
                action.proposed_by,
                next((each.until for each in case.pending if each.kind == action.action), None),
            )
        body += request_lines(action, case, self._model.clauses, found, gone=review)
        body.append((("binds     ", "quiet"), (f"digest {action.digest[:16]}\u2026", "text")))
        typed = case.case_id[-4:] if self._tier(action.action) == 4 else None
        return Carded(
            ((f"It went first, was it right? {what}" if review else f"Approve: {what}", "strong"),),
            tuple(body),
            "it was right" if review else "approve",
            (self._intent(command, target),),
            typed=typed,
            end=_end(case),
            other="it was not" if review else "reject",
            otherwise=lambda: self._reject(target, action.action_id),
        )

    def _confirmation(self, case: Case, item: Pending, target: Target) -> Carded:
        command = Confirm(expected_version=target.version, seq=item.seq)
        body: list[Line] = list(_request(case, item.by, item.until))
        if item.kind == "lowering":
            body.append((("now       ", "quiet"), (case.severity, "text")))
        if item.kind == "not_reportable" and case.not_reportable is not None:
            body.append((("reason    ", "quiet"), (Untrusted(case.not_reportable.reason), "text")))
        if item.kind == "discard" and case.outcome:
            body.append((("outcome   ", "quiet"), (Untrusted(case.outcome), "text")))
        title = KINDS.get(item.kind, item.kind)
        return Carded(
            ((f"Confirm: {title}", "strong"),),
            tuple(body),
            "confirm",
            (self._intent(command, target),),
            end=_end(case),
        )

    def _tier(self, action: str) -> int:
        rules = self._model.actions.get(action)
        return 3 if rules is None else rules.tier

    def _intent(self, command: Command, target: Target) -> Intent:
        verb = VERBS[command.verb]
        return Intent(
            verb=verb.verb,
            title=verb.verb,
            case_id=target.case_id or "",
            command=command,
            tier=verb.tier,
            severity=target.severity,
        )


def _end(case: Case) -> Line:
    return ((f"{shown(case.case_id)} \u00b7 v{case.version}", "quiet"),)


def _went_first(case: Case, action: Action) -> tuple[Line, ...]:
    """Who did it alone, how far it got, and until when somebody has to look at it."""
    on: Line = (("on        ", "quiet"), (shown(case.case_id), "strong"), DOT, (summary_of(case), "text"))
    by: list[Bit] = [("by        ", "quiet"), (Untrusted(action.proposed_by), "text"), (" alone, and is ", "quiet")]
    by.append((action.state, "mine" if action.state == "verified" else "text"))
    if action.review_until is not None:
        by += [("; to be looked at until ", "quiet"), (f"{utc_minute(action.review_until)} Z", "soon")]
    return (on, tuple(by))


def _request(case: Case, by: str, until: int | None) -> tuple[Line, ...]:
    """Who asks, on what, and until when it stands alone."""
    asked: list[Bit] = [("by        ", "quiet"), (Untrusted(by), "text")]
    if until is not None:
        asked += [(" alone; taken back at ", "quiet"), (f"{utc_minute(until)} Z", "soon")]
        asked.append((" unless a second person says yes", "quiet"))
    on: Line = (("on        ", "quiet"), (shown(case.case_id), "strong"), DOT, (summary_of(case), "text"))
    return (on, tuple(asked))
