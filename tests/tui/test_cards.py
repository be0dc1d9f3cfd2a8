"""What answers a card: not a key that is held down, not keys that come together, and only the text that it wants."""

from __future__ import annotations

import pytest

from tui.cards import DEAF_MS, RELEASED_MS, REPEAT_STARTS_MS, Answer, Carded, OpenCard

OPENED = 10_000.0


def card(typed: str | None = None, *, arrivals: dict[str, float] | None = None, round_trip_ms: float = 0.0) -> OpenCard:
    return OpenCard(
        Carded((), (), "ban", (), typed=typed), OPENED, round_trip_ms=round_trip_ms, arrivals=arrivals or {}
    )


def answers(it: OpenCard, *presses: tuple[str, float]) -> list[Answer | None]:
    return [it.press(key, OPENED + at) for key, at in presses]


def test_y_is_yes_once_the_card_hears() -> None:
    assert answers(card(), ("y", DEAF_MS)) == ["yes"]
    assert answers(card(round_trip_ms=180), ("y", DEAF_MS + 179)) == [None]
    assert answers(card(round_trip_ms=180), ("y", DEAF_MS + 180)) == ["yes"]


def test_esc_and_n_are_no() -> None:
    for key in ("n", "q", "escape", "ctrl+c"):
        assert answers(card(), (key, 500)) == ["no"]


@pytest.mark.parametrize("rate_ms", [30, 92, 250])
def test_a_key_that_opened_the_card_and_is_held_down_is_no_answer(rate_ms: int) -> None:
    """`oy` with the finger left on the y: it comes again after half a second, and then at the keyboard's rate."""
    it = card(arrivals={"o": OPENED - 200, "y": OPENED})
    held = answers(it, *(("y", 500.0 + rate_ms * each) for each in range(40)))

    assert set(held) == {"held"}
    assert answers(it, ("y", 500.0 + rate_ms * 39 + RELEASED_MS)) == ["yes"]


def test_a_key_that_is_pressed_too_early_and_held_is_no_answer() -> None:
    it = card()
    assert answers(it, ("y", 250.0), *(("y", 750.0 + 30 * each) for each in range(5))) == [None, *["held"] * 5]


def test_the_same_key_pressed_anew_is_an_answer() -> None:
    assert answers(card(arrivals={"y": OPENED}), ("y", REPEAT_STARTS_MS)) == ["yes"]


def test_keys_that_come_together_are_no_answer() -> None:
    assert answers(card(), ("e", 400), ("y", 401), ("\r", 402)) == [None, None, None]
    assert answers(card(), ("e", 400), ("y", 430)) == [None, "yes"]


def test_only_the_exact_text_and_enter_confirm() -> None:
    it = card("9K2M")
    assert answers(it, ("y", 400), ("enter", 450)) == ["typing", "wrong"]
    assert it.text == ""
    assert answers(it, ("9", 500), ("k", 550), ("x", 600), ("backspace", 650), ("2", 700), ("m", 750)) == ["typing"] * 6
    assert it.text == "9k2m"
    assert answers(it, ("m", 800), ("n", 850), ("enter", 900)) == [None, None, "yes"]


def test_a_pasted_text_with_its_line_break_does_not_confirm() -> None:
    it = card("12")
    assert answers(it, ("1", 400), ("2", 401), ("enter", 402)) == ["typing", "typing", None]
    assert answers(it, ("enter", 500)) == ["held"], "the line break of the paste may still come again"
    assert answers(it, ("enter", 500 + RELEASED_MS)) == ["yes"]


def test_nothing_typed_ahead_stands_in_the_card() -> None:
    it = card("12")
    answers(it, ("1", 10), ("2", 60), ("enter", 110))

    assert it.text == ""
