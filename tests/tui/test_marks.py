"""Marks and bulk acts by real key presses: exactly what is marked, shown and no S0 is touched, the rest named."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from casework.commands import AddNote, Claim, SetSeverity, Snooze, Undo
from casework.model import Row
from tests.tui.sample_floor import MINUTE, SampleOutcome, SampleSession, row
from tests.tui.test_console import Desk, desk, ready
from tui.batches import Batches
from tui.bulk import UNCOUNTED, plan
from tui.floor import WorkFloor
from tui.keymap import Keymap
from tui.marks import MOST, Marks, TooMany
from tui.screens.floor import monotonic_ms
from tui.target import Target


def free(count: int, urgent: int = 0) -> SampleSession:
    """A floor of cases that nobody has, the first `urgent` of them S0."""
    session = SampleSession()
    severities = ["S0"] * urgent + ["S2"] * (count - urgent)
    session.mirror.swap(row(at, "DOX", sev, f"Case {at}", left_ms=at * MINUTE) for at, sev in enumerate(severities))
    return session


@asynccontextmanager
async def marking(session: SampleSession, size: tuple[int, int] = (80, 24)) -> AsyncIterator[Desk]:
    async with desk(session, size=size) as it:
        await ready(it)
        yield it


def touched(session: SampleSession) -> list[str]:
    return [case_id for case_id, _ in session.sent]


async def typed(it: Desk, turn: int, *keys: str) -> None:
    """Press keys as slowly as a card wants them; later with each turn."""
    for at, key in enumerate(keys, 1):
        it.app.floor.steering.press(key, monotonic_ms() + 10_000 * turn + 1_000 * at)
    it.app.floor.paint()


async def test_ten_are_acted_on_with_four_presses() -> None:
    session = free(20)
    async with marking(session) as it:
        presses = ["v", "9", "j", "a"]
        await it.press(*presses)
        await it.until(lambda: len(session.sent) == 10)

        assert session.sent == [(f"C-{at:08d}", Claim(expected_version=3)) for at in range(10)]
        assert session.batches == [10]
        await it.sees("claim: 10 done", "z undoes 10, 10 s")
        assert len(it.app.model.marks) == 0


async def test_all_that_is_shown_is_acted_on_with_two_presses_up_to_twenty_five() -> None:
    session = free(UNCOUNTED)
    async with marking(session) as it:
        await it.press("*", "a")
        await it.until(lambda: len(session.sent) == UNCOUNTED)


async def test_more_than_twenty_five_have_to_be_counted() -> None:
    session = free(30)
    async with marking(session) as it:
        await it.press("*", "a")
        await it.sees("Claim 30 of 30", "and 26 more", "type 30, then Enter")
        assert "Case 29" not in it.text
        await typed(it, 1, "2", "9", "enter")
        await it.sees("That is not 30. Nothing was sent.")
        assert session.sent == []
        await typed(it, 2, "3", "0", "enter")
        await it.until(lambda: len(session.sent) == 30)


async def test_an_s0_is_left_out_and_named() -> None:
    session = free(6, urgent=2)
    async with marking(session) as it:
        await it.press("*", "a")
        await it.until(lambda: len(session.sent) == 4)
        await it.sees("claim: 4 done \u00b7 2 left out", "C-0000-0000  An S0 is never part of a bulk act: open it.")

        assert not {"C-00000000", "C-00000001"} & set(touched(session))
        await it.press("escape")
        await it.until(lambda: "An S0 is never part" not in it.text)


async def test_what_a_filter_hides_is_never_touched() -> None:
    session = free(8)
    session.mirror.put(*(replace(row(at, "PRESS", "S3", "Other", left_ms=MINUTE)) for at in (20, 21)))
    async with marking(session) as it:
        await it.press("*")
        await it.sees("10 marked")
        await it.press("/", *"type:press", "enter")
        await it.sees("10 marked, 8 not shown")
        await it.press("a")
        await it.until(lambda: len(session.sent) == 2)
        await it.sees("claim: 2 done")

        assert touched(session) == ["C-00000020", "C-00000021"]


async def test_refused_items_are_named_until_they_were_seen() -> None:
    session = free(4)
    session.answers = [
        SampleOutcome(),
        SampleOutcome(ok=False, sentence="bo claimed this 4 s ago."),
        SampleOutcome(ok=False, unknown=True, sentence="Not known whether claim was done."),
        SampleOutcome(),
    ]
    async with marking(session) as it:
        await it.press("*", "a")
        await it.sees("claim: 2 done \u00b7 1 refused \u00b7 1 not known \u00b7 z undoes 2")
        await it.sees("C-0000-0001  bo claimed this 4 s ago.", "C-0000-0002  Not known whether")
        await it.press("j", "k")
        await it.sees("bo claimed this 4 s ago.")
        await it.press("escape")
        await it.until(lambda: "bo claimed" not in it.text)


async def test_undo_takes_all_of_them_back_each_for_itself() -> None:
    session = free(3)
    session.answers = [SampleOutcome(seq=500 + at, version=4 + at) for at in range(3)]
    async with marking(session) as it:
        await it.press("*", "a")
        await it.sees("z undoes 3")
        await it.press("z")
        await it.until(lambda: len(session.sent) == 6)
        await it.sees("undo claim: 3 done")

        assert session.sent[3:] == [(f"C-{at:08d}", Undo(expected_version=4 + at, seq=500 + at)) for at in range(3)]
        await it.press("z")
        await it.sees("Nothing to undo")


async def test_the_newest_act_is_undone_first_whether_one_or_many() -> None:
    session = free(3)
    async with marking(session) as it:
        await it.press("a")
        await it.sees("claim C-0000-0000 \u2713")
        await it.press("j", "x", "x", "s", "1")
        await it.sees("snooze 15 m: 2 done")
        await it.press("z")
        await it.until(lambda: len(session.sent) == 5)
        assert {command.verb for _, command in session.sent[3:]} == {"undo"}
        await it.press("z")
        await it.until(lambda: len(session.sent) == 6)

        assert session.sent[5][0] == "C-00000000"


async def test_a_form_is_filled_once_for_all_of_them() -> None:
    session = free(5)
    async with marking(session) as it:
        await it.press("x", "x", "n")
        await it.sees("Add a note \u00b7 2 marked cases")
        await it.press(*"seen", "enter")
        await it.until(lambda: len(session.sent) == 2)

        assert session.sent == [(f"C-{at:08d}", AddNote(expected_version=3, text="seen")) for at in range(2)]


async def test_a_reason_is_asked_for_where_one_of_them_is_lowered() -> None:
    session = free(3)
    async with marking(session) as it:
        await it.press("*", "p", "3")
        await it.sees("3 marked cases", "Reason")
        await it.press(*"checked", "enter")
        await it.until(lambda: len(session.sent) == 3)

        assert session.sent[0][1] == SetSeverity(expected_version=3, severity="S3", reason="checked")


@pytest.mark.parametrize(("keys", "words"), [("e2", "works on one case"), ("c", "Claim the case and open it")])
async def test_what_is_not_for_many_does_nothing_while_cases_are_marked(keys: str, words: str) -> None:
    session = free(5)
    async with marking(session) as it:
        await it.press("x", "x", "x", *keys)
        await it.sees(words, "Esc clears the 3")
        assert session.sent == []
        await it.press("escape", "a")
        await it.until(lambda: len(session.sent) == 1)


async def test_marks_are_seen_by_shape_and_stay_with_their_cases() -> None:
    session = free(12)
    async with marking(session) as it:
        await it.press("j", "x", "x")
        await it.sees("2 marked", "+\u25cfS2")
        session.mirror.put(row(90, "SSH", "S1", "Above all", left_ms=MINUTE))
        session.mirror.put(row(1, "DOX", "S2", "Case 1", left_ms=5 * MINUTE + 30_000))
        session.on_change()
        await it.sees("Above all")
        marked = [line for line in it.screen if "+\u25cf" in line]
        assert ["Case 2" in line or "Case 1 " in line for line in marked] == [True, True]
        session.mirror.drop("C-00000002")
        session.on_change()
        await it.sees("1 marked")

        assert it.app.model.marks.ids == ("C-00000001",)


async def test_a_version_that_changed_after_the_first_key_is_not_what_is_sent() -> None:
    session = free(3)
    async with marking(session) as it:
        await it.press("*", "s")
        session.mirror.put(row(1, "DOX", "S2", "Case 1", left_ms=MINUTE, version=9))
        session.on_change()
        await it.until(lambda: any(target.version == 9 for target in it.app.model.marks.all))
        await it.press("2")
        await it.until(lambda: len(session.sent) == 3)

        assert session.sent == [(f"C-{at:08d}", Snooze(expected_version=3, minutes=60)) for at in range(3)]


async def test_a_paste_of_marks_and_a_verb_is_dropped() -> None:
    session = free(12)
    async with marking(session) as it:
        it.burst("v", "j", "j", "j", "j", "j", "j", "j", "j", "a")
        await it.sees("paste")
        await it.until(lambda: not it.app.workers)

        assert session.sent == []


# --- without a screen

CASES = [f"C-{number:08d}" for number in range(8)]


def targets(version: dict[str, int]) -> Marks:
    return Marks(lambda case_id: Target(case_id, version[case_id], "S2") if case_id in version else None)


def test_a_range_is_what_stood_there_when_the_cursor_moved() -> None:
    marks = targets(dict.fromkeys(CASES, 1))
    ids = list(CASES[:5])
    marks.begin_range(ids[1])
    marks.extend(ids[3], ids, ids.index)
    ids.insert(2, CASES[7])
    assert marks.ids == tuple(CASES[1:4])
    marks.extend(ids[3], ids, ids.index)

    assert marks.ids == (CASES[1], CASES[7], CASES[2])


def test_no_more_than_the_feed_takes_can_be_marked() -> None:
    every = [f"C-{number:08d}" for number in range(MOST + 1)]
    marks = targets(dict.fromkeys(every, 1))
    with pytest.raises(TooMany, match="filter first"):
        marks.add(every)
    assert len(marks) == 0
    marks.add(every[:MOST])

    assert len(marks) == MOST


FLOOR = st.lists(
    st.tuples(st.sampled_from(["S0", "S1", "S2", "S3"]), st.sampled_from([None, "ana", "bo"]), st.booleans()),
    min_size=1,
    max_size=8,
)


def rows(made: Sequence[tuple[str, str | None, bool]]) -> list[Row]:
    return [
        row(at, "DOX" if here else "PRESS", severity, "One", owner=owner, version=at + 1)
        for at, (severity, owner, here) in enumerate(made)
    ]


@settings(max_examples=150, deadline=None)
@given(FLOOR, FLOOR, st.sets(st.integers(0, 7)), st.sampled_from(["claim", "snooze", "note", "release"]))
def test_bulk_never_touches_an_s0_nor_what_is_not_shown(
    before: list[tuple[str, str | None, bool]],
    after: list[tuple[str, str | None, bool]],
    marked: set[int],
    verb: str,
) -> None:
    session = SampleSession()
    session.mirror.swap(rows(before))
    model = WorkFloor()
    model.session = session
    model.refresh()
    model.marks.add(f"C-{at:08d}" for at in marked)
    model.ask_for("type:dox")
    shown, hidden = model.marks.split(model.ids)
    frozen = Target(marked=shown, out_of_view=hidden)
    session.mirror.swap(rows(after))
    model.refresh()
    bound = next(bound for _, bound in Keymap().all() if bound.name == verb and not bound.opens)
    assert bound.verb is not None
    made = plan(bound.verb, frozen, model)

    for each in made.going:
        assert each.case_id is not None
        case = session.mirror.rows[each.case_id]
        assert case.severity != "S0"
        assert each.severity != "S0"
        assert each.case_id in model.ids
        assert int(each.case_id[2:]) in marked
        assert each.version == int(each.case_id[2:]) + 1
    assert len(made.going) + len(made.left_out) + made.out_of_view == len(shown) + hidden


async def test_a_batch_without_a_session_for_many_goes_one_by_one() -> None:
    sent: list[str] = []

    class Outbox:
        now = staticmethod(lambda: 0.0)
        changed = staticmethod(lambda: None)
        spawn = staticmethod(lambda work: None)
        settle = staticmethod(lambda: asyncio.sleep(0))

        @staticmethod
        async def send(case_id: str, command: object) -> SampleOutcome:
            sent.append(case_id)
            return SampleOutcome()

    batches = Batches.over(Outbox)  # type: ignore[arg-type]  # as much of an outbox as it needs
    await batches.send([("C-1", Claim(expected_version=1)), ("C-2", Claim(expected_version=1))])

    assert sent == ["C-1", "C-2"]
