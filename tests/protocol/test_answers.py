"""Answers as the contract writes them, and items of a batch of commands."""

from __future__ import annotations

import json
from typing import Any

import pytest

from casework.commands import COMMANDS, AddNote, Claim
from protocol import answers
from protocol.answers import CommandItem
from protocol.codec import Malformed, encode
from protocol.problems import Problem, problem

ITEM: dict[str, Any] = {"case_id": "C-7F3A-9K2M", "key": "k-1", "type": "claim", "expected_version": 3}


def decoded(*items: Any) -> list[CommandItem | Problem]:
    return answers.decode_commands(json.dumps({"items": items}).encode())


def test_an_item_is_the_command_its_key_and_its_case() -> None:
    note = {**ITEM, "key": "k-2", "type": "note", "text": "seen", "context": {"seq": 4}}
    first, second = decoded(ITEM, note)
    assert first == CommandItem(key="k-1", case_id="C-7F3A9K2M", command=Claim(expected_version=3))
    assert isinstance(second, CommandItem)
    assert type(second.command) is AddNote
    assert second.command.text == "seen"
    assert second.command.context is not None


def test_every_verb_has_its_item() -> None:
    results = decoded(*({**ITEM, "type": verb} for verb in COMMANDS))
    for verb, result in zip(COMMANDS, results, strict=True):
        if isinstance(result, Problem):
            # Known, and it asks for its own fields.
            assert "missing required field" in result.detail, verb
        else:
            assert result.command.verb == verb
            assert type(result.command) is COMMANDS[verb]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"text": "x"}, "/items/1/text"),
        ({"type": "explode"}, "/items/1/type"),
        ({"key": "a b"}, "/items/1/key"),
        ({"key": "k\n"}, "/items/1/key"),
        ({"case_id": "C-7F3A9K2I"}, "/items/1/case_id"),
        ({"expected_version": "3"}, "/items/1/expected_version"),
        ({"type": "snooze", "minutes": 0}, "/items/1/minutes"),
    ],
)
def test_a_bad_item_is_its_own_fault(changes: dict[str, Any], pointer: str) -> None:
    good, bad, after = decoded(ITEM, {**ITEM, **changes}, {**ITEM, "key": "k-3"})
    assert isinstance(good, CommandItem)
    assert isinstance(after, CommandItem)
    assert isinstance(bad, Problem)
    assert (bad.status, bad.pointer) == (400, pointer)


@pytest.mark.parametrize("item", [7, None, [], "claim", {}])
def test_an_item_that_is_no_command_is_its_own_fault(item: Any) -> None:
    _, bad = decoded(ITEM, item)
    assert isinstance(bad, Problem)
    assert bad.pointer is not None
    assert bad.pointer.startswith("/items/1")


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b'{"items":7}', b'{"items":[],"atomic":true}', b'{"items":[' + b"1," * 1_000 + b"1]}"],
)
def test_a_batch_that_is_not_right_is_refused_whole(body: bytes) -> None:
    with pytest.raises(Malformed):
        answers.decode_commands(body)


def test_a_batch_holds_a_thousand() -> None:
    assert len(decoded(*([ITEM] * 1_000))) == 1_000


def test_answers_have_the_names_of_the_contract() -> None:
    accepted = answers.IntakeAnswer(case_id="C-7F3A9K2M", seq=4)
    assert json.loads(encode(accepted)) == {"case_id": "C-7F3A9K2M", "seq": 4, "duplicate": False}
    command = answers.CommandAnswer(case_id="C-7F3A9K2M", version=3, seq=9, events=["CaseClaimed"])
    assert json.loads(encode(command)) == {
        "case_id": "C-7F3A9K2M",
        "version": 3,
        "seq": 9,
        "events": ["CaseClaimed"],
    }


def test_results_of_a_batch_carry_an_answer_or_a_problem() -> None:
    fault = problem("not-found", "No such case.")
    intake = answers.IntakeBatchAnswer(
        results=[
            answers.IntakeDone(status=202, case_id="C-7F3A9K2M", seq=4, duplicate=False),
            answers.IntakeDone(status=200, case_id="C-7F3A9K2M", seq=4, duplicate=True),
            answers.Refused(status=404, problem=fault),
        ]
    )
    assert json.loads(encode(intake))["results"] == [
        {"status": 202, "case_id": "C-7F3A9K2M", "seq": 4, "duplicate": False},
        {"status": 200, "case_id": "C-7F3A9K2M", "seq": 4, "duplicate": True},
        {"status": 404, "problem": json.loads(encode(fault))},
    ]
    done = answers.CommandDone(case_id="C-7F3A9K2M", version=3, seq=9, events=[])
    batch = answers.CommandBatchAnswer(results=[done, answers.Refused(status=404, problem=fault)])
    sent = encode(batch)
    assert json.loads(sent)["results"][0] == {
        "status": 200,
        "case_id": "C-7F3A9K2M",
        "version": 3,
        "seq": 9,
        "events": [],
    }
    assert answers.answer_in(sent, answers.CommandBatchAnswer) == batch
    assert answers.answer_in(encode(intake), answers.IntakeBatchAnswer) == intake


def test_an_answer_of_a_newer_feed_is_read() -> None:
    body = b'{"case_id":"C-7F3A9K2M","version":3,"seq":9,"events":[],"weather":1}'
    assert answers.answer_in(body, answers.CommandAnswer).seq == 9


@pytest.mark.parametrize("kind", [answers.CasesPage, answers.Snapshot, answers.AuditHead, answers.Readiness])
def test_a_torn_answer_is_malformed(kind: Any) -> None:
    with pytest.raises(Malformed):
        answers.answer_in(b"{}", kind)
