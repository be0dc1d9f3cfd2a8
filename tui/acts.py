"""What the console's keys do besides verbs: moving, views, opening and closing. Nothing here changes a case."""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

from client.views.sorts import SORTS

Group = Literal["move", "mark", "views", "other"]


class Act(Struct, frozen=True):
    """A console act. A key is a character or Textual's name of it; two characters are a prefix and what follows.

    Without keys it is reached by its name, behind `:`.
    """

    name: str
    keys: tuple[str, ...]
    title: str
    group: Group
    takes: str = ""
    """What may stand behind its name on the command line, in a word; empty: nothing."""


ACTS: Final = (
    Act("down", ("j", "down"), "Next case", "move"),
    Act("up", ("k", "up"), "Previous case", "move"),
    Act("first", ("g", "home"), "First case", "move"),
    Act("last", ("G", "end"), "Last case", "move"),
    Act("page_down", ("pagedown", "ctrl+f"), "A page down", "move"),
    Act("page_up", ("pageup",), "A page up", "move"),
    Act("half_down", ("ctrl+d",), "Half a page down", "move"),
    Act("half_up", ("ctrl+u",), "Half a page up", "move"),
    Act("next_late", ("b",), "Next late or soonest due", "move"),
    Act("previous_late", ("B",), "Previous late or soonest due", "move"),
    Act("next_unowned", ("u",), "Next unowned", "move"),
    Act("open", ("enter",), "Open the case", "move"),
    Act("runbook", ("r",), "Runbook of the case", "move"),
    Act("timeline", ("i",), "Timeline of the case", "move"),
    Act("next_section", ("tab",), "Next part of the case", "move"),
    Act("previous_section", ("shift+tab",), "Previous part of the case", "move"),
    Act("unfold", ("+",), "Open what is folded in the case", "move"),
    Act("fold", ("-",), "Fold it again", "move"),
    Act("next_case", ("J",), "Next case, in the case pane", "move"),
    Act("previous_case", ("K",), "Previous case, in the case pane", "move"),
    Act("view_all", ("1",), "All", "views"),
    Act("view_mine", ("2",), "Mine", "views"),
    Act("view_unowned", ("3",), "Unowned", "views"),
    Act("view_late", ("4",), "Late", "views"),
    Act("mark", ("x", "space"), "Mark the case and go on", "mark"),
    Act("range", ("v",), "Mark a range: moves and counts stretch it (v9j)", "mark"),
    Act("mark_all", ("*",), "Mark all that are shown", "mark"),
    *(Act(f"view_{digit}", (digit,), f"The view on {digit}", "views") for digit in "56789"),
    Act("clear", ("0",), "Clear view, filter, sort and lock, go to the top", "views"),
    *(Act(f"sort_{sort.name}", (f"S{sort.letter}",), f"Sort: {sort.title}", "views") for sort in SORTS.values()),
    Act("lock_order", ("L",), "Lock the order for 60 s, or end that", "views"),
    Act("filter", ("/",), "Filter", "views", takes="query"),
    Act("approvals", ("A",), "Cases with proposals; oy decides on one", "views"),
    Act("command", (":",), "Command line", "other"),
    Act("help", ("?",), "Keys that work here and now", "other"),
    Act("messages", (), "What was done and refused, the newest first", "other"),
    Act("copy_id", ("Yi",), "Copy the case's id", "other"),
    Act("copy_link", ("Yv",), "Copy the viewer's link to the case", "other"),
    Act("wall", ("w",), "The wall: the whole floor at a glance", "other"),
    Act("mouse", ("M",), "Take the mouse, or give it back to the terminal", "other"),
    Act("put_away", ("Z",), "Put the screen away until a key is pressed", "other"),
    Act("acknowledge_fork", ("!",), "Say that you read the red banner", "other"),
    Act("redraw", ("ctrl+l",), "Redraw", "other"),
    Act("interrupt", ("ctrl+c",), "Clear or cancel", "other"),
    Act("back", ("escape",), "Back: prefix, card, input, pane, marks", "other"),
    Act("close", ("q",), "Close the pane; at the queue, quit", "other"),
)

BY_NAME: Final[dict[str, Act]] = {act.name: act for act in ACTS}

FIXED: Final[dict[str, tuple[str, ...]]] = {"back": ("escape",), "interrupt": ("ctrl+c",)}
"""Acts that keep their key: from everywhere there is a way back."""
