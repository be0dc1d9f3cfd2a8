"""The lines of the help: every key with what it does, and why it does not work here and now where that is known."""

from __future__ import annotations

from casework.caseid import shown
from casework.model import Common
from client.views.bits import Bit, Line
from tui.floor import FloorModel
from tui.keymap import Bound, Keymap, spelled
from tui.offers import turn, why_not

GROUPS = (
    ("triage", "Triage"),
    ("people", "People"),
    ("time", "Time"),
    ("outside", "Outside"),
    ("decide", "Decide"),
    ("end", "End"),
    ("access", "Access"),
)
ACT_GROUPS = (("move", "Move"), ("views", "Views"), ("other", "Other"))


def help_lines(keymap: Keymap, model: FloorModel, case: Common | None) -> tuple[Line, ...]:
    """Help for the selected case, or for none."""
    about: Line = (("no case is selected", "quiet"),) if case is None else ((shown(case.case_id), "strong"),)
    lines: list[Line] = [((" Keys that work here and now", "strong"), ("  for ", "quiet"), *about), ()]
    roles = frozenset(() if model.session is None else model.session.status.roles)
    for group, title in GROUPS:
        lines.append(((f" {title}", "quiet"),))
        seen: set[tuple[str, str | None]] = set()
        for _, bound in keymap.all():
            if bound.verb is None or bound.verb.group != group or (bound.name, bound.value) in seen or bound.opens:
                continue
            seen.add((bound.name, bound.value))
            verb = turn(bound.verb, bound.turns, case, model.me)
            title = bound.title if verb is bound.verb else verb.title
            reason = why_not(verb, case, me=model.me, roles=roles, read_only=model.read_only)
            lines.append(_line(_keys(keymap, bound), _valued(bound, title), reason))
        lines.append(())
    from tui.acts import ACTS

    for group, title in ACT_GROUPS:
        lines.append(((f" {title}", "quiet"),))
        for act in ACTS:
            if act.group == group:
                keys = " ".join(spelled((key,)) for key in act.keys)
                lines.append(_line(keys, act.title, None))
        lines.append(())
    return tuple(lines)


def _keys(keymap: Keymap, bound: Bound) -> str:
    """Every way to press it; the one that also opens the case last."""
    return " ".join(
        spelled(keys) for keys, other in keymap.all() if other.name == bound.name and other.value == bound.value
    )


def _valued(bound: Bound, title: str) -> str:
    from tui.messages import follow_words

    if bound.value is None or bound.name in ("assign", "propose"):
        return title
    return f"{title}: {follow_words(bound.name, bound.value, bound.title)}"


def _line(keys: str, title: str, reason: str | None) -> Line:
    head: Bit = (f"  {keys:<14}", "quiet" if reason else "key")
    if reason is None:
        return (head, (title, "text"))
    return (head, (title, "quiet"), (f"  {reason}", "quiet"))
