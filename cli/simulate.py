"""`watchfloor simulate`: drive a feed with realistic escalations and their updates, on request with a crew at work."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from cli.errors import FeedUnreachable, NotPermitted, UsageError
from cli.lines import write_line

if TYPE_CHECKING:
    from client.config import Profile


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("url", nargs="?", help="the feed (default: the configured one)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same escalations (default: 1)")
    parser.add_argument("--rate", default="2/s", help="mean arrivals: 2/s, 10/m or 100/h (default: 2/s)")
    parser.add_argument("--minutes", type=float, help="how long (default: until interrupted)")
    parser.add_argument(
        "--cases", type=int, default=0, help="escalations to post at once, before the rest (default: 0)"
    )
    parser.add_argument(
        "--speed", type=float, default=1.0, help="how much faster than the clock time passes (default: 1)"
    )
    parser.add_argument("--crew", metavar="FILE", help="a simulated crew works the cases: lines of NAME TOKEN")
    parser.add_argument("--quiet", action="store_true", help="print nothing while it runs")


def per_second(rate: str) -> float:
    """`2/s`, `10/m` or `100/h` as arrivals a second.

    Raises `UsageError` for anything else.
    """
    number, _, unit = rate.partition("/")
    try:
        value = float(number) / {"s": 1, "m": 60, "h": 3600}[unit or "s"]
    except (ValueError, KeyError):
        raise UsageError(f"`{rate}` is no rate; write 2/s, 10/m or 100/h") from None
    if not 0 < value <= 10_000:
        raise UsageError(f"a rate of {rate} cannot be simulated; give one above zero and up to 10000/s")
    return value


def run(args: argparse.Namespace) -> int:
    import asyncio

    from client.config import choose, load

    if args.speed <= 0:
        raise UsageError("--speed must be above zero")
    profile = choose(load(), url=args.url)
    rate = per_second(args.rate)
    crew = _crew(args.crew) if args.crew else []
    return asyncio.run(_drive(args, profile, rate, crew))


def _crew(path: str) -> list[tuple[str, str]]:
    from pathlib import Path

    members = [line.split() for line in Path(path).read_text(encoding="utf-8").splitlines() if line.strip()]
    if any(len(member) != 2 for member in members):
        raise UsageError(f"{path}: each line is NAME TOKEN")
    return [(name, token) for name, token in members]


async def _drive(args: argparse.Namespace, profile: Profile, rate: float, crew: list[tuple[str, str]]) -> int:
    import asyncio
    import contextlib
    import random
    import time

    import httpx

    from client.config import Profile
    from client.http import async_client, headers, reason
    from standins import simulator
    from standins.arrivals import Arrival, Arrivals
    from standins.crew import Member

    arrivals = Arrivals(seed=args.seed, per_second=rate, start_ms=time.time_ns() // 1_000_000)

    def say(arrival: Arrival, status: int) -> None:
        data = arrival.event["data"]
        write_line(f"{status} {arrival.kind:<9} {data.get('case_type', '-'):<6} {data.get('summary', '')}")

    async with contextlib.AsyncExitStack() as stack:

        async def connect(person: Profile) -> httpx.AsyncClient:
            connected = async_client(person)
            connected.headers.update(headers(person))
            return await stack.enter_async_context(connected)

        http = await connect(profile)
        try:
            answer = await http.get("/healthz")
        except httpx.TransportError as error:
            raise FeedUnreachable(profile.url, reason(error)) from None
        if answer.status_code != 200:
            raise FeedUnreachable(profile.url, f"it answers {answer.status_code} where a feed says that it lives")
        try:
            taken = await simulator.seed_floor(http, arrivals, args.cases)
        except simulator.IntakeRefused as error:
            raise NotPermitted(str(error)) from None
        if args.cases and not args.quiet:
            write_line(f"{taken} of {args.cases} escalations are on the floor")
        async with asyncio.TaskGroup() as group:
            workers = []
            for number, (name, bearer) in enumerate(crew):
                member = Member(
                    await connect(Profile(url=profile.url, name=name, token=bearer)),
                    name=name,
                    pace_s=4.0 / args.speed,
                    rng=random.Random(f"crew {args.seed} {number}"),  # repeatable
                )
                workers.append(group.create_task(member.work()))
            seconds = args.minutes * 60 if args.minutes else None
            statuses = await simulator.run(
                http, arrivals, speed=args.speed, seconds=seconds, on_sent=None if args.quiet else say
            )
            for worker in workers:
                worker.cancel()
    refused = sum(count for status, count in statuses.items() if status not in ("200", "202"))
    if not args.quiet:
        write_line(f"{sum(statuses.values())} sent, {refused} refused")
    return 1 if refused else 0
