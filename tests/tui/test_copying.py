"""Copies: harmless text, a bound, and the wrapping of each multiplexer."""

from __future__ import annotations

import base64
import re

import pytest

from casework.untrusted import safe
from tui.terminal.abilities import Abilities
from tui.terminal.copying import CHUNK, MOST_BYTES, copy_sequence, copyable, viewer_link


def decoded(sequence: str) -> str:
    """The text that a terminal would copy from a plain sequence."""
    found = re.fullmatch("\x1b]52;c;([A-Za-z0-9+/=]*)\a", sequence)
    assert found is not None
    return base64.b64decode(found[1]).decode()


def test_a_terminal_copies_the_text() -> None:
    assert decoded(copy_sequence("C-7F3A-9K2M", Abilities())) == "C-7F3A-9K2M"


def test_a_console_that_would_print_it_gets_nothing() -> None:
    assert copy_sequence("C-7F3A-9K2M", Abilities(term="linux")) == ""


@pytest.mark.parametrize("text", ["rm -rf /\n", "a\x1b]0;t\a", "\u202egnp.exe", "a\x00b", "line\r"])
def test_what_is_copied_does_nothing_when_it_is_pasted(text: str) -> None:
    assert safe(copyable(text))
    assert "\n" not in copyable(text)


def test_a_copy_has_a_bound_and_is_cut_between_letters() -> None:
    clean = copyable("\u00e9" * MOST_BYTES)

    assert len(clean.encode()) == MOST_BYTES - MOST_BYTES % 2
    assert len(copy_sequence("x" * 200_000, Abilities())) <= 100_000


def test_tmux_gets_it_for_itself_and_to_pass_on() -> None:
    plain, _, passed = copy_sequence("id", Abilities(multiplexer="tmux")).partition("\x1bPtmux;")

    assert decoded(plain) == "id"
    assert passed.endswith("\x1b\\")
    assert decoded(passed.removesuffix("\x1b\\").replace("\x1b\x1b", "\x1b")) == "id"


def test_screen_gets_it_in_pieces_that_it_passes_on() -> None:
    sequence = copy_sequence("x" * 5_000, Abilities(multiplexer="screen"))
    pieces = re.findall("\x1bP(.*?)\x1b\\\\", sequence, re.DOTALL)

    assert "".join(f"\x1bP{piece}\x1b\\" for piece in pieces) == sequence
    assert max(map(len, pieces)) <= CHUNK
    assert decoded("".join(pieces)) == "x" * 5_000


def test_a_link_names_the_case_and_nothing_else_of_it() -> None:
    assert viewer_link("https://v.example/{case_id}?x=1", "C-7F3A9K2M") == "https://v.example/C-7F3A9K2M?x=1"
    assert viewer_link("https://v.example/{case_id}", "../a b") == "https://v.example/..%2Fa%20b"
