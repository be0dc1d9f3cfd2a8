"""The record of one case: whole by its own script with plain Python, and no altered one passes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from cli.main import run
from feed.checkpointing import Checkpointer
from feed.config import AuditRules
from feed.log import bundle
from feed.log.files import beside
from feed.log.signing import SigningKey
from feed.log.sqlite import SqliteLog
from tests.feed.log.samples import CASE, OTHER, SECRETS, Time, claimed, note, opened, write


@pytest.fixture
async def log(tmp_path: Path) -> Path:
    """Two cases in turn, 12 events, a checkpoint after the fourth and the tenth."""
    path = tmp_path / "floor.db"
    held = SqliteLog(path, now=Time(), fresh_epoch=lambda: "e" * 32)
    signer = Checkpointer(
        held, beside(path, "checkpoints"), SigningKey.open(beside(path, "signing")), AuditRules(), Time()
    )
    await held.append(None, [write(0, opened()), write(0, opened(OTHER))])
    for version in range(1, 6):
        await held.append(None, [write(version, note()), write(version, claimed(OTHER))])
        if version in (1, 4):
            await signer.write()
    await held.close()
    return path


def _unpacked(log: Path, folder: Path, case_id: str = CASE) -> Path:
    with (folder / "record.zip").open("wb") as file:
        bundle.write(log, case_id, file)
    with ZipFile(folder / "record.zip") as record:
        record.extractall(folder / "record")
    return folder / "record"


def _checked(record: Path, *arguments: str) -> tuple[int, str]:
    command = [sys.executable, "-I", str(record / "verify.py"), *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert not done.stderr
    return done.returncode, done.stdout


def test_it_proves_itself(log: Path, tmp_path: Path) -> None:
    record = _unpacked(log, tmp_path)
    code, said = _checked(record, SigningKey.open(beside(log, "signing")).public)
    assert code == 0, said
    assert "the record is whole" in said
    assert "WRONG" not in said
    assert "no checkpoint is as new" in said, "its newest event came after the last signature"


def test_what_it_cannot_know_is_said(log: Path, tmp_path: Path) -> None:
    code, said = _checked(_unpacked(log, tmp_path))
    assert code == 0
    assert "cannot be known  whose key this is" in said
    assert "cannot be known  whether later events of the case followed" in said


def test_another_key_is_not_the_feeds(log: Path, tmp_path: Path) -> None:
    code, said = _checked(_unpacked(log, tmp_path), "0" * 64)
    assert code == 1
    assert "is signed with the key" in said


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("events.jsonl", '\\"at\\":1795', '\\"at\\":1796'),
        ("events.jsonl", '"seq":3', '"seq":4'),
        ("checkpoints.jsonl", '"seq":4', '"seq":5'),
    ],
)
def test_what_was_altered_is_named(log: Path, tmp_path: Path, name: str, old: str, new: str) -> None:
    record = _unpacked(log, tmp_path)
    text = (record / name).read_text("utf-8")
    assert old in text
    (record / name).write_text(text.replace(old, new, 1), "utf-8")
    code, said = _checked(record)
    assert code == 1, said
    assert "WRONG" in said


def test_an_event_left_out_or_another_log_is_found(log: Path, tmp_path: Path) -> None:
    record = _unpacked(log, tmp_path)
    events = (record / "events.jsonl").read_text("utf-8").splitlines(keepends=True)
    (record / "events.jsonl").write_text("".join(events[:1] + events[2:]), "utf-8")
    assert _checked(record)[0] == 1

    (record / "events.jsonl").write_text("".join(events), "utf-8")
    chain = (record / "chain.txt").read_text("ascii").splitlines()
    chain[3], chain[4] = chain[4], chain[3]
    (record / "chain.txt").write_text("\n".join(chain) + "\n", "ascii")
    assert _checked(record)[0] == 1


def test_it_reads_without_what_is_sealed_in_what_is_proved(log: Path, tmp_path: Path) -> None:
    record = _unpacked(log, tmp_path)
    proved = (record / "events.jsonl").read_text("utf-8")
    assert not any(secret in proved for secret in SECRETS)
    readable = json.loads((record / "readable.json").read_text("utf-8"))
    assert [event["version"] for event in readable] == [1, 2, 3, 4, 5, 6]
    assert readable[0]["data"]["summary"] == SECRETS[0]


def test_the_command_writes_it_once(log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    to = tmp_path / "out.zip"
    call = ["audit", "export", "C-0000-0001", "--log", f"sqlite:{log}", "--to", str(to)]
    assert run(call) == 0
    assert "6 events, 2 checkpoints" in capsys.readouterr().out
    assert run(call) == 1
    assert "File exists" in capsys.readouterr().err
    assert run(["audit", "export", "C-ZZZZ-ZZZZ", "--log", f"sqlite:{log}", "--to", str(tmp_path / "no.zip")]) == 1
    assert "has no event of C-ZZZZZZZZ" in capsys.readouterr().err
    assert not (tmp_path / "no.zip").exists()
