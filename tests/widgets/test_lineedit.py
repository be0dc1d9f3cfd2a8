"""One line of text being typed: every editing key, and that nothing typed is lost or doubled."""

from hypothesis import given
from hypothesis import strategies as st

from widgets.lineedit import LONGEST, LineEdit


def typed(*keys: str) -> LineEdit:
    edit = LineEdit()
    for key in keys:
        if len(key) == 1:
            edit.insert(key)
        else:
            assert edit.press(key), key
    return edit


def test_letters_go_in_where_the_cursor_stands() -> None:
    edit = typed(*"hlo", "left", "left", "e", "right", "l")
    assert (edit.text, edit.cursor) == ("helLo".lower(), 4)


def test_words_are_cut_and_jumped_over() -> None:
    edit = typed(*"call the desk")
    edit.press("ctrl+w")
    assert edit.text == "call the "
    edit.press("ctrl+left")
    assert edit.cursor == len("call ")
    edit.press("ctrl+right")
    assert edit.cursor == len("call the")
    edit.press("ctrl+u")
    assert (edit.text, edit.cursor) == (" ", 0)
    edit.press("delete")
    assert edit.text == ""
    edit.press("backspace")
    assert edit.text == ""


def test_a_paste_stays_one_line_and_within_bounds() -> None:
    edit = LineEdit("ab", 1)
    edit.insert("x\ny\tz\r")
    assert edit.text == "ax y z b"
    edit.insert("w" * LONGEST)
    assert len(edit.text) == LONGEST


def test_other_keys_are_not_taken() -> None:
    assert not LineEdit().press("f5")


@given(
    st.lists(
        st.sampled_from(["left", "right", "home", "end", "backspace", "delete", "ctrl+w", "ctrl+u", "ctrl+left"])
        | st.text("ab \u4e2d\u0301", min_size=1, max_size=3),
        max_size=40,
    )
)
def test_the_cursor_never_leaves_the_text(keys: list[str]) -> None:
    edit = LineEdit()
    for key in keys:
        if not edit.press(key):
            before = edit.text
            edit.insert(key)
            assert len(edit.text) == len(before) + len(key)
        assert 0 <= edit.cursor <= len(edit.text)
