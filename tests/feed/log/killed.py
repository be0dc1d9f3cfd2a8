"""A process that appends until it is killed: it prints a line for what was acknowledged, and for what it was told.

    python -m tests.feed.log.killed PATH

`ack KEY SEQ` after an append returned, `heard SEQ` from the hook. Keys are 0, 1, 2, …; each appends two events.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from feed.log.base import Appended
from feed.log.sqlite import SqliteLog
from tests.feed.log.samples import key, note, opened, write

AT_ONCE = 8
IN_ALL = 400


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


async def main(path: Path) -> None:
    log = SqliteLog(path, now=lambda: 0)

    def heard(appended: Appended) -> None:
        for event in appended.events:
            say(f"heard {event.seq}")

    log.on_commit = heard
    numbers = iter(range(IN_ALL))

    async def work() -> None:
        for number in numbers:
            case_id = f"C-{number:08d}"
            appended = await log.append(key(str(number)), [write(0, opened(case_id), note(case_id))])
            say(f"ack {number} {appended.first_seq}")

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    await log.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
