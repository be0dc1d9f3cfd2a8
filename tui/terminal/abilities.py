"""What the terminal around a screen can do, as the environment tells it: colors, letters, a multiplexer, a long line.

Pure: what the terminal answers when it is asked is `tui.terminal.answers`. Textual would send 24-bit color to
`TERM=dumb` and, inside GNU screen, to whoever inherited COLORTERM from the terminal outside; here each gets what it
understands.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from msgspec import Struct

Colors = Literal["none", "16", "256", "truecolor"]
Multiplexer = Literal["", "tmux", "screen", "either"]

_HARDWARE: Final = ("linux", "vt1", "vt2", "vt3", "vt4", "vt5", "ansi", "cons25")
"""Terminals that know neither OSC strings nor private queries, with a font of a few hundred letters."""


class Abilities(Struct, frozen=True):
    """The default is what tests draw in: everything, near by."""

    term: str = "xterm-256color"
    colors: Colors = "truecolor"
    utf8: bool = True
    multiplexer: Multiplexer = ""
    remote: bool = False
    program: str = ""
    """What calls itself the terminal (TERM_PROGRAM); empty inside a multiplexer, which inherits it from outside."""

    @property
    def basic(self) -> bool:
        """A console without OSC strings: it gets no title, no clipboard, no queries beyond the cursor's place."""
        return self.term.startswith(_HARDWARE)

    @property
    def ascii_shapes(self) -> bool:
        """Whether its font is likely to lack our shapes."""
        return self.basic


def abilities(env: Mapping[str, str], encoding: str | None) -> Abilities:
    """What `env` says of the terminal whose text is in `encoding`."""
    term = env.get("TERM", "").strip().lower()
    multiplexer = _multiplexer(env, term)
    return Abilities(
        term=term,
        colors=_colors(env, term, multiplexer),
        utf8=is_utf8(encoding),
        multiplexer=multiplexer,
        remote=bool(env.get("SSH_CONNECTION")),
        program="" if multiplexer else env.get("TERM_PROGRAM", ""),
    )


def is_utf8(encoding: str | None) -> bool:
    """Whether an encoding's name means UTF-8; an unknown one does."""
    return (encoding or "utf-8").lower().replace("-", "").replace("_", "") == "utf8"


def plain_wanted(env: Mapping[str, str]) -> bool:
    """Whether the person asked for no color; an empty NO_COLOR counts as unset."""
    return bool(env.get("NO_COLOR"))


def _multiplexer(env: Mapping[str, str], term: str) -> Multiplexer:
    if env.get("TMUX") or term.startswith("tmux"):
        return "tmux"
    if env.get("STY"):
        return "screen"
    # Over SSH from inside either of the two: only the name of the terminal comes along, and both use it.
    return "either" if term.startswith("screen") else ""


def _colors(env: Mapping[str, str], term: str, multiplexer: Multiplexer) -> Colors:
    if plain_wanted(env) or term in ("", "dumb"):
        return "none"
    if term.startswith(_HARDWARE):
        return "16"
    told = env.get("COLORTERM", "").strip().lower() in ("truecolor", "24bit")
    # GNU screen hands COLORTERM on from the terminal outside and understands none of it.
    if term.endswith("-direct") or (told and multiplexer in ("", "tmux") and term not in ("screen", "tmux")):
        return "truecolor"
    return "256" if "256color" in term or term.startswith(("xterm-kitty", "alacritty", "foot", "wezterm")) else "16"
