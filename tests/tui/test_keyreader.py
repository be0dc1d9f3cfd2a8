"""What the terminal sends: keys pass as they are, answers that nobody asked for never become keys."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.terminal.keyreader import LONGEST, QUIET_TICKS, KeyReader

KEYS = [
    "a", "Q", "\r", "\t", "\x7f", "\x1b", "\x03", "\u00e9", "\u6f22", "\x1b[A", "\x1b[1;5C", "\x1bOP", "\x1b[15~",
    "\x1b[3~", "\x1b[Z", "\x1b[97;5u", "\x1b[57358;1:3u", "\x1b[I", "\x1b[O", "\x1b[<0;12;3M", "\x1b[<0;12;3m",
    "\x1b[24;80R", "\x1b[?2026;2$y", "\x1b[48;24;80;480;800t", "\x1bx", "\x1b[1;2R", "\x1b[27;5;97~",
]  # fmt: skip
ANSWERS = [
    "\x1b[?62;22c", "\x1b[?6c", "\x1b[>1;95;0c", "\x1b[=0c", "\x1bP!|00000000\x1b\\", "\x1bP>|xterm(390)\x1b\\",
    "\x1bP1$r0m\x1b\\", "\x1bP1+r544e=78\x1b\\", "\x1b]10;rgb:ffff/ffff/ffff\x07", "\x1b]4;1;rgb:cd00/0/0\x1b\\",
    "\x1b]52;c;cm0gLXJm\x07", "\x1b]lclaim c\x1b\\", "\x1b]L\x1b\\", "\x1b[0n", "\x1b[?13n", "\x1b[?1;1R",
    "\x1b[8;24;80t", "\x1b[3;0;0t", "\x1b[1t", "\x1b[2;1;1;112;112;1;0x", "\x1b[?1u", "\x1b_Gi=1;OK\x1b\\",
    "\x1b^pm\x1b\\", "\x1bXsos\x1b\\", "\x1b[?2$c", "\x1b[12;2$y",
]  # fmt: skip


@pytest.mark.parametrize("key", KEYS, ids=ascii)
def test_a_key_passes_as_it_is(key: str) -> None:
    reader = KeyReader()

    assert reader.read(key.encode()) == key
    assert reader.dropped == 0


@pytest.mark.parametrize("answer", ANSWERS, ids=ascii)
def test_an_answer_that_nobody_asked_for_is_dropped(answer: str) -> None:
    reader = KeyReader()

    assert reader.read(f"j{answer}k".encode()) == "jk"
    assert reader.dropped == 1


@given(
    st.lists(st.sampled_from([*[(key, key) for key in KEYS if key != "\x1b"], *[(each, "") for each in ANSWERS]])),
)
def test_any_mixture(parts: list[tuple[str, str]]) -> None:
    reader = KeyReader()

    assert reader.read("".join(sent for sent, _ in parts).encode()) == "".join(kept for _, kept in parts)


@given(st.sampled_from([each for each in ANSWERS if each[1] in "P]X^_"]), st.data())
def test_a_string_that_comes_in_two_pieces(answer: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(2, len(answer) - 1))
    reader = KeyReader()

    assert reader.read(answer[:at].encode()) + reader.read(answer[at:].encode() + b"k") == "k"


def test_what_is_pasted_stays_text() -> None:
    pasted = "one \x1b]0;title and \x1b[?6c\x1b[A\x1b"

    read = KeyReader().read(f"\x1b[200~{pasted}\x1b[201~\x1b[?6cj".encode())

    assert read == "\x1b[200~" + pasted.replace("\x1b", "\u241b") + "\x1b[201~j"


@given(st.data())
def test_a_slow_line_cuts_anywhere(data: st.DataObject) -> None:
    """What comes in pieces comes out as if it came at once; of an Esc that was passed on, the parser makes nothing."""
    sent = "j\x1b[200~a\x1b[2b\x1b[201~\x1b[?62;1c\x1b[15~k\x1b]52;c;eA==\x1b\\\x1b[<0;1;2M\x1bOPx"
    cuts = sorted(data.draw(st.lists(st.integers(0, len(sent)), max_size=5)))
    reader = KeyReader()
    read = "".join(reader.read(sent[a:b].encode()) for a, b in zip([0, *cuts], [*cuts, len(sent)], strict=True))

    assert read.replace("\x1b[E", "") == KeyReader().read(sent.encode())


def test_what_was_begun_and_does_not_go_on_is_handed_on() -> None:
    reader = KeyReader()

    assert reader.read(b"\x1b[1") == ""
    assert reader.tick() == "\x1b[1"
    assert reader.read(b"\x1b[") == "\x1b["
    assert reader.read(b"?6c") == "E"
    assert reader.read(b"\x1b") == "\x1b"
    assert reader.tick() == ""
    assert reader.read(b"[") == "["


def test_bytes_that_are_no_text_are_replaced() -> None:
    reader = KeyReader()

    assert reader.read(b"\xff\xc3") + reader.read(b"\xa9\xfej") == "\ufffd\u00e9\ufffdj"
    assert reader.read(b"\xc3", final=True) == "\ufffd"


def test_a_string_without_an_end_gives_the_keys_back() -> None:
    reader = KeyReader()
    assert reader.read(b"\x1bPjjj") == ""
    for _ in range(QUIET_TICKS):
        reader.tick()
    assert reader.read(b"k") == "k"

    assert reader.read(b"\x1b]" + b"x" * (LONGEST + 1)) == ""
    assert reader.read(b"k") == "k"
