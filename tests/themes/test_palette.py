"""The palette can be read, and every tone has its look in it."""

import re
from pathlib import Path
from typing import get_args

import pytest
from rich.color import Color as RichColor
from rich.color import ColorSystem
from textual.color import Color
from textual.theme import Theme

from client.views.bits import Tone
from themes.dark import DARK, DARK_256, PLAIN
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


def shown(color: str, theme: Theme) -> str:
    """What a terminal shows of a color: of 256, the nearest."""
    if theme is not DARK_256:
        return color
    return RichColor.parse(color).downgrade(ColorSystem.EIGHT_BIT).get_truecolor().hex


@pytest.mark.parametrize("theme", [DARK, DARK_256])
@pytest.mark.parametrize("ground", ["background", "selection"])
@pytest.mark.parametrize("ink", ["foreground", "error", "warning", "success", "primary", "quiet"])
def test_ink_on_ground_can_be_read(theme: Theme, ground: str, ink: str) -> None:
    inks, grounds = (theme.variables.get(name) or getattr(theme, name) for name in (ink, ground))

    assert contrast(shown(inks, theme), shown(grounds, theme)) >= (4.0 if ink == "quiet" else 4.5)


def test_grounds_and_rules_are_gray_in_256_colors_as_well() -> None:
    for name in ("background", "selection", "rule", "quiet"):
        color = Color.parse(shown(DARK_256.variables.get(name, "#121212"), DARK_256))
        assert color.r == color.g == color.b


def test_the_alarm_can_be_read() -> None:
    assert contrast(DARK.variables["alarm-text"], DARK.variables["alarm-ground"]) >= 4.5


def test_every_tone_has_its_look_in_the_theme() -> None:
    variables = {name for name, _ in _INK.values()} - {"foreground", "error", "warning", "success", "primary"}

    assert set(_INK) == set(get_args(Tone))
    assert variables <= set(DARK.variables)
    assert set(DARK_256.variables) == set(DARK.variables)
    assert variables <= set(PLAIN.variables)


def test_without_color_there_is_no_color() -> None:
    named = [PLAIN.primary, PLAIN.error, PLAIN.warning, PLAIN.success, PLAIN.foreground, PLAIN.background]

    assert set(named) == {"ansi_default"}


def test_the_sheet_names_no_color_by_itself() -> None:
    assert not re.search(r"#[0-9a-fA-F]{3,8}\b", SHEET.replace("#main", ""))
