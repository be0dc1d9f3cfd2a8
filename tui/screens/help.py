"""Help: what works here and now, and why the rest does not."""

from __future__ import annotations

from casework.model import Common
from client.views.bits import Line
from tui.floor import WorkFloor
from tui.helplines import help_lines
from tui.keymap import Keymap
from tui.screens.page import PageScreen


class HelpScreen(PageScreen, inherit_bindings=False):
    """All keys; `?` closes it as well."""

    CLOSING = (*PageScreen.CLOSING, "?")

    def __init__(self, keymap: Keymap, model: WorkFloor, case: Common | None, terminal: tuple[Line, ...] = ()) -> None:
        super().__init__((*help_lines(keymap, model, case), *terminal))
