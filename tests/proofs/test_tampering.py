"""Eight ways to tamper with a log, each many times: found with remembered heads, and never called fine without."""

from __future__ import annotations

import asyncio
import random
import shutil
import sqlite3
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Final

import pytest

from feed.checkpointing import Checkpointer
from feed.config import AuditRules
from feed.log import checkpoints
from feed.log.checkpoints import Checkpoint
from feed.log.files import beside
from feed.log.heads import Memory, Remembered
from feed.log.signing import SigningKey
from feed.log.sqlite import SqliteLog
from feed.log.verify import Report, verify
from tests.feed.log.samples import AT, Time, claimed, note, opened, write

TIMES: Final = 100
CASES: Final = 4
ROUNDS: Final = 10
EVENTS: Final = CASES * ROUNDS
BACKUP: Final = 24
"""The seq at which a backup was made: what rolling back goes back to."""
FILES: Final = ("floor.db", "floor.db.keys", "floor.db.signing", "floor.db.checkpoints")


async def _build(path: Path, upto: int, text: str = "") -> None:
    """Events up to seq `upto`, a checkpoint after every tenth."""
    log = SqliteLog(path, now=Time(), fresh_epoch=lambda: "e" * 32)
    key = SigningKey.open(beside(path, "signing"))
    signer = Checkpointer(log, beside(path, "checkpoints"), key, AuditRules(), Time())
    for seq in range(log.head().seq, upto):
        version, case_id = seq // CASES, f"C-0000000{seq % CASES}"
        draft = (
            opened(case_id) if version == 0 else claimed(case_id) if seq % 3 == 0 else note(case_id, f"{text} {seq}")
        )
        await log.append(None, [write(version, draft)])
        if (seq + 1) % 10 == 0:
            await signer.write()
    await log.close()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the log as it is, its backup, and a fork: the backup that grew on otherwise."""
    folder = tmp_path_factory.mktemp("built")
    for name in ("whole", "backup", "fork"):
        (folder / name).mkdir()
    asyncio.run(_build(folder / "whole" / "floor.db", BACKUP))
    for name in ("backup", "fork"):
        for file in FILES:
            shutil.copy(folder / "whole" / file, folder / name / file)
    asyncio.run(_build(folder / "whole" / "floor.db", EVENTS))
    asyncio.run(_build(folder / "fork" / "floor.db", EVENTS, "otherwise"))
    return folder


class Forger:
    """Somebody with write access to the files of the log in `folder`, and a source of chance."""

    def __init__(self, folder: Path, chance: random.Random, built: Path) -> None:
        self.log = folder / "floor.db"
        self.folder = folder
        self.built = built
        self.chance = chance
        self.file = sqlite3.connect(self.log)

    def edit(self) -> None:
        """Change one character of one event."""
        seq = self.chance.randint(1, EVENTS)
        (body,) = self.file.execute("SELECT body FROM events WHERE seq = ?", (seq,)).fetchone()
        at = self.chance.randrange(len(body))
        changed = body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
        self.file.execute("UPDATE events SET body = ? WHERE seq = ?", (changed, seq))

    def delete(self) -> None:
        self.file.execute("DELETE FROM events WHERE seq = ?", (self.chance.randint(1, EVENTS - 1),))

    def insert(self) -> None:
        """Put a copy of one event between two others, and move what follows."""
        seq = self.chance.randint(1, EVENTS - 1)
        self.file.execute("DROP INDEX events_of_case")
        self.file.execute("UPDATE events SET seq = -(seq + 1) WHERE seq > ?", (seq,))
        self.file.execute("UPDATE events SET seq = -seq WHERE seq < 0")
        columns = "case_id, version, type, at, actor, body, hash, head_hash"
        self.file.execute(
            f"INSERT INTO events (seq, {columns}) SELECT seq + 1, {columns} FROM events WHERE seq = ?", (seq,)
        )

    def swap(self) -> None:
        first, second = self.chance.sample(range(1, EVENTS + 1), 2)
        self.file.execute("UPDATE events SET seq = 0 WHERE seq = ?", (first,))
        self.file.execute("UPDATE events SET seq = ? WHERE seq = ?", (first, second))
        self.file.execute("UPDATE events SET seq = ? WHERE seq = 0", (second,))

    def truncate(self) -> None:
        """Cut the end off, and the checkpoints that speak of it."""
        last = self.chance.randint(1, EVENTS - 1)
        self.file.execute("DELETE FROM events WHERE seq > ?", (last,))
        self._keep_checkpoints(last)

    def re_sign(self) -> None:
        """Change one event, make all chains add up again, and sign everything anew with another key."""
        start = self.chance.randint(1, EVENTS)
        self._rewrite(start)
        beside(self.log, "signing").unlink()
        key = SigningKey.open(beside(self.log, "signing"))
        signed = [line.seq for line in checkpoints.read(beside(self.log, "checkpoints")).lines]
        beside(self.log, "checkpoints").unlink()
        for seq in signed:
            (head,) = self.file.execute("SELECT lower(hex(head_hash)) FROM events WHERE seq = ?", (seq,)).fetchone()
            words = key.sign("e" * 32, seq, head)
            line = Checkpoint(epoch="e" * 32, seq=seq, head_hash=head, at=AT, key=key.public, signature=words)
            checkpoints.append(beside(self.log, "checkpoints"), line)

    def fork(self) -> None:
        """The backup put back, and grown on otherwise by the feed itself, signed with the feed's own key."""
        self._replace("fork")
        self._cut(self.chance.randint(BACKUP + 1, EVENTS))

    def roll_back(self) -> None:
        """An older copy of all files put back."""
        self._replace("backup")
        self._cut(self.chance.randint(1, BACKUP))

    def _replace(self, name: str) -> None:
        self.file.close()
        for file in FILES:
            shutil.copy(self.built / name / file, self.folder / file)
        self.file = sqlite3.connect(self.log)

    def _cut(self, last: int) -> None:
        self.file.execute("DELETE FROM events WHERE seq > ?", (last,))
        self._keep_checkpoints(last)

    def _keep_checkpoints(self, last: int) -> None:
        path = beside(self.log, "checkpoints")
        kept = [line for line in checkpoints.read(path).lines if line.seq <= last]
        path.unlink()
        for line in kept:
            checkpoints.append(path, line)

    def _rewrite(self, start: int) -> None:
        head, tails = bytes(32), dict[str, bytes]()
        for seq, case_id, body in self.file.execute("SELECT seq, case_id, body FROM events ORDER BY seq").fetchall():
            if seq == start:
                body = body.replace(b'"at":1795', b'"at":1796')
                self.file.execute("UPDATE events SET at = at + 1000000000 WHERE seq = ?", (seq,))
            digest = sha256(tails.get(case_id, bytes(32)) + body).digest()
            head = sha256(head + digest).digest()
            tails[case_id] = digest
            values = (body, digest, head, seq)
            self.file.execute("UPDATE events SET body = ?, hash = ?, head_hash = ? WHERE seq = ?", values)


KINDS: Final[dict[str, Callable[[Forger], None]]] = {
    "edit": Forger.edit,
    "delete": Forger.delete,
    "insert": Forger.insert,
    "swap": Forger.swap,
    "truncate": Forger.truncate,
    "re_sign": Forger.re_sign,
    "fork": Forger.fork,
    "roll_back": Forger.roll_back,
}
UNSEEN_ALONE: Final = {"truncate", "re_sign", "fork", "roll_back"}
"""What a log cannot show of itself: whoever holds all its files can do them without a trace in these files."""


def _memory(built: Path) -> Memory:
    """What consoles of the floor remember: the newest head, and some before."""
    file = sqlite3.connect(built / "whole" / "floor.db")
    found = file.execute(
        "SELECT seq, lower(hex(head_hash)) FROM events WHERE seq % 7 = 0 OR seq = ?", (EVENTS,)
    ).fetchall()
    file.close()
    return Memory(heads=tuple(Remembered(epoch="e" * 32, seq=seq, head_hash=head) for seq, head in found))


def _tampered(kind: str, seed: int, folder: Path, built: Path) -> Path:
    for file in FILES:
        shutil.copy(built / "whole" / file, folder / file)
    forger = Forger(folder, random.Random(f"{kind} {seed}"), built)
    KINDS[kind](forger)
    forger.file.commit()
    forger.file.close()
    return forger.log


def _says_what_it_cannot_know(report: Report) -> bool:
    return any("tail was cut or everything rewritten" in sentence for sentence in report.unknown)


@pytest.mark.parametrize("kind", KINDS)
def test_every_tampering_is_found_with_what_consoles_remember(kind: str, built: Path, tmp_path: Path) -> None:
    memory = _memory(built)
    for seed in range(TIMES):
        log = _tampered(kind, seed, tmp_path, built)
        report = verify(log, memory)
        assert not report.sound, f"{kind}, seed {seed}"
        assert report.first_bad_seq is not None

        alone = verify(log)
        if alone.sound:
            assert kind in UNSEEN_ALONE, f"{kind}, seed {seed}"
            assert _says_what_it_cannot_know(alone), f"{kind}, seed {seed}: called fine"


def test_signing_anew_is_found_by_the_key_that_was_kept_elsewhere(built: Path, tmp_path: Path) -> None:
    own = SigningKey.open(built / "whole" / "floor.db.signing").public
    for seed in range(TIMES):
        log = _tampered("re_sign", seed, tmp_path, built)
        assert not verify(log, trusted=[own]).sound, f"seed {seed}"
        blind = verify(log)
        assert blind.sound
        assert any("whether the checkpoints are the feed's own" in sentence for sentence in blind.unknown)


def test_the_log_as_it_is_passes_all_of_it(built: Path) -> None:
    own = SigningKey.open(built / "whole" / "floor.db.signing").public
    report = verify(built / "whole" / "floor.db", _memory(built), [own])
    assert report.sound
    assert (report.signed, report.signed_to) == (EVENTS // 10, EVENTS)
    assert report.keys == (own,)
