"""Enforcement on a simulated platform, with real processes: every fault, and kill -9 of either side at every step."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from tests.floorprocess import FeedProcess
from tests.platformprocess import CHECKOUT, PlatformProcess

PATIENCE_S: Final = 60.0
POINTS: Final = ("before_mark", "marked", "called", "result", "seen")
HIDE: Final[dict[str, Any]] = {"action": "hide", "policy": "HB-1", "fields": {}}
LOCK: Final[dict[str, Any]] = {"action": "lock", "policy": "", "fields": {"reason_code": "takeover"}}
BAN: Final[dict[str, Any]] = {
    "action": "ban",
    "policy": "HB-1",
    "fields": {"strikes": 2, "notice_or_why_none": "standard"},
}


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[PlatformProcess]:
    with PlatformProcess(tmp_path) as running:
        yield running


class Desk:
    """Somebody who works on a feed over HTTP."""

    def __init__(self, feed: FeedProcess, who: str = "ana", roles: str = "responder,intake") -> None:
        self.feed = feed
        self.token = feed.token(who, roles)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}", **headers}
        return httpx.request(method, f"{self.feed.url}{path}", json=body, headers=headers, timeout=20)

    def report(self, number: int) -> str:
        data = {
            "case_type": "DOX",
            "summary": "x",
            "source": {"kind": "user_report"},
            "subjects": [{"kind": "account", "id": f"u_{number}"}],
            "content": [{"kind": "post", "id": f"p_{number}"}],
        }
        event = {"specversion": "1.0", "type": "org.watchfloor.escalation.raised.v1", "source": "t", "id": f"{number}"}
        answer = self.call(
            "POST", "/v1/intake", {**event, "data": data}, **{"content-type": "application/cloudevents+json"}
        )
        case_id = str(answer.json()["case_id"])
        self.do(case_id, "claim")
        self.do(case_id, "triage", case_type="DOX", severity="S2", imminence="7d", evidence="e")
        return case_id

    def do(self, case_id: str, verb: str, **fields: Any) -> httpx.Response:
        """The answer for the case as it stands, also where the feed's own work goes on under it."""
        while True:
            version = self.case(case_id)["version"]
            key = {"Idempotency-Key": f"{case_id}.{verb}.{version}"}
            answer = self.call(
                "POST", f"/v1/cases/{case_id}/commands", {"type": verb, "expected_version": version, **fields}, **key
            )
            if answer.status_code != 409 or answer.json()["type"] != "/problems/stale-version":
                return answer

    def propose(self, case_id: str, number: int, what: dict[str, Any]) -> httpx.Response:
        kind, name = ("post", f"p_{number}") if what["action"] == "hide" else ("account", f"u_{number}")
        return self.do(case_id, "propose", target={"kind": kind, "id": name}, reason="r", **what)

    def case(self, case_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.call("GET", f"/v1/cases/{case_id}").json()
        return found

    def until(self, case_id: str, *states: str, at: int = -1) -> dict[str, Any]:
        """The action of the case, once it is in one of `states`."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            action: dict[str, Any] = self.case(case_id)["actions"][at]
            if action["state"] in states:
                return action
            assert time.monotonic() < deadline, action
            time.sleep(0.05)


def feed_on(folder: Path, platform: PlatformProcess, **env: str) -> FeedProcess:
    return FeedProcess(folder, "--config", str(platform.configured()), env=env)


def test_an_action_is_verified_once_its_effect_was_seen(tmp_path: Path, platform: PlatformProcess) -> None:
    with feed_on(tmp_path, platform) as feed:
        ana = Desk(feed)
        case_id = ana.report(1)
        answer = ana.propose(case_id, 1, HIDE)
        assert answer.status_code == 200, answer.text
        action = ana.until(case_id, "verified")
        assert action["reference"] == "ref-1"
        assert ana.case(case_id)["state"] == "CONTAINED"
        assert [(each["action"], each["times"]) for each in platform.effects()] == [("hide", 1)]
        kinds = [event["type"] for event in ana.call("GET", f"/v1/cases/{case_id}/events").json()["events"]]
        assert kinds[-6:] == [
            "ActionProposed", "ActionSending", "ActionAcked", "ActionVerified", "CaseContained", "MilestoneMet",
        ]  # fmt: skip

        restore = {"action": "restore", "policy": "", "fields": {"which_action": "a1", "rca_tag": "decision"}}
        ana.do(case_id, "propose", target={"kind": "post", "id": "p_1"}, reason="a mistake", **restore)
        ana.until(case_id, "verified")
        assert ana.case(case_id)["actions"][0]["reversed_by"] == "a2"


def do(desk: Desk, verb: str, case_id: str, *fields: str) -> subprocess.CompletedProcess[str]:
    """`watchfloor do VERB CASE --field …` as that person."""
    given = [part for field in fields for part in ("--field", field)]
    command = [sys.executable, "main.py", "do", verb, case_id, "--feed", desk.feed.url, *given]
    env = {**os.environ, "WATCHFLOOR_TOKEN": desk.token}
    return subprocess.run(command, cwd=CHECKOUT, env=env, capture_output=True, text=True, timeout=60, check=False)


def test_a_proposal_by_lines_alone(tmp_path: Path, platform: PlatformProcess) -> None:
    with feed_on(tmp_path, platform) as feed:
        ana, bo = Desk(feed), Desk(feed, "bo", "approver")
        case_id = ana.report(1)
        hidden = do(ana, "propose", case_id, "action=hide", "target=post:p_1", "policy=HB-1", "reason=her address")
        assert "ActionProposed" in hidden.stdout, hidden.stderr
        ana.until(case_id, "verified")

        bare = do(ana, "propose", case_id, "action=ban", "target=account:u_1", "policy=HB-1", "reason=r")
        assert bare.returncode != 0
        assert "/fields/strikes is missing" in bare.stderr
        fields = ("fields.strikes=2", "fields.notice_or_why_none=12")
        ban = do(ana, "propose", case_id, "action=ban", "target=account:u_1", "policy=HB-1", "reason=r", *fields)
        assert ban.returncode == 0, ban.stderr
        action = ana.until(case_id, "proposed")
        assert action["fields"] == {"strikes": 2, "notice_or_why_none": "12"}
        own = do(ana, "approve", case_id, "action_id=a2", f"digest={action['digest']}")
        assert own.returncode != 0
        assert do(bo, "approve", case_id, "action_id=a2", f"digest={action['digest']}").returncode == 0
        ana.until(case_id, "verified")
        expiry = ("fields.collateral_estimate=one household", "fields.expiry=+2h")
        block = do(ana, "propose", case_id, "action=device_block", "target=device:d_1", "reason=r", "policy=", *expiry)
        assert block.returncode == 0, block.stderr


@pytest.mark.parametrize(
    "fault", ["500", "500_after", "429", "503", "garbage", "error_in_200", "duplicate", "huge", "redirect"]
)
def test_a_fault_of_the_platform_ends_in_one_effect(fault: str, tmp_path: Path, platform: PlatformProcess) -> None:
    with feed_on(tmp_path, platform) as feed:
        ana = Desk(feed)
        case_id = ana.report(1)
        platform.faults(next={fault: 1})
        ana.propose(case_id, 1, HIDE)
        ana.until(case_id, "verified")
        assert [(each["action"], each["times"]) for each in platform.effects()] == [("hide", 1)]


def test_what_takes_longer_than_patience_is_unknown_and_then_found(tmp_path: Path, platform: PlatformProcess) -> None:
    with feed_on(tmp_path, platform) as feed:
        ana = Desk(feed)
        case_id = ana.report(1)
        platform.faults(next={"hang_after": 1})
        ana.propose(case_id, 1, HIDE)
        ana.until(case_id, "unknown", "acked", "verified")
        kinds = [event["type"] for event in ana.call("GET", f"/v1/cases/{case_id}/events").json()["events"]]
        assert "ActionUnknown" in kinds
        ana.until(case_id, "verified")
        assert [each["times"] for each in platform.effects()] == [1]


def test_two_people_and_what_a_revoked_approver_is_worth(tmp_path: Path, platform: PlatformProcess) -> None:
    with feed_on(tmp_path, platform) as feed:
        ana, bo = Desk(feed), Desk(feed, "bo", "approver")
        case_id = ana.report(1)
        ana.propose(case_id, 1, BAN)
        assert ana.until(case_id, "proposed")["digest"]
        # The platform is gone while it is approved; by the time it is back, bo is no approver any more.
        platform.kill()
        digest = ana.case(case_id)["actions"][0]["digest"]
        assert bo.do(case_id, "approve", action_id="a1", digest=digest).status_code == 200
        ana.until(case_id, "approved", "sent", "unknown")
        from feed.log.tokens import TokenStore

        store = TokenStore(feed.log)
        store.revoke("bo")
        store.close()
        platform.start()
        # It was sent before bo was revoked, or it needs a new approval: in no case does it go twice.
        ana.until(case_id, "verified", "proposed")
        assert len(platform.effects()) <= 1


def killed_at(point: str, passes: int, folder: Path, platform: PlatformProcess, number: int) -> None:
    """The feed dies at the `passes`-th time it comes by `point`; afterwards everything is done once."""
    feed = feed_on(folder, platform, WATCHFLOOR_FAILPOINT=f"delivery.{point}:{passes}")
    feed.start()
    ana = Desk(feed)
    case_id = ana.report(number)
    try:
        ana.propose(case_id, number, HIDE)
        ana.propose(case_id, number, LOCK)
    except httpx.HTTPError:
        pass  # it died under this request: whoever asks again asks with the same key
    assert feed.process is not None
    feed.process.wait(PATIENCE_S)
    feed.kill()
    feed = feed_on(folder, platform)
    with feed:
        ana.feed = feed
        for at in range(len(ana.case(case_id)["actions"])):
            ana.until(case_id, "verified", at=at)
        keys = [each["key"] for each in platform.effects()]
        assert len(keys) == len(set(keys))
        assert all(each["times"] == 1 for each in platform.effects())


@pytest.mark.parametrize("point", POINTS)
def test_kill_9_of_the_feed_at_every_step(point: str, tmp_path: Path, platform: PlatformProcess) -> None:
    killed_at(point, 1, tmp_path, platform, 1)


def test_kill_9_of_the_platform(tmp_path: Path, platform: PlatformProcess) -> None:
    with feed_on(tmp_path, platform) as feed:
        ana = Desk(feed)
        cases = [ana.report(number) for number in range(4)]
        platform.faults(rate=0.5, kinds=["500_after", "429", "garbage"])
        for number, case_id in enumerate(cases):
            ana.propose(case_id, number, HIDE)
            if number == 1:
                platform.kill()
        platform.start()
        for case_id in cases:
            ana.until(case_id, "verified")
        assert sorted(each["target"]["id"] for each in platform.effects()) == ["p_0", "p_1", "p_2", "p_3"]
        assert all(each["times"] == 1 for each in platform.effects())


@pytest.mark.torture("enforcement")
@pytest.mark.parametrize("point", POINTS)
def test_kill_9_of_the_feed_again_and_again(point: str, tmp_path: Path) -> None:
    for seed in range(40):
        folder = tmp_path / str(seed)
        folder.mkdir()
        with PlatformProcess(folder, "--fault-rate", "0.2", "--seed", str(seed)) as platform:
            killed_at(point, 1 + seed % 2, folder, platform, seed)
