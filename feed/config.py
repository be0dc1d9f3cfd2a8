"""The configuration of a feed node: a TOML file, checked whole, each fault with its file and line.

listen = "127.0.0.1:8700"          unix = "/run/watchfloor/feed.sock"      unix_mode = "0600"
log = "sqlite:/var/lib/watchfloor/log.db"                                  node = "a"
origins = ["https://wall.example"]
[tls]        cert, key
[uids.1001]  principal, roles, clearances
[auth]       tokens = "any" | "intake_only"
[limits]     connections_per_principal, commands_per_minute, intake_per_minute, ring_events, ring_mib
[policy]     overrides = ["policy.toml"]
runbooks = "runbooks"              a directory of Markdown files
[state]      snapshot_events, snapshot_minutes
[keeper]     enabled
[audit]      signing_key, checkpoint_events, checkpoint_minutes
[platform]   kind = "http", url, secret_file, mapping, private
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct, field

from casework.access import Person
from casework.tokens import Role
from casework.tomllines import lines_of


class ConfigFault(Exception):
    """A configuration that cannot be used: `file`, `line` (from 1, None if unknown) and the reason, in one sentence."""

    def __init__(self, *, file: str, line: int | None, reason: str) -> None:
        self.file = file
        self.line = line
        self.reason = reason
        super().__init__(f"{file}{f', line {line}' if line else ''}: {reason}")


class Section(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every table; a key nobody knows is a typing error, not a wish."""


class Tls(Section, frozen=True, kw_only=True):
    cert: str
    key: str


class Uid(Section, frozen=True, kw_only=True):
    """Who a uid is that connects over the Unix socket."""

    principal: Annotated[str, Meta(min_length=1, max_length=200, pattern="^[^_]")]
    roles: frozenset[Role]
    clearances: frozenset[str] = frozenset()

    def person(self) -> Person:
        return Person(principal=self.principal, roles=self.roles, clearances=self.clearances)


class AuthRules(Section, frozen=True, kw_only=True):
    tokens: Literal["any", "intake_only"] = "any"


class Limits(Section, frozen=True, kw_only=True):
    """Bounds that an operator may move; those of the protocol stand in `protocol.limits`. 0 means no rate limit."""

    connections_per_principal: Annotated[int, Meta(ge=1, le=100_000)] = 5_000
    connections: Annotated[int, Meta(ge=1, le=100_000)] = 20_000
    commands_per_minute: Annotated[int, Meta(ge=0)] = 0
    intake_per_minute: Annotated[int, Meta(ge=0)] = 0
    ring_events: Annotated[int, Meta(ge=64, le=1_000_000)] = 20_000
    ring_mib: Annotated[int, Meta(ge=1, le=4_096)] = 64


class PolicyFiles(Section, frozen=True, kw_only=True):
    overrides: tuple[str, ...] = ()


class StateRules(Section, frozen=True, kw_only=True):
    """When the folded state is written beside the log, so that a start does not fold all of it."""

    snapshot_events: Annotated[int, Meta(ge=100)] = 20_000
    snapshot_minutes: Annotated[int, Meta(ge=1)] = 15


class KeeperRules(Section, frozen=True, kw_only=True):
    enabled: bool = True


class AuditRules(Section, frozen=True, kw_only=True):
    """What signs the log's checkpoints, and when they are written. Without a file: `PATH.signing`, made by the feed."""

    signing_key: str | None = None
    checkpoint_events: Annotated[int, Meta(ge=1)] = 1_000
    checkpoint_minutes: Annotated[int, Meta(ge=1)] = 5


class PlatformRules(Section, frozen=True, kw_only=True):
    """The platform that enforcement is done on. Without this table nothing is enforced, and the feed says so."""

    kind: Literal["http"]
    url: str
    secret_file: str
    """A file with the secret that signs what is asked of it (`whsec_…`), readable for the feed alone."""
    mapping: str
    """How it is asked: a TOML file, see `feed.delivery.mapping`."""
    private: bool = False
    """It may lie on this host or in a private network, and be reached without TLS."""


class FeedConfig(Section, frozen=True, kw_only=True):
    """Everything a node is told. Paths are relative to the file's directory."""

    listen: str | None = None
    unix: str | None = None
    unix_mode: Annotated[str, Meta(pattern="^0[0-7]{3}$")] = "0600"
    log: str | None = None
    node: Annotated[str, Meta(min_length=1, max_length=64)] = "a"
    origins: frozenset[str] = frozenset()
    tls: Tls | None = None
    uids: dict[Annotated[str, Meta(pattern="^[0-9]{1,10}$")], Uid] = field(default_factory=dict)
    auth: AuthRules = AuthRules()
    limits: Limits = Limits()
    policy: PolicyFiles = PolicyFiles()
    runbooks: Annotated[str, Meta(min_length=1)] | None = None
    """A directory of runbooks that stand in for the shipped ones of their types."""
    state: StateRules = StateRules()
    keeper: KeeperRules = KeeperRules()
    audit: AuditRules = AuditRules()
    platform: PlatformRules | None = None


_AT_LINE: Final = re.compile(r" \(at line (\d+), column \d+\)$")
_PLACE: Final = re.compile(r" - at (?:`key` in )?`\$([^`]*)`$")
_UNKNOWN: Final = re.compile(r"unknown field `([^`]*)`")


def read(path: Path) -> FeedConfig:
    """The configuration in the file at `path`. Raises `ConfigFault`."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as fault:
        raise ConfigFault(file=str(path), line=None, reason=f"cannot be read ({fault.strerror})") from None
    except UnicodeDecodeError:
        raise ConfigFault(file=str(path), line=None, reason="is not UTF-8") from None
    config = parse(text, file=str(path))
    return _anchored(config, path.parent)


def parse(text: str, *, file: str) -> FeedConfig:
    """The configuration in `text`; `file` is for the sentence. Raises `ConfigFault`."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        message = str(fault)
        at = _AT_LINE.search(message)
        line = int(at.group(1)) if at else None
        raise ConfigFault(file=file, line=line, reason=_AT_LINE.sub("", message)) from None
    try:
        return msgspec.convert(table, FeedConfig)
    except msgspec.ValidationError as fault:
        reason, keys = _explained(str(fault))
        raise ConfigFault(file=file, line=_line_of(text, keys), reason=reason) from None


def _explained(message: str) -> tuple[str, tuple[str, ...]]:
    """msgspec's sentence with the dotted key in front, and the keys on the way to the fault."""
    place = _PLACE.search(message)
    keys = tuple(key for key in re.split(r"[.\[\]]+", place.group(1)) if key) if place else ()
    reason = message[: place.start()] if place else message
    unknown = _UNKNOWN.search(message)
    if unknown:
        keys = (*keys, unknown.group(1))
        return f"there is no key `{'.'.join(keys)}`", keys
    name = ".".join(keys)
    return (f"`{name}`: {reason[:1].lower()}{reason[1:]}" if name else reason), keys


def _line_of(text: str, keys: tuple[str, ...]) -> int | None:
    """The line of the innermost of `keys` that the text has; msgspec names no member of a mapping."""
    known = lines_of(text)
    while keys:
        if keys in known:
            return known[keys]
        keys = keys[:-1]
    return None


def _anchored(config: FeedConfig, base: Path) -> FeedConfig:
    """The same with its paths taken from the directory of the file."""

    def at(path: str) -> str:
        return str(base / path)

    changes: dict[str, object] = {}
    if config.tls is not None:
        changes["tls"] = Tls(cert=at(config.tls.cert), key=at(config.tls.key))
    if config.unix is not None:
        changes["unix"] = at(config.unix)
    if config.policy.overrides:
        changes["policy"] = PolicyFiles(overrides=tuple(at(path) for path in config.policy.overrides))
    if config.audit.signing_key is not None:
        changes["audit"] = msgspec.structs.replace(config.audit, signing_key=at(config.audit.signing_key))
    if config.runbooks is not None:
        changes["runbooks"] = at(config.runbooks)
    if config.platform is not None:
        changes["platform"] = msgspec.structs.replace(
            config.platform, secret_file=at(config.platform.secret_file), mapping=at(config.platform.mapping)
        )
    return msgspec.structs.replace(config, **changes)
