"""The lines of the help: every key with what it does, and why it does not work here and now where that is known."""

from __future__ import annotations

from casework.caseid import shown
from casework.model import Common
from client.views.bits import Line
from tui.acts import ACTS
from tui.floor import WorkFloor
from tui.keymap import Bound, Keymap
from tui.keynames import spelled
from tui.messages import follow_words
from tui.offers import turn, why_not
from tui.viewing import view_title
from widgets.paint import cut

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
ACT_GROUPS = (("move", "Move"), ("mark", "Mark"), ("views", "Views"), ("other", "Other"))


def help_lines(keymap: Keymap, model: WorkFloor, case: Common | None) -> tuple[Line, ...]:
    """Help for the selected case, or for none."""
    about: Line = (("no case is selected", "quiet"),) if case is None else ((shown(case.case_id), "strong"),)
    lines: list[Line] = [((" Keys that work here and now", "strong"), ("  for ", "quiet"), *about), ()]
    roles = frozenset(() if model.session is None else model.session.status.roles)
    for group, title in GROUPS:
        lines.append(((f" {title}", "quiet"),))
        seen: set[str] = set()
        for _, bound in keymap.all():
            if bound.verb is None or bound.verb.group != group or bound.name in seen:
                continue
            seen.add(bound.name)
            verb = turn(bound.verb, bound.turns, case, model.me)
            reason = why_not(verb, case, me=model.me, roles=roles, read_only=model.read_only)
            same = [(keys, other) for keys, other in keymap.all() if other.name == bound.name]
            lines.append(
                _line(_keys([keys for keys, _ in same]), _title(verb.title, [each for _, each in same]), reason)
            )
        lines.append(())
    for group, title in ACT_GROUPS:
        lines.append(((f" {title}", "quiet"),))
        for act in ACTS:
            view = view_title(act.name, model.views)
            if act.group == group and view != "":
                keys = " ".join(spelled((key,)) for key in act.keys)
                lines.append(_line(keys, view or act.title, None))
        lines.append(())
    return tuple(lines)


def _keys(sequences: list[tuple[str, ...]]) -> str:
    """Every way to press it; digits after one prefix as a range."""
    spelled_out = [spelled(keys) for keys in sequences]
    if len(spelled_out) > 2 and all(each[-1].isdigit() for each in spelled_out):
        return f"{spelled_out[0]}\u2026{spelled_out[-1][-1]}"
    return " ".join(spelled_out)


def _title(title: str, ways: list[Bound]) -> str:
    """The verb's title, with what the second keys stand for."""
    valued = [way for way in ways if way.value is not None and way.name != "set_severity"]
    if len(valued) < 2:
        return f"{title}; c opens it too" if any(way.opens for way in ways) else title
    return f"{title}: {', '.join(follow_words(way.name, way.value, way.title) for way in valued)}"


def _line(keys: str, title: str, reason: str | None) -> Line:
    if reason is None:
        return ((f"  {keys:<{KEYS}} ", "key"), (title, "text"))
    short = cut(title, ROOM)
    return ((f"  {keys:<{KEYS}} ", "quiet"), (f"{short:<{ROOM}}  ", "quiet"), (reason, "quiet"))
