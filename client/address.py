"""Where a feed is: `http(s)://HOST[:PORT]` or `unix:PATH`, and what is derived from it."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct

from client.errors import BadAddress

DEFAULT_URL: Final = "http://127.0.0.1:8700"


class Address(Struct, frozen=True, kw_only=True):
    """A feed's address. `base` is for HTTP requests, `socket` the path of the Unix socket if it is one."""

    url: str
    base: str
    socket: str | None = None

    @property
    def feed_uri(self) -> str:
        """The WebSocket's URI."""
        scheme, _, rest = self.base.partition("://")
        return f"{'wss' if scheme == 'https' else 'ws'}://{rest}/v1/feed"


def address(url: str) -> Address:
    """The address that `url` names. Raises `BadAddress`."""
    if url.startswith("unix:"):
        path = url.removeprefix("unix:").removeprefix("//")
        if not path:
            raise BadAddress(url, "the path of the socket is missing")
        full = str(Path(path).expanduser())
        return Address(url=f"unix:{full}", base="http://localhost", socket=full)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise BadAddress(url, str(error)) from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadAddress(url, "it starts with none of http://, https:// and unix:")
    if parts.username or parts.password:
        raise BadAddress(url, "a name or password never stands in an address")
    if parts.query or parts.fragment:
        raise BadAddress(url, "there is something after the path")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    base = f"{parts.scheme}://{host}" + (f":{port}" if port else "") + parts.path.rstrip("/")
    return Address(url=base, base=base)
