"""How a subcommand ends.

    CliError                any failure that the person at the terminal can understand and act on
    ├── UsageError          the command was written wrongly                        exit 2
    ├── FeedUnreachable     no answer from the feed at that address                exit 3
    └── NotPermitted        the feed answered, and this person may not do it       exit 4

A subcommand raises one of these; `cli.main` prints its sentence on stderr, in one line, and returns its exit code.
Anything else that escapes is a fault of the program and is reported as such.
"""


class Exit:
    """Exit codes of every subcommand. Plain numbers: `enum` alone would take a third of the time of `--version`."""

    DONE = 0
    REFUSED = 1  # refused by the feed, or a check failed
    USAGE = 2
    UNREACHABLE = 3
    NOT_PERMITTED = 4
    INTERRUPTED = 130  # Ctrl-C, as shells count it


class CliError(Exception):
    """A failure with a sentence for the person at the terminal; the sentence says what to do next."""

    def __init__(self, message: str, exit_code: int = Exit.REFUSED) -> None:
        super().__init__(message)
        self.message = message
        self.exit_code = exit_code


class UsageError(CliError):
    """The command was written wrongly."""

    def __init__(self, message: str) -> None:
        super().__init__(message, Exit.USAGE)


class FeedUnreachable(CliError):
    """No answer from the feed at `url`; `reason` is what the transport said."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(
            f"no feed answers at {url}: {reason}. Start one with `watchfloor feed`, or name another address.",
            Exit.UNREACHABLE,
        )
        self.url = url
        self.reason = reason


class NotPermitted(CliError):
    """The feed knows this person and refuses; `detail` is the feed's own explanation."""

    def __init__(self, detail: str) -> None:
        super().__init__(f"not permitted: {detail}", Exit.NOT_PERMITTED)
        self.detail = detail
