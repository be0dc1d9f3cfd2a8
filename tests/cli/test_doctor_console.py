"""What `watchfloor doctor` says of the hook and the journal."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.consolechecks import console


def levels(home: Path, monkeypatch: pytest.MonkeyPatch, settings: str = "") -> dict[str, str]:
    file = home.parent / "config.toml"
    file.write_text(settings)
    monkeypatch.setenv("WATCHFLOOR_CONFIG", str(file))
    monkeypatch.setenv("XDG_STATE_HOME", str(home))
    return {check.name: check.level for check in console()}


def test_all_is_well_without_a_hook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert levels(tmp_path / "state", monkeypatch) == {"journal": "ok"}
    assert not (tmp_path / "state").exists(), "looking leaves nothing behind"


def test_no_journal_by_choice_is_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert levels(tmp_path / "state", monkeypatch, "journal = false") == {"journal": "note"}


def test_a_place_that_takes_no_files_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "state").write_text("")

    assert levels(tmp_path / "state", monkeypatch) == {"journal": "FAULT"}


@pytest.mark.parametrize(("command", "level"), [("/bin/sh", "ok"), ("/nowhere/at/all", "FAULT")])
def test_whether_the_hook_can_be_started(
    command: str, level: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = f'[attention]\nhook = ["{command}"]'

    assert levels(tmp_path / "state", monkeypatch, settings)["hook"] == level
