"""Runbooks of an operator: read at the start, served as what is in force, refused with file and line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from casework.policy import defaults
from casework.runbookfile import RunbookFault
from feed.config import FeedConfig
from feed.serve import load_runbooks
from protocol.answers import answer_in
from protocol.catalogue import Catalogue

OPERATIONS = Path(__file__).resolve().parents[2] / "docs" / "operations.md"


def example() -> str:
    """The runbook that the operator's guide shows."""
    return OPERATIONS.read_text(encoding="utf-8").split("```markdown\n")[1].split("```")[0]


def test_without_a_directory_the_shipped_ones_are_in_force() -> None:
    assert len(load_runbooks(FeedConfig(), defaults())) == 15


def test_the_example_of_the_guide_is_a_runbook(tmp_path: Path) -> None:
    (tmp_path / "ours.md").write_text(example(), encoding="utf-8")
    (tmp_path / "README.txt").write_text("not read")
    (tmp_path / ".draft.md").write_text("not read")
    found = {each.case_type: each for each in load_runbooks(FeedConfig(runbooks=str(tmp_path)), defaults())}
    assert found["PRESS"].file == str(tmp_path / "ours.md")
    assert found["PRESS"].steps[0].step == "claim"
    assert found["SSH"].file == "SSH.md"


def test_a_fault_stops_the_start(tmp_path: Path) -> None:
    config = FeedConfig(runbooks=str(tmp_path))
    (tmp_path / "bad.md").write_text("# PRESS: x\n- [ ] a: b\n  - key: nope\n")
    with pytest.raises(RunbookFault, match=r"bad\.md:3: no verb and no action has the key"):
        load_runbooks(config, defaults())
    (tmp_path / "bad.md").write_bytes(b"# PRESS: \xff\n")
    with pytest.raises(RunbookFault, match="it is not UTF-8"):
        load_runbooks(config, defaults())
    with pytest.raises(OSError, match="not there"):
        load_runbooks(FeedConfig(runbooks=str(tmp_path / "not there")), defaults())


async def test_they_are_served(tmp_path: Path, feed_process: Callable[..., Any]) -> None:
    (tmp_path / "books").mkdir()
    (tmp_path / "books" / "ours.md").write_text(example(), encoding="utf-8")
    config = tmp_path / "feed.toml"
    config.write_text('runbooks = "books"\n')
    feed = feed_process("--config", str(config)).start()
    async with feed.client(feed.token("ana")) as ana:
        answer = await ana.get("/v1/catalogue")
        plain = await ana.get("/v1/catalogue", headers={"accept-encoding": "identity"})
    assert answer.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert plain.content == answer.content
    served: Catalogue = answer_in(answer.content, Catalogue)
    assert served.runbooks == load_runbooks(FeedConfig(runbooks=str(tmp_path / "books")), defaults())
