"""One case with something in every part, and what is made of it."""

from __future__ import annotations

from typing import Any

from casework.events import Event
from casework.facts import CaseOpened, Fact
from casework.model import (
    Action,
    Case,
    Clock,
    Contact,
    Content,
    Counts,
    Factors,
    Grant,
    Masked,
    Note,
    Pending,
    Recent,
    Related,
    Result,
    Row,
    Source,
    Stub,
    Subject,
    Target,
    Task,
    Tick,
    Touch,
    Translation,
)

CASE_ID = "C-7F3A9K2M"
HASH = "0" * 63 + "a"

CLOCK = Clock(milestone="contain", started_at=1_000, due_at=1_801_000, allowance_ms=1_800_000, rule="TTL.S1.contain")


def case(**changes: Any) -> Case:
    fields: dict[str, Any] = {
        "case_id": CASE_ID,
        "version": 14,
        "seq": 9_120,
        "opened_seq": 9_001,
        "case_type": "TTL",
        "severity": "S1",
        "band": 1,
        "state": "CONTAINING",
        "owner": "ana",
        "score_tenths": 883,
        "factors": Factors(imminence="24h", harm="death"),
        "translation": Translation(text="help", by="machine"),
        "sensitive": {"requester_email": Masked(ref="r1", masked="j…@example.org")},
        "summary": "A threat with a time and a place",
        "narrative": "The whole story",
        "boundary": "us",
        "opened_at": 1_000,
        "clocks": (CLOCK,),
        "source": Source(kind="detector", name="early"),
        "subjects": (Subject(kind="account", id="u_1", handle="@nobody"),),
        "content": (Content(kind="video", id="v_1", caption="what it says"),),
        "contacts": (
            Contact(
                seq=9,
                by="ana",
                party="police",
                channel="phone",
                number_source="directory",
                person="desk",
                reference="7",
                at=5,
                outcome="told",
            ),
        ),
        "actions": (
            Action(
                action_id="a1",
                action="hide",
                target=Target(kind="video", id="v_1"),
                policy="VE1",
                reason="seen",
                fields={"days": 3},
                state="proposed",
                proposed_by="ana",
                digest=HASH,
            ),
        ),
        "tasks": (Task(task_id="t1", text="call", owner="bo", due_at=9, by="ana", at=2),),
        "notes": (Note(seq=9_002, by="ana", at=3, text="noted"),),
        "related": (Related(case_id="C-00000000", relation="related", at=4, by="ana"),),
        "runbook": (Tick(step="read", by="ana", at=5),),
        "pending": (Pending(seq=9, kind="lowering", by="ana", until=10, version=3),),
        "grants": (Grant(principal="zoe", until=9, by="lea"),),
        "at": 77_777,
        "material": Touch(version=3, by="mallory-material"),
        "outside": Touch(version=4, by="mallory-outside"),
        "recent": (
            Recent(
                seq=9,
                last_seq=9,
                version=3,
                type="CaseClaimed",
                by="mallory-recent",
                at=4,
                inverse=Result(owner="mallory-inverse"),
            ),
        ),
    }
    return Case(**{**fields, **changes})


def row(**changes: Any) -> Row:
    whole = case()
    fields: dict[str, Any] = {
        name: getattr(whole, name) for name in Row.__struct_fields__ if name != "counts" and hasattr(whole, name)
    }
    return Row(**{**fields, "counts": Counts(notes=1, actions=1), **changes})


STUB = Stub(
    case_id=CASE_ID,
    version=14,
    seq=9_120,
    opened_seq=9_001,
    case_type="TTL",
    severity="S1",
    band=1,
    state="CONTAINING",
    owner="ana",
    clocks=(CLOCK,),
    boundary="eu",
    opened_at=1_000,
)


def event(fact: Fact, **changes: Any) -> Event:
    fields: dict[str, Any] = {
        "seq": 9_120,
        "case_id": CASE_ID,
        "version": 14,
        "type": type(fact).__name__,
        "at": 1_000,
        "actor": "ana",
        "fact": fact,
        "hash": HASH,
        "idem": "key-1",
        "context": {"epoch": "e1", "stale_ms": 4},
    }
    return Event(**{**fields, **changes})


OPENED = CaseOpened(
    case_type="TTL",
    policy_version="1",
    defaults_digest=HASH,
    summary="A threat with a time and a place",
    narrative="The whole story",
    sensitive={"requester_email": Masked(ref="r1", masked="j…@example.org")},
    sensitive_values={"requester_email": "jane-secret@example.org"},
    origin={"source": "https://origin-secret.example", "id": "1"},
)
