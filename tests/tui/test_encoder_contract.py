"""What the encoder, the pace and the outlet rely upon in Textual's private parts. If this fails, read them again.

The techniques are in `tui/terminal/encoder_source.py` (updates, dirty widgets), `tui/terminal/painting.py` (when a
frame is composed and shown) and `tui/terminal/outlet.py` (the writer). A new version of Textual moves the pin alone,
with this file read again.
"""

import hashlib
import inspect
import textwrap
from collections.abc import Callable
from importlib.metadata import version

import pytest
from textual._compositor import ChopsUpdate, Compositor, CompositorUpdate, InlineUpdate, LayoutUpdate
from textual.app import App
from textual.driver import Driver
from textual.drivers._writer_thread import WriterThread
from textual.drivers.linux_driver import LinuxDriver
from textual.geometry import Region, Size
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from tui.terminal.outlet import Outlet, Terminal
from tui.terminal.painting import PaintedApp, PaintedScreen

READ = {
    App._begin_update: "2ed4005fb8df",
    App._display: "2dc2767da903",
    Compositor._get_renders: "f3af89eea81c",
    Compositor._render_chops: "08dba28b936c",
    Compositor.render_full_update: "95c5bf6a3888",
    Compositor.render_partial_update: "342f61fb3b24",
    Compositor.render_update: "f2bd27da1b79",
    Compositor.update_widgets: "737c32a7e464",
    LinuxDriver.close: "e53d5bcd4921",
    LinuxDriver.start_application_mode: "a6a78976dcf6",
    LinuxDriver.stop_application_mode: "8fb0dc87358d",
    Driver.suspend_application_mode: "9a8ae20cee08",
    LinuxDriver.write: "4a377e7dab65",
    Screen._compositor_refresh: "55663d2f194d",
    Screen._invoke_and_clear_callbacks: "d878b6e615e7",
    Screen._on_idle: "07b070b1b717",
    Screen._on_timer_update: "af1f31e0921c",
    Screen._refresh_layout: "a319675b7348",
    Widget._check_refresh: "13fd74f1d91f",
    Widget._exchange_repaint_regions: "8f1e5e1682a0",
    Widget._set_dirty: "15d0593bef4e",
    Widget.refresh: "59f7e8ecde5a",
    Widget.render_lines: "c8c7679a8ae6",
    WriterThread: "411a9202bed5",
}
"""What was read, and a digest of its source as it was then."""


def digest(part: object) -> str:
    source = textwrap.dedent(inspect.getsource(part))  # type: ignore[arg-type]  # functions and a class
    return hashlib.sha256(source.encode()).hexdigest()[:12]


def test_the_version_is_the_one_that_was_read() -> None:
    assert version("textual") == "8.2.8"


@pytest.mark.parametrize("part", READ, ids=lambda part: part.__qualname__)
def test_the_source_is_what_was_read(part: Callable[..., object]) -> None:
    assert digest(part) == READ[part], f"Textual's {part.__qualname__} is another: read it, then tui/terminal/"


def test_updates_have_the_shapes_that_are_taken_apart() -> None:
    assert issubclass(LayoutUpdate, CompositorUpdate)
    assert issubclass(ChopsUpdate, CompositorUpdate)
    assert issubclass(InlineUpdate, CompositorUpdate)
    whole = LayoutUpdate([{0: Strip.blank(4)}.values()], Region(0, 0, 4, 1))
    assert (len(whole.strips), whole.region) == (1, Region(0, 0, 4, 1))
    part = ChopsUpdate([{0: Strip.blank(4)}], [(0, 0, 4)], [[4]])
    assert (part.chops, part.spans, part.chop_ends) == ([{0: Strip.blank(4)}], [(0, 0, 4)], [[4]])


async def test_a_screen_has_what_is_read_and_written() -> None:
    app = PaintedApp()
    async with app.run_test(size=(30, 5)):
        screen = app.screen
        assert isinstance(screen, PaintedScreen)
        assert isinstance(screen._compositor.visible_widgets, dict)
        assert isinstance(screen._compositor._dirty_regions, set)
        assert isinstance(screen._dirty_widgets, set)
        assert isinstance(screen._callbacks, list)
        assert screen._compositor.size == Size(30, 5)
        assert {type(screen._layout_required), type(screen._repaint_required)} == {bool}
        assert (app._batch_count, app._running, app._closed, app._sync_available) == (0, True, False, False)
        whole = screen._compositor.render_update(full=True, screen_stack=app._background_screens)
        assert isinstance(whole, LayoutUpdate)
        assert all(hasattr(line, "mapping") for line in whole.strips)


def test_the_driver_makes_its_writer_through_the_attribute_that_is_ours() -> None:
    assert issubclass(Terminal, LinuxDriver)
    assert issubclass(Outlet, WriterThread)
    assert "self._writer_thread = WriterThread(self._file)" in inspect.getsource(LinuxDriver.start_application_mode)
    public = {name for name in vars(WriterThread) if not name.startswith("_")}
    assert public <= {"write", "isatty", "fileno", "flush", "run", "stop"}, "the outlet has to have these too"
