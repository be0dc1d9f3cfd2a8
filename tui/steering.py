"""What each key does: prefixes, acts and verbs, on a target that is frozen at the first key. No widgets in here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Protocol

from casework.caseid import shown
from casework.untrusted import Untrusted
from tui.acting import Acting, Stage
from tui.batches import Batches
from tui.cards import TOGETHER_MS, Carded, OpenCard
from tui.caselook import CaseLook
from tui.floor import WorkFloor
from tui.insidecase import InsideCase, Pane
from tui.keymap import Bound, Keymap
from tui.keynames import spelled
from tui.marking import Marking
from tui.moving import Moving
from tui.outbox import Outbox
from tui.presses import Fired, Presses, Swallowed, Waiting
from tui.seen import Seen, Stalls
from tui.target import Target
from tui.terminal.acts import Surrounding, TerminalActs
from tui.viewing import Viewing

TICK_MS: Final = 100.0
"""How often the screen looks at what changed."""
_REMEMBERED: Final = 32
"""Keys of which it is known when they came in last."""


class Bridge(Stage, Surrounding, Protocol):
    """What the screen does for a key."""

    def move(self, lines: int) -> None: ...
    def page(self) -> int: ...
    def first(self) -> None: ...
    def last(self) -> None: ...
    def select(self, case_id: str) -> None: ...
    def view_changed(self) -> None: ...
    def paint(self) -> None: ...
    def marks_changed(self) -> None: ...
    def open_pane(self, *, timeline: bool = False, runbook: bool = False) -> None: ...
    def close_pane(self) -> bool: ...
    def ask_filter(self) -> None: ...
    def ask_command(self) -> None: ...
    def close_asking(self) -> bool: ...
    def card_typed(self, carded: Carded, text: str) -> None: ...
    def help(self) -> None: ...
    def messages(self) -> None: ...
    def show_approvals(self) -> None: ...
    def redraw(self) -> None: ...
    def leave(self) -> None: ...
    def pane_is_open(self) -> bool: ...
    def pane_is_shown(self) -> bool: ...
    def case_pane(self) -> Pane: ...
    @property
    def look(self) -> CaseLook: ...


class Steering:
    """Keys in, acts out. `now` is ms of a monotonic clock."""

    def __init__(
        self,
        model: WorkFloor,
        keymap: Keymap,
        outbox: Outbox,
        bridge: Bridge,
        now: Callable[[], float],
        batches: Batches | None = None,
    ) -> None:
        self._model = model
        self._keymap = keymap
        self._outbox = outbox
        self._bridge = bridge
        self._now = now
        self._presses: Presses[Target] = Presses(keymap)
        self.seen = Seen(now)
        self.seen.pending = lambda: model.pending
        model.looked, model.stirred = self.seen.note, self.seen.stirred
        self.stalls = Stalls(now, tick_ms=TICK_MS)
        self.stalls.feed_trip_ms = lambda: None if model.session is None else model.session.status.round_trip_ms
        self._ground: tuple[str, str, int] | None = None
        self.acting = Acting(model, outbox, bridge, batches)
        self.marking = marking = Marking(model, bridge)
        self._card: OpenCard | None = None
        self._answered_at = -1e9
        self._arrivals: dict[str, float] = {}
        self._leaving = False
        moving = Moving(model, bridge)
        self.inside = InsideCase(model, keymap, bridge.look, outbox, bridge)
        self._acts: dict[str, Callable[[], None]] = {
            "down": lambda: bridge.move(marking.times()),
            "up": lambda: bridge.move(-marking.times()),
            "page_down": lambda: bridge.move(bridge.page()),
            "page_up": lambda: bridge.move(-bridge.page()),
            "half_down": lambda: bridge.move(max(1, bridge.page() // 2)),
            "half_up": lambda: bridge.move(-max(1, bridge.page() // 2)),
            "first": bridge.first,
            "last": bridge.last,
            "next_late": moving.next_late,
            "previous_late": moving.previous_late,
            "next_unowned": moving.next_unowned,
            "open": self.inside.open,
            "runbook": self.inside.runbook,
            "timeline": self.inside.timeline,
            "next_section": self.inside.next_section,
            "previous_section": self.inside.previous_section,
            "unfold": self.inside.unfold,
            "fold": self.inside.fold,
            "next_case": moving.next_case,
            "previous_case": moving.previous_case,
            "filter": bridge.ask_filter,
            **Viewing(model, bridge).acts(),
            **marking.acts(),
            "approvals": bridge.show_approvals,
            "command": bridge.ask_command,
            "help": bridge.help,
            "messages": bridge.messages,
            **TerminalActs(bridge).acts(),
            "acknowledge_fork": self._acknowledge,
            "redraw": bridge.redraw,
            "interrupt": self._cancel,
            "back": self.back,
            "close": self._close,
        }

    @property
    def prefix(self) -> str | None:
        """The prefix that waits, or None."""
        return self._presses.prefix

    def prefix_target(self) -> Target | None:
        """What the waiting prefix is about."""
        return self._presses.target()

    @property
    def has_card(self) -> bool:
        return self._card is not None

    def press(self, key: str, at: float | None = None) -> None:
        """One key, outside of inputs; `at` is when it came in, if not now."""
        at = self._now() if at is None else at
        self._outbox.read_all()
        if at - self._answered_at < TOGETHER_MS and self._outbox.drop_unsettled():
            self._bridge.say("Keys came together, so none was a yes. Nothing was sent.", "soon")
            return
        if self._card is not None:
            self._answer(self._card, key, at)
            return
        self._arrivals.pop(key, None)
        self._arrivals[key] = at
        if len(self._arrivals) > _REMEMBERED:
            del self._arrivals[next(iter(self._arrivals))]
        if self._presses.prefix is None and (self.inside.takes(key) or self.marking.digit(key)):
            return
        result = self._presses.press(key, self._bridge.target())
        if isinstance(result, Fired):
            self.fire(result.bound, result.target, at)
        elif isinstance(result, Swallowed):
            if result.key not in ("escape", "ctrl+c"):
                self._bridge.say(f"{spelled((*result.prefix, result.key))} is not bound; nothing was done", "quiet")
            else:
                self._bridge.say("")
        elif isinstance(result, Waiting):
            self._bridge.say("")
        elif len(key) == 1:
            self._bridge.say(f"{key} is not bound \u00b7 ? shows the keys", "quiet")

    def open_card(self, carded: Carded) -> None:
        """A card is shown from now on."""
        trip = self.stalls.trip_ms()
        self._card = OpenCard(carded, self._now(), round_trip_ms=trip, arrivals=self._arrivals)

    def drop(self) -> None:
        """Forget prefix and card: a paste came, or the feed is another one."""
        self._presses.clear()
        if self._card is not None:
            self._card = None
            self._bridge.close_asking()

    def back(self) -> None:
        """Esc: prefix, card, input, what was refused, pane, marks, in this order."""
        if self._presses.clear():
            return
        if self._card is not None:
            self._card = None
            self._bridge.close_asking()
            self._bridge.say("Back. Nothing was sent.", "quiet")
            return
        if not self._bridge.close_asking() and not self.acting.bulk.batches.see_all() and not self._bridge.close_pane():
            self.marking.clear()

    def tick(self) -> None:
        """Some time passed: see what changed under what waits, and whether the ground of it is gone."""
        self.stalls.pulse()
        for case_id in self._concerned():
            if (case := self._model.case(case_id)) is not None:
                self.seen.note(case)
        lost = self._lost_ground()
        if lost and self._card is not None:
            self._card = None
            self._bridge.close_asking()
            self._bridge.say(f"{lost} The card was taken back; nothing was sent.", "late")

    def fire(self, bound: Bound, target: Target, at: float, given: Mapping[str, str] | None = None) -> None:
        """Do what a whole key sequence says, to the target that was frozen at its first key; the last came at `at`.

        `given` are a verb's fields as typed behind its name. Raises `FieldFault` if one of those cannot be.
        """
        if bound.name != "close":
            self._leaving = False
        if bound.verb is None:
            self._bridge.say("")
            self._acts[bound.name]()
            self.marking.moved()
            return
        if bound.tier >= 2 and (unsure := self.unsure(target, at)):
            self._bridge.say(unsure, "soon")
            return
        self._bridge.say("")
        self.acting.run(bound, target, given or {})

    def unsure(self, target: Target, at: float) -> str | Untrusted:
        """Why a key at `at`, of tier 2 or more, may not have been meant for the target: it is asked for again."""
        if self.stalls.blind(at):
            return "The screen stood still when you pressed that: nothing was done. Look, then press it again."
        case = None if target.case_id is None else self._model.case(target.case_id)
        if case is not None:
            self.seen.note(case)
            if self.seen.fresh(case.case_id):
                owner = case.owner or "nobody"
                said = f"{shown(case.case_id)} just changed: {case.severity}, {case.state.lower()}, owner {owner}."
                return Untrusted(f"{said} Look, then press it again.")
        return "" if target.sure else "The selection just moved by itself, or changed: look, then press it again."

    def _unsure_card(self, card: OpenCard, at: float) -> str | Untrusted:
        for intent in card.carded.intents:
            if said := self.unsure(Target(intent.case_id), at):
                return said
        return ""

    def _concerned(self) -> set[str]:
        """Cases that something waits for: a prefix or a card."""
        target = self._presses.target()
        waiting = set() if target is None or target.case_id is None else {target.case_id}
        return waiting | ({intent.case_id for intent in self._card.carded.intents} if self._card is not None else set())

    def _lost_ground(self) -> str:
        """What happened to the feed that no card outlives, in a sentence; empty if nothing did."""
        session = self._model.session
        if session is None:
            return ""
        status = session.status
        before, self._ground = self._ground, (status.phase, status.epoch, status.gaps)
        if before is None or before == self._ground:
            return ""
        if before[1] != status.epoch:
            return "The feed began another log."
        if status.phase == "forked":
            return "The feed's log is not the one that was seen before."
        if status.phase != "live":
            return f"The feed is {status.phase}."
        return "Something was missing and had to be asked for again." if before[2] != status.gaps else ""

    # --- inside

    def _answer(self, card: OpenCard, key: str, at: float) -> None:
        """A key while a card is open: it may be the answer, and is nothing else."""
        answer = card.press(key, at)
        if answer == "no":
            self.back()
        elif answer == "yes" and (unsure := self._unsure_card(card, at)):
            self._bridge.say(unsure, "soon")
        elif answer == "yes":
            self._card, self._answered_at = None, at
            self._bridge.close_asking()
            self.acting.confirmed(card.carded)
        elif answer == "other":
            self._card = None
            self._bridge.close_asking()
            if card.carded.otherwise is not None:
                card.carded.otherwise()
        elif answer == "held":
            self._bridge.say("That key seems to be held down: let go of it, then press it.", "soon")
        elif answer is not None:
            self._bridge.card_typed(card.carded, card.text)
            self._bridge.say(f"That is not {card.carded.typed}. Nothing was sent." if answer == "wrong" else "", "soon")

    def _acknowledge(self) -> None:
        if self._model.session is not None and self._model.session.status.phase == "forked":
            self._model.session.acknowledge_fork()

    def _cancel(self) -> None:
        """ctrl+c clears or cancels: held acts, a card, an input; it never quits by itself."""
        if self._outbox.held:
            self._outbox.cancel_all()
        else:
            self.back()
            self._bridge.say("q quits", "quiet")

    def _close(self) -> None:
        if self._bridge.close_pane():
            return
        urgent = self._mine_urgent()
        if urgent and not self._leaving:
            self._leaving = True
            count = "an S0 or S1" if urgent == 1 else f"{urgent} cases of S0 or S1"
            self._bridge.say(f"You own {count}. q again leaves them with you; ol releases a case first.", "soon")
            return
        self._bridge.leave()

    def _mine_urgent(self) -> int:
        session = self._model.session
        return 0 if session is None else self._model.urgent_of_mine()
