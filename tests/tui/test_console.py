"""The console, driven by keys, small and large: what is done is what was meant, and the screen says what is true."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace
from textual.events import Key
from textual.pilot import Pilot

from casework.commands import AddNote, Claim, Escalate, Propose, SetSeverity, Snooze, Triage, Undo
from tests.tui.sample_floor import MINUTE, SampleOutcome, SampleSession, row, sketch, whole_case
from tui.app import Watchfloor
from tui.keymap import Keymap
from tui.outbox import SETTLE_S
from tui.terminal.answers import Answers

SCHOOL = "C-7F3A9K2M"
NAMES = {"/": "slash", "?": "question_mark", "!": "exclamation_mark"}


@dataclass
class Desk:
    """A running console with its session."""

    app: Watchfloor
    pilot: Pilot[None]
    session: SampleSession

    @property
    def screen(self) -> list[str]:
        """What stands on the terminal, line by line."""
        strips = self.app.screen._compositor.render_strips()
        return ["".join(segment.text for segment in strip) for strip in strips]

    @property
    def text(self) -> str:
        return "\n".join(self.screen)

    @property
    def cursor(self) -> str | None:
        return self.app.floor.view.queue.cursor

    async def until(self, holds: Callable[[], object]) -> None:
        """Wait for a condition; the screen is shown if it never comes."""
        for _ in range(200):
            if holds():
                return
            await self.pilot.pause(0.02)
        raise AssertionError(f"it never came; the screen was\n{self.text}")

    async def sees(self, *words: str) -> None:
        await self.until(lambda: all(word in self.text for word in words))

    async def press(self, *keys: str) -> None:
        for key in keys:
            name = NAMES.get(key, key)
            self.app.post_message(Key(name, key if len(key) == 1 else None))
            # Fingers: nine keys in 50 ms would be a paste.
            await asyncio.sleep(0.008)
        await self.pilot.pause()

    def burst(self, *keys: str, at: float | None = None) -> None:
        """Keys that came in at once: a terminal without bracketed paste sends what is pasted like that."""
        at = time.monotonic() if at is None else at
        for key in keys:
            event = Key(key, key)
            event.time = at
            self.app.post_message(event)

    async def select(self, case_id: str) -> None:
        # A list is searched in slices: on a busy machine a case may not have come in yet.
        await self.until(lambda: self.app.model.index(case_id) is not None)
        self.app.floor.select(case_id)
        self.app.floor.paint()
        # Where the program just moved the selection, keys that hurt would be asked for again.
        await self.until(lambda: self.app.floor.steering.seen.target().sure)
        assert self.cursor == case_id

    def gone(self, count: int = 1) -> Callable[[], bool]:
        return lambda: len(self.session.sent) >= count


@asynccontextmanager
async def desk(
    session: SampleSession | None = None, *, size: tuple[int, int] = (80, 24), read_only: bool = False, **more: Any
) -> AsyncIterator[Desk]:
    session = session or SampleSession(cases={SCHOOL: whole_case()})
    app = Watchfloor(lambda: session, name="us-floor", read_only=read_only, **more)
    async with app.run_test(size=size) as pilot:
        it = Desk(app, pilot, session)
        await it.until(lambda: app.model.session is not None)
        yield it


async def ready(it: Desk) -> None:
    """All cases are taken in, which on a busy machine takes more than one slice, and the first is selected."""
    await it.until(lambda: it.cursor is not None and it.app.model.whole)
    it.app.floor.paint()
    await it.sees("LEFT SEV", "? keys")


# --- what it shows


async def test_the_queue_at_80_by_24() -> None:
    async with desk() as it:
        await ready(it)
        await it.select(SCHOOL)
        await it.sees("Up now")
        lines = it.screen

        assert lines[0].split() == ["us-floor", "ana", "responder", "39", "open", "11", "unowned", "\u25a01", "late"]
        assert lines[1].rstrip().endswith("feed 0.4 s \u00b7 12:41:07 Z")
        assert lines[2] == "   LEFT SEV TYPE   OWNER  NEXT     SUMMARY                                  AGE "
        assert lines[3].startswith("  -0:42 \u25a0S0 SSH    cy     POLICE   Live stream: plan and means stated")
        assert lines[6].endswith(' \u25b2S1 TTL    ana    contain  Threat naming a school, "tomorrow 8 am"  23m ')
        assert lines[12].rstrip().endswith("30 more below")
        assert lines[13].startswith("\u2500\u2500 C-7F3A-9K2M \u00b7 TTL \u00b7 Threat naming a school")
        assert "nobody yet \u00b7 3 reports joined \u00b7 bo is looking" in it.text
        assert lines[23].split()[:4] == ["oc", "contained", "C", "told"]
        assert all(len(line) == 80 for line in lines)


async def test_the_case_beside_the_queue_at_160_by_50() -> None:
    async with desk(size=(160, 50)) as it:
        await ready(it)
        await it.select(SCHOOL)
        await it.press("enter")
        await it.sees("Call the school's", "12:36 bo", "Timeline", "School confirms exam starts at 8.")

        assert it.session.opened == [SCHOOL]
        assert "\u2502 A picture of the school gate" in it.text
        assert it.screen[2].startswith("   LEFT SEV TYPE   OWNER  NEXT     SUMMARY")


async def test_one_pane_at_40_by_12() -> None:
    async with desk(size=(40, 12)) as it:
        await it.until(lambda: it.cursor is not None)
        await it.sees("\u25a01 late", "Live")

        assert all(len(line) == 40 for line in it.screen)
        await it.press("enter")
        await it.sees("C-0000-0001", "police")


async def test_a_screen_of_one_cell_is_survived() -> None:
    async with desk() as it:
        await ready(it)
        for width, height in ((1, 1), (3, 2), (10, 5), (300, 100), (80, 24)):
            await it.pilot.resize_terminal(width, height)
            await it.pilot.pause()
        await it.sees("us-floor", "more below")


async def test_the_top_case_is_one_key_away() -> None:
    rows = [replace(each, owner=None, state="NEW") for each in sketch()]
    session = SampleSession()
    session.mirror.swap(rows)
    async with desk(session) as it:
        await ready(it)
        await it.press("a")
        await it.until(it.gone())

        assert session.sent == [("C-00000001", Claim(expected_version=3))]
        await it.sees("claim C-0000-0001 \u2713", "z undoes")


async def test_colors_are_gone_and_nothing_is_lost_with_no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with desk() as it:
        await ready(it)

        assert it.app.theme == "watchfloor-plain"
        await it.sees("\u258c -0:42 \u25a0S0")
        colors = {
            segment.style.color.name
            for strip in it.app.screen._compositor.render_strips()
            for segment in strip
            if segment.style is not None and segment.style.color is not None
        }
        assert colors <= {"default"}


# --- states of the feed


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ({"phase": "stale", "feed_age_ms": 34_000}, ("STALE 00:34", "nothing newer has arrived", "feed 34 s")),
        ({"phase": "offline", "feed_age_ms": 90_000, "retry_in_ms": 4_200}, ("NO FEED for 01:30", "again in 4 s")),
        ({"phase": "forbidden", "detail": "Your token ended."}, ("does not let you in", "Your token ended.")),
        ({"phase": "forked"}, ("rolled back or rewritten", "! I have read this")),
    ],
)
async def test_what_is_not_ordinary_is_said(status: dict[str, object], words: tuple[str, ...]) -> None:
    async with desk() as it:
        await ready(it)
        before = it.cursor
        it.session.set_status(**status)
        await it.sees(*words)

        assert it.cursor == before
        it.session.set_status(phase="live", feed_age_ms=400, detail="", retry_in_ms=None)
        await it.until(lambda: words[0] not in it.text)


async def test_a_fork_stays_red_until_it_is_acknowledged() -> None:
    async with desk() as it:
        await ready(it)
        it.session.set_status(phase="forked")
        await it.sees("I have read this")
        await it.press("j", "k")
        assert it.session.acknowledged == 0
        await it.press("!")

        assert it.session.acknowledged == 1


@pytest.mark.parametrize(
    ("phase", "words"),
    [
        ("connecting", "Connecting to the feed."),
        ("loading", "Loading the floor"),
        ("offline", "no feed answers"),
        ("forbidden", "Ask a lead for a token"),
        ("live", "All quiet: no open case."),
    ],
)
async def test_an_empty_queue_says_why(phase: str, words: str) -> None:
    session = SampleSession()
    session.mirror.swap([])
    session.set_status(phase=phase)
    async with desk(session) as it:
        await it.sees(words)


async def test_an_s0_outside_the_view_is_always_named() -> None:
    async with desk() as it:
        await ready(it)
        await it.press("2")
        await it.sees("mine", "\u25a03 S0 hidden \u00b7 0")
        await it.press("0")
        await it.until(lambda: "hidden" not in it.text)

        assert it.cursor == "C-00000001"


# --- the cursor


async def test_the_selected_case_keeps_its_line_while_rows_move() -> None:
    async with desk() as it:
        await ready(it)
        await it.select(SCHOOL)
        line = it.app.floor.view.queue.cursor_line
        fresh = [
            row(100 + at, "SSH", "S0", f"New {at}", left_ms=at * 1_000, step="ack", allowance_ms=MINUTE)
            for at in range(3)
        ]
        it.session.mirror.put(*fresh)
        it.session.on_change()
        await it.sees("\u2191 3 moved above")

        assert it.cursor == SCHOOL
        assert it.app.floor.view.queue.cursor_line == line
        assert "\u25a03 S0 above" in it.text


async def test_a_new_snapshot_keeps_cursor_filter_and_draft() -> None:
    async with desk() as it:
        await ready(it)
        await it.press("/", *"sev:0..1", "enter")
        await it.sees("/sev:0..1")
        await it.select(SCHOOL)
        await it.press("n", *"half a tho")
        it.session.mirror.swap([replace(each, version=each.version + 1) for each in sketch()])
        it.session.on_change()
        await it.press(*"ught", "enter")
        await it.until(it.gone())

        assert it.cursor == SCHOOL
        assert it.app.model.filter == "sev:0..1"
        assert it.session.sent[0] == (SCHOOL, AddNote(expected_version=14, text="half a thought"))


async def test_when_the_selected_case_leaves_the_next_key_has_to_be_meant() -> None:
    async with desk() as it:
        await ready(it)
        await it.select(SCHOOL)
        it.session.mirror.drop(SCHOOL)
        it.session.on_change()
        await it.sees("C-7F3A-9K2M left this view")
        await it.press("e", "1")
        await it.sees("The selection just moved by itself")

        assert it.session.sent == []


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_an_open_case_stays_open_when_it_leaves_the_view(size: tuple[int, int]) -> None:
    async with desk(size=size) as it:
        await ready(it)
        await it.select(SCHOOL)
        await it.press("enter")
        await it.sees("Runbook")
        await it.press("/", *"type:query", "enter")
        await it.sees("type:query")
        await it.sees("C-7F3A-9K2M")
        assert "No case is selected" not in it.text
        await it.press("n", *"still this one", "enter")
        await it.until(it.gone())

        assert [case_id for case_id, _ in it.session.sent] == [SCHOOL]
        await it.press("q", "j", "n", *"that one", "enter")
        await it.until(lambda: len(it.session.sent) == 2)
        assert it.session.sent[1][0] == it.cursor != SCHOOL


# --- acts are about what was on the screen at the first key


async def test_a_prefix_keeps_its_case_while_rows_move() -> None:
    async with desk() as it:
        await ready(it)
        await it.select("C-00000009")
        await it.press("s")
        await it.sees("s C-0000-0009  1 15 m  2 1 h  3 4 h")
        changed = replace(it.session.mirror.rows["C-00000009"], version=9)
        it.session.mirror.put(changed, row(200, "TTL", "S0", "New on top", left_ms=1_000))
        it.session.on_change()
        it.app.floor.select("C-00000005")
        await it.press("2")
        await it.until(it.gone())

        assert it.session.sent == [("C-00000009", Snooze(expected_version=3, minutes=60))]


async def test_a_wrong_second_key_is_swallowed() -> None:
    async with desk() as it:
        await ready(it)
        await it.press("o", "a", "escape", "d", "d")
        await it.sees("dd is not bound; nothing was done")
        await it.press("e", "a")
        await it.press("e", "enter")
        await it.sees("e Enter is not bound; nothing was done")

        assert it.session.sent == []


async def test_a_form_keeps_its_case_and_version() -> None:
    async with desk() as it:
        await ready(it)
        await it.select(SCHOOL)
        await it.press("o", "f")
        await it.sees("Severity", "Evidence")
        it.session.mirror.put(replace(it.session.mirror.rows[SCHOOL], version=15, severity="S0", band=0))
        it.session.on_change()
        await it.press(*"seen it", "enter")
        await it.until(it.gone())

        sent = Triage(expected_version=14, case_type="TTL", severity="S1", imminence="24h", evidence="seen it")
        assert it.session.sent == [(SCHOOL, sent)]


async def test_what_is_typed_before_the_form_stands_goes_into_the_form() -> None:
    async with desk() as it:
        await ready(it)
        for key in "ncfa":
            it.app.floor.on_key(Key(key, key))
        await it.until(lambda: it.app.floor.view.asking.form is not None)
        await it.press("enter")
        await it.until(it.gone())

        assert it.session.sent[0][1] == AddNote(expected_version=3, text="cfa")


async def test_a_fault_is_said_in_its_field_and_the_form_stays() -> None:
    async with desk() as it:
        await ready(it)
        await it.select(SCHOOL)
        await it.press("C", *"polce", "enter")
        for text in ("phone", "directory", "Sgt. Lee"):
            await it.press(*text, "enter")
        await it.press("down", "down", *"told", "enter")
        await it.sees("Party: write one of police, ncmec")

        assert it.session.sent == []


async def test_what_a_field_may_be_stands_where_the_cursor_is() -> None:
    async with desk() as it:
        await ready(it)
        await it.select(SCHOOL)
        await it.press("C")
        await it.sees("police ncmec user victim")
        await it.press("p", "o")
        await it.until(lambda: "ncmec user" not in it.text)


async def test_a_draft_waits_where_it_was_left() -> None:
    async with desk() as it:
        await ready(it)
        await it.press("n", *"wait", "escape")
        await it.sees("Draft kept.")
        await it.press("j", "n")
        await it.until(lambda: it.app.floor.view.asking.form is not None)
        assert it.app.floor.view.asking.form is not None
        await it.until(lambda: it.app.floor.view.asking.form.values == {"text": ""})  # type: ignore[union-attr]
        await it.press("escape", "k", "n")
        await it.until(lambda: it.app.floor.view.asking.form.values == {"text": "wait"})  # type: ignore[union-attr]


async def test_lowering_takes_a_reason_and_raising_does_not() -> None:
    async with desk() as it:
        await ready(it)
        await it.select(SCHOOL)
        await it.press("p", "0")
        await it.until(it.gone())
        await it.press("p", "3")
        await it.sees("Reason")
        await it.press(*"hoax", "enter")
        await it.until(it.gone(2))

        assert [command for _, command in it.session.sent] == [
            SetSeverity(expected_version=14, severity="S0"),
            SetSeverity(expected_version=14, severity="S3", reason="hoax"),
        ]


# --- guards


async def test_an_s1_is_escalated_at_once() -> None:
    async with desk() as it:
        await ready(it)
        await it.select(SCHOOL)
        await it.press("e", "1")
        await it.until(it.gone())

        assert it.session.sent == [(SCHOOL, Escalate(expected_version=14, level=1))]


async def test_an_s2_is_held_and_z_cancels(monkeypatch: pytest.MonkeyPatch) -> None:
    async with desk() as it:
        await ready(it)
        await it.select("C-00000008")
        await it.press("e", "2")
        await it.sees("escalate 2 C-0000-0008 in 5 s \u00b7 z cancels")
        await it.press("z")
        await it.sees("canceled, nothing was sent")

        assert it.session.sent == []
        assert it.app.floor.outbox.held == ()


async def test_what_is_held_is_not_sent_when_the_console_ends() -> None:
    session = SampleSession()
    async with desk(session) as it:
        await ready(it)
        await it.select("C-00000008")
        await it.press("e", "2")
        await it.sees("z cancels")
        outbox = it.app.floor.outbox

    assert session.sent == []
    assert [entry.state for entry in outbox.entries] == ["canceled"]


async def test_undo_takes_back_the_newest() -> None:
    async with desk() as it:
        await ready(it)
        await it.select("C-00000009")
        await it.press("s", "1")
        await it.sees("\u2713")
        await it.press("z")
        await it.until(it.gone(2))

        assert it.session.sent[1] == ("C-00000009", Undo(expected_version=15, seq=500))
        await it.until(lambda: "z undoes" not in it.text)


async def test_a_refusal_stays_until_a_key_is_pressed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.outbox.SEEN_MS", 0)
    session = SampleSession(answers=[SampleOutcome(ok=False, sentence="bo claimed this 4 s ago. Nothing was sent.")])
    async with desk(session) as it:
        await ready(it)
        await it.select("C-00000008")
        await it.press("a")
        await it.sees("bo claimed this 4 s ago. Nothing was sent.")
        session.clock.now += 60_000
        await it.pilot.pause(0.3)
        assert "bo claimed this" in it.text
        await it.press("j")
        await it.until(lambda: "bo claimed this" not in it.text)


async def test_a_long_refusal_is_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.outbox.SEEN_MS", 0)
    said = (
        "Not resolved: CSEA needs a CyberTip id or a not reportable by two people, triage notes, and every task done."
    )
    async with desk(SampleSession(answers=[SampleOutcome(ok=False, sentence=said)])) as it:
        await ready(it)
        await it.select("C-00000008")
        await it.press("a")
        await it.sees("Not resolved: CSEA needs", "every task done.")
        await it.press("j")
        await it.until(lambda: "every task done." not in it.text)
        assert all(len(line) == 80 for line in it.screen)


async def test_no_action_asks_on_a_card_and_only_y_is_yes() -> None:
    async with desk() as it:
        await ready(it)
        await it.select(SCHOOL)
        await it.press("d", "0", *"satire", "enter")
        await it.sees("No action", "reason    satire", "y no action")
        await asyncio.sleep(0.35)  # a card is deaf for 300 ms
        await it.press("enter", "a", "j")
        assert it.session.sent == []
        await asyncio.sleep(0.03)  # a key right behind another was not pressed by a finger
        await it.press("y")
        await it.until(it.gone())

        case_id, command = it.session.sent[0]
        assert case_id == SCHOOL
        assert isinstance(command, Propose)
        assert (command.action, command.reason, command.expected_version) == ("no_action", "satire", 14)


async def test_n_takes_a_card_away() -> None:
    async with desk() as it:
        await ready(it)
        await it.select(SCHOOL)
        await it.press("d", "0", *"satire", "enter")
        await it.sees("y no action")
        await asyncio.sleep(0.35)
        await it.press("n")
        await it.sees("Nothing was sent.")
        await it.press("y")

        assert it.session.sent == []


async def test_a_paste_outside_an_input_does_nothing() -> None:
    async with desk() as it:
        await ready(it)
        await it.select("C-00000008")
        it.burst(*"ae1s1tmp0aaaaannnn")
        await it.sees("A paste of", "nothing of it was done")
        await it.until(lambda: not it.app.workers)

        assert it.session.sent == []
        assert it.app.floor.view.asking.question is None


async def test_an_act_waits_for_the_rest_of_what_was_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine, what was pasted may reach the screen later than an act waits for the rest of a paste."""
    async with desk() as it:
        await ready(it)
        await it.select("C-00000008")
        line = SimpleNamespace(handing=True, answers=Answers())
        monkeypatch.setattr(Watchfloor, "line_to_terminal", line)
        at = time.monotonic()
        it.burst("a", at=at)
        await it.until(lambda: time.monotonic() - at > 3 * SETTLE_S)
        assert it.app.floor.outbox.sending == {"C-00000008"}
        assert it.session.sent == []

        it.burst(*"jkjkjkjk", at=at)
        line.handing = False
        await it.sees("A paste of", "nothing of it was done")
        await it.until(lambda: not it.app.workers)

        assert it.session.sent == []


async def test_a_read_only_console_says_so() -> None:
    async with desk(read_only=True) as it:
        await ready(it)
        await it.sees("read only")
        await it.press("a")
        await it.sees("This console is read only.")

        assert it.session.sent == []


async def test_a_verb_that_makes_no_sense_here_says_why() -> None:
    async with desk() as it:
        await ready(it)
        await it.press("a")
        await it.sees("cy has it.")

        assert it.session.sent == []


# --- the rest


async def test_a_filter_fault_is_shown_in_place() -> None:
    async with desk() as it:
        await ready(it)
        # Nobody pauses while this is typed, also where a key takes long: the list would follow what can be read of it.
        it.app.floor.filtering._later = lambda seconds, then: None
        await it.press("/", *"sev=9", "enter")
        await it.sees("sev takes :")
        assert it.app.model.filter == ""
        await it.press("ctrl+c")
        await it.until(lambda: it.app.floor.view.asking.question is None)
        assert it.app.model.filter == ""


async def test_next_late_and_next_unowned() -> None:
    async with desk() as it:
        await ready(it)
        await it.press("b")
        assert it.cursor == "C-00000002"
        await it.press("B")
        assert it.cursor == "C-00000001"
        await it.press("u")

        assert it.cursor == "C-00000003"


async def test_help_says_what_works_and_why_not() -> None:
    async with desk() as it:
        await ready(it)
        await it.press("?")
        await it.sees("Keys that work here and now", "cy has it.", "Escalate: second, lead")
        await it.press("q")
        await it.sees("LEFT SEV")


async def test_leaving_asks_who_owns_an_s1() -> None:
    async with desk() as it:
        await ready(it)
        await it.press("q")
        await it.sees("You own an S0 or S1.")
        await it.press("j")
        await it.press("q")
        await it.sees("You own an S0 or S1.")
        assert it.app.is_running
        await it.press("q")
        await it.until(lambda: it.app._exit)


async def test_the_command_line_goes_to_a_case_a_view_and_a_verb() -> None:
    async with desk() as it:
        await ready(it)
        await it.press(":", *"c-7f3a-9k2m", "enter")
        await it.until(lambda: it.cursor == SCHOOL)
        await it.press(":", *"escalate 1", "enter")
        await it.until(it.gone())
        assert it.session.sent == [(SCHOOL, Escalate(expected_version=14, level=1))]
        await it.press(":", *"view late", "enter")
        await it.until(lambda: it.app.model.view == "late")
        await it.press(":", *"klaim", "enter")
        await it.sees("the nearest is claim")
        await it.press("escape", ":", *"view x", "enter")
        await it.sees("There are the views all, mine, unowned, late")


async def test_the_command_line_opens_a_case_that_has_ended_and_no_list_has() -> None:
    session = SampleSession()
    ended = replace(sketch()[3], state="RESOLVED", clocks=())
    session.mirror.swap([*(each for each in sketch() if each.case_id != ended.case_id), ended])
    async with desk(session) as it:
        await ready(it)
        view = it.app.model.view
        await it.press(":", *"c-7f3a-9k2m", "enter")
        await it.until(lambda: it.app.floor.view.opened == SCHOOL)
        assert it.app.model.view == view


async def test_a_new_snapshot_from_nothing_takes_the_selection_up_again() -> None:
    async with desk() as it:
        await ready(it)
        await it.select(SCHOOL)
        line = it.app.floor.view.queue.cursor_line
        it.session.mirror.swap([])
        it.session.set_status(phase="loading")
        await it.sees("Loading the floor")
        it.session.mirror.swap(sketch())
        it.session.set_status(phase="live")
        await it.sees("Live stream")

        assert (it.cursor, it.app.floor.view.queue.cursor_line) == (SCHOOL, line)


@pytest.mark.parametrize("why", ["stale", "strange"])
async def test_enforcement_waits_until_what_is_shown_is_what_is(why: str) -> None:
    async with desk() as it:
        await ready(it)
        await it.select(SCHOOL)
        if why == "stale":
            it.session.set_status(phase="stale", feed_age_ms=6_000)
        else:
            it.session.strange.add(SCHOOL)
        await it.press("d", "0")
        await it.sees("waits until the feed is live" if why == "stale" else "update the console first")
        assert it.app.floor.view.asking.question is None
        await it.press("n")
        await it.until(lambda: it.app.floor.view.asking.form is not None)


async def test_others_see_that_a_case_is_looked_at() -> None:
    async with desk() as it:
        await ready(it)
        await it.press("enter")
        await it.until(lambda: it.session.done_here == [("C-00000001", "looking")])


async def test_a_failure_in_the_background_is_said_and_the_console_goes_on() -> None:
    class Broken(SampleSession):
        async def open_case(self, case_id: str) -> None:
            raise ValueError("a secret of the case")

    async with desk(Broken()) as it:
        await ready(it)
        await it.press("enter")
        await it.sees("Something failed in the background (ValueError")

        assert "secret" not in it.text
        assert it.app.is_running


def test_no_key_that_terminals_keep_is_bound() -> None:
    keys = {key for keys, _ in Keymap().all() for key in keys}

    assert not keys & {
        "ctrl+a",
        "ctrl+b",
        "ctrl+s",
        "ctrl+q",
        "ctrl+h",
        "ctrl+i",
        "ctrl+m",
        "ctrl+z",
        "f1",
        "f10",
        "f11",
    }
    assert Keymap().get(("d", "d")) is None


async def test_every_key_behind_a_prefix_is_named_and_what_works_stands_first() -> None:
    async with desk() as it:
        await ready(it)
        await it.press("o")
        await it.sees("o C-0000-0001", "break glass", "unmerge")
        words = it.text[it.text.index("o C-0000-0001") :]
        # `ou` comes second in the catalogue; a case that is not merged has no use for it.
        assert words.index("release") < words.index("unmerge")
        await it.press("escape")
        await it.until(lambda: "unmerge" not in it.text)


async def test_a_short_prefix_takes_one_line_and_a_small_screen_says_that_there_is_more() -> None:
    async with desk() as it:
        await ready(it)
        await it.press("e")
        await it.sees("1 second  2 lead  3 duty manager")
    async with desk(size=(40, 12)) as it:
        await it.until(lambda: it.cursor is not None)
        await it.press("d")
        await it.sees("\u2026 ? shows all")


async def test_tab_takes_what_is_offered_and_the_footer_says_whether_enter_sends() -> None:
    async with desk() as it:
        await ready(it)
        await it.select(SCHOOL)
        await it.press("C")
        await it.sees("Enter next field")
        await it.press(*"pol")
        await it.sees("Tab complete")
        await it.press("tab", "tab")
        form = it.app.floor.view.asking.form
        assert form is not None
        assert form.values["party"] == "police"
        await it.press(*"phone", "enter", *"directory", "enter", *"Sgt. Lee", "enter", "enter", "enter")
        await it.sees("Enter send")
