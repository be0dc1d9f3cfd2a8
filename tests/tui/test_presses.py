"""Prefixes wait, keep their target, and swallow what does not follow; a paste is told from fingers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.keymap import KeyCollision, Keymap, KeyNeverBound
from tui.presses import (
    ANSWER_MS,
    PASTE_KEYS,
    PASTE_MS,
    AnswerGuard,
    Fired,
    PasteGuard,
    Presses,
    Swallowed,
    Unbound,
    Waiting,
)

KEYMAP = Keymap()


def test_one_key_fires_on_what_is_selected_now() -> None:
    presses: Presses[str] = Presses(KEYMAP)

    fired = presses.press("a", "C-1")

    assert isinstance(fired, Fired)
    assert (fired.bound.name, fired.target) == ("claim", "C-1")


def test_a_prefix_keeps_the_target_of_its_first_key() -> None:
    presses: Presses[str] = Presses(KEYMAP)

    assert presses.press("e", "C-1") == Waiting("e")
    fired = presses.press("2", "C-2")

    assert isinstance(fired, Fired)
    assert (fired.bound.name, fired.bound.value, fired.target) == ("escalate", "2", "C-1")
    assert presses.prefix is None


def test_a_wrong_second_key_runs_nothing_not_even_by_itself() -> None:
    presses: Presses[str] = Presses(KEYMAP)
    presses.press("o", "C-1")

    assert presses.press("a", "C-1") != Swallowed("o", "a")
    presses.press("d", "C-1")
    assert presses.press("d", "C-1") == Swallowed("d", "d")
    presses.press("e", "C-1")
    assert presses.press("a", "C-1") == Swallowed("e", "a")
    assert presses.prefix is None


def test_a_key_without_a_meaning_is_unbound() -> None:
    assert Presses[str](KEYMAP).press("%", "C-1") == Unbound("%")


@given(
    st.lists(st.tuples(st.sampled_from(sorted({key for keys, _ in KEYMAP.all() for key in keys})), st.integers(0, 3)))
)
def test_what_fires_is_about_the_target_at_its_first_key(presses_made: list[tuple[str, int]]) -> None:
    presses: Presses[int] = Presses(KEYMAP)
    first: int | None = None
    for key, selected in presses_made:
        waited = presses.prefix is not None
        first = first if waited else selected
        result = presses.press(key, selected)
        if isinstance(result, Fired):
            assert result.target == first


def test_fingers_are_not_a_paste() -> None:
    guard = PasteGuard()

    assert not any(guard.key(at * 30.0) for at in range(100))


def test_nine_keys_in_fifty_milliseconds_are() -> None:
    guard = PasteGuard()
    dropped = [guard.key(at * 5.0) for at in range(12)]

    assert dropped == [False] * PASTE_KEYS + [True] * 4
    assert all(guard.belongs(at * 5.0) for at in range(12))
    assert guard.dropped == 12
    assert not guard.key(12 * 5.0 + PASTE_MS + 1)


def test_a_remap_is_taken_and_a_collision_is_refused_with_both_names() -> None:
    assert Keymap({"claim": "W"}).keys_of("claim") == "W"
    with pytest.raises(KeyCollision, match=r"n is wanted by .*claim.* and by .*note|n is wanted by claim and by note"):
        Keymap({"claim": "n"})
    with pytest.raises(KeyCollision):
        Keymap({"claim": "e"})
    with pytest.raises(KeyNeverBound, match="ctrl\\+s"):
        Keymap({"claim": "ctrl+s"})


def test_the_keys_of_the_console_document() -> None:
    expected = {
        "a": "claim", "c": "claim", "n": "note", "f": "set_factors", "C": "log_contact", "U": "post_update",
        "D": "resolve", "l": "link", "z": "undo", "e1": "escalate", "s3": "snooze", "p0": "set_severity", "m": "merge",
        "of": "triage", "ol": "release", "oc": "contain", "oi": "investigate", "ow": "await_external", "oh": "hold",
        "ov": "waive", "ox": "discard", "oo": "reopen", "ou": "unmerge", "os": "unsnooze", "oa": "add_task",
        "od": "complete_task", "oz": "cancel", "oy": "confirm", "ob": "busy", "og": "break_glass", "d0": "propose",
        "j": "down", "k": "up", "g": "first", "G": "last", "b": "next_late", "B": "previous_late", "u": "next_unowned",
        "J": "next_case", "K": "previous_case", "1": "view_all", "2": "view_mine", "3": "view_unowned",
        "4": "view_late", "0": "clear", "/": "filter", "?": "help", ":": "command", "q": "close", "i": "timeline",
        "tm": "assign",
    }  # fmt: skip

    found = {"".join(keys): bound.name for keys, bound in KEYMAP.all() if all(len(key) == 1 for key in keys)}

    assert {key: found.get(key) for key in expected} == expected
    assert KEYMAP.get(("enter",)) is not None
    assert KEYMAP.get(("ctrl+l",)) is not None


@pytest.mark.parametrize(
    "answer",
    [
        ["alt+left_square_bracket", "question_mark", "1", "semicolon", "2", "c"],
        ["circumflex_accent", "right_square_bracket", "1", "1", "semicolon", "r", "g", "b", "a", "e", "1"],
        ["alt+P", "1", "dollar_sign", "r", "0", "m"],
        ["escape", "y"],
    ],
)
def test_what_a_terminal_answers_is_no_key(answer: list[str]) -> None:
    guard = AnswerGuard()
    dropped = [guard.key(key, 1_000.0 + at * 0.1) for at, key in enumerate(answer)]

    assert all(dropped[1:])
    assert not guard.key("c", 1_000.0 + len(answer) * 0.1 + ANSWER_MS + 1)


def test_esc_and_then_another_key_by_hand_are_two_keys() -> None:
    guard = AnswerGuard()

    assert [guard.key(key, at) for key, at in (("escape", 0.0), ("j", 60.0), ("k", 65.0))] == [False] * 3
