"""`audit verify`: what was altered is named by its seq, what cannot be known is never called fine."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from cli.main import run
from feed.log.base import Head, LogUnusable
from feed.log.heads import Memory, Remembered, read_heads
from feed.log.sqlite import SqliteLog
from feed.log.verify import NAMED, verify
from tests.feed.log.samples import CASE, OTHER, Time, claimed, note, opened, write


async def _build(path: Path) -> None:
    log = SqliteLog(path, now=Time(), fresh_epoch=lambda: "e" * 32)
    await log.append(None, [write(0, opened()), write(0, opened(OTHER))])
    for version in range(1, 6):
        await log.append(None, [write(version, note()), write(version, claimed(OTHER))])
    await log.close()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("built") / "floor.db"
    asyncio.run(_build(path))
    return path


@pytest.fixture
def path(built: Path, tmp_path: Path) -> Path:
    """A log of 12 events at rest: two cases in turn."""
    for name in ("floor.db", "floor.db.keys"):
        shutil.copy(built.with_name(name), tmp_path)
    return tmp_path / "floor.db"


def _alter(path: Path, sql: str, *values: object) -> None:
    connection = sqlite3.connect(path)
    changed = connection.execute(sql, values).rowcount
    connection.commit()
    connection.close()
    assert changed > 0, "the test altered something"


def _heads(path: Path, *seqs: int) -> Memory:
    connection = sqlite3.connect(path)
    found = dict(connection.execute("SELECT seq, lower(hex(head_hash)) FROM events"))
    connection.close()
    return Memory(heads=tuple(Remembered(epoch="e" * 32, seq=seq, head_hash=found[seq]) for seq in seqs))


def _rewrite(path: Path, start: int) -> None:
    """What a forger does: alter the event at `start` and make every chain after it add up again."""
    connection = sqlite3.connect(path)
    head = bytes(32)
    tails: dict[str, bytes] = {}
    rows = connection.execute("SELECT seq, case_id, body FROM events ORDER BY seq").fetchall()
    for seq, case_id, body in rows:
        if seq == start:
            body = body.replace(b'"at":1795', b'"at":1796')
            connection.execute("UPDATE events SET at = at + 1000000000 WHERE seq = ?", (seq,))
        digest = sha256(tails.get(case_id, bytes(32)) + body).digest()
        head = sha256(head + digest).digest()
        tails[case_id] = digest
        connection.execute(
            "UPDATE events SET body = ?, hash = ?, head_hash = ? WHERE seq = ?", (body, digest, head, seq)
        )
    connection.commit()
    connection.close()


def test_a_sound_log_without_heads_says_what_it_cannot_say(path: Path) -> None:
    report = verify(path)
    assert report.sound
    assert (report.events, report.cases, report.last, report.sealed, report.epoch) == (12, 2, 12, 7, "e" * 32)
    sentence, unsigned = report.unknown
    assert "there is no checkpoint beside it" in unsigned
    assert "tail was cut" in sentence


def test_heads_prove_the_log_up_to_the_newest_of_them(path: Path) -> None:
    report = verify(path, _heads(path, 3, 9))
    assert report.sound
    assert (report.fitting_heads, report.proved_to) == (2, 9)
    assert "after 12 was cut, or rewritten after 9" in report.unknown[0]
    whole = verify(path, _heads(path, 3, 12))
    assert whole.proved_to == 12
    assert "after 12 was cut:" in whole.unknown[0], "a later event that nobody was told of leaves no trace"


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("case_id", "C-99999999"),
        ("version", 77),
        ("type", "CaseClosed"),
        ("at", 1),
        ("actor", "mallory"),
        ("body", b"{}"),
        ("hash", b"\0" * 32),
        ("head_hash", b"\0" * 32),
        ("body", b"\xff"),
        ("body", "text"),
        ("hash", 7),
        ("head_hash", "text"),
        ("body", 7),
    ],
)
@pytest.mark.parametrize("seq", [1, 5, 12])
def test_a_changed_column_is_named_by_its_seq(path: Path, column: str, value: object, seq: int) -> None:
    _alter(path, f"UPDATE events SET {column} = ? WHERE seq = ?", value, seq)
    assert verify(path).first_bad_seq == seq


@pytest.mark.parametrize("seq", range(1, 13))
def test_a_flipped_bit_in_a_body_is_named_by_its_seq(path: Path, seq: int) -> None:
    connection = sqlite3.connect(path)
    body = bytearray(connection.execute("SELECT body FROM events WHERE seq = ?", (seq,)).fetchone()[0])
    connection.close()
    body[len(body) // 2] ^= 1
    _alter(path, "UPDATE events SET body = ? WHERE seq = ?", bytes(body), seq)
    assert verify(path).first_bad_seq == seq


def test_a_flipped_bit_anywhere_in_the_file_is_never_silently_other_events(path: Path, tmp_path: Path) -> None:
    sound = path.read_bytes()
    want = _contents(path)
    noticed = 0
    for place in range(0, len(sound), 197):
        damaged = bytearray(sound)
        damaged[place] ^= 0x10
        copy = tmp_path / "copy.db"
        copy.write_bytes(bytes(damaged))
        try:
            report = verify(copy, _heads(path, 12))
        except LogUnusable:
            noticed += 1
            continue
        if report.sound:
            assert _contents(copy) == want, f"byte {place} changed an event and nothing was noticed"
        else:
            noticed += 1
    assert noticed > 20


def _contents(path: Path) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return connection.execute("SELECT * FROM events ORDER BY seq").fetchall()
    finally:
        connection.close()


def test_a_missing_event_is_named(path: Path) -> None:
    _alter(path, "DELETE FROM events WHERE seq = 7")
    report = verify(path)
    assert report.first_bad_seq == 7
    assert "missing" in report.faults[0].what


def test_two_events_that_changed_places_are_named(path: Path) -> None:
    _alter(path, "UPDATE events SET seq = -3 WHERE seq = 3")
    _alter(path, "UPDATE events SET seq = 3 WHERE seq = 5")
    _alter(path, "UPDATE events SET seq = 5 WHERE seq = -3")
    assert verify(path).first_bad_seq == 3


def test_faults_beyond_a_page_are_counted(path: Path) -> None:
    _alter(path, "UPDATE events SET actor = 'mallory'")
    report = verify(path)
    assert len(report.faults) + report.more_faults == 12
    assert len(report.faults) <= NAMED


def test_a_cut_tail_is_found_by_heads_and_else_not_called_fine(path: Path) -> None:
    heads = _heads(path, 4, 11)
    _alter(path, "DELETE FROM events WHERE seq > 9")
    blind = verify(path)
    assert blind.sound
    assert "tail was cut" in blind.unknown[0]
    report = verify(path, heads)
    assert (report.first_bad_seq, report.fitting_heads) == (10, 1)
    assert "told of 11" in report.faults[0].what


def test_a_log_that_was_rolled_back_and_grew_again_is_found(path: Path) -> None:
    heads = _heads(path, 4, 8, 11)
    _rewrite(path, 6)
    assert verify(path).sound, "a whole rewritten chain shows nothing of itself"
    report = verify(path, heads)
    assert (report.first_bad_seq, report.fitting_heads, report.proved_to) == (8, 1, 4)


def test_another_log_in_its_place_is_found(path: Path) -> None:
    heads = Memory(heads=(Remembered(epoch="f" * 32, seq=3, head_hash="0" * 64),))
    report = verify(path, heads)
    assert not report.sound
    assert "another log" in report.faults[0].what


async def test_it_reads_beside_a_running_feed_and_changes_nothing(path: Path) -> None:
    log = SqliteLog(path, now=Time())
    try:
        await log.append(None, [write(6, note())])
        report = verify(path)
        assert (report.sound, report.last) == (True, 13)
        appended = await log.append(None, [write(7, note())])
        head = Head(epoch=log.epoch, seq=14, head_hash=appended.head_hash)
        memory = Memory(heads=(Remembered(epoch=head.epoch, seq=head.seq, head_hash=head.head_hash),))
        assert verify(path, memory).proved_to == 14
    finally:
        await log.close()


async def test_destroyed_keys_and_a_missing_key_file_leave_the_log_sound(path: Path) -> None:
    log = SqliteLog(path, now=Time())
    log.keyring.destroy(CASE)
    await log.close()
    assert verify(path).sound
    path.with_name("floor.db.keys").unlink()
    assert verify(path).sound


def test_a_log_on_media_that_cannot_be_written_is_read(path: Path, tmp_path: Path) -> None:
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    shutil.copy(path, shelf / "floor.db")
    (shelf / "floor.db").chmod(0o400)
    shelf.chmod(0o500)
    try:
        assert verify(shelf / "floor.db").events == 12
    finally:
        shelf.chmod(0o700)


def test_what_is_no_log_is_said(tmp_path: Path) -> None:
    with pytest.raises(LogUnusable, match="does not exist"):
        verify(tmp_path / "nothing.db")
    assert not (tmp_path / "nothing.db").exists()
    (tmp_path / "text.db").write_bytes(b"text" * 2000)
    with pytest.raises(LogUnusable, match="cannot be read"):
        verify(tmp_path / "text.db")
    sqlite3.connect(tmp_path / "other.db").execute("CREATE TABLE t (x)").connection.close()
    with pytest.raises(LogUnusable, match="not a log"):
        verify(tmp_path / "other.db")


def test_heads_are_read_as_consoles_write_them(tmp_path: Path) -> None:
    file = tmp_path / "heads.jsonl"
    good = {"epoch": "e", "seq": 3, "head_hash": "a" * 64, "at": 5, "acknowledged": True}
    lines = [json.dumps(good), "", '{"epoch": "e", "seq": 4, "head_h', '{"seq": -1}', "\ud800"]
    file.write_bytes("\n".join(lines).encode("utf-8", "surrogatepass"))
    memory = read_heads(file)
    assert memory.heads == (Remembered(epoch="e", seq=3, head_hash="a" * 64),)
    assert memory.unreadable == 3


# --- the command


Words = Callable[[list[str]], tuple[int, str, str]]


@pytest.fixture
def audit(capsys: pytest.CaptureFixture[str]) -> Words:
    def call(arguments: list[str]) -> tuple[int, str, str]:
        code = run(["audit", *arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


def test_the_command_ends_with_0_and_calls_nothing_ok_that_is_not_known(path: Path, audit: Words) -> None:
    code, out, err = audit(["verify", "--log", f"sqlite:{path}"])
    assert (code, err) == (0, "")
    assert "12 events of 2 cases" in out
    assert "cannot be known  whether the tail was cut" in out
    assert "OK" not in out


def test_the_command_ends_with_1_and_names_the_first_bad_seq(path: Path, audit: Words) -> None:
    _alter(path, "UPDATE events SET actor = 'mallory\x1b[2J' WHERE seq = 4")
    code, out, _ = audit(["verify", "--log", f"sqlite:{path}"])
    assert code == 1
    assert "FAULT            seq 4: a column differs" in out
    assert "first bad seq    4" in out
    assert "whole" not in out
    assert "\x1b" not in out


def test_the_command_takes_a_consoles_file_of_heads(path: Path, audit: Words, tmp_path: Path) -> None:
    file = tmp_path / "heads.jsonl"
    file.write_text("\n".join(json.dumps({"epoch": h.epoch, "seq": h.seq, "head_hash": h.head_hash}) for h in
                              _heads(path, 5, 12).heads))  # fmt: skip
    code, out, _ = audit(["verify", "--log", f"sqlite:{path}", "--heads", str(file)])
    assert code == 0
    assert "2 heads fit, the newest at seq 12" in out
    _alter(path, "DELETE FROM events WHERE seq = 12")
    code, out, _ = audit(["verify", "--log", f"sqlite:{path}", "--heads", str(file)])
    assert code == 1
    assert "first bad seq    12" in out


def test_wrong_use_is_told_apart_from_a_fault(path: Path, audit: Words, tmp_path: Path) -> None:
    assert audit(["export", "C-00000001"])[0] == 2
    assert audit(["verify"])[0] == 2
    assert audit(["verify", "--log", str(path)])[0] == 2
    assert audit(["verify", "--log", f"sqlite:{tmp_path / 'none.db'}"])[0] == 1
    code, _, err = audit(["verify", "--log", f"sqlite:{path}", "--heads", str(tmp_path / "none.jsonl")])
    assert (code, "none.jsonl" in err) == (1, True)
