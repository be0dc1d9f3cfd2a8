"""A console cut at any byte of any frame, across feed restarts, holds project(fold(log), viewer): no gap, no double.

Each seed is a shift of work on a real node with real consoles' cores (`tests.proofs.shifts`). On the way every frame is
held against the log: it follows on the one before, lacks no event that its audience is due, and carries the log's own
head hash; now and then the whole picture is compared. At the end rows, order and open cases are.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from tests.proofs.sharing import share

IN_TEST: Final = 2_000
IN_TORTURE: Final = 10_000
FORKS_IN_TEST: Final = 200
FORKS_IN_TORTURE: Final = 2_000


def test_a_cut_console_is_the_log_as_its_person_may_see_it(checkout: Path) -> None:
    total = share(checkout, "tests.proofs.shifts", 0, IN_TEST)
    assert total["cuts"] > 2 * IN_TEST
    assert total["restarts"] > IN_TEST // 4
    assert total["pictures"] > IN_TEST
    assert total["open cases"] > IN_TEST // 5
    assert total["renewed"] > IN_TEST // 10


def test_a_log_that_is_not_the_one_that_was_seen_is_called_forked(checkout: Path) -> None:
    total = share(checkout, "tests.proofs.shifts", 0, FORKS_IN_TEST, "forked")
    assert total["rolled back"] > FORKS_IN_TEST // 3
    assert total["rolled back"] < FORKS_IN_TEST, "some were not, and those were not called forked"
    assert total["grew again"] > FORKS_IN_TEST // 4
    assert total["forked"] > total["rolled back"]


@pytest.mark.torture("resume")
def test_ten_thousand_more(checkout: Path) -> None:
    share(checkout, "tests.proofs.shifts", IN_TEST, IN_TEST + IN_TORTURE)


@pytest.mark.torture("resume")
def test_two_thousand_more_forks(checkout: Path) -> None:
    share(checkout, "tests.proofs.shifts", FORKS_IN_TEST, FORKS_IN_TEST + FORKS_IN_TORTURE, "forked")
