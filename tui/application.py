"""What the console and the wall share as Textual applications: theme, gate, crash handling, pictures."""

from __future__ import annotations

import re
from typing import ClassVar, Final

from textual.app import App
from textual.filter import LineFilter

from themes.dark import DARK, PLAIN
from tui.crash import crash_sentence
from tui.sheet import SHEET
from tui.terminal import filters, plain_wanted
from widgets.gate import Gate

_WEB_FONT: Final = re.compile(r"@font-face\s*\{[^}]*\}\s*")


class Application(App[None], inherit_bindings=False):
    """Has no keys of its own, no markup from outside, and prints no local variables when it fails."""

    CSS_PATH: ClassVar = SHEET
    ENABLE_COMMAND_PALETTE = False
    ESCAPE_TO_MINIMIZE = False

    def __init__(self, *, gate: Gate | None = None) -> None:
        self.gate: LineFilter = gate or Gate()
        super().__init__()
        self.failed: str | None = None
        """The sentence to print once the terminal is given back, if it failed."""
        self.register_theme(DARK)
        self.register_theme(PLAIN)
        self.no_color = plain_wanted()
        self.theme = PLAIN.name if self.no_color else DARK.name

    def get_line_filters(self) -> list[LineFilter]:
        """Textual's own, and behind them the gate."""
        return filters(super().get_line_filters(), self.gate, plain=self.no_color)

    def export_screenshot(self, *, title: str | None = None, simplify: bool = False) -> str:
        """The screen as SVG; no font is fetched from anywhere to show it."""
        svg = super().export_screenshot(title=title, simplify=simplify)
        return _WEB_FONT.sub("", svg).replace("Fira Code, monospace", "monospace")

    def _fatal_error(self) -> None:
        """Textual would print the traceback with its local variables, which hold case text."""
        error = self._exception
        self.failed = f"{self.TITLE} failed" if error is None else crash_sentence(error)
        self._close_messages_no_wait()

    def _print_error_renderables(self) -> None:
        self._exit_renderables.clear()
