"""`watchfloor feed`: one feed node, until it is told to stop."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from cli.errors import CliError, Exit, UsageError
from cli.lines import write_line


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--listen", metavar="HOST:PORT", help="TCP address; port 0 takes a free one (127.0.0.1:8700)")
    parser.add_argument("--unix", metavar="PATH", help="Unix socket; peers are known by their uid")
    parser.add_argument("--log", metavar="LOG", help="where the log is: sqlite:PATH")
    parser.add_argument("--config", metavar="FILE", help="configuration in TOML; the options here come before it")
    parser.add_argument("--unsafe", action="store_true", help="allow a listen without TLS beyond this host")


def run(args: argparse.Namespace) -> int:
    import msgspec

    from casework.policy import PolicyFault
    from casework.runbookfile import RunbookFault
    from feed import config as configs
    from feed import logs
    from feed.delivery.connecting import PlatformFault
    from feed.delivery.mapping import MappingFault
    from feed.delivery.outbound import Forbidden
    from feed.log.base import LogLocked, LogUnusable
    from feed.serve import CannotListen, Unsafe, serve

    try:
        config = configs.read(Path(args.config)) if args.config else configs.FeedConfig()
        given = {"listen": args.listen, "unix": args.unix, "log": args.log}
        config = msgspec.structs.replace(config, **{name: value for name, value in given.items() if value is not None})
        if config.listen is None and config.unix is None:
            config = msgspec.structs.replace(config, listen="127.0.0.1:8700")
        if config.log is None:
            raise UsageError("name the log: --log sqlite:PATH")
        if config.log.startswith("nats:"):
            raise UsageError("a log on NATS is later work; write --log sqlite:PATH")
        logs.set_up()
        asyncio.run(serve(config, unsafe=args.unsafe, say=_say))
    except (
        configs.ConfigFault,
        PolicyFault,
        RunbookFault,
        CannotListen,
        Unsafe,
        PlatformFault,
        MappingFault,
        Forbidden,
    ) as fault:
        raise CliError(str(fault), Exit.USAGE) from fault
    except (LogLocked, LogUnusable) as fault:
        raise CliError(str(fault), Exit.REFUSED) from fault
    return Exit.DONE


def _say(line: str) -> None:
    write_line(line)
    sys.stdout.flush()
