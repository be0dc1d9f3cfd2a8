"""The line of each key: tomllib says what, this says where."""

import tomllib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casework.tomllines import lines_of

EVERYTHING = (
    "# [not.a.table] = 1",
    'version = "x # not a comment"',
    "'quoted key' = 1   # b = 2",
    '"esc\\"aped".inner = true',
    "",
    "[a . b] # trailing",
    "c.d = [ # ] not the end",
    '  1, "]", [2, 3], # more = 4',
    "]",
    "e = { f = 1, g.h = 'its # }', \"i\" = { j = [ {k = 1}, {k = 2} ] } }",
    "",
    'text = """',
    "[fake]",
    'fake = 1 \\""" still',
    '""""',
    "raw = '''",
    'also.fake = "',
    "''''",
    "date = 2026-11-22T10:00:00Z",
    "[[list]]",
    "name = 1",
    "[[list]]",
    "name = 2",
    "[a.b.z]",
)


def paths(value: Any, above: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    """Each key of parsed TOML by its path; places in lists have no name."""
    found: set[tuple[str, ...]] = set()
    if isinstance(value, dict):
        for key, below in value.items():
            found |= {(*above, key)} | paths(below, (*above, key))
    elif isinstance(value, list):
        for below in value:
            found |= paths(below, above)
    return found


def test_every_kind_of_line() -> None:
    text = "\n".join(EVERYTHING)
    found = lines_of(text)
    assert set(found) == paths(tomllib.loads(text))
    lines = text.splitlines()
    for path, starts in {
        ("version",): "version",
        ("quoted key",): "'quoted",
        ('esc"aped', "inner"): '"esc',
        ("a", "b"): "[a . b]",
        ("a", "b", "c", "d"): "c.d",
        ("a", "b", "e", "g", "h"): "e =",
        ("a", "b", "e", "i", "j", "k"): "e =",
        ("a", "b", "text"): "text =",
        ("a", "b", "raw"): "raw =",
        ("a", "b", "date"): "date",
        ("list",): "[[list]]",
        ("a", "b", "z"): "[a.b.z]",
    }.items():
        assert lines[found[path] - 1].startswith(starts), path


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_line_ends_of_both_kinds(newline: str) -> None:
    text = newline.join(["a = 1", "", '[b]  # "x"', "c = '''", "d = 1", "'''", "e = 2"])
    assert lines_of(text) == {("a",): 1, ("b",): 3, ("b", "c"): 4, ("b", "e"): 7}


def test_nothing_in_an_empty_text() -> None:
    assert lines_of("") == {}
    assert lines_of("# only a comment") == {}
    assert lines_of("[a]") == {("a",): 1}


SCALARS = st.one_of(
    st.integers(-9, 9).map(str),
    st.booleans().map(lambda b: str(b).lower()),
    st.sampled_from(['"#"', "'['", '"""\n=\n"""', "'''\n[x]\n'''", '"\\\\"', '"]"', "1.5", "2026-01-01"]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: "[\n  " + ", # c\n ".join(items) + "\n]"),
        st.lists(SCALARS.filter(lambda v: "\n" not in v), max_size=3).map(
            lambda items: "{" + ", ".join(f"k{n} = {item}" for n, item in enumerate(items)) + "}"
        ),
    ),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.booleans(), VALUES), max_size=8))
def test_it_finds_what_tomllib_finds(parts: list[tuple[bool, str]]) -> None:
    text = ""
    expected: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    for n, (opens, value) in enumerate(parts):
        if opens:
            table = (f"t{n}",)
            expected[table] = text.count("\n") + 1
            text += f"[t{n}] # [x]\n\n"
        expected[(*table, f"key{n}")] = text.count("\n") + 1
        text += f"key{n} = {value} # = 1\n"
    found = lines_of(text)
    assert set(found) == paths(tomllib.loads(text))
    assert {path: found[path] for path in expected} == expected
