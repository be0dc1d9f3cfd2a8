"""The argument parser that every subcommand gets."""

import argparse
from typing import Any, NoReturn

from cli.errors import UsageError


class CommandParser(argparse.ArgumentParser):
    """Reports a wrong command like every other error, in one line; takes no abbreviated options.

    The parsers of nested commands (`token issue`) are of this class too.
    """

    def __init__(self, **options: Any) -> None:
        # Abbreviations would turn every new option into a possible break of somebody's script.
        super().__init__(**{**options, "allow_abbrev": False})

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; see `{self.prog} --help`")


def command_parser(name: str, summary: str) -> CommandParser:
    """A parser for `watchfloor NAME`; `summary` is its line in the table of commands."""
    parser = CommandParser(prog=f"watchfloor {name}", description=f"{summary[0].upper()}{summary[1:]}.")
    # Taken out before parsing, wherever it stands; here for the help text alone.
    parser.add_argument("--debug", action="store_true", help="with an error, show where it came from")
    return parser
