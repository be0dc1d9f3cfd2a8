"""When garbage is collected: not while somebody is busy making what stays."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from client.collecting import put_off, resume


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield
    for why in ("one", "two"):
        resume(why)
    gc.unfreeze()


def test_it_is_off_until_everybody_is_done() -> None:
    assert gc.isenabled()
    put_off("one")
    put_off("two")
    put_off("one")
    resume("one")
    assert not gc.isenabled()
    resume("two")
    assert gc.isenabled()
    assert gc.get_freeze_count() > 0


def test_to_be_done_with_what_was_not_begun_changes_nothing() -> None:
    put_off("one")
    frozen = gc.get_freeze_count()
    resume("two")
    assert not gc.isenabled()
    assert gc.get_freeze_count() == frozen
