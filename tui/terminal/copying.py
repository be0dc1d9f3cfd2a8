"""Copies by OSC 52, through tmux and GNU screen. What is copied has no control characters and a bound. Pure."""

from __future__ import annotations

import base64
from typing import Final
from urllib.parse import quote

from casework.untrusted import safe
from tui.terminal.abilities import Abilities, Multiplexer

MOST_BYTES: Final = 74_994
"""What terminals take of OSC 52: with base64 and the sequence around it a little less than 100,000 bytes."""
CHUNK: Final = 240
"""GNU screen passes strings of a few hundred bytes on and drops longer ones."""
PLACE: Final = "{case_id}"


def copyable(text: str) -> str:
    """`text` as it may be pasted anywhere: nothing in it acts on a terminal, and no line ends by itself."""
    clean = text if safe(text) else "".join(char if safe(char) else " " for char in text)
    return clean.encode("utf-8", "replace")[:MOST_BYTES].decode("utf-8", "ignore")


def copy_sequence(text: str, able: Abilities) -> str:
    """What has the terminal copy `text`; empty where no terminal could."""
    if able.basic:
        return ""
    payload = base64.b64encode(copyable(text).encode()).decode()
    return passed_through(f"\x1b]52;c;{payload}\a", able.multiplexer)


def passed_through(sequence: str, multiplexer: Multiplexer) -> str:
    """`sequence` for the terminal outside of a multiplexer.

    tmux takes it itself with `set-clipboard on` and hands it on with `allow-passthrough on`: which of the two is set
    cannot be seen from inside, and copying twice is copying once. Over SSH from inside a multiplexer its kind is not
    known, and each ignores what is meant for the other.
    """
    if multiplexer == "tmux":
        doubled = sequence.replace("\x1b", "\x1b\x1b")
        return f"{sequence}\x1bPtmux;{doubled}\x1b\\"
    if multiplexer in ("screen", "either"):
        pieces = [sequence[at : at + CHUNK] for at in range(0, len(sequence), CHUNK)]
        wrapped = "".join(f"\x1bP{piece}\x1b\\" for piece in pieces)
        return wrapped if multiplexer == "screen" else sequence + wrapped
    return sequence


def viewer_link(template: str, case_id: str) -> str:
    """The link to a case in the viewer that the configuration names (`https://…{case_id}…`)."""
    return template.replace(PLACE, quote(case_id, safe=""))
