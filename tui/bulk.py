"""A verb on the marked cases: what exactly will be touched, what is left out and why, and then all of it at once.

Bulk never includes an S0, nor a case that the view does not show. Each command keeps the version that was seen when
the verb's first key was pressed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec import Struct

from casework.caseid import shown
from casework.tokens import Severity
from casework.verbs import Verb
from client.views.bits import DOT, Bit, Line
from client.views.row import summary_of
from tui.batches import Batches, Item
from tui.cards import Carded
from tui.floor import WorkFloor
from tui.keymap import Bound
from tui.offers import why_not
from tui.outbox import Intent
from tui.target import Target

UNCOUNTED: Final = 25
"""Up to so many cases go without a count."""
NAMED: Final = 4
"""Cases that a card names; the others are counted."""
IS_S0: Final = "An S0 is never part of a bulk act: open it."


class Plan(Struct, frozen=True):
    """Exactly what a verb will touch, and what it will not."""

    going: tuple[Target, ...]
    left_out: tuple[Item, ...]
    out_of_view: int

    @property
    def severity(self) -> Severity:
        """The most urgent one of what is touched."""
        return min((each.severity for each in self.going), default="S4")

    def words(self, title: str) -> str:
        """`claim 9 of 10: 1 S0 left out`."""
        count = len(self.going)
        total = count + len(self.left_out) + self.out_of_view
        urgent = sum(1 for item in self.left_out if item.sentence == IS_S0)
        other = len(self.left_out) - urgent
        out = [f"{urgent} S0"] if urgent else []
        out += [f"{other} where it does not work"] if other else []
        out += [f"{self.out_of_view} marked not shown"] if self.out_of_view else []
        return f"{title} {count} of {total}" + (f": {', '.join(out)} left out" if out else "")


def plan(verb: Verb, target: Target, model: WorkFloor) -> Plan:
    """What of the marked cases `verb` will touch: what is in view now as it was then, is no S0, and may be touched."""
    going: list[Target] = []
    left_out: list[Item] = []
    out_of_view = target.out_of_view
    roles = frozenset(() if model.session is None else model.session.status.roles)
    for each in target.marked:
        case = None if each.case_id is None else model.case(each.case_id)
        if case is None or case.case_id not in model.ids:
            out_of_view += 1
            continue
        why = why_not(verb, case, me=model.me, roles=roles, read_only=model.read_only)
        if "S0" in (each.severity, case.severity):
            why = IS_S0
        if why is None:
            going.append(each)
        else:
            left_out.append(Item(case.case_id, "left out", why))
    return Plan(tuple(going), tuple(left_out), out_of_view)


class Bulk:
    """Runs verbs on marks. `say` takes a sentence and a tone; `ended` is called when a batch is on its way."""

    def __init__(
        self, model: WorkFloor, batches: Batches, say: Callable[[str, str], None], ended: Callable[[], object]
    ) -> None:
        self._model = model
        self.batches = batches
        self._say = say
        self._ended = ended
        self._carded: tuple[Carded, str, Plan] | None = None

    def refusal(self, bound: Bound, target: Target) -> str | None:
        """Why what `bound` says is not done on the marks at all, in a sentence."""
        verb = bound.verb
        assert verb is not None
        count = len(target.marked) + target.out_of_view
        marks = "mark" if count == 1 else f"{count} marks"
        if not verb.bulk or bound.opens:
            title = f"{verb.title} and open it" if bound.opens else verb.title
            return f'"{title}" works on one case: Esc clears the {marks}.'
        made = plan(verb, target, self._model)
        if made.going:
            return None
        reasons = {item.sentence for item in made.left_out}
        if len(reasons) == 1 and not made.out_of_view:
            return f"Nothing to do on {'it' if count == 1 else 'any of them'}: {reasons.pop()}"
        return f"{made.words(verb.title)}. Nothing was done."

    def put(self, verb: Verb, title: str, target: Target, intent_of: Callable[[Target], Intent]) -> Carded | None:
        """Do `verb` on the marks at once, or give the card that asks for their count first."""
        made = plan(verb, target, self._model)
        intents = tuple(intent_of(each) for each in made.going)
        if not intents:
            self._say(f"{made.words(title.capitalize())}. Nothing was done.", "late")
            return None
        if len(intents) > UNCOUNTED:
            return self._card(title, made, intents)
        self.go(title, made, intents)
        return None

    def go(self, title: str, made: Plan, intents: tuple[Intent, ...]) -> None:
        """Send it. The marks have served."""
        self.batches.put(title, made.words(title), intents, made.left_out)
        self._ended()

    def confirmed(self, carded: Carded) -> bool:
        """The count on a card was typed: what the card named goes, as far as it still may. False: it is not ours."""
        if self._carded is None or self._carded[0] is not carded:
            return False
        (_, title, made), self._carded = self._carded, None
        going: list[Intent] = []
        left_out = list(made.left_out)
        for intent in carded.intents:
            case = self._model.case(intent.case_id)
            if case is not None and case.severity == "S0":
                left_out.append(Item(intent.case_id, "left out", IS_S0))
            elif case is None or intent.case_id not in self._model.ids:
                left_out.append(Item(intent.case_id, "left out", "It left the view before the count was typed."))
            else:
                going.append(intent)
        self.go(title, Plan(made.going, tuple(left_out), made.out_of_view), tuple(going))
        return True

    def _card(self, title: str, made: Plan, intents: tuple[Intent, ...]) -> Carded:
        count = len(intents)
        body: list[Line] = []
        for each in made.going[:NAMED]:
            case = None if each.case_id is None else self._model.case(each.case_id)
            if case is not None:
                label = "touches  " if not body else "         "
                name: Bit = (shown(case.case_id), "strong")
                body.append(((label, "quiet"), (f"{case.severity} ", "text"), name, DOT, (summary_of(case), "text")))
        if count > NAMED:
            body.append((("         ", "quiet"), (f"and {count - NAMED} more, all of them marked and shown", "quiet")))
        body.append((("undo     ", "quiet"), ("10 s for all of them, by z", "text")))
        heading: Line = ((made.words(title.capitalize()), "strong"),)
        carded = Carded(heading, tuple(body), f"{title} {count}", intents, typed=str(count))
        self._carded = (carded, title, made)
        return carded
