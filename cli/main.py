"""`watchfloor`: finds the subcommand, loads it, and turns however it ends into an exit code and at most one line.

A subcommand is a module `cli.<name>` with two functions:

    add_arguments(parser: argparse.ArgumentParser) -> None
    run(args: argparse.Namespace) -> int

It is imported when it is chosen and not before, so `--help` and `--version` answer at once and load nothing else.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import NoReturn

from cli import __version__
from cli.errors import CliError, Exit, UsageError
from cli.lines import write_error, write_line


@dataclass(frozen=True, slots=True)
class Subcommand:
    """One name on the command line; `module` is None while the name is only kept free."""

    name: str
    summary: str
    module: str | None


def _built(name: str, summary: str, module: str | None = None) -> Subcommand:
    return Subcommand(name, summary, f"cli.{module or name}")


def _reserved(name: str, summary: str) -> Subcommand:
    return Subcommand(name, summary, None)


SUBCOMMANDS = (
    _built("open", "the console on a feed (also: watchfloor URL)"),
    _built("demo", "a whole floor on this machine, with the console on it"),
    _built("wall", "the war-room view"),
    _built("tail", "one line an event, for pipes and screen readers"),
    _built("list", "the queue, without a screen", "list_"),
    _built("show", "one case, without a screen"),
    _built("do", "any verb on any cases, without a screen"),
    _built("feed", "one feed node"),
    _built("token", "issue and revoke bearer tokens"),
    _built("intake", "post escalations from a file"),
    _built("simulate", "drive a feed with realistic escalations"),
    _built("audit", "check the log offline, export a case's record"),
    _built("platform", "a simulated platform for demo, tests and drills"),
    _built("doctor", "what this terminal, host and feed can do"),
    _reserved("config", "settings"),
    _reserved("drill", "rehearse on simulated cases"),
    _reserved("export", "a case as a file"),
    _reserved("log", "care of the log"),
    _reserved("ncmec-standin", "a stand-in for NCMEC's reporting interface"),
    _reserved("page", "call someone"),
    _reserved("replay", "play a recorded shift"),
    _reserved("report", "the shift in numbers"),
    _reserved("roster", "who is on call"),
    _reserved("session", "recorded sessions"),
    _reserved("web", "the wall in a browser"),
)

_BY_NAME = {subcommand.name: subcommand for subcommand in SUBCOMMANDS}
_DEFAULT = "open"
_FEED_ADDRESS = ("http://", "https://", "unix:")


class _Parser(argparse.ArgumentParser):
    """An argument parser that reports a wrong command like every other error: in one line."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; see `{self.prog} --help`")


def run(argv: Sequence[str] | None = None) -> int:
    """Run `watchfloor` with `argv` (the process's own arguments unless given); the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    # `--` ends the options: what follows may be a file of that name.
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    debug = "--debug" in options
    _accept_any_encoding()
    try:
        code = _dispatch(arguments)
        sys.stdout.flush()
    except CliError as error:
        _trace(debug)
        write_error(error.message)
        return error.exit_code
    except BrokenPipeError:
        # The reader, `head` for one, has seen enough. What is still buffered would fail again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.DONE
    except KeyboardInterrupt:
        _trace(debug)
        return Exit.INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last line of defense: a traceback is for --debug
        _trace(debug)
        write_error(_fault_sentence(error, debug=debug))
        return Exit.REFUSED
    return code


def _dispatch(arguments: list[str]) -> int:
    leading = [argument for argument in arguments if argument != "--debug"][:1]
    if leading in (["-h"], ["--help"]):
        for line in _help_lines():
            write_line(line)
        return Exit.DONE
    if leading in (["-V"], ["--version"]):
        write_line(f"watchfloor {__version__}")
        return Exit.DONE
    subcommand, rest = _choose(arguments)
    if subcommand.module is None or find_spec(subcommand.module) is None:
        raise UsageError(f"`watchfloor {subcommand.name}` is later work; see `watchfloor --help` for what there is")
    module = import_module(subcommand.module)
    parser = _Parser(
        prog=f"watchfloor {subcommand.name}",
        description=f"{subcommand.summary[0].upper()}{subcommand.summary[1:]}.",
        allow_abbrev=False,
    )
    module.add_arguments(parser)
    parser.add_argument("--debug", action="store_true", help="with an error, show where it came from")
    try:
        args = parser.parse_args(rest)
    except SystemExit as end:  # after --help
        return int(end.code or 0)
    return int(module.run(args))


def _choose(arguments: list[str]) -> tuple[Subcommand, list[str]]:
    """The subcommand that `arguments` name, and the arguments that are left for it."""
    first = next((argument for argument in arguments if argument != "--debug"), None)
    if first is None or first.startswith("-") or first.startswith(_FEED_ADDRESS):
        return _BY_NAME[_DEFAULT], arguments
    if first in _BY_NAME:
        rest = list(arguments)
        rest.remove(first)
        return _BY_NAME[first], rest
    raise UsageError(f"there is no command `{first}`{_nearest(first)}; see `watchfloor --help`")


def _nearest(word: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(word, _BY_NAME, n=1)
    return f", did you mean `{near[0]}`?" if near else ""


def _help_lines() -> list[str]:
    built = [subcommand for subcommand in SUBCOMMANDS if subcommand.module is not None]
    reserved = [subcommand.name for subcommand in SUBCOMMANDS if subcommand.module is None]
    width = max(len(subcommand.name) for subcommand in built)
    return [
        "usage: watchfloor [COMMAND] [ARGUMENT ...]",
        "       watchfloor [URL]",
        "",
        "A terminal console and escalation feed for on-call trust-and-safety responders.",
        "",
        "commands:",
        *(f"  {subcommand.name:<{width}}  {subcommand.summary}" for subcommand in built),
        "",
        f"later work: {' '.join(reserved)}",
        "",
        "options:",
        "  -h, --help     this text; `watchfloor COMMAND --help` for one command",
        "  -V, --version  the version",
        "  --debug        with an error, show where it came from",
        "",
        "exit codes: 0 done, 1 refused or a check failed, 2 wrong usage, 3 feed unreachable, 4 not permitted",
    ]


def _accept_any_encoding() -> None:
    """A terminal that cannot show a character gets an escape for it, not a crash."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def _fault_sentence(error: Exception, *, debug: bool) -> str:
    """One line about a fault of the program itself: its kind and place. Its text may quote a case, so it stays out."""
    place = "an unknown place"
    step = error.__traceback__
    while step is not None:
        place = f"{step.tb_frame.f_globals.get('__name__', '?')}:{step.tb_lineno}"
        step = step.tb_next
    hint = "" if debug else "; run it again with --debug for the traceback"
    return f"internal error, {type(error).__name__} at {place}{hint}"


def _trace(debug: bool) -> None:
    """With `--debug`, the current exception's traceback on stderr: places and messages, no local variables."""
    if not debug:
        return
    import traceback

    for line in traceback.format_exc().splitlines():
        # The indentation is ours and blank; anything else in the line may come from outside.
        write_line(line, sys.stderr)


if __name__ == "__main__":
    sys.exit(run())
