"""HTTP to the outside, with what a feed must not do left out: no address of this host or its network unless configured,
no redirects, no answer that is too large or too slow.

The host is resolved here, every address is checked, and the connection goes to the address that was checked, so that a
name which says one thing to the check and another to the connection changes nothing.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Mapping
from typing import Final
from urllib.parse import urlsplit

import httpx

ANSWER_BYTES: Final = 256 * 1024
ANSWER_S: Final = 8.0
CONNECT_S: Final = 3.0

Resolve = Callable[[str, int], Awaitable[list[str]]]


class Forbidden(Exception):
    """An address that the feed does not talk to; `str()` says which and what to configure."""


class TooMuch(Exception):
    """An answer beyond the limits: larger than `ANSWER_BYTES`, or a redirect."""


class Answer:
    """A whole answer: status, headers in small letters, body."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body


async def resolve(host: str, port: int) -> list[str]:
    """The addresses of `host`. Raises OSError."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_outside(address: str) -> bool:
    """Whether an IP address is one of the public network: not this host's, its network's, or a group's."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    ip = ip if mapped is None else mapped
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


class Outbound:
    """Requests to one base URL and nowhere else.

    `private`: addresses of this host and of private networks are allowed, for a platform that lies beside the feed.
    """

    def __init__(
        self,
        base: str,
        *,
        private: bool = False,
        resolve: Resolve = resolve,
        transport: httpx.AsyncBaseTransport | None = None,
        answer_s: float = ANSWER_S,
    ) -> None:
        """Raises `Forbidden` for a URL that is not HTTPS (or HTTP where `private`) with a host and no user."""
        parts = urlsplit(base)
        schemes = ("https", "http") if private else ("https",)
        if parts.scheme not in schemes or not parts.hostname or "@" in parts.netloc:
            raise Forbidden(f"{base} is no address of a platform; write https://HOST (http:// with private = true)")
        self._base = base.rstrip("/")
        self._host = parts.hostname
        self._port = parts.port or (443 if parts.scheme == "https" else 80)
        self._netloc = parts.netloc
        self._private = private
        self._resolve = resolve
        self._answer_s = answer_s
        self._client = httpx.AsyncClient(
            transport=transport,
            timeout=httpx.Timeout(answer_s, connect=CONNECT_S),
            follow_redirects=False,
            trust_env=False,
            limits=httpx.Limits(max_connections=16, max_keepalive_connections=8),
        )

    async def request(self, method: str, path: str, *, headers: Mapping[str, str], content: bytes = b"") -> Answer:
        """One request below the base, and its whole answer.

        Raises `Forbidden`, `TooMuch`, `TimeoutError`, `httpx.HTTPError`, OSError.
        """
        async with asyncio.timeout(self._answer_s):
            address = await self._address()
            url = httpx.URL(self._base + path)
            request = self._client.build_request(
                method,
                url.copy_with(host=address),
                headers={**headers, "Host": self._netloc, "Accept-Encoding": "identity"},
                content=content,
                extensions={"sni_hostname": self._host},
            )
            response = await self._client.send(request, stream=True)
            try:
                if response.is_redirect:
                    raise TooMuch(f"it redirects ({response.status_code}); redirects are not followed")
                body = await self._body(response)
            finally:
                await response.aclose()
        return Answer(response.status_code, response.headers, body)

    async def close(self) -> None:
        await self._client.aclose()

    async def _address(self) -> str:
        """An address of the host that may be talked to; all of them have to be such."""
        addresses = await self._resolve(self._host, self._port)
        if not addresses:
            raise OSError(f"{self._host} has no address")
        for address in addresses:
            if not self._private and not is_outside(address):
                raise Forbidden(
                    f"{self._host} is {address}, an address of this host or of a private network; if the platform lies "
                    "there, say private = true"
                )
        return addresses[0]

    async def _body(self, response: httpx.Response) -> bytes:
        declared = response.headers.get("content-length", "")
        if declared.isdigit() and int(declared) > ANSWER_BYTES:
            raise TooMuch(f"its answer has {int(declared):,} bytes; {ANSWER_BYTES:,} are read")
        body = bytearray()
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > ANSWER_BYTES:
                raise TooMuch(f"its answer is longer than {ANSWER_BYTES:,} bytes")
        return bytes(body)
