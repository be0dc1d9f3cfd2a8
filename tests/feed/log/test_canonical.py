"""The bytes that are hashed: RFC 8785, by an implementation that is not ours, and back without loss."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from casework.events import Draft, placed
from casework.facts import (
    FACTS,
    CaseOpened,
    CaseStub,
    ContactLogged,
    EscalationUpdated,
    Fact,
    FactorsSet,
    NoteAdded,
    RefusalRecorded,
    UnknownFact,
)
from casework.model import Clock, Content, FactorNote, Factors, Masked, Result, Source, Subject, Translation
from feed.log.base import Stored
from feed.log.canonical import body_of, case_hash, event_of, head_hash
from feed.log.seal import Keyring
from tests.feed.log.samples import AT, CASE, Time

text = st.text(st.characters(codec="utf-8"), max_size=40)
ms = st.integers(0, 253_402_387_199_999)
clocks = st.builds(
    Clock,
    milestone=st.sampled_from(["ack", "contain", "police"]),
    party=st.none() | st.sampled_from(["police", "victim"]),
    started_at=ms,
    due_at=ms,
    allowance_ms=ms,
    rule=text,
)
results = st.builds(
    Result,
    severity=st.sampled_from(["S0", "S1", "S4"]),
    owner=st.none() | text,
    grounds=st.lists(text, max_size=3).map(tuple),
    factors=st.builds(Factors, live_viewers=ms),
    clocks=st.lists(clocks, max_size=2).map(tuple),
)
names = st.from_regex(r"[a-z][a-z0-9_]{0,9}", fullmatch=True)
facts: st.SearchStrategy[Fact] = st.one_of(
    st.builds(
        CaseOpened,
        result=results,
        case_type=st.sampled_from(["SSH", "CSEA"]),
        boundary=st.none() | text,
        policy_version=text,
        defaults_digest=text,
        summary=text,
        narrative=text,
        translation=st.none() | st.builds(Translation, text=text, by=text),
        source=st.none() | st.builds(Source, kind=st.just("user_report"), name=text),
        subjects=st.lists(st.builds(Subject, kind=text, id=text, handle=st.none() | text), max_size=2).map(tuple),
        content=st.lists(st.builds(Content, kind=text, id=text, caption=st.none() | text), max_size=2).map(tuple),
        sensitive=st.dictionaries(names, st.builds(Masked, ref=text, masked=text), max_size=2),
        sensitive_values=st.dictionaries(names, text, max_size=2),
        origin=st.dictionaries(names, text, max_size=2),
    ),
    st.builds(EscalationUpdated, result=results, summary=st.none() | text, recorded=st.dictionaries(names, text)),
    st.builds(NoteAdded, result=results, text=text),
    st.builds(
        FactorsSet,
        notes=st.dictionaries(names, st.builds(FactorNote, by=text, at=ms, evidence=text), max_size=2),
        names=st.lists(names, max_size=2).map(tuple),
    ),
    st.builds(ContactLogged, party=st.just("police")),
    st.builds(RefusalRecorded, principal=text, what=text, case_id=st.none() | text, sentence=text),
)
drafts = st.builds(
    Draft,
    case_id=st.just(CASE),
    at=ms,
    actor=text,
    part=st.integers(0, 9),
    fact=facts,
    idem=st.none() | text,
    context=st.none() | st.fixed_dictionaries({"epoch": text, "seq": ms, "stale_ms": ms}),
)


@given(drafts, st.integers(1, 10**6))
@settings(max_examples=150, deadline=None)
def test_a_body_is_what_rfc_8785_makes_of_it(draft: Draft, version: int) -> None:
    keyring = Keyring(None, now=Time())
    body = body_of(draft, draft.type, version=version, keyring=keyring)
    plain = json.loads(body)
    assert rfc8785.dumps(plain) == body
    assert not {"seq", "hash"} & set(plain)


@given(drafts, st.integers(1, 10**6))
@settings(max_examples=150, deadline=None)
def test_an_event_comes_back_as_it_went_in(draft: Draft, version: int) -> None:
    keyring = Keyring(None, now=Time())
    body = body_of(draft, draft.type, version=version, keyring=keyring)
    stored = Stored(9, draft.case_id, version, draft.type, draft.at, draft.actor, body, bytes(32), bytes(32))
    assert event_of(stored, keyring) == placed(draft, seq=9, version=version, digest="00" * 32)


@given(drafts)
@settings(max_examples=60, deadline=None)
def test_sealed_fields_stand_nowhere_in_the_body(draft: Draft) -> None:
    body = json.loads(body_of(draft, draft.type, version=1, keyring=Keyring(None, now=Time())))
    assert not set(body["data"]) & set(draft.fact.SEALED)
    secret = set(msgspec.to_builtins(draft.fact)) & set(draft.fact.SEALED)
    assert ("sealed" in body) is bool(secret)


def test_the_same_draft_is_sealed_differently_each_time() -> None:
    keyring = Keyring(None, now=Time())
    sent = Draft(case_id=CASE, at=AT, actor="ana", part=0, fact=NoteAdded(text="the same words"))
    first, second = (json.loads(body_of(sent, sent.type, version=1, keyring=keyring)) for _ in range(2))
    assert first.pop("sealed") != second.pop("sealed")
    assert first == second


def test_keys_sort_by_their_units_also_inside_a_context() -> None:
    context: dict[str, Any] = {"b": {"z": 1, "a": [{"y": 1, "x": 2}]}, "a": None, "B": True, "": 0}
    sent = Draft(case_id=CASE, at=AT, actor="ana", part=0, fact=NoteAdded(), context=context)
    body = body_of(sent, sent.type, version=1, keyring=Keyring(None, now=Time()))
    assert rfc8785.dumps(json.loads(body)) == body


def test_an_event_of_an_older_schema_is_lifted_when_it_is_read() -> None:
    body = (
        b'{"actor":"ana","at":1,"case_id":"C-00000001","data":{"result":{"score":71}},"part":0,"type":"CaseClaimed",'
        b'"v":1,"version":1}'
    )
    stored = Stored(1, CASE, 1, "CaseClaimed", 1, "ana", body, bytes(32), bytes(32))
    event = event_of(stored, Keyring(None, now=Time()))
    assert (event.v, event.fact.result.score_tenths) == (1, 710)
    assert stored.body == body


def test_an_event_of_a_type_from_the_future_is_kept_as_it_is() -> None:
    body = b'{"actor":"ana","at":1,"case_id":"C-00000001","data":{"x":1},"part":0,"type":"Unheard","v":9,"version":1}'
    event = event_of(Stored(1, CASE, 1, "Unheard", 1, "ana", body, bytes(32), bytes(32)), Keyring(None, now=Time()))
    assert event.fact == UnknownFact(raw={"x": 1})


def test_every_fact_that_may_be_stored_has_sealed_fields_that_can_be_missing() -> None:
    for name, fact in FACTS.items():
        if fact is CaseStub:
            continue
        fields = {field.name: field for field in msgspec.structs.fields(fact)}
        for sealed in fact.SEALED:
            assert not fields[sealed].required, (
                f"{name}.{sealed} has no default, so a destroyed key makes it unreadable"
            )


def test_hashes_are_those_that_the_contract_names() -> None:
    import hashlib

    first = case_hash(bytes(32), b"{}")
    assert first == hashlib.sha256(b"\0" * 32 + b"{}").digest()
    assert head_hash(bytes(32), first) == hashlib.sha256(b"\0" * 32 + first).digest()
