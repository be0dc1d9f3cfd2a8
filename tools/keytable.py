"""Writes the table of keys for the documentation: `python -m tools.keytable` prints it, from the catalogue in use."""

from __future__ import annotations

from tui.acts import ACTS
from tui.helplines import GROUPS
from tui.keymap import Bound, Keymap
from tui.keynames import spelled

BEGIN = "<!-- keys: python -m tools.keytable -->"
END = "<!-- end of keys -->"
PLACES = {"case": "", "approvals": "on a card", "runbook": "in the runbook"}


def table() -> str:
    """The keys of verbs, actions and acts as Markdown."""
    keymap = Keymap()
    lines = [BEGIN, "", "| keys | name | what it does |", "|---|---|---|"]
    for group, title in GROUPS:
        lines.append(f"| **{title.lower()}** | | |")
        for where, note in PLACES.items():
            for name, (keys, bound) in _named(keymap, where, group).items():
                title = bound.verb.title if bound.name == "assign" and bound.verb is not None else bound.title
                said = f"{title}{f' ({note})' if note else ''}{_guard(bound)}"
                lines.append(f"| {' '.join(f'`{key}`' for key in keys)} | `{name}` | {said} |")
    for group, title in (("move", "move"), ("views", "views"), ("mark", "mark"), ("other", "other")):
        acts = [act for act in ACTS if act.group == group]
        if acts:
            lines.append(f"| **{title}** | | |")
        for act in acts:
            found = [spelled(keys) for keys, bound in keymap.all() if bound.name == act.name]
            written = " ".join(f"`{key}`" for key in found) or "`:`"
            lines.append(f"| {written} | `{act.name}` | {act.title} |".replace("|` ", "\\|` "))
    return "\n".join([*lines, "", END])


def _named(keymap: Keymap, where: str, group: str) -> dict[str, tuple[list[str], Bound]]:
    """By name: every way to press it, and what it is."""
    found: dict[str, tuple[list[str], Bound]] = {}
    for keys, bound in keymap.all(where):  # type: ignore[arg-type]  # the places are the catalogue's
        if bound.verb is not None and bound.verb.group == group:
            found.setdefault(bound.called, ([], bound))[0].append(spelled(keys))
            if bound.turns is not None:
                found.setdefault(bound.turns.verb, ([], Bound(bound.turns.verb, bound.turns.title, bound.turns)))[
                    0
                ].append(spelled(keys))
    return found


def _guard(bound: Bound) -> str:
    return {1: "", 2: ", tier 2", 3: ", tier 3", 4: ", tier 4"}[bound.tier]


if __name__ == "__main__":
    print(table())
