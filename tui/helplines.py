"""The lines of the help: every key with what it does, and why it does not work here and now where that is known."""

from __future__ import annotations

from itertools import zip_longest

from casework.caseid import shown
from casework.model import Common
from casework.verbs import Verb
from client.views.bits import Line
from tui.acts import ACTS
from tui.floor import WorkFloor
from tui.keymap import Bound, Keymap
from tui.keynames import spelled
from tui.messages import follow_words
from tui.offers import against, turn
from tui.viewing import view_title
from widgets.paint import wrapped

GROUPS = (
    ("triage", "Triage"),
    ("people", "People"),
    ("time", "Time"),
    ("outside", "Outside"),
    ("decide", "Decide"),
    ("end", "End"),
    ("access", "Access"),
)
KEYS = 11
"""Cells of the keys; the longest are `PgDn ctrl+f`."""
ROOM = 30
"""Cells of a title that has its reason beside it."""
BESIDE = 70
"""From this width on a reason stands beside its title, else below it."""
MOST = 2
"""Lines of a reason; of a longer one the first sentence, for the rest is said when the key is pressed."""
ACT_GROUPS = (("move", "Move"), ("mark", "Mark"), ("views", "Views"), ("other", "Other"))


def help_lines(keymap: Keymap, model: WorkFloor, case: Common | None, width: int) -> tuple[Line, ...]:
    """Help for the selected case, or for none, in `width` cells."""
    about: Line = (("no case is selected", "quiet"),) if case is None else ((shown(case.case_id), "strong"),)
    lines: list[Line] = [((" Keys that work here and now", "strong"), ("  for ", "quiet"), *about), ()]
    for group, title in GROUPS:
        lines.append(((f" {title}", "quiet"),))
        for called in _called(keymap, group):
            ways = [(keys, bound) for keys, bound in keymap.all() if called == _name(bound)]
            bound = ways[0][1]
            said = bound.title if bound.name == "propose" else _title(_verb(bound, case, model).title, ways)
            reason = against(bound, case, model)
            if reason is not None and reason.startswith(f"{bound.title}: "):
                reason = _sentence(reason.removeprefix(f"{bound.title}: "))
            lines += _entry(_keys([keys for keys, _ in ways]), said, reason, width)
        lines.append(())
    for group, title in ACT_GROUPS:
        lines.append(((f" {title}", "quiet"),))
        for act in ACTS:
            view = view_title(act.name, model.views)
            if act.group == group and view != "":
                found = [spelled(keys) for keys, bound in keymap.all() if bound.name == act.name]
                lines += _entry(" ".join(found) or f":{act.name}", view or act.title, None, width)
        lines.append(())
    return tuple(lines)


def _name(bound: Bound) -> str:
    """What has a line of its own: a verb, or an action of enforcement."""
    return bound.called if bound.name == "propose" else bound.name


def _called(keymap: Keymap, group: str) -> list[str]:
    names = [_name(bound) for _, bound in keymap.all() if bound.verb is not None and bound.verb.group == group]
    return list(dict.fromkeys(names))


def _verb(bound: Bound, case: Common | None, model: WorkFloor) -> Verb:
    assert bound.verb is not None
    return turn(bound.verb, bound.turns, case, model.me)


def _keys(sequences: list[tuple[str, ...]]) -> str:
    """Every way to press it; digits after one prefix as a range."""
    spelled_out = [spelled(keys) for keys in sequences]
    if len(spelled_out) > 2 and all(each[-1].isdigit() for each in spelled_out):
        return f"{spelled_out[0]}\u2026{spelled_out[-1][-1]}"
    return " ".join(spelled_out)


def _title(title: str, pressed: list[tuple[tuple[str, ...], Bound]]) -> str:
    """The verb's title, with what the second keys stand for."""
    ways = [bound for _, bound in pressed]
    valued = [way for way in ways if way.value is not None and way.name != "set_severity"]
    if len(valued) < 2:
        return f"{title}; c opens it too" if any(way.opens for way in ways) else title
    return f"{title}: {', '.join(follow_words(way.name, way.value, way.title) for way in valued)}"


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def _entry(keys: str, title: str, reason: str | None, width: int) -> list[Line]:
    """A key's lines: nothing is cut, each part goes on below itself."""
    room = width - KEYS - 4
    if reason is None:
        texts = wrapped(title, room)
        return [((f"  {keys if at == 0 else '':<{KEYS}} ", "key"), (text, "text")) for at, text in enumerate(texts)]
    if width < BESIDE:
        texts = [*wrapped(title, room), *(f"  {text}" for text in _brief(reason, room - 2))]
    else:
        parts = zip_longest(wrapped(title, ROOM), _brief(reason, room - ROOM - 2), fillvalue="")
        texts = [f"{said:<{ROOM}}  {why}".rstrip() for said, why in parts]
    return [((f"  {keys if at == 0 else '':<{KEYS}} ", "quiet"), (text, "quiet")) for at, text in enumerate(texts)]


def _brief(reason: str, width: int) -> list[str]:
    lines = wrapped(reason, width)
    first, _, more = reason.partition(". ")
    return wrapped(f"{first}.", width) if more and len(lines) > MOST else lines
