"""Configuration: what counts, and that a fault names file, line and reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from client.address import address
from client.config import QuietHours, choose, config_file, load, parse
from client.errors import BadAddress, ConfigFault, NoToken

WHOLE = """\
profile = "work"
theme = "night"
ascii = true
quiet_hours = "22:00-07:00"

[profiles.work]
url = "https://feed.example.org/"
token_file = "TOKEN"

[profiles.here]
url = "unix:/run/wf.sock"

[keys]
claim = "A"

[views]
5 = { name = "minors", query = "sens:minor" }
6 = "late"
"""


def test_a_whole_file() -> None:
    config = parse(WHOLE, file="c.toml")
    assert (config.theme, config.ascii, config.mouse, config.keys) == ("night", True, False, {"claim": "A"})
    assert config.profiles["work"].address.url == "https://feed.example.org"
    assert config.profiles["here"].address.socket == "/run/wf.sock"
    assert config.views["5"].query == "sens:minor"
    assert config.views["6"].name == "late"
    assert config.quiet_hours == QuietHours(start=22 * 60, end=7 * 60)


@pytest.mark.parametrize(
    ("minute", "quiet"), [(22 * 60, True), (0, True), (6 * 60 + 59, True), (7 * 60, False), (12 * 60, False)]
)
def test_quiet_hours_run_over_midnight(minute: int, quiet: bool) -> None:
    assert QuietHours(start=22 * 60, end=7 * 60).covers(minute) is quiet
    assert QuietHours(start=60, end=120).covers(90)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("theme = 3", 1, "'theme'"),
        ("a = 1\nb = \n", 2, "TOML"),
        ('x = 1\ntheme = "night"', 1, "'x'"),
        ('theme = "a"\n\n[profiles.work]\nurl = "ftp://x"\n', 4, "ftp://x"),
        ('[profiles.work]\ntoken_file = "t"\n', 1, "`url`"),
        ('[profiles.a]\nurl = "http://a"\n[profiles.b]\nurl = "http://b"\ncolor = "red"\n', 5, "'color'"),
        ('profile = "gone"\n', 1, "'gone'"),
        ('[views]\n0 = "all"\n', 2, "digits"),
        ('[views]\n1 = "all"\n2 = {query = "x"}\n', 3, "`name`"),
        ('[views]\n5 = "minors"\n', 2, "there is no view 'minors'"),
        ('[views]\n5 = { name = "all", query = "x" }\n', 2, "always there"),
        ('[views]\n5 = { name = "bad", query = "sev:9" }\n', 2, "At 5: Write a severity"),
        ("[keys]\nclaim = 1\n", 2, "'claim'"),
        ('quiet_hours = "25:00-07:00"', 1, "22:00-07:00"),
        ('mouse = "yes"', 1, "true or false"),
        ("views = 3", 1, "table"),
    ],
)
def test_a_fault_names_file_line_and_reason(text: str, line: int, words: str) -> None:
    with pytest.raises(ConfigFault) as caught:
        parse(text, file="/c.toml")
    assert (caught.value.file, caught.value.line) == ("/c.toml", line)
    assert words in caught.value.reason
    assert str(caught.value).startswith(f"/c.toml:{line}: ")


def test_without_a_file_there_are_defaults(tmp_path: Path) -> None:
    environ = {"XDG_CONFIG_HOME": str(tmp_path)}
    assert config_file(environ) == tmp_path / "watchfloor" / "config.toml"
    assert load(environ).file is None
    assert choose(load(environ), environ=environ).url == "http://127.0.0.1:8700"
    with pytest.raises(ConfigFault, match="WATCHFLOOR_CONFIG"):
        load({"WATCHFLOOR_CONFIG": str(tmp_path / "none.toml")})


def test_a_file_that_is_not_text_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigFault, match="UTF-8"):
        load({"WATCHFLOOR_CONFIG": str(tmp_path / "c.toml")})


def test_which_feed_counts() -> None:
    config = parse(WHOLE, file="c.toml")
    assert choose(config, environ={}).name == "work"
    assert choose(config, environ={"WATCHFLOOR_FEED": "http://b:1"}).url == "http://b:1"
    assert choose(config, profile="here", environ={"WATCHFLOOR_FEED": "http://b:1"}).url == "unix:/run/wf.sock"
    assert choose(config, url="http://c:1", profile="here", environ={}).url == "http://c:1"
    with pytest.raises(ConfigFault, match="here, work"):
        choose(config, profile="gone", environ={})


def test_a_token_goes_to_the_feed_it_is_for(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("secret-1\n")
    token.chmod(0o600)
    config = parse(WHOLE.replace("TOKEN", str(token)), file="c.toml")
    assert choose(config, environ={}).read_token() == "secret-1"
    assert choose(config, url="http://elsewhere:1", environ={}).read_token() is None
    assert choose(config, url="http://elsewhere:1", profile="work", environ={}).read_token() is None
    assert choose(config, environ={"WATCHFLOOR_TOKEN": "other"}).read_token() == "other"
    token.write_text("secret-2\n")
    assert choose(config, environ={"WATCHFLOOR_TOKEN_FILE": str(token)}).read_token() == "secret-2"
    assert "secret" not in repr(choose(config, environ={"WATCHFLOOR_TOKEN": "secret"}))


@pytest.mark.parametrize("content", [b"", b"two words", b"\xff", b"a\nb"])
def test_what_is_no_token_is_not_sent(tmp_path: Path, content: bytes) -> None:
    token = tmp_path / "token"
    token.write_bytes(content)
    token.chmod(0o600)
    with pytest.raises(NoToken):
        choose(parse("", file="c"), environ={"WATCHFLOOR_TOKEN_FILE": str(token)}).read_token()


def test_a_token_that_others_may_read_is_not_used(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("secret")
    profile = choose(parse("", file="c"), environ={"WATCHFLOOR_TOKEN_FILE": str(token)})
    for mode, usable in ((0o600, True), (0o640, True), (0o644, False), (0o602, False)):
        token.chmod(mode)
        if usable:
            assert profile.read_token() == "secret"
        else:
            with pytest.raises(NoToken, match="chmod 600"):
                profile.read_token()


def test_a_token_cannot_end_its_header() -> None:
    with pytest.raises(NoToken):
        choose(parse("", file="c"), environ={"WATCHFLOOR_TOKEN": "a\r\nX: y"}).read_token()


@pytest.mark.parametrize(
    ("url", "base", "feed"),
    [
        ("http://h:1", "http://h:1", "ws://h:1/v1/feed"),
        ("https://h/under/", "https://h/under", "wss://h/under/v1/feed"),
        ("http://[::1]:8700", "http://[::1]:8700", "ws://[::1]:8700/v1/feed"),
        ("unix:/run/x", "http://localhost", "ws://localhost/v1/feed"),
        ("unix:///run/x", "http://localhost", "ws://localhost/v1/feed"),
    ],
)
def test_addresses(url: str, base: str, feed: str) -> None:
    place = address(url)
    assert (place.base, place.feed_uri) == (base, feed)
    assert (place.socket == "/run/x") is url.startswith("unix")


@pytest.mark.parametrize(
    "url", ["", "h:1", "ftp://h", "http://", "unix:", "http://a:b@h", "http://h?token=x", "http://h:99999", "http://["]
)
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(BadAddress):
        address(url)
