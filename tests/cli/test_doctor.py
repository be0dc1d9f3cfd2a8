"""What `watchfloor doctor` says of terminals, clocks, disks and feeds."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli.doctor import clock, disk
from cli.terminalchecks import Asked, Check, terminal
from tests.floorprocess import FeedProcess
from tests.terminal import Terminal
from tui.terminal.pacing import REMOTE_FRAMES


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


def said(
    env: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    *,
    size: tuple[int, int] = (80, 24),
    answer: Asked | None = None,
    tmux: dict[str, str] | None = None,
) -> list[Check]:
    monkeypatch.setattr("os.get_terminal_size", lambda _fd: size)
    options = tmux or {}
    return list(terminal(env, Screen("utf-8"), ask=lambda: answer, tmux=lambda name: options.get(name, "")))


def named(checks: list[Check]) -> dict[str, Check]:
    return {check.name: check for check in checks}


def test_a_dumb_terminal_is_a_fault_that_names_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    (found, *_) = said({"TERM": "dumb"}, monkeypatch)
    assert found.level == "FAULT"
    assert "tail" in found.sentence


@pytest.mark.parametrize(("size", "level"), [((80, 24), "ok"), ((60, 20), "note"), ((39, 11), "FAULT")])
def test_a_terminal_is_judged_by_its_size(size: tuple[int, int], level: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert said({"TERM": "xterm-256color"}, monkeypatch, size=size)[0].level == level


def test_letters_that_are_not_utf8_are_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.get_terminal_size", lambda _fd: (80, 24))
    found = {check.name: check for check in terminal({"TERM": "linux"}, Screen("ascii"), ask=lambda: None)}
    assert found["letters"].level == "note"
    assert found["color"].sentence == "16 colors"


@pytest.mark.parametrize(
    ("answer", "level", "words"),
    [(Asked(8, 3), "ok", "one cell each"), (Asked(16, 3), "note", "two cells"), (None, "note", "could not be asked")],
)
def test_how_wide_shapes_are_is_asked(
    answer: Asked | None, level: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    letters = named(said({"TERM": "xterm-256color"}, monkeypatch, answer=answer))["letters"]

    assert letters.level == level
    assert words in letters.sentence


def test_a_slow_line_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    env = {"TERM": "xterm-256color", "SSH_CONNECTION": "a 1 b 2"}
    quick, slow = (named(said(env, monkeypatch, answer=Asked(8, ms)))["line"] for ms in (40, 400))

    assert (quick.level, slow.level) == ("ok", "note")
    assert f"over SSH: at most {REMOTE_FRAMES} frames a second" in slow.sentence
    assert "400 ms" in slow.sentence


@pytest.mark.parametrize(
    ("env", "tmux", "level", "words"),
    [
        ({"TERM": "linux"}, {}, "note", "copies nothing"),
        ({"TERM": "tmux-256color", "TMUX": "x"}, {"set-clipboard": "external"}, "note", "set -g set-clipboard on"),
        ({"TERM": "tmux-256color", "TMUX": "x"}, {"set-clipboard": "on"}, "ok", "set-clipboard on"),
        ({"TERM": "tmux-256color", "TMUX": "x"}, {"allow-passthrough": "on"}, "ok", "allow-passthrough on"),
        ({"TERM": "screen", "STY": "x"}, {}, "ok", "screen"),
        ({"TERM": "xterm-256color"}, {}, "ok", "OSC 52"),
    ],
)
def test_whether_copies_get_out_is_said(
    env: dict[str, str], tmux: dict[str, str], level: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = named(said(env, monkeypatch, tmux=tmux))["copy"]

    assert copy.level == level
    assert words in copy.sentence


def test_the_terminal_is_asked_and_left_as_it_was(checkout: Path) -> None:
    program = "from cli.terminalchecks import ask_terminal; print('asked', ask_terminal())"
    with Terminal([sys.executable, "-c", program], cwd=checkout) as it:
        it.wait_for(lambda held: b"\x1b[6n" in held.written)
        os.write(it._leader, b"\x1b[1;9R")
        it.wait_for("asked Asked(cells=8")
        it.wait_ended()
        assert "\u25a0" not in it.text


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
