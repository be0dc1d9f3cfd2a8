"""What the link to the feed is like, in one value that a screen can show."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Phase = Literal["connecting", "loading", "live", "stale", "offline", "forbidden", "forked"]


class LinkStatus(Struct, frozen=True, kw_only=True):
    """The link as it is now. Anything but ``live`` means: what is shown may not be what is.

    connecting: nobody answered yet, nobody refused · loading: connected, the picture is not whole yet · live · stale:
    connected or just lost, nothing heard for 2.5 heartbeats · offline: trying again · forbidden: the feed refuses this
    person · forked: the log is not the one that was seen before, until somebody acknowledges it.
    """

    phase: Phase = "connecting"
    feed_age_ms: int | None = None
    """Since the last frame that could be read; None before the first."""
    node: str = ""
    principal: str = ""
    roles: tuple[str, ...] = ()
    epoch: str = ""
    seq: int = 0
    """How far the mirror reaches."""
    head: int = 0
    """How far the log reaches, as last heard."""
    detail: str = ""
    """A sentence on what is wrong and what happens next; empty when nothing is."""
    retry_in_ms: int | None = None
    """Until the next attempt to connect; None while connected or connecting."""
    bad_frames: int = 0
    """Frames that could not be read, since the start."""
    gaps: int = 0
    """How often something was missing and had to be asked for again, since the start."""
    round_trip_ms: float | None = None
    """How long the best of the last questions after the time took to the feed and back."""
    auth_expires: int | None = None
    """When the token ends, ms UTC; None if it does not."""
