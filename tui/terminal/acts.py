"""What keys do with the terminal and not with a case: copying, the mouse, the wall, putting the screen away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from casework.caseid import shown
from casework.untrusted import Untrusted
from tui.target import Target
from tui.terminal.copying import viewer_link

NO_CASE = "No case is selected: press j."
NO_VIEWER = 'No viewer is configured: viewer = "https://\u2026{case_id}\u2026" in config.toml names one.'


class Surrounding(Protocol):
    """What the screen does for it."""

    def target(self) -> Target: ...
    def say(self, sentence: str | Untrusted, tone: str = "text") -> None: ...
    def copy(self, text: str) -> bool: ...
    def viewer(self) -> str | None: ...
    def toggle_mouse(self) -> bool | None: ...
    def show_wall(self) -> None: ...
    def put_away(self) -> None: ...


class TerminalActs:
    """The acts of one floor's terminal."""

    def __init__(self, screen: Surrounding) -> None:
        self._screen = screen

    def acts(self) -> dict[str, Callable[[], None]]:
        """What each act does, by its name."""
        return {
            "copy_id": self._copy_id,
            "copy_link": self._copy_link,
            "mouse": self._mouse,
            "wall": self._screen.show_wall,
            "put_away": self._screen.put_away,
        }

    def _copy_id(self) -> None:
        case_id = self._screen.target().case_id
        if case_id is None:
            self._screen.say(NO_CASE, "quiet")
        else:
            self._copied(shown(case_id))

    def _copy_link(self) -> None:
        case_id, template = self._screen.target().case_id, self._screen.viewer()
        if template is None:
            self._screen.say(NO_VIEWER, "quiet")
        elif case_id is None:
            self._screen.say(NO_CASE, "quiet")
        else:
            # Whether a link works once is the viewer's promise; nothing here can know it.
            self._copied(viewer_link(template, case_id))

    def _copied(self, text: str) -> None:
        """Say what was copied: a terminal may ignore it, and none tells."""
        said = f"Copied {text}" if self._screen.copy(text) else f"{text} \u00b7 this terminal copies nothing by itself"
        self._screen.say(Untrusted(said), "quiet")

    def _mouse(self) -> None:
        on = self._screen.toggle_mouse()
        if on is None:
            self._screen.say("There is no mouse here.", "quiet")
        elif on:
            self._screen.say("Mouse on: a click selects, the wheel scrolls. To mark text, hold Shift.", "quiet")
        else:
            self._screen.say("Mouse off: the terminal has it, and marks text.", "quiet")
