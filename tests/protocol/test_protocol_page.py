"""The page in words: each of its examples is what it says it is, and its tables are the code's."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from casework.commands import AnyCommand
from protocol import answers, cloudevents, codec, problems, shapes
from protocol.frames import Events

PAGE = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"<!-- example: ([^>]+) -->\n```json\n(.*?)```", PAGE, re.DOTALL)


def test_every_example_is_named() -> None:
    assert len(EXAMPLES) == PAGE.count("```json") == 12


@pytest.mark.parametrize(("kind", "text"), EXAMPLES, ids=[kind for kind, _ in EXAMPLES])
def test_an_example_decodes(kind: str, text: str) -> None:
    body = text.encode()
    match kind:
        case "structured":
            headers = {"content-type": cloudevents.STRUCTURED}
            assert isinstance(cloudevents.decode(headers, body), cloudevents.Incoming)
        case "command":
            codec.decode_body(body, AnyCommand)
        case "commands":
            assert all(isinstance(item, answers.CommandItem) for item in answers.decode_commands(body))
        case "from client":
            codec.from_client(body)
        case "from feed":
            frame = codec.from_feed(body)
            assert not isinstance(frame, codec.UnknownFrame)
            if isinstance(frame, Events):
                assert shapes.event_in(frame.events[0]).fact.result.owner == "ana"
        case "Problem":
            codec.decode_body(body, problems.Problem)
        case _:
            # Nothing in the example that the answer does not have.
            decoded = answers.answer_in(body, getattr(answers, kind))
            assert json.loads(codec.encode(decoded)) == json.loads(body)


def test_the_table_of_refusals_is_the_codes() -> None:
    listed = {slug: int(status) for slug, status in re.findall(r"^\| `([a-z-]+)` \| (\d+) \|", PAGE, re.MULTILINE)}
    assert listed == problems.STATUS
