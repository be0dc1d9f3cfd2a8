"""The query language: ``sev:0..1 type:csea owner:me late<10m text~"…"``. It runs in the console and in `GET q=`.

Terms are separated by blanks and all of them must hold. ``-`` before a term turns it around. A list holds if any of its
values does (``type:csea,ssh``). Bare or quoted words look through the text of a case. ``late<10m``: less than ten
minutes are left to the clock that places the case, or it is late already.
"""

from __future__ import annotations

from functools import cache
from typing import Final, Protocol, cast

from msgspec import Struct

from casework.model import Row, Stub
from casework.queryfields import FIELDS, Asked, Field, Test, contains_text
from casework.queryvalues import QueryFault, suggestion
from casework.tokens import Severity, State

__all__ = [
    "MAX_LENGTH",
    "VIEWS",
    "AtHand",
    "Query",
    "QueryFault",
    "Term",
    "at_hand",
    "complete",
    "depends_on_time",
    "matches",
    "may_match",
    "names_state",
    "parse",
    "token_start",
    "view",
]

MAX_LENGTH: Final = 1_000
MAX_TERMS: Final = 50
MAX_OFFERS: Final = 50

_OPERATORS: Final = ("<=", ">=", ":", "~", "<", ">", "=")
#: Saved views, in the order of their keys; snoozed cases come back by themselves.
VIEWS: Final[dict[str, str]] = {
    "all": "is:open -is:snoozed",
    "mine": "is:open -is:snoozed owner:me",
    "unowned": "is:open -is:snoozed is:unowned",
    "late": "is:open -is:snoozed is:late",
    "snoozed": "is:open is:snoozed",
    "ended": "is:ended",
    "approvals": "is:open is:approval",
    "unknown": "is:open is:unknown",
    "acting": "is:open is:acting",
}


class Term(Struct, frozen=True, kw_only=True):
    """One condition: it holds if any of `tests` does, or none of them if it is negated."""

    text: str
    negated: bool
    tests: tuple[Test, ...]


class Query(Struct, frozen=True, kw_only=True):
    """A query as typed, and its conditions; without conditions everything matches."""

    text: str
    terms: tuple[Term, ...]


def parse(text: str) -> Query:
    """The query that `text` says. Raises `QueryFault` with the position and what would be right."""
    if len(text) > MAX_LENGTH:
        raise QueryFault(position=MAX_LENGTH, reason=f"A query has at most {MAX_LENGTH} characters.")
    terms: list[Term] = []
    for start, end in _spans(text):
        if len(terms) == MAX_TERMS:
            raise QueryFault(position=start, reason=f"A query has at most {MAX_TERMS} terms.")
        terms.append(_term(text, start, end))
    return Query(text=text, terms=tuple(terms))


def matches(query: Query, row: Row | Stub, *, me: str, now: int) -> bool:
    """Whether `row` is in the query's result for the principal `me` at `now` (ms UTC).

    The row must be as its reader may see it: a search through more would tell what it does not show. Of a stub only
    what it shows is known: a condition on anything else does not hold, its negation does.
    """
    asked = Asked(_row_of(row) if isinstance(row, Stub) else row, me, now)
    return all(any(test(asked) for test in term.tests) != term.negated for term in query.terms)


def depends_on_time(query: Query) -> bool:
    """Whether time alone can change what matches: it asks for lateness or age."""
    return any(
        name in ("late", "age") or (name == "is" and "late" in values.split(","))
        for name, values in map(_asked_for, query.terms)
    )


def names_state(query: Query) -> bool:
    """Whether it says itself which states it wants; a search that does not is about open cases."""
    return any(name in ("is", "state") for name, _ in map(_asked_for, query.terms))


#: What can be told from a case's owner, severity and state alone.
_AT_HAND: Final = frozenset({"sev", "owner", "state"})
_AT_HAND_IS: Final = frozenset({"open", "ended", "owned", "unowned", "mine"})


def at_hand(query: Query) -> Query:
    """The conditions of `query` that need no more of a row than owner, severity and state: the cheap ones.

    Where one of them does not hold, the query does not match.
    """
    return Query(text=query.text, terms=tuple(term for term in query.terms if _is_at_hand(term)))


class AtHand(Protocol):
    """What is known of a case without its row."""

    @property
    def severity(self) -> Severity: ...
    @property
    def state(self) -> State: ...
    @property
    def owner(self) -> str | None: ...


def may_match(query: Query, known: AtHand, *, me: str) -> bool:
    """Whether the conditions of a query made by `at_hand` hold."""
    # These tests look at nothing else of a row.
    asked = Asked(cast(Row, known), me, 0)
    return all(any(test(asked) for test in term.tests) != term.negated for term in query.terms)


def _is_at_hand(term: Term) -> bool:
    name, values = _asked_for(term)
    return name in _AT_HAND or (name == "is" and _AT_HAND_IS.issuperset(values.split(",")))


def _asked_for(term: Term) -> tuple[str, str]:
    """Field and values of a term, in lower case; words alone have no field."""
    name, op, values = _split(term.text.removeprefix("-").casefold())
    return (name, values) if op else ("", "")


@cache
def view(name: str) -> Query:
    """The saved view of that name. Raises `QueryFault` if there is none."""
    if name not in VIEWS:
        hint = suggestion(name, VIEWS)
        raise QueryFault(position=0, reason=f'There is no view "{name[:40]}".{hint} There are {", ".join(VIEWS)}.')
    return parse(VIEWS[name])


def token_start(text: str, position: int) -> int:
    """Where the token that `position` stands in or right after begins; what a completion replaces."""
    quoted = False
    start = 0
    for at, character in enumerate(text[:position]):
        if character == '"':
            quoted = not quoted
        elif character.isspace() and not quoted:
            start = at + 1
    return start


def complete(text: str, position: int) -> list[str]:
    """What the token at `position` may become, whole, at most 50; none inside quotes.

    At a field's beginning: the fields. After its operator: its values; in a list the last value is completed.
    """
    token = text[token_start(text, position) : position]
    if '"' in token or len(text) > MAX_LENGTH:
        return []
    sign = "-" if token.startswith("-") else ""
    name, op, value = _split(token[len(sign) :])
    field = FIELDS.get(name.casefold())
    if not op:
        return [
            f"{sign}{each.name}{operator}"
            for each in FIELDS.values()
            if each.name.startswith(name.casefold())
            for operator in (each.operators if each.name == name.casefold() else each.operators[:1])
        ][:MAX_OFFERS]
    if field is None or op not in field.operators:
        return []
    given, comma, begun = value.rpartition(",") if field.lists else ("", "", value)
    chosen = given.casefold().split(",") if given else []
    return [
        f"{sign}{name}{op}{given}{comma}{offer}"
        for offer in field.offers
        if offer.startswith(begun.casefold()) and offer not in chosen
    ][:MAX_OFFERS]


def _spans(text: str) -> list[tuple[int, int]]:
    """Start and end of each term; blanks inside quotes do not separate."""
    spans: list[tuple[int, int]] = []
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        start = at
        quote: int | None = None
        while at < len(text) and (quote is not None or not text[at].isspace()):
            if text[at] == '"':
                quote = at if quote is None else None
            elif text[at] == "\\" and quote is not None:
                at += 1
            at += 1
        if quote is not None:
            raise QueryFault(position=quote, reason='Close the words with a second ".')
        spans.append((start, at))
    return spans


def _term(text: str, start: int, end: int) -> Term:
    token = text[start:end]
    negated = token.startswith("-")
    at = start + int(negated)
    body = text[at:end]
    if not body:
        raise QueryFault(position=start, reason="Write a term right after the minus, such as -type:dox.")
    name, op, value = _split(body)
    if not op:
        return Term(text=token, negated=negated, tests=(contains_text(_unquoted(body, at)),))
    field = _field(name, op, at)
    at += len(name) + len(op)
    if not value:
        raise QueryFault(position=at, reason=f"Write a value after {name}{op}, such as {field.example}.")
    tests: list[Test] = []
    for part, where in _values(value, at, field):
        if not part:
            raise QueryFault(position=where, reason=f"A value is missing here; write for example {field.example}.")
        tests.append(field.make(op, part, where))
    return Term(text=token, negated=negated, tests=tuple(tests))


def _split(body: str) -> tuple[str, str, str]:
    """Field, operator and value; no operator outside quotes: (body, "", "")."""
    for at, character in enumerate(body):
        if character == '"':
            break
        for op in _OPERATORS:
            if body.startswith(op, at):
                return body[:at], op, body[at + len(op) :]
    return body, "", ""


def _field(name: str, op: str, at: int) -> Field:
    field = FIELDS.get(name.casefold())
    if field is None:
        hint = suggestion(name, FIELDS)
        reason = f'There is no field "{name[:40]}".{hint} To look for these words, put them in quotes.'
        raise QueryFault(position=at, reason=reason)
    if op not in field.operators:
        reason = f"{field.name} takes {' '.join(field.operators)}, as in {field.example}."
        raise QueryFault(position=at + len(name), reason=reason)
    return field


def _values(value: str, at: int, field: Field) -> list[tuple[str, int]]:
    """The values of a list with their positions; quotes keep a comma inside a value."""
    if not field.lists:
        return [(_unquoted(value, at), at)]
    found: list[tuple[str, int]] = []
    start = here = 0
    quoted = False
    while here <= len(value):
        character = value[here : here + 1]
        if character == "\\" and quoted:
            here += 1
        elif character == '"':
            quoted = not quoted
        elif character in ("", ",") and not quoted:
            found.append((_unquoted(value[start:here], at + start), at + start))
            start = here + 1
        here += 1
    return found


def _unquoted(text: str, at: int) -> str:
    """The words without their quotes; a backslash takes the next character as it is."""
    if '"' not in text:
        return text
    if not (len(text) >= 2 and text.startswith('"') and text.endswith('"')):
        raise QueryFault(position=at, reason='Put the quotes around the whole value, as in text~"two words".')
    words = ""
    here = 1
    while here < len(text) - 1:
        if text[here] == '"':
            raise QueryFault(position=at + here, reason='Put a blank after the quote, or write a quote inside as \\".')
        here += text[here] == "\\"
        words += text[here]
        here += 1
    if not words:
        raise QueryFault(position=at, reason="Write the words to look for between the quotes.")
    return words


def _row_of(stub: Stub) -> Row:
    from casework.rows import row_of_stub

    return row_of_stub(stub)
