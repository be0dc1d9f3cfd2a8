"""Rows as few bytes: MessagePack, deflated against the text that rows have in common.

The rows of one floor resemble each other, so the first ones that come in make the dictionary for all the others. It is
made once; what was packed with it can be unpacked with it alone, and never leaves the process.
"""

from __future__ import annotations

import zlib
from typing import Final

import msgspec

from casework.model import Row

DICTIONARY: Final = 8 * 1024
"""Bytes of common text; a deflate window of the same size reaches all of it."""
_WINDOW_BITS: Final = -13
_MEMORY: Final = 6
_LEVEL: Final = 2
"""More takes twice the time for a twentieth of the bytes."""

_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(Row)


class Packing:
    """Packs rows. The first ones, to be had by `learn`, decide how small the others get; without any it works too."""

    def __init__(self) -> None:
        self._common = b""
        self._deflate = self._fresh()

    def learn(self, rows: list[Row]) -> None:
        """Take the dictionary from `rows`. Nothing may have been packed before."""
        text = b"".join(_ENCODER.encode(row) for row in rows)
        self._common = text[-DICTIONARY:]
        self._deflate = self._fresh()

    @property
    def learned(self) -> bool:
        return bool(self._common)

    def pack(self, row: Row) -> bytes:
        deflate = self._deflate.copy()  # a new one would read the dictionary again
        return deflate.compress(_ENCODER.encode(row)) + deflate.flush()

    def unpack(self, packed: bytes) -> Row:
        inflate = zlib.decompressobj(_WINDOW_BITS, self._common)
        return _DECODER.decode(inflate.decompress(packed))

    def _fresh(self) -> zlib._Compress:
        return zlib.compressobj(_LEVEL, zlib.DEFLATED, _WINDOW_BITS, _MEMORY, zlib.Z_DEFAULT_STRATEGY, self._common)
