"""What `watchfloor doctor` finds out about the console's hook and the place of its journal."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

from cli.terminalchecks import Check


def console() -> Iterator[Check]:
    """Whether the person's command can be started, and whether drafts and view can be kept."""
    from client.config import load
    from client.heads import state_home

    config = load()
    hook = config.attention.hook
    if hook:
        found = shutil.which(hook[0]) is not None
        no = Check("FAULT", "hook", "the attention hook cannot be started: its command is not there or not executable")
        yield Check("ok", "hook", "the attention hook can be started") if found else no
    if not config.journal:
        yield Check("note", "journal", "`journal = false`: drafts and view do not outlive the console")
        return
    home = state_home()
    there = home
    while not there.exists() and there != there.parent:
        there = there.parent
    if there.is_dir() and os.access(there, os.W_OK | os.X_OK):
        yield Check("ok", "journal", "drafts and view are kept on this disk and come back")
    else:
        yield Check("FAULT", "journal", f"{there} takes no files: drafts and view do not outlive the console")
