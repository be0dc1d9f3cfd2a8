"""What the person at this console set: `$XDG_CONFIG_HOME/watchfloor/config.toml` and the environment.

```toml
profile = "work"                 # the profile that counts when none is named
theme = "night"
ascii = false
mouse = false
journal = true                   # keep drafts, view and filter on this machine, for when the terminal is lost
quiet_hours = "22:00-07:00"      # local time: nothing calls but S0 and S1
idle_minutes = 10                # without a key for that long the screen is put away; 0: never
viewer = "https://viewer.example.org/open?case={case_id}"   # what Yv copies

[attention]                      # what calls you, for each severity: bell, notify, hook
title = true                     # counts in the terminal's title
hook = ["/usr/local/bin/call-me"]   # run without a shell, ended after 10 s, told by its environment
S0 = ["bell", "notify", "hook"]
S2 = ["bell"]

[profiles.work]
url = "https://feed.example.org"
token_file = "~/.config/watchfloor/token"
ca_file = "~/.config/watchfloor/ca.pem"   # a private authority; without it, those that this system trusts

[keys]                           # act = key
claim = "a"

[views]                          # digit = name, or { name, query }
5 = { name = "minors", query = "sens:minor" }
```

Environment: `WATCHFLOOR_FEED`, `WATCHFLOOR_TOKEN` or `WATCHFLOOR_TOKEN_FILE`, `WATCHFLOOR_CONFIG` (another file).
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from client.address import DEFAULT_URL, Address, address
from client.attention import AttentionFault, AttentionSettings, attention_settings
from client.errors import BadAddress, ConfigFault, NoToken

_SETTINGS: Final = ("profile", "theme", "ascii", "mouse", "journal", "quiet_hours", "idle_minutes", "viewer")
_TOP: Final = (*_SETTINGS, "attention", "profiles", "keys", "views")
_PLACE: Final = "{case_id}"
_IDLE_MOST: Final = 24 * 60
_PROFILE: Final = ("url", "token_file", "ca_file")
_VIEW: Final = ("name", "query")
_TOKEN_BYTES: Final = 4_096


class Profile(Struct, frozen=True, kw_only=True):
    """A feed and who one is there. The token is read each time it is needed: a renewed one counts at once."""

    url: str
    name: str = ""
    token: str | None = None
    token_file: str | None = None
    ca_file: str | None = None

    @property
    def address(self) -> Address:
        """Raises `BadAddress`."""
        return address(self.url)

    def read_token(self) -> str | None:
        """The bearer token, None if none is configured (a Unix socket needs none). Raises `NoToken`."""
        if self.token is not None:
            if not _is_token(self.token):
                raise NoToken("WATCHFLOOR_TOKEN", "it holds blanks or control characters")
            return self.token
        if self.token_file is None:
            return None
        path = Path(self.token_file).expanduser()
        try:
            with path.open("rb") as file:
                mode = os.fstat(file.fileno()).st_mode
                text = file.read(_TOKEN_BYTES).decode("ascii").strip()
        except OSError as error:
            raise NoToken(path, error.strerror or "it cannot be read") from None
        except UnicodeDecodeError:
            raise NoToken(path, "it is not text") from None
        if mode & 0o007:
            raise NoToken(path, "everybody on this machine may open it; chmod 600 it, and have the token replaced")
        if not _is_token(text):
            raise NoToken(path, "it has to hold one token on one line")
        return text

    def __repr__(self) -> str:
        return f"Profile(url={self.url!r}, name={self.name!r})"  # never the token


def _is_token(text: str) -> bool:
    """One word of printable ASCII: nothing that could end the header that it goes into."""
    return bool(text) and all("!" <= char <= "~" for char in text)


class View(Struct, frozen=True, kw_only=True):
    """A saved view on a digit: a built-in name, or a name with a query of one's own."""

    name: str
    query: str | None = None


class QuietHours(Struct, frozen=True, kw_only=True):
    """From `start` to `end`, minutes after local midnight; it may run over midnight."""

    start: int
    end: int

    def covers(self, minute: int) -> bool:
        """Whether `minute` after local midnight lies in it."""
        if self.start <= self.end:
            return self.start <= minute < self.end
        return minute >= self.start or minute < self.end


class Config(Struct, frozen=True, kw_only=True):
    """The settings of one person. `file` is where they were read, None if there is no file."""

    file: str | None = None
    profile: str | None = None
    profiles: dict[str, Profile] = {}
    keys: dict[str, str] = {}
    views: dict[str, View] = {}
    theme: str | None = None
    ascii: bool = False
    mouse: bool = False
    journal: bool = True
    quiet_hours: QuietHours | None = None
    idle_minutes: int = 10
    viewer: str | None = None
    attention: AttentionSettings = AttentionSettings()


def config_file(environ: Mapping[str, str] | None = None) -> Path:
    """Where the configuration is looked for."""
    env = os.environ if environ is None else environ
    if named := env.get("WATCHFLOOR_CONFIG"):
        return Path(named).expanduser()
    home = env.get("XDG_CONFIG_HOME", "")
    base = Path(home) if home.startswith("/") else Path.home() / ".config"
    return base / "watchfloor" / "config.toml"


def load(environ: Mapping[str, str] | None = None) -> Config:
    """The configuration; without a file the defaults. Raises `ConfigFault`."""
    env = os.environ if environ is None else environ
    path = config_file(env)
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        if env.get("WATCHFLOOR_CONFIG"):
            raise ConfigFault(path, 0, "there is no such file, and WATCHFLOOR_CONFIG names it") from None
        return Config()
    except OSError as error:
        raise ConfigFault(path, 0, error.strerror or "it cannot be read") from None
    except UnicodeDecodeError:
        raise ConfigFault(path, 0, "it is not UTF-8") from None
    return parse(text, file=path)


def parse(text: str, *, file: Path | str) -> Config:
    """The configuration that `text` states. Raises `ConfigFault` with `file` and the line."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", str(error))
        line = int(found[1]) if found and found[1] else text.count("\n") + 1
        reason = str(error)[: found.start()] if found else str(error)
        raise ConfigFault(file, line, f"this is not TOML: {reason}") from None
    return _Reader(text, file).config(data)


def choose(
    config: Config, *, url: str | None = None, profile: str | None = None, environ: Mapping[str, str] | None = None
) -> Profile:
    """The feed to go to: the address named, else the profile named, else the environment's, else the configured one,
    else a feed on this machine. A token in the environment counts for each of them.

    Raises `ConfigFault` for a profile that is not there, `BadAddress`.
    """
    env = os.environ if environ is None else environ
    if profile is not None and profile not in config.profiles:
        known = ", ".join(sorted(config.profiles)) or "none"
        raise ConfigFault(config.file or config_file(env), 0, f"there is no profile {profile!r}; there is: {known}")
    chosen = config.profiles.get(profile) if profile is not None else None
    if chosen is None and url is None and not env.get("WATCHFLOOR_FEED") and config.profile is not None:
        chosen = config.profiles[config.profile]
    place = address(url or (chosen.url if chosen else None) or env.get("WATCHFLOOR_FEED") or DEFAULT_URL)
    same = next((held for held in config.profiles.values() if held.address.url == place.url), None)
    chosen = chosen or same
    token = env.get("WATCHFLOOR_TOKEN") or None
    # A profile's token goes to that profile's feed and to no other; so does its authority.
    own = chosen if chosen is not None and chosen.address.url == place.url else None
    return Profile(
        url=place.url,
        name=chosen.name if chosen else "",
        token=token,
        token_file=None if token else env.get("WATCHFLOOR_TOKEN_FILE") or (own.token_file if own else None),
        ca_file=own.ca_file if own else None,
    )


class _Reader:
    """Walks the tables of one file; each complaint finds its line."""

    def __init__(self, text: str, file: Path | str) -> None:
        self._lines = text.splitlines()
        self._file = file

    def config(self, data: dict[str, Any]) -> Config:
        self._known(data, _TOP, "")
        profiles = {
            name: self._profile(name, self._table(given, "profiles", name))
            for name, given in self._table(data.get("profiles", {}), "", "profiles").items()
        }
        chosen = self._text(data, "profile", "")
        if chosen is not None and chosen not in profiles:
            raise self._fault("", "profile", f"there is no profile {chosen!r}; write [profiles.{chosen}]")
        keys = self._table(data.get("keys", {}), "", "keys")
        for act in keys:
            if not self._text(keys, act, "keys"):
                raise self._fault("keys", act, "a key's name is missing")
        views = self._table(data.get("views", {}), "", "views")
        return Config(
            file=str(self._file),
            profile=chosen if chosen is not None else (next(iter(profiles)) if len(profiles) == 1 else None),
            profiles=profiles,
            keys=dict(keys),
            views={digit: self._view(digit, given) for digit, given in views.items()},
            theme=self._text(data, "theme", ""),
            ascii=self._yes(data, "ascii"),
            mouse=self._yes(data, "mouse"),
            journal=self._yes(data, "journal", True),
            quiet_hours=self._quiet(self._text(data, "quiet_hours", "")),
            idle_minutes=self._idle(data.get("idle_minutes", 10)),
            viewer=self._viewer(self._text(data, "viewer", "")),
            attention=self._attention(self._table(data.get("attention", {}), "", "attention")),
        )

    def _profile(self, name: str, table: dict[str, Any]) -> Profile:
        where = f"profiles.{name}"
        self._known(table, _PROFILE, where)
        url = self._text(table, "url", where)
        if url is None:
            raise self._fault("profiles", name, f"profile {name!r} has no `url`")
        try:
            address(url)
        except BadAddress as error:
            raise self._fault(where, "url", str(error)) from None
        return Profile(
            url=url,
            name=name,
            token_file=self._text(table, "token_file", where),
            ca_file=self._text(table, "ca_file", where),
        )

    def _view(self, digit: str, given: Any) -> View:
        if not re.fullmatch("[1-9]", digit):
            raise self._fault("views", digit, f"views lie on the digits 1 to 9, not on {digit!r}")
        if isinstance(given, str) and given:
            return self._built_in(digit, given)
        table = self._table(given, "views", digit)
        self._known(table, _VIEW, f"views.{digit}")
        name = self._text(table, "name", f"views.{digit}")
        if not name:
            raise self._fault("views", digit, f"view {digit} has no `name`")
        query = self._text(table, "query", f"views.{digit}")
        if query is None:
            return self._built_in(digit, name)
        from casework.query import VIEWS, QueryFault, parse

        if name in VIEWS:
            raise self._fault("views", digit, f"{name!r} is the name of a view that is always there; choose another")
        try:
            _ = parse(query)
        except QueryFault as fault:
            raise self._fault("views", digit, f"the query of view {name!r} cannot be read. {fault}") from None
        return View(name=name, query=query)

    def _built_in(self, digit: str, name: str) -> View:
        from casework.query import VIEWS

        if name not in VIEWS:
            raise self._fault(
                "views", digit, f"there is no view {name!r}; there is: {', '.join(VIEWS)}; or add a `query`"
            )
        return View(name=name)

    def _idle(self, minutes: Any) -> int:
        if not isinstance(minutes, int) or isinstance(minutes, bool) or not 0 <= minutes <= _IDLE_MOST:
            raise self._fault("", "idle_minutes", f"write whole minutes, 0 to {_IDLE_MOST}; 0 puts nothing away")
        return minutes

    def _viewer(self, template: str | None) -> str | None:
        if template is None:
            return None
        rest = template.replace(_PLACE, "", 1)
        if not template.startswith("https://") or rest == template or not re.fullmatch(r"[!-z|~]+", rest):
            raise self._fault("", "viewer", f"write an https address with {_PLACE} in it, once")
        return template

    def _attention(self, table: dict[str, Any]) -> AttentionSettings:
        try:
            return attention_settings(table)
        except AttentionFault as fault:
            raise self._fault("attention", fault.key, fault.reason) from None

    def _quiet(self, text: str | None) -> QuietHours | None:
        if text is None:
            return None
        found = re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)", text)
        if found is None:
            raise self._fault("", "quiet_hours", f'write it like "22:00-07:00", not {text!r}')
        first, second, third, fourth = (int(part) for part in found.groups())
        return QuietHours(start=first * 60 + second, end=third * 60 + fourth)

    def _known(self, table: dict[str, Any], names: tuple[str, ...], where: str) -> None:
        for name in table:
            if name not in names:
                raise self._fault(where, name, f"nothing is called {name!r} here; there is: {', '.join(names)}")

    def _table(self, value: Any, where: str, name: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise self._fault(where, name, f"{name!r} has to be a table")
        return value

    def _text(self, table: dict[str, Any], name: str, where: str) -> str | None:
        value = table.get(name)
        if value is not None and not isinstance(value, str):
            raise self._fault(where, name, f"{name!r} has to be a text in quotes")
        return value

    def _yes(self, table: dict[str, Any], name: str, default: bool = False) -> bool:
        value = table.get(name, default)
        if not isinstance(value, bool):
            raise self._fault("", name, f"{name!r} has to be true or false")
        return value

    def _fault(self, where: str, name: str, reason: str) -> ConfigFault:
        return ConfigFault(self._file, self._line(where, name), reason)

    def _line(self, where: str, name: str) -> int:
        """The line of `name` in the table `where`; of the table itself if it is not spelled out; else 0."""
        inside = where == ""
        table_line = 0
        full = f"{where}.{name}" if where else name
        for number, line in enumerate(self._lines, 1):
            if head := re.match(r"\s*\[\s*([^\]]+?)\s*\]", line):
                title = head[1].replace('"', "").replace("'", "")
                inside = title == where
                if title == full:
                    return number
                if inside:
                    table_line = number
            elif inside and re.match(rf"\s*[\"']?{re.escape(name)}[\"']?\s*[=.]", line):
                return number
        return table_line
