"""A subcommand that ends in each way a subcommand can."""

import argparse
from importlib import import_module

from cli.errors import CliError, FeedUnreachable, NotPermitted
from cli.lines import write_line


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One word that says how to end, and an option."""
    parser.add_argument("ending")
    parser.add_argument("--times", type=int, default=1)


def run(args: argparse.Namespace) -> int:
    """End as asked."""
    secret_local = "text of a case"
    match args.ending:
        case "done":
            for _ in range(args.times):
                write_line("done")
            return 0
        case "refused":
            raise CliError("the case changed; read it again")
        case "unreachable":
            raise FeedUnreachable("http://127.0.0.1:1", "connection refused")
        case "forbidden":
            raise NotPermitted("this needs the role \x1b[31mlead\x1b[0m")
        case "file":
            open("/no/such/file")  # noqa: SIM115 - never opens
        case "interrupted":
            raise KeyboardInterrupt
        case "fault":
            raise ValueError(secret_local)
        case "library":
            import_module("no_such_library.part")
    return 1
