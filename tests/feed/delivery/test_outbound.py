"""What the feed does not do on its way to a platform: inner addresses, redirects, answers without an end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx
import pytest

from feed.delivery.outbound import ANSWER_BYTES, Forbidden, Outbound, TooMuch

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], object]


@asynccontextmanager
async def server(answer: bytes, *, then_hang: bool = False, drip_s: float = 0.0) -> AsyncIterator[str]:
    """A server that answers every request with these bytes."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        try:
            if drip_s:
                for at in range(0, len(answer), 16):
                    writer.write(answer[at : at + 16])
                    await writer.drain()
                    await asyncio.sleep(drip_s)
            writer.write(answer)
            await writer.drain()
            if then_hang:
                await asyncio.sleep(30)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    listening = await asyncio.start_server(handle, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        listening.close()


def ok(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(body), body)


async def ask(base: str, **more: object) -> bytes:
    outbound = Outbound(base, private=True, answer_s=1.0, **more)  # type: ignore[arg-type]
    try:
        return (await outbound.request("GET", "/x", headers={})).body
    finally:
        await outbound.close()


async def test_an_answer_within_the_limits_is_read() -> None:
    async with server(ok(b"{}")) as base:
        assert await ask(base) == b"{}"


@pytest.mark.parametrize(
    "base",
    [
        "http://platform.example", "ftp://platform.example", "https://", "//platform.example", "https://u:p@platform.example",
        "file:///etc/passwd", "https:///x", "platform.example",
    ],
)  # fmt: skip
def test_only_https_with_a_host_and_no_user(base: str) -> None:
    with pytest.raises(Forbidden):
        Outbound(base)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1",
        "::1", "fe80::1", "fc00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::", "224.0.0.1", "255.255.255.255",
    ],
)  # fmt: skip
async def test_a_name_that_leads_inside_is_not_followed(address: str) -> None:
    async def resolve(host: str, port: int) -> list[str]:
        return ["93.184.216.34", address]

    def answer(request: httpx.Request) -> httpx.Response:
        raise AssertionError(f"asked {request.url}")

    outbound = Outbound("https://platform.example", resolve=resolve, transport=httpx.MockTransport(answer))
    with pytest.raises(Forbidden, match="private = true"):
        await outbound.request("GET", "/x", headers={})
    await outbound.close()


async def test_the_connection_goes_to_the_address_that_was_checked() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, stream=httpx.ByteStream(b"{}"))

    async def resolve(host: str, port: int) -> list[str]:
        return ["93.184.216.34"]

    outbound = Outbound("https://platform.example/base", resolve=resolve, transport=httpx.MockTransport(answer))
    await outbound.request("POST", "/x", headers={}, content=b"{}")
    await outbound.close()
    (request,) = seen
    assert str(request.url) == "https://93.184.216.34/base/x"
    assert request.headers["host"] == "platform.example"
    assert request.extensions["sni_hostname"] == "platform.example"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_not_followed(status: int) -> None:
    answer = b"HTTP/1.1 %d X\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n" % status
    async with server(answer) as base:
        with pytest.raises(TooMuch, match="redirects"):
            await ask(base)


async def test_an_answer_that_is_too_large_is_not_read_to_its_end() -> None:
    async with server(ok(b"x" * (ANSWER_BYTES + 1))) as base:
        with pytest.raises(TooMuch, match="bytes"):
            await ask(base)
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    async with server(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk * 8) as base:
        with pytest.raises(TooMuch, match="longer"):
            await ask(base)


async def test_an_answer_that_does_not_come_is_not_waited_for() -> None:
    async with server(b"", then_hang=True) as base:
        with pytest.raises((TimeoutError, httpx.TimeoutException)):
            await ask(base)
    async with server(ok(b"x" * 4_096), drip_s=0.05) as base:
        with pytest.raises(TimeoutError):
            await ask(base)


async def test_a_compressed_answer_is_not_blown_up() -> None:
    """No encoding is asked for, and none is undone: a small answer cannot become a large one here."""
    import zlib

    squeezed = zlib.compress(b"0" * 50_000_000, 9)
    answer = b"HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\nContent-Length: %d\r\n\r\n%s" % (len(squeezed), squeezed)
    async with server(answer) as base:
        assert await ask(base) == squeezed
