"""Reports in: each opens a case, joins one, or is the same report again.

A report's identity is (source, id), remembered forever as a digest. Updates find their case by (source, subject): of
several the newest; merged → they follow; ended → a linked case; none → they open one if they are complete enough.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from casework import caseid
from casework.access import Person, may_post_escalations
from casework.decide import open_case, update_case
from casework.errors import NotPermitted
from casework.escalation import Escalation, EscalationUpdate, SourceGiven
from casework.events import Draft
from casework.model import Case
from casework.tokens import OPEN_STATES
from feed import failpoints
from feed.engine import Engine
from feed.log.replay import fold_case
from protocol.cloudevents import Incoming


class Received(Struct, frozen=True):
    """Where a report went: its case, the seq of the first event that it caused, and whether it was known."""

    case_id: str
    seq: int
    duplicate: bool


class NothingToUpdate(Exception):
    """An update for which there is no case, and too little in it to open one. It may come again once there is."""

    def __init__(self, missing: Sequence[str]) -> None:
        self.missing = tuple(missing)
        super().__init__(
            f"No case has this source and subject, and without {', '.join(missing)} the update cannot open one. "
            "Send it again after the report that it belongs to."
        )


class Intake:
    """Takes reports to the engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def receive(self, person: Person, incoming: Incoming) -> Received:
        """Store one report. Raises `CaseworkError`, `NothingToUpdate`, `LogUnavailable`."""
        return await self._engine.apart(self._receive(person, incoming))

    async def _receive(self, person: Person, incoming: Incoming) -> Received:
        failpoints.hit("receive")
        self._may(person, incoming)
        intake_ref, subject_ref = incoming.refs
        known = self._known(intake_ref)
        if known is not None:
            return known
        # Reports of one subject in the order they came; the same report twice at once is one report.
        async with self._engine.holding({f"report:{intake_ref}", f"subject:{subject_ref}"}):
            known = self._known(intake_ref)
            if known is not None:
                return known
            if isinstance(incoming.data, EscalationUpdate):
                received = await self._update(person, incoming, incoming.data)
            else:
                received = await self._open(person, incoming, incoming.data)
        self._engine.counts["reports"] += 1
        failpoints.hit("answer")
        return received

    def _may(self, person: Person, incoming: Incoming) -> None:
        if not may_post_escalations(person):
            raise NotPermitted(what="posting escalations", needs="the role intake, responder or lead")
        source = incoming.data.source
        if source is not None and not may_post_escalations(person, source.kind):
            allowed = ", ".join(sorted(person.cap.kinds or ())) or "none"
            raise NotPermitted(
                what=f"a report of source kind {source.kind}", needs=f"a token for it; this one has {allowed}"
            )

    def _known(self, intake_ref: str) -> Received | None:
        found = self._engine.floor.reports.get(bytes.fromhex(intake_ref))
        return None if found is None else Received(case_id=found[0], seq=found[1], duplicate=True)

    # --- opening

    async def _open(
        self, person: Person, incoming: Incoming, escalation: Escalation, *, continues: str | None = None
    ) -> Received:
        engine = self._engine
        intake_ref, subject_ref = incoming.refs
        case_id, counter = caseid.case_id(incoming.source, incoming.id), 0
        while True:
            async with engine.holding({case_id}):
                if case_id in engine.floor.ids:
                    # Forty bits: two reports may share an id, and the later one counts on.
                    counter += 1
                    case_id = caseid.case_id(incoming.source, incoming.id, counter)
                    continue
                failpoints.hit("decide")
                drafts = open_case(
                    escalation,
                    case_id=case_id,
                    now=engine.now(),
                    actor=person,
                    policy=engine.policy,
                    intake_ref=intake_ref,
                    subject_ref=subject_ref,
                    origin=incoming.origin,
                    continues=continues,
                )
                return await self._append(case_id, drafts)

    async def _append(self, case_id: str, drafts: Sequence[Draft]) -> Received:
        appended = await self._engine.append(None, drafts)
        return Received(case_id=case_id, seq=appended.first_seq, duplicate=False)

    # --- updating

    async def _update(self, person: Person, incoming: Incoming, update: EscalationUpdate) -> Received:
        engine = self._engine
        while True:
            case_id = self._target(incoming.refs[1])
            if case_id is None:
                return await self._open(person, incoming, _as_escalation(update, None))
            async with engine.holding({case_id}):
                if self._target(incoming.refs[1]) != case_id:
                    continue  # merged while we waited
                state = engine.floor.cases.get(case_id)
                if state is not None and state.state in OPEN_STATES:
                    failpoints.hit("decide")
                    drafts = update_case(
                        state,
                        update,
                        now=engine.now(state),
                        actor=person,
                        policy=engine.policy,
                        intake_ref=incoming.refs[0],
                        origin=incoming.origin,
                    )
                    return await self._append(case_id, drafts)
            ended = state or await fold_case(engine.log, case_id)
            return await self._open(person, incoming, _as_escalation(update, ended), continues=case_id)

    def _target(self, subject_ref: str) -> str | None:
        """The case that updates of this subject go to: the newest, and where that was merged to."""
        floor = self._engine.floor
        case_id = floor.subjects.get(bytes.fromhex(subject_ref))
        seen = set()
        while case_id is not None and case_id not in seen:
            seen.add(case_id)
            case = floor.cases.get(case_id)
            into = case.merged_into if case is not None else floor.merged.get(case_id)
            if into is None:
                return case_id
            case_id = into
        return case_id


def _as_escalation(update: EscalationUpdate, ended: Case | None) -> Escalation:
    """The update as a report of its own; what it leaves out is taken from the ended case that it belongs to.

    The boundary always is the ended case's: a late report must not open what was closed to most.
    """
    given = {name: getattr(update, name) for name in update.__struct_fields__}
    if ended is not None:
        given["case_type"] = given["case_type"] or ended.case_type
        given["sub_type"] = given["sub_type"] or (ended.sub_type if given["case_type"] == ended.case_type else None)
        given["summary"] = given["summary"] or ended.summary or "A further report on an ended case"
        given["boundary"] = ended.boundary
        given["sensitivities"] = given["sensitivities"] or ended.sensitivities
        if given["source"] is None:
            kept = ended.source
            given["source"] = SourceGiven(kind=kept.kind if kept else "internal", name=kept.name if kept else "")
    missing = [name for name in ("case_type", "summary", "source") if given[name] is None]
    if missing:
        raise NothingToUpdate(missing)
    return msgspec.convert(given, Escalation, from_attributes=True)
