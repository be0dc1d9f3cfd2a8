"""The query language: what matches, what completes, and what is said of a query that cannot be read."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casework.model import (
    Await,
    Clock,
    Content,
    Counts,
    Factors,
    Flags,
    Hold,
    Masked,
    Row,
    Source,
    Subject,
    Translation,
)
from casework.projection import stub_of
from casework.query import MAX_LENGTH, VIEWS, QueryFault, complete, matches, parse, token_start, view
from casework.queryfields import FIELDS

MINUTE, HOUR = 60_000, 3_600_000
NOW = 1_795_309_323_000


def row(**given_values: Any) -> Row:
    values: dict[str, Any] = {
        "case_id": "C-7F3A9K2M",
        "version": 1,
        "seq": 9,
        "opened_seq": 1,
        "case_type": "TTL",
        "severity": "S1",
        "band": 1,
        "state": "NEW",
        "opened_at": NOW - 3 * HOUR,
        "summary": "Threat naming a school, tomorrow 8 am",
    }
    return Row(**{**values, **given_values})


def due(left: int, **more: Any) -> tuple[Clock, ...]:
    return (Clock(**{"milestone": "contain", "started_at": NOW, "due_at": NOW + left, "allowance_ms": HOUR, **more}),)


def holds(text: str, of: Row | None = None, *, me: str = "ana") -> bool:
    return matches(parse(text), of or row(), me=me, now=NOW)


FULL = row(
    sub_type=None,
    band=2,
    owner="Ana",
    state="CONTAINING",
    flags=Flags(
        awaiting=Await(why="", who="police"),
        hold=Hold(why="", by="lee", at=NOW),
        snoozed_until=NOW + HOUR,
        rca_due=True,
    ),
    score_tenths=816,
    floors=("victim_in_crisis",),
    factors=Factors(imminence="24h", harm="death", live_viewers=1_200),
    language="de",
    translation=Translation(text="Straße am Fluss", by="tool"),
    graphic_level=3,
    sensitivities=("minor", "vip"),
    sensitive={"phone": Masked(ref="", masked="")},
    boundary="us",
    contained_at=NOW,
    clocks=due(10 * MINUTE),
    source=Source(kind="law_enforcement", name="Harris County SO"),
    subjects=(Subject(kind="account", id="u_8123", handle="northgate.kid", place="US-TX"),),
    content=(Content(kind="video", id="v_991", live=True, up=True),),
    updates=2,
    counts=Counts(notes=1, actions=1, tasks=1, contacts=1, related=1, runbook=1),
)


@pytest.mark.parametrize(
    ("text", "full", "plain"),
    [
        ("", True, True),
        ("   ", True, True),
        ("sev:1", True, True),
        ("sev:S1", True, True),
        ("sev:0..1", True, True),
        ("sev:1..0", True, True),
        ("sev:2..", False, False),
        ("sev:..1", True, True),
        ("sev:0,2", False, False),
        ("sev:0,1", True, True),
        ("type:ttl", True, True),
        ("type:CSEA,ssh", False, False),
        ("type:csea,TTL", True, True),
        ("TYPE:ttl", True, True),
        ("-type:dox", True, True),
        ("-type:ttl,dox", False, False),
        ("sub:live", False, False),
        ("state:containing", True, False),
        ("state:new,acked", False, True),
        ("state:open", True, True),
        ("state:ended", False, False),
        ("owner:ana", True, False),
        ("owner:none", False, True),
        ("owner:me", False, False),
        ("boundary:US", True, False),
        ("boundary:none", False, True),
        ("lang:de", True, False),
        ("lang:none", False, True),
        ("source:law_enforcement,press", True, False),
        ("sens:minor", True, False),
        ("sens:election,vip", True, False),
        ("sens:election", False, False),
        ("imminence:24h", True, False),
        ("imminence:unspecified", False, True),
        ("harm:death", True, False),
        ("next:contain", True, False),
        ("next:police", False, False),
        ("next:none", False, True),
        ("late<10m", False, False),
        ("late<=10m", True, False),
        ("late<11m", True, False),
        ("late>9m", True, False),
        ("late>=600s", True, False),
        ("late=10m", True, False),
        ("late<1h30m", True, False),
        ("late<0", False, False),
        ("age>2h", True, True),
        ("age>3h", False, False),
        ("age>=3h", True, True),
        ("age<1d", True, True),
        ("score>80", True, False),
        ("score>81.6", False, False),
        ("score>=81.6", True, False),
        ("score=81.6", True, False),
        ("score:81.6", True, False),
        ("score:80..90", True, False),
        ("score:82..90", False, False),
        ("score<80", False, True),
        ("graphic>2", True, False),
        ("graphic:3", True, False),
        ("graphic<9", True, False),
        ("viewers>1000", True, False),
        ("is:late", False, False),
        ("is:unowned", False, True),
        ("is:owned", True, False),
        ("is:mine", False, False),
        ("is:open", True, True),
        ("is:ended", False, False),
        ("is:snoozed", True, False),
        ("is:hold", True, False),
        ("is:awaiting", True, False),
        ("is:rca", True, False),
        ("is:secured", True, False),
        ("is:live", True, False),
        ("is:up", True, False),
        ("is:stub", False, False),
        ("is:unreadable", False, False),
        ("has:notes", True, False),
        ("has:actions", True, False),
        ("has:tasks", True, False),
        ("has:contacts", True, False),
        ("has:related", True, False),
        ("has:runbook", True, False),
        ("has:updates", True, False),
        ("has:subjects", True, False),
        ("has:content", True, False),
        ("has:sensitive", True, False),
        ("has:translation", True, False),
        ("has:place", True, False),
        ("has:boundary", True, False),
        ("has:floor", True, False),
        ("school", True, True),
        ("SCHOOL threat", True, True),
        ("school church", False, False),
        ("-church", True, True),
        ('"naming a school"', True, True),
        ('text~"naming a school"', True, True),
        ("text~school,", True, True),
        ("text~a.school", False, False),
        ("text~.*", False, False),
        ("7f3a-9k2m", True, True),
        ("C-7F3A9K2M", True, True),
        ("strasse", True, False),
        ("northgate", True, False),
        ("u_8123", True, False),
        ("us-tx", True, False),
        ("v_991", True, False),
        ("harris", True, False),
        ("sev:0..1 type:ttl owner:ana late<11m text~school -is:late", True, False),
    ],
)
def test_what_matches(text: str, full: bool, plain: bool) -> None:
    assert holds(text, FULL) is full
    assert holds(text, row()) is plain


def test_me_is_exactly_who_asks() -> None:
    assert holds("owner:me is:mine", row(owner="ana"))
    assert not holds("owner:me", row(owner="Ana"))
    assert not holds("owner:me", row(owner=None), me="")
    assert holds("-owner:me", row(owner=None))


def test_late_is_past_its_due() -> None:
    assert holds("is:late late<0 late<10m", row(clocks=due(-1)))
    assert not holds("is:late", row(clocks=due(0)))
    assert not holds("is:late", row(clocks=due(-1, paused=True)))
    assert not holds("is:late", row(clocks=due(-1, stopped_at=NOW)))


def test_late_of_any_clock_and_left_of_the_one_that_places() -> None:
    both = (*due(-MINUTE, milestone="answer"), *due(HOUR, milestone="contain"))
    assert holds("is:late late>30m", row(clocks=both))


def test_a_stub_answers_by_what_it_shows() -> None:
    stub = stub_of(row(boundary="us", score_tenths=900, clocks=due(-1), severity="S0", band=0))
    for text, expected in {
        "sev:0 type:ttl boundary:us is:late is:unowned is:stub": True,
        "7f3a9k2m": True,
        "school": False,
        "-school": True,
        "score>80": False,
        "has:notes": False,
    }.items():
        assert matches(parse(text), stub, me="ana", now=NOW) is expected, text


def test_quotes() -> None:
    said = row(summary='He wrote "now or never", C:\\temp', owner="o,p")
    assert holds(r'"\"now or"', said)
    assert holds(r'text~"wrote \"now"', said)
    assert holds(r'"c:\\temp"', said)
    assert holds('owner:"o,p"', said)
    assert holds('owner:x,"o,p"', said)
    assert not holds("owner:o", said)
    assert holds('-"never now"', said)
    assert holds('"wrote"\t"never"\n', said)


@pytest.mark.parametrize(
    ("text", "position", "reason"),
    [
        ("tpye:dox", 0, 'There is no field "tpye". Did you mean type? To look for these words, put them in quotes.'),
        ("school https://x.example", 7, 'There is no field "https".'),
        ("a<b", 0, 'There is no field "a".'),
        ("sev:0 type:cse", 11, '"cse" is no type. Did you mean csea? It may be ttl, mve, ssh, csea,'),
        ("type:csea,dxo", 10, '"dxo" is no type. Did you mean dox?'),
        ("type:", 5, "Write a value after type:, such as type:csea,ssh."),
        ("type:csea,", 10, "A value is missing here; write for example type:csea,ssh."),
        ("type:,csea", 5, "A value is missing here"),
        ("type<csea", 4, "type takes :, as in type:csea,ssh."),
        ("text:school", 4, 'text takes ~, as in text~"school".'),
        ("late:5m", 4, "late takes < <= > >= =, as in late<10m."),
        ("-", 0, "Write a term right after the minus, such as -type:dox."),
        ("sev:0 - dox", 6, "Write a term right after the minus"),
        ("sev:5", 4, "Write a severity from S0 to S4, or a range such as 0..1"),
        ("sev:0..9", 7, "Write a severity from S0 to S4"),
        ("sev:١", 4, "Write a severity from S0 to S4"),
        ("late<5", 5, "Write a time such as 10m, 2h, 1h30m or 3d."),
        ("late<m", 5, "Write a time"),
        ("late<10x", 5, "Write a time"),
        ("late<1h30", 5, "Write a time"),
        ("late<-5m", 5, "Write a time"),
        ("late<99999999d", 5, "Write a time"),
        ("late<٣m", 5, "Write a time"),
        ("age>", 4, "Write a value after age>, such as age>2h."),
        ("score>high", 6, "Write a number such as 80 or 62.5."),
        ("score>1e9", 6, "Write a number"),
        ("score>nan", 6, "Write a number"),
        ("score>8.", 6, "Write a number"),
        ("score>.8", 6, "Write a number"),
        ("score:80..", 10, "Write a number"),
        ("score>²", 6, "Write a number"),
        ("graphic>" + "9" * 16, 8, "Write a number"),
        ("is:lat", 3, "There is no is:lat. Did you mean late? It may be late, unowned,"),
        ("has:dog", 4, "There is no has:dog."),
        ("state:opne", 6, '"opne" is no state.'),
        ("next:fly", 5, '"fly" is no milestone.'),
        ('sev:0 "open', 6, 'Close the words with a second ".'),
        ('text~"open', 5, 'Close the words with a second ".'),
        ('"a"b', 0, "Put the quotes around the whole value"),
        ('a"b"', 0, "Put the quotes around the whole value"),
        ('"a"b"c"', 2, "Put a blank after the quote"),
        ('""', 0, "Write the words to look for between the quotes."),
        ("x" * (MAX_LENGTH + 1), MAX_LENGTH, "A query has at most 1000 characters."),
        ("x " * 51, 100, "A query has at most 50 terms."),
    ],
)
def test_a_fault_says_where_and_what_would_be_right(text: str, position: int, reason: str) -> None:
    with pytest.raises(QueryFault) as caught:
        parse(text)
    assert caught.value.position == position
    assert caught.value.reason.startswith(reason)
    assert str(caught.value) == f"At {position + 1}: {caught.value.reason}"
    assert caught.value.reason.endswith(".")
    assert len(caught.value.reason) < 400


@settings(max_examples=500, deadline=None)
@given(st.text(alphabet='ab:"\\,-~<>=. \tsevtyplatscor019mh\u202e', max_size=40))
def test_any_text_is_read_or_refused_and_never_more(text: str) -> None:
    refused: QueryFault | None = None
    try:
        query = parse(text)
    except QueryFault as fault:
        refused = fault
    else:
        assert matches(query, FULL, me="ana", now=NOW) in (True, False)
        assert query.text == text
    assert refused is None or 0 <= refused.position <= len(text)


@settings(max_examples=200, deadline=None)
@given(st.text(min_size=1, max_size=30))
def test_any_words_can_be_looked_for_in_quotes(words: str) -> None:
    quoted = words.replace("\\", "\\\\").replace('"', '\\"')
    assert holds(f'text~"{quoted}"', row(summary=f"x {words} y"))
    assert holds(f'-"{quoted}"', row(summary=f"x {words} y")) is False


@pytest.mark.parametrize("field", FIELDS.values(), ids=lambda field: field.name)
def test_examples_and_offers_of_every_field_can_be_read(field: Any) -> None:
    assert parse(field.example).terms
    for offer in field.offers:
        assert parse(f"{field.name}{field.operators[0]}{offer}").terms


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        ("ty", ["type:"]),
        ("s", ["sev:", "sub:", "state:", "score<", "source:", "sens:"]),
        ("-ow", ["-owner:"]),
        ("OW", ["owner:"]),
        ("late", ["late<", "late<=", "late>", "late>=", "late="]),
        ("late<", ["late<5m", "late<10m", "late<1h"]),
        ("type:cs", ["type:csea"]),
        ("type:csea,s", ["type:csea,ssh"]),
        ("type:ssh,s", []),
        ("-is:sn", ["-is:snoozed"]),
        ("sev:0 own", ["owner:"]),
        ("sev:0 owner:", ["owner:me", "owner:none"]),
        ("nope:", []),
        ("type<", []),
        ("zzz", []),
        ('"ty', []),
        ('text~"ty', []),
        ("text~", []),
    ],
)
def test_completion(text: str, offered: list[str]) -> None:
    assert complete(text, len(text)) == offered


def test_completion_at_the_beginning_offers_every_field() -> None:
    assert [offer.rstrip(":<~") for offer in complete("", 0)] == list(FIELDS)
    assert complete("sev:0 ", 6) == complete("", 0)


def test_completion_looks_at_what_is_left_of_the_cursor() -> None:
    assert complete("ty late<5m", 2) == ["type:"]
    assert token_start("sev:0 ty", 8) == 6
    assert token_start('text~"a b" ty', 13) == 11
    assert token_start('text~"a b', 9) == 0


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet='ab:"\\,-~<>=. stpeysl', max_size=20), st.integers(0, 25))
def test_completion_is_total_and_extends_what_was_typed(text: str, position: int) -> None:
    begun = text[token_start(text, position) : position]
    for offer in complete(text, position):
        assert offer.casefold().startswith(begun.casefold())


def test_views() -> None:
    assert list(VIEWS)[:4] == ["all", "mine", "unowned", "late"]
    rows = {
        "new": row(clocks=due(HOUR)),
        "mine": row(owner="ana", clocks=due(HOUR)),
        "late": row(owner="bo", clocks=due(-1)),
        "snoozed": row(owner="ana", flags=Flags(snoozed_until=NOW + 1)),
        "over": row(state="RESOLVED"),
    }
    found = {
        name: [which for which, each in rows.items() if matches(view(name), each, me="ana", now=NOW)] for name in VIEWS
    }
    assert found == {
        "all": ["new", "mine", "late"],
        "mine": ["mine"],
        "unowned": ["new"],
        "late": ["late"],
        "snoozed": ["snoozed"],
        "ended": ["over"],
        "approvals": [],
        "unknown": [],
        "acting": [],
    }
    with pytest.raises(QueryFault, match=r'no view "unwoned"\. Did you mean unowned\?'):
        view("unwoned")
