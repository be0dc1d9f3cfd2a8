"""A whole case in sections: clocks with their state, the runbook, what happened, what is folded, what belongs to it."""

from __future__ import annotations

from typing import Any, get_args

import msgspec
import pytest
from msgspec.structs import replace

from casework import facts
from casework.events import Event
from casework.facts import FACTS, Fact
from casework.model import (
    Action,
    Case,
    Contact,
    Content,
    Masked,
    Pending,
    Related,
    Row,
    Source,
    Subject,
    Target,
    Task,
    Tick,
    Translation,
    Waiver,
)
from casework.runbook import Progress, progress
from casework.runbookfile import shipped
from casework.untrusted import Untrusted, visible
from client.views.bits import Line
from client.views.blocks import Block, Choice, Hanging, Head, Prose, Section
from client.views.checklist import checklist, next_step
from client.views.clocks import bars
from client.views.deeds import deed
from client.views.facts import facts as facts_of
from client.views.material import material
from client.views.related import related, same_subject
from client.views.timeline import SHOWN, timeline
from client.views.whole import Beside, sections
from tests.tui.sample_floor import HOUR, MINUTE, NOW, clock, row, whole_case

CASE = whole_case()
TTL = next(each for each in shipped() if each.case_type == "TTL")


def said(line: Line) -> str:
    return "".join(visible(text) for text, _ in line)


def words(block: Block) -> str:
    match block:
        case Head():
            return block.title
        case Prose():
            return f"{block.label or ''}{said(block.lead)}| {visible(block.body)}"
        case Hanging():
            return said(block.lead) + said(block.line)
        case Choice():
            return said(block.lead) + said(block.line) + (f" [{said(block.end)}]" if block.end else "")
        case _:
            return said(block)


def section(case: Case | Row, name: str, **beside: Any) -> list[str]:
    found = [each for each in sections(case, NOW, Beside(**beside)) if each.name == name]
    return [words(block) for block in found[0].blocks] if found else []


def event(seq: int, fact: Fact, actor: str = "ana", *, ago: int = 0, part: int = 0, kind: str = "") -> Event:
    name = kind or type(fact).__name__
    return Event(seq=seq, case_id=CASE.case_id, version=seq, type=name, at=NOW - ago, actor=actor, fact=fact, part=part)


def past(*events: Event) -> list[str]:
    return [words(block) for block in timeline(events)]


# --- clocks


def test_each_state_of_a_clock_is_said() -> None:
    waived = Waiver(by="lee", at=NOW - HOUR)
    case = replace(
        CASE,
        clocks=(
            clock("contain", 6 * MINUTE, 30 * MINUTE, rule="TTL.S1.contain"),
            clock("police", -2 * MINUTE, 60 * MINUTE, rule="TTL.S0.police"),
            clock("contain", 40 * HOUR, 48 * HOUR, outer_bound=True, rule="NCII.outer.contain"),
            clock("answer", HOUR, 2 * HOUR, outer_bound=True, rule="ours.outer.answer"),
            clock("ack", -HOUR, 10 * MINUTE, met_at=NOW - HOUR - 9 * MINUTE),
            clock("verify", -HOUR, 10 * MINUTE, met_at=NOW - HOUR + 90_000),
            clock("share", HOUR, 10 * MINUTE, waived=waived),
            clock("resolve", HOUR, 2 * HOUR, paused=True, paused_at=NOW - 5 * MINUTE),
            clock("update", HOUR, 2 * HOUR, paused=True, stopped_at=NOW),
        ),
    )

    assert [words(line).replace("\u2588", "#").replace("\u2591", ".") for line in bars(case, NOW)] == [
        "police      ##########  -2:00 of 1h00  late",
        "contain     ########..   6:00 of 30:00",
        "answer law  #####.....   1h00 of 2h00 \u00b7 ours.outer.answer",
        "contain law #.........   1d16 of 2d00 \u00b7 TAKE IT DOWN Act, 48 h",
        "ack         met in 1:00 of 10:00",
        "verify      met in 11:30 of 10:00, 1:30 late",
        "share       waived by lee 11:41",
        "update      stopped with the case",
        "resolve     paused 5 m ago, 1h05 left",
        "rules       TTL.S1: contain \u00b7 TTL.S0: police",
    ]


# --- the runbook


def standing(*steps: str) -> Progress:
    return progress(TTL, CASE, tuple(Tick(step=step, by="ana", at=NOW) for step in steps))


def test_the_next_open_step_is_named_with_its_key() -> None:
    assert said(next_step(standing("claim", "judge", "locate"))) == (
        "runbook 4 of 13: Preserve the account before anything is changed (dp)"
    )
    labels = {fact.label: said(fact.line) for fact in facts_of(CASE, NOW, progress=standing())}
    assert labels["Next"] == "runbook 2 of 13: Weigh plan, means, place and time; set what is known (f)"
    assert said(next_step(standing(*(step.step for step in TTL.steps)))) == "runbook done, 14 of 14"


def test_the_checklist_marks_what_is_done_next_and_strange() -> None:
    found = checklist(standing("claim", "gone"), of="TTL", known=True)
    lines = [words(block) for block in found.blocks]

    assert (found.count, found.chosen) == ("1/13", "judge")
    assert lines[0].startswith("The person who is threatened comes first")
    assert lines[1:3] == ["First minutes", "\u2713 Take the case [ana 12:41]"]
    assert lines[3] == "\u25b8 Weigh plan, means, place and time; set what is known (f)"
    assert lines[4].startswith("    A named target, a date")
    assert lines[-1] == "\u2713 gone  ana 12:41"


def test_without_a_runbook_it_says_why_and_shows_the_ticks() -> None:
    ticks = (Tick(step="x", by="bo", at=NOW),)
    assert [words(block) for block in checklist(None, of="TTL", known=False, ticks=ticks).blocks] == [
        "The runbook is being fetched from the feed.",
        "\u2713 x  bo 12:41",
    ]
    assert words(checklist(None, of="TTL", known=True).blocks[0]) == "There is no runbook for this type."


# --- what happened


def test_newest_first_with_what_one_command_did_on_one_line() -> None:
    assert past(
        event(1, facts.CaseOpened(case_type="TTL", policy_version="1", defaults_digest="d"), "intake", ago=9 * MINUTE),
        event(2, facts.CaseClaimed(), ago=8 * MINUTE),
        event(3, facts.MilestoneMet(milestone="ack"), ago=8 * MINUTE, part=1),
        event(4, facts.CaseEscalated(level=2, reason="needs a lead"), "bo", ago=MINUTE),
        event(5, facts.ClaimLapsed(owner="ana"), "_keeper"),
    ) == [
        "12:41:07 the claim of ana lapsed",
        "12:40:07 bo escalated to lead: needs a lead",
        "12:33:07 ana claimed it \u00b7 ack met",
        "12:32:07 intake opened as TTL",
    ]


def test_what_was_taken_back_says_so_in_words() -> None:
    assert past(
        event(1, facts.NoteAdded(text="wrong case"), "bo", ago=20_000),
        event(2, facts.Undone(seq_undone=1, kind="NoteAdded", note_seq=1), "bo", ago=15_000),
    ) == ["12:40:52 bo took back: a note", "12:40:47 bo taken back 12:40:52 \u00b7 noted: wrong case"]


def test_reach_is_counted_days_are_parted_and_the_unknown_is_named() -> None:
    assert past(
        event(1, facts.UnknownFact(raw={}), "bo", ago=24 * HOUR, kind="CaseTeleported"),
        *(event(at, facts.ReachUpdated(), "intake", ago=MINUTE) for at in range(2, 5)),
    ) == [
        "12:40:07 intake reach changed, 3 times",
        "2026-11-21",
        "12:41:07 bo CaseTeleported (newer than this console)",
    ]


def test_a_long_past_is_cut_and_counted() -> None:
    many = past(*(event(at, facts.CaseClaimed()) for at in range(1, SHOWN + 8)))
    assert (len(many), many[-1]) == (SHOWN + 1, "7 older events are in the log")


def planted(kind: type[Fact], mark: str) -> Fact:
    """A fact of `kind` with `mark` in every text that is not one of a few tokens."""
    values: dict[str, Any] = {}
    for field in msgspec.structs.fields(kind):
        if field.type is str or field.type == str | None:
            values[field.encode_name] = mark
        elif field.type is int:
            values[field.encode_name] = 1
        elif field.type is bool:
            values[field.encode_name] = False
        elif get_args(field.type) and all(isinstance(each, str) for each in get_args(field.type)):
            values[field.encode_name] = get_args(field.type)[0]
        elif field.encode_name == "names":
            values["names"] = (mark,)
        elif field.encode_name == "contact":
            values["contact"] = Contact(
                seq=1, by=mark, party="police", channel=mark, number_source=mark, person=mark, reference=mark, at=NOW,
                outcome=mark,
            )  # fmt: skip
        elif field.encode_name == "task":
            values["task"] = Task(task_id=mark, text=mark, owner=mark, due_at=NOW, by=mark, at=NOW)
        elif field.encode_name == "related":
            values["related"] = Related(case_id=mark, relation=mark, at=NOW, by=mark)
        elif field.encode_name == "action":
            values["action"] = action(mark)
        elif field.encode_name == "grant":
            values["grant"] = {"principal": mark, "until": 1, "by": mark}
        elif field.encode_name == "stub":
            values["stub"] = {
                "case_id": mark, "version": 1, "seq": 1, "opened_seq": 1, "case_type": "TTL", "severity": "S1",
                "band": 1, "state": "NEW", "owner": mark, "clocks": (), "boundary": mark, "opened_at": 0,
            }  # fmt: skip
    return msgspec.convert(values, kind, from_attributes=True)


def action(mark: str, **more: Any) -> Action:
    values: dict[str, Any] = {
        "action_id": mark, "action": mark, "target": Target(kind=mark, id=mark), "policy": mark, "reason": mark,
        "fields": {}, "state": "proposed", "proposed_by": mark,
    }  # fmt: skip
    return Action(**(values | more))


def plain(line: Line) -> list[str]:
    return [text for text, _ in line if isinstance(text, str)]


@pytest.mark.parametrize("name", sorted(FACTS))
def test_every_event_has_words_and_keeps_outside_text_apart(name: str) -> None:
    mark = "\x1boutside"
    line = deed(planted(FACTS[name], mark), name)

    assert line
    assert name not in said(line), "an event is told by its own name"
    assert not any("outside" in text for text in plain(line))


# --- what it is about


def test_content_and_subjects_are_folded_behind_their_category() -> None:
    case = replace(
        CASE, case_type="CSEA", graphic_level=4, content=(Content(kind="video", id="v", caption="what it shows"),)
    )
    folded = [words(block) for block in material(case, NOW, level=0, key="+")]
    opened = [words(block) for block in material(case, NOW, level=1, key="+")]
    graphic = [words(block) for block in material(case, NOW, level=2, key="+")]

    assert folded == ["Content  1 video \u00b7 en \u00b7 G4 folded: child abuse \u00b7 + opens"]
    assert opened[0].startswith('Subjects account u_8123 \u00b7 "northgate.kid"')
    assert opened[1:] == ["Content  video v", "         caption folded: G4, graphic \u00b7 + opens"]
    assert graphic[-1] == "| what it shows"
    assert "what it shows" not in "".join(folded + opened)


def test_related_cases_are_linked_merged_and_of_the_same_subject_each_once() -> None:
    subject = CASE.subjects[0]
    same = row(5, "DOX", "S2", "Same account", subjects=(subject,))
    other = row(6, "DOX", "S2", "Another", subjects=(Subject(kind="account", id="u_1"),))
    assert same_subject(CASE, (same, other, row(7, "TTL", "S1", "x", case_id=CASE.case_id))) == (same,)
    case = replace(
        CASE, absorbed=("C-00000009",), related=(Related(case_id=same.case_id, relation="follow_up", at=1, by="bo"),)
    )

    found = related(case, NOW, same=(same,), find={same.case_id: same}.get)

    assert [words(block) for block in found] == [
        "C-0000-0005  follow up \u00b7 S2 DOX new, 1 m old \u00b7 Same account",
        "C-0000-0009  merged in, not on this floor",
    ]
    assert [block.name for block in found if isinstance(block, Choice)] == [same.case_id, "C-00000009"]
    assert words(related(CASE, NOW, same=None, find=lambda _: None)[0]) == (
        "Cases of the same subject are being looked for."
    )


def test_work_names_states_owners_and_due_times() -> None:
    case = replace(
        CASE,
        actions=(
            action("ana", action_id="a1", action="no_action", state="verified", approved_by="bo"),
            action("ana", action_id="a2", action="remove", state="unknown", why="no answer", one_person=True),
        ),
        tasks=(
            Task(task_id="t1", text="call", owner="bo", due_at=NOW - MINUTE, by="ana", at=1),
            Task(task_id="t2", text="ask", owner="cy", due_at=NOW, by="ana", at=1, done_by="cy", done_at=NOW),
        ),
    )

    on = " \u00b7 on ana ana \u00b7 ana"
    assert section(case, "work") == [
        f"a2 remove  proposed by ana \u2192 unknown: no answer \u00b7 asked after by its key  1p{on} \u00b7 ana",
        f"a1 no action  proposed by ana \u2192 approved by bo \u2192 verified{on} \u00b7 ana",
        "\u25cb t1 bo late 1:00  call",
        "\u2713 t2 cy  ask",
    ]


def test_who_may_be_the_second_person_is_said_where_one_is_awaited() -> None:
    case = replace(CASE, pending=(Pending(seq=4, kind="lowering", by="bo", until=NOW + 21 * MINUTE, version=4),))
    second = next(said(fact.line) for fact in facts_of(case, NOW) if fact.label == "Second")

    assert second == "lowering by bo reverts in 21m \u00b7 any other approver, legal or lead may confirm"


def test_a_row_shows_what_it_knows_and_a_stub_what_it_may() -> None:
    names = [each.name for each in sections(row(1, "TTL", "S1", "x"), NOW, Beside())]
    stub = [each.name for each in sections(row(1, "TTL", "S1", "", stub=True, boundary="us"), NOW, Beside())]

    assert names == ["case", "runbook"]
    assert stub == ["case"]


def test_nothing_from_outside_is_ever_a_plain_string() -> None:
    mark = "\x1boutside"
    hostile = replace(
        CASE,
        summary=mark,
        narrative=mark,
        owner=mark,
        language=mark,
        translation=Translation(text=mark, by=mark),
        subjects=(Subject(kind=mark, id=mark, handle=mark, place=mark, region=mark, tz=mark),),
        content=(Content(kind=mark, id=mark, caption=mark, up=True, sha256=mark),),
        source=Source(kind="partner", name=mark),
        notes=tuple(replace(note, by=mark, text=mark) for note in CASE.notes),
        tasks=(Task(task_id=mark, text=mark, owner=mark, due_at=NOW, by=mark, at=1),),
        actions=(action(mark), action(mark, state="failed", why=mark, approved_by=mark, reviewed_by=mark)),
        contacts=(planted(facts.ContactLogged, mark).contact,),  # type: ignore[attr-defined]
        related=(Related(case_id=mark, relation=mark, at=1, by=mark),),
        runbook=(Tick(step=mark, by=mark, at=1), Tick(step="claim", by=mark, at=1)),
        pending=(Pending(seq=1, kind=mark, by=mark, until=NOW, version=1),),
        sensitive={"phone": Masked(ref=mark, masked=mark)},
        clocks=(clock("ack", MINUTE, HOUR, rule=f"{mark}.x"), clock("answer", 1, 2, outer_bound=True, rule=mark)),
        merged_into=mark,
        absorbed=(mark,),
    )
    books = progress(
        replace(
            TTL,
            lead=mark,
            steps=tuple(replace(step, text=mark, part=mark, key=mark, how=(mark,)) for step in TTL.steps),
        ),
        hostile,
        hostile.runbook,
    )
    lines: list[Line] = []
    for level in (0, 1, 2):
        beside = Beside(looking=[(mark, "looking")], progress=books, same=(), unfolded=level)
        for found in sections(hostile, NOW, beside):
            for block in found.blocks:
                match block:
                    case Head():
                        pass
                    case Prose():
                        lines.append(block.lead)
                        assert isinstance(block.body, Untrusted)
                    case Hanging():
                        lines += [block.lead, block.line]
                    case Choice():
                        lines += [block.lead, block.line, block.end]
                    case _:
                        lines.append(block)

    assert sum("outside" in visible(text) for line in lines for text, _ in line) > 40
    assert [text for line in lines for text in plain(line) if "outside" in text] == []


def test_sections_are_named_and_counted() -> None:
    found: dict[str, Section] = {each.name: each for each in sections(CASE, NOW, Beside())}

    assert {name: each.count for name, each in found.items()} == {
        "case": "",
        "runbook": "TTL",
        "work": "1",
        "notes": "2",
        "timeline": "",
    }
