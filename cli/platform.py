"""`watchfloor platform`: a simulated platform to enforce on, for the demo, tests and drills."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from cli.errors import CliError, Exit, UsageError
from cli.lines import write_line


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--listen", default="127.0.0.1:8800", metavar="HOST:PORT", help="port 0 takes a free one")
    parser.add_argument("--secret-file", metavar="FILE", help="the secret that the feed signs with; made if missing")
    parser.add_argument("--state", metavar="FILE", help="what was done, kept over a restart (default: in memory)")
    parser.add_argument("--latency", type=float, default=0.0, metavar="SECONDS", help="mean time of an answer")
    parser.add_argument("--fault-rate", type=float, default=0.0, metavar="SHARE", help="0 to 1: orders that go wrong")
    parser.add_argument("--closed-world", action="store_true", help="only what was put there exists")
    parser.add_argument("--mapping", action="store_true", help="print how a feed talks to it, and end")
    parser.add_argument("--seed", type=int, default=28)


def run(args: argparse.Namespace) -> int:
    from standins.platform import mapping

    if args.mapping:
        for line in mapping().splitlines():
            write_line(line)
        return Exit.DONE
    if args.secret_file is None:
        raise UsageError("name a file for the secret: --secret-file FILE; the feed's configuration names the same one")
    import asyncio
    import random
    import socket

    from standins.platform import Platform
    from standins.platformfaults import Faults
    from standins.platformstate import PlatformState

    host, _, port = args.listen.rpartition(":")
    if not host or not port.isdigit():
        raise UsageError(f"{args.listen} is not HOST:PORT")
    state = PlatformState(None if args.state is None else Path(args.state), open_world=not args.closed_world)
    faults = Faults(chance=random.Random(args.seed), rate=args.fault_rate)
    platform = Platform(state, secret(Path(args.secret_file)), faults=faults, latency_s=args.latency)
    try:
        listening = socket.create_server((host, int(port)))
    except OSError as fault:
        raise CliError(f"{args.listen} cannot be listened on: {fault.strerror}") from fault
    asyncio.run(platform.serve(listening, say=_say))
    return Exit.DONE


def _say(line: str) -> None:
    write_line(line)
    sys.stdout.flush()


def secret(path: Path) -> str:
    """The secret in the file at `path`, made there if there is none."""
    import base64
    import os
    import secrets

    if not path.exists():
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write("whsec_" + base64.b64encode(secrets.token_bytes(24)).decode() + "\n")
    return path.read_text(encoding="ascii").strip()
