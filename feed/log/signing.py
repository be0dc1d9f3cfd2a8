"""Ed25519 signatures over heads of the log: one key a log, in a file of its own that only the feed's user may read.

A signature says that whoever holds the key saw the log end with this head hash. It is worth as much as the public key
that it is checked with: one that was kept elsewhere finds a log that was rewritten and signed anew; the one that lies
beside the log does not.
"""

from __future__ import annotations

import base64
import binascii
import re
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from feed.log.base import LogUnusable
from feed.log.files import make_private, sync_directory

_PUBLIC: Final = re.compile("[0-9a-f]{64}")


def signed_words(epoch: str, seq: int, head_hash: str) -> bytes:
    """What is signed: `epoch seq head_hash`, the last two as they stand in a head."""
    return f"{epoch} {seq} {head_hash}".encode()


class SigningKey:
    """The private key of one feed; `public` is 64 hexadecimal digits."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()

    @classmethod
    def open(cls, path: Path) -> SigningKey:
        """The key in the PEM file at `path`; made there, durably, if there is none. Raises `LogUnusable`, OSError."""
        if make_private(path) or path.stat().st_size == 0:
            private = Ed25519PrivateKey.generate()
            written = path.with_name(path.name + ".new")
            make_private(written)
            written.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
            written.replace(path)
            sync_directory(path.parent)
            return cls(private)
        try:
            found = load_pem_private_key(path.read_bytes(), None)
        except (ValueError, TypeError):
            found = None
        if not isinstance(found, Ed25519PrivateKey):
            raise LogUnusable(path=str(path), why="is no Ed25519 key in PEM. Restore it, or name another file.")
        return cls(found)

    def sign(self, epoch: str, seq: int, head_hash: str) -> str:
        """Base64 of the signature of this head."""
        return base64.b64encode(self._private.sign(signed_words(epoch, seq, head_hash))).decode("ascii")


def fits(signature: str, public: str, *, epoch: str, seq: int, head_hash: str) -> bool:
    """Whether `signature` (base64) of this head was made with the key whose public half is `public` (hex)."""
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public))
        key.verify(base64.b64decode(signature, validate=True), signed_words(epoch, seq, head_hash))
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def public_of(text: str) -> str | None:
    """The public key that `text` is (64 hexadecimal digits, any case, blanks around it), or None."""
    word = text.strip().lower()
    return word if _PUBLIC.fullmatch(word) else None
