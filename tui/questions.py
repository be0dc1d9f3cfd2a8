"""What the answers to a question at the bottom of the floor come to: a form sent, a filter, a command line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from casework import query
from casework.query import QueryFault
from casework.tokens import ENDED_STATES
from casework.untrusted import Untrusted
from tui.asking import Question
from tui.commandline import CommandFault, Typed, complete, read
from tui.forms import FieldFault
from tui.target import Target
from widgets.form import Form, Step

if TYPE_CHECKING:
    from tui.screens.floor import FloorScreen


def filters(text: str) -> Sequence[str]:
    """What a filter may become, whole."""
    head = text[: query.token_start(text, len(text))]
    return [f"{head}{each}" for each in query.complete(text, len(text))]


class Questions:
    """The questions of one floor screen."""

    def __init__(self, screen: FloorScreen) -> None:
        self._screen = screen

    def ended(self, form: Form, step: Step, at: float) -> None:
        """A form ended by `step`; its last key came in at `at`, ms of a monotonic clock."""
        screen = self._screen
        asking = screen.view.asking
        question = asking.question
        if question is None:
            return
        if step == "sent":
            if not self._taken(question, form, at):
                return
        elif question.filters:
            screen.filtering.left()
        elif question.asked is not None:
            screen.steering.acting.left(question.asked, form.values if step == "left" else {})
        if asking.question is question:  # it may have led to another one
            asking.close()
        screen.paint()

    def _taken(self, question: Question, form: Form, at: float) -> bool:
        """Do what the form says; False if something in it cannot be, which is said in its field."""
        screen = self._screen
        try:
            if question.asked is not None:
                if question.asked.tier >= 2 and (unsure := screen.steering.unsure(question.asked.target, at)):
                    form.blame("", unsure)
                    return False
                screen.steering.acting.sent(question.asked, form.values)
            elif question.command:
                self._command(read(form.values["command"], screen.keymap), question.target or screen.target(), at)
            else:
                screen.filtering.kept()
        except FieldFault as fault:
            form.blame("command" if question.command else fault.name, Untrusted(fault.why))
            return False
        except CommandFault as fault:
            form.blame("command", Untrusted(str(fault)))
            return False
        except QueryFault as fault:
            form.blame("command" if question.command else "filter", Untrusted(fault.reason), at=fault.position)
            return False
        return True

    def completions(self, text: str) -> Sequence[str]:
        """What a command line may become."""
        return complete(text, self._screen.keymap, self._screen.model.views.names, filters)

    def filter(self, text: str) -> None:
        """Filter by a query. Raises `QueryFault`."""
        self._screen.model.ask_for(text, selected=self._screen.view.queue.cursor)
        self._screen.view_changed()

    def _command(self, typed: Typed, target: Target, at: float) -> None:
        screen = self._screen
        model = screen.model
        if typed.bound is not None and typed.bound.name == "filter" and typed.argument:
            self.filter(typed.argument)
        elif typed.bound is not None:
            screen.steering.fire(typed.bound, target, at, typed.given)
        elif typed.kind == "view":
            if (view := model.views.named(typed.view)) is None:
                raise CommandFault(f"There are the views {', '.join(model.views.names)}.")
            model.look_at(view.name, selected=screen.view.queue.cursor)
            screen.view_changed()
        elif (case := model.case(typed.case_id)) is None:
            raise CommandFault("That case is not on this floor.")
        elif case.state in ENDED_STATES and model.index(typed.case_id) is None:
            screen.show_case(typed.case_id)  # no list has it, and it can be read all the same
        else:
            if model.index(typed.case_id) is None:
                model.clear()
                screen.view_changed()
            screen.select(typed.case_id)
