"""What `watchfloor doctor` says of terminals, clocks, disks and feeds."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli.doctor import Check, clock, disk, terminal
from tests.floorprocess import FeedProcess


class Screen(io.StringIO):
    """A stdout that says it is a terminal, in `encoding`."""

    def __init__(self, encoding: str) -> None:
        super().__init__()
        self._encoding = encoding

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._encoding

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        return 1


def said(env: dict[str, str], monkeypatch: pytest.MonkeyPatch, *, size: tuple[int, int] = (80, 24)) -> list[Check]:
    monkeypatch.setattr("os.get_terminal_size", lambda _fd: size)
    return list(terminal(env, Screen("utf-8")))


def test_a_dumb_terminal_is_a_fault_that_names_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    (found, *_) = said({"TERM": "dumb"}, monkeypatch)
    assert found.level == "FAULT"
    assert "tail" in found.sentence


@pytest.mark.parametrize(("size", "level"), [((80, 24), "ok"), ((60, 20), "note"), ((39, 11), "FAULT")])
def test_a_terminal_is_judged_by_its_size(size: tuple[int, int], level: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert said({"TERM": "xterm-256color"}, monkeypatch, size=size)[0].level == level


def test_letters_that_are_not_utf8_are_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.get_terminal_size", lambda _fd: (80, 24))
    found = {check.name: check for check in terminal({"TERM": "linux"}, Screen("ascii"))}
    assert found["letters"].level == "note"
    assert found["color"].sentence == "16 colors"


def test_this_host_has_a_clock_and_a_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert [check.level for check in clock()] == ["ok"]
    (found,) = disk()
    assert found.level in ("ok", "note")
    assert "ms" in found.sentence


def test_a_feed_that_is_there_and_one_that_is_not(tmp_path: Path, checkout: Path) -> None:
    def doctor(url: str, token: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(checkout / "main.py"), "doctor", url],
            cwd=tmp_path,
            env={**os.environ, "WATCHFLOOR_TOKEN": token},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    with FeedProcess(tmp_path) as feed:
        token = feed.token("ana", "responder")
        well = doctor(feed.url, token)
        unknown = doctor(feed.url, "wf_nobody")
        url = feed.url
    gone = doctor(url, token)

    assert well.returncode == 0, well.stdout
    assert "ok     ready" in well.stdout
    assert "accepted" in well.stdout
    assert unknown.returncode == 1
    assert "FAULT  token" in unknown.stdout
    assert gone.returncode == 1
    assert "FAULT  feed" in gone.stdout
