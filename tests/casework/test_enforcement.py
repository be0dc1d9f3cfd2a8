"""Enforcement: what may be proposed, who has to agree, what is sent, and what an end does to the case."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest

from casework.errors import BadInput, IllegalTransition, NotPermitted, StaleVersion
from casework.events import Event
from casework.life import delivering
from casework.life.delivering import NotNow
from casework.model import Action
from casework.policy import defaults
from casework.tokens import Role
from tests.casework.casefloor import ANA, BO, CY, HOUR, LEE, MINUTE, Floor, person, types

ALL: Final = frozenset(defaults().actions) - {"cybertip", "disclose", "refer"}
VIDEO: Final = {"kind": "video", "id": "v_1"}
ACCOUNT: Final = {"kind": "account", "id": "u_1"}
REPORT: Final[dict[str, Any]] = {
    "subjects": [{"kind": "account", "id": "u_1", "handle": "wren"}],
    "content": [{"kind": "video", "id": "v_1", "live": True}],
}
S0: Final[dict[str, Any]] = {**REPORT, "case_type": "TTL", "severity": "S0"}

PROPOSALS: Final[dict[str, dict[str, Any]]] = {
    "hide": {"target": VIDEO, "policy": "HB-1", "fields": {}},
    "remove": {"target": VIDEO, "policy": "HB-1", "fields": {"evidence_snapshot": "vault 12"}},
    "quarantine": {"target": VIDEO, "policy": "CS-1", "fields": {"hash": "a" * 64, "custody_id": "cust-7"}},
    "livecut": {"target": VIDEO, "policy": "SH-1", "fields": {"evidence_snapshot": "vault 12"}},
    "geoblock": {"target": VIDEO, "policy": "", "fields": {"country": "DE", "legal_ground": "order 12/26"}},
    "agegate": {"target": VIDEO, "policy": "VE-4", "fields": {}},
    "share_hash": {"target": VIDEO, "policy": "", "fields": {
        "bank": "gifct", "hash_type": "pdq", "evidence_viewed": True}},
    "sweep": {"target": {"kind": "query", "id": "q_1"}, "policy": "", "fields": {
        "query": "sha256:" + "a" * 64, "preview_count": 14, "sample_seen": True,
        "match": "exact_hash", "then": "remove"}},
    "feature_block": {"target": ACCOUNT, "policy": "HB-1", "fields": {"duration": "3d"}},
    "lock": {"target": ACCOUNT, "policy": "", "fields": {"reason_code": "takeover"}},
    "suspend": {"target": ACCOUNT, "policy": "HB-1", "fields": {"duration": "7d", "notice": "withheld: safety"}},
    "ban": {"target": ACCOUNT, "policy": "HB-1", "fields": {"strikes": 2, "notice_or_why_none": "standard"}},
    "device_block": {"target": {"kind": "device", "id": "d_1"}, "policy": "", "fields": {
        "collateral_estimate": "one household", "expiry": 9_000_000_000_000}},
    "legal_hold": {"target": ACCOUNT, "policy": "", "fields": {
        "statute": "18_USC_2703f", "scope": "all", "term": "90d"}},
    "welfare": {"target": ACCOUNT, "policy": "", "fields": {"locale": "en_US", "template": "crisis_line"}},
    "notify": {"target": ACCOUNT, "policy": "", "fields": {"template": "removed"}},
    "withhold_notice": {"target": ACCOUNT, "policy": "", "fields": {"withholding_reason": "safety"}},
}  # fmt: skip


def floor(state: str = "TRIAGED", **data: Any) -> Floor:
    return Floor(connected=ALL).at_state(state, **{**REPORT, **data})


def propose(it: Floor, name: str, **more: Any) -> list[Event]:
    return it.do("propose", **{"action": name, "reason": "it is what it is", **PROPOSALS[name], **more})


def action(it: Floor, action_id: str = "a1") -> Action:
    return next(each for each in it.case().actions if each.action_id == action_id)


def everybody(principal: str, role: Role) -> bool:
    return True


def send(it: Floor, action_id: str = "a1", allowed: Callable[[str, Role], bool] = everybody) -> list[Event]:
    return it.append(delivering.send(it.case(), action_id, it.now, policy=it.policy, allowed=allowed))


def ended(it: Floor, how: delivering.Ended, action_id: str = "a1", **more: Any) -> list[Event]:
    return it.append(delivering.ended(it.case(), action_id, how, it.now, policy=it.policy, **more))


@pytest.mark.parametrize("name", PROPOSALS)
def test_every_action_that_is_connected_can_be_proposed(name: str) -> None:
    it = floor()
    propose(it, name)
    rules = it.policy.actions[name]
    found = action(it)
    assert found.state == ("proposed" if rules.dual == "always" else "approved")
    assert found.seq == it.log[-1].seq
    if found.policy:
        assert found.policy.split("@")[1] == it.policy.policies[found.policy.split("@")[0]].version


@pytest.mark.parametrize("name", PROPOSALS)
def test_each_field_that_it_needs_is_asked_for_and_no_other_is_taken(name: str) -> None:
    fields = PROPOSALS[name]["fields"]
    for missing in fields:
        if missing in ("match", "then"):
            continue
        it = floor()
        with pytest.raises(BadInput, match=rf"/fields/{missing} is missing. {name} needs it"):
            propose(it, name, fields={key: value for key, value in fields.items() if key != missing})
    with pytest.raises(BadInput, match="/fields/color means nothing to"):
        propose(floor(), name, fields={**fields, "color": "red"})


@pytest.mark.parametrize(
    ("name", "field", "value", "says"),
    [
        ("suspend", "duration", "30d", "is one of 1d, 3d, 7d"),
        ("suspend", "notice", "  ", "has to be a text"),
        ("geoblock", "country", "Germany", "two capital letters"),
        ("quarantine", "hash", "A" * 64, "64 hexadecimal digits"),
        ("share_hash", "evidence_viewed", False, "somebody has to have done it"),
        ("share_hash", "evidence_viewed", 1, "somebody has to have done it"),
        ("share_hash", "hash_type", "crc32", "is one of sha256"),
        ("ban", "strikes", -1, "whole number"),
        ("ban", "strikes", True, "whole number"),
        ("device_block", "expiry", 1, "a time to come"),
        ("legal_hold", "term", "forever", "is one of 90d"),
        ("sweep", "preview_count", 1_001, "over the 1,000 of one run"),
        ("hide", "gap", "unclear", "is one of no_clause_fits"),
        ("lock", "reason_code", "two words", "has to be one word"),
        ("feature_block", "duration", "soon", "a span such as"),
        ("welfare", "template", 7, "has to be a text"),
        ("legal_hold", "scope", "x" * 1_001, "longer than"),
    ],
)
def test_a_value_that_cannot_be_is_named(name: str, field: str, value: object, says: str) -> None:
    with pytest.raises(BadInput, match=rf"/fields/{field}.*{says}"):
        propose(floor(), name, fields={**PROPOSALS[name]["fields"], field: value})


def test_it_is_done_to_what_the_case_is_about_and_to_nothing_else() -> None:
    it = floor()
    with pytest.raises(BadInput, match="/target is no content of this case"):
        propose(it, "hide", target={"kind": "video", "id": "v_2"})
    with pytest.raises(BadInput, match="/target is no content of this case"):
        propose(it, "hide", target=ACCOUNT)
    with pytest.raises(BadInput, match="/target is no subject of this case"):
        propose(it, "suspend", target={"kind": "account", "id": "u_2"})
    with pytest.raises(BadInput, match="/policy names no clause"):
        propose(it, "hide", policy="ZZ")
    with pytest.raises(BadInput, match="/policy is missing"):
        propose(it, "hide", policy="")
    with pytest.raises(BadInput, match="/policy is of the version 2020-01; in force is"):
        propose(it, "hide", policy="HB-1@2020-01")
    assert it.case().actions == ()


def test_the_same_is_not_done_twice_until_it_is_over() -> None:
    it = floor()
    propose(it, "hide")
    with pytest.raises(IllegalTransition, match="hide a1 does that already and is approved"):
        propose(it, "hide")
    send(it)
    with pytest.raises(IllegalTransition, match="is sent"):
        propose(it, "hide")
    ended(it, "failed", why="gone")
    propose(it, "hide")
    assert action(it, "a2").state == "approved"


class TestContainment:
    def test_the_last_of_several_that_is_verified_contains(self) -> None:
        it = floor()
        propose(it, "hide")
        assert it.case().state == "CONTAINING"
        propose(it, "lock")
        for each in ("a1", "a2"):
            send(it, each)
            ended(it, "acked", each)
        assert types(ended(it, "verified", "a1")) == ["ActionVerified"]
        assert it.case().state == "CONTAINING"
        events = ended(it, "verified", "a2")
        assert types(events) == ["ActionVerified", "CaseContained", "MilestoneMet"]
        assert it.case().state == "CONTAINED"
        assert it.clock("contain").met_at == it.now

    def test_what_is_called_off_contains_nothing(self) -> None:
        it = floor()
        propose(it, "hide")
        assert types(it.do("cancel", action_id="a1")) == ["ActionCanceled", "ContainmentEnded"]
        assert it.case().state == "TRIAGED"

    def test_one_that_failed_does_not_undo_one_that_stands(self) -> None:
        it = floor()
        propose(it, "hide")
        propose(it, "lock")
        for each in ("a1", "a2"):
            send(it, each)
        ended(it, "verified", "a1")
        assert types(ended(it, "failed", "a2", why="no such account")) == [
            "ActionFailed",
            "CaseContained",
            "MilestoneMet",
        ]

    @pytest.mark.parametrize("name", ["legal_hold", "notify", "welfare", "withhold_notice", "share_hash"])
    def test_preserving_telling_and_helping_contain_nothing(self, name: str) -> None:
        it = floor()
        propose(it, name)
        assert it.case().state == "TRIAGED"

    def test_at_s0_one_acts_before_triage_and_owes_it(self) -> None:
        it = floor("ACKED", **S0)
        propose(it, "livecut")
        assert it.case().state == "CONTAINING"
        assert it.case().triage_due_at == it.now + 15 * MINUTE
        send(it)
        ended(it, "verified")
        with pytest.raises(IllegalTransition, match="Triage notes are owed"):
            it.do("resolve", outcome="no_referral", reason="r")

    def test_resources_that_were_sent_meet_their_clock(self) -> None:
        it = floor("ACKED", case_type="SSH", severity="S0")
        propose(it, "welfare")
        send(it)
        ended(it, "verified")
        assert it.clock("resources").met_at == it.now


class TestPreservation:
    @pytest.mark.parametrize(("case_type", "severity", "due"), [
        ("CSEA", "S1", True), ("TTL", "S1", True), ("MVE", "S1", True), ("SSH", "S0", True), ("SSH", "S1", False),
        ("DOX", "S2", False),
    ])  # fmt: skip
    def test_it_comes_before_removal_where_the_type_demands_it(self, case_type: str, severity: str, due: bool) -> None:
        it = floor(case_type=case_type, severity=severity, content=[{"kind": "video", "id": "v_1"}])
        if not due:
            propose(it, "remove")
            return
        with pytest.raises(IllegalTransition, match="is preserved before anything is removed"):
            propose(it, "remove")
        propose(it, "hide")
        propose(it, "legal_hold")
        propose(it, "remove")

    def test_a_hold_that_failed_preserves_nothing(self) -> None:
        it = floor(case_type="CSEA", severity="S1")
        propose(it, "legal_hold")
        send(it)
        ended(it, "failed", why="no such account")
        with pytest.raises(IllegalTransition, match="preserved before"):
            propose(it, "remove")


class TestTwoPeople:
    def banned(self, **data: Any) -> Floor:
        it = floor(**data)
        propose(it, "ban")
        return it

    def approve(self, it: Floor, by: Any = BO, action_id: str = "a1", **more: Any) -> list[Event]:
        return it.do("approve", by=by, **{"action_id": action_id, "digest": action(it, action_id).digest, **more})

    def test_another_principal_agrees_to_exactly_this(self) -> None:
        it = self.banned()
        with pytest.raises(NotNow):
            send(it)
        self.approve(it)
        assert (action(it).state, action(it).approved_by, action(it).approved_at) == ("approved", "bo", it.now)
        assert types(send(it)) == ["ActionSending"]

    def test_an_approval_lapses_when_it_is_not_sent_in_time(self) -> None:
        it = self.banned()
        self.approve(it)
        it.later(30 * MINUTE)
        send(it)
        it = self.banned()
        self.approve(it)
        it.later(30 * MINUTE + 1)
        assert types(send(it)) == ["ApprovalLapsed"]
        assert (action(it).state, action(it).approved_by) == ("proposed", None)
        self.approve(it)
        assert types(send(it)) == ["ActionSending"]

    @pytest.mark.parametrize(("gone", "role", "why"), [
        ("bo", "approver", "approver"), ("ana", "responder", "proposer"),
    ])  # fmt: skip
    def test_who_stands_behind_it_is_asked_again_when_it_is_sent(self, gone: str, role: Role, why: str) -> None:
        it = self.banned()
        self.approve(it)
        (event,) = send(it, allowed=lambda principal, asked: (principal, asked) != (gone, role))
        assert (event.type, event.fact.why) == ("ApprovalLapsed", why)  # type: ignore[attr-defined]

    def test_while_nothing_was_done_each_attempt_asks_again(self) -> None:
        it = self.banned()
        self.approve(it)
        send(it)
        it.append(delivering.delayed(it.case(), "a1", it.now + MINUTE, it.now, policy=it.policy, why="it answered 503"))
        assert (action(it).state, action(it).again_at, action(it).why) == (
            "approved",
            it.now + MINUTE,
            "it answered 503",
        )
        it.later(30 * MINUTE + 1)
        assert types(send(it)) == ["ApprovalLapsed"]
        assert action(it).state == "proposed"

    def test_a_second_attempt_is_the_same_act(self) -> None:
        it = self.banned()
        self.approve(it)
        send(it)
        it.later(2 * HOUR)
        (event,) = send(it, allowed=lambda principal, role: False)
        assert (event.type, event.fact.attempt) == ("ActionSending", 2)  # type: ignore[attr-defined]

    def test_at_s0_it_goes_first_and_is_looked_at_afterward(self) -> None:
        it = floor("ACKED", **S0)
        propose(it, "legal_hold")
        propose(it, "ban")
        found = action(it, "a2")
        assert (found.state, found.one_person, found.review_until) == ("approved", True, it.now + 30 * MINUTE)
        assert types(send(it, "a2")) == ["ActionSending"]
        with pytest.raises(IllegalTransition, match="You proposed it yourself"):
            self.approve(it, person("ana", "lead"), "a2")
        assert types(self.approve(it, BO, "a2")) == ["ActionReviewed"]
        found = action(it, "a2")
        assert (found.state, found.reviewed_by, found.one_person) == ("sent", "bo", False)
        assert it.case().pending == ()

    def test_what_was_to_go_first_and_lapsed_has_to_be_approved_and_not_reviewed(self) -> None:
        it = floor("ACKED", **S0)
        propose(it, "legal_hold")
        propose(it, "ban")
        assert types(send(it, "a2", allowed=lambda principal, role: principal != "ana")) == ["ApprovalLapsed"]
        found = action(it, "a2")
        assert (found.state, found.review_until, found.one_person, it.case().pending) == ("proposed", None, False, ())
        assert types(self.approve(it, BO, "a2")) == ["ActionApproved"]
        assert types(send(it, "a2")) == ["ActionSending"]

    def test_a_review_that_disagrees_leaves_it_and_asks_why(self) -> None:
        it = floor("ACKED", **S0)
        propose(it, "legal_hold")
        propose(it, "ban")
        send(it, "a2")
        it.do("reject", by=BO, action_id="a2", reason="the wrong account")
        assert (action(it, "a2").state, it.case().flags.rca_due, it.case().pending) == ("sent", True, ())

    def test_a_review_that_nobody_makes_is_overdue_and_the_act_stands(self) -> None:
        it = floor("ACKED", **S0)
        propose(it, "legal_hold")
        propose(it, "ban")
        it.later(30 * MINUTE)
        assert "ReviewOverdue" in types(it.keep())
        assert action(it, "a2").state == "approved"
        assert it.case().pending == ()
        assert "ReviewOverdue" not in types(it.keep())

    @pytest.mark.parametrize(("count", "match", "case_type", "state", "one"), [
        (25, "phrase", "DOX", "approved", False), (26, "phrase", "DOX", "proposed", False),
        (500, "exact_hash", "DOX", "proposed", False), (500, "exact_hash", "MVE", "approved", True),
        (500, "similar", "MVE", "proposed", False),
    ])  # fmt: skip
    def test_a_sweep_needs_one_by_how_much_it_touches(
        self, count: int, match: str, case_type: str, state: str, one: bool
    ) -> None:
        it = floor(case_type=case_type)
        fields = {**PROPOSALS["sweep"]["fields"], "preview_count": count, "match": match}
        propose(it, "sweep", fields=fields)
        assert (action(it).state, action(it).one_person) == (state, one)


class TestRestore:
    def standing(self, name: str) -> Floor:
        it = floor()
        propose(it, name)
        if action(it).state == "proposed":
            it.do("approve", by=BO, action_id="a1", digest=action(it).digest)
        send(it)
        ended(it, "verified")
        return it

    def restore(self, it: Floor, **more: Any) -> list[Event]:
        target = {"kind": action(it).target.kind, "id": action(it).target.id}
        body = {"action": "restore", "target": target, "policy": "", "reason": "a mistake",
                "fields": {"which_action": "a1", "rca_tag": "decision"}}  # fmt: skip
        return it.do("propose", **{**body, **more})

    def test_what_stands_is_taken_back_once_that_was_seen(self) -> None:
        it = self.standing("hide")
        self.restore(it)
        assert action(it, "a2").state == "approved"
        send(it, "a2")
        assert action(it).reversed_by is None
        ended(it, "verified", "a2")
        assert action(it).reversed_by == "a2"
        with pytest.raises(IllegalTransition, match="restore a2 does that already"):
            self.restore(it)

    def test_it_needs_whoever_the_original_needed(self) -> None:
        it = self.standing("ban")
        self.restore(it)
        assert action(it, "a2").state == "proposed"
        it.do("approve", by=BO, action_id="a2", digest=action(it, "a2").digest)
        assert types(send(it, "a2")) == ["ActionSending"]
        it = self.standing("legal_hold")
        self.restore(it)
        assert action(it, "a2").state == "proposed", "a release before the term takes a second person"

    def test_what_cannot_be_taken_back_is_said(self) -> None:
        for name in ("notify", "quarantine"):
            it = self.standing(name)
            with pytest.raises(IllegalTransition, match=f"{name} cannot be taken back"):
                self.restore(it)
        it = self.standing("hide")
        with pytest.raises(BadInput, match="names no action"):
            self.restore(it, fields={"which_action": "a9", "rca_tag": "decision"})
        with pytest.raises(BadInput, match="is not what hide a1 was done to"):
            self.restore(it, target=ACCOUNT)


#: (what is tried, by whom, with which fields, what is said). The action is a ban by ana that waits for its approval.
ABUSES: Final[list[tuple[str, Any, dict[str, Any], type[Exception], str]]] = [
    ("approve", ANA, {}, NotPermitted, "approve"),
    *(
        ("approve", person(name, "approver"), {}, IllegalTransition, "You proposed it yourself")
        for name in ("ana", "Ana", "ANA", " ana", "ana ", "a na", "\uff41na", "ana\u00a0")
    ),
    *(
        ("approve", person("ana", *roles), {}, IllegalTransition, "You proposed it yourself")
        for roles in (("lead",), ("legal",), ("approver", "lead", "legal", "admin"))
    ),
    *(
        ("approve", person("cy", *roles), {}, NotPermitted, "approve")
        for roles in (
            ("responder",),
            ("viewer",),
            ("intake",),
            ("auditor",),
            ("admin",),
            ("viewer", "auditor", "admin"),
        )
    ),
    *(
        ("approve", BO, {"digest": digest}, IllegalTransition, "digest is of something else")
        for digest in ("0" * 64, "f" * 64)
    ),
    ("approve", BO, {"action_id": "a2"}, BadInput, "names no action of this case"),
    ("approve", BO, {"action_id": "A1"}, BadInput, "names no action of this case"),
    ("reject", ANA, {"reason": "no"}, NotPermitted, "reject"),
    ("reject", person("ana", "approver"), {"reason": "no"}, IllegalTransition, "Cancel it instead"),
    ("reject", person("ANA", "lead"), {"reason": "no"}, IllegalTransition, "Cancel it instead"),
    ("cancel", CY, {}, IllegalTransition, "ana proposed it"),
    ("cancel", BO, {}, IllegalTransition, "ana proposed it"),
    ("confirm", BO, {"seq": "own"}, IllegalTransition, "waits for nobody"),
    ("confirm", ANA, {"seq": "own"}, NotPermitted, "confirm"),
]


@pytest.mark.parametrize(("verb", "by", "fields", "error", "says"), ABUSES)
def test_an_abuse_of_the_second_person_is_refused(
    verb: str, by: Any, fields: dict[str, Any], error: type[Exception], says: str
) -> None:
    it = floor()
    propose(it, "ban")
    given = {"action_id": "a1", "digest": action(it).digest, **fields}
    wanted = {"approve": ("action_id", "digest"), "reject": ("action_id", "reason"), "cancel": ("action_id",)}
    body = {name: given[name] for name in wanted.get(verb, ())}
    if verb == "confirm":
        body = {"seq": action(it).seq}
    before = it.case()
    with pytest.raises(error, match=says):
        it.do(verb, by=by, **body)
    assert it.case() == before
    with pytest.raises(NotNow):
        send(it)


#: What is done after an approval, so that it must not hold any more, or must not be given twice.
AFTER: Final[dict[str, Callable[[Floor], object]]] = {
    "approved twice": lambda it: it.do("approve", by=LEE, action_id="a1", digest=action(it).digest),
    "approved after it was rejected": lambda it: it.do("approve", by=LEE, action_id="a1", digest=action(it).digest),
    "rejected after it was approved": lambda it: it.do("reject", by=LEE, action_id="a1", reason="no"),
}


def test_a_decision_is_made_once() -> None:
    it = floor()
    propose(it, "ban")
    it.do("approve", by=BO, action_id="a1", digest=action(it).digest)
    for name in ("approved twice", "rejected after it was approved"):
        with pytest.raises(IllegalTransition, match="is approved already"):
            AFTER[name](it)
    it = floor()
    propose(it, "ban")
    it.do("reject", by=BO, action_id="a1", reason="not yet")
    with pytest.raises(IllegalTransition, match="is rejected already"):
        AFTER["approved after it was rejected"](it)
    with pytest.raises(NotNow):
        send(it)
    it = floor()
    propose(it, "ban")
    it.do("cancel", action_id="a1")
    with pytest.raises(IllegalTransition, match="is canceled already"):
        it.do("approve", by=BO, action_id="a1", digest=action(it).digest)


def test_an_approval_is_not_given_to_what_changed_meanwhile() -> None:
    it = floor()
    propose(it, "ban")
    seen = it.case().version
    it.do("log_contact", **it.fields("log_contact"))
    with pytest.raises(StaleVersion):
        it.do("approve", by=BO, seen=seen, action_id="a1", digest=action(it).digest)


def test_the_digest_of_one_proposal_is_no_approval_of_another() -> None:
    it = floor()
    propose(it, "ban")
    propose(it, "device_block")
    with pytest.raises(IllegalTransition, match="digest is of something else"):
        it.do("approve", by=BO, action_id="a2", digest=action(it, "a1").digest)
    other = floor()
    propose(other, "ban", fields={"strikes": 3, "notice_or_why_none": "standard"})
    assert action(it).digest != action(other).digest
    with pytest.raises(IllegalTransition, match="digest is of something else"):
        it.do("approve", by=BO, action_id="a1", digest=action(other).digest)


@pytest.mark.parametrize("how", ["acked", "verified", "failed", "unknown"])
def test_nothing_happens_to_what_was_never_sent(how: delivering.Ended) -> None:
    it = floor()
    propose(it, "hide")
    with pytest.raises(NotNow):
        ended(it, how)


def test_what_ended_is_not_sent_again() -> None:
    hows: tuple[delivering.Ended, ...] = ("verified", "failed")
    for how in hows:
        it = floor()
        propose(it, "hide")
        send(it)
        ended(it, how)
        with pytest.raises(NotNow):
            send(it)
        if how == "verified":
            assert ended(it, how) == [], "said twice, it is one fact"


def test_a_held_case_is_touched_by_a_lead_only() -> None:
    it = floor()
    it.do("hold", why="police work")
    with pytest.raises(IllegalTransition, match="It is held"):
        propose(it, "hide")
    propose(it, "legal_hold")
    it.do("propose", by=LEE, action="hide", reason="r", **PROPOSALS["hide"])
