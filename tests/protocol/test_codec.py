"""The gate that bytes from outside pass: whatever they are, a value comes out or `Malformed`."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casework.commands import AnyCommand, Claim
from casework.escalation import Escalation
from protocol import codec, frames, limits
from protocol.codec import Malformed, UnknownFrame

REPORT = {"case_type": "SSH", "summary": "x", "source": {"kind": "user_report"}}


def refused(body: bytes, kind: Any = AnyCommand) -> Malformed:
    with pytest.raises(Malformed) as caught:
        codec.decode_body(body, kind)
    return caught.value


def note(text: str) -> bytes:
    """A note whose text is `text` as it stands between the quotes."""
    return b'{"type":"note","expected_version":1,"text":"' + text.encode() + b'"}'


def propose(value: str) -> bytes:
    return (
        b'{"type":"propose","expected_version":1,"action":"hide","target":{"kind":"video","id":"v"},"policy":"VE1",'
        b'"reason":"r","fields":{"x":' + value.encode() + b"}}"
    )


def test_a_good_command_passes() -> None:
    assert codec.decode_body(b'{"type":"claim","expected_version":3}', AnyCommand) == Claim(expected_version=3)


@pytest.mark.parametrize(
    ("body", "pointer", "says"),
    [
        pytest.param(b"", "", "empty", id="empty"),
        pytest.param(b" ", "", "truncated", id="blank"),
        pytest.param(b'\xef\xbb\xbf{"type":"claim","expected_version":1}', "", "byte order mark", id="bom"),
        pytest.param(note("\\ud800"), "", "surrogate", id="lone high surrogate"),
        pytest.param(note("\\udc00x"), "", "surrogate", id="lone low surrogate"),
        pytest.param(note("\\ud800\\u0041"), "", "surrogate", id="half a pair"),
        pytest.param(b'{"type":"claim","expected_version":1,"x\xff":1}', "", "UTF-8", id="bad UTF-8 in a name"),
        pytest.param(b'{"type":"note","text":"\xc3\x28"}', "", "UTF-8", id="bad UTF-8"),
        pytest.param(b'{"type":"note","text":"\xed\xa0\x80"}', "", "UTF-8", id="surrogate in UTF-8"),
        pytest.param(propose("NaN"), "", "invalid", id="NaN"),
        pytest.param(propose("Infinity"), "", "invalid", id="Infinity"),
        pytest.param(propose("-Infinity"), "", "invalid", id="minus Infinity"),
        pytest.param(propose("1e999"), "/fields", "range", id="overflow"),
        pytest.param(propose("9" * 4_000), "", "19 digits", id="integer of 4,000 digits"),
        pytest.param(propose("9" * 20), "", "19 digits", id="integer of 20 digits"),
        pytest.param(propose("[" * 32 + "]" * 32), "", "32 levels", id="nested 34 deep"),
        pytest.param(b"[" * 500_000, "", "32 levels", id="bomb of arrays"),
        pytest.param(b'{"a":' * 200_000, "", "32 levels", id="bomb of objects"),
        pytest.param(propose("1.5"), "/fields", "got `float`", id="fraction in an action's fields"),
        pytest.param(
            propose("9007199254740992"), "/fields", "<= 9007199254740991", id="integer that JSON readers round"
        ),
        pytest.param(b'{"type":"claim","expected_version":1}{', "", "trailing", id="trailing"),
        pytest.param(b'{"type":"claim","expected_version":1}\0', "", "trailing", id="trailing NUL"),
        pytest.param(b"null", "", "expected `object`", id="null"),
        pytest.param(b'{"type":"claim"}', "/expected_version", "missing", id="no version"),
        pytest.param(b'{"expected_version":1}', "/type", "missing", id="no verb"),
        pytest.param(b'{"type":"explode","expected_version":1}', "/type", "'explode'", id="unknown verb"),
        pytest.param(b'{"type":"claim","expected_version":1,"a/b~c":1}', "/a~1b~0c", "unknown", id="unknown field"),
        pytest.param(b'{"type":"claim","expected_version":1.5}', "/expected_version", "got `float`", id="fraction"),
        pytest.param(b'{"type":"claim","expected_version":true}', "/expected_version", "got `bool`", id="bool"),
        pytest.param(b'{"type":"claim","expected_version":-1}', "/expected_version", ">= 0", id="negative"),
        pytest.param(note(""), "/text", "length >= 1", id="empty required text"),
        pytest.param(note("x" * 4_001), "/text", "length <= 4000", id="long text"),
        pytest.param(b'{"type":"merge","expected_version":1,"into":"C-7F3A9K2M\\n"}', "/into", "regex", id="line feed"),
        pytest.param(
            b'{"type":"claim","expected_version":1,"context":{"x":1}}', "/context/x", "unknown", id="unknown in context"
        ),
    ],
)
def test_a_bad_command_is_refused_and_pointed_at(body: bytes, pointer: str, says: str) -> None:
    fault = refused(body)
    assert fault.pointer == pointer
    assert says in fault.reason


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"case_type": "XXX"}, "/case_type"),
        ({"factors": {"vulnerability": ["child", "gremlin"]}}, "/factors/vulnerability/1"),
        ({"subjects": [{"kind": "account"}]}, "/subjects/0/id"),
        ({"content": [{"kind": "a", "id": "b"}, {"kind": "a", "id": "b", "bytes": "…"}]}, "/content/1/bytes"),
        ({"sensitive": {"Not a name": "x"}}, "/sensitive"),
        ({"sensitive": {"phone": ""}}, "/sensitive"),
        ({"occurred_at": "2026-11-22T01:02:03"}, "/occurred_at"),
        ({"subjects": [{"kind": "a", "id": "b", "place_at": "2026-11-22T01:02:03"}]}, "/subjects/0/place_at"),
        ({"graphic_level": 5}, "/graphic_level"),
        ({"factors": {"live_viewers": 10**13}}, "/factors/live_viewers"),
        ({"summary": "x" * 281}, "/summary"),
    ],
)
def test_a_bad_report_is_pointed_at(change: dict[str, Any], pointer: str) -> None:
    codec.decode_body(json.dumps(REPORT).encode(), Escalation)  # the control: without the change it passes
    assert refused(json.dumps({**REPORT, **change}).encode(), Escalation).pointer == pointer


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(note("[" * 3_999), id="brackets in a text"),
        pytest.param(note('\\"' + "[" * 100 + "\\\\"), id="escaped quote, brackets, escaped backslash"),
        pytest.param(note("\\\\\\" + '"' + "{" * 100), id="three backslashes before a quote"),
        pytest.param(note("9" * 3_999), id="digits in a text"),
        pytest.param(propose("[" + ",".join(["1"] * 999) + "]"), id="wide"),
        pytest.param(propose("9007199254740991"), id="the largest safe integer"),
        pytest.param(note("\\ud83d\\ude00 é 漢"), id="a whole surrogate pair"),
        pytest.param(note("\\u0000\\u001b[2J\u202e"), id="controls are kept: the screen is what filters them"),
    ],
)
def test_what_only_looks_dangerous_passes(body: bytes) -> None:
    codec.decode_body(body, AnyCommand)


def depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max((depth(item) for item in value.values()), default=0)
    if isinstance(value, list):
        return 1 + max((depth(item) for item in value), default=0)
    return 0


TREES = st.recursive(
    st.none() | st.integers(-9, 9) | st.text('[]{}"\\é', max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text('[]{}"\\', max_size=4), inner, max_size=3),
    max_leaves=30,
)


@settings(max_examples=150, deadline=None)
@given(TREES, st.integers(0, 40))
def test_depth_is_counted_as_a_parser_counts_it(tree: Any, wrapped: int) -> None:
    for _ in range(wrapped):
        tree = [tree]
    body = json.dumps(tree).encode()
    if depth(tree) > limits.DEPTH:
        with pytest.raises(Malformed, match="levels"):
            codec.check(body)
    else:
        codec.check(body)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.binary(max_size=80), st.text(max_size=60).map(lambda text: text.encode("utf-8", "surrogatepass"))))
def test_any_bytes_give_malformed_or_a_value_and_nothing_else(body: bytes) -> None:
    for kind in (AnyCommand, Escalation, dict[str, Any], Any):
        with contextlib.suppress(Malformed):
            codec.decode_body(body, kind)
    for decode in (codec.from_feed, codec.from_client):
        with pytest.raises(Malformed):
            decode(body)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (b'{"type":"note","expected_version":1,"text":"first","text":"last"}', "/text"),
        (b'{"type":"claim","expected_version":1,"type":"claim"}', "/type"),
        (b'{"type":"claim","expected_version":1,"t\\u0079pe":"release"}', "/type"),
        (b'{"type":"propose","fields":{"a":1,"a":1},"expected_version":1}', "/fields/a"),
        (b'{"type":"x","list":[0,{"a/b":1,"a/b":1}]}', "/list/1/a~1b"),
        (b'{"type":"claim","expected_version":1,"":1,"":2}', "/"),
    ],
)
def test_a_member_that_stands_twice_in_an_object_is_refused(body: bytes, pointer: str) -> None:
    fault = refused(body)
    assert (fault.pointer, "twice" in fault.reason) == (pointer, True)


def test_members_of_one_name_in_different_objects_are_no_fault() -> None:
    codec.check_once(b'{"a":{"a":1},"b":[{"a":1},{"a":1}],"c":"\\"a\\":1,\\"a\\":1"}')


def test_what_a_fault_quotes_is_bounded() -> None:
    fault = refused(b'{"type":"' + b"x" * 50_000 + b'","expected_version":1}')
    assert len(fault.reason) < 400
    assert len(refused(b'{"type":"claim","expected_version":1,"' + b"y" * 50_000 + b'":1}').pointer) < 200


def test_a_batch_leaves_the_length_of_numbers_to_its_items() -> None:
    body = b'[{"a":1},{"a":' + b"9" * 30 + b"}]"
    parts: list[msgspec.Raw] = codec.decode_body(body, list[msgspec.Raw], numbers=False)
    good, bad = parts
    assert codec.decode_part(good, dict[str, int]) == {"a": 1}
    with pytest.raises(Malformed, match="digits"):
        codec.decode_part(bad, dict[str, int])


HELLO = frames.Hello(proto="1", node="n", epoch="e", head=4, server_time=1, hb_ms=2_000, max_frame=1)


@pytest.mark.parametrize(
    "frame",
    [
        HELLO,
        frames.Mark(sub="main", prev=1, seq=2, head_hash="0" * 64),
        frames.Resync(sub="main", reason="gap", seq=2),
        frames.TimeAnswer(t0=1, t1=2, t2=3),
        frames.ErrorFrame(problem={"type": "/problems/invalid"}),
    ],
)
def test_frames_of_the_feed_come_back(frame: frames.Frame) -> None:
    body = codec.encode(frame)
    assert codec.from_feed(body) == frame
    assert codec.from_feed(body.decode()) == frame


def test_a_frame_type_that_a_newer_feed_sends_is_skipped_not_an_error() -> None:
    assert codec.from_feed('{"type":"weather","x":[1]}') == UnknownFrame(type="weather")
    later = codec.from_feed('{"type":"mark","sub":"main","prev":1,"seq":2,"head_hash":"","new":1}')
    assert later == frames.Mark(sub="main", prev=1, seq=2, head_hash="")


@pytest.mark.parametrize(
    "frame",
    [
        "{}",
        '{"type":7}',
        '{"type":"mark"}',
        '{"type":"mark","sub":"m","prev":-1,"seq":1,"head_hash":""}',
        "[",
        "\ud800",
    ],
)
def test_a_torn_frame_of_the_feed_is_malformed(frame: str) -> None:
    with pytest.raises(Malformed):
        codec.from_feed(frame)


def test_frames_of_a_client_come_back() -> None:
    text = '{"type":"subscribe","sub":"main","filter":{"all":true},"from":{"epoch":"e","seq":4,"head_hash":"%s"}}'
    frame = codec.from_client(text % ("0" * 64))
    assert isinstance(frame, frames.Subscribe)
    assert frame.filter.all
    assert frame.from_ is not None
    assert frame.from_.seq == 4
    assert codec.from_client('{"type":"time","t0":5}') == frames.TimeAsked(t0=5)


@pytest.mark.parametrize(
    "frame",
    [
        '{"type":"weather"}',
        '{"type":"time","t0":5,"x":1}',
        '{"type":"subscribe","sub":"main"}',
        '{"type":"subscribe","sub":"main\\n","filter":{"all":true}}',
        '{"type":"subscribe","sub":"main","filter":{"query":"x"}}',
        '{"type":"subscribe","sub":"main","filter":{"all":true},"from":{"epoch":"e","seq":1,"head_hash":"zz"}}',
        '{"type":"auth","token":""}',
        '{"type":"presence","case_id":"C-7F3A9K2M","doing":"' + "x" * (64 * 1024) + '"}',
        "[" * 40 + "]" * 40,
    ],
)
def test_a_client_says_only_what_the_feed_knows(frame: str) -> None:
    with pytest.raises(Malformed):
        codec.from_client(frame)


def test_lines_end_each_document() -> None:
    assert codec.encode_lines([{"a": 1}, {"b": 2}]) == b'{"a":1}\n{"b":2}\n'


HOSTILE_FRAMES = [
    pytest.param('{"type":"mark","sub":"m","prev":1,"seq":7.5,"head_hash":""}', id="seq 7.5"),
    pytest.param('{"type":"mark","sub":"m","prev":1,"seq":9223372036854775808,"head_hash":""}', id="seq 2^63"),
    pytest.param('{"type":"mark","sub":"m","prev":1,"seq":18446744073709551616,"head_hash":""}', id="seq 2^64"),
    pytest.param('{"type":"mark","sub":"m","prev":1,"seq":%s,"head_hash":""}' % ("9" * 4_000), id="seq 4000 digits"),
    pytest.param('{"type":"mark","sub":"m","prev":1,"seq":"7","head_hash":""}', id="seq string"),
    pytest.param('{"type":"mark","sub":"m","prev":1,"seq":007,"head_hash":""}', id="seq leading zero"),
    pytest.param('{"type":"mark","sub":"m","prev":1,"seq":Infinity,"head_hash":""}', id="Infinity"),
    pytest.param('{"type":"mark","sub":"m","prev":1,"head_hash":""}', id="missing seq"),
    pytest.param('{"type":"mark"/*x*/,"sub":"m","prev":1,"seq":2,"head_hash":""}', id="comment"),
    pytest.param('{"type":"mark","sub":"m","prev":1,"seq":2,"head_hash":""}x', id="trailing junk"),
    pytest.param('{"type":"bye","reason":"a","retry_ms":1}{"type":"bye","reason":"b","retry_ms":1}', id="two objects"),
    pytest.param('\ufeff{"type":"bye","reason":"a","retry_ms":1}', id="BOM"),
    pytest.param('{"type":"bye","reason":"A\\ud800B","retry_ms":1}', id="lone high surrogate"),
    pytest.param('{"type":"bye","reason":"\\udc00","retry_ms":1}', id="lone low surrogate"),
    pytest.param('{"type":"bye","reason":"a","retry_ms":1,"x":' + "[" * 100_000, id="depth inside an ignored field"),
    pytest.param("[" * 100_000, id="depth"),
    pytest.param("42", id="number"),
    pytest.param('"x"', id="string"),
    pytest.param("{}", id="empty object"),
    pytest.param(b"\xff\xfe{\x00}\x00", id="UTF-16"),
    pytest.param(b'{"type":"bye","x":"\xff\xfe"', id="invalid UTF-8"),
    pytest.param(b"\xdd\xff\xff\xff\xff", id="MessagePack bomb"),
    pytest.param(
        '{"type":"events","sub":"m","prev":1,"seq":2,"head_hash":"","events":[{"seq":2}]}', id="half an event"
    ),
]


@pytest.mark.parametrize("frame", HOSTILE_FRAMES)
def test_a_hostile_frame_of_the_feed_is_malformed_and_the_reader_lives(frame: str | bytes) -> None:
    with pytest.raises(Malformed):
        codec.from_feed(frame)


def test_names_and_numbers_of_an_event_are_bounded() -> None:
    event = {"seq": 2, "case_id": "C-1", "version": 1, "type": "T", "v": 2, "at": 5, "actor": "a", "data": {}}
    frame = {"type": "events", "sub": "m", "prev": 1, "seq": 2, "head_hash": "", "events": [event]}
    assert isinstance(codec.from_feed(json.dumps(frame)), frames.Events)
    for name, value in (
        ("case_id", "C" * 100_000),
        ("type", "T" * 1_000),
        ("actor", "a" * 1_000),
        ("version", 10**17),
        ("at", 10**16),
        ("at", "2026-11-01T01:30:00"),
        ("v", 0),
    ):
        with pytest.raises(Malformed):
            codec.from_feed(json.dumps({**frame, "events": [{**event, name: value}]}))
