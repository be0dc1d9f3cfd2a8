"""Shifts of work on a simulated floor with real consoles' cores: what they hold at the end is what the log says.

python -m tests.proofs.shifts FIRST END     resumed FIRST … END-1; exit 1 and the seed at the first that fails
python -m tests.proofs.shifts FIRST END forked
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections import Counter
from collections.abc import Callable, Coroutine
from random import Random
from typing import Any, Final

from casework.access import Person
from feed import snapshot, state
from feed.auth import Login
from feed.connection import FeedConnection
from feed.rows import audience_tag
from protocol import limits
from tests.proofs import virtualtime
from tests.proofs.simulatedfloor import SimulatedFloor, without_collecting
from tests.proofs.simulatedlog import rolled_back
from tests.proofs.wiredconsole import WiredConsole

PATIENCE_S: Final = 120.0
#: Two of one audience; with a clearance, without one, with all, masked.
VIEWERS: Final = (("ana", "cy"), ("ana", "aud"), ("lee", "bo"), ("ana", "bo", "aud"), ("aud", "bo"))


def small() -> None:
    """Small pages and frames, so that a small floor takes several of each. For a process that does nothing else."""
    limits.SNAPSHOT_ROWS = 2  # type: ignore[misc]
    limits.EVENTS_PER_FRAME = 3  # type: ignore[misc]
    snapshot._ENCODE_AT_ONCE = 1  # type: ignore[misc]
    vars(state)["gc"] = without_collecting()
    logging.disable()


async def begun(seed: int) -> tuple[Random, SimulatedFloor, list[WiredConsole]]:
    random = Random(seed)
    floor = SimulatedFloor(random)
    await floor.start()
    # Numbers of their own: what one does must not depend on the order in which a set of connections is walked.
    consoles = [WiredConsole(floor, who, Random(f"{seed} {place}")) for place, who in enumerate(random.choice(VIEWERS))]
    return random, floor, consoles


async def resumed(seed: int) -> Counter[str]:
    """Things happen, consoles come and go, lines break, the feed is killed; then it gets quiet and is looked at."""
    random, floor, consoles = await begun(seed)
    told: Counter[str] = Counter()
    for _ in range(random.randrange(4, 15)):
        for _ in range(random.choice((1, 1, 2, 5))):
            floor.something()
        await asyncio.sleep(random.choice((0.0, 0.001, 0.02, 0.5, 1.0)))
        console = random.choice(consoles)
        act = random.random()
        if act < 0.12 and console.mirror.rows:
            console.state.subs.open(random.choice(sorted(console.mirror.rows)))
        elif act < 0.15 and console.state.subs.cases:
            console.state.subs.shut(random.choice(sorted(console.state.subs.cases)))
        elif act < 0.18:
            told["renewed"] += 1
            renew(floor, random)
        elif act < 0.26:
            told["restarts"] += 1
            await (floor.kill() if random.random() < 0.7 else floor.end())
            await asyncio.sleep(random.choice((0.0, 0.1, 3.0)))
            await floor.start()
    await calm(floor, consoles, random)
    told["open cases"] += check(floor, consoles)
    told["events"] += len(floor.truth.events)
    for console in consoles:
        told["cuts"] += console.cuts
        told["pictures"] += console.pictures
        await console.stop()
    await floor.kill()
    return told


async def forked(seed: int) -> Counter[str]:
    """An older log is put in the place of the one that the consoles know; in half of the cases it grew again."""
    random, floor, consoles = await begun(seed)
    for _ in range(random.randrange(3, 12)):
        floor.something()
        await asyncio.sleep(random.choice((0.001, 0.5)))
    await calm(floor, consoles, random)
    for console in consoles:
        if console.mirror.rows:
            console.state.subs.open(random.choice(sorted(console.mirror.rows)))
    await quiet(floor, consoles)
    head = len(floor.truth.events)
    back = random.choice((head, random.randrange(head + 1), max(0, head - 1)))
    while back < head and floor.truth.events[back].part:
        back -= 1  # a backup holds an append whole or not at all
    await floor.kill()
    for console in consoles:
        console.away = True
    floor.replace_log(rolled_back(floor.disk, back, floor.clock.now_ms))
    await floor.start()
    if random.random() < 0.5:
        # As far as before, less far or farther.
        for _ in range(random.randrange(1, 15)):
            floor.something()
            await asyncio.sleep(0.5)
        await floor.settle()
    for console in consoles:
        console.away = False
    await quiet(floor, consoles)
    told = Counter({"rolled back": int(back < head), "grew again": int(len(floor.truth.events) > back)})
    for console in consoles:
        phase = console.state.status(console._now()).phase
        assert phase == ("forked" if back < head else "live"), f"{console.principal}: {phase}, {head} → {back}"
        told["forked"] += phase == "forked"
    check(floor, consoles)
    for console in consoles:
        console.state.acknowledge_fork()
        assert console.state.status(console._now()).phase == "live"
        await console.stop()
    await floor.kill()
    return told


def renew(floor: SimulatedFloor, random: Random) -> None:
    """Somebody's token says something else from now on, whether they are connected or not."""
    who = random.choice(("ana", "bo"))
    before = floor.people[who]
    clearances = frozenset(random.choice(("", "us", "eu", "us eu")).split())
    floor.people[who] = Person(principal=who, roles=before.roles, clearances=clearances)
    recheck(floor)


def recheck(floor: SimulatedFloor) -> None:
    """What the feed's ticker does every two seconds: hold open connections against what their tokens say now."""
    if floor.node is not None:
        for listener in tuple(floor.node.hub.listeners):
            assert isinstance(listener, FeedConnection)
            person = floor.people[listener.principal]
            if listener.login.person != person:
                listener.renew(Login(person=person))


async def calm(floor: SimulatedFloor, consoles: list[WiredConsole], random: Random) -> None:
    """From here on lines hold; everybody gets their answers and everything there is to see."""
    for console in consoles:
        console.calm = True
        if console.wire is not None and random.random() < 0.5:
            console.wire.cut()
    await floor.settle()
    await quiet(floor, consoles)


async def quiet(floor: SimulatedFloor, consoles: list[WiredConsole]) -> None:
    """Wait until every console says that it stands where the log ends."""
    loop = asyncio.get_running_loop()
    end = loop.time() + PATIENCE_S
    while True:
        assert floor.node is not None
        recheck(floor)
        for console in consoles:
            console.failed()
        if all(there(console, floor) for console in consoles):
            return
        assert loop.time() < end, [
            (console.principal, console.state.status(console._now()), console.mirror.cursor, floor.node.floor.seq)
            for console in consoles
        ]
        await asyncio.sleep(0.2)


def there(console: WiredConsole, floor: SimulatedFloor) -> bool:
    node, wire, subs = floor.node, console.wire, console.state.subs
    if node is None or wire is None or wire.closed or not subs.live:
        return False
    if console.mirror.cursor != len(floor.truth.look().events):
        return False
    if console.mirror.audience != audience_tag(node.engine.audience(console.person)):
        return False  # a resync is on its way
    return all(
        subs._states.get(held.sub) == "live" and held._cursor == console.mirror.cursor
        for case_id, held in subs.cases.items()
        if case_id in node.floor.cases
    )


def check(floor: SimulatedFloor, consoles: list[WiredConsole]) -> int:
    """Log and consoles, at rest; how many open cases were compared."""
    floor.check_log()
    assert floor.node is not None
    cases = floor.truth.look().history[-1]
    assert floor.node.floor.cases == cases
    open_cases = 0
    for console in consoles:
        audience = floor.node.engine.audience(console.person)
        console.check_rows(cases, audience)
        open_cases += console.check_cases(cases, audience)
    return open_cases


def run(one: Callable[[int], Coroutine[Any, Any, Counter[str]]], seeds: range) -> Counter[str]:
    """Run all of them; what they came to in sum, so that a test can see that something did happen."""
    total: Counter[str] = Counter()
    for seed in seeds:
        try:
            total += virtualtime.run(one(seed))
        except BaseException as fault:
            fault.add_note(f"seed {seed}")
            raise
    return total


if __name__ == "__main__":
    small()
    kind = forked if sys.argv[3:] == ["forked"] else resumed
    sys.stdout.write(json.dumps(run(kind, range(int(sys.argv[1]), int(sys.argv[2])))) + "\n")
