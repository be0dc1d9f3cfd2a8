"""What every subcommand that talks to a feed shares: which feed, and how its refusals end the command."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cli.errors import CliError, FeedUnreachable, NotPermitted, UsageError

if TYPE_CHECKING:
    from client.http import Api


def add_feed_arguments(parser: argparse.ArgumentParser) -> None:
    """`--feed` and `--profile`; without them the environment's feed, the configured one or one on this machine."""
    parser.add_argument("--feed", metavar="URL", help="the feed: http(s)://HOST[:PORT] or unix:PATH")
    parser.add_argument("--profile", metavar="NAME", help="a profile of the configuration")


@contextmanager
def calling(url: str | None, profile: str | None) -> Iterator[Api]:
    """Requests to the feed that is meant; whatever goes wrong on the way becomes a `CliError`."""
    from casework.errors import BadInput
    from client import errors
    from client.config import choose, load
    from client.http import Api

    try:
        with Api(choose(load(), url=url, profile=profile)) as api:
            yield api
    except errors.FeedUnreachable as error:
        raise FeedUnreachable(error.url, error.reason) from None
    except errors.Refused as error:
        raise refusal(error) from None
    except errors.NoToken as error:
        raise NotPermitted(str(error)) from None
    except (errors.ConfigFault, errors.BadAddress, BadInput) as error:
        raise UsageError(str(error)) from None


def refusal(error: Exception) -> CliError:
    """A refusal of the feed (`client.errors.Refused`), as this command's end."""
    from client.errors import Refused

    if isinstance(error, Refused) and error.problem.status in (401, 403):
        return NotPermitted(str(error))
    return CliError(str(error))
