"""Strings that nobody else writes, planted wherever a person's words can go, and a scan that finds them in bytes."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

#: By place: a marker. Each is found by itself, whatever stands around it.
PLACES: Final = (
    *("summary", "narrative", "translation", "sourcename", "handle", "accountid", "place", "contentid", "caption"),
    *("phone", "email", "note", "evidence", "factors", "severity", "escalate", "channel", "numbersource", "person"),
    *(
        "reference",
        "outcome",
        "waive",
        "awaitwhy",
        "waitedfor",
        "hold",
        "resolve",
        "discard",
        "reopen",
        "task",
        "assignee",
    ),
    *("update", "target", "propose", "fields", "reject", "contain", "glass", "refused", "malformed", "query", "path"),
    *("frame", "presence", "reportid", "subject"),
)


_STEM: Final = "zqxqzxqz"


def marker(place: str) -> str:
    """What is planted at `place`; the letters around it are in no word of ours."""
    return f"{_STEM}{place}qÜnïqxz"


def report(number: int, *, updated: bool = False) -> dict[str, Any]:
    """A report that holds words in every field that can hold some."""
    data: dict[str, Any] = {
        "case_type": "DOX",
        "summary": marker("summary"),
        "narrative": marker("narrative") * 3,
        "language": "en",
        "translation": {"text": marker("translation"), "by": "machine"},
        "source": {"kind": "partner", "name": marker("sourcename")},
        "factors": {"harm": "serious", "specificity": number % 5},
        "subjects": [
            {"kind": "account", "id": marker("accountid"), "handle": marker("handle"), "place": marker("place")}
        ],
        "content": [{"kind": "post", "id": marker("contentid"), "caption": marker("caption")}],
        "sensitive": {"subject_phone": marker("phone"), "requester_email": f"{marker('email')}@example.org"},
    }
    if updated:
        del data["source"]
        data["summary"] += f" {number}"
    return {
        "specversion": "1.0",
        "type": f"org.watchfloor.escalation.{'updated' if updated else 'raised'}.v1",
        "source": "urn:test:planted",
        "id": f"{marker('reportid')}{number}{'u' if updated else ''}",
        "subject": f"{marker('subject')}{number}",
        "data": data,
    }


def story(now: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Who does what on a new case, in order; every verb that takes words takes them. Refused ones are planted, too."""
    contact = {
        "party": "police",
        "channel": marker("channel"),
        "number_source": marker("numbersource"),
        "person": marker("person"),
        "reference": marker("reference"),
        "outcome": marker("outcome"),
        "at": now - 60_000,
    }
    proposal = {
        "action": "no_action",
        "target": {"kind": "account", "id": marker("target")},
        "policy": "HB1",
        "reason": marker("propose"),
        "fields": {},
    }
    triage = {"case_type": "DOX", "severity": "S2", "imminence": "7d", "evidence": marker("evidence")}
    yield "ana", {"type": "note", "text": marker("note")}
    yield "ana", {"type": "reopen", "reason": marker("refused")}  # it is open
    yield "ana", {"type": "discard", "outcome": "spam", "reason": marker("discard")}
    yield "ana", {"type": "reopen", "reason": marker("reopen")}
    yield "ana", {"type": "claim"}
    yield "ana", {"type": "triage", **triage}
    yield "ana", {"type": "set_factors", "factors": {"harm": "death"}, "evidence": marker("factors")}
    yield "ana", {"type": "set_severity", "severity": "S1", "reason": marker("severity")}
    yield "ana", {"type": "escalate", "level": 2, "reason": marker("escalate")}
    yield "ana", {"type": "log_contact", **contact}
    yield (
        "ana",
        {"type": "await_external", "why": marker("awaitwhy"), "who": marker("waitedfor"), "chase_at": now + 10**7},
    )
    yield "ana", {"type": "resume"}
    yield "ana", {"type": "hold", "why": marker("hold")}
    yield "lee", {"type": "unhold"}
    yield "ana", {"type": "add_task", "text": marker("task"), "owner": marker("assignee"), "due_at": now + 10**7}
    yield "ana", {"type": "post_update", "text": marker("update"), "audience": "partner"}
    yield "ana", {"type": "propose", **proposal}
    yield "lee", {"type": "reject", "action_id": "a1", "reason": marker("reject")}
    yield "ana", {"type": "propose", **proposal, "fields": {"detail": marker("fields")}}
    yield "lee", {"type": "break_glass", "reason": marker("glass")}
    yield "ana", {"type": "contain", "evidence": marker("contain")}
    yield "ana", {"type": "waive", "milestone": "update", "reason": marker("waive")}
    yield "ana", {"type": "complete_task", "task_id": "t1"}
    yield "ana", {"type": "resolve", "outcome": "done", "reason": marker("resolve")}


def forms(text: str) -> Iterator[bytes]:
    """The ways in which ASCII `text` might stand in a file: as it is, in capitals, other encodings, hex and base64."""
    raw = text.encode("ascii")
    yield raw
    yield raw.upper()
    for encoding in ("utf-16-le", "utf-16-be", "utf-32-le"):
        yield text.encode(encoding)
    yield raw.hex().encode()
    yield raw.hex().upper().encode()
    for skipped in range(3):
        # Its middle in base64, wherever it begins: what stands around it decides on the first and last group.
        inner = raw[skipped:]
        yield b64encode(inner[: len(inner) // 3 * 3])


_ANY: Final = tuple(forms(_STEM))
_NEEDLES: Final = {place: tuple(forms(f"{_STEM}{place}q")) for place in PLACES}


def found(data: bytes) -> set[str]:
    """The places whose words stand in `data` in one form or another."""
    if not any(needle in data for needle in _ANY):
        return set()
    return {place for place, needles in _NEEDLES.items() if any(needle in data for needle in needles)} or {
        "part of one"
    }


def scan_folder(folder: Path) -> dict[str, set[str]]:
    """What was found in the files that lie in `folder`."""
    return scan(path for path in folder.iterdir() if path.is_file())


def scan(paths: Iterable[Path]) -> dict[str, set[str]]:
    """By file: what was found in it. A file that goes away meanwhile holds nothing."""
    told: dict[str, set[str]] = {}
    for path in paths:
        try:
            places = found(path.read_bytes())
        except FileNotFoundError:
            continue
        if places:
            told[path.name] = places
    return told
