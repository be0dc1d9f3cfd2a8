"""What a responder must see of a case without opening it: labeled lines, each present only if it is known.

The order is the order of importance (console, section 4). Nothing is guessed: what the case does not say has no line.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias

from msgspec import Struct

from casework.model import Case, Common, Contact, Row
from casework.order import next_clock
from casework.runbook import Progress
from casework.score import shown as score_words
from casework.tokens import ENDED_STATES, OUTSIDE_MILESTONES
from casework.untrusted import Untrusted, lines_of
from client.views.bits import Bit, Line, Tone, dotted, text
from client.views.checklist import next_step
from client.views.clocks import clock_name
from client.views.material import folded_content
from client.views.progressing import in_flight
from client.views.row import clock_tone
from client.views.times import ago, countdown, lateness, local_minute, of_allowance, utc_minute

SOURCES: Final[dict[str, str]] = {
    "user_report": "user report",
    "law_enforcement": "law enforcement",
    "ncmec": "NCMEC",
}


OLD_CHECK_MS: Final = 5 * 60_000
"""A look at the platform that is older than this says little of now."""

Looking: TypeAlias = Sequence[tuple[str, str]]
"""Everybody else who has a case open: (who, what they do there)."""


class Fact(Struct, frozen=True):
    """A labeled line. `weight` says what goes first when room is short: 0 stays longest."""

    label: str
    line: Line
    weight: int


def facts(case: Common, now: int, *, looking: Looking = (), progress: Progress | None = None) -> tuple[Fact, ...]:
    """The known facts of a row or a whole case at `now`, in reading order; `progress` is where its runbook stands."""
    found = (
        Fact("Why", _why(case, now), 0),
        Fact("Clocks", _clocks(case, now), 0),
        Fact("State", _state(case, now), 1 if case.flags.hold is not None else 3),
        Fact("From", _source(case), 1 if case.source is not None and case.source.kind == "law_enforcement" else 3),
        Fact("Said", _said(case), 2),
        Fact("Up now", _up(case, now), 2),
        Fact("Where", _where(case, now), 2),
        Fact("Told", _told(case, looking, now), 1),
        Fact("Second", _second(case, now), 1),
        Fact("Subject", _subjects(case), 1),
        Fact("Content", folded_content(case), 2),
        Fact("Doing", in_flight(case, now) if isinstance(case, Case) else (), 0),
        Fact("Next", () if progress is None or case.state in ENDED_STATES else next_step(progress), 0),
    )
    return tuple(fact for fact in found if fact.line)


def due(case: Common, now: int) -> Line:
    """The clock that places the case, in a word and a time; nothing if none runs."""
    clock = next_clock(case.clocks) if case.state not in ENDED_STATES else None
    if clock is None:
        return ()
    tone = clock_tone(clock, now)
    return ((f"{clock_name(clock)} {countdown(clock.due_at - now)}", "strong" if tone == "text" else tone),)


def best(found: Sequence[Fact], room: int) -> tuple[Fact, ...]:
    """The `room` facts that matter most, in reading order."""
    kept = sorted(range(len(found)), key=lambda at: (found[at].weight, at))[: max(0, room)]
    return tuple(found[at] for at in sorted(kept))


def _why(case: Common, now: int) -> Line:
    parts: list[Line] = [text(case.severity if case.band == int(case.severity[1]) else f"{case.severity}, secured")]
    clock = next_clock(case.clocks) if case.state not in ENDED_STATES else None
    if clock is not None:
        left = clock.due_at - now
        tone = clock_tone(clock, now)
        said = f"due {countdown(left)}" if left >= 0 else f"late {lateness(left)}"
        parts.append(text(f"{clock.milestone} {said}", "strong" if tone == "text" else tone))
    if not case.stub:
        named = ", ".join(_factor_words(case))
        score = score_words(case.score_tenths).removesuffix(".0")
        parts.append(((f"score {score}", "strong"), *(((f": {named}", "text"),) if named else ())))
    return dotted(*parts)


def _factor_words(case: Common) -> list[str]:
    factors = case.factors
    words = []
    if factors.imminence is not None:
        words.append(f"imminence {factors.imminence}")
    if factors.harm is not None:
        words.append(f"harm {factors.harm.replace('_', ' ')}")
    words.extend(name.replace("_", " ") for name in factors.vulnerability)
    if factors.identifiable_child and "child" not in factors.vulnerability:
        words.append("identifiable child")
    return words


def _clocks(case: Common, now: int) -> Line:
    running = sorted((clock for clock in case.clocks if clock.running), key=lambda clock: clock.due_at)
    first = next_clock(case.clocks)
    parts: list[Line] = [
        ((f"{clock_name(clock)} met {of_allowance(clock.met_at - clock.started_at)}", "quiet"),)
        for clock in case.clocks
        if clock.met_at is not None and clock.round == 0 and clock.milestone == "ack"
    ]
    for clock in running:
        tone: Tone = clock_tone(clock, now)
        if clock is first:
            of = f" of {of_allowance(clock.allowance_ms)}"
            parts.append(
                (
                    (f"{clock_name(clock)} {countdown(clock.due_at - now)}", "strong" if tone == "text" else tone),
                    (of, "text"),
                )
            )
        else:
            parts.append(text(f"{clock_name(clock)} {countdown(clock.due_at - now)}", tone))
    parts.extend(text(f"{clock_name(clock)} paused", "quiet") for clock in case.clocks if clock.paused and clock.owed)
    return dotted(*parts)


def _state(case: Common, now: int) -> Line:
    """Only what is out of the ordinary way: held, waiting, snoozed, ended."""
    flags = case.flags
    parts: list[Line] = []
    if case.state in ENDED_STATES:
        outcome = case.outcome if isinstance(case, Case) else None
        since = "" if case.ended_at is None else f" {ago(max(0, now - case.ended_at))} ago"
        parts.append(text(f"{case.state.lower()}{since}"))
        if outcome is not None:
            parts.append(text(Untrusted(outcome)))
        if case.merged_into is not None:
            parts.append((("into ", "text"), (Untrusted(case.merged_into), "text")))
    if flags.hold is not None:
        who = Untrusted(flags.hold.by)
        parts.append((("held by ", "soon"), (who, "soon"), (": ", "soon"), (Untrusted(flags.hold.why), "quoted")))
    if flags.awaiting is not None:
        chase = "" if flags.awaiting.chase_at is None else f", chase in {countdown(flags.awaiting.chase_at - now)}"
        parts.append((("waits for ", "text"), (Untrusted(flags.awaiting.who), "quoted"), (chase, "text")))
    if flags.snoozed_until is not None:
        parts.append(text(f"snoozed until {utc_minute(flags.snoozed_until)} Z"))
    if flags.rca_due:
        parts.append(text("a root cause is owed", "soon"))
    return dotted(*parts)


def _source(case: Common) -> Line:
    source = case.source
    if source is None:
        return ()
    parts: list[Line] = [text(SOURCES.get(source.kind, source.kind))]
    if source.name:
        parts.append(text(Untrusted(source.name), "quoted"))
    credibility = source.credibility
    if credibility is not None:
        parts.append(text(credibility, "soon" if credibility == "unverified" else "text"))
    elif source.kind == "law_enforcement":
        parts.append(text("unverified", "soon"))
    return dotted(*parts)


def _said(case: Common) -> Line:
    """One quoted line beyond the summary: the translation, else how the narrative begins."""
    if case.translation is not None:
        by: Bit = (Untrusted(case.translation.by), "quiet")
        quote: Bit = (Untrusted(opening(case.translation.text)), "quoted")
        return (("\u201c", "quiet"), quote, ("\u201d", "quiet"), (" \u00b7 translated by ", "quiet"), by)
    said = opening(case.narrative) if isinstance(case, Case) and not case.unreadable else ""
    return (("\u201c", "quiet"), (Untrusted(said), "quoted"), ("\u201d", "quiet")) if said else ()


def opening(said: str) -> str:
    """The first line of a text that has anything in it."""
    return next((line.strip() for line in lines_of(said[:2_000]) if line.strip()), "")


def _second(case: Common, now: int) -> Line:
    """What waits for a second person, who may be one, and how long it waits: only of a whole case it is known."""
    if not isinstance(case, Case):
        return ()
    parts: list[Line] = []
    for item in case.pending:
        left = countdown(max(0, item.until - now))
        what = Untrusted(f"{item.kind.replace('_', ' ')} by {item.by}")
        then = "owed" if item.kind == "review" else "reverts"
        parts.append(((what, "soon"), (f" {then} in {left}", "soon")))
    waiting = {action.proposed_by for action in case.actions if action.state == "proposed"}
    if waiting and not parts:
        parts += [(("proposal by ", "soon"), (Untrusted(by), "soon")) for by in sorted(waiting)]
    if parts:
        parts.append(text("any other approver, legal or lead may confirm"))
    return dotted(*parts)


def _up(case: Common, now: int) -> Line:
    if not case.content:
        return ()
    parts: list[Line] = []
    checked = [item for item in case.content if item.up is not None]
    if checked:
        up = sum(1 for item in checked if item.up)
        newest = max((item.checked_at for item in checked if item.checked_at is not None), default=None)
        said = "no" if up == 0 else "yes" if up == len(case.content) else f"{up} of {len(case.content)}"
        parts.append(text(said))
        if newest is not None:
            old = now - newest > OLD_CHECK_MS
            parts[-1] = ((said, "text"), (f", checked {ago(max(0, now - newest))} ago", "soon" if old else "text"))
    reach = case.factors
    if reach.live_viewers:
        parts.append(text(f"{reach.live_viewers:,} watching live", "soon"))
    if reach.views_per_min:
        parts.append(text(f"{reach.views_per_min:,} views/min"))
    if reach.reuploads:
        parts.append(text(f"{reach.reuploads:,} re-uploads" if reach.reuploads > 1 else "1 re-upload"))
    parts.append(text("LIVE", "late") if any(item.live for item in case.content) else text("not live", "quiet"))
    return dotted(*parts)


def _where(case: Common, now: int) -> Line:
    for subject in case.subjects:
        if subject.place is None and subject.tz is None and subject.region is None:
            continue
        parts: list[Line] = []
        where = subject.place or subject.region
        if where is not None:
            old = "" if subject.place_at is None else f", {ago(max(0, now - subject.place_at))} old"
            parts.append(((Untrusted(where), "quoted"), (old, "text")))
        local = None if subject.tz is None else local_minute(now, subject.tz)
        if local is not None:
            parts.append(text(f"{local} there"))
        if subject.last_active_at is not None:
            parts.append(text(f"active {ago(max(0, now - subject.last_active_at))} ago"))
        return dotted(*parts)
    return ()


def _told(case: Common, looking: Looking, now: int) -> Line:
    parts: list[Line] = []
    if isinstance(case, Case):
        parts.extend(_contact(contact, now) for contact in case.contacts[-3:])
        count = len(case.contacts)
    else:
        count = case.counts.contacts if isinstance(case, Row) else 0
        if count:
            parts.append(text("1 contact" if count == 1 else f"{count} contacts"))
    if not count and not case.stub:
        owed = any(clock.running and clock.milestone in OUTSIDE_MILESTONES for clock in case.clocks)
        parts.append(text("nobody yet", "soon" if owed else "text"))
    if case.updates:
        parts.append(text("1 report joined" if case.updates == 1 else f"{case.updates} reports joined"))
    parts.extend(((Untrusted(who), "mine"), (" is ", "text"), (Untrusted(doing), "text")) for who, doing in looking[:2])
    if len(looking) > 2:
        parts.append(text(f"and {len(looking) - 2} more"))
    return dotted(*parts)


def _contact(contact: Contact, now: int) -> Line:
    person: Line = ((Untrusted(contact.person), "quoted"), (" ", "text")) if contact.person else ()
    return ((f"{contact.party} ", "text"), *person, (f"{ago(max(0, now - contact.at))} ago", "text"))


def _subjects(case: Common) -> Line:
    parts: list[Line] = []
    if case.subjects:
        subject = case.subjects[0]
        name: list[Bit] = [(Untrusted(subject.id), "quoted")]
        if subject.handle is not None:
            name += [(' "', "text"), (Untrusted(subject.handle), "quoted"), ('"', "text")]
        parts.append(tuple(name))
        if subject.age_given is not None:
            parts.append(text(f"age given {subject.age_given}"))
        if len(case.subjects) > 1:
            parts.append(text(f"and {len(case.subjects) - 1} more"))
    related = len(case.related) if isinstance(case, Case) else case.counts.related if isinstance(case, Row) else 0
    if related:
        parts.append(text(f"{related} related"))
    if case.sensitive:
        parts.append(text(f"{len(case.sensitive)} sealed", "quiet"))
    return dotted(*parts)
