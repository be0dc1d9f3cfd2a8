"""Spans, and business days that keep the local time of day across weekends and daylight saving."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casework.businessdays import Span, add_business_days, due, span


def ms(text: str, tz: str = "UTC") -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(tz)).timestamp() * 1000)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("45s", Span(ms=45_000)),
        ("2m", Span(ms=120_000)),
        ("48h", Span(ms=172_800_000)),
        ("1d", Span(ms=86_400_000)),
        ("3 business days", Span(business_days=3)),
        ("1 business day", Span(business_days=1)),
    ],
)
def test_spans(text: str, expected: Span) -> None:
    assert span(text) == expected


@pytest.mark.parametrize("text", ["", "0m", "-1m", "1.5h", "5 m", "5M", "m", "100000m", "3 days", "5m\n", "٣m"])
def test_what_is_no_span(text: str) -> None:
    with pytest.raises(ValueError, match="is not a span"):
        span(text)


@pytest.mark.parametrize(
    ("tz", "start", "days", "end"),
    [
        ("UTC", "2026-11-23T10:00", 3, "2026-11-26T10:00"),  # Monday to Thursday
        ("UTC", "2026-11-19T17:30", 3, "2026-11-24T17:30"),  # Thursday over the weekend
        ("UTC", "2026-11-20T17:30", 3, "2026-11-25T17:30"),  # Friday
        ("UTC", "2026-11-21T03:00", 3, "2026-11-25T03:00"),  # Saturday
        ("UTC", "2026-11-22T23:59", 3, "2026-11-25T23:59"),  # Sunday
        ("UTC", "2026-11-20T17:30", 1, "2026-11-23T17:30"),
        # The local day counts, not the UTC one: Friday evening in New York is Saturday in UTC.
        ("America/New_York", "2026-11-20T22:00", 1, "2026-11-23T22:00"),
        # Daylight saving ends on November 1, 2026 there and begins on March 8, 2026.
        ("America/New_York", "2026-10-30T09:00", 3, "2026-11-04T09:00"),
        ("America/New_York", "2026-03-06T09:00", 3, "2026-03-11T09:00"),
        ("Pacific/Apia", "2011-12-28T12:00", 1, "2011-12-29T12:00"),
    ],
)
def test_business_days(tz: str, start: str, days: int, end: str) -> None:
    assert add_business_days(ms(start, tz), days, tz) == ms(end, tz)


def test_a_change_of_daylight_saving_changes_the_length_not_the_time_of_day() -> None:
    hour = 3_600_000
    before = ms("2026-10-30T09:00", "America/New_York")
    assert add_business_days(before, 3, "America/New_York") - before == 5 * 24 * hour + hour
    before = ms("2026-03-06T09:00", "America/New_York")
    assert add_business_days(before, 3, "America/New_York") - before == 5 * 24 * hour - hour


def test_a_local_time_that_does_not_exist_is_taken_after_the_change() -> None:
    # Cairo's clocks jump from 00:00 to 01:00 on Friday, April 24, 2026.
    start = ms("2026-04-23T00:30", "Africa/Cairo")
    end = datetime.fromtimestamp(add_business_days(start, 1, "Africa/Cairo") / 1000, ZoneInfo("Africa/Cairo"))
    assert (end.date().isoformat(), end.hour, end.minute) == ("2026-04-24", 1, 30)


def test_milliseconds_are_kept() -> None:
    assert add_business_days(ms("2026-11-23T10:00") + 7, 1, "UTC") == ms("2026-11-24T10:00") + 7


def test_due_of_both_kinds() -> None:
    assert due(1_000, span("2m"), "UTC") == 121_000
    assert due(ms("2026-11-20T10:00"), span("3 business days"), "UTC") == ms("2026-11-25T10:00")


@settings(max_examples=300, deadline=None)
@given(
    start=st.integers(0, 4_102_444_800_000),
    days=st.integers(1, 15),
    tz=st.sampled_from(["UTC", "America/New_York", "Europe/Dublin", "Asia/Kolkata", "Australia/Lord_Howe"]),
)
def test_it_equals_a_walk_day_by_day(start: int, days: int, tz: str) -> None:
    zone = ZoneInfo(tz)
    date = datetime.fromtimestamp(start // 1000, UTC).astimezone(zone).date()
    counted = 0
    while counted < days:
        date += timedelta(days=1)
        counted += date.isoweekday() <= 5
    end = datetime.fromtimestamp(add_business_days(start, days, tz) // 1000, UTC).astimezone(zone)
    assert end.date() == date
    assert end.isoweekday() <= 5
    assert add_business_days(start, days, tz) > start
