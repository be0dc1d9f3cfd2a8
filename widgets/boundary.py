"""What stays when a part of the screen fails: one calm sentence in its place, with the kind and the place of the fault.

Never the error's own text: it may quote a case.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Final

from msgspec import Struct
from textual.message import Message

from client.views.row import QueueRow

_OURS: Final = frozenset({"tui", "widgets", "client", "casework", "protocol", "cli", "themes"})
_UNKNOWN: Final = "an unknown place"
_KEPT: Final = 64
"""Different faults that are remembered; a console with more of them has said enough."""


def places(step: TracebackType | None) -> tuple[str, ...]:
    """The steps of a traceback that lie in our code, outermost first, as `module:line`."""
    found: list[str] = []
    while step is not None:
        name = step.tb_frame.f_globals.get("__name__", "?")
        if isinstance(name, str) and name.partition(".")[0] in _OURS:
            found.append(f"{name}:{step.tb_lineno}")
        step = step.tb_next
    return tuple(found)


class Fault(Struct, frozen=True):
    """`part` failed with an error of type `kind`, at the innermost of `steps`."""

    part: str
    kind: str
    steps: tuple[str, ...] = ()

    @classmethod
    def of(cls, part: str, error: BaseException) -> Fault:
        """The fault that `error` is, without its text."""
        return cls(part, type(error).__name__, places(error.__traceback__))

    @property
    def place(self) -> str:
        return self.steps[-1] if self.steps else _UNKNOWN

    @property
    def sentence(self) -> str:
        """What stands where the part would stand."""
        return f"{self.part} cannot be shown ({self.kind} at {self.place}); the next change tries again"


class Faulted(Message):
    """A part of the screen failed and shows so."""

    def __init__(self, fault: Fault) -> None:
        super().__init__()
        self.fault = fault


class Faults:
    """The faults of this run: how many, and which are new. `record` gets each new one."""

    def __init__(self, record: Callable[[Fault], None] | None = None) -> None:
        self.count = 0
        self._known: set[Fault] = set()
        self._record = record

    def note(self, fault: Fault) -> bool:
        """Count `fault`; whether it is one that was not seen before."""
        self.count += 1
        if fault in self._known or len(self._known) >= _KEPT:
            return False
        self._known.add(fault)
        if self._record is not None:
            self._record(fault)
        return True


@contextmanager
def bounded(part: str, told: Callable[[Fault], None]) -> Iterator[None]:
    """Run what belongs to `part`; if it fails, `told` gets the fault and what follows goes on."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - the boundary itself: one part may not take the others with it
        told(Fault.of(part, error))


def unshown_row(case_id: str, urgent: bool, fault: Fault) -> QueueRow:
    """The line of a case that cannot be drawn: it keeps its place and its neighbors, and an S0 stays one."""
    return QueueRow(
        case_id=case_id,
        left="?",
        left_tone="soon",
        severity="S0" if urgent else "S4",
        case_type="?",
        owner=None,
        mine=False,
        step="",
        late=False,
        settled=True,
        summary=f"this row cannot be shown ({fault.kind})",
        age="",
    )
