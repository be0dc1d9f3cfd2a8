"""The journal is written as things change, and what is held is on disk before anything else happens to it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, field
from pathlib import Path

from casework.commands import AddNote, Escalate
from tests.tui.sample_floor import SampleSession
from tui.floor import WorkFloor
from tui.journal import Journal, JournalFile
from tui.keeping import DEBOUNCE_MS, Keeping, typed
from tui.outbox import HOLD_MS, Intent, Outbox
from tui.port import Done

CASE = "C-00000008"
URL = "http://127.0.0.1:8700"


@dataclass
class Screen:
    """The screen's side, with what it was told."""

    open: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)

    def drafts(self) -> dict[tuple[str, str], dict[str, str]]:
        return dict(self.open)

    def restore_drafts(self, drafts: dict[tuple[str, str], dict[str, str]]) -> None:
        self.open.update(drafts)

    def restored(self, sentence: str) -> None:
        self.said.append(sentence)


class Desk:
    """A console's memory without a console; `now` is turned by the test."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.now = 0.0
        self.at_sending: list[Journal | None] = []
        self.screen = Screen()
        self.model = WorkFloor()
        self.model.session = SampleSession()
        self.outbox = Outbox(self.send, lambda: self.now, self.acts_changed, self.spawn)
        self.keeping = Keeping(
            self.model, self.outbox, self.screen, lambda me: JournalFile(home, URL, me), lambda: self.now, lambda: 1_000
        )
        self.work: list[Awaitable[object]] = []

    async def send(self, case_id: str, command: object) -> Done:
        self.at_sending.append(self.on_disk())
        return await asyncio.Future()

    def acts_changed(self) -> None:
        self.keeping.acts_changed()

    def spawn(self, work: Awaitable[None]) -> None:
        self.work.append(asyncio.ensure_future(work))

    def on_disk(self) -> Journal | None:
        assert self.keeping._file is not None
        return self.keeping._file.read(1_000)

    def settle(self) -> None:
        """Two looks, with the debounce between them."""
        self.keeping.tick()
        self.now += DEBOUNCE_MS
        self.keeping.tick()


def escalation() -> Intent:
    return Intent("escalate", "Escalate 1", CASE, Escalate(expected_version=3, level=1), 2, "S3")


async def test_what_is_held_is_on_disk_at_once_and_off_it_before_it_is_sent(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.keeping.tick()
    desk.outbox.put(escalation())
    held = desk.on_disk()
    desk.now += HOLD_MS
    desk.outbox.tick()
    await asyncio.sleep(0)

    assert held is not None
    assert [(act.title, act.state) for act in held.unsent] == [("escalate 1", "held")]
    (sending,) = desk.at_sending
    assert sending is not None
    assert [act.state for act in sending.unsent] == ["sending"]
    for task in desk.work:
        asyncio.ensure_future(task).cancel()


async def test_a_lost_terminal_leaves_the_act_as_held_and_canceling_it_later_changes_nothing(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.keeping.tick()
    desk.outbox.put(escalation())
    desk.keeping.lost()
    desk.outbox.cancel_all()
    back = Desk(tmp_path)
    back.keeping.tick()

    assert back.screen.said == ["escalate 1 C-0000-0008 was held when the terminal was lost: not sent."]


async def test_view_filter_and_drafts_are_written_once_they_stand(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.keeping.tick()
    desk.model.look_at("mine")
    desk.model.ask_for("type:ttl")
    desk.model.sort_by("age")
    desk.model.refresh()
    desk.model.marks.add(["C-00000002", CASE])
    desk.screen.open["note", CASE] = {"text": "half"}
    desk.keeping.tick()
    assert desk.on_disk() is None
    desk.settle()
    desk.keeping.lost()
    back = Desk(tmp_path)
    back.keeping.tick()

    assert (back.model.view, back.model.filter, back.model.sort) == ("mine", "type:ttl", "age")
    assert back.screen.open == {("note", CASE): {"text": "half"}}
    assert back.screen.said == ["Back: 1 draft on C-0000-0008, filter, view and marks."]
    back.model.refresh()
    assert back.model.marks.ids == ("C-00000002", CASE)


async def test_who_leaves_by_themselves_finds_drafts_only(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.keeping.tick()
    desk.model.look_at("mine")
    desk.screen.open["note", CASE] = {"text": "half"}
    desk.keeping.left()
    back = Desk(tmp_path)
    back.keeping.tick()

    assert back.model.view == "all"
    assert back.screen.said == ["Back: 1 draft on C-0000-0008."]


async def test_a_filter_that_is_none_any_more_is_left_out(tmp_path: Path) -> None:
    file = JournalFile(tmp_path, URL, "ana")
    file.write(Journal(at=1_000, filter="no:such(", view="late"))
    file.close()
    back = Desk(tmp_path)
    back.keeping.tick()

    assert (back.model.view, back.model.filter) == ("all", "")


async def test_a_second_console_is_told_of_the_first(tmp_path: Path) -> None:
    first, second = Desk(tmp_path), Desk(tmp_path)
    first.keeping.tick()
    second.keeping.tick()

    assert first.screen.said == []
    assert "Another console of yours" in second.screen.said[0]


def test_the_text_of_a_note_is_not_lost_with_its_answer() -> None:
    note = Intent("note", "Note", CASE, AddNote(expected_version=3, text="She moved."), 1, "S3")

    assert typed(note) == {"text": "She moved."}
    assert typed(escalation()) == {}
