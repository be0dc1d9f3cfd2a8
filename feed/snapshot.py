"""Snapshots over the feed connection: the floor at one seq, in chunks, without stopping anybody else."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import msgspec

from casework.access import project_case
from casework.model import Case
from feed.hub import CaseSub
from feed.rows import audience_tag
from feed.transport import text_frame
from protocol import codec, frames, limits, shapes
from protocol.problems import problem

if TYPE_CHECKING:
    from feed.connection import FeedConnection

_ENCODE_AT_ONCE: Final = 50
"""Rows encoded between two yields: about 3 ms."""
_FIRST_PAGE: Final = 50
"""Rows of the first chunk: what a screen shows, so that it is there before the rest was encoded."""
_CHUNK_BYTES: Final = 128 * limits.KIB
"""Where a chunk ends, if it can be helped: a console takes one in between two keys."""
_ENVELOPE: Final = 256


async def send_rows(to: FeedConnection, name: str) -> int:
    """Send every case in queue order as this audience may see it; the seq that the console then stands at.

    State and seq are taken together, without an await between. If the ring passes that seq while the chunks are sent,
    the rows that changed since follow as more chunks, and the end stands for the later seq.
    """
    node = to.node
    audience = to.audience
    seq, head_hash = node.floor.seq, node.floor.head_hash
    cases = list(node.floor.in_order())
    to.tell(_begin(to, name, seq, len(cases)))
    while True:
        await _send_chunks(to, name, cases)
        if node.ring.holds_after(seq):
            break
        since, known = seq, {case.case_id for case in cases}
        seq, head_hash = node.floor.seq, node.floor.head_hash
        if any(case_id not in node.floor.cases for case_id in known):
            # A case that left cannot be taken out of a snapshot: begin again, on the floor without it.
            cases = list(node.floor.in_order())
            to.tell(_begin(to, name, seq, len(cases)))
            continue
        cases = [case for case in node.floor.in_order() if case.seq > since]
    to.tell(frames.SnapshotEnd(sub=name, seq=seq, head_hash=head_hash))
    assert audience == to.audience
    return seq


def _begin(to: FeedConnection, name: str, seq: int, count: int) -> frames.SnapshotBegin:
    tag = audience_tag(to.audience)
    return frames.SnapshotBegin(sub=name, epoch=to.node.log.epoch, seq=seq, count=count, audience=tag)


async def _send_chunks(to: FeedConnection, name: str, cases: list[Case]) -> None:
    chunk: list[bytes] = []
    size = _ENVELOPE
    most = min(_FIRST_PAGE, limits.SNAPSHOT_ROWS)
    for start in range(0, len(cases), _ENCODE_AT_ONCE):
        for row in to.node.rows.encode(cases[start : start + _ENCODE_AT_ONCE], to.audience):
            if chunk and (len(chunk) == most or size + len(row) >= _CHUNK_BYTES):
                await _send_chunk(to, name, chunk)
                chunk, size, most = [], _ENVELOPE, limits.SNAPSHOT_ROWS
            chunk.append(row)
            size += len(row) + 1
        if len(chunk) == most:  # the first page is not to wait for the next rows
            await _send_chunk(to, name, chunk)
            chunk, size, most = [], _ENVELOPE, limits.SNAPSHOT_ROWS
        await asyncio.sleep(0)
    if chunk:
        await _send_chunk(to, name, chunk)


async def _send_chunk(to: FeedConnection, name: str, rows: list[bytes]) -> None:
    await to.room()
    to.write(text_frame(b'{"type":"snapshot.chunk","sub":"%b","cases":[%b]}' % (name.encode(), b",".join(rows))))


async def send_case(to: FeedConnection, sub: CaseSub) -> None:
    """Send one whole case and join its events, without an await between."""
    node = to.node
    case = node.floor.cases.get(sub.case_id)
    if case is None:
        detail = "The case left the floor; read it over HTTP." if node.floor.retired(sub.case_id) else "No such case."
        to.tell(frames.ErrorFrame(problem=msgspec.to_builtins(problem("not-found", detail, pointer="/filter/case_id"))))
        return
    encoded = codec.encode(shapes.case_out(project_case(case, to.audience)))
    if len(encoded) > limits.FRAME_OUT - _ENVELOPE:
        large = problem(
            "too-large", "The case does not fit into a frame; read it over HTTP.", pointer="/filter/case_id"
        )
        to.tell(frames.ErrorFrame(problem=msgspec.to_builtins(large)))
        return
    seq, head_hash, epoch = node.floor.seq, node.floor.head_hash, node.log.epoch
    to.tell(frames.SnapshotBegin(sub=sub.name, epoch=epoch, seq=seq, count=1))
    to.tell(frames.SnapshotChunk(sub=sub.name, cases=[msgspec.Raw(encoded)]))
    to.tell(frames.SnapshotEnd(sub=sub.name, seq=seq, head_hash=head_hash))
    sub.cursor = seq
    node.hub.watch(sub)
