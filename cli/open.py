"""`watchfloor open`, and `watchfloor` alone: the console on a feed."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from cli import __version__
from cli.errors import CliError, Exit, UsageError

if TYPE_CHECKING:
    from client.config import Config, Profile
    from tui.port import FloorSession


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("url", nargs="?", help="the feed (default: the configured one): http(s)://… or unix:PATH")
    parser.add_argument("--profile", metavar="NAME", help="a profile of the configuration")
    parser.add_argument("--read-only", action="store_true", help="nothing can be done, only seen")
    parser.add_argument("--view", metavar="NAME", default="all", help="the view to start with: all, mine …")
    parser.add_argument("--ascii", action="store_true", help="shapes and rules in ASCII")


def run(args: argparse.Namespace) -> int:
    from client.collecting import STARTING, put_off

    put_off(STARTING)
    require_terminal()
    config, profile = feed_of(args.url, args.profile)
    from client.views.saved import SavedViews

    views = SavedViews(config.views)
    view = views.named(args.view)
    if view is None:
        raise UsageError(f"there is no view `{args.view}`; there are {', '.join(views.names)}")
    from tui.app import Watchfloor
    from tui.crash import kept_faults
    from tui.journal import JournalFile
    from tui.keymap import Keymap, KeymapFault
    from tui.terminal.abilities import abilities
    from tui.terminal.run import gate_for, run_screen

    try:
        keymap = Keymap(config.keys)
    except KeymapFault as fault:
        raise UsageError(f"{config.file}, [keys]: {fault}") from None

    def connect() -> FloorSession:
        from client.session import Session

        return Session(profile)

    def journal(principal: str) -> JournalFile:
        from client.heads import state_home

        return JournalFile(state_home(), profile.address.url, principal)

    able = abilities(os.environ, sys.stdout.encoding)
    app = Watchfloor(
        connect,
        name=profile.name,
        view=view.name,
        views=views,
        read_only=args.read_only,
        gate=gate_for(sys.stdout.encoding, ascii_shapes=args.ascii or config.ascii or able.ascii_shapes),
        keymap=keymap,
        abilities=able,
        faults=kept_faults(__version__),
        journal=journal if config.journal else None,
        config=config,
    )
    run_screen(app, mouse=config.mouse)
    if app.failed is not None:
        raise CliError(app.failed)
    return Exit.DONE


def require_terminal() -> None:
    """A screen needs a terminal that can place a cursor. Raises `UsageError`, and says what works without."""
    # Textual draws on stderr, so that has to be the terminal as well.
    if not all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        raise UsageError("the console needs a terminal; `watchfloor tail` and `watchfloor do` work without one")
    if os.environ.get("TERM", "") in ("", "dumb"):
        raise UsageError(
            "this terminal (TERM=dumb) cannot show a screen; `watchfloor tail` and `watchfloor do` work in it"
        )


def feed_of(url: str | None, profile: str | None) -> tuple[Config, Profile]:
    """The settings and the feed that is meant. Raises `UsageError`."""
    from client import errors
    from client.config import choose, load

    try:
        config = load()
        return config, choose(config, url=url, profile=profile)
    except (errors.ConfigFault, errors.BadAddress) as fault:
        raise UsageError(str(fault)) from None
