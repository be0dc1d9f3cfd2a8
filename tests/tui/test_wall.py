"""The wall: numbers while the feed lives, nothing but its silence when it does not; and no way to act."""

import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot

from client.views.wall import readable_lines
from tests.tui.sample_floor import HOUR, NOW, SampleSession, row, sketch
from tui.wall import WallApp
from widgets.bigdigits import HEAVY, SLIM, big, doubled


def lines(app: WallApp) -> list[str]:
    strips = app.screen._compositor.render_strips()
    return ["".join(segment.text for segment in strip).rstrip() for strip in strips]


async def until(pilot: Pilot[None], holds: Callable[[], object]) -> None:
    for _ in range(200):
        if holds():
            return
        await pilot.pause(0.02)
    raise AssertionError("\n".join(lines(pilot.app)))  # type: ignore[arg-type]


@asynccontextmanager
async def hung(
    session: SampleSession, *, size: tuple[int, int] = (62, 16), screen: tuple[float, float] | None = None
) -> AsyncIterator[tuple[WallApp, Pilot[None]]]:
    app = WallApp(lambda: session, name="us floor", screen=screen)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.model.session is not None and "FLOOR" in lines(app)[0])
        yield app, pilot


async def test_the_first_page() -> None:
    async with hung(SampleSession()) as (app, pilot):
        await until(pilot, lambda: "SSH" in "".join(lines(app)))
        shown = lines(app)

        assert shown[0].split() == ["US", "FLOOR", "\u25a0", "LATE", "feed", "0.4", "s", "12:41:07", "Z"]
        assert shown[5].split() == ["LATE", "UNOWNED", "OPEN", "NEXT", "S0", "EDR", "verify", "bo"]
        assert shown[7] == " LATE  0:42 \u25a0S0 SSH    police    cy"
        assert shown[9] == "       3:20 \u25a0S0 CSEA   ack       UNOWNED"
        assert shown[15].split() == ["1/1", "in", "8/h", "out", "0/h"]
        assert all("school" not in line and "Live" not in line for line in shown)


@pytest.mark.parametrize(("phase", "word"), [("stale", "STALE"), ("offline", "STALE"), ("forked", "FORKED")])
async def test_when_the_feed_is_silent_the_numbers_go(phase: str, word: str) -> None:
    session = SampleSession()
    async with hung(session) as (app, pilot):
        await until(pilot, lambda: "SSH" in "".join(lines(app)))
        session.set_status(phase=phase, feed_age_ms=34_000)
        await until(pilot, lambda: word in "".join(lines(app)))
        shown = "\n".join(lines(app))

        assert "last known 12:40:33 Z" in shown
        assert not any(known in shown for known in ("SSH", "EDR", "UNOWNED", "OPEN", "cy", "in 8/h"))
        session.set_status(phase="live", feed_age_ms=100)
        await until(pilot, lambda: "SSH" in "".join(lines(app)))


@pytest.mark.parametrize(
    ("rows", "word"),
    [
        (sketch(), "LATE"),
        ([row(1, "TTL", "S1", "x", owner=None)], "UNOWNED"),
        ([row(1, "TTL", "S1", "x", owner="cy", left_ms=HOUR // 10)], "SOON"),
        ([row(1, "TTL", "S3", "x", owner="cy")], "STEADY"),
        ([], "STEADY"),
    ],
)
async def test_one_word_for_the_floor(rows: list[object], word: str) -> None:
    session = SampleSession()
    session.mirror.swap(rows)  # type: ignore[arg-type]
    async with hung(session) as (app, pilot):
        await until(pilot, lambda: f"\u25a0 {word}" in lines(app)[0])


@pytest.mark.parametrize("size", [(40, 12), (62, 16), (85, 22), (120, 30), (20, 5), (200, 60)])
async def test_it_fits_any_screen(size: tuple[int, int]) -> None:
    async with hung(SampleSession(), size=size) as (app, pilot):
        await until(pilot, lambda: "FLOOR" in "".join(lines(app)))

        assert len(lines(app)) == size[1]


async def test_arrivals_against_clears() -> None:
    session = SampleSession()
    ended = replace(row(1, "TTL", "S1", "x"), state="RESOLVED", ended_at=NOW - 10_000, opened_at=NOW - 5 * HOUR)
    session.mirror.swap([ended, row(2, "TTL", "S1", "x", owner="cy", age_ms=1_000)])
    async with hung(session) as (app, pilot):
        await until(pilot, lambda: "in 1/h  out 1/h" in lines(app)[-1])


async def test_it_says_what_can_be_read_from_there() -> None:
    assert readable_lines(55, 5) == 16
    assert readable_lines(75, 5) == 21
    async with hung(SampleSession(), screen=(55, 5)) as (app, pilot):
        await until(pilot, lambda: '55" at 5 m: all of it can be read' in lines(app)[-1])
    async with hung(SampleSession(), size=(120, 40), screen=(55, 5)) as (app, pilot):
        await until(pilot, lambda: "only the digits; use 16 lines, not 40" in lines(app)[-1])


async def test_only_q_and_ctrl_c_do_anything() -> None:
    session = SampleSession()
    async with hung(session) as (app, pilot):
        await pilot.press("a", "e", "1", "y", "d", "0")
        assert session.sent == []
        await pilot.press("q")
        assert app._exit


def test_nothing_that_acts_is_loaded_with_it(checkout: Path) -> None:
    code = "import json, sys, tui.wall, cli.wall; sys.stderr.write(json.dumps(sorted(sys.modules)))"
    process = subprocess.run(
        [sys.executable, "-c", code], cwd=checkout, capture_output=True, text=True, timeout=60, check=True
    )
    loaded = set(json.loads(process.stderr))

    acting = {
        "tui.acting",
        "tui.outbox",
        "tui.keymap",
        "tui.steering",
        "tui.forms",
        "casework.commands",
        "casework.verbs",
    }
    assert loaded & acting == set()
    assert loaded & {"httpx", "websockets", "client.session"} == set()


@pytest.mark.parametrize("font", [HEAVY, SLIM])
def test_digits_are_three_even_lines(font: dict[str, tuple[str, str, str]]) -> None:
    assert all(len({len(line) for line in glyph}) == 1 for glyph in font.values())
    assert set("0123456789:-mhd") <= set(font)
    assert len({glyph for digit, glyph in font.items() if digit.isdigit()}) == 10


def test_doubled_is_the_same_picture_twice_as_large() -> None:
    assert doubled(("\u2588\u2580",)) == ("\u2588\u2588\u2588\u2588", "\u2588\u2588  ")
    assert len(big("1:13")[0]) == 5 + 1 + 2 + 1 + 5 + 1 + 5
