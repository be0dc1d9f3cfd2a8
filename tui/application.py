"""What the console and the wall share as Textual applications: theme, gate, crash handling, pictures."""

from __future__ import annotations

import os
import re
from io import StringIO
from typing import ClassVar, Final, Literal

from rich.console import Console
from textual.filter import LineFilter
from textual.widget import Widget

from themes.dark import DARK, DARK_256, PLAIN
from themes.sixteen import SIXTEEN
from tui.crash import crash_sentence
from tui.sheet import SHEET
from tui.terminal.abilities import Abilities, Colors, plain_wanted
from tui.terminal.driver import ConsoleDriver
from tui.terminal.painting import PaintedApp
from tui.terminal.run import filters
from widgets.boundary import Fault, Faulted, Faults
from widgets.gate import Gate

_WEB_FONT: Final = re.compile(r"@font-face\s*\{[^}]*\}\s*")


_SYSTEMS: Final[dict[Colors, Literal["standard", "256", "truecolor"]]] = {
    # Of no colors at all rich would take bold and reverse away as well: the theme leaves the colors out.
    "none": "standard",
    "16": "standard",
    "256": "256",
    "truecolor": "truecolor",
}


def console_of(abilities: Abilities) -> Console:
    """What turns styles into bytes, in the colors of this terminal. Nothing is ever printed on it."""
    return Console(
        color_system=_SYSTEMS[abilities.colors],
        file=StringIO(),
        force_terminal=True,
        markup=False,
        highlight=False,
        emoji=False,
        legacy_windows=False,
        safe_box=False,
    )


class Application(PaintedApp, inherit_bindings=False):
    """Has no keys of its own, no markup from outside, and prints no local variables when it fails."""

    CSS_PATH: ClassVar = SHEET
    ENABLE_COMMAND_PALETTE = False
    ESCAPE_TO_MINIMIZE = False

    def __init__(
        self, *, gate: Gate | None = None, abilities: Abilities | None = None, faults: Faults | None = None
    ) -> None:
        self.gate: LineFilter = gate or Gate()
        self.abilities = abilities or Abilities()
        super().__init__(driver_class=ConsoleDriver)
        self.faults = faults or Faults()
        self.animation_level = "none"
        self.console = console_of(self.abilities)
        self.failed: str | None = None
        """The sentence to print once the terminal is given back, if it failed."""
        for theme in (DARK, DARK_256, PLAIN, SIXTEEN):
            self.register_theme(theme)
        self.no_color = plain_wanted(os.environ) or self.abilities.colors == "none"
        colored = {"16": SIXTEEN, "256": DARK_256}.get(self.abilities.colors, DARK)
        self.theme = PLAIN.name if self.no_color else colored.name

    def get_line_filters(self) -> list[LineFilter]:
        """Textual's own, and behind them the gate."""
        return filters(super().get_line_filters(), self.gate, plain=self.no_color)

    @property
    def line_to_terminal(self) -> ConsoleDriver | None:
        """The driver of a real terminal; None where there is none, as in a test."""
        return self._driver if isinstance(self._driver, ConsoleDriver) else None

    def lost(self) -> None:
        """The terminal is gone, or somebody outside wants an end: nothing that waits is sent."""
        self.exit()

    def terminal_answered(self) -> None:
        """The terminal said something of itself: shapes that it draws two cells wide are not sent to it any more."""
        driver = self.line_to_terminal
        if driver is not None and driver.answers.wide and isinstance(self.gate, Gate) and not self.gate.ascii_shapes:
            self.gate.ascii_shapes = True
            for screen in self.screen_stack:
                for widget in screen.walk_children(Widget):
                    _ = widget.refresh()  # each keeps the lines that went through the gate

    def export_screenshot(self, *, title: str | None = None, simplify: bool = False) -> str:
        """The screen as SVG; no font is fetched from anywhere to show it."""
        svg = super().export_screenshot(title=title, simplify=simplify)
        return _WEB_FONT.sub("", svg).replace("Fira Code, monospace", "monospace")

    def _fatal_error(self) -> None:
        """Textual would print the traceback with its local variables, which hold case text."""
        self._end_with(self._exception)

    def panic(self, *renderables: object) -> None:
        """Textual calls this where an error draws itself, and where its thread that reads the keys ended."""
        self._end_with(self._exception)

    def _end_with(self, error: BaseException | None) -> None:
        self._return_code = 1
        if self.failed is None:
            self.failed = (
                f"{self.TITLE} failed; nothing that was held is sent" if error is None else crash_sentence(error)
            )
            if error is not None:
                self.faults.note(Fault.of("The console", error))
        self._close_messages_no_wait()

    def on_faulted(self, message: Faulted) -> None:
        """One part failed, and says so in its place."""
        self.faults.note(message.fault)

    def _print_error_renderables(self) -> None:
        self._exit_renderables.clear()
