"""A platform's own API is met by a mapping: what is asked, how it is signed, and what its answers mean."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec.structs import replace
from standardwebhooks.webhooks import Webhook

from casework.model import Target
from feed import config
from feed.delivery.connector import Order, Refused, TryLater, Unclear
from feed.delivery.http import HttpConnector
from feed.delivery.mapping import MappingFault, parse
from feed.delivery.outbound import ANSWER_BYTES, Outbound

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MAPPING = """
[act]
method = "POST"
path = "/admin/{kind}/{id}/{action}"
body = {request = {id = "{key}", why = "policy {policy}", details = "{fields}"}, tries = "{attempt}"}
reference = "result.ticket"
refused = "error"
[find]
method = "GET"
path = "/admin/requests/{key}"
reference = "ticket"
[verify]
method = "GET"
path = "/admin/{kind}/{id}"
effects = {suspend = {"account.status" = "suspended", "account.until" = "{field:duration}"}}
[actions]
suspend = "freeze"
restore = "thaw"
"""
ORDER = Order(
    case_id="C-00000001",
    action_id="a1",
    action="suspend",
    target=Target(kind="account", id="u/1 ?x"),
    policy="HB-1@2026-10",
    fields={"duration": "7d", "notice": "sent"},
    key="wf_1",
    attempt=2,
    severity="S1",
)


def connector(answer: httpx.Response | Exception, seen: list[httpx.Request] | None = None) -> HttpConnector:
    def handle(request: httpx.Request) -> httpx.Response:
        if seen is not None:
            seen.append(request)
        if isinstance(answer, Exception):
            raise answer
        return answer

    outbound = Outbound("http://127.0.0.1:1", private=True, transport=httpx.MockTransport(handle))
    return HttpConnector(outbound, parse(MAPPING, file="m.toml"), SECRET)


def says(status: int, body: Any = None, **headers: str) -> httpx.Response:
    content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    return httpx.Response(status, stream=httpx.ByteStream(content), headers=headers)


async def test_an_order_is_said_in_the_platforms_words_and_signed() -> None:
    seen: list[httpx.Request] = []
    it = connector(says(200, {"result": {"ticket": "T-9"}}), seen)
    assert (await it.act(ORDER)).reference == "T-9"
    (request,) = seen
    assert request.url.raw_path == b"/admin/account/u%2F1%20%3Fx/freeze"
    assert json.loads(request.content) == {
        "request": {"id": "wf_1", "why": "policy HB-1@2026-10", "details": ORDER.fields},
        "tries": 2,
    }
    assert request.headers["webhook-id"] == "wf_1"
    Webhook(SECRET).verify(request.content, dict(request.headers))
    assert (it.actions, it.keyed) == (frozenset({"suspend", "restore"}), True)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (says(400, {"error": "no"}), Refused),
        (says(404), Refused),
        (says(409), Refused),
        (says(429), TryLater),
        (says(503), TryLater),
        (says(500), Unclear),
        (says(502), Unclear),
        (says(408), Unclear),
        (says(200, b"<html>"), Unclear),
        (says(200, b"\xff\xfe"), Unclear),
        (says(200, b"[" * 100_000), Unclear),
        (says(200, {"error": "internal"}), Unclear),
        (says(302, location="http://127.0.0.1/"), Unclear),
        (says(200, b" " * (ANSWER_BYTES + 1)), Unclear),
        (httpx.ConnectError("refused"), TryLater),
        (httpx.ConnectTimeout("slow"), TryLater),
        (httpx.ReadTimeout("slow"), Unclear),
        (httpx.RemoteProtocolError("cut"), Unclear),
        (httpx.WriteError("cut"), Unclear),
    ],
)
async def test_what_an_answer_to_an_order_means(answer: httpx.Response | Exception, error: type[Exception]) -> None:
    with pytest.raises(error):
        await connector(answer).act(ORDER)


async def test_retry_after_is_heeded_within_reason() -> None:
    for text, wanted in (("7", 7_000), ("999999", 3_600_000), ("soon", None), ("", None), ("-1", None)):
        with pytest.raises(TryLater) as fault:
            await connector(says(429, **{"retry-after": text})).act(ORDER)
        assert fault.value.after_ms == wanted, text


async def test_a_lookup_says_found_not_there_or_nothing() -> None:
    found = await connector(says(200, {"ticket": "T-9"})).find(ORDER)
    assert found is not None
    assert found.reference == "T-9"
    assert await connector(says(404)).find(ORDER) is None
    for answer in (says(500), says(403), says(429), says(200, b"{"), httpx.ReadTimeout("slow")):
        with pytest.raises(TryLater):
            await connector(answer).find(ORDER)


async def test_an_effect_is_what_the_mapping_says_and_no_less() -> None:
    for state, seen in (
        ({"account": {"status": "suspended", "until": "7d"}}, True),
        ({"account": {"status": "suspended", "until": "3d"}}, False),
        ({"account": {"status": "suspended"}}, False),
        ({"account": "suspended"}, False),
        ([], False),
    ):
        assert await connector(says(200, state)).verify(ORDER) is seen, state
    undo = replace(ORDER, action="restore", action_id="a2", undoes=ORDER)
    assert await connector(says(200, {"account": {"status": "active"}})).verify(undo) is True
    assert await connector(says(200, {"account": {"status": "suspended", "until": "7d"}})).verify(undo) is False
    for answer in (says(404), says(500), says(200, b"x")):
        with pytest.raises(TryLater):
            await connector(answer).verify(ORDER)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "act"),
        (MAPPING.replace("[actions]", "[actons]"), "actons"),
        (MAPPING.replace('path = "/admin/requests', 'path = "admin'), "path"),
        (MAPPING.replace('suspend = "freeze"', 'ban = "kill"'), "does not say how the effect of ban is seen"),
        (MAPPING.split("[actions]", maxsplit=1)[0] + "[actions]", "names nothing"),
        ("[act", "end of"),
    ],
)
def test_a_mapping_that_cannot_be_is_refused(text: str, why: str) -> None:
    with pytest.raises(MappingFault, match=why) as fault:
        parse(text, file="m.toml")
    assert fault.value.file == "m.toml"


def test_the_platforms_own_words_are_cut_short() -> None:
    assert len(Refused("x" * 10_000).why) == 300


def test_the_mapping_in_the_documentation_can_be_used() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "operations.md").read_text(encoding="utf-8")
    text = page.partition("<!-- mapping:")[2].partition("```toml\n")[2].partition("```")[0]

    found = parse(text, file="docs/operations.md")
    assert set(found.actions) == {"hide", "suspend"}
    assert found.find is not None
    assert found.preview is not None


def test_the_configuration_in_the_documentation_can_be_used(tmp_path: Path) -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "operations.md").read_text(encoding="utf-8")
    text = page.partition("## Configuration")[2].partition("```toml\n")[2].partition("```")[0]
    (tmp_path / "feed.toml").write_text(text, encoding="utf-8")

    platform = config.read(tmp_path / "feed.toml").platform
    assert platform is not None
    assert platform.mapping == str(tmp_path / "platform.toml")
