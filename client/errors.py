"""What goes wrong on the console's side of the feed, and how it says so.

ClientError                 base; `str()` is a sentence for the person at the console
├── ConfigFault             a configuration file that cannot be used: file, line and reason
├── BadAddress              a feed address that is neither http(s) nor a Unix socket
├── NoToken                 a token was named and cannot be read
├── FeedUnreachable         nobody answered at the address
├── Refused                 the feed answered with a problem document
└── Gap                     a frame does not follow on what is held: something is missing in between
"""

from __future__ import annotations

from pathlib import Path

from protocol.problems import Problem


class ClientError(Exception):
    """Base of what this package raises."""


class ConfigFault(ClientError):
    """`file` cannot be used: `reason`, at `line` (from 1, 0 if no line is to blame)."""

    def __init__(self, file: Path | str, line: int, reason: str) -> None:
        self.file = str(file)
        self.line = line
        self.reason = reason
        place = f"{self.file}:{line}" if line else self.file
        super().__init__(f"{place}: {reason}")


class BadAddress(ClientError):
    """`url` does not name a feed."""

    def __init__(self, url: str, reason: str) -> None:
        self.url = url
        self.reason = reason
        super().__init__(f"{url!r} does not name a feed: {reason}. Write http://HOST:PORT, https://HOST or unix:PATH.")


class NoToken(ClientError):
    """The token that was named, a file or an environment variable, cannot be read or is none."""

    def __init__(self, path: Path | str, reason: str) -> None:
        self.path = str(path)
        self.reason = reason
        super().__init__(f"the token in {self.path} cannot be used: {reason}. Ask for one: `watchfloor token issue`.")


class FeedUnreachable(ClientError):
    """No answer from the feed at `url`; `reason` is what the transport said."""

    def __init__(self, url: str, reason: str) -> None:
        self.url = url
        self.reason = reason
        super().__init__(f"no feed answers at {url}: {reason}")


class Refused(ClientError):
    """The feed answered, with a refusal."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(problem.detail or problem.title)


class Gap(ClientError):
    """A frame that follows on seq `prev` came while `cursor` is held (or a snapshot came in incomplete)."""

    def __init__(self, *, cursor: int, prev: int, what: str) -> None:
        self.cursor = cursor
        self.prev = prev
        self.what = what
        super().__init__(f"something is missing in the feed: {what} follows on {prev}, held is {cursor}")
