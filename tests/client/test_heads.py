"""Remembered heads: how often, how many, and that a broken file breaks nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from client import heads
from client.heads import Head, Heads, heads_file, state_home

HASH = "a" * 64


def lines(path: Path) -> int:
    return len(path.read_bytes().splitlines())


def test_it_remembers_the_first_and_then_now_and_again(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "heads.jsonl"
    store = Heads(path)
    assert store.latest() is None
    store.told(epoch="e", seq=5, head_hash=HASH, at=1, now=0.0)
    for seq in range(6, 900):
        store.told(epoch="e", seq=seq, head_hash=HASH, at=1, now=10.0)
    assert lines(path) == 1
    store.told(epoch="e", seq=1_005, head_hash=HASH, at=1, now=10.0)
    store.told(epoch="e", seq=1_006, head_hash=HASH, at=2, now=60_011.0)
    store.told(epoch="e", seq=1_006, head_hash=HASH, at=2, now=960_011.0)
    assert lines(path) == 3
    store.told(epoch="f", seq=2, head_hash=HASH, at=3, now=60_012.0)
    assert Heads(path).latest() == Head(epoch="f", seq=2, head_hash=HASH, at=3)


def test_an_empty_log_is_nothing_to_remember(tmp_path: Path) -> None:
    store = Heads(tmp_path / "heads.jsonl")
    store.told(epoch="e", seq=0, head_hash=HASH, at=0, now=0.0)
    assert store.probe() is None
    assert not store.path.exists()


def test_it_is_bounded_and_keeps_acknowledgments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heads, "KEPT", 20)
    store = Heads(tmp_path / "heads.jsonl")
    store.acknowledge(epoch="e", seq=1, head_hash=HASH, at=1)
    for number in range(1, 200):
        store.told(epoch="e", seq=number * 1_000, head_hash=HASH, at=1, now=float(number))
    assert lines(store.path) <= 20
    assert b'"acknowledged":true' in store.path.read_bytes()
    latest = Heads(store.path).latest()
    assert latest is not None
    assert latest.seq == 199_000


def test_broken_lines_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "heads.jsonl"
    path.write_bytes(b'{"epoch":"e","seq":3,"head_hash":"%b"}\n{"epoch":"e","se\n\xff\n[]\n' % HASH.encode())
    latest = Heads(path).latest()
    assert latest is not None
    assert latest.seq == 3


def test_a_place_that_cannot_be_written_costs_the_memory_only(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = Heads(tmp_path / "file" / "heads.jsonl")
    store.told(epoch="e", seq=5, head_hash=HASH, at=1, now=0.0)
    assert store.fault is not None
    assert store.latest() is not None


def test_each_feed_has_a_file_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    first, second = heads_file("http://a:8700"), heads_file("http://a-8700")
    assert first != second
    assert first.parent == state_home() == tmp_path / "watchfloor"
    assert first.name.startswith("heads-http-a-8700-")
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    assert state_home() == Path.home() / ".local" / "state" / "watchfloor"
