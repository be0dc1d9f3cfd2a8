"""What of the floor's screen goes into the journal, and how it comes back out of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from casework.untrusted import Untrusted

if TYPE_CHECKING:
    from tui.screens.floor import FloorScreen

Drafts = dict[tuple[str, str], dict[str, str]]


class KeptFloor:
    """Reads and restores one floor screen."""

    def __init__(self, screen: FloorScreen) -> None:
        self._screen = screen

    def drafts(self) -> Drafts:
        """What was left in forms, and what stands in the one that is open, if anything was typed."""
        screen = self._screen
        drafts = dict(screen.steering.acting.drafts)
        asking = screen.view.asking
        asked = None if asking.question is None else asking.question.asked
        if asked is not None and asking.form is not None:
            values = asking.form.values
            if any(values.get(field.ask.name) != field.default for field in asked.fields):
                drafts[asked.draft_key] = values
        return drafts

    def restore_drafts(self, drafts: Drafts) -> None:
        """Put them where a form that is opened finds them."""
        self._screen.steering.acting.drafts.update(drafts)

    def restored(self, sentence: str) -> None:
        """Everything is back: say so."""
        screen = self._screen
        screen.view_changed()
        if sentence:
            screen.say(Untrusted(sentence), "soon")
        screen.paint()
        if screen.keeping.locked:
            screen.put_away()
