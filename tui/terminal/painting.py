"""Frames on their way: composed by Textual, told apart by the encoder, spaced by the pace, held while the line is full.

A frame that cannot go is not composed at all; what it would have shown stays marked, and one frame shows it later.
"""

from __future__ import annotations

import os
from typing import Final

from rich.console import RenderableType
from textual import events
from textual._ansi_sequences import SYNC_END, SYNC_START
from textual._compositor import CompositorUpdate, InlineUpdate
from textual.app import App
from textual.driver import Driver
from textual.screen import Screen, ScreenResultType

from tui.terminal.encoder import Encoder
from tui.terminal.encoder_source import Patch, Source, hand_over, is_whole, whole
from tui.terminal.outlet import Terminal, monotonic_ms
from tui.terminal.pacing import Pace
from widgets.boundary import Fault, Faulted


class PaintedApp(App[None], inherit_bindings=False):
    """An application whose frames go through the encoder. Without a terminal, as in tests, it is Textual's own."""

    def __init__(self, driver_class: type[Driver] = Terminal) -> None:
        super().__init__(driver_class=driver_class)
        self._encoder = Encoder()
        self._source = Source()
        self.remote: Final = bool(os.environ.get("SSH_CONNECTION"))
        """Whether the terminal is on the far side of a network, where each frame counts."""
        self._pace = Pace(remote=self.remote)
        self._entries = 0
        self._owed = False
        """Whether a frame was composed that did not go out."""
        self._frame_bytes = 0
        self._news_bytes = 0

    def get_default_screen(self) -> Screen[object]:
        return PaintedScreen(id="_default")

    def on_resize(self, event: events.Resize) -> None:
        """A terminal that gets another size moves what it shows as it likes."""
        self._encoder.forget()

    def repaint_all(self) -> None:
        """Clear the terminal and paint everything again: something else may have written to it."""
        if isinstance(self._driver, Terminal):
            self._encoder.forget()
            self._driver.write("\x1b[m\x1b[2J")
        self.refresh(repaint=True, layout=True)

    # --- whether a frame may go

    def held_ms(self) -> float | None:
        """How long the next frame has to wait; None as long as the terminal has not taken the last one."""
        if isinstance(self._driver, Terminal) and self._driver.is_behind():
            return None
        return self._pace.wait_ms(monotonic_ms())

    def paint_now(self) -> int:
        """Paint what widgets want painted, at once if a frame may go; how many bytes it took."""
        self._frame_bytes = 0
        if self.held_ms() == 0:
            hand_over(self.screen, self._display)
        return self._frame_bytes

    def news_due(self) -> bool:
        """Whether it is time to look at news again. They are taken in also while the terminal is behind."""
        return self._pace.news_due(monotonic_ms())

    def paint_news(self, *, whole: bool = True) -> None:
        """Paint what the feed or the time changed; not `whole`: a part of it, and the rest follows soon."""
        if whole or not self.remote:
            self._news_bytes += self.paint_now()
        if whole:
            self._pace.told(monotonic_ms(), self._news_bytes)
            self._news_bytes = 0

    def drained_at(self) -> float | None:
        """When the terminal last came back from a stall, ms of a monotonic clock: now during one, None without."""
        driver = self._driver
        return driver.outlet.drained_at() if isinstance(driver, Terminal) and driver.outlet is not None else None

    # --- what goes out

    def _display(self, screen: Screen[object], renderable: RenderableType | CompositorUpdate | None) -> None:
        driver = self._driver
        if not isinstance(driver, Terminal) or not self._running or self._closed:
            if not isinstance(renderable, Patch):
                super()._display(screen, renderable)  # type: ignore[arg-type]  # Textual's frames are not declared as such
            return
        if renderable is not None and not isinstance(renderable, CompositorUpdate):
            # Not a frame; nothing of ours does this.
            super()._display(screen, renderable)
            self._encoder.forget()
            return
        if self._batch_count or driver.is_behind():
            self._owed = self._owed or renderable is not None
        else:
            self._send(screen, renderable, driver)
        self.post_display_hook()

    def _send(self, screen: Screen[object], update: CompositorUpdate | None, driver: Terminal) -> None:
        if self._entries != driver.entries or (driver.outlet is not None and driver.outlet.take_dropped()):
            self._entries = driver.entries
            self._encoder.forget()
        if self._owed or not self._encoder.known:
            update = update if is_whole(update, screen) else whole(screen)
            self._owed = False
        if update is None or isinstance(update, InlineUpdate):
            return
        driver.on_drained = self._drained
        try:
            frame = self._encoded(screen, update)
        except Exception as error:  # noqa: BLE001 - once more from nothing; what fails twice ends the program
            self.post_message(Faulted(Fault.of("A frame", error)))
            self._encoder.forget()
            frame = self._encoded(screen, whole(screen))
        if frame:
            written = f"{SYNC_START}{frame}{SYNC_END}" if self._sync_available else frame
            driver.write(written)
            self._frame_bytes = len(written)
            self._pace.painted(monotonic_ms())

    def _encoded(self, screen: Screen[object], update: CompositorUpdate) -> str:
        """The bytes that make of what stands on the terminal what `update` says."""
        return self._encoder.encode(
            self._source.pieces(update, self.console._color_system),
            screen._compositor.size,
            screen.outer_size.clamp_offset(self.cursor_position),
        )

    def _drained(self) -> None:
        """The terminal took all: what was held meanwhile is shown in one frame."""
        if self._running and not self._closed:
            self.call_later(self._catch_up)

    def _catch_up(self) -> None:
        if self._owed:
            self._display(self.screen, None)
        self.paint_now()


class PaintedScreen(Screen[ScreenResultType], inherit_bindings=False):
    """A screen that composes a frame only when it can go out."""

    @property
    def _painted(self) -> PaintedApp | None:
        app: App[object] | App[None] = self.app
        return app if isinstance(app, PaintedApp) else None

    def paint_now(self) -> None:
        """Paint the widgets' own changes inside the action that made them."""
        if (app := self._painted) is not None:
            app.paint_now()

    def paint_first(self) -> None:
        """Paint the part of an action that is done already, if a frame more costs nothing."""
        if (app := self._painted) is not None and not app.remote:
            app.paint_now()

    def paint_news(self, *, whole: bool = True) -> None:
        """Paint what the feed or the time changed; not `whole`: a part of it, and the rest follows soon."""
        if (app := self._painted) is not None:
            app.paint_news(whole=whole)

    @property
    def ended(self) -> bool:
        """Whether the screen is gone, or going."""
        return self._closing or self._closed

    def news_due(self) -> bool:
        """Whether news may be painted."""
        return (app := self._painted) is None or app.news_due()

    def repaint_all(self) -> None:
        """Clear the terminal and paint everything again."""
        if (app := self._painted) is not None:
            app.repaint_all()

    def drained_at(self) -> float | None:
        """When the terminal last came back from a stall: keys typed before that were typed blind."""
        return None if (app := self._painted) is None else app.drained_at()

    def _on_timer_update(self) -> None:
        app = self._painted
        held = 0.0 if app is None else app.held_ms()
        if held == 0:
            super()._on_timer_update()
            return
        self._update_timer.pause()
        if held is not None:
            self.set_timer(held / 1_000, self._update_timer.resume)
        if self._callbacks:
            self.call_next(self._invoke_and_clear_callbacks)
