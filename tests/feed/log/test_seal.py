"""Case keys: who can open what, what is durable when, what destruction leaves behind."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from feed.log.base import LogUnavailable, Unstorable
from feed.log.seal import Keyring, SealBroken, seal_context
from tests.feed.log.samples import CASE, OTHER, Time

CONTEXT = seal_context(CASE, 1, "NoteAdded")


def _bytes(directory: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(directory.iterdir()) if path.is_file())


def test_a_sealed_text_opens_with_its_case_version_and_type_only() -> None:
    keys = Keyring(None, now=Time())
    sealed = keys.seal(CASE, CONTEXT, b"text")
    assert keys.unseal(CASE, CONTEXT, sealed) == b"text"
    for elsewhere in (seal_context(CASE, 2, "NoteAdded"), seal_context(CASE, 1, "UpdatePosted")):
        with pytest.raises(SealBroken, match="audit verify"):
            keys.unseal(CASE, elsewhere, sealed)
    keys.seal(OTHER, seal_context(OTHER, 1, "NoteAdded"), b"x")
    with pytest.raises(SealBroken):
        keys.unseal(OTHER, CONTEXT, sealed)


@pytest.mark.parametrize("sealed", ["", "!", "AAAA", "A" * 60, "\u00e9" * 8])
def test_what_is_no_sealed_text_is_refused(sealed: str) -> None:
    keys = Keyring(None, now=Time())
    keys.seal(CASE, CONTEXT, b"x")
    with pytest.raises(SealBroken):
        keys.unseal(CASE, CONTEXT, sealed)


def test_every_case_has_a_key_and_every_text_a_nonce_of_its_own() -> None:
    taken: list[int] = []

    def random(count: int) -> bytes:
        taken.append(count)
        return len(taken).to_bytes(count, "big")

    keys = Keyring(None, random=random, now=Time())
    blobs = {keys.seal(case, CONTEXT, b"the same") for case in (CASE, CASE, OTHER)}
    assert len(blobs) == 3
    assert sorted(taken) == [12, 12, 12, 32, 32]


def test_a_key_is_in_the_file_after_commit_and_not_before(tmp_path: Path) -> None:
    keys = Keyring(tmp_path / "k", now=Time())
    sealed = keys.seal(CASE, CONTEXT, b"text")
    assert not Keyring(tmp_path / "k", now=Time()).has(CASE)
    keys.commit()
    assert Keyring(tmp_path / "k", now=Time()).unseal(CASE, CONTEXT, sealed) == b"text"


def test_files_are_the_owners_alone_also_when_they_were_not(tmp_path: Path) -> None:
    (tmp_path / "k").touch(mode=0o644)
    keys = Keyring(tmp_path / "k", now=Time())
    keys.seal(CASE, CONTEXT, b"text")
    keys.commit()
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


def test_a_destroyed_key_is_in_no_file_and_never_made_again(tmp_path: Path) -> None:
    made: list[bytes] = []

    def random(count: int) -> bytes:
        made.append(bytes([len(made) + 65]) * count)
        return made[-1]

    keys = Keyring(tmp_path / "k", random=random, now=Time())
    sealed = keys.seal(CASE, CONTEXT, b"text")
    keys.seal(OTHER, seal_context(OTHER, 1, "NoteAdded"), b"text")
    keys.commit()
    secret, other = (key for key in made if len(key) == 32)
    assert secret in _bytes(tmp_path), "the test looks in the right place"
    assert keys.destroy(CASE)
    assert secret not in _bytes(tmp_path)
    assert other in _bytes(tmp_path)
    assert keys.unseal(CASE, CONTEXT, sealed) is None
    for ring in (keys, Keyring(tmp_path / "k", random=random, now=Time())):
        assert not ring.has(CASE)
        with pytest.raises(Unstorable, match="destroyed"):
            ring.seal(CASE, CONTEXT, b"more")


def test_a_key_that_was_never_made_durable_is_destroyed_as_well(tmp_path: Path) -> None:
    keys = Keyring(tmp_path / "k", now=Time())
    keys.seal(CASE, CONTEXT, b"text")
    keys.destroy(CASE)
    keys.commit()
    assert not Keyring(tmp_path / "k", now=Time()).has(CASE)


def test_warming_finds_keys_and_remembers_who_has_none(tmp_path: Path) -> None:
    keys = Keyring(tmp_path / "k", now=Time())
    sealed = keys.seal(CASE, CONTEXT, b"text")
    keys.commit()
    again = Keyring(tmp_path / "k", now=Time())
    again.warm([CASE, OTHER, *(f"C-{number:08d}" for number in range(10, 2000))])
    assert again.unseal(CASE, CONTEXT, sealed) == b"text"
    assert again.unseal(OTHER, CONTEXT, sealed) is None
    again.seal(OTHER, CONTEXT, b"now it has one")
    assert again.has(OTHER)


def test_keys_beyond_the_cache_are_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feed.log.seal.CACHED", 4)
    keys = Keyring(tmp_path / "k", now=Time())
    names = [f"C-{number:08d}" for number in range(20)]
    sealed = {name: keys.seal(name, CONTEXT, name.encode()) for name in names}
    assert all(keys.unseal(name, CONTEXT, sealed[name]) == name.encode() for name in names), "not yet durable"
    keys.commit()
    assert all(keys.unseal(name, CONTEXT, sealed[name]) == name.encode() for name in names)


def test_a_key_file_that_cannot_be_written_stops_the_append(tmp_path: Path) -> None:
    keys = Keyring(tmp_path / "k", now=Time())
    blocker = sqlite3.connect(tmp_path / "k", isolation_level=None)
    keys._file.execute("PRAGMA busy_timeout=0")
    blocker.execute("BEGIN IMMEDIATE")
    keys.seal(CASE, CONTEXT, b"text")
    with pytest.raises(LogUnavailable, match="case keys"):
        keys.commit()
    blocker.execute("ROLLBACK")
    blocker.close()
    keys.commit()
    assert Keyring(tmp_path / "k", now=Time()).has(CASE)


def test_a_destruction_that_could_not_be_finished_is_not_called_done(tmp_path: Path) -> None:
    keys = Keyring(tmp_path / "k", now=Time())
    keys.seal(CASE, CONTEXT, b"text")
    keys.commit()
    keys._file.execute("PRAGMA busy_timeout=0")
    reader = sqlite3.connect(tmp_path / "k", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM keys").fetchall()
    with pytest.raises(LogUnavailable, match="overwritten"):
        keys.destroy(CASE)
    reader.execute("ROLLBACK")
    reader.close()
    assert not keys.destroy(CASE), "now it is overwritten, though there was no key left to take away"
    assert (tmp_path / "k-wal").stat().st_size == 0
