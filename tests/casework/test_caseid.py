"""Case ids: made, shown, and read back as people type them."""

import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.caseid import ALPHABET, case_id, parse, shown
from casework.commands import CaseId
from casework.errors import BadInput

IDS = st.text(alphabet=ALPHABET, min_size=8, max_size=8).map(lambda text: f"C-{text}")


def test_it_is_forty_bits_of_sha_256_in_crockford_s_alphabet() -> None:
    digest = hashlib.sha256(b"https://reports.example\x00r-1" + b"0").digest()
    value = int.from_bytes(digest[:5], "big")
    text = ""
    for _ in range(8):
        value, rest = divmod(value, 32)
        text = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"[rest] + text
    assert case_id("https://reports.example", "r-1") == f"C-{text}"


def test_golden_ids_never_change() -> None:
    assert case_id("a", "b") == "C-DWD1PFAJ"


@given(st.text(max_size=40), st.text(max_size=40), st.integers(0, 3))
def test_any_report_has_one(source: str, name: str, counter: int) -> None:
    found = case_id(source, name, counter)
    pattern = CaseId.__metadata__[0].pattern  # type: ignore[attr-defined]  # how Annotated keeps it
    assert re.search(pattern, found)
    assert re.search(pattern, shown(found))
    assert found == case_id(source, name, counter)
    assert found != case_id(source, name, counter + 1)


def test_source_and_id_do_not_run_together() -> None:
    assert case_id("ab", "c") != case_id("a", "bc")


@given(IDS)
def test_what_is_shown_is_read_back(stored: str) -> None:
    assert len(shown(stored)) == 11
    for text in (stored, shown(stored), shown(stored).lower(), stored[2:], f" {stored} "):
        assert parse(text) == stored


def test_letters_that_look_like_digits() -> None:
    assert parse("c-oil0-o1l9") == "C-01100119"


@pytest.mark.parametrize(
    "text", ["", "C-", "C-7F3A", "7F3A9K2M0", "C-7F3A-9K2U", "C-7F3A 9K2M", "C" * 100, "C-7F3A9K2é"]
)
def test_what_is_no_case_id(text: str) -> None:
    with pytest.raises(BadInput, match="needs a case id such as C-7F3A-9K2M"):
        parse(text)


def test_what_is_no_stored_id_is_shown_as_it_is() -> None:
    assert shown("_audit") == "_audit"
