"""A live-stream suicide by keyboard: from claim to police told and contained, on a real platform, in few presses."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from tests.floorprocess import FeedProcess
from tests.platformprocess import PlatformProcess
from tests.terminal import Terminal

MOST: Final = 20
"""Presses beside typed text, Enter included."""
NEW_S: Final = 0.35
"""A form is new for a quarter of a second and takes no burst; a card is deaf for 0.3 s."""


class Hands:
    """Somebody at a keyboard; what is pressed is counted, what is typed is not."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        self.pressed = 0

    def press(self, keys: str) -> None:
        self.pressed += len(keys)
        self.terminal.press(keys)

    def fill(self, title: str, *texts: str) -> None:
        """Type into the empty fields of the form `title`, Enter behind each; the last one sends."""
        self.terminal.wait_for(f"\u2500\u2500 {title}")
        time.sleep(NEW_S)
        for text in texts:
            self.terminal.type(text)
            time.sleep(0.1)
            self.press("\r")
        self.terminal.wait_gone(f"\u2500\u2500 {title} \u00b7")

    def say_yes(self, *expected: str) -> None:
        """Answer the card yes once it says what is expected."""
        for words in expected:
            self.terminal.wait_for(words)
        time.sleep(NEW_S)
        self.press("y")


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[PlatformProcess]:
    with PlatformProcess(tmp_path) as running:
        things = [{"kind": "stream", "id": "live_1", "live": True, "country": "US"}]
        things += [
            {"kind": "clip", "id": f"re_{n}", "copy_of": "live_1", "country": ("US", "DE")[n % 2]} for n in (1, 2)
        ]
        things.append({"kind": "account", "id": "u_7", "strikes": 1, "history": ["hide"]})
        assert httpx.post(f"{running.url}/v1/things", json={"things": things}).status_code == 200
        yield running


def report(feed: FeedProcess, **more: Any) -> str:
    """A report of the stream; the id of its case."""
    data = {
        "case_type": "SSH",
        "sub_type": "LIVE",
        "severity": "S0",
        "summary": "Live stream, plan and means stated",
        "source": {"kind": "user_report"},
        "factors": {"imminence": "now", "harm": "death", "live_viewers": 40},
        "language": "en",
        "subjects": [{"kind": "account", "id": "u_7", "handle": "wren"}],
        "content": [{"kind": "stream", "id": "live_1", "live": True, "up": True}],
    }
    answer = httpx.post(
        f"{feed.url}/v1/intake",
        json={
            "specversion": "1.0",
            "type": "org.watchfloor.escalation.raised.v1",
            "source": "urn:test:live",
            "id": "1",
            "data": {**data, **more},
        },
        headers={
            "Authorization": f"Bearer {feed.token('reporter', 'intake')}",
            "Content-Type": "application/cloudevents+json",
        },
    )
    assert answer.status_code == 202, answer.text
    return str(answer.json()["case_id"])


def case_of(feed: FeedProcess, case_id: str) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {feed.token('auditor', 'auditor')}"}
    found: dict[str, Any] = httpx.get(f"{feed.url}/v1/cases/{case_id}", headers=headers).json()
    return found


def effects(platform: PlatformProcess) -> list[tuple[str, str, int]]:
    return [(each["action"], each["target"]["id"], each["times"]) for each in platform.effects()]


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (160, 50)])
def test_a_live_stream_suicide_from_claim_to_contained(
    columns: int, rows: int, tmp_path: Path, platform: PlatformProcess, checkout: Path
) -> None:
    with FeedProcess(tmp_path, "--config", str(platform.configured())) as feed:
        case_id = report(feed)
        console = [sys.executable, str(checkout / "main.py"), feed.url]
        env = {"WATCHFLOOR_TOKEN": feed.token("ana", "responder")}
        with Terminal(console, columns=columns, rows=rows, cwd=checkout, env=env) as terminal:
            hands = Hands(terminal)
            terminal.wait_for("1 open")
            # The catalogue says what this floor's platform carries out; it comes within two seconds.
            terminal.wait_for("runbook")
            terminal.wait_for(lambda t: any(line.startswith("\u258c") for line in t.lines))
            time.sleep(0.5)

            hands.press("c")
            terminal.wait_for("Runbook")
            terminal.wait_for(lambda t: "acked" in t.text)
            time.sleep(0.6)

            hands.press("C")
            hands.fill("Log whom you told", "police", "phone", "published", "desk", "none", "they send a car")
            terminal.wait_for(lambda _: [each["party"] for each in case_of(feed, case_id)["contacts"]] == ["police"])
            time.sleep(0.6)

            hands.press("dl")
            hands.fill("Cut the live stream", "vault 12", "police are on their way")
            hands.say_yes("1 stream \u00b7 2 re-uploads \u00b7 2 countries", "SH-1", "can be taken back in part")
            terminal.wait_for(lambda t: "contained \u00b7" in t.text or "CONTAINED" in t.text)
            assert case_of(feed, case_id)["state"] == "CONTAINED"
            assert effects(platform) == [("livecut", "live_1", 1)]
            time.sleep(0.6)

            hands.press("dp")
            hands.fill("Preserve the account's data", "police will ask for it")
            hands.say_yes("1 strike \u00b7 earlier: hide", "18_USC_2703f")
            terminal.wait_for(lambda _: ("legal_hold", "u_7", 1) in effects(platform))
            terminal.wait_for(lambda _: [a["state"] for a in case_of(feed, case_id)["actions"]] == ["verified"] * 2)

            assert hands.pressed <= MOST, hands.pressed
            clocks = {clock["milestone"]: clock for clock in case_of(feed, case_id)["clocks"]}
            assert clocks["police"]["met_at"] is not None
            assert effects(platform) == [("livecut", "live_1", 1), ("legal_hold", "u_7", 1)]


def states(feed: FeedProcess, case_id: str) -> list[str]:
    """The states of the case's actions, in the order of their proposals."""
    return [action["state"] for action in case_of(feed, case_id)["actions"]]


def test_what_nobody_answered_for_is_in_its_view_until_it_is_found(
    tmp_path: Path, platform: PlatformProcess, checkout: Path
) -> None:
    with FeedProcess(tmp_path, "--config", str(platform.configured())) as feed:
        case_id = report(feed)
        console = [sys.executable, str(checkout / "main.py"), feed.url]
        env = {"WATCHFLOOR_TOKEN": feed.token("ana", "responder")}
        with Terminal(console, columns=100, rows=40, cwd=checkout, env=env) as terminal:
            hands = Hands(terminal)
            terminal.wait_for("runbook")
            time.sleep(0.5)
            hands.press("c")
            terminal.wait_for(lambda t: "acked" in t.text)
            time.sleep(0.6)
            platform.faults(next={"hang_after": 1})
            hands.press("dl")
            hands.fill("Cut the live stream", "vault 12", "police are on their way")
            hands.say_yes("1 stream")
            terminal.wait_for(lambda _: states(feed, case_id) == ["sent"])
            platform.kill()  # it was done, and nobody says so
            terminal.wait_for("livecut unknown: the connection")
            terminal.press("q")
            terminal.press(":")
            time.sleep(NEW_S)
            terminal.type("view unknown")
            time.sleep(0.1)
            terminal.press("\r")
            terminal.wait_for(lambda t: "unknown 1" in t.text and "Live stream, plan" in t.text)
            platform.start()
            terminal.wait_for("unknown 0", patience_s=60)
            terminal.wait_for(lambda _: states(feed, case_id) == ["verified"])
            assert effects(platform) == [("livecut", "live_1", 1)]
