"""The record of one case as a bundle that proves itself: its stored events, their places in the log, the signatures.

A ZIP of a few small files and the script that checks them (`feed.log.bundle_check`). The sealed parts of the events
stay sealed in what is proved; beside it lies a readable form, without the values of sensitive fields.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import IO, Final
from zipfile import ZIP_DEFLATED, ZipFile

import msgspec
from msgspec import Struct

from feed.log import checkpoints
from feed.log.base import ZERO_HASH, LogUnusable, Stored
from feed.log.canonical import event_of
from feed.log.checkpoints import Checkpoint
from feed.log.files import beside, connect_read_only
from feed.log.seal import Keyring
from feed.log.sqlite_store import head_hash_at, stored_after
from protocol import codec, shapes

MOST: Final = 100_000
"""Events of one case at most."""
_SCRIPT: Final = Path(__file__).with_name("bundle_check.py")
_README: Final = """The record of {case}, as it stood in a Watchfloor log at seq {last}.

verify.py          checks all of it: python verify.py [the feed's public key]
events.jsonl       the events of the case, byte for byte as they are stored; free text in them is sealed
chain.txt          epoch, seq and head hash to start from, then the hash of every event of the log up to seq {last}
checkpoints.jsonl  what the feed signed in between
readable.json      the same events with their text, values of sensitive fields left out. It is a reading of
                   events.jsonl, made by whoever holds the case's key; verify.py does not and cannot check it.
"""


class NoSuchCase(LookupError):
    """The log has no event of `case_id`."""

    def __init__(self, case_id: str) -> None:
        self.case_id = case_id
        super().__init__(f"the log has no event of {case_id}")


class Bundled(Struct, frozen=True, kw_only=True):
    """What was written: events of the case, events of the log whose hashes lie between, checkpoints."""

    events: int
    chain: int
    signed: int
    readable: bool
    """Whether the text could be read; not if the case's key was destroyed."""


def write(log: Path, case_id: str, to: IO[bytes]) -> Bundled:
    """Write the bundle of `case_id`, from the log at `log`, to the binary file `to`; also beside a running feed.

    Raises `NoSuchCase`, `LogUnusable`, OSError.
    """
    held = checkpoints.read(beside(log, "checkpoints")).lines
    with closing(connect_read_only(log)) as file:
        events = stored_after(file, 0, MOST, case_id)
        if not events:
            raise NoSuchCase(case_id)
        epoch = str(file.execute("SELECT value FROM meta WHERE name = 'epoch'").fetchone()[0])
        (newest,) = file.execute("SELECT max(seq) FROM events").fetchone()
        before = [point.seq for point in held if point.epoch == epoch and point.seq < events[0].seq]
        after = [point.seq for point in held if point.epoch == epoch and events[-1].seq <= point.seq <= newest]
        start, last = max(before, default=0), min(after, default=newest)
        begin = head_hash_at(file, start)
        hashes = [
            digest.hex()
            for (digest,) in file.execute(
                "SELECT hash FROM events WHERE seq > ? AND seq <= ? ORDER BY seq", (start, last)
            )
        ]
    within = [point for point in held if point.epoch == epoch and start <= point.seq <= last and point.seq > 0]
    readable = _readable(log, events)
    with ZipFile(to, "w", ZIP_DEFLATED) as bundle:
        bundle.writestr("README.txt", _README.format(case=case_id, last=last))
        bundle.writestr("verify.py", _SCRIPT.read_text("utf-8"))
        bundle.writestr("events.jsonl", b"".join(_line(stored) for stored in events))
        first = f"{epoch} {start} {ZERO_HASH if begin is None else begin.hex()}"
        bundle.writestr("chain.txt", "".join(f"{line}\n" for line in (first, *hashes)))
        bundle.writestr("checkpoints.jsonl", b"".join(_json(point) for point in within))
        if readable is not None:
            bundle.writestr("readable.json", readable)
    return Bundled(events=len(events), chain=len(hashes), signed=len(within), readable=readable is not None)


def _line(stored: Stored) -> bytes:
    return (
        codec.encode(
            {"case": stored.case_id, "seq": stored.seq, "hash": stored.hash.hex(), "body": stored.body.decode()}
        )
        + b"\n"
    )


def _json(point: Checkpoint) -> bytes:
    return codec.encode(point) + b"\n"


def _readable(log: Path, events: list[Stored]) -> bytes | None:
    """The events with their text as they may leave the house; None without the case's key."""
    keys = beside(log, "keys")
    if not keys.is_file():
        return None
    keyring = Keyring(keys, now=lambda: 0)
    try:
        shown = [shapes.event_out(event_of(stored, keyring)) for stored in events]
    except sqlite3.Error as error:
        raise LogUnusable(path=str(keys), why=f"cannot be read: {error}. Export beside the feed's own files.") from None
    finally:
        keyring.close()
    if any(event.redacted for event in shown):
        return None
    return msgspec.json.format(codec.encode(shown), indent=1)
