"""A doxxing case from report to resolved, by keyboard, on a real terminal of 80 by 24 against a real feed."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.floorprocess import FeedProcess
from tests.terminal import NEW_FORM_S, Terminal

REPORT = {
    "case_type": "DOX",
    "summary": "Home address of a journalist",
    "narrative": "Posted in reply to an article.",
    "source": {"kind": "user_report"},
    "subjects": [{"kind": "account", "id": "u_1", "handle": "wren"}],
}


@pytest.fixture
def feed(tmp_path: Path) -> Iterator[FeedProcess]:
    with FeedProcess(tmp_path) as running:
        yield running


def whole(feed: FeedProcess, case_id: str) -> dict[str, object]:
    headers = {"Authorization": f"Bearer {feed.token('checker', 'viewer')}"}
    answer = httpx.get(f"{feed.url}/v1/cases/{case_id}", headers=headers)
    assert answer.status_code == 200
    found: dict[str, object] = answer.json()
    return found


def test_a_case_is_worked_to_its_end_by_keyboard(feed: FeedProcess, checkout: Path) -> None:
    case_id = feed.raise_case(REPORT)
    shown = f"{case_id[:6]}-{case_id[6:]}"
    console = [sys.executable, str(checkout / "main.py"), feed.url]
    env = {"WATCHFLOOR_TOKEN": feed.token("ana", "responder")}
    with Terminal(console, cwd=checkout, env=env) as terminal:
        # The queue: the case stands at the top, selected, with its clock running.
        terminal.wait_for(shown)
        wanted = re.compile(r"▌ +(29|30)m ●S2 DOX +– +ack +Home address of a journalist")
        terminal.wait_for(lambda t: wanted.match(t.lines[3]) is not None)
        # What is counted comes behind the first page.
        terminal.wait_for(lambda t: "1 open" in t.lines[0] and "1 unowned" in t.lines[0])

        # Claimed with one press.
        terminal.press("a")
        terminal.wait_for(lambda t: re.search(r"●S2 DOX +ana +contain", t.lines[3]) is not None)
        terminal.wait_for("acked")
        terminal.wait_for(lambda t: "unowned" not in t.lines[0])

        # Triaged: type and severity stand there already, what is missing is typed.
        terminal.press("of")
        terminal.wait_for("── Triage")
        terminal.type("24h")
        terminal.press("\r")
        terminal.type("the address is current")
        terminal.press("\r")
        terminal.wait_for("triaged")
        terminal.wait_gone("── Triage")
        terminal.wait_for("imminence 24h")

        # Contained otherwise, on evidence.
        terminal.press("oc")
        terminal.wait_for("── Mark as contained")
        terminal.type("removed by its author, checked")
        terminal.press("\r")
        terminal.wait_for("contained · ")
        terminal.wait_for(lambda t: re.search(r"●S2 DOX +ana +update", t.lines[3]) is not None)

        # Noted.
        terminal.wait_gone("── Mark as contained")
        terminal.press("n")
        terminal.wait_for("── Add a note")
        terminal.type("told the reporter what was done")
        terminal.press("\r")
        terminal.wait_gone("── Add a note")
        terminal.wait_for("undoes")

        # Resolved: it leaves the queue.
        terminal.press("D")
        terminal.wait_for("── Resolve")
        terminal.type("done")
        terminal.press("\r")
        terminal.type("the post is gone and the journalist knows")
        terminal.press("\r")
        terminal.wait_for("0 open")
        terminal.wait_gone("Home address of a journalist")
        terminal.press("q")
        assert terminal.wait_ended() == 0

    case = whole(feed, case_id)
    assert case["state"] == "RESOLVED"
    assert case["owner"] == "ana"
    notes = case["notes"]
    assert isinstance(notes, list)
    assert [note["text"] for note in notes] == ["told the reporter what was done"]


def test_the_runbook_is_worked_by_keyboard_and_its_ticks_are_events(feed: FeedProcess, checkout: Path) -> None:
    case_id = feed.raise_case(REPORT)
    console = [sys.executable, str(checkout / "main.py"), feed.url]
    with Terminal(console, cwd=checkout, env={"WATCHFLOOR_TOKEN": feed.token("ana", "responder")}) as terminal:
        terminal.wait_for(lambda t: re.search(r"Next +runbook 1 of 11: Take the case \(c\)", t.text) is not None)
        terminal.press("c")
        # The record shows that it was claimed; the next step is one that only a person can tick.
        terminal.wait_for(lambda t: re.search("\u2713 Take the case +met", t.text) is not None)
        terminal.wait_for("\u25b8 Is somebody called to go there")
        terminal.press(" ")
        terminal.wait_for(lambda t: re.search("\u2713 Is somebody called .* ana", t.text) is not None)
        terminal.wait_for("Runbook 2/11")
        # A tick is an event: the past of the case knows it, and it can be taken back.
        terminal.press("z")
        terminal.wait_for("Runbook 1/11")
        terminal.press("i")
        terminal.wait_for("taken back")
        terminal.press("r")
        terminal.wait_for("\u25b8 Is somebody called to go there")
        terminal.press(" ")
        terminal.wait_for("Runbook 2/11")
        terminal.press("q")
        terminal.wait_for(lambda t: re.search(r"Next +runbook 3 of 11", t.text) is not None)
        terminal.press("q")
        assert terminal.wait_ended() == 0

    case = whole(feed, case_id)
    ticks = case["runbook"]
    assert isinstance(ticks, list)
    assert [(tick["step"], tick["by"]) for tick in ticks] == [("danger", "ana")]


def test_keys_that_come_in_one_burst_go_where_they_would_have_gone_one_by_one(
    feed: FeedProcess, checkout: Path
) -> None:
    """A slow link delivers what was typed in a second all at once; no letter may end in another field."""
    feed.raise_case(REPORT)
    console = [sys.executable, str(checkout / "main.py"), feed.url]
    with Terminal(console, cwd=checkout, env={"WATCHFLOOR_TOKEN": feed.token("ana", "responder")}) as terminal:
        terminal.wait_for("DOX")
        terminal.press("a")
        terminal.wait_for("acked")
        terminal.press("of")
        terminal.wait_for("── Triage")
        terminal.rest(NEW_FORM_S)
        terminal.burst("24h\rthe address is current\r")
        terminal.wait_for("triaged")
        terminal.wait_for("imminence 24h")


def test_the_terminal_is_given_back_as_it_was(feed: FeedProcess, checkout: Path) -> None:
    feed.raise_case(REPORT)
    console = [sys.executable, str(checkout / "main.py"), feed.url]
    with Terminal(console, cwd=checkout, env={"WATCHFLOOR_TOKEN": feed.token("ana", "responder")}) as terminal:
        terminal.wait_for("LEFT SEV")
        terminal.wait_for("DOX")
        terminal.press("q")
        assert terminal.wait_ended() == 0
    written = bytes(terminal.written)
    assert written.rfind(b"\x1b[?1049l") > written.rfind(b"\x1b[?1049h") >= 0, "the other screen is left again"
    assert written.rfind(b"\x1b[?25h") > written.rfind(b"\x1b[?25l"), "the cursor is shown again"


def test_what_another_did_first_is_said_and_nothing_is_sent(feed: FeedProcess, checkout: Path) -> None:
    case_id = feed.raise_case(REPORT)
    console = [sys.executable, str(checkout / "main.py"), feed.url]
    with Terminal(console, cwd=checkout, env={"WATCHFLOOR_TOKEN": feed.token("ana", "responder")}) as terminal:
        terminal.wait_for("DOX")
        # The form is open on the version that ana saw; bo claims and triages meanwhile.
        terminal.press("a")
        terminal.wait_for(lambda t: re.search(r"DOX +ana", t.lines[3]) is not None)
        terminal.press("D")
        terminal.wait_for("── Resolve")
        headers = {"Authorization": f"Bearer {feed.token('bo', 'responder')}", "Idempotency-Key": "bo-1"}
        version = whole(feed, case_id)["version"]
        answer = httpx.post(
            f"{feed.url}/v1/cases/{case_id}/commands",
            json={"type": "set_severity", "expected_version": version, "severity": "S1"},
            headers=headers,
        )
        assert answer.status_code == 200, answer.text
        terminal.type("done")
        terminal.press("\r")
        terminal.type("nothing more to do")
        terminal.press("\r")
        terminal.wait_for("bo ")
        assert whole(feed, case_id)["state"] == "ACKED"
