"""A log to measure on: cases as intake and people make them, by the same rules, stamped out many times."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from casework.access import Person
from casework.caseid import case_id
from casework.commands import COMMANDS
from casework.decide import decide, open_case
from casework.escalation import Escalation
from casework.events import Draft, placed
from casework.evolve import evolve
from casework.facts import CaseOpened, NoteAdded
from casework.model import Case
from casework.policy import defaults
from feed.log.base import Write
from feed.log.sqlite import SqliteLog

SOURCE: Final = "bench"
VARIANTS: Final = 32
_BLOCK: Final = 512
"""Cases whose events alternate in the log, as they do when many people work at once."""
_AT_ONCE: Final = 256
_MINUTE: Final = 60_000

_ANA: Final = Person(principal="ana", roles=frozenset({"responder", "lead"}))
_INTAKE: Final = Person(principal="intake.bench", roles=frozenset({"intake"}))
_TYPES: Final = ("PRESS", "PART", "QUERY", "LEGAL")


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def case_name(number: int) -> str:
    """The id of the sample's case `number`."""
    return case_id(SOURCE, str(number))


async def build(path: Path, *, cases: int, events: int) -> None:
    """Write a log of `cases` cases with `events` events each to `path`."""
    log = SqliteLog(path, now=now_ms)
    try:
        stories = [_story(number, events, now_ms() - events * _MINUTE) for number in range(VARIANTS)]
        for block in range(0, cases, _BLOCK):
            numbers = range(block, min(cases, block + _BLOCK))
            writes = list(_stamped(stories, numbers, events))
            for start in range(0, len(writes), _AT_ONCE):
                await log.append(None, writes[start : start + _AT_ONCE])
    finally:
        await log.close()


def note(case: str, text: str, *, at: int) -> Draft:
    """One event with sealed text, the shortest that a person causes."""
    return Draft(case_id=case, at=at, actor=_ANA.principal, part=0, fact=NoteAdded(text=text))


def reported(number: int, *, events: int) -> tuple[Case, list[Draft]]:
    """Case `number` after its first `events` events, and these."""
    drafts = _story(number, events, now_ms() - events * _MINUTE)
    return _folded(None, drafts), drafts


def _stamped(stories: list[list[Draft]], numbers: range, events: int) -> Iterator[Write]:
    for version in range(events):
        for number in numbers:
            name = case_name(number)
            draft = stories[number % VARIANTS][version]
            fact = draft.fact
            if isinstance(fact, CaseOpened):
                ref = hashlib.sha256(name.encode()).hexdigest()
                fact = msgspec.structs.replace(fact, intake_ref=ref, subject_ref=ref)
            stamped = msgspec.structs.replace(draft, case_id=name, fact=fact)
            yield Write(case_id=name, expected_version=version, drafts=(stamped,))


def _story(number: int, events: int, now: int) -> list[Draft]:
    """`events` drafts of one case, a minute apart: a report, what somebody found out, and notes for the rest."""
    policy = defaults()
    name = case_name(number)
    escalation = msgspec.convert(_escalation(number), Escalation)
    drafts = list(
        open_case(
            escalation,
            case_id=name,
            now=now,
            actor=_INTAKE,
            policy=policy,
            intake_ref="0" * 64,
            subject_ref="0" * 64,
            origin={"source": SOURCE, "id": str(number)},
        )
    )
    state = _folded(None, drafts)
    acts: list[dict[str, object]] = [
        {
            "type": "set_factors",
            "factors": {"specificity": 3, "reuploads": 40 + number},
            "evidence": "two reports agree",
        },
        {"type": "tick", "step": "screenshots"},
    ]
    while len(drafts) < events:
        text = f"Looked at the account again at step {len(drafts)}; nothing new since the last look."
        given: dict[str, object] = acts.pop(0) if acts else {"type": "note", "text": text}
        command = msgspec.convert({**given, "expected_version": state.version}, COMMANDS[str(given["type"])])
        made = decide(state, command, now + len(drafts) * _MINUTE, actor=_ANA, policy=policy)
        if len(drafts) + len(made) > events:
            continue
        drafts += made
        state = _folded(state, made)
    return drafts


def _folded(state: Case | None, drafts: list[Draft] | tuple[Draft, ...]) -> Case:
    for draft in drafts:
        version = state.version if state is not None else 0
        state = evolve(state, placed(draft, seq=version + 1, version=version + 1, digest="00" * 32))
    assert state is not None
    return state


def _escalation(number: int) -> dict[str, object]:
    """A report in the middle of what intake gets: some text, a subject, two pieces of content, mild enough that no
    clock runs out during the measurement.
    """
    return {
        "case_type": _TYPES[number % len(_TYPES)],
        "severity": "S3",
        "summary": f"Several users report the same account, variant {number}, for repeated contact after a block.",
        "narrative": "The reporter names three messages and gives links to them. " * (1 + number % 4),
        "language": "en",
        "source": {"kind": "user_report", "name": "app"},
        "factors": {"specificity": 2, "reuploads": 4, "views_per_min": 10 * number},
        "subjects": [{"kind": "account", "id": f"u_{number}", "handle": f"someone{number}", "region": "us"}],
        "content": [
            {"kind": "image", "id": f"i_{number}", "up": True, "sha256": "ab" * 32, "caption": "a caption"},
            {"kind": "post", "id": f"p_{number}", "up": True},
        ],
        "sensitive": {"requester_email": f"person{number}@example.org"},
    }
