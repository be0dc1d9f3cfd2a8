"""`watchfloor demo`: a whole floor on one machine, with the console on it.

A real feed process on a SQLite log in a folder of its own, a simulated platform to enforce on, a process that reports
and a crew that works, and the console (or the wall) as the person `ana`. Without a terminal on stdout: the same floor
in lines, then the queue.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from cli.errors import CliError, Exit
from cli.lines import write_line

if TYPE_CHECKING:
    import subprocess

    from cli.tether import Tether

CREW = ("bo", "cy", "dee")
READY_S = 20.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seed", type=int, default=28, help="the same seed gives the same floor (default: 28)")
    parser.add_argument("--rate", default="10/m", help="mean arrivals: 2/s, 10/m or 100/h (default: 10/m)")
    parser.add_argument("--cases", type=int, default=40, help="escalations at the start (default: 40)")
    parser.add_argument("--speed", type=float, default=1.0, help="how much faster reports and crew are (default: 1)")
    parser.add_argument("--wall", action="store_true", help="show the wall instead of the console")
    parser.add_argument("--seconds", type=float, default=60.0, help="without a terminal: how long (default: 60)")
    parser.add_argument("--ascii", action="store_true", help="plain letters instead of shapes")


def run(args: argparse.Namespace) -> int:
    import tempfile

    from cli.simulate import per_second
    from cli.tether import Tether

    per_second(args.rate)  # a wrong rate is said before anything starts
    with tempfile.TemporaryDirectory(prefix="watchfloor-demo-") as folder:
        tether = Tether()
        try:
            return _floor(args, Path(folder), tether)
        finally:
            tether.end()


def _floor(args: argparse.Namespace, folder: Path, tether: Tether) -> int:
    import subprocess
    import time

    log = f"sqlite:{folder / 'floor.db'}"
    tokens = _issue(folder / "floor.db")
    config = _platform(folder, tether, args.seed)
    with (folder / "feed.log").open("wb") as stderr:
        feed = tether.start(
            ["feed", "--listen", "127.0.0.1:0", "--log", log, "--config", str(config)],
            stdout=subprocess.PIPE,
            stderr=stderr.fileno(),
        )
    url = _ready(feed, folder / "feed.log")
    crew = folder / "crew"
    crew.touch(mode=0o600)
    crew.write_text("".join(f"{name} {tokens[name]}\n" for name in CREW), encoding="utf-8")
    simulate = ["simulate", url, "--seed", str(args.seed), "--rate", args.rate, "--cases", str(args.cases)]
    with (folder / "simulate.log").open("wb") as stderr:
        tether.start(
            [*simulate, "--speed", str(args.speed), "--crew", str(crew), "--quiet"],
            env={"WATCHFLOOR_TOKEN": tokens["_simulator"]},
            stdout=subprocess.DEVNULL,
            stderr=stderr.fileno(),
        )
    os.environ["WATCHFLOOR_TOKEN"] = tokens["ana"]
    os.environ.setdefault("WATCHFLOOR_STATE", str(folder / "state"))
    if sys.stdout is not None and sys.stdout.isatty():
        from cli.main import run as watchfloor

        screen = ["wall", url] if args.wall else ["open", url]
        return watchfloor([*screen, *(["--ascii"] if args.ascii else [])])
    return _lines(url, args.seconds, tether, time.monotonic())


def _lines(url: str, seconds: float, tether: Tether, began: float) -> int:
    import time

    from cli.main import run as watchfloor

    write_line(f"demo floor at {url}: {seconds:g} seconds of events, then the queue")
    tail = tether.start(["tail", url])
    while time.monotonic() < began + seconds:
        if tail.poll() is not None:
            raise CliError(f"the demo's tail ended with {tail.returncode}; run `watchfloor tail {url}` to see why")
        time.sleep(0.1)
    tail.terminate()
    tail.wait()
    write_line("")
    return watchfloor(["list", url])


def _issue(log: Path) -> dict[str, str]:
    """One token for each person of the demo floor, and for what reports to it."""
    from feed.log.tokens import TokenStore

    store = TokenStore(log)
    day = 24 * 3_600_000
    people = {name: store.issue(name, roles=("responder",), clearances=("us",), ttl_ms=day) for name in CREW}
    people["ana"] = store.issue("ana", roles=("responder", "approver", "lead"), clearances=("us",), ttl_ms=day)
    people["_simulator"] = store.issue("simulator", roles=("intake",), ttl_ms=day)
    return people


def _platform(folder: Path, tether: Tether, seed: int) -> Path:
    """Start the simulated platform; the configuration of a feed that enforces on it."""
    import subprocess

    from standins.platform import mapping

    secret = folder / "secret"
    command = ["platform", "--listen", "127.0.0.1:0", "--secret-file", str(secret), "--latency", "0.15"]
    with (folder / "platform.log").open("wb") as stderr:
        platform = tether.start([*command, "--seed", str(seed)], stdout=subprocess.PIPE, stderr=stderr.fileno())
    url = _ready(platform, folder / "platform.log")
    (folder / "platform.toml").write_text(mapping(), encoding="utf-8")
    config = folder / "feed.toml"
    files = 'secret_file = "secret"\nmapping = "platform.toml"'
    text = f'[platform]\nkind = "http"\nurl = "{url}"\nprivate = true\n{files}\n'
    config.write_text(text, encoding="utf-8")
    return config


def _ready(feed: subprocess.Popen[bytes], log: Path) -> str:
    """The URL of the feed, once it says that it serves."""
    import select

    assert feed.stdout is not None  # it was started with a pipe
    readable, _, _ = select.select([feed.stdout], [], [], READY_S)
    line = feed.stdout.readline().decode() if readable else ""
    if not line.startswith("ready "):
        said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        raise CliError(
            f"a process of the demo did not start: {said[-1] if said else 'it said nothing'}", Exit.UNREACHABLE
        )
    return line.removeprefix("ready ").strip()
