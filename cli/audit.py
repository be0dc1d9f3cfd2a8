"""`watchfloor audit`: check a log offline, also beside a running feed."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from cli.errors import CliError, Exit, UsageError
from cli.lines import write_line

if TYPE_CHECKING:
    from feed.log.heads import Memory
    from feed.log.verify import Report


def add_arguments(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(dest="act", required=True, metavar="verify|export")
    verify = acts.add_parser("verify", help="check every event, every chain and the heads that consoles remember")
    verify.add_argument("--log", required=True, metavar="LOG", help="sqlite:PATH, as the feed was given it")
    verify.add_argument("--heads", metavar="FILE", help="remembered heads, JSON lines, as a console keeps them")
    export = acts.add_parser("export", help="one case's record (later work)")
    export.add_argument("case", metavar="CASE", nargs="?")
    export.add_argument("--log", metavar="LOG")


def run(args: argparse.Namespace) -> int:
    if args.act == "export":
        raise UsageError("`watchfloor audit export` is later work; `watchfloor show CASE --json` shows a case")
    from feed.log.address import sqlite_path
    from feed.log.base import LogUnusable
    from feed.log.verify import verify

    # Heads first: one that a console is told while the log is read must not look like a cut tail.
    memory = _heads(args.heads)
    try:
        path = sqlite_path(args.log)
    except LogUnusable as fault:
        raise UsageError(str(fault)) from fault
    try:
        report = verify(path, memory)
    except LogUnusable as fault:
        raise CliError(str(fault)) from fault
    _print(args.log, report)
    return Exit.DONE if report.sound else Exit.REFUSED


def _heads(name: str | None) -> Memory | None:
    if name is None:
        return None
    from feed.log.heads import read_heads

    try:
        return read_heads(Path(name))
    except OSError as error:
        raise CliError(f"{name}: {error.strerror or 'cannot be read'}; name a console's file of heads") from error


def _print(log: str, report: Report) -> None:
    write_line(f"log              {log}, epoch {report.epoch or 'unknown'}")
    for fault in report.faults:
        where = f"seq {fault.seq:,}: " if fault.seq else ""
        write_line(f"FAULT            {where}{fault.what}")
    if report.more_faults:
        write_line(f"FAULT            {report.more_faults:,} more are not listed")
    if report.sound:
        counted = f"{report.events:,} events of {report.cases:,} cases, {report.sealed:,} with sealed text"
        write_line(f"chains           whole: {counted}")
        write_line(f"head             seq {report.last:,}, {report.head_hash}")
    else:
        write_line(f"first bad seq    {report.first_bad_seq or 'none in particular'}")
    if report.fitting_heads:
        write_line(f"remembered       {report.fitting_heads:,} heads fit, the newest at seq {report.proved_to:,}")
    for sentence in report.unknown:
        write_line(f"cannot be known  {sentence}")
