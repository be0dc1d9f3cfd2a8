"""An installed Watchfloor does its whole job from an empty directory: feed, token, intake, queue, verb, console.

Each step waits for the command that it needs to exist in this checkout.
"""

import json
import os
import pty
import re
import select
import signal
import subprocess
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyte
import pytest

from tests.packaging.conftest import ROOT, Installed

LOG = "sqlite:floor.db"
SUMMARY = "Livestream shows a person with a weapon"
ESCALATION = {
    "specversion": "1.0",
    "type": "org.watchfloor.escalation.raised.v1",
    "source": "tests/packaging",
    "id": "1",
    "data": {"case_type": "TTL", "summary": SUMMARY, "source": {"kind": "user_report", "name": "app"}},
}
PATIENCE_S = 30.0


def needs(*commands: str) -> pytest.MarkDecorator:
    missing = [name for name in commands if not (ROOT / "cli" / f"{name}.py").exists()]
    return pytest.mark.skipif(bool(missing), reason=f"not written yet: {', '.join(missing)}")


@contextmanager
def feed(installed: Installed) -> Iterator[str]:
    """A feed node of the installed program on a free port; its address."""
    process = subprocess.Popen(
        [installed.program, "feed", "--listen", "127.0.0.1:0", "--log", LOG],
        cwd=installed.empty,
        env=installed.environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if line.startswith("ready "):
                yield line.split()[1]
                break
        else:
            pytest.fail(f"the feed ended with {process.wait(PATIENCE_S)} before it was ready")
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(PATIENCE_S)
        finally:
            process.kill()
            process.stdout.close()


def screen_that_shows(text: str, command: list[str | Path], installed: Installed, **settings: str) -> list[str]:
    """The terminal's lines at the moment when `text` is on it; the command is ended then."""
    rows, columns = 40, 120
    terminal = pyte.Screen(columns, rows)
    stream = pyte.ByteStream(terminal)
    leader, follower = pty.openpty()
    termios.tcsetwinsize(follower, (rows, columns))
    process = subprocess.Popen(
        command,
        cwd=installed.empty,
        env=installed.environment(**settings),
        stdin=follower,
        stdout=follower,
        stderr=follower,
        start_new_session=True,
    )
    os.close(follower)
    try:
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            if not select.select([leader], [], [], 0.5)[0]:
                continue
            try:
                stream.feed(os.read(leader, 65536))
            except OSError:  # the program ended and closed its terminal
                break
            if any(text in line for line in terminal.display):
                return list(terminal.display)
        pytest.fail(f"never on the screen: {text}\n" + "\n".join(terminal.display))
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE_S)
        finally:
            process.kill()
            os.close(leader)


@needs("feed", "token", "intake", "list_", "do")
def test_a_floor_from_an_empty_directory(installed: Installed) -> None:
    with feed(installed) as url:
        issued = installed.run("token", "issue", "--principal", "ana", "--roles", "responder,intake", "--log", LOG)
        assert issued.returncode == 0, issued.stderr
        settings = {"WATCHFLOOR_FEED": url, "WATCHFLOOR_TOKEN": issued.stdout.strip()}

        (installed.empty / "escalation.json").write_text(json.dumps([ESCALATION]))
        taken_in = installed.run("intake", "escalation.json", **settings)
        assert taken_in.returncode == 0, taken_in.stderr

        listed = installed.run("list", "--json", **settings)
        assert listed.returncode == 0, listed.stderr
        assert SUMMARY in listed.stdout
        found = re.search(r"C-[0-9A-HJKMNP-TV-Z]{8}", listed.stdout)
        assert found, listed.stdout

        claimed = installed.run("do", "claim", found.group(), **settings)
        assert claimed.returncode == 0, claimed.stderr

        if (ROOT / "cli" / "open.py").exists():
            command: list[str | Path] = [installed.program, url]
            assert screen_that_shows(SUMMARY[:20], command, installed, **settings)


@needs("feed", "do")
def test_a_feed_that_is_not_there_is_code_3(installed: Installed) -> None:
    refused = installed.run("do", "claim", "C-00000000", WATCHFLOOR_FEED="http://127.0.0.1:9", WATCHFLOOR_TOKEN="x")

    assert refused.returncode == 3
    assert refused.stderr.startswith("watchfloor: ")
    assert refused.stderr.count("\n") == 1
