"""What casework refuses, and how it says so. Each error carries data and builds its own sentence.

CaseworkError
├── IllegalTransition   the rules of the case's life forbid it: names state, verb and the missing guard
├── StaleVersion        something material happened after the version that the person saw
├── NotPermitted        the person's roles or clearances do not allow it
└── BadInput            well-formed, but not possible (an unknown step, a time in the past)
"""

from __future__ import annotations

from casework import saying


class CaseworkError(Exception):
    """Base of everything that casework refuses; `str()` is a sentence for the person who asked."""


class IllegalTransition(CaseworkError):
    """`verb` is not possible in `state`; `guard` says what is missing and what to do next."""

    def __init__(self, *, state: str, verb: str, guard: str) -> None:
        self.state = state
        self.verb = verb
        self.guard = guard
        super().__init__(saying.refused(verb, state, guard))


class StaleVersion(CaseworkError):
    """The case moved on: `by` did `type` at `at` (ms UTC), making it version `version`."""

    def __init__(self, *, expected: int, version: int, by: str, at: int, type: str) -> None:
        self.expected = expected
        self.version = version
        self.by = by
        self.at = at
        self.type = type
        super().__init__(
            f"Not done: {saying.meanwhile(by, type, at)}. Nothing was sent. "
            f"Look again: it is at version {version}, you saw {expected}."
        )


class NotPermitted(CaseworkError):
    """The principal may not do `what`; `needs` names the role or clearance."""

    def __init__(self, *, what: str, needs: str) -> None:
        self.what = what
        self.needs = needs
        super().__init__(f"Not permitted: {what} needs {needs}.")


class BadInput(CaseworkError):
    """A field that cannot be; `pointer` is its JSON pointer in the command."""

    def __init__(self, *, pointer: str, why: str) -> None:
        self.pointer = pointer
        self.why = why
        super().__init__(f"Not done: {pointer or 'the command'} {why}")
