"""An engine for the tests that every engine has to pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.feed.log.samples import Engine


@pytest.fixture(params=["sqlite", "memory"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    return Engine(request.param, tmp_path)
