"""May a console go on from where it stood? Each reason why not, and which comes first."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from casework.access import audience_of
from feed.node import Node
from feed.resume import judge
from feed.rows import audience_tag
from protocol.frames import Cursor


@pytest.fixture
async def cursor(node: Node, make: Any) -> Cursor:
    """Where somebody stands who saw the first of two reports."""
    await node.intake.receive(make.person(), make.incoming("1"))
    head = node.log.head()
    await node.intake.receive(make.person(), make.incoming("2"))
    return Cursor(epoch=head.epoch, seq=head.seq, head_hash=head.head_hash)


async def test_who_stands_where_the_log_was_goes_on(node: Node, make: Any, cursor: Cursor) -> None:
    audience = audience_of(make.person(), ())
    assert judge(cursor, node.log, node.ring, audience) is None
    named = msgspec.structs.replace(cursor, audience=audience_tag(audience))
    assert judge(named, node.log, node.ring, audience) is None


@pytest.mark.parametrize("clearances", [frozenset({"us"}), frozenset()])
async def test_who_saw_with_other_eyes_starts_anew(node: Node, make: Any, cursor: Cursor, clearances: Any) -> None:
    """Whether they may see more by now or less: a clearance that went leaves no row behind on a screen."""
    other = frozenset({"us"}) - clearances
    before = audience_tag(audience_of(make.person(clearances=clearances), ()))
    now = audience_of(make.person(clearances=other), ())
    named = msgspec.structs.replace(cursor, audience=before)
    assert judge(named, node.log, node.ring, now) == "audience"
    assert judge(named, node.log, node.ring, audience_of(make.person(clearances=other), ("C-00000001",))) == "audience"


async def test_another_log_is_said_before_anything_else(node: Node, make: Any, cursor: Cursor) -> None:
    audience = audience_of(make.person(), ())
    other = msgspec.structs.replace(cursor, audience="other")
    node.ring.start_at(node.ring.last)
    assert judge(cursor, node.log, node.ring, audience) == "trimmed"
    assert judge(msgspec.structs.replace(other, head_hash="1" * 64), node.log, node.ring, audience) == "forked"
    assert judge(msgspec.structs.replace(other, seq=99), node.log, node.ring, audience) == "forked"
    assert judge(msgspec.structs.replace(other, epoch="e"), node.log, node.ring, audience) == "epoch"
