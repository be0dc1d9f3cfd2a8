"""The canonical form is RFC 8785's, as an independent implementation of it writes it."""

from typing import Any

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from casework.digest import approval_digest, canonical
from casework.model import Action, Target

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(JSON)
def test_as_the_reference_writes_it(value: Any) -> None:
    assert canonical(value) == rfc8785.dumps(value)


def test_names_are_sorted_by_utf_16() -> None:
    # As code points U+FB33 comes before U+1F600, as UTF-16 after it.
    assert canonical({"\ufb33": 1, "\U0001f600": 2, "a": 3}) == '{"a":3,"\U0001f600":2,"\ufb33":1}'.encode()


@pytest.mark.parametrize("value", [2**53, -(2**53), 0.5, float("nan"), "\ud800", {"\udfff": 1}, {1: 2}, b"x", {1, 2}])
def test_what_has_no_form(value: Any) -> None:
    with pytest.raises(ValueError, match=r"holds|name"):
        canonical({"v": value})


def test_depth_is_bounded() -> None:
    value: Any = 1
    for _ in range(100_000):
        value = [value]
    with pytest.raises(ValueError, match="deeper than 32"):
        canonical(value)


def test_every_part_of_the_proposal_counts() -> None:
    action = Action(
        action_id="a1", action="no_action", target=Target(kind="account", id="u"), policy="HB1", reason="r",
        fields={"a": 1}, state="proposed", proposed_by="ana",
    )  # fmt: skip
    from msgspec.structs import replace

    digests = {
        approval_digest("C-1", action),
        approval_digest("C-2", action),
        approval_digest("C-1", replace(action, action_id="a2")),
        approval_digest("C-1", replace(action, action="hide")),
        approval_digest("C-1", replace(action, target=Target(kind="account", id="v"))),
        approval_digest("C-1", replace(action, policy="HB2")),
        approval_digest("C-1", replace(action, reason="s")),
        approval_digest("C-1", replace(action, fields={"a": 2})),
        approval_digest("C-1", replace(action, proposed_by="bo")),
    }
    assert len(digests) == 9
    assert approval_digest("C-1", replace(action, state="verified", approved_by="bo")) in digests
