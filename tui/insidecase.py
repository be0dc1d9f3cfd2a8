"""Keys inside the case pane: sections, the runbook and its ticks, folding, going to a related case."""

from __future__ import annotations

from typing import Final, Protocol

from casework.caseid import shown
from casework.commands import TickStep
from casework.model import Case, Common
from casework.untrusted import Untrusted
from casework.verbs import VERBS
from client.views.blocks import SectionName
from client.views.material import GRAPHIC
from tui.caselook import CaseLook
from tui.floor import WorkFloor
from tui.keymap import Keymap
from tui.offers import why_not
from tui.outbox import Intent, Outbox
from tui.target import Target

TICK: Final = VERBS["tick"]
FAR: Final = 1_000_000
"""Lines: beyond the end of any case."""


class Pane(Protocol):
    """The case pane, as far as keys move it."""

    @property
    def focused(self) -> SectionName: ...
    @property
    def chosen(self) -> str | None: ...
    def look_at(self, name: SectionName) -> None: ...
    def turn(self, by: int) -> None: ...
    def move(self, by: int) -> None: ...
    def follow(self) -> None: ...


class Screen(Protocol):
    """What this needs of the screen."""

    def target(self) -> Target: ...
    def say(self, sentence: str | Untrusted, tone: str = "text") -> None: ...
    def select(self, case_id: str) -> None: ...
    def view_changed(self) -> None: ...
    def paint(self) -> None: ...
    def open_pane(self, *, timeline: bool = False, runbook: bool = False) -> None: ...
    def pane_is_open(self) -> bool: ...
    def pane_is_shown(self) -> bool: ...
    def case_pane(self) -> Pane: ...


class InsideCase:
    """Does what the keys of the case pane say, on the case that is selected."""

    def __init__(self, model: WorkFloor, keymap: Keymap, look: CaseLook, outbox: Outbox, screen: Screen) -> None:
        self._keymap = keymap
        self._model = model
        self._look = look
        self._outbox = outbox
        self._screen = screen

    def runbook(self) -> None:
        """Open the case at its runbook."""
        self._screen.open_pane(runbook=True)

    def timeline(self) -> None:
        """Open the case at its timeline."""
        self._screen.open_pane(timeline=True)

    def next_section(self) -> None:
        self._turn(1)

    def previous_section(self) -> None:
        self._turn(-1)

    def open(self) -> None:
        """Enter: the case, or in its related cases the one that the cursor stands on."""
        if self._screen.pane_is_open():
            pane = self._screen.case_pane()
            if pane.focused == "related" and pane.chosen is not None:
                self._go(pane.chosen)
                return
            pane.look_at("case")
        self._screen.open_pane()

    def unfold(self) -> None:
        """Open what is folded, a level at a time."""
        self._fold(1)

    def fold(self) -> None:
        """Fold it again."""
        self._fold(-2)

    def takes(self, key: str) -> bool:
        """Whether `key`, outside of any prefix, ticks a step here; then it is done."""
        bound = self._keymap.get((key,), "runbook")
        if bound is None or bound.verb is not TICK or not self._screen.pane_is_open():
            return False
        pane = self._screen.case_pane()
        if pane.focused != "runbook":
            return False
        self._tick(pane.chosen, self._screen.target())
        return True

    # --- inside

    def _turn(self, by: int) -> None:
        if not self._screen.pane_is_open():
            self._screen.open_pane()
            return
        self._screen.case_pane().turn(by)

    def _go(self, case_id: str) -> None:
        if self._model.case(case_id) is None:
            where = f"{shown(case_id)} is not on this floor: watchfloor show {shown(case_id)}"
            self._screen.say(Untrusted(where), "quiet")
            return
        if self._model.index(case_id) is None:
            self._model.clear()
            self._screen.view_changed()
        self._screen.select(case_id)
        self._screen.case_pane().look_at("case")
        self._screen.open_pane()

    def _fold(self, by: int) -> None:
        case = self._case(self._screen.target())
        if case is None or not self._screen.pane_is_shown():
            self._screen.say("Enter opens the case first.", "quiet")
            return
        before = self._look.unfolded(case.case_id)
        level = self._look.unfold(case, by)
        self._screen.paint()
        pane = self._screen.case_pane()
        if by > 0 and pane.focused == "case":
            pane.move(FAR)  # what was opened stands at the end
        graphic = (case.graphic_level or 0) >= GRAPHIC
        if level == before and by > 0:
            self._screen.say("All of it is open.", "quiet")
        elif level == 1 and graphic:
            self._screen.say(f"Captions stay folded: G{case.graphic_level}. The same key opens them as well.", "soon")

    def _tick(self, step: str | None, target: Target) -> None:
        case = self._case(target)
        model = self._model
        roles = frozenset(() if model.session is None else model.session.status.roles)
        refusal = why_not(TICK, case, me=model.me, roles=roles, read_only=model.read_only)
        if refusal is not None:
            self._screen.say(f"Not done: {refusal}", "late")
            return
        if step is None or case is None:
            self._screen.say("There is no step to tick.", "quiet")
            return
        done = next((tick for tick in case.runbook if tick.step == step), None) if isinstance(case, Case) else None
        if done is not None:
            by = "You" if done.by == model.me else done.by
            self._screen.say(Untrusted(f"{by} ticked this already. z takes your own tick back, for 10 s."), "quiet")
            return
        command = TickStep(expected_version=target.version, step=step)
        self._outbox.put(
            Intent(
                verb=TICK.verb,
                title=f"tick step {step}",
                case_id=case.case_id,
                command=command,
                tier=TICK.tier,
                severity=target.severity,
                undoable=TICK.undoable,
            )
        )
        # What comes next is where the hand is.
        self._screen.case_pane().follow()

    def _case(self, target: Target) -> Common | None:
        return None if target.case_id is None else self._model.case(target.case_id)
