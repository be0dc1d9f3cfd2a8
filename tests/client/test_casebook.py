"""An open case of which only the stub may be seen: it follows along, and nothing is asked for again."""

from __future__ import annotations

import msgspec
import pytest

from casework.events import Event
from casework.facts import CaseOpened, CaseStub, Fact
from casework.model import Result, Stub
from client.casebook import OpenCase
from client.errors import Gap
from protocol import codec, shapes
from protocol.frames import Events, SnapshotBegin, SnapshotChunk, SnapshotEnd
from tests.client.scripted_feed import NOW, ScriptedLog, case_id

ID = case_id(1)


def stub(version: int, **changes: object) -> Stub:
    known = Stub(
        case_id=ID, version=version, seq=version, opened_seq=1, case_type="TTL", severity="S1", band=1, state="NEW",
        owner=None, clocks=(), boundary="eu", opened_at=NOW,
    )  # fmt: skip
    return msgspec.structs.replace(known, **changes)


def sent(version: int, fact: Fact) -> Events:
    event = Event(seq=version, case_id=ID, version=version, type=type(fact).__name__, at=NOW, actor="", fact=fact)
    events = [shapes.event_out(event)]
    return Events(sub=f"case.{ID}", prev=version - 1, seq=version, head_hash="a" * 64, events=events)


def opened(case: object) -> OpenCase:
    held = OpenCase(ID)
    held.begin(SnapshotBegin(sub=held.sub, epoch="e", seq=1, count=1))
    held.chunk(SnapshotChunk(sub=held.sub, cases=[codec.raw(case)]))
    held.end(SnapshotEnd(sub=held.sub, seq=1, head_hash="a" * 64))
    return held


def test_a_stub_follows_along() -> None:
    held = opened(stub(1))
    held.apply(sent(2, CaseStub(stub=stub(2, state="ACKED", owner="bo"))))
    assert held.case is not None
    assert (held.case.stub, held.case.version, held.case.state, held.case.owner) == (True, 2, "ACKED", "bo")
    assert held.complete


def test_nothing_of_a_whole_case_stays_behind_a_stub() -> None:
    log = ScriptedLog()
    log.open(1)
    held = opened(shapes.case_out(log.cases[ID]))
    assert held.case is not None
    assert held.case.summary
    with pytest.raises(Gap):
        held.apply(sent(2, CaseStub(stub=stub(2))))
    assert held.case is None


def test_a_stub_becomes_whole_by_a_snapshot_only() -> None:
    held = opened(stub(1))
    fact = CaseOpened(case_type="TTL", policy_version="1", defaults_digest="", summary="s", result=Result(state="NEW"))
    with pytest.raises(Gap):
        held.apply(sent(3, fact))
