"""Keys without a screen: order of Esc, guards by time, cards that are deaf at first."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from typing import Any

import pytest
from msgspec import structs
from msgspec.structs import replace

from casework.untrusted import Untrusted, visible
from tests.tui.sample_floor import SampleSession
from tui.acting import Asked
from tui.cards import DEAF_MS, REPEAT_STARTS_MS, Carded
from tui.floor import WorkFloor
from tui.keymap import Keymap
from tui.outbox import Outbox
from tui.seen import FRESH_MS
from tui.steering import Steering
from tui.target import Target

SCHOOL = Target("C-7F3A9K2M", 14, "S1")


class Bridge:
    """Writes down what steering asked for."""

    def __init__(self) -> None:
        self.selected = SCHOOL
        self.said: list[str] = []
        self.forms: list[Asked] = []
        self.cards: list[Carded] = []
        self.calls: list[str] = []
        self.asking = False
        self.pane = False
        self.steering: Steering | None = None

    def target(self) -> Target:
        assert self.steering is not None
        return replace(self.selected, sure=self.steering.seen.target().sure)

    def say(self, sentence: str | Untrusted, tone: str = "text") -> None:
        if sentence:
            self.said.append(visible(sentence))

    def ask(self, asked: Asked, draft: Mapping[str, str]) -> None:
        self.forms.append(asked)
        self.asking = True

    def card(self, carded: Carded) -> None:
        self.cards.append(carded)
        self.asking = True
        assert self.steering is not None
        self.steering.open_card(carded)

    def close_asking(self) -> bool:
        was, self.asking = self.asking, False
        return was

    def close_pane(self) -> bool:
        was, self.pane = self.pane, False
        return was

    def pane_is_open(self) -> bool:
        return self.pane

    def page(self) -> int:
        return 10

    def asked(self) -> bool:
        return self.asking

    def move(self, lines: int) -> None:
        self.calls.append(f"move {lines}")

    def open_pane(self, *, timeline: bool = False, runbook: bool = False) -> None:
        self.calls.append(f"open {timeline} {runbook}")

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments: self.calls.append(" ".join([name, *map(str, arguments)]))


class Table:
    """A steering with its clock and what was sent."""

    def __init__(self) -> None:
        self.now = 0.0
        self.bridge = Bridge()
        self.session = SampleSession()
        model = WorkFloor()
        model.session = self.session
        while model.pending:  # a busy machine takes more than one slice
            model.refresh()

        async def nothing() -> None:
            return

        self.work: list[Awaitable[None]] = []
        self.outbox = Outbox(self.session.do, lambda: self.now, lambda: None, self.work.append, settle=nothing)
        self.steering = Steering(model, Keymap(), self.outbox, self.bridge, lambda: self.now)
        self.bridge.steering = self.steering

    def press(self, *keys: str) -> None:
        for key in keys:
            self.steering.press(key)
        while self.work:
            asyncio.run(self.work.pop(0))  # type: ignore[arg-type]


@pytest.fixture
def table() -> Table:
    return Table()


def card_of(table: Table) -> None:
    table.press("d", "0")
    table.steering.acting.sent(table.bridge.forms[0], {"reason": "satire"})


def test_esc_goes_prefix_card_input_pane(table: Table) -> None:
    table.bridge.pane = True
    card_of(table)
    table.now += DEAF_MS
    stages = []
    for keys in ((), ("escape",), ("e", "escape"), ("escape",), ("escape",)):
        if keys == ("e", "escape"):
            table.bridge.asking = True
        table.press(*keys)
        stages.append((table.steering.has_card, table.bridge.asking, table.bridge.pane))

    assert stages == [
        (True, True, True),
        (False, False, True),
        (False, True, True),
        (False, False, True),
        (False, False, False),
    ]
    assert table.steering.prefix is None
    assert table.session.sent == []


@pytest.mark.parametrize(("after", "sent"), [(DEAF_MS - 1, 0), (DEAF_MS, 1)])
def test_a_card_is_deaf_at_first(table: Table, after: float, sent: int) -> None:
    card_of(table)
    table.now += after
    table.press("y")

    assert len(table.session.sent) == sent


def test_a_card_is_deaf_for_the_round_trip_too(table: Table) -> None:
    table.session.set_status(round_trip_ms=250.0)
    card_of(table)
    table.now += DEAF_MS + 249
    table.press("y")
    assert table.session.sent == []
    table.now += REPEAT_STARTS_MS
    table.press("y")

    assert len(table.session.sent) == 1


@pytest.mark.parametrize("key", ["enter", "a", "Y", "space", "j", "1"])
def test_only_y_is_yes(table: Table, key: str) -> None:
    card_of(table)
    table.now += DEAF_MS
    table.press(key)

    assert table.session.sent == []
    assert table.steering.has_card


def test_y_means_nothing_without_a_card(table: Table) -> None:
    table.press("y")

    assert table.session.sent == []
    assert table.bridge.said == ["y is not bound \u00b7 ? shows the keys"]


def test_after_the_program_moved_the_selection_only_reversible_acts_go_through(table: Table) -> None:
    table.steering.seen.moved()
    table.now = FRESH_MS - 1
    table.press("e", "1")
    assert table.session.sent == []
    assert "moved by itself" in table.bridge.said[-1]
    table.now += 1
    table.press("e", "1")

    assert len(table.session.sent) == 1


def test_tier_two_is_held_five_seconds_and_ctrl_c_cancels_it(table: Table) -> None:
    table.bridge.selected = Target("C-00000008", 3, "S2")
    table.press("e", "2")
    assert [entry.state for entry in table.outbox.entries] == ["held"]
    table.now = 4_999
    table.outbox.tick()
    assert table.session.sent == []
    table.press("ctrl+c")
    table.now = 6_000
    table.outbox.tick()

    assert [entry.state for entry in table.outbox.entries] == ["canceled"]
    assert table.session.sent == []


def test_what_was_held_goes_when_its_time_is_over(table: Table) -> None:
    table.bridge.selected = Target("C-00000008", 3, "S2")
    table.press("e", "2")
    table.now = 5_000
    table.outbox.tick()
    table.press("j")

    assert [case_id for case_id, _ in table.session.sent] == ["C-00000008"]


def test_the_order_of_undo_is_held_before_sent(table: Table) -> None:
    table.bridge.selected = Target("C-00000009", 3, "S2")
    table.press("s", "1", "e", "2", "z")
    assert [entry.state for entry in table.outbox.entries] == ["done", "canceled"]
    table.press("z")

    assert [command.verb for _, command in table.session.sent] == ["snooze", "undo"]


def test_undo_ends_after_ten_seconds(table: Table) -> None:
    table.bridge.selected = Target("C-00000009", 3, "S2")
    table.press("s", "1")
    table.now = 10_001
    table.press("z")

    assert [command.verb for _, command in table.session.sent] == ["snooze"]
    assert "Nothing to undo" in table.bridge.said[-1]


def test_an_act_without_a_case_says_so(table: Table) -> None:
    table.bridge.selected = Target()
    table.press("a")

    assert table.bridge.said == ["Not done: No case is selected: press j."]


def test_a_case_that_just_changed_is_asked_about_again(table: Table) -> None:
    case = table.session.mirror.rows["C-7F3A9K2M"]
    table.steering.seen.note(case)
    table.now = 10_000
    table.session.mirror.put(structs.replace(case, owner="bo"))
    table.press("e", "1")
    assert table.session.sent == []
    assert "just changed: S1, triaged, owner bo" in table.bridge.said[-1]
    table.now += FRESH_MS
    table.press("e", "1")

    assert len(table.session.sent) == 1


def test_a_change_of_the_score_is_no_reason_to_ask(table: Table) -> None:
    case = table.session.mirror.rows["C-7F3A9K2M"]
    table.steering.seen.note(case)
    table.session.mirror.put(structs.replace(case, score_tenths=1))
    table.press("e", "1")

    assert len(table.session.sent) == 1


def test_keys_that_hurt_are_dropped_after_the_loop_stood_still(table: Table) -> None:
    table.steering.tick()
    table.now = 3_000
    table.steering.press("e", 500)
    table.steering.press("1", 2_900)
    table.press()
    assert table.session.sent == []
    assert "stood still" in table.bridge.said[-1]
    table.steering.tick()
    table.now = 3_100
    table.press("e", "1")

    assert len(table.session.sent) == 1


def test_keys_that_hurt_are_dropped_until_the_terminal_has_drained(table: Table) -> None:
    table.now = 5_000
    table.steering.stalls.drained_at = lambda: table.now
    table.press("e", "1")
    assert table.session.sent == []
    table.steering.stalls.drained_at = lambda: 5_000
    table.now = 5_200
    table.press("e", "1")
    assert table.session.sent == []
    table.now = 5_400
    table.press("e", "1")

    assert len(table.session.sent) == 1


def test_a_card_is_not_answered_by_what_was_typed_ahead(table: Table) -> None:
    card_of(table)
    table.steering.tick()
    table.now = 2_000
    table.steering.press("y", 1_000)
    table.press()
    assert table.session.sent == []
    assert table.steering.has_card


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"phase": "stale"}, "The feed is stale."),
        ({"phase": "forked"}, "not the one that was seen before"),
        ({"phase": "loading"}, "The feed is loading."),
        ({"epoch": "other"}, "The feed began another log."),
        ({"gaps": 1}, "Something was missing"),
    ],
)
def test_no_card_outlives_the_ground_it_stands_on(table: Table, change: dict[str, Any], says: str) -> None:
    card_of(table)
    stood = []
    table.steering.tick()
    stood.append(table.steering.has_card)
    table.session.set_status(**change)
    table.steering.tick()
    stood.append(table.steering.has_card)

    assert stood == [True, False]
    assert says in table.bridge.said[-1]
    assert "The card was taken back; nothing was sent." in table.bridge.said[-1]


@pytest.mark.parametrize(("phase", "sent"), [("live", 1), ("stale", 1), ("offline", 1), ("loading", 0), ("forked", 0)])
def test_tier_two_waits_while_there_is_a_gap(table: Table, phase: str, sent: int) -> None:
    table.session.set_status(phase=phase)
    table.press("e", "1")

    assert len(table.session.sent) == sent
