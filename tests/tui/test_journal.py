"""The journal on disk: private, whole, of one console, no older than a shift; and what is said of it on return."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from tui.journal import MAX_AGE_MS, SLOTS, Draft, Journal, JournalFile, Unsent, returning

URL = "http://127.0.0.1:8700"
CASE = "C-7F3A9K2M"
FULL = Journal(
    at=1_000,
    view="mine",
    filter="type:ttl",
    drafts=(Draft("note", CASE, {"text": "half a sentence"}),),
    unsent=(Unsent("escalate 2", CASE, "held"),),
)


def of(home: Path, principal: str = "ana", url: str = URL) -> JournalFile:
    return JournalFile(home, url, principal)


def test_what_is_written_comes_back_to_the_next_console(tmp_path: Path) -> None:
    first = of(tmp_path)
    first.write(FULL)
    first.close()

    assert of(tmp_path).read(2_000) == FULL
    assert stat.S_IMODE(first.path.stat().st_mode) == 0o600


def test_another_person_and_another_feed_have_their_own(tmp_path: Path) -> None:
    first = of(tmp_path)
    first.write(FULL)
    first.close()

    assert of(tmp_path, "bo").read(2_000) is None
    assert of(tmp_path, url="http://127.0.0.1:8701").read(2_000) is None


def test_two_consoles_of_one_person_do_not_write_into_one_file(tmp_path: Path) -> None:
    one, two = of(tmp_path), of(tmp_path)
    one.write(FULL)
    two.write(Journal(at=1_000, view="late"))
    assert (one.others, two.others) == (0, 1)
    one.close()
    two.close()
    again, after = of(tmp_path), of(tmp_path)

    assert again.read(2_000) == FULL
    assert after.read(2_000) == Journal(at=1_000, view="late")


def test_the_console_that_was_lost_is_the_one_that_comes_back(tmp_path: Path) -> None:
    one, two = of(tmp_path), of(tmp_path)
    two.write(FULL)
    two.close()

    assert of(tmp_path).read(2_000) == FULL
    one.close()


def test_more_consoles_than_places_go_without(tmp_path: Path) -> None:
    held = [of(tmp_path) for _ in range(SLOTS)]
    one_more = of(tmp_path)
    one_more.write(FULL)

    assert one_more.read(2_000) is None
    assert len({each.path for each in held}) == SLOTS


@pytest.mark.parametrize("now", [FULL.at + MAX_AGE_MS + 1, FULL.at - 1])
def test_what_is_older_than_a_shift_or_from_the_future_is_left(now: int, tmp_path: Path) -> None:
    file = of(tmp_path)
    file.write(FULL)

    assert file.read(now) is None


@pytest.mark.parametrize("content", [b"", b"{", b"[" * 100_000, b'{"at": "x"}', b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_no_journal(content: bytes, tmp_path: Path) -> None:
    file = of(tmp_path)
    file.path.write_bytes(content)

    assert file.read(1) is None


def test_nothing_to_come_back_to_leaves_no_file(tmp_path: Path) -> None:
    file = of(tmp_path)
    file.write(FULL)
    file.write(Journal(at=5_000))

    assert not file.path.exists()


def test_a_disk_that_refuses_costs_the_journal_only(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    file = of(tmp_path / "file" / "below")
    file.write(FULL)

    assert file.fault is not None
    assert file.read(2_000) is None


def test_what_is_said_on_return() -> None:
    assert returning(FULL) == (
        "escalate 2 C-7F3A-9K2M was held when the terminal was lost: not sent. "
        "Back: 1 draft on C-7F3A-9K2M, filter and view."
    )
    on_the_way = Journal(unsent=(Unsent("merge", CASE, "sending"),))
    assert returning(on_the_way) == (
        "merge C-7F3A-9K2M was on the way when the terminal was lost: not known, look at the case."
    )
    assert returning(Journal(marks=(CASE,))) == "Back: marks."
    assert returning(Journal(locked=True)) == ""
