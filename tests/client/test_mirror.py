"""The mirror: order, the three rules against gaps, what it does with what it cannot read."""

from __future__ import annotations

from random import Random

import pytest
from msgspec import Raw
from msgspec.structs import replace

from casework import order
from casework.facts import CaseClaimed, CaseReopened, CaseRetired, SeverityRaised
from casework.model import Result
from client.errors import Gap
from client.mirror import NO_HASH, Mirror
from protocol import codec, shapes
from protocol.frames import Events, Mark, SnapshotBegin, SnapshotChunk, SnapshotEnd
from tests.client.scripted_feed import ScriptedFeed, ScriptedLog, case_id, row


def loaded(log: ScriptedLog) -> Mirror:
    mirror = Mirror()
    mirror.load(log.rows.values(), log.epoch, log.seq, log.hash_at(log.seq))
    mirror.take_dirty()
    return mirror


def events(log: ScriptedLog, after: int, *, prev: int | None = None) -> Events:
    seen = [shapes.event_out(event, data_form="row") for event in log.events[after:] if event.seq not in log.hidden]
    head = log.hash_at(log.seq)
    return Events(sub="main", prev=after if prev is None else prev, seq=log.seq, head_hash=head, events=seen)


def test_it_keeps_rows_in_queue_order() -> None:
    mirror = Mirror()
    rows = [row(number, band=number % 3, severity=f"S{number % 3}") for number in range(1, 20)]
    mirror.load(rows, "e1", 19, NO_HASH)
    expected = [held.case_id for held in sorted(rows, key=order.key)]
    assert list(mirror.ids()) == expected
    assert [mirror.index(case) for case in expected] == list(range(19))
    assert mirror.ids()[2:4] == expected[2:4]
    with pytest.raises(KeyError):
        mirror.index("C-00000000")


def test_a_case_moves_when_its_key_changes() -> None:
    log = ScriptedLog()
    for number in (1, 2, 3):
        log.open(number)
    mirror = loaded(log)
    last = mirror.ids()[-1]
    before = log.seq
    log.add(last, SeverityRaised(severity="S0", before="S2", result=Result(severity="S0", band=0)))
    mirror.apply(events(log, before))
    assert mirror.index(last) == 0
    assert mirror.take_dirty() == {last}
    assert mirror.take_dirty() == set()


def test_it_refuses_a_frame_that_does_not_follow() -> None:
    log = ScriptedLog()
    log.open(1)
    mirror = loaded(log)
    log.open(2)
    log.open(3)
    revision = mirror.revision
    with pytest.raises(Gap) as caught:
        mirror.apply(events(log, 2))
    assert (caught.value.cursor, caught.value.prev) == (1, 2)
    assert (mirror.cursor, mirror.revision, len(mirror.rows)) == (1, revision, 1)
    with pytest.raises(Gap):
        mirror.mark(Mark(sub="main", prev=2, seq=3, head_hash=NO_HASH))


def test_a_frame_that_is_held_already_changes_nothing() -> None:
    log = ScriptedLog()
    log.open(1)
    mirror = loaded(log)
    log.add(case_id(1), CaseClaimed(result=Result(state="ACKED", owner="ana")))
    frame = events(log, 1)
    mirror.apply(frame)
    rows, revision = dict(mirror.rows), mirror.revision
    mirror.apply(frame)
    assert (dict(mirror.rows), mirror.revision, mirror.cursor) == (rows, revision, 2)


def test_events_within_a_frame_are_in_their_place() -> None:
    log = ScriptedLog()
    log.open(1)
    mirror = loaded(log)
    log.open(2)
    log.open(3)
    frame = events(log, 1)
    with pytest.raises(Gap):
        mirror.apply(replace(frame, events=frame.events[::-1]))
    with pytest.raises(Gap):
        mirror.apply(replace(frame, seq=2))
    assert mirror.cursor == 1


def test_it_folds_nothing_without_a_whole_snapshot() -> None:
    log = ScriptedLog()
    log.open(1)
    with pytest.raises(Gap):
        Mirror().apply(events(log, 0))
    assert Mirror().resume_point() is None


def feed_snapshot(mirror: Mirror, log: ScriptedLog, *, without: int | None = None) -> None:
    frames = ScriptedFeed(log)._snapshot("main")
    for number, frame in enumerate(frames):
        if number == without:
            continue
        match frame:
            case SnapshotBegin():
                mirror.begin(frame)
            case SnapshotChunk():
                mirror.chunk(frame)
            case SnapshotEnd():
                mirror.end(frame)


def test_the_first_page_can_be_used_at_once() -> None:
    log = ScriptedLog()
    for number in range(1, 6):
        log.open(number)
    mirror = Mirror()
    frames = ScriptedFeed(log, page=2)._snapshot("main")
    assert isinstance(frames[0], SnapshotBegin)
    assert isinstance(frames[1], SnapshotChunk)
    mirror.begin(frames[0])
    mirror.chunk(frames[1])
    assert len(mirror.ids()) == 2
    assert (mirror.loading, mirror.complete, mirror.resume_point()) == (True, False, None)


def test_an_older_picture_stays_until_the_new_one_is_whole() -> None:
    log = ScriptedLog()
    for number in range(1, 6):
        log.open(number)
    mirror = loaded(log)
    log.add(case_id(2), CaseRetired())
    log.add(case_id(3), CaseClaimed(result=Result(state="ACKED", owner="ana")))
    frames = ScriptedFeed(log)._snapshot("main")
    for frame in frames[:-1]:
        if isinstance(frame, SnapshotBegin):
            mirror.begin(frame)
        elif isinstance(frame, SnapshotChunk):
            mirror.chunk(frame)
    assert case_id(2) in mirror.rows
    assert mirror.rows[case_id(3)].owner is None
    assert isinstance(frames[-1], SnapshotEnd)
    mirror.end(frames[-1])
    assert mirror.rows == log.rows
    assert mirror.take_dirty() == {case_id(2), case_id(3)}
    assert mirror.cursor == log.seq
    assert len(mirror.ids()) == len(mirror.rows)


@pytest.mark.parametrize("lost", [1, 2, 3])
def test_a_snapshot_that_lacks_a_page_is_not_taken_for_whole(lost: int) -> None:
    log = ScriptedLog()
    for number in range(1, 7):
        log.open(number)
    mirror = Mirror()
    with pytest.raises(Gap):
        feed_snapshot(mirror, log, without=lost)
    assert not mirror.complete
    assert mirror.resume_point() is None


def test_cases_that_came_during_the_snapshot_do_not_hide_a_lost_one() -> None:
    log = ScriptedLog()
    for number in range(1, 4):
        log.open(number)
    begin, *pages, end = ScriptedFeed(log)._snapshot("main")
    late = row(9, opened_seq=9, seq=9)
    mirror = Mirror()
    assert isinstance(begin, SnapshotBegin)
    assert isinstance(end, SnapshotEnd)
    mirror.begin(begin)
    assert isinstance(pages[0], SnapshotChunk)
    mirror.chunk(pages[0])
    mirror.chunk(SnapshotChunk(sub="main", cases=[codec.raw(shapes.row_out(late))]))
    with pytest.raises(Gap):
        mirror.end(replace(end, seq=9))


def test_a_row_that_cannot_be_read_is_counted_and_not_a_gap() -> None:
    mirror = Mirror()
    mirror.begin(SnapshotBegin(sub="main", epoch="e1", seq=2, count=2))
    strange = codec.encode(shapes.row_out(row(2))).replace(b'"NEW"', b'"DREAMING"')
    mirror.chunk(SnapshotChunk(sub="main", cases=[codec.raw(shapes.row_out(row(1))), Raw(strange)]))
    mirror.end(SnapshotEnd(sub="main", seq=2, head_hash=NO_HASH))
    assert (mirror.complete, mirror.unreadable, list(mirror.rows)) == (True, 1, [case_id(1)])


def test_an_unknown_event_marks_its_case_and_asks_for_it() -> None:
    log = ScriptedLog()
    case = log.open(1)
    other = log.open(2)
    mirror = loaded(log)
    log.add(case, CaseClaimed(result=Result(owner="ana")), kind="CaseTeleported")
    log.add(other, CaseClaimed(result=Result(owner="bo")))
    mirror.apply(events(log, 2))
    assert mirror.newer == {case}
    assert mirror.behind == {case: 2}
    assert mirror.take_refetch() == {case}
    assert (mirror.rows[case].version, mirror.rows[other].owner, mirror.cursor) == (1, "bo", 4)
    mirror.replace(log.cases[case])
    assert (mirror.rows[case].version, mirror.behind, mirror.newer) == (2, {}, {case})


def test_what_follows_an_unknown_event_is_not_folded_on_an_old_row() -> None:
    log = ScriptedLog()
    case = log.open(1)
    mirror = loaded(log)
    log.add(case, CaseClaimed(result=Result(owner="ana")), kind="CaseTeleported")
    log.add(case, SeverityRaised(severity="S0", before="S2", result=Result(severity="S0", band=0)))
    mirror.apply(events(log, 1))
    assert mirror.rows[case].severity == "S2"
    assert mirror.behind == {case: 3}
    mirror.replace(replace(log.cases[case], version=2))
    assert mirror.behind == {case: 3}
    mirror.replace(log.cases[case])
    assert mirror.behind == {}


def test_data_that_does_not_fit_its_type_is_as_unknown() -> None:
    log = ScriptedLog()
    case = log.open(1)
    mirror = loaded(log)
    log.add(case, CaseClaimed(result=Result(owner="ana")))
    frame = events(log, 1)
    broken = replace(frame.events[0], data=Raw(b'{"result":{"state":"DREAMING"}}'))
    mirror.apply(replace(frame, events=[broken]))
    assert mirror.newer == {case}
    assert mirror.cursor == 2


def test_a_case_that_comes_back_to_the_floor_is_asked_for() -> None:
    log = ScriptedLog()
    case = log.open(1)
    log.add(case, CaseRetired())
    mirror = loaded(log)
    assert case not in mirror.rows
    log.rows[case] = row(1, version=2)
    log.add(case, CaseReopened(result=Result(state="TRIAGED")))
    mirror.apply(events(log, 2))
    assert mirror.take_refetch() == {case}
    assert mirror.newer == set()


def test_a_refetched_case_that_is_ahead_takes_no_event_twice() -> None:
    log = ScriptedLog()
    case = log.open(1)
    mirror = loaded(log)
    log.add(case, CaseClaimed(result=Result(owner="ana")))
    mirror.replace(log.cases[case])
    held = mirror.rows[case]
    mirror.apply(events(log, 1))
    assert mirror.rows[case] is held
    mirror.replace(row(1))
    assert mirror.rows[case] is held


def test_clear_leaves_nothing() -> None:
    log = ScriptedLog()
    log.grow(Random(1), 30)
    mirror = loaded(log)
    cases = set(mirror.rows)
    mirror.clear()
    assert (dict(mirror.rows), len(mirror.ids()), mirror.resume_point()) == ({}, 0, None)
    assert mirror.take_dirty() == cases
