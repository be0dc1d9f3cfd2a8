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
    verify = acts.add_parser("verify", help="check every event and chain, what was signed, what consoles remember")
    verify.add_argument("--log", required=True, metavar="LOG", help="sqlite:PATH, as the feed was given it")
    verify.add_argument("--heads", metavar="FILE", help="remembered heads, JSON lines, as a console keeps them")
    verify.add_argument(
        "--key", metavar="KEY", action="append", default=[], help="the feed's public key, as it was kept elsewhere"
    )
    export = acts.add_parser("export", help="the record of one case, as a ZIP with the script that checks it")
    export.add_argument("case", metavar="CASE", help="its id, for example C-7F3A-9K2M")
    export.add_argument("--log", required=True, metavar="LOG", help="sqlite:PATH, as the feed was given it")
    export.add_argument("--to", metavar="FILE", help="where to write it (default: CASE.zip here; it must not exist)")


def run(args: argparse.Namespace) -> int:
    from feed.log.address import sqlite_path
    from feed.log.base import LogUnusable

    try:
        path = sqlite_path(args.log)
    except LogUnusable as fault:
        raise UsageError(str(fault)) from fault
    try:
        return _export(path, args.case, args.to) if args.act == "export" else _verify(path, args)
    except LogUnusable as fault:
        raise CliError(str(fault)) from fault


def _verify(path: Path, args: argparse.Namespace) -> int:
    from feed.log.signing import public_of
    from feed.log.verify import verify

    keys = [public_of(key) for key in args.key]
    if None in keys:
        raise UsageError("a public key is 64 hexadecimal digits, as `watchfloor audit verify` prints it")
    # Heads first: one that a console is told while the log is read must not look like a cut tail.
    memory = _heads(args.heads)
    try:
        report = verify(path, memory, [key for key in keys if key is not None])
    except OSError as error:
        raise CliError(f"{error.filename}: {error.strerror or 'cannot be read'}") from error
    _print(args.log, report)
    return Exit.DONE if report.sound else Exit.REFUSED


def _export(path: Path, case: str, to: str | None) -> int:
    from casework.caseid import parse, shown
    from casework.errors import BadInput
    from feed.log import bundle

    try:
        case_id = parse(case)
    except BadInput as fault:
        raise UsageError(f"{case} {fault.why}") from fault
    target = Path(to or f"{shown(case_id)}.zip")
    try:
        with target.open("xb") as file:
            try:
                written = bundle.write(path, case_id, file)
            except BaseException:
                target.unlink()
                raise
    except bundle.NoSuchCase as fault:
        raise CliError(f"{fault}; look for it with `watchfloor list`") from fault
    except OSError as error:
        raise CliError(f"{target}: {error.strerror or 'cannot be written'}") from error
    write_line(f"{target}: {written.events:,} events, {written.signed:,} checkpoints, {written.chain:,} hashes between")
    if not written.readable:
        write_line("without a readable form: the key of the case was destroyed, or is not beside the log")
    write_line("check it with the script in it: python verify.py [the feed's public key]")
    return Exit.DONE


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
    if report.signed:
        write_line(f"signed           {report.signed:,} checkpoints fit, the newest at seq {report.signed_to:,}")
    for key in report.keys:
        write_line(f"public key       {key}")
    for sentence in report.unknown:
        write_line(f"cannot be known  {sentence}")
