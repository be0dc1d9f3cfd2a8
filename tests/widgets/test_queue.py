"""The cursor belongs to a case: whatever rows do, it stays on it and on its line, and nothing else is repainted."""

import random
from collections.abc import AsyncIterator

import pytest
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.geometry import Region

from casework.model import Row
from client.views.row import QueueRow, queue_row
from client.views.shown import Shown
from tests.tui.sample_floor import MINUTE, NOW, row
from widgets.columns import Columns
from widgets.queue import Queue


class Rows:
    """A floor in memory: rows by id, in queue order."""

    def __init__(self, count: int) -> None:
        self.rows = {each.case_id: each for each in (make(at, due=at) for at in range(count))}
        self.shown = Shown(lambda each, now: True)
        self.shown.rebuild(self.rows, NOW)
        self.now = NOW

    def draw(self, case_id: str) -> QueueRow | None:
        found = self.rows.get(case_id)
        return None if found is None else queue_row(found, self.now, "ana")

    def index(self, case_id: str) -> int | None:
        return self.shown.index(case_id) if case_id in self.shown else None

    def put(self, number: int, due: int) -> None:
        each = make(number, due=due)
        self.rows[each.case_id] = each
        self.shown.update(self.rows, [each.case_id], NOW)

    def drop(self, case_id: str) -> None:
        del self.rows[case_id]
        self.shown.update(self.rows, [case_id], NOW)


def make(number: int, *, due: int) -> Row:
    return row(number, "TTL", "S1", f"Case {number}", left_ms=(due + 20) * MINUTE)


class QueueApp(App[None]):
    def __init__(self, rows: Rows) -> None:
        super().__init__()
        self.rows = rows
        self.queue = Queue()

    def compose(self) -> ComposeResult:
        yield self.queue

    def on_mount(self) -> None:
        self.queue.source(self.rows.shown, self.rows.draw, self.rows.index)


@pytest.fixture
async def app() -> AsyncIterator[QueueApp]:
    app = QueueApp(Rows(40))
    async with app.run_test(size=(80, 14)) as pilot:
        await pilot.pause()
        app.queue.show()
        app.queue.first()
        yield app


def text(app: QueueApp) -> list[str]:
    return [app.queue.render_line(y).text for y in range(app.queue.size.height)]


async def test_the_cursor_and_what_it_shows_never_slide_under_random_changes(app: QueueApp) -> None:
    queue, rows = app.queue, app.rows
    chance = random.Random(20_261_122)
    number = 1_000
    for _ in range(600):
        cursor, line = queue.cursor, queue.cursor_line
        assert cursor is not None
        at = rows.index(cursor)
        act = chance.random()
        if act < 0.45:
            number += 1
            rows.put(number, chance.randrange(200))
        elif act < 0.7 and rows.rows:
            rows.put(int(chance.choice(list(rows.rows))[2:]), chance.randrange(200))
        elif act < 0.85 and len(rows.rows) > 1:
            rows.drop(chance.choice([each for each in rows.rows if each != cursor]))
        elif act < 0.95:
            queue.move(chance.choice((-9, -1, 1, 2, 9)))
            continue
        settled = queue.show()

        assert settled.lost is None
        assert queue.cursor == cursor
        assert queue.cursor_line is not None
        assert f"Case {int(cursor[2:])} " in queue.render_line(queue.cursor_line).text
        moved = rows.index(cursor)
        assert moved is not None
        assert at is not None
        room_above, room_below = moved, len(rows.shown) - 1 - moved
        if line is not None and room_above >= line - 1 and room_below >= queue.page - line:
            assert queue.cursor_line == line


async def test_a_lost_case_gives_its_line_to_the_next_and_says_so(app: QueueApp) -> None:
    app.queue.move(4)
    lost = app.queue.cursor
    after = app.rows.shown[5]
    assert lost is not None
    app.rows.drop(lost)

    assert app.queue.show().lost == lost
    assert app.queue.cursor == after
    assert app.queue.cursor_line == 5


async def test_only_lines_that_differ_are_painted_again(app: QueueApp, monkeypatch: pytest.MonkeyPatch) -> None:
    refreshed: list[Region] = []
    app.queue.repaint()
    monkeypatch.setattr(app.queue, "refresh", lambda *regions, **more: refreshed.extend(regions))

    app.queue.repaint()
    assert refreshed == []
    app.queue.move(1)
    assert [region.y for region in refreshed] == [1, 2]
    refreshed.clear()
    app.rows.put(3, 3)  # the same row once more
    app.queue.show()
    assert refreshed == []


async def test_what_is_hidden_is_counted(app: QueueApp) -> None:
    assert text(app)[-1].rstrip().endswith("28 more below")
    app.queue.last()
    assert text(app)[-1].rstrip().endswith("28 more above")


@pytest.mark.parametrize("width", [30, 40, 49, 50, 62, 69, 70, 80, 120, 200])
def test_columns_fill_any_width(width: int) -> None:
    each = queue_row(row(1, "DANGER", "S0", "\u6f22\u5b57 " * 40, owner="somebody long"), NOW, "ana")
    line = "".join(str(piece) for piece, _ in Columns.of(width).line(each, selected=True))

    assert cell_len(line) == width
    assert cell_len("".join(str(piece) for piece, _ in Columns.of(width).header())) <= width


async def test_before_it_has_any_lines_a_case_can_be_selected(app: QueueApp) -> None:
    app.queue.display = False
    rows = Rows(5)
    early = Queue()
    early.source(rows.shown, rows.draw, rows.index)
    await app.mount(early, after=app.queue)
    early.styles.height = 0
    early.first()
    early.move(2)
    assert early.cursor == rows.shown[2]
