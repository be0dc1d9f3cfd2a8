"""One feed node as a process: its sockets, its tasks, its end.

The listening sockets are our own: TCP and Unix together, the Unix one with a mode of our choice and unlinked after. The
line `ready URL` comes once, when requests are answered. SIGTERM: no new connections, `bye` to consoles, what is in
flight is finished, the state is written, exit 0.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import os
import random as randomness
import resource
import signal
import socket
import ssl
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from uvicorn import Config, Server

from casework import policy as policies
from casework.policy import Policy
from casework.runbook import Runbook
from casework.runbookfile import RunbookFault, keys_of, laid_over, shipped
from feed.auth import Find
from feed.checkpointing import Checkpointer
from feed.clock import Clock, SystemClock
from feed.config import FeedConfig
from feed.connection import FeedConnection
from feed.delivery.connecting import Standing, connect
from feed.delivery.delivery import Delivery
from feed.http.app import make_app
from feed.log.address import open_log
from feed.log.base import Log
from feed.log.files import beside
from feed.log.signing import SigningKey
from feed.log.sqlite import SqliteLog
from feed.log.tokens import TokenStore
from feed.logs import Journal
from feed.node import Node
from feed.state import StateWriter, load
from feed.ticking import Ticker
from feed.transport import FeedHTTPProtocol, FeedServer, FeedWebSocketProtocol
from protocol import limits

DRAIN_SECONDS: Final = 10
BYE_RETRY_MS: Final = 500

_journal: Final = Journal("serve")


class Unsafe(Exception):
    """What was asked for could lose data or show it to strangers; it takes `--unsafe`."""


class CannotListen(Exception):
    """An address that cannot be listened on."""


def address(text: str) -> tuple[str, int]:
    """HOST:PORT as (host, port); IPv6 in brackets. Raises `CannotListen`."""
    host, separator, port = text.rpartition(":")
    if not separator or not port.isdigit() or int(port) > 65_535 or not host:
        raise CannotListen(f"{text} is not HOST:PORT, such as 127.0.0.1:8700")
    return host.strip("[]"), int(port)


def check_safe(config: FeedConfig, log: Log | None = None) -> None:
    """Raises `Unsafe` for a listen beyond this host without TLS, or a log that could lose what it acknowledged."""
    if config.listen is not None and config.tls is None and not _loopback(address(config.listen)[0]):
        raise Unsafe(
            f"{config.listen} can be reached from other hosts, and there is no TLS. Configure [tls], listen on "
            "127.0.0.1, or say --unsafe."
        )
    if log is not None and not log.durable:
        raise Unsafe("This log could lose what it acknowledged. Write --log sqlite:PATH, or say --unsafe.")


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def load_policy(config: FeedConfig) -> Policy:
    """The default policy with the operator's overrides, in their order. Raises `PolicyFault`, OSError."""
    policy = policies.defaults()
    for path in config.policy.overrides:
        policy = policies.override(policy, Path(path).read_text(encoding="utf-8"), file=path)
    return policy


def load_runbooks(config: FeedConfig, policy: Policy) -> tuple[Runbook, ...]:
    """The shipped runbooks with the operator's files (`*.md` of one directory) in place of those of their types.

    Raises `RunbookFault`, OSError.
    """
    keys = keys_of(policy.actions)
    if config.runbooks is None:
        return shipped()
    # Listed and not globbed: a directory that is not there is a fault and not an empty one.
    paths = sorted(path for path in Path(config.runbooks).iterdir() if path.suffix == ".md" and path.name[0] != ".")
    return laid_over(shipped(), ((str(path), read_runbook(path)) for path in paths), keys)


def read_runbook(path: Path) -> str:
    """The text of the file at `path`. Raises `RunbookFault` if it is not UTF-8, OSError."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise RunbookFault(file=str(path), line=1, reason="it is not UTF-8") from None


def listen_tcp(text: str) -> socket.socket:
    """A listening TCP socket on HOST:PORT. Raises `CannotListen`."""
    host, port = address(text)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        # With its protocol named, asyncio turns Nagle off; else every answer would wait 40 ms for an acknowledgment.
        sock = socket.socket(found[0], socket.SOCK_STREAM, socket.IPPROTO_TCP)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(found[4])
    except OSError as fault:
        raise CannotListen(f"{text} cannot be listened on: {fault.strerror or fault}") from None
    sock.setblocking(False)
    return sock


def listen_unix(path: str, mode: int) -> socket.socket:
    """A listening Unix socket at `path`, its file with `mode` from the first moment. Raises `CannotListen`."""
    file = Path(path)
    _remove_dead(file)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o777 & ~mode)
    try:
        sock.bind(path)
        file.chmod(mode)
    except OSError as fault:
        sock.close()
        raise CannotListen(f"{path} cannot be listened on: {fault.strerror or fault}") from None
    finally:
        os.umask(before)
    sock.setblocking(False)
    return sock


def _remove_dead(file: Path) -> None:
    """Remove the socket of a feed that is gone; one that still answers is left alone."""
    try:
        if not stat.S_ISSOCK(file.lstat().st_mode):
            raise CannotListen(f"{file} is there and is not a socket; name another path")
    except FileNotFoundError:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(file))
        except OSError:
            file.unlink(missing_ok=True)
            return
    raise CannotListen(f"{file} is in use by another feed; stop that one first")


def urls(config: FeedConfig, tcp: socket.socket | None) -> list[str]:
    """Where this node is reached: TCP first."""
    found = []
    if tcp is not None:
        host, port = tcp.getsockname()[:2]
        host = f"[{host}]" if ":" in host else host
        found.append(f"{'https' if config.tls else 'http'}://{host}:{port}")
    if config.unix is not None:
        found.append(f"unix:{config.unix}")
    return found


async def serve(config: FeedConfig, *, unsafe: bool, say: Callable[[str], None], clock: Clock | None = None) -> None:
    """Run one node until SIGTERM or SIGINT. `say` gets the line `ready URL` once.

    Raises `Unsafe`, `CannotListen`, `LogLocked`, `LogUnusable`, `PolicyFault`, `RunbookFault`, `PlatformFault`,
    `MappingFault`, `Forbidden`, OSError.
    """
    _raise_descriptor_limit()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if not unsafe:
        check_safe(config)
    clock = clock or SystemClock()
    policy = load_policy(config)
    runbooks = load_runbooks(config, policy)
    connector = None if config.platform is None else connect(config.platform)
    assert config.log is not None
    log = open_log(config.log, now=clock.now_ms)
    sockets: list[socket.socket] = []
    tokens: TokenStore | None = None
    try:
        if not unsafe:
            check_safe(config, log)
        tokens = TokenStore(log.path, now=clock.now_ms) if isinstance(log, SqliteLog) else None
        signing = signing_key(config, log)
        node = Node(
            config=config,
            log=log,
            clock=clock,
            policy=policy,
            find_token=_finder(tokens),
            signing=signing,
            runbooks=runbooks,
            platform=connector,
        )
        tcp = listen_tcp(config.listen) if config.listen is not None else None
        if tcp is not None:
            sockets.append(tcp)
        if config.unix is not None:
            sockets.append(listen_unix(config.unix, int(config.unix_mode, 8)))
        await load(log, node.floor, node.ring)
        clock.not_before(node.floor.newest_at)
        node.loaded = True
        if config.keeper.enabled:
            await node.keeper.catch_up()
        delivery = None
        if connector is not None:
            standing = Standing(config, tokens)
            delivery = Delivery(node.engine, connector, standing, now=monotonic_ms, random=randomness.random)
        await _run(node, sockets, stop, delivery, ready=lambda: say(f"ready {urls(config, tcp)[0]}"))
    finally:
        for sock in sockets:
            sock.close()
            if sock.family == socket.AF_UNIX and config.unix is not None:
                with contextlib.suppress(OSError):
                    os.unlink(config.unix)
        if connector is not None:
            await connector.close()
        if tokens is not None:
            tokens.close()
        await log.close()


def signing_key(config: FeedConfig, log: Log) -> SigningKey | None:
    """What signs the heads of `log`; a log in memory has none. Raises `LogUnusable`, OSError."""
    if not isinstance(log, SqliteLog):
        return None
    named = config.audit.signing_key
    return SigningKey.open(beside(log.path, "signing") if named is None else Path(named))


def monotonic_ms() -> float:
    """ms of a clock that never jumps."""
    return time.monotonic_ns() / 1_000_000


def _raise_descriptor_limit() -> None:
    """Every console is a descriptor; take as many as this process may have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _finder(tokens: TokenStore | None) -> Find | None:
    # Expiry is judged where its sentence is made, so an expired record is wanted as well.
    return None if tokens is None else lambda token: tokens.find(token, 0)


async def _run(
    node: Node,
    sockets: list[socket.socket],
    stop: asyncio.Event,
    delivery: Delivery | None,
    *,
    ready: Callable[[], None],
) -> None:
    server = FeedServer(_uvicorn(node.config, node))
    writer = StateWriter(node.log, node.floor, node.config.state)
    tasks = [asyncio.create_task(Ticker(node).run()), asyncio.create_task(writer.run())]
    signer = _checkpointer(node)
    if signer is not None:
        tasks.append(asyncio.create_task(signer.run()))
    if node.config.keeper.enabled:
        tasks.append(asyncio.create_task(node.keeper.run()))
    if delivery is not None:
        tasks.append(asyncio.create_task(delivery.run()))
    for task in tasks:
        task.add_done_callback(lambda done: _ended(node, done, stop))
    serving = asyncio.create_task(server.serve(sockets=sockets))
    serving.add_done_callback(lambda _: stop.set())
    try:
        while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn tells it by a flag only
            await asyncio.sleep(0.005)
        if server.started:
            ready()
            _journal.info("serving", node=node.config.node, cases=len(node.floor.cases), seq=node.floor.seq)
            await stop.wait()
            await _drain(node, server)
        await serving
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await node.engine.idle()
        await node.refusals.idle()
        await writer.write()
        if signer is not None:
            await signer.write()
        _journal.info("ended", seq=node.floor.seq)


def _checkpointer(node: Node) -> Checkpointer | None:
    if node.signing is None or not isinstance(node.log, SqliteLog):
        return None
    path = beside(node.log.path, "checkpoints")
    return Checkpointer(node.log, path, node.signing, node.config.audit, node.clock.now_ms)


async def _drain(node: Node, server: Server) -> None:
    """No new connections; consoles are told and closed; requests in flight are finished."""
    node.draining = True
    for listening in server.servers:
        listening.close()
    node.hub.flush()
    for listener in tuple(node.hub.listeners):
        if isinstance(listener, FeedConnection):
            listener.say_bye("restart", BYE_RETRY_MS)
    await asyncio.sleep(0)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(2):
            while node.hub.listeners:  # noqa: ASYNC110 - they leave one by one
                await asyncio.sleep(0.01)
    server.should_exit = True


def _ended(node: Node, task: asyncio.Task[None], stop: asyncio.Event) -> None:
    """A task of the node's own never ends by itself: if one does, the node must not go on without it."""
    if not task.cancelled() and task.exception() is not None:
        fault = task.exception()
        assert fault is not None
        _journal.fault("task failed", fault)
        node.engine.broken = node.engine.broken or type(fault).__name__
        stop.set()


def _uvicorn(config: FeedConfig, node: Node) -> Config:
    uvicorn = Config(
        make_app(node),
        http=FeedHTTPProtocol,
        ws=FeedWebSocketProtocol,
        # Larger messages, in one frame or many, end the connection with 1009 before they are held.
        ws_max_size=limits.FRAME_IN,
        ws_per_message_deflate=False,
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=DRAIN_SECONDS,
        timeout_keep_alive=75,
        h11_max_incomplete_event_size=64 * limits.KIB,
        loop="asyncio",
    )
    uvicorn.load()
    if config.tls is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(config.tls.cert, config.tls.key)
        uvicorn.ssl = context
    return uvicorn
