"""`watchfloor do`: typed fields, refusals, many cases, one key for one intent."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from casework.commands import COMMANDS
from cli.do import _ask, command_of, fields
from cli.errors import FeedUnreachable, UsageError
from client.config import Profile
from client.errors import Refused
from client.http import Api
from tests.cli.conftest import Watchfloor
from tests.client.running_feed import NCII, TTL, RunningFeed


def test_a_verb_on_a_case(running_feed: RunningFeed, watchfloor: Watchfloor) -> None:
    case_id = running_feed.raise_case(TTL, 101)
    ended = watchfloor("do", "claim", case_id)
    assert (ended.code, ended.err) == (0, [])
    assert "CaseClaimed" in ended.out[0]
    again = watchfloor("do", "claim", case_id)
    assert "holds already" in again.out[0]
    text = "first line\nsecond \u202e line"
    assert watchfloor("do", "note", case_id, "--field", f"text={text}").code == 0
    shown = watchfloor("show", case_id)
    assert any("first line␊second <U+202E> line" in line for line in shown.out)
    whole = json.loads(watchfloor("show", case_id, "--json").out[0])
    assert whole["notes"][0]["text"] == text


def test_times_and_factors_as_the_console_takes_them(running_feed: RunningFeed, watchfloor: Watchfloor) -> None:
    case_id = running_feed.raise_case(TTL, 131)
    assert watchfloor("do", "claim", case_id).code == 0
    fields_ = ("--field", "owner=bo", "--field", "text=call the school", "--field", "due_at=+2h")
    assert watchfloor("do", "add_task", case_id, *fields_).code == 0
    assert (
        watchfloor(
            "do", "set_factors", case_id, "--field", "factors=imminence=24h harm=death", "--field", "evidence=x"
        ).code
        == 0
    )
    case = json.loads(watchfloor("show", case_id, "--json").out[0])
    (task,) = case["tasks"]
    assert abs(task["due_at"] - task["at"] - 7_200_000) < 60_000
    assert case["factors"]["imminence"] == "24h"
    wrong = watchfloor("do", "set_factors", case_id, "--field", "factors=imminence=soon")
    assert (wrong.code, len(wrong.err)) == (2, 1)
    wrong = watchfloor("do", "add_task", case_id, *fields_[:4], "--field", "due_at=later")
    assert (wrong.code, len(wrong.err)) == (2, 1)
    assert "+2h" in wrong.err[0]


def test_a_refusal_is_one_line_and_exit_1(running_feed: RunningFeed, watchfloor: Watchfloor) -> None:
    case_id = running_feed.raise_case(TTL, 102)
    ended = watchfloor("do", "investigate", case_id)
    assert (ended.code, ended.out, len(ended.err)) == (1, [], 1)
    assert "Investigation not started: " in ended.err[0]
    as_json = watchfloor("do", "investigate", case_id, "--json")
    assert as_json.code == 1
    assert json.loads(as_json.out[0])["problem"]["type"] == "/problems/illegal-transition"


def test_a_stale_version_is_refused(running_feed: RunningFeed, watchfloor: Watchfloor) -> None:
    case_id = running_feed.raise_case(TTL, 103)
    assert watchfloor("do", "claim", case_id, "--expected-version", "1").code == 0
    ended = watchfloor("do", "escalate", case_id, "--field", "level=1", "--expected-version", "1")
    assert ended.code == 1
    assert "meanwhile" in ended.err[0]


def test_many_cases_are_judged_one_by_one(running_feed: RunningFeed, watchfloor: Watchfloor) -> None:
    cases = [running_feed.raise_case(NCII, number) for number in (104, 105)]
    ended = watchfloor("do", "claim", cases[0], "C-00000000", cases[1])
    assert ended.code == 1
    assert len(ended.out) == 2
    assert len(ended.err) == 1
    assert "C-00000000" in ended.err[0]
    assert watchfloor("do", "claim", *cases, "--key", "k").code == 2


def test_one_key_is_one_intent(running_feed: RunningFeed, watchfloor: Watchfloor) -> None:
    case_id = running_feed.raise_case(NCII, 106)
    arguments = (
        "do",
        "note",
        case_id,
        "--field",
        "text=once",
        "--key",
        "intent-1",
        "--expected-version",
        "1",
        "--json",
    )
    assert watchfloor(*arguments).out == watchfloor(*arguments).out
    assert len(json.loads(watchfloor("show", case_id, "--json").out[0])["notes"]) == 1
    other = watchfloor("do", "note", case_id, "--field", "text=twice", "--key", "intent-1", "--expected-version", "1")
    assert other.code == 1


def test_who_may_not_is_told_so(
    running_feed: RunningFeed, watchfloor: Watchfloor, monkeypatch: pytest.MonkeyPatch
) -> None:
    case_id = running_feed.raise_case(NCII, 107)
    monkeypatch.setenv("WATCHFLOOR_TOKEN", running_feed.token("vera", "viewer"))
    ended = watchfloor("do", "claim", case_id, "--feed", running_feed.url)
    assert (ended.code, ended.out, len(ended.err)) == (4, [], 1)
    assert watchfloor("do", "claim", case_id, case_id.lower(), "--feed", running_feed.url).code == 4
    monkeypatch.setenv("WATCHFLOOR_TOKEN", "nonsense")
    assert watchfloor("list", running_feed.url).code == 4
    monkeypatch.delenv("WATCHFLOOR_TOKEN")
    monkeypatch.setenv("WATCHFLOOR_TOKEN_FILE", "/nowhere/token")
    assert watchfloor("list", running_feed.url).code == 4


@pytest.mark.parametrize(
    "arguments",
    [
        ("do",),
        ("do", "claim"),
        ("do", "clame", "C-00000000"),
        ("do", "claim", "a-case?"),
        ("do", "note", "C-00000000", "--field", "text"),
        ("do", "note", "C-00000000"),
        ("do", "note", "C-00000000", "--field", "text=a", "--field", "text=b"),
        ("do", "note", "C-00000000", "--field", "color=red"),
        ("do", "escalate", "C-00000000", "--field", "level=9"),
        ("do", "busy", "C-00000000", "--field", "until=2026-11-22T01:00:00"),
        ("do", "claim", "C-00000000", "--feed", "ftp://x"),
        ("do", "claim", "C-00000000", "--profile", "gone"),
    ],
)
def test_wrong_usage_is_exit_2_and_one_line(watchfloor: Watchfloor, arguments: tuple[str, ...]) -> None:
    ended = watchfloor(*arguments)
    assert (ended.code, ended.out, len(ended.err)) == (2, [], 1)


# httpcore 1.0 leaves a Unix socket to the garbage collector when nobody answers on it.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_nobody_there_is_exit_3(watchfloor: Watchfloor, tmp_path: Path) -> None:
    for url in ("http://127.0.0.1:1", f"unix:{tmp_path}/none"):
        ended = watchfloor("do", "claim", "C-00000000", "--feed", url)
        assert (ended.code, ended.out, len(ended.err)) == (3, [], 1)


@pytest.mark.parametrize(
    ("verb", "given", "expected"),
    [
        ("escalate", ["level=2"], {"level": 2}),
        ("snooze", ["minutes=15"], {"minutes": 15}),
        ("busy", ["until=2026-11-22T01:00:00+01:00"], {"until": 1_795_305_600_000}),
        ("busy", ["until=5"], {"until": 5}),
        ("note", ["text=[not json"], {"text": "[not json"}),
        ("note", ["text=a=b"], {"text": "a=b"}),
        ("set_severity", ["severity=S1"], {"severity": "S1", "reason": None}),
    ],
)
def test_what_is_typed_gets_the_type_of_its_field(verb: str, given: list[str], expected: dict[str, object]) -> None:
    command = command_of(verb, fields(verb, given), 3)
    assert command.verb == verb
    assert {name: getattr(command, name) for name in expected} == expected
    assert command.expected_version == 3


def test_nested_fields_are_json_or_dotted() -> None:
    dotted = [
        "action=hide",
        "target=video:v_1:2",
        "policy=CS1",
        "reason=r",
        "fields.days=3",
        "fields.country=US",
        "fields.silent=true",
    ]
    whole = [*dotted[:4], 'fields={"days": 3, "country": "US", "silent": true}']
    first, second = (command_of("propose", fields("propose", given), 1) for given in (dotted, whole))
    assert first == second
    factors = [
        "factors.live_viewers=3",
        "factors.identifiable_child=true",
        'factors.vulnerability=["minor"]',
        "evidence=e",
    ]
    set_factors = command_of("set_factors", fields("set_factors", factors), 1)
    assert getattr(set_factors, "factors").live_viewers == 3  # noqa: B009 - the type is that of the base
    with pytest.raises(UsageError):
        fields("propose", ["target=x:y", "target.id=z"])


def test_every_verb_says_what_it_wants() -> None:
    for verb in COMMANDS:
        with pytest.raises(UsageError, match=r"its fields|no fields"):
            command_of(verb, {"color": "red"}, 1)


def api(*answers: httpx.Response | Exception) -> tuple[Api, list[str]]:
    left, keys = list(answers), []

    def feed(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers["Idempotency-Key"])
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return Api(Profile(url="http://feed"), httpx.MockTransport(feed)), keys


def test_a_lost_answer_is_asked_for_under_the_same_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.do.time.sleep", lambda _: None)
    busy = httpx.Response(503, json={"type": "/problems/log-unavailable", "title": "t", "status": 503})
    asked, keys = api(httpx.ReadTimeout("lost"), busy, httpx.Response(200, content=b"{}"))
    assert _ask(asked, "C-00000000", b"{}", "k", "claim") == b"{}"
    assert keys == ["k"] * 3
    asked, keys = api(*[httpx.ReadTimeout("lost")] * 6)
    with pytest.raises(FeedUnreachable, match=r"not known whether claim was done.*--key k"):
        _ask(asked, "C-00000000", b"{}", "k", "claim")
    refusal = httpx.Response(409, json={"type": "/problems/stale-version", "title": "t", "status": 409})
    asked, keys = api(refusal)
    with pytest.raises(Refused):
        _ask(asked, "C-00000000", b"{}", "k", "claim")
    assert keys == ["k"]
