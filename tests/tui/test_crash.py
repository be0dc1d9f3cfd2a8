"""When the console fails: one line, no text of a case, no local variables, the terminal given back."""

import traceback
from typing import NoReturn

import pytest
from msgspec.structs import replace

from tests.tui.sample_floor import SampleSession, sketch
from tui.app import Watchfloor
from tui.crash import crash_sentence, worker_sentence

SECRET = "secret summary"


def fail(text: str) -> NoReturn:
    raise ValueError(text)


def test_sentences_name_the_kind_and_the_place_alone() -> None:
    with pytest.raises(ValueError, match=SECRET) as caught:
        fail(SECRET)
    said = crash_sentence(caught.value) + worker_sentence(caught.value)

    assert SECRET in "".join(traceback.format_exception(caught.value))
    assert "ValueError" in said
    assert SECRET not in said


async def test_a_fault_while_painting_ends_it_with_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    session = SampleSession()
    session.mirror.swap([replace(each, summary=SECRET) for each in sketch()])
    app = Watchfloor(lambda: session)

    async def run() -> None:
        async with app.run_test(size=(80, 24)) as pilot:
            for _ in range(100):
                await pilot.pause(0.02)
                if app.floor.view.queue.cursor is not None:
                    break
            monkeypatch.setattr(app.model, "floor", lambda: fail(SECRET))
            for _ in range(100):
                await pilot.pause(0.02)
                session.clock.now += 1_000

    # The pilot raises again what ended the application; a real run returns.
    with pytest.raises(ValueError, match=SECRET):
        await run()

    assert app.failed is not None
    assert "ValueError" in app.failed
    out, err = capsys.readouterr()
    assert SECRET not in app.failed + out + err
    assert app.return_code == 1
