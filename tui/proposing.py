"""A proposal from its form to its card, and what the platform says of it meanwhile: nothing here waits for that."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol

from casework.model import Case, Common
from casework.model import Target as ActionTarget
from client.views.bits import Line
from tui.actioncards import card_for
from tui.actiondefaults import restorable
from tui.actionforms import NO_ACTION, RESTORE, fields_for, needs_of, proposal
from tui.cards import Carded
from tui.floor import WorkFloor
from tui.forms import Field
from tui.target import Target

if TYPE_CHECKING:
    from protocol.answers import PreviewAnswer

_OF_THE_PLATFORM: Final = frozenset({"strikes", "preview_count"})
"""Fields that the platform knows better than whoever fills in the form."""


class Desk(Protocol):
    """What the screen does for it."""

    def card(self, carded: Carded) -> None: ...
    def card_told(self, carded: Carded, body: Sequence[Line]) -> None: ...
    def form_told(self, draft_key: tuple[str, str], values: Mapping[str, str]) -> None: ...
    def spawn(self, work: Awaitable[None]) -> None: ...


class Proposing:
    """The actions of one console."""

    def __init__(self, model: WorkFloor, desk: Desk) -> None:
        self._model = model
        self._desk = desk

    def refusal(self, name: str, case: Common) -> str | None:
        """Why there is nothing to ask for; None if there is."""
        if name != RESTORE or restorable(case):
            return None
        if not isinstance(case, Case):
            return "What stands on the case is known once it is open: Enter, then du."
        return "Nothing on this case is verified and not taken back."

    def fields(self, name: str, case: Common) -> tuple[Field, ...]:
        """What the form of the action asks for."""
        return fields_for(name, self._model.actions[name], case, self._model.clauses)

    def form_opened(self, name: str, case: Common, draft_key: tuple[str, str], fields: Sequence[Field]) -> None:
        """Ask the platform for what it knows better, if the form has such a field and it is known on what it is."""
        wanted = _OF_THE_PLATFORM & needs_of(name, self._model.actions[name]).keys()
        kind, _, identity = next((each.default for each in fields if each.ask.name == "target"), "").partition(":")
        if not wanted or not identity:
            return

        def told(found: PreviewAnswer) -> None:
            known = {"strikes": found.strikes, "preview_count": sum(found.counts.values())}
            values = {field: str(known[field]) for field in wanted if found.available and known[field] is not None}
            self._desk.form_told(draft_key, values)

        self.ask(case.case_id, name, ActionTarget(kind=kind, id=identity), {}, told)

    def show_card(self, name: str, target: Target, values: Mapping[str, str], now: int) -> None:
        """Show the card of what the form says, and ask what it would touch. Raises `FieldFault`."""
        model = self._model
        rules, clauses = model.actions[name], model.clauses
        case = model.case(target.case_id or "")
        command = proposal(name, rules, target, case, values, clauses, now)
        carded = card_for(rules, command, target, case, clauses, now)
        self._desk.card(carded)
        if name == NO_ACTION:
            return

        def told(found: PreviewAnswer) -> None:
            self._desk.card_told(carded, card_for(rules, command, target, case, clauses, now, found).body)

        self.ask(target.case_id or "", name, command.target, command.fields, told)

    def ask(
        self,
        case_id: str,
        action: str,
        target: ActionTarget,
        fields: Mapping[str, Any],
        told: Callable[[PreviewAnswer], None],
    ) -> None:
        """Ask the platform what an action would touch; `told` gets the answer, whenever there is one."""
        self._desk.spawn(self._preview(case_id, action, target, dict(fields), told))

    async def _preview(
        self,
        case_id: str,
        action: str,
        target: ActionTarget,
        fields: dict[str, Any],
        told: Callable[[PreviewAnswer], None],
    ) -> None:
        if self._model.session is not None:
            told(await self._model.session.preview(case_id, action, target, fields))
