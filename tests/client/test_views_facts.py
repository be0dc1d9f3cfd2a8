"""What a responder sees of a case: only what is known, in the order of importance, outside text never as a string."""

from typing import Any

import pytest
from msgspec.structs import replace

from casework.model import Await, Content, Flags, Hold, Source, Subject
from casework.untrusted import Untrusted, visible
from client.views.bits import Line
from client.views.facts import best, facts
from client.views.floor import Floor, banner, empty_words, first_line, second_line
from client.views.row import clock_tone, queue_row
from client.views.shown import Shown
from client.views.tally import Tally
from tests.tui.sample_floor import HOUR, MINUTE, NOW, clock, row, sketch, whole_case


def said(line: Line) -> str:
    return "".join(visible(text) for text, _ in line)


def told(case: Any, **more: Any) -> dict[str, str]:
    return {fact.label: said(fact.line) for fact in facts(case, NOW, **more)}


SCHOOL = next(each for each in sketch() if each.case_id == "C-7F3A9K2M")


def test_the_sketch() -> None:
    assert told(SCHOOL, looking=[("bo", "looking")]) == {
        "Why": "S1 \u00b7 contain due 6:48 \u00b7 score 77: imminence 24h, harm death, minor",
        "Clocks": "ack met 0:58 \u00b7 contain 6:48 of 30:00 \u00b7 police 36m \u00b7 update 37m",
        "From": "user report \u00b7 in-app report \u00b7 known",
        "Up now": "yes, checked 4 s ago \u00b7 31 views/min \u00b7 3 re-uploads \u00b7 not live",
        "Where": "US-TX, 22 m old \u00b7 06:41 there",
        "Told": "nobody yet \u00b7 3 reports joined \u00b7 bo is looking",
        "Subject": 'u_8123 "northgate.kid" \u00b7 age given 15 \u00b7 1 related',
        "Content": "2 comments, 1 video \u00b7 en \u00b7 G1 folded: threat",
    }


def test_what_is_not_known_has_no_line() -> None:
    bare = row(1, "TTL", "S1", "x")

    assert set(told(bare)) == {"Why", "Clocks", "Told"}


def test_law_enforcement_is_unverified_until_somebody_verified_it() -> None:
    edr = row(1, "EDR", "S1", "x", source=Source(kind="law_enforcement", name="Harris County SO"))

    assert told(edr)["From"] == "law enforcement \u00b7 Harris County SO \u00b7 unverified"


def test_flags_are_said() -> None:
    flags = Flags(
        awaiting=Await(why="w", who="the agency", chase_at=NOW + HOUR),
        hold=Hold(why="live case", by="lee", at=NOW),
        snoozed_until=NOW + HOUR,
        rca_due=True,
    )
    state = told(row(1, "TTL", "S2", "x", flags=flags))["State"]

    assert state == (
        "held by lee: live case \u00b7 waits for the agency, chase in 1h00 \u00b7 snoozed until 13:41 Z \u00b7 "
        "a root cause is owed"
    )


def test_content_that_is_gone_and_live_is_told_apart() -> None:
    gone = row(1, "TTL", "S1", "x", content=(Content(kind="video", id="v", up=False, checked_at=NOW - MINUTE),))
    live = row(2, "TTL", "S1", "x", content=(Content(kind="stream", id="v", live=True),))

    assert told(gone)["Up now"] == "no, checked 1 m ago \u00b7 not live"
    assert told(live)["Up now"] == "LIVE"


def test_short_of_room_what_matters_most_stays_in_reading_order() -> None:
    labels = [fact.label for fact in best(facts(SCHOOL, NOW), 4)]

    assert labels == ["Why", "Clocks", "Told", "Subject"]


def test_a_stub_shows_what_it_may() -> None:
    stub = row(1, "TTL", "S1", "", stub=True, boundary="us")
    drawn = queue_row(stub, NOW, "ana")

    assert drawn.summary == "restricted: needs the clearance us"
    assert "score" not in told(stub)["Why"]


@pytest.mark.parametrize(("left", "tone"), [(20, "text"), (9, "soon"), (3, "late"), (-1, "late")])
def test_amber_at_three_tenths_and_red_at_one(left: int, tone: str) -> None:
    assert clock_tone(clock("ack", left * MINUTE, 30 * MINUTE), NOW) == tone


def test_a_late_step_stands_in_capitals() -> None:
    late = queue_row(row(1, "SSH", "S0", "x", left_ms=-42_000, step="police"), NOW, "")

    assert (late.left, late.step, late.late, late.left_tone) == ("-0:42", "POLICE", True, "late")


def test_an_ended_case_shows_its_state() -> None:
    ended = queue_row(row(1, "SSH", "S0", "x", state="RESOLVED", ended_at=NOW), NOW, "")

    assert (ended.left, ended.step, ended.settled) == ("", "resolved", True)


def strings(line: Line) -> list[str]:
    return [text for text, _ in line if isinstance(text, str)]


def test_nothing_from_outside_is_ever_a_plain_string() -> None:
    mark = "\x1boutside"
    case = replace(
        whole_case(),
        summary=mark,
        narrative=mark,
        owner=mark,
        language=mark,
        subjects=(Subject(kind=mark, id=mark, handle=mark, place=mark, region=mark, tz=mark),),
        content=(Content(kind=mark, id=mark, caption=mark, up=True),),
        source=Source(kind="partner", name=mark),
        flags=Flags(awaiting=Await(why=mark, who=mark), hold=Hold(why=mark, by=mark, at=NOW)),
        notes=tuple(replace(note, by=mark, text=mark) for note in whole_case().notes),
        tasks=tuple(replace(task, owner=mark, text=mark, by=mark) for task in whole_case().tasks),
    )
    lines: list[Line] = [fact.line for fact in facts(case, NOW, looking=[(mark, "looking")])]
    floor = Floor(now=NOW, name=mark, who=mark, filter=mark, detail=mark, phase="offline")
    lines += [*first_line(floor), second_line(floor), (banner(floor) or ((), False))[0]]
    drawn = queue_row(case, NOW, "ana")

    assert not any(mark in text for line in lines for text in strings(line))
    assert isinstance(drawn.summary, Untrusted)
    assert isinstance(drawn.owner, Untrusted)


def test_empty_queues_say_what_is_true_and_what_to_do() -> None:
    assert empty_words(Floor(phase="live"), 0) == ("All quiet: no open case.",)
    assert empty_words(Floor(phase="live", view="mine"), 3) == ("No case is mine.", "0 shows the queue.")
    assert empty_words(Floor(phase="live", filter="x"), 3) == ("No case matches this filter.", "0 clears it.")
    assert "40 cases" in empty_words(Floor(phase="loading"), 40)[0]


def test_the_view_is_kept_up_by_what_changed() -> None:
    rows = {each.case_id: each for each in sketch()}
    shown = Shown(lambda each, now: each.owner == "ana")
    shown.rebuild(rows, NOW)
    whole_list = list(shown)
    some = rows["C-00000001"]
    rows["C-00000001"] = replace(some, owner="ana")
    assert shown.update(rows, ["C-00000001"], NOW)
    assert list(shown) == ["C-00000001", *whole_list]
    assert shown.index("C-00000001") == 0
    assert not shown.update(rows, ["C-00000001"], NOW)
    del rows["C-00000001"]
    assert shown.update(rows, ["C-00000001"], NOW)
    assert list(shown) == whole_list
    with pytest.raises(ValueError, match="does not show"):
        shown.index("C-00000001")


def test_the_tally_counts_by_what_changed() -> None:
    rows = {each.case_id: each for each in sketch()}
    tally = Tally()
    tally.update(rows, rows)
    assert (tally.open, tally.unowned, tally.late(NOW), len(tally.s0)) == (39, 11, 1, 3)
    assert tally.next_late(NOW) == (NOW + 73_000, "C-00000002")
    assert tally.late(NOW + 73_001) == 2
    rows["C-00000001"] = replace(rows["C-00000001"], state="RESOLVED")
    del rows["C-00000002"]
    tally.update(rows, ["C-00000001", "C-00000002"])
    assert (tally.open, tally.late(NOW), len(tally.s0)) == (37, 0, 1)
    assert tally.next_late(NOW) == (NOW + 200_000, "C-00000003")
