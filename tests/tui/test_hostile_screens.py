"""Hostile text through every place that paints: nothing acts, nothing moves its neighbor, and the console lives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace
from rich.cells import cell_len

import widgets.paint
from casework.model import Action, Await, Contact, Content, Flags, Hold, Note, Row, Source, Subject, Target, Task, Tick
from casework.untrusted import Untrusted, raw, safe
from client.status import LinkStatus
from tests.tui.hostile_text import HOSTILE
from tests.tui.sample_floor import NOW, SampleOutcome, SampleSession, sketch, whole_case
from tests.tui.test_console import SCHOOL, desk, ready
from tui.wall import WallApp
from widgets.gate import Gate

ALL = sorted(HOSTILE)
GROUPS = [ALL[at::4] for at in range(4)]
"""Four floors of hostile strings: each string is on the screen, as a summary and as an owner."""
TALL = (80, 54)


def hostile_row(each: Row, text: str) -> Row:
    """`each` with `text` in every field that comes from outside."""
    return replace(
        each,
        summary=text,
        owner=text,
        language=text[:35],
        source=Source(kind="partner", name=text),
        subjects=(Subject(kind="account", id=text, handle=text, place=text, region=text, tz=text[:64], age_given=15),),
        content=(Content(kind=text, id=text, up=True, caption=text),),
        flags=Flags(awaiting=Await(why=text, who=text), hold=Hold(why=text, by=text, at=NOW)),
    )


def hostile_floor(names: list[str]) -> list[Row]:
    rows = sketch()
    return [hostile_row(each, HOSTILE[names[at % len(names)]]) for at, each in enumerate(rows)]


def hostile_case(text: str) -> Any:
    contact = Contact(
        seq=1,
        by=text,
        party="police",
        channel=text,
        number_source=text,
        person=text,
        reference=text,
        at=NOW,
        outcome=text,
    )
    action = Action(
        action_id=text, action="no_action", target=Target(kind=text, id=text), policy=text, reason=text, fields={},
        state="proposed", proposed_by=text, approved_by=text,
    )  # fmt: skip
    base = whole_case()
    return replace(
        base,
        summary=text,
        narrative=text,
        owner=text,
        outcome=text,
        contacts=(contact,),
        actions=(action,),
        notes=(Note(seq=1, by=text, at=NOW, text=text),),
        tasks=(Task(task_id=text, text=text, owner=text, due_at=NOW, by=text, at=NOW),),
        runbook=(Tick(step=text, by=text, at=NOW),),
        content=(Content(kind=text, id=text, caption=text),),
        subjects=(Subject(kind="account", id=text, handle=text, place=text),),
    )


def assert_harmless(lines: list[str], width: int) -> None:
    for line in lines:
        assert safe(line), ascii(line)
        assert cell_len(line) == width


@pytest.mark.parametrize("names", GROUPS, ids=lambda names: names[0])
async def test_queue_preview_pane_message_and_form(names: list[str]) -> None:
    text = HOSTILE[names[0]]
    session = SampleSession(
        status=LinkStatus(phase="live", feed_age_ms=400, principal=text[:60], roles=("responder",), detail=text),
        answers=[SampleOutcome(ok=False, sentence=text)],
        cases={SCHOOL: hostile_case(text)},
        presence={SCHOOL: [(text, "looking")]},
    )
    session.mirror.swap(hostile_floor(names))
    async with desk(session, size=TALL) as it:
        await ready(it)
        assert_harmless(it.screen, 80)
        ages = [line[-4:-1] for line in it.screen[3:12]]
        assert ages == ["15m", "13m", "<1m", "23m", " 3h", " 1h", " 9m", " 6m", " 1h"]
        assert len(names) <= 39
        for name in names:
            shown = widgets.paint.shown(Untrusted(HOSTILE[name])).plain
            assert shown.split()[:1] == [] or widgets.paint.cut(shown, 36).rstrip("\u2026")[:8] in it.text
        for keys in (("j",) * 3, ("n",), ("escape",), ("l",), ("escape",), ("e", "escape"), ("enter",), ("G",), ("g",)):
            await it.press(*keys)
            assert_harmless(it.screen, 80)
        await it.press("i")
        assert_harmless(it.screen, 80)
        await it.press("q", "p", "0")
        await it.until(lambda: session.sent)
        await it.pilot.pause(0.2)
        assert_harmless(it.screen, 80)
        await it.press("?")
        assert_harmless(it.screen, 80)
        assert it.app.is_running


@pytest.mark.parametrize("names", GROUPS[:2], ids=lambda names: names[0])
async def test_the_case_beside_the_queue(names: list[str]) -> None:
    session = SampleSession(cases={SCHOOL: hostile_case(HOSTILE[names[1]])})
    session.mirror.swap(hostile_floor(names))
    async with desk(session, size=(160, 50)) as it:
        await ready(it)
        await it.select(SCHOOL)
        await it.press("enter")
        await it.until(lambda: session.opened)
        for _ in range(3):
            await it.press("pagedown")
            assert_harmless(it.screen, 160)


async def test_the_wall_shows_nothing_of_a_case() -> None:
    session = SampleSession()
    secret = "\x1b]0;secret summary\x07"
    session.mirror.swap([replace(each, summary=secret, owner="cy\x1b[2J") for each in sketch()])
    app = WallApp(lambda: session, name="us\x1b[2J floor")
    async with app.run_test(size=(62, 16)) as pilot:
        lines: list[str] = []
        for _ in range(100):
            await pilot.pause(0.02)
            strips = app.screen._compositor.render_strips()
            lines = ["".join(segment.text for segment in strip) for strip in strips]
            if "LATE" in "".join(lines):
                break
        assert_harmless(lines, 62)
        assert "secret" not in "".join(lines)
        assert "cy\u241b[2J" in "".join(lines)


@pytest.fixture
def guards_off(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What would happen if text were painted as it came."""
    widgets.paint.shown.cache_clear()
    monkeypatch.setattr(widgets.paint, "visible", lambda text, multiline=False: raw(text))
    yield
    widgets.paint.shown.cache_clear()
    widgets.paint.cut.cache_clear()


@pytest.mark.usefixtures("guards_off")
async def test_with_the_guards_off_this_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Gate, "apply", lambda self, segments, background: segments)
    session = SampleSession()
    session.mirror.swap([replace(each, summary="\x1b]0;PWNED\x07") for each in sketch()])
    async with desk(session) as it:
        await ready(it)

        assert "\x1b]0;PWNED" in it.text
        with pytest.raises(AssertionError):
            assert_harmless(it.screen, 80)


@pytest.mark.usefixtures("guards_off")
async def test_with_the_first_guard_off_the_gate_still_holds() -> None:
    session = SampleSession()
    session.mirror.swap([replace(each, summary="\x1b]0;PWNED\x07\u202e") for each in sketch()])
    async with desk(session) as it:
        await ready(it)

        assert_harmless(it.screen, 80)
