"""The filters that the console's page shows: each can be read, and finds what the page says."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from casework.model import Row
from casework.query import at_hand, matches, may_match, parse
from tests.tui.sample_floor import HOUR, MINUTE, NOW, sketch

EXAMPLES: dict[str, Callable[[Row], bool]] = {
    "sev:0..1": lambda row: row.severity in ("S0", "S1"),
    "type:csea,ssh": lambda row: row.case_type in ("CSEA", "SSH"),
    "owner:me": lambda row: row.owner == "ana",
    "owner:none": lambda row: row.owner is None,
    "-owner:none": lambda row: row.owner is not None,
    "is:unowned sev:0..2": lambda row: row.owner is None and row.severity <= "S2",
    "is:late": lambda row: _left(row) < 0,
    "late<10m": lambda row: _left(row) < 10 * MINUTE,
    "age>2h": lambda row: NOW - row.opened_at > 2 * HOUR,
    "score>70": lambda row: row.score_tenths > 700,
    "next:ack": lambda row: row.clocks[0].milestone == "ack" and row.clocks[0].met_at is None,
    "state:new": lambda row: row.state == "NEW",
    "has:contacts": lambda row: row.counts.contacts > 0,
    "school": lambda row: "school" in row.summary,
    'text~"tomorrow 8"': lambda row: "tomorrow 8" in row.summary,
    "-type:press,legal": lambda row: row.case_type not in ("PRESS", "LEGAL"),
    "is:ended": lambda row: False,
    "state:resolved": lambda row: False,
    "sens:minor": lambda row: False,
    "sev:0..1 late<15m": lambda row: row.severity in ("S0", "S1") and _left(row) < 15 * MINUTE,
}


def _left(row: Row) -> int:
    return next(clock.due_at for clock in row.clocks if clock.met_at is None) - NOW


@pytest.mark.parametrize("text", EXAMPLES)
def test_an_example_finds_what_it_says(text: str) -> None:
    query = parse(text)
    rows = sketch()
    found = [row.case_id for row in rows if matches(query, row, me="ana", now=NOW)]

    assert found == [row.case_id for row in rows if EXAMPLES[text](row)]
    cheap = at_hand(query)
    assert set(found) <= {row.case_id for row in rows if may_match(cheap, row, me="ana")}


def test_every_example_of_the_page_is_one_of_these(checkout: Path) -> None:
    page = (checkout / "docs" / "console.md").read_text("utf-8")
    table = re.findall(r"^\| (`.*?`) \| (.*) \|$", page.partition("| filter | shows |")[2].partition("###")[0], re.M)
    written = [text for cells in table for cell in cells for text in re.findall(r"`([^`]+)`", cell)]
    written += re.findall(r'query = "([^"]+)"', page)

    assert len(written) > 15
    assert set(written) <= set(EXAMPLES)
