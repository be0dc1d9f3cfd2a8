"""Text on its way to a terminal, one line at a time.

Case text, file names and a feed's answers are other people's text. Printed as they are, they can move the cursor,
rewrite what was printed before, reverse reading order or hide letters. Every line that a subcommand prints goes
through `safe_line`, which puts a visible stand-in where such a character was; what is stored stays as it came.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # typing and re are loaded when they are needed: `--version` prints plain ASCII and answers first
if TYPE_CHECKING:
    import re
    from typing import TextIO

# Code points that act on a terminal, change reading order, or take no room, as ranges of a regular expression. Format
# characters that are letters to their readers (Arabic number signs, Syriac and Kaithi marks) stay as they are.
_UNSAFE_RANGES = (
    "\x00-\x1f\x7f-\x9f"  # C0, DEL, C1
    "\u00ad"  # soft hyphen
    "\u034f"  # combining grapheme joiner
    "\u061c"  # Arabic letter mark
    "\u115f\u1160\u3164\uffa0"  # Hangul fillers: letters that are blank
    "\u17b4\u17b5"  # Khmer inherent vowels, invisible
    "\u180b-\u180f"  # Mongolian selectors and vowel separator
    "\u200b-\u200f"  # zero width, left-to-right and right-to-left marks
    "\u2028\u2029"  # line and paragraph separators
    "\u202a-\u202e"  # bidi embeddings and overrides
    "\u2060-\u206f"  # word joiner, invisible operators, bidi isolates, deprecated format characters
    "\u2800"  # braille blank
    "\ud800-\udfff"  # lone surrogates
    "\ufdd0-\ufdef"  # noncharacters
    "\ufe00-\ufe0f"  # variation selectors: sixteen of them carry four bits each
    "\ufeff"  # byte order mark
    "\ufff0-\ufffb\ufffe\uffff"  # interlinear annotation, noncharacters; U+FFFD is an honest sign
    "\U0001bca0-\U0001bca3"  # shorthand format controls
    "\U0001d173-\U0001d17a"  # musical format controls
    "\U00013430-\U0001345f"  # hieroglyph format controls
    "\U000e0000-\U000e0fff"  # tags and the further variation selectors
)

_unsafe: re.Pattern[str] | None = None


def safe_line(text: str) -> str:
    """`text` as one harmless line: no control, bidi, invisible or surrogate code point is left in it.

    A line break is a control like any other and becomes `␊`; a caller with several lines prints each.
    """
    if text.isascii() and text.isprintable():
        return text
    return _pattern().sub(_stand_in, text)


def safe_json(document: str) -> str:
    r"""The same JSON document with every unsafe code point of its strings as a `\uXXXX` escape.

    Nothing is lost: a JSON reader gets back exactly what `document` said. The document has to be in one line, as an
    encoder writes it: a line break between two tokens would be escaped as well.
    """
    if document.isascii() and document.isprintable():
        return document
    return _pattern().sub(_json_escape, document)


def write_line(text: str = "", stream: TextIO | None = None) -> None:
    """Print one line, made safe, on `stream` (stdout unless named)."""
    _write(safe_line(text), stream or sys.stdout)


def write_json(document: str, stream: TextIO | None = None) -> None:
    """Print one JSON document as one line, made safe without loss."""
    _write(safe_json(document), stream or sys.stdout)


def write_error(message: str) -> None:
    """Print one line on stderr, after the program's name."""
    _write(f"watchfloor: {safe_line(message)}", sys.stderr)


def _write(line: str, stream: TextIO | None) -> None:
    if stream is not None:  # None when the process was started with that descriptor closed
        stream.write(line + "\n")


def _pattern() -> re.Pattern[str]:
    global _unsafe
    if _unsafe is None:
        import re

        _unsafe = re.compile(f"[{_UNSAFE_RANGES}]")
    return _unsafe


def _stand_in(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code < 0x20:
        return chr(0x2400 + code)  # the control pictures: ␛ for ESC
    if code == 0x7F:
        return "\u2421"
    return f"<U+{code:04X}>"


def _json_escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code < 0x10000:
        return f"\\u{code:04x}"
    high, low = divmod(code - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"
