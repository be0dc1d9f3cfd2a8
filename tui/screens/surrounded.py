"""A screen that knows the terminal around it: copies to it, takes its mouse, can be put away."""

from __future__ import annotations

from typing import Final

from textual import events

from client.config import Config
from tui.care import Care
from tui.floor import WorkFloor
from tui.screens.away import AwayScreen
from tui.screens.wall import WallScreen
from tui.terminal.abilities import Abilities
from tui.terminal.copying import copy_sequence
from tui.terminal.driver import ConsoleDriver, monotonic_ms
from tui.terminal.painting import PaintedScreen
from widgets.queue import Queue

WHEEL_LINES: Final = 3


class Surrounded(PaintedScreen[None], inherit_bindings=False):
    """`care` is looked after with each tick by whoever inherits this."""

    model: WorkFloor

    def surround(self, model: WorkFloor, config: Config, able: Abilities) -> None:
        """Say what is around: the person's settings and what the terminal can do."""
        self.care = Care(
            config,
            able,
            model,
            self._terminal,
            monotonic_ms,
            lambda work: void(self.run_worker(work, exit_on_error=False)),
        )

    def _terminal(self) -> ConsoleDriver | None:
        driver = self.app._driver if self.is_attached else None
        return driver if isinstance(driver, ConsoleDriver) else None

    def copy(self, text: str) -> bool:
        """Have the terminal copy `text`; whether it was asked to."""
        return self.care.write(copy_sequence(text, self.care.able))

    def viewer(self) -> str | None:
        """The address of a case in the viewer, with a place for its id."""
        return self.care.config.viewer

    def toggle_mouse(self) -> bool | None:
        """Whether the mouse is ours now; None if there is no terminal."""
        driver = self._terminal()
        if driver is None:
            return None
        driver.set_mouse(not driver.mouse)
        return driver.mouse

    def on_click(self, event: events.Click) -> None:
        """A click on a row selects it; while something is asked, it does nothing."""
        if isinstance(event.widget, Queue) and not self.asked():
            case_id = event.widget.case_on(event.y)
            if case_id is not None:
                self.select(case_id)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        if not self.asked():
            self.move(WHEEL_LINES)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        if not self.asked():
            self.move(-WHEEL_LINES)

    def asked(self) -> bool:
        """Whether something is asked at the bottom of the screen."""
        raise NotImplementedError

    def select(self, case_id: str) -> None:
        """Put the cursor on a case."""
        raise NotImplementedError

    def move(self, lines: int) -> None:
        """Move the cursor, or what is read."""
        raise NotImplementedError

    def show_wall(self) -> None:
        """The wall over this floor, by the same mirror."""
        _ = self.app.push_screen(WallScreen(self.model))

    def put_away(self) -> None:
        """Nothing of the floor is on the screen until a key is pressed."""
        if not self.care.idle.locked:
            self.care.idle.locked = True
            self.left_alone()
            _ = self.app.push_screen(AwayScreen(self.model, self.care), lambda _: self.come_back())

    def come_back(self) -> None:
        """Somebody pressed a key."""
        self.care.idle.locked = False

    def left_alone(self) -> None:
        """Drop what must not wait for whoever comes next: a card, a prefix."""


def void(result: object) -> None:
    """Call for the effect alone."""
