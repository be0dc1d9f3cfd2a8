"""Where a question stands: one form or card at the bottom of the screen, at most."""

from __future__ import annotations

from typing import Final

from textual.containers import Vertical

from tui.asking import Question
from widgets.card import Card
from widgets.form import Form

NEVER: Final = -1_000_000.0


class AskArea(Vertical):
    """Empty most of the time, and then as high as nothing."""

    DEFAULT_CSS = """
    AskArea { height: auto; width: 1fr; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._question: Question | None = None
        self._widget: Form | Card | None = None
        self._at = NEVER

    @property
    def question(self) -> Question | None:
        """What is asked now."""
        return self._question

    @property
    def form(self) -> Form | None:
        """The form that is open, if it is a form."""
        return self._widget if isinstance(self._widget, Form) else None

    @property
    def card(self) -> Card | None:
        """The card that is open, if it is a card."""
        return self._widget if isinstance(self._widget, Card) else None

    @property
    def asked_at(self) -> float:
        """When it was asked, ms of a monotonic clock; long ago if nothing is."""
        return self._at if self._question is not None else NEVER

    def pose(self, question: Question, widget: Form | Card, at: float) -> None:
        """Ask, in place of whatever was asked."""
        self.close()
        self._question, self._widget, self._at = question, widget, at
        _ = self.mount(widget)

    def close(self) -> bool:
        """Ask no longer; whether anything was asked."""
        if self._question is None:
            return False
        self._question = None
        if self._widget is not None:
            self._take_away(self._widget)
            self._widget = None
        return True

    def _take_away(self, widget: Form | Card) -> None:
        _ = widget.remove()
