"""From a pressed verb to a command: does it work here, what does it still need, is it held, and for which case.

Everything is about the `Target` that was frozen at the first key. No widgets: the stage asks and shows.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from casework.commands import Command, Propose
from casework.tokens import Tier
from casework.untrusted import Untrusted
from casework.verbs import VERBS, Verb
from client.views.bits import Line
from tui.actionforms import NO_ACTION
from tui.batches import Batches
from tui.bulk import Bulk
from tui.cards import Carded
from tui.deciding import Deciding
from tui.floor import WorkFloor
from tui.forms import Field, FieldFault, command_of, fields_of
from tui.keymap import Bound
from tui.offers import against, turn
from tui.outbox import Intent, Outbox
from tui.proposing import Proposing
from tui.target import Target


class Asked(Struct, frozen=True):
    """A form that is open: what for, on which frozen target, and what the keys already said."""

    verb: Verb
    title: str
    target: Target
    fields: tuple[Field, ...]
    preset: dict[str, str]
    opens: bool = False
    tier: Tier = 1
    """How it is guarded; of an enforcement action, the action's own."""

    @property
    def draft_key(self) -> tuple[str, str]:
        about = "marks" if self.target.many else self.target.case_id or ""
        return (self.preset.get("action", self.verb.verb), about)


class Stage(Protocol):
    """What the screen does for an act."""

    def ask(self, asked: Asked, draft: Mapping[str, str]) -> None: ...
    def card(self, carded: Carded) -> None: ...
    def card_told(self, carded: Carded, body: Sequence[Line]) -> None: ...
    def form_told(self, draft_key: tuple[str, str], values: Mapping[str, str]) -> None: ...
    def marks_done(self) -> None: ...
    def say(self, sentence: str | Untrusted, tone: str = "text") -> None: ...
    def show_case(self, case_id: str, *, runbook: bool = False) -> None: ...
    def asked(self) -> bool: ...
    def spawn(self, work: Awaitable[None]) -> None: ...


class Acting:
    """The verbs of the console. `drafts` outlives a closed form and a resync."""

    def __init__(self, model: WorkFloor, outbox: Outbox, stage: Stage, batches: Batches | None = None) -> None:
        self.bulk = Bulk(model, batches or Batches.over(outbox), stage.say, stage.marks_done)
        self.proposing = Proposing(model, stage)
        self.deciding = Deciding(model, stage, self._reject, self.proposing)
        self._model = model
        self._outbox = outbox
        self._stage = stage
        self.drafts: dict[tuple[str, str], dict[str, str]] = {}

    def run(self, bound: Bound, target: Target, given: Mapping[str, str] | None = None) -> None:
        """Do what a verb's key says to the frozen target, or say why not.

        `given`: fields that were typed behind its name; what is still missing is asked. Raises `FieldFault` if one of
        them cannot be.
        """
        if bound.verb is None:
            return
        if bound.name == "undo":
            self._undo()
            return
        if target.many:
            self._run_on_marks(bound, bound.verb, target, given or {})
            return
        case = None if target.case_id is None else self._model.case(target.case_id)
        verb = turn(bound.verb, bound.turns, case, self._model.me)
        refusal = against(bound, case, self._model) or self._locked(bound.tier, target.case_id)
        if refusal is not None or case is None:
            self._stage.say(f"Not done: {refusal}", "late")
            return
        if verb.verb in ("confirm", "approve"):
            self.deciding.begin(target)
            return
        preset = self._preset(verb, bound.value)
        if verb.verb == "propose":
            name = bound.value or NO_ACTION
            if (refusal := self.proposing.refusal(name, case)) is not None:
                self._stage.say(f"Not done: {refusal}", "late")
                return
            fields = self.proposing.fields(name, case)
        else:
            fields = fields_of(verb, case, me=self._model.me, value=bound.value)
        tier = max(bound.tier, verb.tier)
        asked = Asked(verb, bound.title if bound.value else verb.title, target, fields, preset, bound.opens, tier)
        self._ask_or_finish(asked, given or {})
        if verb.verb == "propose" and self._stage.asked():
            self.proposing.form_opened(bound.value or NO_ACTION, case, asked.draft_key, fields)

    def _ask_or_finish(self, asked: Asked, given: Mapping[str, str]) -> None:
        """Ask for what is missing beside what was `given`, if anything is."""
        values = dict(given)
        if values:
            values |= {field.ask.name: values.get(field.ask.name) or field.default for field in asked.fields}
        if not asked.fields or (values and all(values[each.ask.name] for each in asked.fields if each.ask.required)):
            self._finish(asked, values)
            return
        draft = self.drafts.get(asked.draft_key, {})
        self._stage.ask(asked, {**draft, **{name: value for name, value in values.items() if value}})

    def _run_on_marks(self, bound: Bound, verb: Verb, target: Target, given: Mapping[str, str]) -> None:
        refusal = self.bulk.refusal(bound, target)
        cases = [case for each in target.marked if (case := self._model.case(each.case_id or "")) is not None]
        if refusal is not None or not cases:
            self._stage.say(f"Not done: {refusal}", "late")
            return
        # Whether a reason is needed is decided by the most urgent of them that may be touched.
        case = min((each for each in cases if each.severity != "S0"), key=lambda each: each.severity)
        fields = fields_of(verb, case, me=self._model.me, value=bound.value)
        asked = Asked(verb, bound.title if bound.value else verb.title, target, fields, self._preset(verb, bound.value))
        self._ask_or_finish(asked, given)

    def _locked(self, tier: Tier, case_id: str | None) -> str | None:
        """What the state of the link forbids: enforcement needs to know that what is shown is what is."""
        session = self._model.session
        if case_id is None or session is None:
            return None
        if self._model.case(case_id) is None:
            return "The case is not on this floor any more."
        phase = session.status.phase
        if tier >= 3 and phase != "live":
            return "What you see is old: this waits until the feed is live."
        if tier >= 2 and phase in ("loading", "forked"):
            return "Something is missing in what you see: this waits until the feed has told all again."
        if tier >= 3 and session.newer(case_id):
            return "The case is newer than this console: update the console first."
        return None

    def sent(self, asked: Asked, values: Mapping[str, str]) -> None:
        """The form was filled in. Raises `FieldFault` if a value cannot be; the form stays then."""
        locked = self._locked(asked.tier, asked.target.case_id)
        if locked is not None:
            raise FieldFault(asked.fields[-1].ask.name, locked)
        self._finish(asked, values)
        if asked.verb.verb == "propose":
            self.drafts[asked.draft_key] = dict(values)  # a card may be answered with no
        else:
            self.drafts.pop(asked.draft_key, None)

    def left(self, asked: Asked, values: Mapping[str, str]) -> None:
        """The form was left: its text waits for the next time, unless it was cleared."""
        defaults = {field.ask.name: field.default for field in asked.fields}
        kept = {name: text for name, text in values.items() if text != defaults.get(name, "")}
        if kept:
            self.drafts[asked.draft_key] = dict(values)
            self._stage.say("Draft kept.", "quiet")
        else:
            self.drafts.pop(asked.draft_key, None)

    def confirmed(self, carded: Carded) -> None:
        """A card was answered with yes."""
        if self.bulk.confirmed(carded):
            return
        for intent in carded.intents:
            if (locked := self._locked(intent.tier, intent.case_id)) is not None:
                self._stage.say(f"Not done: {locked}", "late")
                return
        for intent in carded.intents:
            if isinstance(intent.command, Propose):
                self.drafts.pop((intent.command.action, intent.case_id), None)
            self._outbox.put(intent)

    # --- inside

    def _finish(self, asked: Asked, values: Mapping[str, str]) -> None:
        case_id = asked.target.case_id
        now = self._model.now()
        if now is not None and asked.target.many:
            self._finish_on_marks(asked, values, now)
            return
        if case_id is None or now is None:
            return
        if asked.verb.verb == "propose":
            self.proposing.show_card(asked.preset["action"], asked.target, values, now)
            return
        command = command_of(asked.verb, {**asked.preset, **values}, version=asked.target.version, now=now)
        self._outbox.put(self._intent(asked, command))
        if asked.opens:
            self._stage.show_case(case_id, runbook=True)

    def _finish_on_marks(self, asked: Asked, values: Mapping[str, str], now: int) -> None:
        typed = {**asked.preset, **values}

        def intent_of(each: Target) -> Intent:
            command = command_of(asked.verb, typed, version=each.version, now=now)
            return self._intent(replace(asked, target=each), command)

        carded = self.bulk.put(asked.verb, _short(asked.verb.verb, asked.preset), asked.target, intent_of)
        if carded is not None:
            self._stage.card(carded)

    def _intent(self, asked: Asked, command: Command) -> Intent:
        return Intent(
            verb=asked.verb.verb,
            title=_short(asked.verb.verb, asked.preset),
            case_id=asked.target.case_id or "",
            command=command,
            tier=asked.verb.tier,
            severity=asked.target.severity,
            undoable=asked.verb.undoable,
        )

    def _reject(self, target: Target, action_id: str) -> None:
        """Ask why a proposal is rejected."""
        verb = VERBS["reject"]
        case = None if target.case_id is None else self._model.case(target.case_id)
        if case is not None:
            fields = tuple(each for each in fields_of(verb, case, me=self._model.me) if each.ask.name != "action_id")
            self._stage.ask(Asked(verb, verb.title, target, fields, {"action_id": action_id}), {})

    def _preset(self, verb: Verb, value: str | None) -> dict[str, str]:
        if value is None:
            return {}
        if verb.verb == "assign":
            return {"to": self._model.me}
        for ask in verb.asks:
            if ask.digits or ask.name == "action":
                return {ask.name: value}
        return {}

    def _undo(self) -> None:
        canceled = self._outbox.cancel_newest()
        if canceled is not None:
            return
        single, many = self._outbox.undoable_at(), self.bulk.batches.undoable_at()
        if many is not None and (single is None or many > single):
            self.bulk.batches.undo_newest()
            return
        intent = self._outbox.undo_newest()
        if intent is None:
            self._stage.say("Nothing to undo: what z can take back says so, for 10 s.", "quiet")
        else:
            self._outbox.put(intent)


def _short(verb: str, preset: Mapping[str, str]) -> str:
    """What the message line calls an act: `escalate 2`, `severity S1`."""
    names = {"set_severity": "severity", "set_factors": "facts", "log_contact": "contact", "post_update": "update"}
    value = next(iter(preset.values()), "")
    extra = f" {value}" if value and value.isascii() and value.isprintable() and len(value) <= 20 else ""
    if verb == "snooze":
        extra = f" {value} m"
    return names.get(verb, verb.replace("_", " ")) + extra
