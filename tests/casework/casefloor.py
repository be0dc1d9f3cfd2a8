"""A floor in memory: decide, number, fold, as the feed does, so that tests speak in verbs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from casework import keeper
from casework.access import Person
from casework.commands import COMMANDS
from casework.decide import decide, open_case, other_case, update_case
from casework.escalation import Escalation, EscalationUpdate
from casework.events import Draft, Event, placed
from casework.evolve import evolve
from casework.model import Case, Clock, Row
from casework.policy import Policy, defaults
from casework.rows import evolve_row, row_of
from casework.tokens import Role

START = 1_795_000_000_000
SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE


def person(principal: str, *roles: Role, **more: Any) -> Person:
    return Person(principal=principal, roles=frozenset(roles or ("responder",)), **more)


ANA = person("ana")
BO = person("bo", "responder", "approver")
CY = person("cy")
LEE = person("lee", "lead")
SOURCE = person("intake.trust", "intake")

CASE_A = "C-7F3A9K2M"
CASE_B = "C-8G4B0M3N"
CASE_C = "C-9H5C1N4P"


class Floor:
    """Cases by id, their log, and a clock that tests set: `now` in ms UTC."""

    def __init__(self, policy: Policy | None = None, *, connected: frozenset[str] = frozenset()) -> None:
        self.policy = policy or defaults()
        self.connected = connected
        self.now = START
        self.cases: dict[str, Case] = {}
        self.rows: dict[str, Row | None] = {}
        self.log: list[Event] = []

    def append(self, drafts: tuple[Draft, ...]) -> list[Event]:
        """Number and fold `drafts`, and hold the folded row against the row of the fold."""
        events = []
        for draft in drafts:
            old = self.cases.get(draft.case_id)
            event = placed(draft, seq=len(self.log) + 1, version=(old.version if old else 0) + 1)
            self.log.append(event)
            events.append(event)
            case = evolve(old, event)
            self.cases[draft.case_id] = case
            row = evolve_row(self.rows.get(draft.case_id), event)
            self.rows[draft.case_id] = row
            if case.retired_at is None:
                assert row == row_of(case)
            else:
                assert row is None
        return events

    def open(
        self, case_id: str = CASE_A, *, by: Person = SOURCE, continues: str | None = None, **data: Any
    ) -> list[Event]:
        body = {"case_type": "DOX", "summary": "An address", "source": {"kind": "user_report"}, **data}
        drafts = open_case(
            msgspec.convert(body, Escalation),
            case_id=case_id,
            now=self.now,
            actor=by,
            policy=self.policy,
            intake_ref="1" * 64,
            subject_ref="2" * 64,
            origin={"source": "test", "id": case_id},
            continues=continues,
        )
        return self.append(drafts)

    def update(self, case_id: str = CASE_A, *, by: Person = SOURCE, **data: Any) -> list[Event]:
        drafts = update_case(
            self.cases[case_id],
            msgspec.convert(data, EscalationUpdate),
            now=self.now,
            actor=by,
            policy=self.policy,
            intake_ref="3" * 64,
            origin={"source": "test", "id": "u"},
        )
        return self.append(drafts)

    def do(
        self, verb: str, case_id: str = CASE_A, *, by: Person = ANA, seen: int | None = None, **fields: Any
    ) -> list[Event]:
        """Give a command as `by`, who saw version `seen` (the newest if it is not said)."""
        state = self.cases[case_id]
        body = {"type": verb, "expected_version": state.version if seen is None else seen, **fields}
        command = msgspec.convert(body, COMMANDS[verb])
        second = other_case(state, command)
        drafts = decide(
            state,
            command,
            self.now,
            actor=by,
            policy=self.policy,
            other=self.cases.get(second) if second is not None else None,
            key="k",
            connected=self.connected,
        )
        return self.append(drafts)

    def keep(self, case_id: str = CASE_A, *, alive: Callable[[str], bool] | None = None) -> list[Event]:
        return self.append(keeper.due(self.cases[case_id], self.now, self.policy, alive=alive))

    def later(self, ms: int) -> None:
        self.now += ms

    def case(self) -> Case:
        return self.cases[CASE_A]

    def credibility(self) -> str | None:
        source = self.case().source
        assert source is not None
        return source.credibility

    def clock(self, milestone: str, case_id: str = CASE_A, *, outer: bool = False, round: int | None = None) -> Clock:
        """The newest round of a clock of the case."""
        found = [
            clock
            for clock in self.cases[case_id].clocks
            if clock.milestone == milestone and clock.outer_bound == outer and round in (None, clock.round)
        ]
        assert found, f"no {milestone} on {case_id}"
        return max(found, key=lambda clock: clock.round)

    def at_state(self, state: str, case_id: str = CASE_A, **data: Any) -> Floor:
        """A floor with one case in `state`, on the shortest way."""
        self.open(case_id, **data)
        way = {
            "NEW": (),
            "ACKED": ("claim",),
            "TRIAGED": ("claim", "triage"),
            "CONTAINED": ("claim", "triage", "contain"),
            "INVESTIGATING": ("claim", "triage", "contain", "investigate"),
            "RESOLVED": ("claim", "triage", "contain", "resolve"),
            "REJECTED": ("discard",),
        }
        for verb in way["RESOLVED" if state == "CLOSED" else state]:
            self.do(verb, case_id, **self.fields(verb, case_id))
        if state == "CLOSED":
            self.later(24 * HOUR)
            self.keep(case_id)
        assert self.cases[case_id].state == state
        return self

    def fields(self, verb: str, case_id: str = CASE_A) -> dict[str, Any]:
        """Fields with which `verb` is well-formed on the case."""
        case = self.cases[case_id]
        contact = {"party": "police", "channel": "phone", "number_source": "directory", "person": "Sgt. Hall",
                   "reference": "", "at": self.now, "outcome": "told"}  # fmt: skip
        known: dict[str, dict[str, Any]] = {
            "assign": {"to": "cy"},
            "note": {"text": "a note"},
            "triage": {"case_type": case.case_type, "severity": case.severity, "imminence": "7d", "evidence": "seen"},
            "set_severity": {"severity": "S1"},
            "set_factors": {"factors": {"specificity": 3}, "evidence": "the post"},
            "escalate": {"level": 2},
            "snooze": {"minutes": 5},
            "link": {"to": CASE_B, "relation": "related"},
            "merge": {"into": CASE_B},
            "contain": {"evidence": "the host took it down"},
            "log_contact": contact,
            "waive": {"milestone": "contain", "reason": "nothing is up"},
            "await_external": {"why": "their answer", "who": "the host", "chase_at": self.now + HOUR},
            "hold": {"why": "police work"},
            "resolve": {"outcome": "done", "reason": "all is done"},
            "discard": {"outcome": "spam", "reason": "no report at all"},
            "reopen": {"reason": "it is back"},
            "add_task": {"text": "call again", "owner": "cy", "due_at": self.now + HOUR},
            "complete_task": {"task_id": "t1"},
            "post_update": {"text": "working on it", "audience": "partner"},
            "tick": {"step": "preserve"},
            "propose": {"action": "no_action", "target": {"kind": "account", "id": "u_1"}, "policy": "HB1",
                        "reason": "no breach", "fields": {}},
            "approve": {"action_id": "a1", "digest": "0" * 64},
            "reject": {"action_id": "a1", "reason": "no"},
            "cancel": {"action_id": "a1"},
            "confirm": {"seq": 1},
            "undo": {"seq": case.seq},
            "busy": {"until": self.now + HOUR},
            "break_glass": {"reason": "a child is in danger"},
            "grant": {"principal": "cy"},
            "offer_handover": {"to": "cy"},
        }  # fmt: skip
        return known.get(verb, {})


def types(events: list[Event]) -> list[str]:
    return [event.type for event in events]
