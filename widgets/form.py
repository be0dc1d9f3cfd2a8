"""A few short fields at the bottom of the screen. It collects text; what the text means is judged elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.suggester import SuggestFromList
from textual.widgets import Input

from casework.untrusted import Untrusted
from client.views.bits import Line
from widgets.status import titled
from widgets.toned import Lines


@dataclass(frozen=True, slots=True)
class Blank:
    """A field to fill in: its name, the words before it, what stands in it, what it may be, and a hint."""

    name: str
    label: str
    value: str = ""
    choices: tuple[str, ...] = ()
    hint: str = ""


class Line1(Input):
    """One line of text: no border, no blink, no selection by focus."""

    DEFAULT_CSS = """
    Line1 { border: none; height: 1; padding: 0; background: $background; width: 1fr; }
    Line1:focus { border: none; background: $background; }
    """

    def __init__(self, blank: Blank) -> None:
        super().__init__(
            blank.value,
            suggester=SuggestFromList(blank.choices, case_sensitive=False) if blank.choices else None,
            select_on_focus=False,
            compact=True,
            max_length=4_000,
            id=f"blank-{blank.name}",
        )
        if blank.hint:
            self.placeholder = blank.hint
        self.cursor_blink = False


class Form(Vertical):
    """Fields under a title. Enter goes to the next empty field, from the last it sends; Esc leaves, the draft stays."""

    DEFAULT_CSS = """
    Form { height: auto; width: 1fr; }
    Form Horizontal { height: 1; width: 1fr; }
    Form .label { width: 12; height: 1; }
    Form #fault { height: 1; display: none; }
    """

    class Sent(Message):
        """The person is done: the text of every field."""

        def __init__(self, values: Mapping[str, str]) -> None:
            super().__init__()
            self.values = dict(values)

    class Left(Message):
        """The person went back; the text so far, empty if it was cleared."""

        def __init__(self, values: Mapping[str, str]) -> None:
            super().__init__()
            self.values = dict(values)

    def __init__(self, title: Line, end: Line, blanks: Sequence[Blank], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._title = title
        self._end = end
        self._blanks = tuple(blanks)
        self._first = next((at for at, blank in enumerate(self._blanks) if not blank.value), 0)
        """The field that is filled in first: the first empty one."""
        self._early: str | None = ""
        """What was typed before the fields stood; None once they do."""
        self._label_width = min(30, max((len(blank.label) for blank in blanks), default=0) + 3)

    def compose(self) -> ComposeResult:
        yield Lines(id="form-title")
        for blank in self._blanks:
            with Horizontal():
                label = Lines(classes="label")
                label.styles.width = self._label_width
                label.show((((" ", "text"), (blank.label, "quiet")),))
                yield label
                yield Line1(blank)
        yield Lines(id="fault")

    def on_mount(self) -> None:
        inputs = self._inputs()
        for each in inputs:
            each.cursor_position = len(each.value)
        inputs[self._first].focus()
        early, self._early = self._early, None
        inputs[self._first].insert_text_at_cursor(early or "")

    def type(self, character: str) -> None:
        """A character that was typed before the first field had the focus."""
        if self._early is not None:
            self._early += character
        else:
            self._inputs()[self._first].insert_text_at_cursor(character)

    def on_resize(self) -> None:
        self.query_one("#form-title", Lines).show((titled(self._title, self._end, self.size.width),))

    @property
    def lines_needed(self) -> int:
        """Title and fields."""
        return 1 + len(self._blanks)

    @property
    def values(self) -> dict[str, str]:
        """What stands in the fields, by name."""
        return {blank.name: each.value for blank, each in zip(self._blanks, self._inputs(), strict=True)}

    def blame(self, name: str, why: str | Untrusted, *, at: int | None = None) -> None:
        """Say what is wrong with a field, below the fields, and put the cursor there (`at`: a place in its text)."""
        fault = self.query_one("#fault", Lines)
        fault.display = True
        fault.show((((" " * self._label_width, "text"), (why, "late")),))
        for blank, each in zip(self._blanks, self._inputs(), strict=True):
            if blank.name == name:
                each.focus()
                if at is not None:
                    each.cursor_position = min(at, len(each.value))

    def forgive(self) -> None:
        """Take the fault away."""
        self.query_one("#fault", Lines).display = False

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.forgive()

    def on_key(self, event: events.Key) -> None:
        if event.key == "enter":
            self._forward()
        elif event.key in ("down", "tab"):
            self._step(1)
        elif event.key in ("up", "shift+tab"):
            self._step(-1)
        elif event.key in ("escape", "ctrl+c"):
            # Without the focus at once: the next key is for the screen, however fast it comes.
            self.screen.set_focus(None)
            self.post_message(self.Left(self.values if event.key == "escape" else {}))
        else:
            return
        event.stop()
        event.prevent_default()

    def _forward(self) -> None:
        inputs = self._inputs()
        here = next((at for at, each in enumerate(inputs) if each.has_focus), len(inputs) - 1)
        later = [each for each in inputs[here + 1 :] if not each.value]
        if later:
            later[0].focus()
        else:
            self.screen.set_focus(None)
            self.post_message(self.Sent(self.values))

    def _step(self, by: int) -> None:
        inputs = self._inputs()
        here = next((at for at, each in enumerate(inputs) if each.has_focus), 0)
        inputs[(here + by) % len(inputs)].focus()

    def _inputs(self) -> list[Line1]:
        return list(self.query(Line1))
