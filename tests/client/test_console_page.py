"""The page on the console names settings that there are, and all of them."""

from __future__ import annotations

import re
from pathlib import Path

from client import attention, config

PAGE = (Path(__file__).parents[2] / "docs" / "console.md").read_text("utf-8")
SAMPLE = PAGE[PAGE.index("## The terminal") :]
ELSEWHERE = {"profile", "theme", "profiles", "keys", "views"}
"""Settings that are not about the terminal."""


def test_the_sample_of_the_page_is_a_configuration() -> None:
    found = re.search(r"```toml\n(.*?)```", SAMPLE, re.DOTALL)
    assert found is not None
    read = config.parse(found[1], file="console.md")
    named = set(re.findall(r"^(\w+) =", found[1], re.MULTILINE))

    assert read.attention.hook == ("/usr/local/bin/call-me",)
    assert {*attention.KEYS} <= named
    assert set(config._TOP) - ELSEWHERE - {"attention"} <= named


def test_what_the_page_says_of_the_defaults_is_so() -> None:
    assert "ten minutes" in PAGE
    assert config.Config().idle_minutes == 10
    assert 'S2 = ["bell"]' in PAGE
    assert attention.DEFAULT["S2"] == ("bell",)
