"""The console cannot be spoken to by its content: hostile texts in every field, beside harmless ones, in a terminal.

A run with hostile texts and a run with harmless ones of the same cells get the same keys. What they send to the
terminal, what state they leave it in, what comes back from it and where each cell of ours stands must be the same. Then
the guards are taken out, one by one and together, to see that each would be missed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.proofs.bytescan import scan
from tests.proofs.untrustedruns import (
    Run,
    Typist,
    differences,
    moved,
    pasteable,
    places,
    walk,
)
from tests.tui.hostile_text import HOSTILE

ALL = sorted(HOSTILE)
WORST = ["term-001", "term-010", "term-042", "term-080", "unicode-003", "unicode-018", "unicode-024", "unicode-028"]
"""A copy, a title, a question, a reset; reading order, tags, marks without end, a family of one cell or eight."""
SOME = sorted({*ALL[::6], *WORST})
LOOKS_LIKE_OURS = {
    *("ctrl-004", "term-034", "term-036", "term-037", "term-041", "term-049", "term-050", "term-052", "term-053"),
    *("term-054", "term-073", "term-079"),
}
"""Made of what a screen needs as well (moves, erasing, modes): cells, modes and counts tell these, not the reader."""
AS_A_KEY = b"\x1b[?6c"
"""What a terminal answers to a question; Textual would press `c` for it."""


def both(folder: Path, names: Sequence[str], pasted: Sequence[str]) -> tuple[Run, Run]:
    runs = []
    for hostile in (False, True):
        with Typist(folder, names, hostile=hostile) as typist:
            walk(typist, names)
            places(typist, pasted)
            typist.terminal.send(AS_A_KEY)
            typist.press("k", "the answer to a question of somebody else", compared=False)
        runs.append(typist.run)
    control, wild = runs
    return control, wild


def assert_sound(control: Run) -> None:
    """The control run itself did what it should, so that being like it says something."""
    assert (control.code, control.told["failed"], control.told["faults"]) == (0, None, 0)
    assert control.sent.offenses == ()
    assert control.answered == 0
    assert "c" not in control.told["keys"]
    assert len(control.told["sent"]) > 0


def test_hostile_text_does_nothing(tmp_path: Path) -> None:
    control, wild = both(tmp_path, SOME, [name for name in WORST if pasteable(name)][:4])

    assert_sound(control)
    assert differences(control, wild) == []


@pytest.mark.torture("untrusted")
@pytest.mark.parametrize("at", range(4))
def test_every_hostile_text_in_every_place_does_nothing(tmp_path: Path, at: int) -> None:
    names = ALL[at::4]
    control, wild = both(tmp_path, names, [name for name in names if pasteable(name)])

    assert_sound(control)
    assert differences(control, wild) == []


def walls(folder: Path, names: Sequence[str]) -> tuple[Run, Run]:
    runs = []
    for hostile in (False, True):
        with Typist(folder, names, hostile=hostile, wall=True) as typist:
            typist.look("1/1")
        runs.append(typist.run)
    control, wild = runs
    return control, wild


def test_a_wall_shows_what_it_shows_of_harmless_cases(tmp_path: Path) -> None:
    control, wild = walls(tmp_path, WORST[:7])

    assert control.sent.offenses == ()
    assert differences(control, wild) == []


@pytest.mark.torture("untrusted")
@pytest.mark.parametrize("at", range(0, len(ALL), 7))
def test_any_wall(tmp_path: Path, at: int) -> None:
    assert differences(*walls(tmp_path, ALL[at : at + 7])) == []


# --- the guards taken out


def test_without_any_guard_it_acts_and_this_is_seen(tmp_path: Path) -> None:
    with Typist(tmp_path, WORST, hostile=True, off=("paint", "gate", "reader")) as typist:
        typist.terminal.wait_for(lambda _: typist.terminal.answered > 0)
        typist.rest()
    run = typist.run

    assert any("52;" in each or "\\x1b" in each for each in run.sent.offenses)
    assert run.answered > 0, "questions were smuggled to the terminal"
    assert "c" in run.told["keys"], "and the answers pressed keys"


def test_without_the_stand_ins_the_gate_holds_and_this_is_seen(tmp_path: Path) -> None:
    names = WORST[:4]
    runs = []
    for hostile in (False, True):
        with Typist(tmp_path, names, hostile=hostile, off=("paint",) if hostile else ()) as typist:
            walk(typist, names[:2])
        runs.append(typist.run)
    control, run = runs

    assert run.sent.offenses == ()
    assert run.answered == 0
    assert moved(control, run) != []


def test_without_the_gate_a_forgotten_place_acts_and_this_is_seen(tmp_path: Path) -> None:
    with Typist(tmp_path, WORST[:2], hostile=True, off=("gate",), careless=HOSTILE["term-042"]) as typist:
        typist.terminal.wait_for(lambda _: typist.terminal.answered > 0)
        typist.rest()
    run = typist.run

    assert run.sent.offenses != ()
    assert run.answered > 0
    assert "c" not in run.told["keys"], "the answers are dropped all the same"


# --- what the proof stands on


@pytest.mark.parametrize("name", ALL)
def test_the_reader_of_bytes_sees_what_acts(name: str) -> None:
    from casework.untrusted import safe, visible

    text = HOSTILE[name].replace("\n", "").replace("\r", "")[:2_000]

    report = scan(text.encode("utf-8", "surrogatepass"))
    seen = (report.offenses, report.titles, report.copies) != ((), (), ())
    assert seen == (not safe(text) and name not in LOOKS_LIKE_OURS)
    assert scan(visible(text).encode()).offenses == ()


@pytest.mark.parametrize(
    "sequence",
    [
        "\x1b]52;c;?\x07", "\x1b[c", "\x1b[>c", "\x1b[5n", "\x1b[?47h", "\x1b[?2026h", "\x1b[2;5r",
        "\x1b[s", "\x1b(0", "\x0e", "\x07",  "\x1bc", "\x1b[!p", "\x1b[21t", "\x1bP+q544e\x1b\\", "\x1b_G\x1b\\",
        "\x1b]4;1;?\x07", "\x1b[4h", "\x1b[5i", "\x1b7", "\x1bM", "\x1b#8", "\x1b[?5h", "\x1b[6 q", "\x1b]8;;x\x07",
    ],
    ids=ascii,
)  # fmt: skip
def test_the_reader_of_bytes_names_what_a_screen_of_ours_never_needs(sequence: str) -> None:
    assert scan(f"calm\x1b[1m{sequence}\x1b[0m".encode()).offenses != ()


def test_what_a_screen_of_ours_needs_is_no_offense() -> None:
    sent = "\x1b[?1049h\x1b[?25l\x1b[1;1H\x1b[0;38;2;1;2;3mtext\x1b[0m\x1b[K\x1b]2;ours\x07\x1b]52;c;Qy0x\x07"

    report = scan(sent.encode())

    assert (report.offenses, report.titles, report.copies) == ((), ("2;ours",), ("52;c;Qy0x",))
