"""What calls a person at a console: for each severity a bell, a notification of the terminal, a command of theirs."""

from __future__ import annotations

from typing import Final

from msgspec import Struct, field

WAYS: Final = ("bell", "notify", "hook")
SEVERITIES: Final = ("S0", "S1", "S2", "S3", "S4")
KEYS: Final = ("title", "hook", *SEVERITIES)
MOST_WORDS: Final = 64

DEFAULT: Final[dict[str, tuple[str, ...]]] = {
    "S0": ("bell", "notify", "hook"),
    "S1": ("bell", "notify", "hook"),
    "S2": ("bell",),
    "S3": (),
    "S4": (),
}


class AttentionFault(ValueError):
    """`key` of the table cannot be as it stands; `reason` says what can."""

    def __init__(self, key: str, reason: str) -> None:
        self.key, self.reason = key, reason
        super().__init__(reason)


class AttentionSettings(Struct, frozen=True, kw_only=True):
    """`hook` is a command and its arguments; no shell reads it. `ways`: what is done, by severity."""

    title: bool = True
    hook: tuple[str, ...] = ()
    ways: dict[str, tuple[str, ...]] = field(default_factory=lambda: dict(DEFAULT))


def attention_settings(table: dict[str, object]) -> AttentionSettings:
    """The settings that the table `[attention]` states. Raises `AttentionFault`."""
    for key in table:
        if key not in KEYS:
            raise AttentionFault(key, f"nothing is called {key!r} here; there is: {', '.join(KEYS)}")
    title = table.get("title", True)
    if not isinstance(title, bool):
        raise AttentionFault("title", "'title' has to be true or false")
    hook = table.get("hook", [])
    if not isinstance(hook, list) or len(hook) > MOST_WORDS or not all(isinstance(word, str) for word in hook):
        raise AttentionFault("hook", 'write the command and its arguments as a list: ["/usr/local/bin/call", "--soft"]')
    if hook and (not hook[0] or any("\0" in word for word in hook)):
        raise AttentionFault("hook", "the command's name is missing")
    ways = dict(DEFAULT)
    for severity in SEVERITIES:
        given = table.get(severity)
        if given is None:
            continue
        if not isinstance(given, list) or any(way not in WAYS for way in given):
            raise AttentionFault(severity, f"write a list of what is done: {', '.join(WAYS)}; [] for nothing")
        ways[severity] = tuple(given)
    return AttentionSettings(title=title, hook=tuple(hook), ways=ways)
