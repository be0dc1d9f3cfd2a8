"""Checks the record of one case, as `watchfloor audit export` wrote it: `python verify.py [PUBLIC-KEY]` beside it.

It needs Python alone; signatures are checked if the package `cryptography` is there. PUBLIC-KEY is the key of the feed
(64 hexadecimal digits) as you were told it by somebody else than whoever gave you this record. Exit code 0: nothing
is wrong, and what cannot be known is said; 1: something is.
"""

import base64
import json
import sys
from hashlib import sha256
from pathlib import Path


def main(folder: Path, trusted: str) -> int:
    """Check the record in `folder`; the exit code."""
    wrong: list[str] = []
    unknown: list[str] = []
    events = [json.loads(line) for line in (folder / "events.jsonl").read_text("utf-8").splitlines()]
    first, *hashes = (folder / "chain.txt").read_text("ascii").split("\n")[:-1]
    epoch, start, begin = first.split()

    # The case: each event's hash covers its text and the event before.
    previous = bytes(32)
    for version, event in enumerate(events, 1):
        body = json.loads(event["body"])
        previous = sha256(previous + event["body"].encode()).digest()
        if previous.hex() != event["hash"] or body["version"] != version or body["case_id"] != events[0]["case"]:
            wrong.append(f"event {version} of the case (seq {event['seq']}) is not the one that was recorded")
            previous = bytes.fromhex(event["hash"])

    # The log: each head hash covers an event's hash and the head before; the case's events have their places in it.
    head, heads = bytes.fromhex(begin), {int(start): begin}
    for seq, digest in enumerate(hashes, int(start) + 1):
        head = sha256(head + bytes.fromhex(digest)).digest()
        heads[seq] = head.hex()
    for event in events:
        place = event["seq"] - int(start) - 1
        if not 0 <= place < len(hashes) or hashes[place] != event["hash"]:
            wrong.append(f"seq {event['seq']} of the log is another event")

    # The signatures: the feed saw the log with these heads.
    signed = [json.loads(line) for line in (folder / "checkpoints.jsonl").read_text("utf-8").splitlines()]
    for point in signed:
        if point["epoch"] != epoch or heads.get(point["seq"]) != point["head_hash"]:
            wrong.append(f"the checkpoint of {point['seq']} is of another log")
        elif trusted and point["key"] != trusted:
            wrong.append(f"the checkpoint of {point['seq']} is signed with the key {point['key']}")
        elif (genuine := _genuine(point)) is None:
            unknown.append(f"the signature of {point['seq']}: install the package cryptography")
        elif not genuine:
            wrong.append(f"the signature of the checkpoint of {point['seq']} does not fit")
    if not any(point["seq"] >= events[-1]["seq"] for point in signed):
        unknown.append("whether its newest events stood in the log: no checkpoint is as new; export it again later")
    if signed and not trusted:
        unknown.append(f"whose key this is: {signed[-1]['key']}; ask the feed's people and name it")
    unknown.append("whether later events of the case followed")

    name, last = events[0]["case"], events[-1]["seq"]
    lines = [f"{name}: {len(events)} events, seq {events[0]['seq']} to {last}; {len(signed)} checkpoints"]
    lines += [f"WRONG            {sentence}" for sentence in wrong]
    lines += [f"cannot be known  {sentence}" for sentence in unknown]
    lines += [] if wrong else ["the record is whole"]
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if wrong else 0


def _genuine(point: dict[str, str]) -> bool | None:
    """Whether the signature fits its key; None if that cannot be checked here."""
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:
        return None
    words = f"{point['epoch']} {point['seq']} {point['head_hash']}".encode()
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(point["key"]))
        key.verify(base64.b64decode(point["signature"]), words)
    except (InvalidSignature, ValueError):
        return False
    return True


if __name__ == "__main__":
    sys.exit(main(Path(__file__).parent, sys.argv[1].strip().lower() if len(sys.argv) > 1 else ""))
