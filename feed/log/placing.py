"""Gives the drafts of a group of appends their places: the part of an append that is the same for every engine.

A `Group` starts from what an engine has stored and takes one append after the other. An append that is refused leaves
no trace in it, so one conflict does not hurt the others; what it holds at the end is stored in one transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from casework.events import Event, placed
from feed.log.base import Appended, Key, KeyTaken, Stored, Unstorable, VersionConflict, Write
from feed.log.canonical import body_of, case_hash, head_hash
from feed.log.seal import Keyring


class Tail(NamedTuple):
    """The newest event of a case: its version and hash."""

    version: int
    hash: bytes


NO_TAIL = Tail(0, bytes(32))


class Group:
    """The state of the log as of the end of the group, while it grows.

    `seq` and `head` are the log's newest seq and head hash; `tails` must hold every case that the group writes to, and
    `keys` every live record of a key that it uses.
    """

    def __init__(
        self, *, seq: int, head: bytes, tails: dict[str, Tail], keys: dict[tuple[str, str], Key], keyring: Keyring
    ) -> None:
        self.seq = seq
        self.head = head
        self.tails = tails
        self.keys = keys
        self.rows: list[Stored] = []
        self.new_keys: list[Key] = []
        self._keyring = keyring

    def place(self, key: Key | None, writes: Sequence[Write]) -> Appended:
        """Take one append. Raises `KeyTaken`, `VersionConflict` or `Unstorable`, and then took nothing of it."""
        if key is not None:
            bound = self.keys.get((key.scope, key.key))
            if bound is not None:
                raise KeyTaken(bound)
        self._judge_versions(writes)
        rows: list[Stored] = []
        events: list[Event] = []
        hashes: list[str] = []
        tails: dict[str, Tail] = {}
        seq, head = self.seq, self.head
        for write in writes:
            case_id = write.case_id
            version, previous = tails.get(case_id) or self.tails[case_id]
            for draft in write.drafts:
                if draft.case_id != case_id:
                    raise Unstorable(case_id=draft.case_id, why=f"stands among the writes of {case_id}")
                seq += 1
                version += 1
                kind = draft.type
                body = body_of(draft, kind, version=version, keyring=self._keyring)
                previous = case_hash(previous, body)
                head = head_hash(head, previous)
                rows.append(Stored(seq, case_id, version, kind, draft.at, draft.actor, body, previous, head))
                events.append(placed(draft, seq=seq, version=version, digest=previous.hex()))
                hashes.append(head.hex())
            tails[case_id] = Tail(version, previous)
        appended = Appended(
            first_seq=self.seq + 1 if rows else self.seq,
            last_seq=seq,
            events=tuple(events),
            head_hash=hashes[-1] if hashes else head.hex(),
            answer=key.answer if key is not None and isinstance(key.answer, bytes) else b"",
            head_hashes=tuple(hashes),
        )
        if key is not None:
            if not isinstance(key.answer, bytes):
                appended = msgspec.structs.replace(appended, answer=key.answer(appended))
                key = msgspec.structs.replace(key, answer=appended.answer)
            self.keys[(key.scope, key.key)] = key
            self.new_keys.append(key)
        self.rows += rows
        self.tails.update(tails)
        self.seq, self.head = seq, head
        return appended

    def _judge_versions(self, writes: Sequence[Write]) -> None:
        versions: dict[str, int] = {}
        for write in writes:
            actual = versions.get(write.case_id, self.tails[write.case_id].version)
            if write.expected_version is not None and write.expected_version != actual:
                raise VersionConflict(case_id=write.case_id, expected=write.expected_version, actual=actual)
            versions[write.case_id] = actual + len(write.drafts)
