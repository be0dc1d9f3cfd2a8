"""The screen that is put away, the wall over the floor, and what the line to the terminal is said to be."""

from __future__ import annotations

from client.config import Config
from tests.tui.sample_floor import SampleSession
from tests.tui.test_console import SCHOOL, desk, ready
from tui.care import Care
from tui.floor import WorkFloor
from tui.screens.away import AwayScreen, away_lines
from tui.screens.wall import WallScreen
from tui.terminal.abilities import Abilities
from tui.terminal.linkmeter import LinkMeter, spoken


async def test_after_some_minutes_without_a_key_nothing_of_the_floor_is_on_the_screen() -> None:
    async with desk() as it:
        await ready(it)
        await it.select(SCHOOL)
        it.app.floor.care.idle.after_ms = 1
        await it.until(lambda: isinstance(it.app.screen, AwayScreen))
        await it.sees("Put away", "open", "not from whoever sits down here.")
        assert "school" not in it.text
        assert "C-7F3A" not in it.text
        it.app.floor.care.idle.after_ms = 0
        await it.press("a")
        await it.sees("LEFT SEV")

        # The key that brought the floor back did nothing else.
        assert it.session.sent == []


async def test_a_draft_is_kept_and_a_card_is_gone_when_the_screen_is_put_away() -> None:
    async with desk() as it:
        await ready(it)
        await it.select(SCHOOL)
        await it.press("n", *"half")
        it.app.floor.put_away()
        await it.until(lambda: isinstance(it.app.screen, AwayScreen))
        await it.press("j")
        await it.sees("LEFT SEV")
        assert it.app.floor.view.asking.question is None
        await it.press("n")
        await it.sees("half")


async def test_the_wall_opens_over_the_floor_and_shows_all_of_it() -> None:
    async with desk() as it:
        await ready(it)
        await it.press("2", "w")
        await it.until(lambda: isinstance(it.app.screen, WallScreen))
        await it.sees("LATE", "UNOWNED", "OPEN", "SSH", "CSEA", "in 8/h  out 0/h")
        assert "school" not in it.text
        await it.press("a", "q")
        await it.sees("LEFT SEV")

        assert it.session.sent == []


def test_the_foremost_cases_are_those_of_the_queue() -> None:
    model: WorkFloor = WorkFloor()
    model.session = SampleSession()
    model.refresh()

    assert model.tally.foremost(7) == list(model.ids)[:7]


async def test_a_click_selects_and_the_wheel_moves_unless_something_is_asked() -> None:
    async with desk() as it:
        await ready(it)
        queue = it.app.floor.view.queue
        await it.pilot.click(queue, offset=(20, 4))
        await it.until(lambda: it.cursor == it.app.model.ids[3])
        await it.press("n")
        await it.pilot.click(queue, offset=(20, 2))
        await it.press("escape")

        assert it.cursor == it.app.model.ids[3]
        assert queue.case_on(0) is None
        assert queue.case_on(1) == it.app.model.ids[0]


async def test_without_a_viewer_it_is_said_what_to_configure() -> None:
    async with desk() as it:
        await ready(it)
        await it.press("Y", "v")
        await it.sees('viewer = "https://', "config.toml")


def test_what_is_put_away_says_how_the_feed_is() -> None:
    model: WorkFloor = WorkFloor()
    model.session = SampleSession()
    model.session.set_status(phase="stale", feed_age_ms=34_000)
    model.refresh()
    lines = away_lines(model.floor(), 3, ())

    assert ("feed 34 s", "late") in lines[3]
    assert ("\u25a03 S0", "late") in lines[2]


def test_a_call_is_sent_by_the_ways_of_its_severity_and_the_title_has_counts() -> None:
    model: WorkFloor = WorkFloor()
    session = SampleSession()
    model.session = session
    model.refresh()
    sent: list[str] = []
    now = [0.0]

    class Wired(Care):
        def write(self, sequence: str) -> bool:
            sent.append(sequence)
            return bool(sequence)

    care = Wired(
        Config(), Abilities(program="WezTerm"), model, lambda: None, lambda: now[0], lambda work: None, lambda: 600
    )
    care.tick(lately=set())
    assert sent[0].startswith("\x1b]2;")
    assert "41 open" in sent[0] or "open" in sent[0]
    sent.clear()
    fresh = session.mirror.rows["C-00000008"]
    from msgspec.structs import replace

    session.mirror.put(replace(fresh, severity="S0", summary="a secret"))
    model.refresh()
    now[0] += 2_000
    care.tick(lately=set())

    assert "\a" in sent
    assert any(each.startswith("\x1b]9;") for each in sent)
    assert not any("secret" in each for each in sent)


def test_the_meter_counts_over_ten_seconds() -> None:
    meter = LinkMeter()
    for second in range(30):
        meter.wrote(1_000, second * 1_000)

    assert 900 <= meter.bytes_per_s(29_500) <= 1_100
    assert meter.bytes_per_s(60_000) == 0
    assert meter.total == 30_000
    assert spoken(34.2, 1_240) == "answers in 34 ms \u00b7 1.2 kB/s"
    assert spoken(None, 40) == "40 B/s"
