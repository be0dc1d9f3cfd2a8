"""`watchfloor doctor`: what this terminal, host and feed can do, one line a check; exit 1 at a fault.

A check returns `Check(level, name, sentence)`: `ok`, `note` (works, but know this) or `FAULT`.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator

from cli.consolechecks import console
from cli.errors import Exit
from cli.lines import write_line
from cli.terminalchecks import Check, Level, terminal

FSYNC_NOTE_MS = 50.0
CLOCK_NOTE_S = 2.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("url", nargs="?", help="the feed (default: the configured one, if any)")


def run(args: argparse.Namespace) -> int:
    faults = 0
    for check in (*terminal(os.environ, sys.stdout), *console(), *clock(), *disk(), *feed(args.url)):
        faults += check.level == "FAULT"
        write_line(f"{check.level:<5}  {check.name:<9} {check.sentence}")
    return Exit.REFUSED if faults else Exit.DONE


def clock() -> Iterator[Check]:
    """Deadlines need a clock that runs on while the machine sleeps."""
    import time

    if hasattr(time, "CLOCK_BOOTTIME"):
        yield Check("ok", "clock", "counts time in suspend (CLOCK_BOOTTIME); countdowns follow the feed's clock")
    elif sys.platform == "darwin":
        yield Check(
            "ok", "clock", "counts time in suspend (CLOCK_MONOTONIC on macOS); countdowns follow the feed's clock"
        )
    else:
        yield Check(
            "note", "clock", "no clock that counts time in suspend: after a wake-up, countdowns wait for the feed"
        )


def disk() -> Iterator[Check]:
    """How long a durable write takes where the feed's log would stand by default."""
    import statistics
    import tempfile
    import time

    times = []
    try:
        with tempfile.TemporaryFile(dir=".") as file:
            for _ in range(12):
                file.write(b"\0" * 4096)
                file.flush()
                began = time.perf_counter()
                os.fsync(file.fileno())
                times.append((time.perf_counter() - began) * 1000)
    except OSError as error:
        yield Check("FAULT", "fsync", f"this folder takes no durable write: {error.strerror}; a feed cannot log here")
        return
    median = statistics.median(times)
    level: Level = "ok" if median <= FSYNC_NOTE_MS else "note"
    slow = "" if level == "ok" else "; each acknowledged command waits that long"
    yield Check(level, "fsync", f"{median:.1f} ms (median of {len(times)}), {max(times):.1f} ms at most{slow}")


def feed(url: str | None) -> Iterator[Check]:
    """Whether the feed lives, is ready, knows this token, and agrees on the time."""
    import time

    import httpx

    from client.config import choose, load
    from client.http import client, headers, reason

    profile = choose(load(), url=url)
    try:
        with client(profile) as http:
            http.headers.update(headers(profile))
            began = time.time()
            health = http.get("/healthz")
            ready = http.get("/readyz")
            head = http.get("/v1/audit/head")
    except httpx.TransportError as error:
        yield Check("FAULT", "feed", f"no feed answers at {profile.url}: {reason(error)}")
        return
    yield Check("ok" if health.status_code == 200 else "FAULT", "feed", f"{profile.url} answers {health.status_code}")
    why = "" if ready.status_code == 200 else f": {ready.text[:200]}"
    yield Check("ok" if ready.status_code == 200 else "FAULT", "ready", f"readyz answers {ready.status_code}{why}")
    if head.status_code == 200:
        yield Check("ok", "token", f"accepted; the log stands at {head.json()['seq']}")
    elif head.status_code == 403:
        yield Check("note", "token", "known, but its roles may not read the log's head")
    else:
        yield Check(
            "FAULT", "token", "the feed does not know this token; set WATCHFLOOR_TOKEN or WATCHFLOOR_TOKEN_FILE"
        )
    yield from _skew(health.headers.get("date"), began)


def _skew(date: str | None, began: float) -> Iterator[Check]:
    from email.utils import parsedate_to_datetime

    if not date:
        return
    apart = abs(parsedate_to_datetime(date).timestamp() - began)
    if apart > CLOCK_NOTE_S:
        yield Check("note", "skew", f"this host's wall clock and the feed's are {apart:.0f} s apart; the feed's counts")
    else:
        yield Check("ok", "skew", "this host's wall clock and the feed's agree within 2 s")
