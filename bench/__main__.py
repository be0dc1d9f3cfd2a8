"""`python -m bench [--quick] [--only NAME,…]`: each measurement beside its target."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
import time
import traceback
from importlib import import_module
from pathlib import Path
from typing import Final

from bench.report import Report, Scale

MEASUREMENTS: Final[dict[str, str]] = {
    "append": "durable grouped append",
    "commands": "durable commands over HTTP",
    "fanout": "fan-out to many consoles",
    "start": "start from a snapshot",
    "audit": "audit of a log",
    "keys": "the console: from a key press to its repaint",
    "painting": "the console: bytes, paints and processor",
    "opening": "the console: first rows and memory",
    "slowlink": "the console on a slow line",
}
"""Modules of this package with a `run(scale, report, directory)`, and what they measure."""
PREFIX: Final = "watchfloor-bench-"


def main(arguments: list[str] | None = None) -> int:
    """The exit code: 0 if everything ran, whatever it found, 1 if something failed, 2 for a name that is none."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a smoke of some seconds; its figures mean nothing")
    parser.add_argument("--only", metavar="NAME,…", default="", help=f"some of: {', '.join(MEASUREMENTS)}")
    parser.add_argument("--directory", type=Path, help="where logs are written, on a real disk")
    given = parser.parse_args(arguments)
    names = [name for name in given.only.split(",") if name] or list(MEASUREMENTS)
    if unknown := [name for name in names if name not in MEASUREMENTS]:
        print(f"bench: no measurement {', '.join(unknown)}; there are {', '.join(MEASUREMENTS)}", file=sys.stderr)
        return 2
    report = Report()
    with tempfile.TemporaryDirectory(prefix=PREFIX, dir=given.directory) as directory:
        failed = False
        print(_machine(Path(directory)), flush=True)
        for name in names:
            report.heading(MEASUREMENTS[name])
            began = time.monotonic()
            try:
                import_module(f"bench.{name}").run(Scale(quick=given.quick), report, Path(directory))
            except Exception as fault:  # noqa: BLE001 - one that fails is said, and the others are still measured
                traceback.print_exc()
                report.not_run(MEASUREMENTS[name], f"it failed: {type(fault).__name__}: {fault}")
                failed = True
            report.note(f"[{time.monotonic() - began:.0f} s]")
    met = sum(figure.met for figure in report.figures)
    print(f"\n{met} of {len(report.figures)} targets met", end="")
    print(f", {len(report.missing)} not run: {'; '.join(report.missing)}" if report.missing else "")
    if given.quick:
        print("This was a smoke run: too short for its figures to mean anything.")
    return 1 if failed else 0


def _machine(directory: Path) -> str:
    load = os.getloadavg()[0]
    return (
        f"Python {platform.python_version()}, {os.cpu_count()} cores, load {load:.1f} before the run, "
        f"logs on {_file_system(directory)}"
    )


def _file_system(directory: Path) -> str:
    """The kind of file system at `directory`: a sync on tmpfs costs nothing and would prove nothing."""
    found, longest = "an unknown file system", 0
    try:
        mounts = Path("/proc/self/mounts").read_text().splitlines()
    except OSError:
        return found
    for line in mounts:
        _, point, kind, *_ = line.split()
        if directory.resolve().is_relative_to(point) and len(point) >= longest:
            found, longest = kind, len(point)
    return found


if __name__ == "__main__":
    sys.exit(main())
