"""A real feed for the subcommands that talk to one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from cli.main import run
from tests.client.running_feed import RunningFeed


class Ended(NamedTuple):
    """How a subcommand ended: exit code, lines on stdout, lines on stderr."""

    code: int
    out: list[str]
    err: list[str]


Watchfloor = Callable[..., Ended]


@pytest.fixture(scope="session")
def running_feed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningFeed]:
    feed = RunningFeed(tmp_path_factory.mktemp("f"))
    feed.start()
    yield feed
    feed.stop()


@pytest.fixture
def watchfloor(
    running_feed: RunningFeed, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Watchfloor:
    """Runs a subcommand against the feed, as whoever runs the tests."""
    monkeypatch.setenv("WATCHFLOOR_FEED", running_feed.socket)

    def command(*arguments: str | Path) -> Ended:
        capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return Ended(code, said.out.splitlines(), said.err.splitlines())

    return command
