"""The bench runs and prints every line. What it measured is not looked at: a test machine proves no speed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bench.__main__ import MEASUREMENTS, main
from bench.arrivals import Console, Floor, count, events_in, summary
from bench.report import Figure, Report, Scale, at_least, at_most, interleaved
from feed.transport import text_frame

FIGURES = [
    "appends a second, 256 in flight, against",
    "appends a second, 256 in flight, each with its idempotency key, against",
    "durable commands a second over HTTP, 64 connections, against",
    "consoles of one audience: deliveries a second, against raw asyncio TCP",
    "consoles of one audience: p99 of an arrival after the frame's first, against raw asyncio TCP",
    "consoles of four audiences: deliveries a second, against raw asyncio TCP",
    "consoles of one audience: deliveries a second, against websockets.broadcast",
    "consoles stalled: deliveries a second to each of the others, against none stalled",
    "memory for each stalled console",
    "start to `ready` with",
]
CONSOLE = ["keys", "painting", "opening", "slowlink"]
CONSOLE_FIGURES = [
    "key press to repaint at 100 cases and 2,000 events/s: p50, against the smallest Textual app, idle",
    "key press to repaint at 100 cases and 2,000 events/s: p99, against the smallest Textual app, idle",
    "key press to repaint at 100 cases and 2,000 events/s: p50, against itself at 100",
    "a letter typed into the filter at 100 cases and 2,000 events/s: p50, against the smallest",
    "a letter typed into the filter at 100 cases and 2,000 events/s: p99, against the smallest",
    "idle, 49 countdowns that tick, against the cells that changed, re-encoded minimally",
    "bytes a second at 2,000 events/s, against the cells that changed, re-encoded minimally",
    "data paints a second at 2,000 events/s",
    "processor at 100 cases, idle",
    "processor at 100 cases, at 2,000 events/s",
    "first rows on screen at 100 cases, against the smallest Textual app's first paint",
    "memory at 100 cases, against the smallest Textual app",
    "500 events/s on a 40 kB/s link: p50, against the smallest Textual app, idle, on the same link",
    "quits on the same link under the same load",
]


@pytest.mark.bench
def test_a_smoke_run_prints_every_figure(checkout: Path, tmp_path: Path) -> None:
    # Both at the same time: most of a smoke is waiting.
    feed = [name for name in MEASUREMENTS if name not in CONSOLE]
    runs = [
        subprocess.Popen(
            [sys.executable, "-m", "bench", "--quick", "--only", ",".join(names), "--directory", str(tmp_path)],
            cwd=checkout,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for names in (feed, CONSOLE)
    ]
    said = [run.communicate(timeout=240) for run in runs]
    for (out, err), run, names, figures in zip(said, runs, (feed, CONSOLE), (FIGURES, CONSOLE_FIGURES), strict=True):
        assert run.returncode == 0, out + err
        for name in names:
            assert f"\n{MEASUREMENTS[name]}\n" in out
        lines = out.splitlines()
        for figure in figures:
            place = next((number for number, line in enumerate(lines) if figure in line), None)
            assert place is not None, f"no line with: {figure}"
            assert "   target " in lines[place + 1]
            assert lines[place + 1].endswith(("   met", "   not met"))
        assert "targets met" in out
    assert "`audit verify` of" in said[0][0]
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_is_no_measurement_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--only", "speed"]) == 2
    assert "append" in capsys.readouterr().err


def test_the_verdict_is_on_the_median(capsys: pytest.CaptureFixture[str]) -> None:
    report = Report()
    report.figure(Figure(what="a", against="b", ratios=(1.0, 5.0, 9.0), target=at_least(5)))
    report.figure(Figure(what="c", against="d", ratios=(1.0, 2.0, 9.0), target=at_most(1.5)))
    report.not_run("e", "there is no f")
    out = capsys.readouterr().out
    assert "5×  (min 1, max 9, 3 pairs)   target ≥ 5×   met" in out
    assert "2×  (min 1, max 9, 3 pairs)   target ≤ 1.5×   not met" in out
    assert "e: not run, there is no f" in out
    assert [figure.met for figure in report.figures] == [True, False]


def test_pairs_take_turns_in_going_first() -> None:
    order: list[str] = []
    interleaved(3, lambda: order.append("ours"), lambda: order.append("theirs"))
    assert order == ["ours", "theirs", "theirs", "ours", "ours", "theirs"]
    assert Scale().pairs >= 5


@pytest.mark.parametrize("size", [1, 3, 7, 64, 100, 4_096])
def test_frames_are_counted_however_they_are_cut(size: int) -> None:
    """Frames with 1, 5 and 1 events and a heartbeat: in pieces of `size` bytes to one console, at once to another."""
    body = b'{"type":"events","sub":"main","prev":%d,"seq":%d,"head_hash":"' + b"a" * 64 + b'","events":[%s]}'
    stream = b"".join(
        text_frame(payload)
        for payload in (
            body % (7, 8, b"x" * 200),
            b'{"type":"hb"}',
            body % (8, 13, b"y" * 70_000),
            body % (13, 14, b"z"),
        )
    )
    floor = Floor()
    cut, whole = Console(None), Console(None)  # type: ignore[arg-type]
    for start in range(0, len(stream), size):
        piece = stream[start : start + size]
        count(floor, cut, piece, len(piece), 10.0)
    count(floor, whole, stream, len(stream), 10.5)
    found = summary(floor)
    assert found.deliveries == 2 * 7
    assert found.frames == 3
    assert found.others == 0
    assert found.p99 == pytest.approx(500)
    assert (found.first, found.last) == (10.0, 10.5)


def test_only_events_frames_carry_events() -> None:
    assert events_in(b'{"type":"events","sub":"main","prev":12,"seq":15,"head_hash":"00') == 3
    assert events_in(b'{"type":"mark","sub":"main","prev":12,"seq":15}') == 0
