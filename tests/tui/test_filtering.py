"""The filter while it is typed: it narrows the list, completes, says a fault in its place; Esc gives back what was."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from casework.query import QueryFault
from tests.tui.sample_floor import MINUTE, SampleSession, row
from tests.tui.test_console import Desk, desk, ready
from tui.floor import WorkFloor
from tui.search import QUIET_MS, Search
from widgets.filterform import FilterForm

SCHOOL = "C-7F3A9K2M"


def line_of(it: Desk, words: str) -> str:
    return next((line.rstrip() for line in it.screen if words in line), "")


def typed(form: FilterForm, *keys: str) -> str:
    for key in keys:
        form.press(key, key if len(key) == 1 else None)
    return form.text


async def test_the_list_narrows_while_typing_and_esc_gives_back_what_was() -> None:
    async with desk() as it:
        await ready(it)
        await it.select(SCHOOL)
        await it.press("/", *"type:dox")
        await it.sees("1 found", "Home address of a journalist")
        assert "Threat naming a school" not in it.text
        assert it.cursor is None
        await it.press("escape")
        await it.sees("Threat naming a school")

        assert it.app.model.filter == ""
        assert it.cursor == SCHOOL


async def test_enter_keeps_it_and_says_what_it_hides() -> None:
    async with desk() as it:
        await ready(it)
        await it.select(SCHOOL)
        await it.press("/", *"type:dox", "enter")
        await it.sees("C-7F3A-9K2M does not match", "0 shows all", "\u25a03 S0 hidden \u00b7 0")
        assert it.cursor is None
        assert it.app.model.filter == "type:dox"
        await it.press("0")
        await it.sees("Threat naming a school")

        assert it.app.model.filter == ""


async def test_a_filter_that_shows_the_selected_case_keeps_it_selected() -> None:
    async with desk() as it:
        await ready(it)
        await it.select(SCHOOL)
        await it.press("/", *"sev:1", "enter")
        await it.until(lambda: it.app.model.filter == "sev:1")

        assert it.cursor == SCHOOL


async def test_a_fault_stands_under_its_place_while_the_last_good_list_stays() -> None:
    async with desk() as it:
        await ready(it)
        await it.press("/", *"type:dox")
        await it.sees("1 found")
        await it.press(*" sov:1 x")
        await it.sees('There is no field "sov". Did you mean sev?', "in quotes.")
        await it.press("ctrl+w", "ctrl+w", *"late:5 x")
        await it.sees("^ late takes <")

        assert line_of(it, "^ late").index("^") == line_of(it, "type:dox late:5").index(":5")
        assert len(it.app.model.ids) == 1
        await it.press("enter")
        await it.sees("late:5 x", "^ late takes")
        assert it.app.floor.view.asking.form is not None


async def test_what_may_become_right_is_offered_and_not_blamed() -> None:
    async with desk() as it:
        await ready(it)
        await it.press("/", *"own")
        await it.sees("Tab owner:")
        await it.press("tab")
        await it.sees("owner:", "Tab me none")
        assert "Write a value" not in it.text
        await it.press("tab")
        await it.until(lambda: it.app.model.filter == "owner:me")
        await it.sees("owner:me")
        await it.press("enter")
        await it.until(lambda: it.app.floor.view.asking.question is None)
        await it.press("/", "ctrl+u", "up")
        await it.sees("owner:me")


async def test_an_empty_filter_is_none() -> None:
    async with desk() as it:
        await ready(it)
        await it.press("/", *"type:dox", "enter")
        await it.until(lambda: it.app.model.filter == "type:dox")
        await it.press("/", "ctrl+u", "enter")
        await it.until(lambda: it.app.model.filter == "")

        assert len(it.app.model.ids) == 39


# --- the line by itself


def test_tab_takes_the_first_offer_and_then_begins_another_word() -> None:
    form = FilterForm("", ())

    assert typed(form, "s", "e", "tab") == "sev:"
    assert typed(form, "tab") == "sev:s0"
    assert typed(form, "tab") == "sev:s0 "
    assert typed(form, *"type:cs", "right") == "sev:s0 type:csea"
    assert typed(form, ",", "d", "tab") == "sev:s0 type:csea,dox"


@pytest.mark.parametrize(("text", "begins"), [("own", True), ("-ow", True), ("owner:m", False), ("school", False)])
def test_the_beginning_of_a_field_is_told_from_a_word(text: str, begins: bool) -> None:
    assert FilterForm(text, ()).begins_field is begins


def test_up_and_down_walk_through_what_was_asked_before() -> None:
    form = FilterForm("now", ("first", "second"))

    assert typed(form, "up") == "second"
    assert typed(form, "up", "up", "up") == "first"
    assert typed(form, "down", "down") == "now"


# --- the search behind it


def floor_of(count: int, clock: Callable[[], float]) -> WorkFloor:
    session = SampleSession()
    session.mirror.swap(row(at, ("DOX", "TTL")[at % 2], "S2", f"Case {at}", left_ms=MINUTE) for at in range(count))
    model = WorkFloor(clock=clock)
    model.session = session
    model.refresh()
    return model


class Ticks:
    """A clock that is half a millisecond on each time it is asked."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        self.at += 0.5
        return self.at


def test_a_search_goes_on_in_slices_of_four_milliseconds() -> None:
    clock = Ticks()
    model = floor_of(200, clock)
    model.ask_for("type:dox")
    slices = 1
    assert model.floor().searched is not None
    while model.searching:
        began = clock.at
        model.search()
        slices += 1
        assert clock.at - began <= 4.0 + 2 * 0.5

    assert slices > 20
    assert model.whole
    assert list(model.ids) == [f"C-{at:08d}" for at in range(0, 200, 2)]


def test_what_changes_during_a_search_is_in_the_list_at_its_end() -> None:
    model = floor_of(200, Ticks())
    session = model.session
    assert isinstance(session, SampleSession)
    model.ask_for("type:dox")
    session.mirror.put(row(0, "TTL", "S2", "Other", left_ms=MINUTE), row(199, "DOX", "S2", "Other", left_ms=MINUTE))
    session.mirror.drop("C-00000100")
    model.refresh()
    while model.searching:
        model.search()

    assert set(model.ids) == {f"C-{at:08d}" for at in range(2, 200, 2)} - {"C-00000100"} | {"C-00000199"}


def test_a_new_text_begins_again() -> None:
    model = floor_of(200, Ticks())
    model.ask_for("type:dox")
    model.search()
    model.ask_for("type:ttl")
    while model.searching:
        model.search()

    assert list(model.ids) == [f"C-{at:08d}" for at in range(1, 200, 2)]


def test_a_filter_that_cannot_be_read_changes_nothing() -> None:
    model = floor_of(20, Ticks())
    with pytest.raises(QueryFault):
        model.ask_for("sev:9")

    assert (model.filter, len(model.ids)) == ("", 20)


def test_late_is_asked_again_as_time_passes() -> None:
    model = floor_of(20, lambda: 0.0)
    session = model.session
    assert isinstance(session, SampleSession)
    model.look_at("late")
    assert list(model.ids) == []
    session.clock.now += 2 * MINUTE
    model.refresh()

    assert len(model.ids) == 20


def test_while_keys_come_nothing_is_searched() -> None:
    calls: list[float] = []
    waiting: list[Callable[[], None]] = []
    now = 0.0

    class Model:
        searching = True

        def search(self) -> bool:
            calls.append(now)
            return False

    search = Search(Model(), lambda: now, lambda seconds, act: waiting.append(act))
    search.wake()
    search.wake()
    assert len(waiting) == 1
    search.give_way()
    waiting.pop(0)()
    assert calls == []
    now = QUIET_MS
    waiting.pop(0)()

    assert calls == [QUIET_MS]
    assert len(waiting) == 1
