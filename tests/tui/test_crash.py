"""When the console fails: a part that cannot be shown says so and the rest stands; the end is one line without text."""

import json
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest
from msgspec.structs import replace

import tui.floorview
import tui.screens.floor
import widgets.casepane
from client.views.row import QueueRow
from tests.tui.sample_floor import SampleSession, sketch, whole_case
from tests.tui.test_console import SCHOOL, Desk, desk, ready
from tui.app import Watchfloor
from tui.crash import crash_sentence, recorder, worker_sentence
from tui.wall import WallApp
from widgets.banner import Banner
from widgets.boundary import Fault, Faults
from widgets.columns import Columns
from widgets.message import Footer, Message
from widgets.preview import Preview
from widgets.status import Status

SECRET = "secret summary"
ROW = "Home address of a journalist"


def fail(text: str = SECRET) -> NoReturn:
    raise ValueError(text)


def failing(*_: Any, **__: Any) -> NoReturn:
    fail()


def test_sentences_name_the_kind_and_the_place_alone() -> None:
    with pytest.raises(ValueError, match=SECRET) as caught:
        fail(SECRET)
    said = crash_sentence(caught.value) + worker_sentence(caught.value) + Fault.of("x", caught.value).sentence

    assert SECRET in "".join(traceback.format_exception(caught.value))
    assert "ValueError" in said
    assert SECRET not in said


def test_a_record_has_places_and_types_and_no_text(tmp_path: Path) -> None:
    file = tmp_path / "state" / "faults.jsonl"
    faults = Faults(recorder(lambda: file, lambda: 7, "0.1"))
    for _ in range(3):
        try:
            Columns.of(80).line(None, selected=False)  # type: ignore[arg-type]  # what a fault is made of
        except AttributeError as error:
            faults.note(Fault.of("This row", error))

    assert faults.count == 3
    (line,) = file.read_text().splitlines()
    found = json.loads(line)
    assert (found["at"], found["part"], found["kind"]) == (7, "This row", "AttributeError")
    assert found["steps"][-1].startswith("widgets.columns:")


def test_a_record_that_cannot_be_written_costs_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    faults = Faults(recorder(lambda: tmp_path / "file" / "faults.jsonl", lambda: 7, "0.1"))

    assert faults.note(Fault("The queue", "ValueError"))


# --- one part fails


async def later(it: Desk, seconds: int = 1) -> None:
    """Time passes, so that everything is painted again."""
    it.session.clock.now += seconds * 1_000
    await it.pilot.pause(0.25)


def secret_session() -> SampleSession:
    session = SampleSession(cases={SCHOOL: whole_case()})
    session.mirror.swap([replace(each, narrative=SECRET) if hasattr(each, "narrative") else each for each in sketch()])
    return session


PARTS: dict[str, tuple[str, Callable[[pytest.MonkeyPatch], None]]] = {
    "what the floor is": (
        "The status line",
        lambda patch: patch.setattr("tui.floor.FloorModel.floor", failing),
    ),
    "status": ("The status line", lambda patch: patch.setattr(Status, "tell", failing)),
    "status line": ("This line", lambda patch: patch.setattr(Status, "paint_line", failing)),
    "banner": ("The status line", lambda patch: patch.setattr(Banner, "tell", failing)),
    "facts of the preview": ("The preview", lambda patch: patch.setattr(tui.floorview, "facts", failing)),
    "preview": ("The preview", lambda patch: patch.setattr(Preview, "tell", failing)),
    "preview line": ("This line", lambda patch: patch.setattr(Preview, "paint_line", failing)),
    "message": ("The message", lambda patch: patch.setattr(Message, "say", failing)),
    "keys": ("The line of keys", lambda patch: patch.setattr(Footer, "offer", failing)),
}


async def test_a_part_that_fails_says_so_and_the_queue_stands() -> None:
    async with desk() as it:
        await ready(it)
        for part, breaks in PARTS.values():
            with pytest.MonkeyPatch.context() as patch:
                await it.select(SCHOOL)
                breaks(patch)
                await it.press("k")
                await later(it)
                await it.sees(f"{part} cannot be shown (ValueError at", ROW, "LEFT SEV")
                assert SECRET not in it.text
                before = it.cursor
                await it.press("j", "j")
                assert it.cursor != before, "keys work on"
                counted, known = it.app.faults.count, len(it.app.faults._known)
                await later(it, 5)
                assert it.app.faults.count > counted
                assert len(it.app.faults._known) == known, "the same fault is counted and not told again"
            # With the next change it is tried again.
            await it.press("j")
            await later(it)
            await it.until(lambda: "cannot be shown" not in it.text)


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_a_case_pane_that_fails_leaves_the_queue(size: tuple[int, int]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        async with desk(size=size) as it:
            await ready(it)
            await it.select(SCHOOL)
            patch.setattr(tui.floorview, "sections", failing)
            await it.press("enter")
            await later(it)
            await it.sees("The case pane cannot be shown (ValueError at")
            await it.press("q")
            await it.sees(ROW)
            patch.setattr(widgets.casepane.CasePane, "on_resize", failing)
            await it.pilot.resize_terminal(size[0] + 1, size[1])
            await later(it)
            await it.sees(ROW, "LEFT SEV")


async def test_a_row_that_fails_is_one_line_and_its_neighbors_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    async with desk() as it:
        await ready(it)
        real = type(it.app.model).row

        def row(model: Any, case_id: str) -> QueueRow | None:
            return fail() if case_id in ("C-00000008", "C-00000001") else real(model, case_id)

        monkeypatch.setattr(type(it.app.model), "row", row)
        await later(it)
        await it.sees("this row cannot be shown (ValueError)", "Attack video re-uploaded")

        assert ROW not in it.text
        rows = [line for line in it.screen if "this row cannot be shown" in line]
        assert len(rows) == 2
        assert "\u25a0S0" in rows[0], "an S0 stays one"
        assert it.screen[9].startswith("  50:00 \u25b2S1") or "Attack video" in it.screen[9]
        await it.press("j", "k")
        assert it.app.is_running


async def test_a_row_that_fails_while_it_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Columns.line

    def line(columns: Columns, row: QueueRow, *, selected: bool, marked: bool = False) -> Any:
        return fail() if row.case_id == "C-00000008" else real(columns, row, selected=selected)

    monkeypatch.setattr(Columns, "line", line)
    async with desk() as it:
        await ready(it)
        await it.sees("This row cannot be shown (ValueError at", "Attack video re-uploaded")


async def test_a_case_that_cannot_be_taken_in_takes_no_other_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async with desk() as it:
        await ready(it)
        shown = it.app.model._ids._queue
        asked = shown._asked
        monkeypatch.setattr(
            shown, "_asked", lambda rows, case, now: fail() if rows[case].version == 99 else asked(rows, case, now)
        )
        rows = sketch()
        it.session.mirror.put(replace(rows[7], version=99), replace(rows[6], summary="changed meanwhile"))
        it.session.on_change()
        await it.sees("A case failed (ValueError at", "changed meanwhile", ROW)


async def test_the_clock_the_keys_and_the_answers_of_a_session_may_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    async with desk() as it:
        await ready(it)
        monkeypatch.setattr(it.app.model, "refresh", failing)
        it.session.on_change()
        await it.sees("What the feed told failed (ValueError at", ROW)
        monkeypatch.undo()
        monkeypatch.setattr(it.app.floor.steering, "press", failing)
        await it.press("j")
        await it.sees("What that key asked for failed (ValueError at", ROW)
        monkeypatch.undo()
        monkeypatch.setattr(it.session, "open_case", failing)
        await it.press("enter")
        await it.sees("Something failed in the background (ValueError at")
        assert SECRET not in it.text
        await it.press("q", "j")
        assert it.app.is_running


async def test_help_that_fails_is_not_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    async with desk() as it:
        await ready(it)
        monkeypatch.setattr("tui.screens.help.help_lines", failing)
        await it.press("?")
        await it.sees("What that key asked for failed (ValueError at", ROW)


async def test_a_wall_that_fails_shows_no_calm_old_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    session = SampleSession()
    app = WallApp(lambda: session)
    async with app.run_test(size=(62, 16)) as pilot:

        async def sees(word: str) -> str:
            screen = ""
            for _ in range(200):
                await pilot.pause(0.02)
                strips = app.screen._compositor.render_strips()
                screen = "".join(segment.text for strip in strips for segment in strip)
                if word in screen:
                    return screen
            raise AssertionError(screen)

        await sees("LATE")
        monkeypatch.setattr("tui.wall.wall", failing)
        screen = await sees("The wall cannot be shown")
        assert "LATE" not in screen
        monkeypatch.undo()
        await sees("LATE")


# --- the end


async def test_what_no_boundary_holds_ends_it_with_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    session = SampleSession()
    session.mirror.swap([replace(each, summary=SECRET) for each in sketch()])
    app = Watchfloor(lambda: session)

    async def run() -> None:
        async with app.run_test(size=(80, 24)) as pilot:
            for _ in range(100):
                await pilot.pause(0.02)
                if app.floor.view.queue.cursor is not None:
                    break
            monkeypatch.setattr(app.screen._compositor, "reflow", failing)
            app.screen.refresh(layout=True)
            for _ in range(100):
                await pilot.pause(0.02)

    # The pilot raises again what ended the application; a real run returns.
    with pytest.raises(ValueError, match=SECRET):
        await run()

    assert app.failed is not None
    assert "ValueError" in app.failed
    out, err = capsys.readouterr()
    assert SECRET not in app.failed + out + err
    assert app.return_code == 1
