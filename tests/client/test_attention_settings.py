"""The tables and settings of the terminal in the configuration: what they default to, and what is refused where."""

from __future__ import annotations

import pytest

from client.attention import DEFAULT
from client.config import parse
from client.errors import ConfigFault

WHOLE = """
journal = false
idle_minutes = 0
viewer = "https://viewer.example.org/open?case={case_id}"
[attention]
title = false
hook = ["/usr/local/bin/call-me", "--soft"]
S0 = ["bell"]
S3 = ["notify", "hook"]
"""


def test_settings_are_read() -> None:
    config = parse(WHOLE, file="c.toml")

    assert (config.journal, config.idle_minutes) == (False, 0)
    assert config.viewer == "https://viewer.example.org/open?case={case_id}"
    assert config.attention.hook == ("/usr/local/bin/call-me", "--soft")
    assert config.attention.title is False
    assert config.attention.ways == {**DEFAULT, "S0": ("bell",), "S3": ("notify", "hook")}


def test_without_them_the_screen_is_put_away_after_ten_minutes_and_all_is_kept() -> None:
    config = parse("", file="c.toml")

    assert (config.journal, config.idle_minutes, config.viewer) == (True, 10, None)
    assert config.attention.ways == DEFAULT


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("idle_minutes = -1", 1),
        ("idle_minutes = true", 1),
        ("idle_minutes = 1.5", 1),
        ('viewer = "http://v.example/{case_id}"', 1),
        ('viewer = "https://v.example/"', 1),
        ('viewer = "https://v.example/{case_id}/{summary}"', 1),
        ('viewer = "https://v.example/{case_id}{case_id}"', 1),
        ('viewer = "https://v.example/{case_id}\\u001b"', 1),
        ('[attention]\nhook = "/bin/x"', 2),
        ('[attention]\nhook = [""]', 2),
        ('[attention]\nS0 = ["siren"]', 2),
        ("[attention]\nS9 = []", 2),
        ('[attention]\ntitle = "yes"', 2),
        ('journal = "no"', 1),
    ],
)
def test_what_cannot_be_is_refused_on_its_line(text: str, line: int) -> None:
    with pytest.raises(ConfigFault) as caught:
        parse(text, file="c.toml")

    assert f"c.toml:{line}:" in str(caught.value)
