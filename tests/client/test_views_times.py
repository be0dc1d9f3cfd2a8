"""Times as people read them; what is left is never shown as more than it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.views.times import (
    DAY,
    HOUR,
    MINUTE,
    SECOND,
    age,
    ago,
    countdown,
    feed_age,
    lateness,
    local_minute,
    of_allowance,
    stopwatch,
    utc,
)

NOON = 1_795_348_800_000


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (0, "0:00"),
        (73 * SECOND + 999, "1:13"),
        (10 * MINUTE - 1, "9:59"),
        (10 * MINUTE, "10m"),
        (59 * MINUTE + 59 * SECOND, "59m"),
        (130 * MINUTE, "2h10"),
        (DAY - 1, "23h59"),
        (3 * DAY + 4 * HOUR, "3d04"),
        (400 * DAY, "400d"),
        (-1, "-0:01"),
        (-42 * SECOND, "-0:42"),
        (-42 * SECOND - 1, "-0:43"),
        (-12 * MINUTE, "-12m"),
        (-26 * HOUR, "-1d02"),
    ],
)
def test_countdown(left: int, said: str) -> None:
    assert countdown(left) == said


@given(st.integers(-99 * DAY, 99 * DAY))
def test_a_countdown_fits_its_column(left: int) -> None:
    assert len(countdown(left)) <= 6


@given(st.integers(0, 9 * MINUTE + 59 * SECOND))
def test_a_countdown_is_never_optimistic(left: int) -> None:
    minutes, seconds = countdown(left).split(":")

    assert (int(minutes) * 60 + int(seconds)) * SECOND <= left


@given(st.integers(-9 * MINUTE - 58 * SECOND, -1))
def test_lateness_is_never_optimistic(left: int) -> None:
    minutes, seconds = lateness(left).split(":")

    assert (int(minutes) * 60 + int(seconds)) * SECOND >= -left


def test_other_times() -> None:
    assert [age(ms) for ms in (0, 15 * MINUTE, 3 * HOUR, 2 * DAY)] == ["<1m", "15m", "3h", "2d"]
    assert [ago(ms) for ms in (4_000, 22 * MINUTE, 3 * HOUR, 2 * DAY)] == ["4 s", "22 m", "3 h", "2 d"]
    assert of_allowance(30 * MINUTE) == "30:00"
    assert of_allowance(12 * HOUR) == "12h00"
    assert stopwatch(34 * SECOND) == "00:34"
    assert feed_age(400) == "0.4 s"
    assert feed_age(34_000) == "34 s"
    assert utc(NOON) == "12:00:00"


def test_local_time_is_known_or_left_out() -> None:
    assert local_minute(NOON, "America/Chicago") == "06:00"
    for nonsense in ("", "Nowhere/City", "../../etc/passwd", "/etc/passwd", "a\x00b", "\x1b[2J", "x" * 64):
        assert local_minute(NOON, nonsense) is None
