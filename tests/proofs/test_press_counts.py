"""The key presses that a task takes, counted at a real terminal against a real feed (typed text is not counted)."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.floorprocess import FeedProcess
from tests.terminal import Terminal

CASES = 13


class Counting:
    """A terminal and how many keys were pressed on it for each task."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal

    def presses(self, keys: str, *, most: int) -> None:
        assert len(keys) <= most
        self.terminal.press(keys)


@pytest.fixture
def feed(tmp_path: Path) -> Iterator[FeedProcess]:
    with FeedProcess(tmp_path) as running:
        for number in range(CASES):
            report = {
                "case_type": "DOX",
                "summary": f"Address number {number:02d}",
                "source": {"kind": "user_report"},
                "subjects": [{"kind": "account", "id": f"u_{number}"}],
            }
            running.raise_case(report, number)
        yield running


def owned(terminal: Terminal, who: str) -> int:
    return sum(1 for line in terminal.lines if re.search(rf"S2 DOX +{who} ", line))


def test_each_task_takes_as_many_presses_as_promised(feed: FeedProcess, checkout: Path) -> None:
    console = [sys.executable, str(checkout / "main.py"), feed.url]
    env = {"WATCHFLOOR_TOKEN": feed.token("ana", "responder")}
    with Terminal(console, columns=100, rows=40, cwd=checkout, env=env) as terminal:
        count = Counting(terminal)
        terminal.wait_for(f"{CASES} open")
        terminal.wait_for(lambda t: any(line.startswith("\u258c") for line in t.lines))

        # Claim the top case.
        count.presses("a", most=1)
        terminal.wait_for(lambda t: owned(t, "ana") == 1)

        # Start a note, send it.
        count.presses("n", most=1)
        terminal.wait_for("\u2500\u2500 Add a note")
        terminal.type("told the reporter")
        count.presses("\r", most=1)
        terminal.wait_gone("\u2500\u2500 Add a note")
        terminal.wait_for(lambda t: re.search(r"note C-\S+ \u2713", t.text) is not None)

        # Escalate: it is held, with its count in sight, and can be canceled.
        count.presses("e2", most=2)
        terminal.wait_for(lambda t: re.search(r"escalate 2 C-\S+ in [1-5] s \u00b7 z cancels", t.text) is not None)
        terminal.press("z")
        terminal.wait_for("nothing was sent")

        # Show mine.
        count.presses("2", most=1)
        terminal.wait_for(lambda t: owned(t, "ana") == 1 and owned(t, "\u2013") == 0)
        terminal.press("0")
        terminal.wait_for(lambda t: owned(t, "\u2013") == CASES - 1)

        # The next one that is late or due soonest: the claimed one waits longest now, so it is another.
        terminal.wait_for(lambda t: selected(t) == "Address number 01")
        before = selected(terminal)
        count.presses("b", most=1)
        terminal.wait_for(lambda t: selected(t) not in ("", before))

        # Claim a case, open it, and have its runbook in sight.
        terminal.press("u")
        count.presses("c", most=1)
        terminal.wait_for("Runbook")
        terminal.wait_for(lambda t: "acked" in t.text)
        terminal.press("q")
        terminal.wait_for(lambda t: owned(t, "ana") == 2)

        # Act on ten.
        terminal.press("g")
        count.presses("v9ja", most=4)
        terminal.wait_for(lambda t: owned(t, "ana") >= 10)

        # Act on all that are shown.
        count.presses("*s1", most=3)
        terminal.wait_for(f"snoozed {CASES}")


def selected(terminal: Terminal) -> str:
    """The summary on the selected row."""
    found = next((line for line in terminal.lines if line.startswith("\u258c")), "")
    number = re.search(r"Address number \d\d", found)
    return number[0] if number else ""
