"""The configuration: every key, and a fault that says file, line and reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from feed.config import ConfigFault, FeedConfig, parse, read

WHOLE = """
listen = "127.0.0.1:8700"
unix = "feed.sock"
unix_mode = "0660"
log = "sqlite:/tmp/log.db"
node = "b"
runbooks = "books"
origins = ["https://wall.example"]

[tls]
cert = "cert.pem"
key = "/etc/key.pem"

[uids.1001]
principal = "ana"
roles = ["responder", "lead"]
clearances = ["us"]

[auth]
tokens = "intake_only"

[limits]
connections_per_principal = 3
commands_per_minute = 600

[policy]
overrides = ["policy.toml"]

[state]
snapshot_minutes = 5

[keeper]
enabled = false
"""


def test_every_key_is_read_and_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    file = tmp_path / "feed.toml"
    file.write_text(WHOLE)
    config = read(file)
    assert config.tls is not None
    assert (config.tls.cert, config.tls.key) == (str(tmp_path / "cert.pem"), "/etc/key.pem")
    assert config.unix == str(tmp_path / "feed.sock")
    assert config.runbooks == str(tmp_path / "books")
    assert config.policy.overrides == (str(tmp_path / "policy.toml"),)
    assert config.uids["1001"].person().roles == {"responder", "lead"}
    assert config.auth.tokens == "intake_only"
    assert config.limits.connections_per_principal == 3
    assert not config.keeper.enabled


def test_nothing_is_a_configuration() -> None:
    assert parse("", file="f") == FeedConfig()


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ('node = "b"', "nod = 1", 6, "there is no key `nod`"),
        ('node = "b"', "node = 1", 6, "`node`: expected `str`"),
        ("connections_per_principal = 3", "connections_per_principal = 0", 23, "`limits.connections_per_principal`"),
        ('tokens = "intake_only"', 'tokens = "some"', 20, "`auth.tokens`"),
        ('cert = "cert.pem"', 'sert = "cert.pem"', 10, "there is no key `tls.sert`"),
        ('roles = ["responder", "lead"]', 'roles = ["boss"]', 13, "enum"),
        ("[keeper]", "[keepers]", 32, "there is no key `keepers`"),
        ('node = "b"', "node = ", 6, "nvalid value"),
        ('unix_mode = "0660"', 'unix_mode = "660"', 4, "`unix_mode`"),
    ],
)
def test_a_fault_says_where_and_why(old: str, new: str, line: int, reason: str) -> None:
    assert old in WHOLE
    with pytest.raises(ConfigFault) as fault:
        parse(WHOLE.replace(old, new), file="feed.toml")
    assert reason in fault.value.reason
    assert fault.value.line is not None
    assert abs(fault.value.line - line) <= 3
    assert str(fault.value).startswith(f"feed.toml, line {fault.value.line}: ")
