"""`watchfloor token`: issue and revoke bearer tokens, also beside a running feed."""

from __future__ import annotations

import argparse
import re

from cli.errors import CliError, Exit, UsageError
from cli.lines import write_error, write_line

_SPAN = re.compile(r"([0-9]{1,9})(s|m|h|d)\Z")
_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    kinds = parser.add_subparsers(dest="act", required=True, metavar="issue|revoke|list")
    issue = kinds.add_parser("issue", help="print one new token, shown this once")
    issue.add_argument("--principal", required=True, metavar="P", help="whose it is")
    issue.add_argument("--roles", required=True, metavar="R,…", help="for example responder,lead")
    issue.add_argument("--clearances", default="", metavar="C,…", help="boundaries that this person may see")
    issue.add_argument("--ttl", metavar="8h", help="how long it counts: a number and s, m, h or d (no end)")
    issue.add_argument("--sources", metavar="KIND,…", help="source kinds that an intake token may speak for")
    issue.add_argument("--max-severity", metavar="S1", help="the most severe an intake token may claim")
    issue.add_argument("--max-credibility", metavar="WORD", help="the best credibility an intake token may claim")
    revoke = kinds.add_parser("revoke", help="take a token back")
    revoke.add_argument("name", metavar="ID|PRINCIPAL", nargs="?", help="a token's id, or a principal: all of theirs")
    revoke.add_argument("--principal", metavar="P", help="all tokens of this principal")
    listing = kinds.add_parser("list", help="one line a token, without the token")
    for kind in (issue, revoke, listing):
        kind.add_argument("--log", required=True, metavar="LOG", help="the log that they belong to: sqlite:PATH")


def run(args: argparse.Namespace) -> int:
    from feed.log.address import sqlite_path
    from feed.log.base import LogUnusable
    from feed.log.tokens import TokenRefused, TokenStore

    try:
        path = sqlite_path(args.log)
        if not path.parent.is_dir():
            raise UsageError(f"there is no directory {path.parent}")
        store = TokenStore(path)
    except LogUnusable as fault:
        raise CliError(str(fault)) from fault
    try:
        if args.act == "issue":
            return _issue(store, args)
        if args.act == "revoke":
            return _revoke(store, args)
        return _list(store)
    except TokenRefused as fault:
        raise UsageError(str(fault)) from fault
    finally:
        store.close()


def _issue(store: object, args: argparse.Namespace) -> int:
    from feed.log.tokens import TokenStore

    assert isinstance(store, TokenStore)
    token = store.issue(
        args.principal,
        roles=_words(args.roles),
        clearances=_words(args.clearances),
        ttl_ms=_span(args.ttl),
        sources=None if args.sources is None else _words(args.sources),
        max_severity=args.max_severity,
        max_credibility=args.max_credibility,
    )
    write_line(token)
    return Exit.DONE


def _revoke(store: object, args: argparse.Namespace) -> int:
    from feed.log.tokens import TokenStore

    assert isinstance(store, TokenStore)
    name = args.name or args.principal
    if name is None:
        raise UsageError("name a token's id, or a principal")
    count = store.revoke(name)
    if not count:
        write_error(f"there is no token {name}; `watchfloor token list` shows their ids")
        return Exit.REFUSED
    write_line(f"revoked {count}")
    return Exit.DONE


def _list(store: object) -> int:
    from feed.log.tokens import TokenStore

    assert isinstance(store, TokenStore)
    for token in store.tokens():
        write_line(
            f"{token.token_id}  {token.principal}  {','.join(token.roles)}  {','.join(token.clearances) or '-'}  "
            f"{'no end' if token.expires_at is None else token.expires_at}"
        )
    return Exit.DONE


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _span(text: str | None) -> int | None:
    """A span such as 8h in ms. Raises `UsageError`."""
    if text is None:
        return None
    match = _SPAN.match(text)
    if match is None:
        raise UsageError(f"--ttl {text} is not a number followed by s, m, h or d, such as 8h")
    return int(match.group(1)) * _MS[match.group(2)]
