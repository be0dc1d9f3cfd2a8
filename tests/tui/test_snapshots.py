"""Screens as they were last looked at. Update with `--snapshot-update`, and look at the pictures before committing."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.tui.sample_floor import SampleSession, sketch, whole_case
from tui.app import Watchfloor
from tui.terminal.abilities import Abilities
from tui.wall import WallApp
from widgets.gate import Gate

SCHOOL = "C-7F3A9K2M"
Compare = Callable[..., bool]
Before = Callable[[Pilot[None]], Awaitable[None]]


def console(session: SampleSession | None = None, **more: Any) -> Watchfloor:
    session = session or SampleSession(cases={SCHOOL: whole_case()})
    return Watchfloor(lambda: session, name="us-floor", **more)


def then(*keys: str, cursor: str | None = SCHOOL) -> Before:
    """Wait for the floor, select a case, press keys, and let it settle."""

    async def act(pilot: Pilot[None]) -> None:
        app = pilot.app
        assert isinstance(app, Watchfloor)
        app.floor.following.rest_ms = math.inf  # a picture does not depend on how long it was waited for
        for _ in range(200):
            await pilot.pause(0.02)
            model = app.model
            if model.session is not None and model.whole and (cursor is None or app.floor.view.queue.cursor):
                break
        if cursor is not None:
            app.floor.select(cursor)
        await pilot.press(*keys)
        await pilot.pause(0.3)
        app.floor.paint()
        await pilot.pause()

    return act


async def on_the_wall(pilot: Pilot[None]) -> None:
    assert isinstance(pilot.app, WallApp)
    for _ in range(200):
        await pilot.pause(0.02)
        if pilot.app.model.session is not None:
            break
    pilot.app.look()
    await pilot.pause()


def test_queue_with_preview(snap_compare: Compare) -> None:
    assert snap_compare(console(), terminal_size=(80, 24), run_before=then())


def test_queue_beside_the_case(snap_compare: Compare) -> None:
    assert snap_compare(console(), terminal_size=(160, 50), run_before=then("enter"))


def test_one_pane(snap_compare: Compare) -> None:
    assert snap_compare(console(), terminal_size=(40, 12), run_before=then())


def test_a_form(snap_compare: Compare) -> None:
    assert snap_compare(console(), terminal_size=(80, 24), run_before=then("o", "f"))


def test_a_card(snap_compare: Compare) -> None:
    assert snap_compare(console(), terminal_size=(80, 24), run_before=then("d", "0", *"satire", "enter"))


def test_stale(snap_compare: Compare) -> None:
    session = SampleSession()
    session.set_status(phase="stale", feed_age_ms=34_000)
    assert snap_compare(console(session), terminal_size=(80, 24), run_before=then())


def test_nothing_to_do(snap_compare: Compare) -> None:
    session = SampleSession()
    session.mirror.swap([])
    assert snap_compare(console(session), terminal_size=(80, 24), run_before=then(cursor=None))


def test_help(snap_compare: Compare) -> None:
    assert snap_compare(console(), terminal_size=(80, 24), run_before=then("question_mark"))


def test_without_color_in_ascii(snap_compare: Compare, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(console(gate=Gate(ascii_shapes=True)), terminal_size=(80, 24), run_before=then())


def test_sixteen_colors(snap_compare: Compare) -> None:
    able = Abilities(term="linux", colors="16")
    app = console(gate=Gate(ascii_shapes=True), abilities=able)
    assert snap_compare(app, terminal_size=(80, 24), run_before=then())


def test_256_colors(snap_compare: Compare) -> None:
    app = console(abilities=Abilities(colors="256"))
    assert snap_compare(app, terminal_size=(80, 24), run_before=then())


def test_help_on_the_smallest_screen(snap_compare: Compare) -> None:
    assert snap_compare(console(), terminal_size=(40, 12), run_before=then("question_mark"))


def test_the_wall_on_the_smallest_screen(snap_compare: Compare) -> None:
    session = SampleSession()
    session.mirror.swap(sketch())
    assert snap_compare(WallApp(lambda: session, name="us floor"), terminal_size=(40, 12), run_before=on_the_wall)


def test_put_away(snap_compare: Compare) -> None:
    assert snap_compare(console(), terminal_size=(80, 24), run_before=then("Z"))


def test_the_wall(snap_compare: Compare) -> None:
    session = SampleSession()
    session.mirror.swap(sketch())
    assert snap_compare(WallApp(lambda: session, name="us floor"), terminal_size=(62, 16), run_before=on_the_wall)


def test_the_wall_when_stale(snap_compare: Compare) -> None:
    session = SampleSession()
    session.set_status(phase="stale", feed_age_ms=34_000)
    assert snap_compare(WallApp(lambda: session, name="us floor"), terminal_size=(62, 16), run_before=on_the_wall)
