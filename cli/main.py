"""`watchfloor`: finds the subcommand, loads it, and turns however it ends into an exit code and at most one line.

A subcommand is a module with two functions:

    add_arguments(parser: argparse.ArgumentParser) -> None
    run(args: argparse.Namespace) -> int

It is imported when it is chosen and not before. `--help` and `--version` load next to nothing: argparse, typing, enum
and dataclasses together would take three times as long as the rest of the program's start.
"""

import os
import sys

from cli import __version__
from cli.errors import CliError, Exit, UsageError
from cli.lines import write_error, write_line

# name: (module, what it does). The words are ours, so they stay short and in ASCII.
COMMANDS = {
    "open": ("cli.open", "the console on a feed (also: watchfloor URL)"),
    "demo": ("cli.demo", "a whole floor on this machine, with the console on it"),
    "wall": ("cli.wall", "the war-room view"),
    "tail": ("cli.tail", "one line an event, for pipes and screen readers"),
    "list": ("cli.list_", "the queue, without a screen"),
    "show": ("cli.show", "one case, without a screen"),
    "do": ("cli.do", "any verb on any cases, without a screen"),
    "feed": ("cli.feed", "one feed node"),
    "token": ("cli.token", "issue and revoke bearer tokens"),
    "intake": ("cli.intake", "post escalations from a file"),
    "simulate": ("cli.simulate", "drive a feed with realistic escalations"),
    "audit": ("cli.audit", "check the log offline, export a case's record"),
    "platform": ("cli.platform", "a simulated platform for demo, tests and drills"),
    "doctor": ("cli.doctor", "what this terminal, host and feed can do"),
}

# Names kept free for what is not built, so that nothing else takes them.
LATER = (
    "config",
    "drill",
    "export",
    "log",
    "ncmec-standin",
    "page",
    "replay",
    "report",
    "roster",
    "session",
    "web",
)

_DEFAULT = "open"
_FEED_ADDRESS = ("http://", "https://", "unix:")


def run(argv: list[str] | None = None) -> int:
    """Run `watchfloor` with `argv` (the process's own arguments unless given); the exit code."""
    arguments, debug = _without_debug(sys.argv[1:] if argv is None else argv)
    _accept_any_encoding()
    try:
        code = _dispatch(arguments)
        if sys.stdout is not None:
            sys.stdout.flush()
    except CliError as error:
        _trace(debug)
        write_error(error.message)
        return error.exit_code
    except BrokenPipeError:
        # The reader of stdout, `head` for one, has seen enough.
        _abandon_stdout()
        return Exit.DONE
    except KeyboardInterrupt:
        _trace(debug)
        return Exit.INTERRUPTED
    except OSError as error:
        _trace(debug)
        _abandon_stdout()
        write_error(_system_sentence(error))
        return Exit.REFUSED
    except ModuleNotFoundError as error:
        _trace(debug)
        write_error(_missing_sentence(error, debug=debug))
        return Exit.REFUSED
    except Exception as error:  # noqa: BLE001 - the last line of defense: a traceback is for --debug
        _trace(debug)
        write_error(_fault_sentence(error, debug=debug))
        return Exit.REFUSED
    return code


def _dispatch(arguments: list[str]) -> int:
    if arguments[:1] in (["-h"], ["--help"]):
        for line in _help_lines():
            write_line(line)
        return Exit.DONE
    if arguments[:1] in (["-V"], ["--version"]):
        write_line(f"watchfloor {__version__}")
        return Exit.DONE
    name, rest = _choose(arguments)
    return _run_command(name, rest)


def _choose(arguments: list[str]) -> tuple[str, list[str]]:
    """The command that `arguments` name, and the arguments that are left for it."""
    if not arguments or arguments[0].startswith(("-", *_FEED_ADDRESS)):
        return _DEFAULT, arguments
    name, *rest = arguments
    if name in COMMANDS or name in LATER:
        return name, rest
    raise UsageError(f"there is no command `{name}`{_nearest(name)}; see `watchfloor --help`")


def _run_command(name: str, arguments: list[str]) -> int:
    from importlib import import_module
    from importlib.util import find_spec

    module_name, summary = COMMANDS.get(name, (None, ""))
    if module_name is None or find_spec(module_name) is None:
        raise UsageError(f"`watchfloor {name}` is later work; see `watchfloor --help` for what there is")
    from cli.parsing import command_parser

    # httpx loads its own command line with it, and so rich, click and pygments: 50 ms that nothing here uses. None
    # makes that one import fail, which httpx takes for "not installed".
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # None is what the import system documents
    module = import_module(module_name)
    parser = command_parser(name, summary)
    module.add_arguments(parser)
    try:
        args = parser.parse_args(arguments)
    except SystemExit as end:  # after --help
        return int(end.code or Exit.DONE)
    return int(module.run(args))


def _nearest(word: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(word, COMMANDS, n=1)
    return f" (the nearest is `{near[0]}`)" if near else ""


def _help_lines() -> list[str]:
    width = max(len(name) for name in COMMANDS)
    return [
        "usage: watchfloor [COMMAND] [ARGUMENT ...]",
        "       watchfloor [URL]",
        "",
        "A terminal console and escalation feed for on-call trust-and-safety responders.",
        "",
        "commands:",
        *(f"  {name:<{width}}  {summary}" for name, (_, summary) in COMMANDS.items()),
        "",
        f"later work: {' '.join(LATER)}",
        "",
        "options:",
        "  -h, --help     this text; `watchfloor COMMAND --help` for one command",
        "  -V, --version  the version",
        "  --debug        with an error, show where it came from",
        "",
        "exit codes: 0 done, 1 refused or a check failed, 2 wrong usage, 3 feed unreachable, 4 not permitted",
    ]


def _without_debug(arguments: list[str]) -> tuple[list[str], bool]:
    """`--debug` counts wherever it stands, up to a `--`: what follows that may be a file of that name."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    options = [argument for argument in arguments[:end] if argument != "--debug"]
    return options + arguments[end:], len(options) < end


def _accept_any_encoding() -> None:
    """A terminal that cannot show a character gets an escape for it, not a crash."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def _abandon_stdout() -> None:
    """If stdout takes nothing more, let what is buffered go nowhere instead of failing again at exit."""
    if sys.stdout is None:
        return
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _system_sentence(error: OSError) -> str:
    """What the operating system refused, and on which file."""
    reason = error.strerror or type(error).__name__
    return f"{error.filename}: {reason}" if error.filename else reason


def _missing_sentence(error: ModuleNotFoundError, *, debug: bool) -> str:
    """This Python lacks a library, as it does in a checkout whose environment was not made or is not used."""
    from importlib.util import find_spec

    name = (error.name or "").partition(".")[0]
    if not name or name in sys.stdlib_module_names or find_spec(name) is not None:
        return _fault_sentence(error, debug=debug)
    return f"this Python has no `{name}`. In a checkout, `make demo` makes .venv; then run .venv/bin/python main.py."


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
        write_line(line, sys.stderr)


if __name__ == "__main__":
    sys.exit(run())
