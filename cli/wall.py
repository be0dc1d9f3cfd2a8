"""`watchfloor wall`: the war-room view. It only looks: it knows no verb."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from cli import __version__
from cli.errors import CliError, Exit, UsageError
from cli.open import feed_of, require_terminal

if TYPE_CHECKING:
    from tui.port import Watched

PAGES = ("floor",)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("url", nargs="?", help="the feed (default: the configured one): http(s)://… or unix:PATH")
    parser.add_argument("--profile", metavar="NAME", help="a profile of the configuration")
    parser.add_argument("--screen", type=float, metavar="INCHES", help="the screen's diagonal")
    parser.add_argument("--distance", type=float, metavar="METRES", help="how far away people stand")
    parser.add_argument("--pages", metavar="A,B", default="floor", help=f"which pages; there is {', '.join(PAGES)}")
    parser.add_argument("--ascii", action="store_true", help="shapes and rules in ASCII")


def run(args: argparse.Namespace) -> int:
    seen_from = _seen_from(args.screen, args.distance)
    unknown = [page for page in args.pages.split(",") if page not in PAGES]
    if unknown:
        raise UsageError(f"there is no page `{unknown[0]}` yet; there is {', '.join(PAGES)}")
    require_terminal()
    config, profile = feed_of(args.url, args.profile)
    from tui.crash import kept_faults
    from tui.terminal.abilities import abilities
    from tui.terminal.run import gate_for, run_screen
    from tui.wall import WallApp

    def connect() -> Watched:
        from client.session import Session

        return Session(profile)

    able = abilities(os.environ, sys.stdout.encoding)
    gate = gate_for(sys.stdout.encoding, ascii_shapes=args.ascii or config.ascii or able.ascii_shapes)
    app = WallApp(
        connect, name=profile.name, gate=gate, screen=seen_from, abilities=able, faults=kept_faults(__version__)
    )
    run_screen(app, mouse=False)
    if app.failed is not None:
        raise CliError(app.failed)
    return Exit.DONE


def _seen_from(screen: float | None, distance: float | None) -> tuple[float, float] | None:
    if (screen is None) != (distance is None):
        raise UsageError("--screen and --distance belong together")
    if screen is None or distance is None:
        return None
    if not 5 <= screen <= 500 or not 0.3 <= distance <= 100:
        raise UsageError("--screen is the diagonal in inches (5 to 500), --distance in metres (0.3 to 100)")
    return screen, distance
