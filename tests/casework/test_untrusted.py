"""Text from outside never becomes a string by itself, and what is shown of it is harmless and says what it hides."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casework.untrusted import COMBINING_CAP, Untrusted, raw, safe, stand_in_of_one_cell, visible


def test_it_refuses_every_way_into_a_string() -> None:
    text = Untrusted("\x1b[2Jhello")

    with pytest.raises(TypeError):
        str(text)
    with pytest.raises(TypeError):
        f"{text}"
    with pytest.raises(TypeError):
        f"{text:>20}"
    with pytest.raises(TypeError):
        "a" + text  # type: ignore[operator]


def test_its_repr_says_nothing_of_its_text() -> None:
    assert repr(Untrusted("secret name")) == "Untrusted(<11 characters>)"


def test_it_compares_by_value_and_keeps_the_original() -> None:
    assert Untrusted("a\x00") == Untrusted("a\x00") != Untrusted("a")
    assert len({Untrusted("a"), Untrusted("a")}) == 1
    assert raw(Untrusted("a\x00")) == "a\x00"
    assert not Untrusted("")


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("DENY request\rAPPROVE ok", "DENY request\u240dAPPROVE ok"),
        ("\x1b]0;x\x07", "\u241b]0;x\u2407"),
        ("a\x7fb\x9bc", "a\u2421b<U+009B>c"),
        ("approve\u202e denied", "approve<U+202E> denied"),
        ("user\u200d_1042", "user<U+200D>_1042"),
        ("\u3164", "<U+3164>"),
        ("ok\U000e0069", "ok<U+E0069>"),
        ("a\u00a0b\u3000c", "a b c"),
        ("\U0001f1fa\U0001f1f8", "US"),
        ("\U0001f44d\U0001f3fb", "\U0001f44d\u00b7"),
        ("\u0301x", "\u25cc\u0301x"),
        ("[/] [@click=app.quit]x", "[/] [@click=app.quit]x"),
        ("\u0642\u0644 \u05e9\u05dc", "\u0642\u0644 \u05e9\u05dc"),
        ("a\nb", "a\u240ab"),
    ],
)
def test_what_is_shown(source: str, shown: str) -> None:
    assert visible(source) == visible(Untrusted(source)) == shown


def test_marks_are_capped_and_counted() -> None:
    shown = visible("Z" + "\u0301" * 100 + "x")

    assert shown == "Z" + "\u0301" * COMBINING_CAP + f"<+{100 - COMBINING_CAP} marks>x"


def test_several_lines_stay_lines() -> None:
    assert visible("a\r\nb\u2028c\x85d", multiline=True) == "a\nb\nc<U+0085>d"


@settings(max_examples=300)
@given(st.text(alphabet=st.characters(), max_size=40))
def test_nothing_unsafe_is_left_and_it_is_stable(source: str) -> None:
    shown = visible(source)

    assert safe(shown)
    assert visible(shown) == shown
    assert not any(unicodedata.category(char) in ("Cc", "Cs", "Co", "Cn", "Zl", "Zp") for char in shown)


@given(st.characters())
def test_a_stand_in_of_one_cell_is_one_safe_character(char: str) -> None:
    stand_in = stand_in_of_one_cell(char)

    assert len(stand_in) == 1
    assert safe(stand_in)
