"""A hook or a journal that fails is said once, and stands with the messages as long as it lasts."""

from pathlib import Path

from client.attention import AttentionSettings
from client.config import Config
from tests.tui.test_console import desk, ready
from tui.journal import JournalFile
from tui.terminal.attention import Call
from tui.troubles import Troubles
from widgets.paint import words


def said(troubles: Troubles) -> str | None:
    news = troubles.news()
    return None if news is None else words(news)


def test_each_is_said_once_when_it_begins() -> None:
    hook: list[str | None] = [None]
    journal: list[str | None] = [None]
    troubles = Troubles(lambda: hook[0], lambda: journal[0])
    assert said(troubles) is None

    hook[0], journal[0] = "The attention hook did not start: No such file.", "/home/ana: No space left"
    assert said(troubles) == "The attention hook did not start: No such file."
    assert said(troubles) == "Drafts and view are not kept on disk: /home/ana: No space left."
    assert said(troubles) is None
    assert len(troubles.lasting) == 2

    hook[0] = None
    assert said(troubles) is None
    hook[0] = "The attention hook did not start: No such file."
    assert said(troubles) == "The attention hook did not start: No such file.", "it began again"


async def test_a_disk_that_keeps_no_journal_is_on_the_message_line_and_with_the_messages(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file stands where the folder should")
    async with desk(journal=lambda me: JournalFile(tmp_path / "state", "http://feed", me)) as it:
        await ready(it)
        await it.sees("Drafts and view are not kept on disk")
        await it.press("j")
        await it.press(":", *"messages", "enter")
        await it.sees("What you did", "Drafts and view are not kept on disk")


async def test_a_hook_that_does_not_start_is_said() -> None:
    config = Config(idle_minutes=0, attention=AttentionSettings(hook=("/nowhere/at/all",)))
    async with desk(config=config) as it:
        await ready(it)
        await it.app.floor.care._hook.run(Call("S0", "new", {("S0", "new"): 1}))
        await it.sees("The attention hook did not start: No such file or directory.")
