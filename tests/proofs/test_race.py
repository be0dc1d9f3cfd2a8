"""Two consoles race on one claim: one owner, the other is told who and when; a storm of the immaterial refuses nobody.

The seeds run in processes of their own (`tests.proofs.races`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from tests.proofs.sharing import share

IN_TEST: Final = 2_000
IN_TORTURE: Final = 10_000


def test_one_owner_and_the_other_is_told_who_and_when(checkout: Path) -> None:
    total = share(checkout, "tests.proofs.races", 0, IN_TEST)
    assert total["won by ana"] + total["won by bo"] == IN_TEST
    assert min(total["won by ana"], total["won by bo"]) > IN_TEST // 4
    assert min(total["went"], total["refused"]) > IN_TEST // 50


@pytest.mark.torture("race")
def test_ten_thousand_interleavings(checkout: Path) -> None:
    total = share(checkout, "tests.proofs.races", 0, IN_TORTURE)
    assert total["won by ana"] + total["won by bo"] == IN_TORTURE
