"""What the console's measurements rest on: events that fold, effects that are found, bytes that are counted."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyte
import pytest

from bench.floorload import NEAR, VISITORS, FloorLoad, head_hash
from bench.idealcells import Ideal, cells_of
from bench.ptyrun import PtyProgram, Ran, Recording
from bench.seen import Eye, counted, latencies, painted
from bench.standinfeed import pages
from client.mirror import Mirror
from protocol import codec
from protocol.frames import SnapshotBegin, SnapshotChunk, SnapshotEnd


def _mirror(floor: FloorLoad) -> Mirror:
    mirror = Mirror()
    mirror.begin(SnapshotBegin(sub="main", epoch="e", seq=floor.seq, count=floor.count))
    for page in pages(floor.encoded):
        chunk = codec.from_feed(b'{"type":"snapshot.chunk","sub":"main","cases":[' + b",".join(page) + b"]}")
        assert isinstance(chunk, SnapshotChunk)
        mirror.chunk(chunk)
    mirror.end(SnapshotEnd(sub="main", seq=floor.seq, head_hash=head_hash(floor.seq)))
    return mirror


def test_a_console_folds_every_event_of_the_load_and_the_top_of_its_queue_changes() -> None:
    floor = FloorLoad(200)
    mirror = _mirror(floor)
    before = [mirror.rows[case_id] for case_id in mirror.ids()[:NEAR]]
    assert before == [floor.row(number) for number in range(NEAR)]
    frames = list(floor.load(per_second=2_000, seconds=1))
    assert sum(len(frame.events) for frame in frames) == pytest.approx(2_000, abs=2)
    assert len(frames) == 100
    for frame in frames:
        decoded = codec.from_feed(frame.payload)
        mirror.apply(decoded)  # type: ignore[arg-type]
    assert (mirror.cursor, mirror.head_hash) == (floor.seq, head_hash(floor.seq))
    assert not mirror.behind
    assert not mirror.newer
    assert not mirror.take_refetch()
    after = [mirror.rows[case_id] for case_id in mirror.ids()[:NEAR]]
    came = [row for row in after[:VISITORS] if row.case_id not in {old.case_id for old in before}]
    assert len(came) > VISITORS // 2
    known = {row.case_id: row for row in before}
    assert sum(1 for row in after if row.case_id in known and row.owner != known[row.case_id].owner) > NEAR // 2


def test_the_same_load_comes_again_after_a_fresh_start() -> None:
    floor = FloorLoad(120)
    once = [frame.payload for frame in floor.load(per_second=500, seconds=0.2)]
    floor.fresh()
    assert [frame.payload for frame in floor.load(per_second=500, seconds=0.2)] == once


@contextmanager
def _writing(script: str, home: Path) -> Iterator[PtyProgram]:
    with PtyProgram("writer", [sys.executable, "-c", script], home) as program:
        yield program


def test_a_key_counts_from_its_write_to_the_bytes_that_show_it(tmp_path: Path) -> None:
    with _writing("", tmp_path) as program:
        program.recordings.clear()
        first = Recording(chunks=[(1.0, b"\x1b[Hcount 0")])
        typed = Recording(
            chunks=[(2.004, b"\x1b[5;1Hsomething else"), (2.010, b"\x1b[Hcount 1"), (3.5, b"\x1b[Hcount 3")],
            keys=[(2.0, "j"), (3.0, "j"), (3.1, "j"), (4.0, "j")],
        )
        program.recordings += [first, typed, Recording(chunks=[(9.0, b"\x1b[Hcount 4")])]
        found = latencies(Eye(program), typed, counted, {"j": 1})
    assert found.ms == pytest.approx([10, 400, 500, 1_000])
    assert found.missed == 1


def test_what_stands_between_two_pauses_is_one_frame(tmp_path: Path) -> None:
    with _writing("", tmp_path) as program:
        program.recordings.clear()
        recording = Recording(
            chunks=[(1.0, b"\x1b[2;3Hab"), (1.001, b"\x1b[0mcd"), (1.5, b"\x1b[2;3Habcd"), (1.6, b"\x1b[2;3Hx")]
        )
        program.recordings += [Recording(), recording]
        found = painted(Eye(program), recording, 1.0)
    assert (found.frames, found.cells, found.fullest) == (2, 5, 2)
    assert found.ideal == len("\x1b[2;3Habcd\x1b[4Dx")


@pytest.mark.parametrize(
    ("before", "after", "fewest"),
    [
        ("", "", ""),
        ("", "\x1b[3;5Habc", "\x1b[3;5Habc"),
        ("\x1b[Habc def", "\x1b[HaXc dYf", "\x1b[1;2HXc dY"),
        ("\x1b[H" + "-" * 20, "\x1b[HX\x1b[1;15HX", "\x1b[HX\x1b[13CX"),
        ("", "\x1b[31mred\x1b[39mnot", "\x1b[H\x1b[31mred\x1b[mnot"),
        ("", "\x1b[1;31mred\x1b[0mnot", "\x1b[H\x1b[1;31mred\x1b[mnot"),
        ("", "\x1b[38;2;1;22;100mx", "\x1b[H\x1b[38;2;1;22;100mx"),
        ("", "\x1b[1;1H\u6f22\u5b57", "\x1b[H\u6f22\u5b57"),
        ("", "\x1b[2;7H1\x1b[3;7H2\x1b[5;7H3", "\x1b[2;7H1\x1b[B\b2\x1b[2B\b3"),
        ("", "\x1b[2;7H1\x1b[3;1H2", "\x1b[2;7H1\r\n2"),
        ("\x1b[Hx   y", "\x1b[H\x1b[1;31m    z", "\x1b[H    \x1b[1;31mz"),
    ],
)
def test_the_fewest_bytes_are_those_that_a_person_would_find(before: str, after: str, fewest: str) -> None:
    screen = pyte.Screen(40, 5)
    stream = pyte.Stream(screen)
    stream.feed(before)
    old = cells_of(screen)
    stream.feed(after)
    changed, size = Ideal().frame(old, cells_of(screen))
    assert size == len(fewest.encode())
    assert (changed == 0) == (after == "")


def test_a_program_that_ends_early_is_not_waited_for(tmp_path: Path) -> None:
    with _writing("raise SystemExit(3)", tmp_path) as program, pytest.raises(Ran, match="writer: ended with 3"):
        program.read_until(b"Report", patience_s=20)


def test_a_slow_link_lets_no_more_through_than_it_can(tmp_path: Path) -> None:
    script = "import sys; sys.stdout.write('x' * 100_000); sys.stdout.flush(); input()"
    with PtyProgram("writer", [sys.executable, "-c", script], tmp_path, link=20_000) as program:
        recording = program.record(1.0)
    assert 0 < recording.size <= 20_000 + 400
