"""`watchfloor list`, `show` and `tail`: order, filters, safe lines, going on after an outage."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Watchfloor
from tests.client.running_feed import NCII, ROOT, TTL, RunningFeed

HOSTILE = "\x1b]0;owned\x07\u202egnp.exe\u200b \x9b31m"


def test_the_queue_in_order(running_feed: RunningFeed, watchfloor: Watchfloor) -> None:
    running_feed.raise_case(NCII, 201)
    running_feed.raise_case(TTL, 202)
    ended = watchfloor("list")
    assert ended.code == 0
    severities = [line[:2] for line in ended.out]
    assert severities == sorted(severities)
    assert {"S0", "S2"} <= set(severities)
    as_json = [json.loads(line) for line in watchfloor("list", "--json").out]
    assert [row["severity"] for row in as_json] == severities
    assert all("why" in row and "score" in row for row in as_json)
    assert watchfloor("list", "--limit", "1").out == ended.out[:1]


def test_a_shift_by_lines_alone(running_feed: RunningFeed, watchfloor: Watchfloor) -> None:
    """What is next, what it needs, doing it, what happened: as somebody works who hears the screen."""
    case_id = running_feed.raise_case(TTL, 230)
    shown = f"{case_id[:6]}-{case_id[6:]}"
    (line,) = [each for each in watchfloor("list", "--view", "unowned").out if shown in each]
    assert re.match(r"S0 +ack in [1-9]\d* (s|m) +TTL", line), line
    assert watchfloor("do", "claim", case_id).code == 0
    told = watchfloor("show", case_id).out
    assert any(re.match(r"clock contain: due .*Z, in \d+ (s|m)$", each) for each in told), told
    (following,) = [each for each in told if each.startswith("runbook: next is ")]
    assert "2 of " in following, "the claim stands on the record: its step is done"
    (tick,) = [each.partition("watchfloor ")[2].split() for each in told if "when it is done: " in each]
    assert watchfloor(*tick).code == 0
    assert any("runbook: next is 3 of " in each for each in watchfloor("show", case_id).out)
    seq = json.loads(watchfloor("show", case_id, "--json").out[0])["seq"]
    assert watchfloor("do", "note", case_id, "--field", "text=told: nobody hears this in a pipe").code == 0
    heard = watchfloor("tail", "--from", str(seq), "--until", str(seq + 1)).out
    assert " ticked " in heard[0]
    assert heard[1].endswith(" noted")


def test_filters(running_feed: RunningFeed, watchfloor: Watchfloor) -> None:
    case_id = running_feed.raise_case({**NCII, "case_type": "PRESS", "source": {"kind": "press"}}, 203)
    assert watchfloor("do", "claim", case_id).code == 0
    mine = [json.loads(line)["case_id"] for line in watchfloor("list", "--view", "mine", "--json").out]
    assert case_id in mine
    unowned = [json.loads(line)["case_id"] for line in watchfloor("list", "--view", "unowned", "--json").out]
    assert case_id not in unowned
    acked = [json.loads(line)["state"] for line in watchfloor("list", "--state", "ACKED", "--json").out]
    assert set(acked) == {"ACKED"}
    wrong = watchfloor("list", "--view", "nonsense")
    assert (wrong.code, len(wrong.err)) == (1, 1)


def test_pages_make_one_list(
    running_feed: RunningFeed, watchfloor: Watchfloor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(204, 211):
        running_feed.raise_case(NCII, number)
    whole = watchfloor("list", "--json").out
    monkeypatch.setattr("cli.list_.PAGE", 3)
    assert [json.loads(line)["case_id"] for line in watchfloor("list", "--json").out] == [
        json.loads(line)["case_id"] for line in whole
    ]
    assert len(watchfloor("list", "--limit", "5").out) == 5


def test_no_text_of_a_case_moves_the_terminal(running_feed: RunningFeed, watchfloor: Watchfloor) -> None:
    case_id = running_feed.raise_case({**NCII, "summary": HOSTILE, "narrative": f"one\n{HOSTILE}"}, 211)
    for arguments in (("list",), ("show", case_id), ("show", case_id, "--json"), ("list", "--json")):
        text = "\n".join(watchfloor(*arguments).out)
        assert "owned" in text
        assert not any(char in text for char in "\x1b\x07\u202e\u200b\x9b")
    assert json.loads(watchfloor("show", case_id, "--json").out[0])["summary"] == HOSTILE


def test_a_case_that_is_not_there(watchfloor: Watchfloor) -> None:
    ended = watchfloor("show", "C-0000-0000")
    assert (ended.code, ended.out, len(ended.err)) == (1, [], 1)
    assert watchfloor("show", "a-case?").code == 2


def test_a_case_is_found_however_its_id_is_typed(running_feed: RunningFeed, watchfloor: Watchfloor) -> None:
    case_id = running_feed.raise_case(NCII, 212)
    typed = case_id.removeprefix("C-").lower()
    assert watchfloor("show", f"{typed[:4]}-{typed[4:]}").out == watchfloor("show", case_id).out


def test_who_is_not_cleared_sees_a_stub(
    running_feed: RunningFeed, watchfloor: Watchfloor, monkeypatch: pytest.MonkeyPatch
) -> None:
    case_id = running_feed.raise_case({**NCII, "summary": "inside only", "boundary": "eu"}, 213)
    monkeypatch.setenv("WATCHFLOOR_TOKEN", running_feed.token("una", "responder", "--clearances", "us"))
    for arguments in (("list", running_feed.url), ("show", case_id, running_feed.url)):
        text = "\n".join(watchfloor(*arguments).out)
        assert "not cleared to read it" in text
        assert "inside only" not in text


def test_tail_from_a_seq_to_a_seq(running_feed: RunningFeed, watchfloor: Watchfloor) -> None:
    case_id = running_feed.raise_case(TTL, 214)
    assert watchfloor("do", "claim", case_id).code == 0
    seq = json.loads(watchfloor("show", case_id, "--json").out[0])["seq"]
    ended = watchfloor("tail", "--from", str(seq - 1), "--until", str(seq))
    assert ended.code == 0
    assert [line.split()[0] for line in ended.out] == [str(seq - 1), str(seq)]
    assert re.search(r" \w+ claimed it; state ACKED, owner \w+$", ended.out[0]), ended.out[0]
    events = [json.loads(line) for line in watchfloor("tail", "--json", "--from", "1", "--until", str(seq)).out]
    seqs = [event["seq"] for event in events]
    # What others were refused stands in the log as well, for auditors alone.
    assert seqs == sorted(set(seqs))
    assert (seqs[0], seqs[-1]) == (1, seq)
    assert watchfloor("tail", "--from", "-1").code == 2


def test_tail_goes_on_after_an_outage(tmp_path: Path) -> None:
    (tmp_path / "f").mkdir()
    feed = RunningFeed(tmp_path / "f")
    feed.start()
    feed.raise_case(NCII, 1)
    tail = subprocess.Popen(
        [sys.executable, str(ROOT / "main.py"), "tail", feed.socket, "--from", "1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert tail.stdout is not None
        assert tail.stderr is not None
        assert tail.stdout.readline().startswith("1 ")
        feed.stop(signal.SIGKILL)
        assert "going on from seq 1" in tail.stderr.readline()
        feed.start()
        feed.raise_case(NCII, 2)
        assert tail.stdout.readline().startswith("2 ")
        tail.send_signal(signal.SIGINT)
        assert tail.wait(10) == 130
    finally:
        tail.kill()
        tail.communicate()
        feed.stop()
