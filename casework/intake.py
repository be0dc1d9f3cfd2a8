"""Intake: what a report makes of a case, before anybody looked at it (domain, section 2; contract, "Intake body")."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from casework import clocks, order, score, severity
from casework.access import Person
from casework.errors import NotPermitted
from casework.escalation import ContentGiven, Escalation, EscalationUpdate, FactorsGiven, SourceGiven, SubjectGiven
from casework.events import Draft
from casework.facts import CaseOpened, EscalationUpdated, ReachUpdated
from casework.life.turn import Turn
from casework.masking import masked
from casework.model import Case, Content, Factors, Masked, Result, Source, Subject, Translation
from casework.policy import Policy
from casework.tokens import OPEN_STATES, more_severe

REACH: Final[frozenset[str]] = frozenset({"live_viewers", "views_per_min", "reuploads"})
#: What one case holds of each kind; a further report's rest is counted, not kept (bounded memory).
LISTED: Final = 500
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def open_case(
    escalation: Escalation,
    *,
    case_id: str,
    now: int,
    actor: Person,
    policy: Policy,
    intake_ref: str,
    subject_ref: str,
    origin: dict[str, str],
    continues: str | None = None,
) -> tuple[Draft, ...]:
    """The event that opens a case for `escalation` at `now` (ms UTC), with all that the rules made of it.

    `continues` names the ended case whose late report this is. Raises `NotPermitted` if the intake token may not speak
    for a source of that kind.
    """
    source = _source(escalation.source, actor, policy)
    factors = with_factors(Factors(), escalation.factors)
    content = with_content((), escalation.content or ())
    sensitivities = tuple(dict.fromkeys(escalation.sensitivities or ()))
    ruling = severity.at_intake(
        case_type=escalation.case_type,
        sub_type=escalation.sub_type,
        factors=factors,
        live=any(item.live for item in content),
        claimed=escalation.severity,
        cap=actor.cap.severity,
        policy=policy,
    )
    rating = score.rate(factors, source, sub_type=escalation.sub_type, sensitivities=sensitivities, policy=policy)
    reported_at = _ms(escalation.reported_at)
    reported_at = None if reported_at is None else min(reported_at, now)
    started = clocks.start(
        case_type=escalation.case_type,
        sub_type=escalation.sub_type,
        severity=ruling.severity,
        opened_at=now,
        reported_at=reported_at,
        policy=policy,
    )
    sensitive = escalation.sensitive or {}
    fact = CaseOpened(
        case_type=escalation.case_type,
        sub_type=escalation.sub_type,
        severity_claimed=escalation.severity,
        boundary=escalation.boundary,
        language=escalation.language,
        graphic_level=escalation.graphic_level,
        sensitivities=sensitivities,
        occurred_at=_ms(escalation.occurred_at),
        reported_at=reported_at,
        intake_ref=intake_ref,
        subject_ref=subject_ref,
        policy_version=policy.version,
        defaults_digest=policy.digest,
        summary=escalation.summary,
        narrative=escalation.narrative or "",
        translation=_translation(escalation),
        source=source,
        subjects=with_subjects((), escalation.subjects or ()),
        content=content,
        sensitive={name: _masked(case_id, name, value) for name, value in sensitive.items()},
        sensitive_values=sensitive,
        origin=origin,
        continues=continues,
        result=Result(
            state="NEW",
            severity=ruling.severity,
            band=order.band(ruling.severity, False),
            score_tenths=rating.tenths,
            floors=rating.floors,
            grounds=grounds(ruling.grounds, rating.grounds),
            factors=factors,
            clocks=started,
        ),
    )
    return (Draft(case_id=case_id, at=now, actor=actor.principal, part=0, fact=fact),)


def update_case(
    state: Case,
    update: EscalationUpdate,
    *,
    now: int,
    actor: Person,
    policy: Policy,
    intake_ref: str,
    origin: dict[str, str],
) -> tuple[Draft, ...]:
    """The events of a further report on an open case: merged key by key, scored again, severity raised by the rule.

    Boundary, type and a milder severity are recorded and not followed. Only new facts raise: a severity that a person
    lowered does not come back because the same facts were sent again. Raises `IllegalTransition` on an ended case (the
    caller opens one that continues it) and `NotPermitted` as `open_case` does.
    """
    turn = Turn(state, now=now, actor=actor, policy=policy, verb="update")
    if state.state not in OPEN_STATES:
        turn.refuse("Its work has ended. Open a new case that continues it.")
    if update.source is not None:
        _source(update.source, actor, policy)
    turn.breach()
    state = turn.state
    factors = with_factors(state.factors, update.factors)
    content = with_content(state.content, update.content or ())
    subjects = with_subjects(state.subjects, update.subjects or ())
    sensitivities = tuple(dict.fromkeys((*state.sensitivities, *(update.sensitivities or ()))))
    rating = score.rate(factors, state.source, sub_type=state.sub_type, sensitivities=sensitivities, policy=policy)
    raised = _raised(state, update, factors, content, actor, policy)
    changes: dict[str, Any] = {
        "factors": factors,
        "score_tenths": rating.tenths,
        "floors": rating.floors,
        "grounds": grounds(raised.grounds if raised else state.grounds[:1], rating.grounds),
    }
    if raised is not None:
        changes["severity"] = raised.severity
        if raised.severity == "S0":
            changes["pending"] = tuple(item for item in state.pending if item.kind != "lowering")
        changes["clocks"] = clocks.retarget(
            state.clocks,
            case_type=state.case_type,
            sub_type=state.sub_type,
            severity=raised.severity,
            opened_at=state.opened_at,
            reported_at=state.reported_at,
            now=turn.at,
            policy=policy,
        )
    if raised is None and _only_reach(update):
        turn.add(ReachUpdated(intake_ref=intake_ref, origin=origin), **changes)
    else:
        sensitive = update.sensitive or {}
        masks = {name: _masked(state.case_id, name, value) for name, value in sensitive.items()}
        fact = EscalationUpdated(
            intake_ref=intake_ref,
            language=update.language,
            graphic_level=update.graphic_level,
            sensitivities=sensitivities if update.sensitivities else None,
            occurred_at=_ms(update.occurred_at),
            recorded=_recorded(state, update),
            summary=update.summary,
            narrative=update.narrative,
            translation=_translation(update),
            subjects=subjects if update.subjects else None,
            content=content if update.content else None,
            sensitive={**state.sensitive, **masks} if masks else None,
            sensitive_values=sensitive,
            origin=origin,
        )
        turn.add(fact, **changes)
    turn.wake("updated")
    return turn.done()


def _only_reach(update: EscalationUpdate) -> bool:
    given = {name for name in update.__struct_fields__ if getattr(update, name) is not None}
    if update.factors is None or given - {"factors", "source", "reported_at"}:
        return False
    return {name for name in update.factors.__struct_fields__ if getattr(update.factors, name) is not UNSET} <= REACH


def _raised(
    state: Case,
    update: EscalationUpdate,
    factors: Factors,
    content: tuple[Content, ...],
    actor: Person,
    policy: Policy,
) -> severity.Ruling | None:
    """What the rule says of the new facts, if it is more severe than the case is and than it said of the old ones."""
    before = severity.at_intake(
        case_type=state.case_type,
        sub_type=state.sub_type,
        factors=state.factors,
        live=any(item.live for item in state.content),
        claimed=None,
        cap=None,
        policy=policy,
    )
    after = severity.at_intake(
        case_type=state.case_type,
        sub_type=update.sub_type or state.sub_type,
        factors=factors,
        live=any(item.live for item in content),
        claimed=update.severity,
        cap=actor.cap.severity,
        policy=policy,
    )
    if more_severe(after.severity, state.severity) and more_severe(after.severity, before.severity):
        return after
    return None


def _recorded(state: Case, update: EscalationUpdate) -> dict[str, str]:
    """What the report claims and the case does not follow."""
    recorded: dict[str, str] = {}
    if update.boundary is not None and update.boundary != state.boundary:
        recorded["boundary"] = update.boundary
    if update.case_type is not None and update.case_type != state.case_type:
        recorded["case_type"] = update.case_type
    if update.sub_type is not None and update.sub_type != state.sub_type:
        recorded["sub_type"] = update.sub_type
    if update.severity is not None and more_severe(state.severity, update.severity):
        recorded["severity"] = update.severity
    for name, held, given in (
        ("subjects", state.subjects, update.subjects),
        ("content", state.content, update.content),
    ):
        known = {(item.kind, item.id) for item in held}
        fresh = {(item.kind, item.id) for item in given or ()} - known
        if len(known) + len(fresh) > LISTED:
            recorded[f"{name}_not_kept"] = str(len(known) + len(fresh) - LISTED)
    return recorded


def grounds(of_severity: tuple[str, ...], of_score: tuple[str, ...]) -> tuple[str, ...]:
    """Why a case stands where it does: the severity's ground as the first item, the score's after it."""
    return ("; ".join(of_severity), *of_score)


def with_factors(factors: Factors, given: FactorsGiven | None) -> Factors:
    """`factors` with what is `given`, key by key; null takes a factor back to *not stated*."""
    if given is None:
        return factors
    blank = Factors()
    changes: dict[str, Any] = {}
    for name in given.__struct_fields__:
        value = getattr(given, name)
        if value is not UNSET:
            changes[name] = getattr(blank, name) if value is None else value
    if "vulnerability" in changes:
        changes["vulnerability"] = tuple(dict.fromkeys(changes["vulnerability"]))
    return replace(factors, **changes)


def _source(given: SourceGiven, actor: Person, policy: Policy) -> Source:
    kinds = actor.cap.kinds
    if kinds is not None and given.kind not in kinds:
        allowed = ", ".join(sorted(kinds)) or "none"
        raise NotPermitted(
            what=f"a report of source kind {given.kind}", needs=f"a token for it; this one has {allowed}"
        )
    credibility = severity.credibility_at_intake(given.kind, given.credibility, actor.cap.credibility, policy)
    return Source(kind=given.kind, name=given.name, credibility=credibility)


def _ms(moment: datetime | None) -> int | None:
    """Milliseconds UTC of a time with its zone; 0 at the earliest."""
    if moment is None:
        return None
    return max(0, (moment - _EPOCH) // timedelta(milliseconds=1))


def _translation(given: Escalation | EscalationUpdate) -> Translation | None:
    return None if given.translation is None else Translation(text=given.translation.text, by=given.translation.by)


def _masked(case_id: str, name: str, value: str) -> Masked:
    return Masked(ref=f"{case_id}/{name}", masked=masked(value))


def _subject(given: SubjectGiven) -> Subject:
    values = msgspec.structs.asdict(given)
    values["place_at"] = _ms(given.place_at)
    values["last_active_at"] = _ms(given.last_active_at)
    return Subject(**values)


def with_subjects(held: tuple[Subject, ...], given: Iterable[SubjectGiven]) -> tuple[Subject, ...]:
    """`held` with `given`: one of the same kind and id gets what is newly known of it, others are added."""
    by_id = {(item.kind, item.id): item for item in held}
    for one in given:
        new = _subject(one)
        old = by_id.get((new.kind, new.id))
        if old is not None:
            by_id[new.kind, new.id] = replace(old, **_stated(new))
        elif len(by_id) < LISTED:
            by_id[new.kind, new.id] = new
    return tuple(by_id.values())


def with_content(held: tuple[Content, ...], given: Iterable[ContentGiven]) -> tuple[Content, ...]:
    """`held` with `given`, as `with_subjects`. What was live stays so until somebody looked again or it is down."""
    by_id = {(item.kind, item.id): item for item in held}
    for one in given:
        new = _content(one)
        old = by_id.get((new.kind, new.id))
        if old is not None:
            ended = new.up is False or new.checked_at is not None
            live = new.live or (old.live and not ended)
            by_id[new.kind, new.id] = replace(old, **_stated(new) | {"live": live})
        elif len(by_id) < LISTED:
            by_id[new.kind, new.id] = new
    return tuple(by_id.values())


def _stated(item: Subject | Content) -> dict[str, Any]:
    return {name: value for name, value in msgspec.structs.asdict(item).items() if value is not None}


def _content(given: ContentGiven) -> Content:
    values = msgspec.structs.asdict(given)
    values["checked_at"] = _ms(given.checked_at)
    if given.sha256 is not None:
        values["sha256"] = given.sha256.lower()
    return Content(**values)
