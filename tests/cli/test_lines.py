"""No text that the command line prints can act on a terminal or hide in it."""

import io
import json
import re
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli import lines
from cli.lines import safe_json, safe_line

# Format characters that are written and read: number and verse signs of Arabic, Syriac and Kaithi.
READ_AS_LETTERS = {
    0x0600,
    0x0601,
    0x0602,
    0x0603,
    0x0604,
    0x0605,
    0x06DD,
    0x070F,
    0x0890,
    0x0891,
    0x08E2,
    0x110BD,
    0x110CD,
}

ANYTHING = st.text(st.characters())
"""Any code points, lone surrogates among them."""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("żółw 東京 عربي 🚨", "żółw 東京 عربي 🚨"),
        ("\x1b[2J", "␛[2J"),
        ("a\r\nb\tc\x00\x7f", "a␍␊b␉c␀␡"),
        ("\x9b31m\x85", "<U+009B>31m<U+0085>"),
        ("invoice\u202efdp.exe", "invoice<U+202E>fdp.exe"),
        ("\u2066x\u2069", "<U+2066>x<U+2069>"),
        ("pass\u200bword\ufeff", "pass<U+200B>word<U+FEFF>"),
        ("a\U000e0041\U000e007f", "a<U+E0041><U+E007F>"),
        ("\ud83d", "<U+D83D>"),
        ("x\u2028y", "x<U+2028>y"),
        ("❤\ufe0f", "❤<U+FE0F>"),
    ],
)
def test_stand_ins(text: str, shown: str) -> None:
    assert safe_line(text) == shown


def test_every_control_format_and_separator_is_covered() -> None:
    passed = [
        code
        for code in range(sys.maxunicode + 1)
        if unicodedata.category(chr(code)) in {"Cc", "Cf", "Cs", "Zl", "Zp"} and chr(code) in safe_line(chr(code))
    ]

    assert set(passed) == READ_AS_LETTERS


@given(ANYTHING)
def test_a_line_is_one_line_and_stays_as_it_is_when_shown_again(text: str) -> None:
    shown = safe_line(text)

    assert len(shown.splitlines()) <= 1
    assert safe_line(shown) == shown
    shown.encode()


@given(ANYTHING)
def test_json_loses_nothing(text: str) -> None:
    shown = safe_json(json.dumps(text, ensure_ascii=False))

    # Compared in UTF-16: two lone halves side by side are one character to any JSON reader.
    assert json.loads(shown).encode("utf-16", "surrogatepass") == text.encode("utf-16", "surrogatepass")
    assert safe_line(shown) == shown


@pytest.mark.parametrize("text", ["", "plain", "\x1b]0;title\x07", "\u202e", "\ud83d"])
def test_writers_go_through_the_filter(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    stream = io.StringIO()
    lines.write_line(text)
    lines.write_line(text, stream)
    lines.write_error(text)
    lines.write_json(json.dumps(text, ensure_ascii=False))
    out, err = capsys.readouterr()

    assert stream.getvalue() == f"{safe_line(text)}\n"
    assert out.splitlines()[0] == safe_line(text)
    assert json.loads(out.splitlines()[1]) == text
    assert err == f"watchfloor: {safe_line(text)}\n"


def test_no_command_writes_past_the_filter(checkout: Path) -> None:
    past = re.compile(r"\bprint\(|\bstd(out|err)(\.buffer)?\.write(lines)?\(")
    commands = [path for path in (checkout / "cli").rglob("*.py") if path.name != "lines.py"]

    assert commands
    assert [str(path) for path in commands if past.search(path.read_text(encoding="utf-8"))] == []
