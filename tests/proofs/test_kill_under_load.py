"""kill -9 of the feed under load: nothing acknowledged is lost, nothing is done twice, the log is sound."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import Final

import pytest

from tests.floorprocess import FeedProcess
from tests.proofs import feedload, test_enforcement_for_real
from tests.proofs.feedload import Load

DEATH_S: Final = 300.0
#: Each named point at which the feed may be made to die.
POINTS: Final = (
    "receive",
    "decide",
    "append.before_begin",
    "append.before_commit",
    "append.after_commit",
    "append.before_publish",
    "publish",
    "answer",
)


def test_the_points_are_those_of_the_code(checkout: Path) -> None:
    said = "".join(path.read_text("utf-8") for path in (checkout / "feed").rglob("*.py"))
    hit = {piece.split('"', 1)[0] for piece in said.split('hit("')[1:]}
    # Those of the delivery have their own proof, with a platform.
    assert hit == set(POINTS) | {f"delivery.{point}" for point in test_enforcement_for_real.POINTS}


class Killed:
    """A feed that is killed and started again on the same log."""

    def __init__(self, folder: Path, checkout: Path, random: Random) -> None:
        self.folder = folder
        self.checkout = checkout
        self.random = random
        config = folder / "feed.toml"
        config.write_text("[state]\nsnapshot_events = 2000\n")
        self._options = ("--config", str(config))
        self.feed = FeedProcess(folder, *self._options)
        self.kills = 0

    def start(self, point: str | None = None, passes: int = 1) -> None:
        env = {"WATCHFLOOR_FAILPOINT": f"{point}:{passes}"} if point else {"WATCHFLOOR_FAILPOINT": ""}
        self.feed = FeedProcess(self.folder, *self._options, env=env).start()

    async def kill_when(self, load: Load, commands: int) -> None:
        """SIGKILL once so many commands were acknowledged, a moment later or sooner; then a new start."""
        await load.reaches(commands)
        await asyncio.sleep(self.random.random() * 0.05)
        self.feed.kill()
        self.kills += 1

    async def dies(self) -> None:
        """It dies by itself at its fail-point."""
        process = self.feed.process
        assert process is not None
        assert await asyncio.to_thread(process.wait, DEATH_S) == -9
        self.feed.kill()
        self.kills += 1

    def verified(self) -> None:
        done = subprocess.run(
            [sys.executable, "main.py", "audit", "verify", "--log", f"sqlite:{self.feed.log}"],
            cwd=self.checkout,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


async def rounds(killed: Killed, commands: int, plan: list[str | None], *, batch: int, workers: int) -> None:
    """As many rounds as `plan` has entries, each ended by SIGKILL (None) or at a fail-point; then the check."""
    random = killed.random
    killed.start()
    tokens = {who: killed.feed.token(who, "responder") for who in ("ana", "bo", "cy")}
    load = Load(lambda: killed.feed, tokens, random=random, batch=batch)
    work = asyncio.create_task(load.run(commands, workers=workers))
    try:
        for place, point in enumerate(plan, start=1):
            # The last kill comes while there is still something to do.
            until = commands * place // (len(plan) + 1)
            if point is None:
                await killed.kill_when(load, until)
            else:
                await killed.dies()
            following = plan[place] if place < len(plan) else None
            # A group of appends passes the points of the log once, whatever its size.
            most = 40 if following and following.startswith("append.") else max(21, commands // len(plan) // 4)
            await asyncio.to_thread(killed.start, following, random.randrange(3, most))
            assert not work.done()
        await work
        assert killed.feed.stop() == 0
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        if killed.feed.process is not None:
            killed.feed.kill()
    assert killed.kills == len(plan)
    assert sum(load.asked_again.values()) >= len(plan), "somebody was cut off each time"
    told = feedload.check(killed.feed.log, load)
    assert told["commands"] >= commands
    killed.verified()


async def test_three_rounds(tmp_path: Path, checkout: Path) -> None:
    """Each point by itself: tests/feed/test_feed_process.py and tests/feed/log/test_kill.py."""
    await rounds(Killed(tmp_path, checkout, Random(1)), 1_200, [None, "append.after_commit", None], batch=8, workers=8)


@pytest.mark.torture("kill")
async def test_twenty_rounds_and_a_hundred_thousand_commands(tmp_path: Path, checkout: Path) -> None:
    plan: list[str | None] = [None, *(point for point in POINTS), *([None] * 11)]
    assert len(plan) == 20
    await rounds(Killed(tmp_path, checkout, Random(2)), 100_000, plan, batch=50, workers=12)
