"""A question at the bottom of the screen: a verb's form, the filter, or a card; and the keys that answer it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from casework.caseid import shown
from casework.untrusted import Untrusted
from client.views.bits import DOT, Line
from tui.acting import Asked
from tui.cards import Carded
from tui.forms import complete_factors
from tui.target import Target
from widgets.card import Card
from widgets.form import Blank, Form


class Question(Struct, frozen=True):
    """What is asked. Neither form nor card nor command line: the filter."""

    asked: Asked | None = None
    carded: Carded | None = None
    command: bool = False
    target: Target | None = None
    """What was selected when the command line was opened."""

    @property
    def filters(self) -> bool:
        """Whether it is the filter."""
        return self.asked is None and self.carded is None and not self.command

    def keys(self, form: Form | None) -> tuple[tuple[str, str], ...]:
        """The footer while it is asked, with `form` if it has one; the last one is the quiet one."""
        if self.carded is not None:
            if self.carded.typed is not None:
                tab = (("Tab", self.carded.other),) if self.carded.other else ()
                return (("Enter", self.carded.yes), *tab, ("Esc", "back"))
            other = (("R", self.carded.other),) if self.carded.other else ()
            return (("y", self.carded.yes), *other, ("n", "back"))
        if self.filters:
            return (("Enter", "filter"), ("Tab", "complete"), ("Up", "earlier ones"), ("Esc", "as before"))
        if self.asked is None:
            return (("Enter", "do it"), ("Tab", "complete"), ("Esc", "back"))
        several = (("Up Down", "fields"),) if len(self.asked.fields) > 1 else ()
        enter = "send" if form is None or form.sends else "next field"
        complete = (("Tab", "complete"),) if form is not None and form.suggests else ()
        return (("Enter", enter), *complete, *several, ("Esc", "keep draft"))


def form_of(asked: Asked, draft: Mapping[str, str]) -> Form:
    """The form of a verb, its draft in it if there is one."""
    about, end = shown(asked.target.case_id or ""), f"v{asked.target.version}"
    if asked.target.many:
        about, end = f"{len(asked.target.marked)} marked cases", "never an S0"
    title: Line = ((asked.title, "strong"), DOT, (about, "text"))
    return Form(
        title,
        ((end, "quiet"),),
        [
            Blank(
                name=field.ask.name,
                label=field.ask.label,
                value=draft.get(field.ask.name, field.default),
                choices=field.choices,
                hint=field.hint,
                completes=complete_factors if field.ask.kind == "factors" else None,
            )
            for field in asked.fields
        ],
    )


def card_of(carded: Carded) -> Card:
    """The card of an act, with the keys that answer it."""
    return Card(carded.title, carded.end or (("keys wait 0.3 s", "quiet"),), carded.body, answer_line(carded, ""))


def answer_line(carded: Carded, text: str) -> Line:
    """How a card is answered; `text` is what was typed so far, where something has to be."""
    if carded.typed is None:
        other: Line = (("   R", "key"), (f" {carded.other}", "text")) if carded.other else ()
        return (("y", "key"), (f" {carded.yes}", "text"), *other, ("   n", "key"), (" back", "text"))
    return (
        ("type ", "text"),
        (carded.typed, "key"),
        (", then ", "text"),
        ("Enter", "key"),
        (f" {carded.yes}   ", "text"),
        (Untrusted(text.upper()), "strong"),
        ("\u258f", "key"),
        *((("   Tab", "key"), (f" {carded.other}", "text")) if carded.other else ()),
        ("   Esc", "key"),
        (" back", "text"),
    )


def command_question(target: Target, completes: Callable[[str], Sequence[str]]) -> tuple[Question, Form]:
    """The prompt of the command line."""
    hint = "C-7F3A-9K2M, view late, escalate 2, note \u2026"
    return Question(command=True, target=target), Form(
        (("Command", "strong"),), (), [Blank(name="command", label=":", hint=hint, completes=completes)]
    )
