"""HTTP to a feed: the one place that knows how a request is addressed, authorized and bounded.

httpx is imported when the first request is made, which is after the console's first paint. Neither client follows
redirects nor looks at proxy variables: what is said here goes to the feed and to nobody else.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from client.config import Profile
from client.errors import ConfigFault, FeedUnreachable, Refused
from protocol.answers import answer_in
from protocol.codec import Malformed
from protocol.problems import Problem, problem

if TYPE_CHECKING:
    import ssl

    import httpx

CONNECT_S: Final = 3.0
READ_S: Final = 10.0
USER_AGENT: Final = "watchfloor"


def headers(profile: Profile) -> dict[str, str]:
    """What every request carries. Raises `NoToken`."""
    token = profile.read_token()
    fixed = {"User-Agent": USER_AGENT, "Accept": "application/json"}
    return fixed if token is None else {**fixed, "Authorization": f"Bearer {token}"}


def tls(profile: Profile) -> ssl.SSLContext | bool:
    """Whom to believe that it is the feed: the system's authorities, or the profile's own and no other.

    True where there is no TLS. Raises `ConfigFault`.
    """
    if not profile.address.base.startswith("https:"):
        return True
    import ssl

    if profile.ca_file is None:
        return ssl.create_default_context()
    path = Path(profile.ca_file).expanduser()
    try:
        return ssl.create_default_context(cafile=str(path))
    except (OSError, ssl.SSLError) as error:
        raise ConfigFault(path, 0, f"it holds no certificate of an authority: {reason(error)}") from None


def async_client(profile: Profile, transport: httpx.AsyncBaseTransport | None = None) -> httpx.AsyncClient:
    """A client for the console. `transport` is for tests. Raises `BadAddress`."""
    import httpx

    place = profile.address
    if transport is None and place.socket is not None:
        transport = httpx.AsyncHTTPTransport(uds=place.socket)
    return httpx.AsyncClient(
        base_url=place.base,
        transport=transport,
        verify=tls(profile),
        timeout=httpx.Timeout(READ_S, connect=CONNECT_S),
        trust_env=False,
        follow_redirects=False,
    )


def client(profile: Profile, transport: httpx.BaseTransport | None = None) -> httpx.Client:
    """A client for a subcommand. `transport` is for tests. Raises `BadAddress`."""
    import httpx

    place = profile.address
    if transport is None and place.socket is not None:
        transport = httpx.HTTPTransport(uds=place.socket)
    return httpx.Client(
        base_url=place.base,
        transport=transport,
        verify=tls(profile),
        timeout=httpx.Timeout(READ_S, connect=CONNECT_S),
        trust_env=False,
        follow_redirects=False,
    )


def problem_of(response: httpx.Response) -> Problem:
    """The problem document of a refusal, also of one that something else than a feed wrote."""
    try:
        document: Problem = answer_in(response.content, Problem)
        return document
    except Malformed:
        # Not by a feed, so not a refusal of one: a command that meets it is not settled.
        detail = f"Status {response.status_code} came without an explanation; is this the address of a feed?"
        return Problem(type="about:blank", title="Not an answer of a feed", status=response.status_code, detail=detail)


def reason(error: Exception) -> str:
    """What the transport said, in few words and without an address."""
    text = str(error) or type(error).__name__
    return text.splitlines()[0][:200]


class Api:
    """Requests of a subcommand: answers as JSON bytes, refusals and silence as errors.

    Used as a context manager; every method raises `FeedUnreachable`, `Refused`, `NoToken`.
    """

    def __init__(self, profile: Profile, transport: httpx.BaseTransport | None = None) -> None:
        self.profile = profile
        self.now_ms: int | None = None
        """The feed's time when it last answered, ms UTC to the second; None before that."""
        self._client = client(profile, transport)

    def __enter__(self) -> Api:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def get(self, path: str, **params: str | int | None) -> bytes:
        """GET `path` under the feed's address; a parameter that is None is left out."""
        given = {name: value for name, value in params.items() if value is not None}
        return self._ask("GET", path, params=given)

    def post(self, path: str, body: bytes, *, content_type: str = "application/json", key: str | None = None) -> bytes:
        """POST `body`; `key` is its Idempotency-Key."""
        more = {"Content-Type": content_type} | ({} if key is None else {"Idempotency-Key": key})
        return self._ask("POST", path, content=body, headers=more)

    def _ask(self, method: str, path: str, **request: Any) -> bytes:
        import httpx

        request["headers"] = headers(self.profile) | request.get("headers", {})
        try:
            response = self._client.request(method, path, **request)
        except httpx.HTTPError as error:
            raise FeedUnreachable(self.profile.url, reason(error)) from None
        self.now_ms = _date(response)
        if response.is_success:
            return response.content
        if response.status_code in (502, 504):
            raise FeedUnreachable(self.profile.url, f"a gateway answered {response.status_code}")
        if response.is_redirect:
            raise Refused(problem("not-found", "The address answers with a redirect; give the address it leads to."))
        raise Refused(problem_of(response))


def _date(response: httpx.Response) -> int | None:
    """When it was answered, by the clock over there."""
    from email.utils import parsedate_to_datetime

    try:
        return int(parsedate_to_datetime(response.headers["Date"]).timestamp() * 1_000)
    except (KeyError, ValueError, OverflowError):
        return None
