"""Tokens: shown once, stored hashed, counted and revoked at once, also by another process."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from casework.access import Person
from casework.escalation import Cap
from feed.log.base import LogUnusable
from feed.log.tokens import TokenRefused, TokenStore
from tests.feed.log.samples import AT, Time


@pytest.fixture
def store(tmp_path: Path) -> TokenStore:
    return TokenStore(tmp_path / "floor.db", now=Time())


def test_a_token_is_found_by_itself_alone(store: TokenStore) -> None:
    token = store.issue("ana", roles=["responder", "lead"], clearances=["us"], ttl_ms=1000)
    assert re.fullmatch(r"wf_[A-Za-z0-9_-]{43}", token)
    found = store.find(token)
    assert found is not None
    assert (found.principal, found.roles, found.clearances) == ("ana", ("responder", "lead"), ("us",))
    assert (found.issued_at, found.expires_at) == (AT, AT + 1000)
    for other in (token[:-1], token + "A", token.upper(), token[3:], "", "wf_", "\ud800", f"wf_{found.token_id}"):
        assert store.find(other) is None


def test_the_file_holds_no_token_and_is_the_owners_alone(store: TokenStore, tmp_path: Path) -> None:
    token = store.issue("ana", roles=["responder"])
    store.close()
    paths = list(tmp_path.iterdir())
    assert [path.name for path in paths] == ["floor.db.tokens"]
    assert paths[0].stat().st_mode & 0o777 == 0o600
    assert token[3:].encode() not in paths[0].read_bytes()
    assert b"ana" in paths[0].read_bytes(), "the test looks in the right place"


def test_an_expired_token_counts_no_more(store: TokenStore) -> None:
    token = store.issue("ana", roles=["responder"], ttl_ms=1000)
    forever = store.issue("bo", roles=["responder"])
    assert store.find(token, AT + 999) is not None
    assert store.find(token, AT + 1000) is None
    assert store.find(forever, AT + 10**12) is not None


def test_caps_are_what_the_person_carries(store: TokenStore) -> None:
    token = store.issue(
        "police.portal",
        roles=["intake"],
        sources=["law_enforcement", "partner"],
        max_severity="S1",
        max_credibility="known",
    )
    found = store.find(token)
    assert found is not None
    cap = Cap(severity="S1", kinds=frozenset({"law_enforcement", "partner"}), credibility="known")
    assert found.person == Person(principal="police.portal", roles=frozenset({"intake"}), cap=cap)
    free = store.find(store.issue("ana", roles=["intake"]))
    assert free is not None
    assert free.person.cap == Cap()


@pytest.mark.parametrize(
    "wrong",
    [
        {"roles": ["boss"]},
        {"roles": []},
        {"roles": ["intake"], "sources": ["rumor"]},
        {"roles": ["intake"], "max_severity": "S9"},
        {"roles": ["intake"], "max_credibility": "certain"},
        {"roles": ["lead"], "ttl_ms": 0},
        {"roles": ["lead"], "principal": "_keeper"},
        {"roles": ["lead"], "principal": ""},
        {"roles": ["lead"], "principal": "a\nb"},
        {"roles": ["lead"], "principal": "x" * 65},
    ],
)
def test_what_makes_no_sense_is_not_issued(store: TokenStore, wrong: dict[str, object]) -> None:
    given: dict[str, object] = {"principal": "ana", **wrong}
    with pytest.raises(TokenRefused):
        store.issue(**given)  # type: ignore[arg-type]  # wrong on purpose
    assert store.tokens() == []


def test_revoking_by_id_takes_one_and_by_principal_all(store: TokenStore) -> None:
    first, second, other = (store.issue(who, roles=["responder"]) for who in ("ana", "ana", "bo"))
    found = store.find(first)
    assert found is not None
    assert store.revoke(found.token_id) == 1
    assert store.find(first) is None
    assert store.find(second) is not None
    assert store.revoke("ana") == 1
    assert store.find(second) is None
    assert store.find(other) is not None
    assert store.revoke("nobody") == 0
    assert [token.principal for token in store.tokens()] == ["bo"]


def test_another_process_issues_and_revokes_beside_an_open_store(store: TokenStore, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from feed.log.tokens import TokenStore\n"
        "store = TokenStore(Path(sys.argv[1]))\n"
        "sys.stdout.write(store.issue('bo', roles=['lead']) if sys.argv[2] == 'issue' else str(store.revoke('ana')))\n"
    )

    def elsewhere(act: str) -> str:
        command = [sys.executable, "-c", code, str(tmp_path / "floor.db"), act]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    mine = store.issue("ana", roles=["responder"])
    theirs = elsewhere("issue")
    found = store.find(theirs)
    assert found is not None
    assert found.principal == "bo"
    assert elsewhere("revoke") == "1"
    assert store.find(mine) is None


def test_a_file_that_is_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "floor.db.tokens").write_bytes(b"not a database at all" * 300)
    with pytest.raises(LogUnusable, match="cannot be used"):
        TokenStore(tmp_path / "floor.db")
