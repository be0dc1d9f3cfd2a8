"""The palette can be read, and every tone has its look in it."""

import re
from pathlib import Path
from typing import get_args

import pytest
from textual.color import Color

from client.views.bits import Tone
from themes.dark import DARK, PLAIN
from widgets.toned import _INK

SHEET = (Path(__file__).parents[2] / "themes" / "watchfloor.tcss").read_text("utf-8")


def contrast(one: str, other: str) -> float:
    """WCAG 2 contrast of two colors, 1 to 21."""
    bright, dark = sorted((luminance(Color.parse(one)), luminance(Color.parse(other))), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def luminance(color: Color) -> float:
    parts = [part / 255 for part in (color.r, color.g, color.b)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("ground", [DARK.background, DARK.variables["selection"]])
@pytest.mark.parametrize(
    "ink", [DARK.foreground, DARK.error, DARK.warning, DARK.success, DARK.primary, DARK.variables["quiet"]]
)
def test_ink_on_ground_can_be_read(ink: str, ground: str) -> None:
    assert contrast(ink, ground) >= (4.0 if ink == DARK.variables["quiet"] else 4.5)


def test_the_alarm_can_be_read() -> None:
    assert contrast(DARK.variables["alarm-text"], DARK.variables["alarm-ground"]) >= 4.5


def test_every_tone_has_its_look_in_the_theme() -> None:
    variables = {name for name, _ in _INK.values()} - {"foreground", "error", "warning", "success", "primary"}

    assert set(_INK) == set(get_args(Tone))
    assert variables <= set(DARK.variables)
    assert variables <= set(PLAIN.variables)


def test_without_color_there_is_no_color() -> None:
    named = [PLAIN.primary, PLAIN.error, PLAIN.warning, PLAIN.success, PLAIN.foreground, PLAIN.background]

    assert set(named) == {"ansi_default"}


def test_the_sheet_names_no_color_by_itself() -> None:
    assert not re.search(r"#[0-9a-fA-F]{3,8}\b", SHEET.replace("#main", ""))
