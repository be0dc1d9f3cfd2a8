"""Who may do and read what: the whole table of roles, verbs, reads and boundaries, written out."""

from itertools import product

import pytest

from casework import access
from casework.access import KEEPER, Audience, Person, audience_of, sees_whole
from casework.commands import COMMANDS
from casework.errors import NotPermitted
from casework.escalation import Cap
from casework.tokens import ROLES, Role

EVERY_VERB = set(COMMANDS)
APPROVING = {"approve", "reject", "confirm"}
LEADING = {"unhold", "grant"}
#: From the domain's section 8, role by role.
VERBS_OF: dict[Role, set[str]] = {
    "viewer": set(),
    "intake": set(),
    "responder": EVERY_VERB - APPROVING - LEADING,
    "approver": EVERY_VERB - LEADING,
    "legal": EVERY_VERB - LEADING,
    "lead": EVERY_VERB,
    "auditor": set(),
    "admin": set(),
}
CASES = {"cases", "events", "feed", "catalogue", "audit_head"}
READS_OF: dict[Role, set[str]] = {
    "viewer": CASES,
    "intake": set(),
    "responder": CASES,
    "approver": CASES,
    "legal": CASES,
    "lead": CASES,
    "auditor": CASES | {"audit"},
    "admin": {"metrics", "config", "sessions"},
}
POSTS: dict[Role, bool] = {
    "viewer": False,
    "intake": True,
    "responder": True,
    "approver": True,
    "legal": True,
    "lead": True,
    "auditor": False,
    "admin": False,
}


def person(*roles: Role, **more: object) -> Person:
    return Person(principal="ana", roles=frozenset(roles), **more)  # type: ignore[arg-type]  # any field of a person


@pytest.mark.parametrize(("role", "verb"), list(product(ROLES, sorted(EVERY_VERB))))
def test_roles_by_verbs(role: Role, verb: str) -> None:
    allowed = verb in VERBS_OF[role]
    assert access.may(person(role), verb) is allowed
    if allowed:
        access.require(person(role), verb)
    else:
        with pytest.raises(NotPermitted, match=f"Not permitted: {verb} needs the role "):
            access.require(person(role), verb)


@pytest.mark.parametrize("role", ROLES)
def test_roles_by_reads(role: Role) -> None:
    assert {what for what in access.READS if access.may_read(person(role), what)} == READS_OF[role]


@pytest.mark.parametrize("role", ROLES)
def test_roles_by_intake(role: Role) -> None:
    assert access.may_post_escalations(person(role)) is POSTS[role]
    capped = person(role, cap=Cap(kinds=frozenset({"detector"})))
    assert access.may_post_escalations(capped, "detector") is POSTS[role]
    assert not access.may_post_escalations(capped, "law_enforcement")


def test_nobody_without_a_role_and_no_verb_without_a_name() -> None:
    assert not any(access.may(person(), verb) for verb in EVERY_VERB)
    assert not any(access.may_read(person(), what) for what in access.READS)
    assert not access.may(person(*ROLES), "drop_table")
    with pytest.raises(NotPermitted, match="drop_table needs a verb that exists"):
        access.require(person(*ROLES), "drop_table")


@pytest.mark.parametrize(("first", "second"), list(product(ROLES, ROLES)))
def test_two_roles_give_what_either_gives(first: Role, second: Role) -> None:
    both = person(first, second)
    assert {verb for verb in EVERY_VERB if access.may(both, verb)} == VERBS_OF[first] | VERBS_OF[second]
    assert {what for what in access.READS if access.may_read(both, what)} == READS_OF[first] | READS_OF[second]


def test_who_would_do_is_named_the_least_role_first() -> None:
    with pytest.raises(NotPermitted) as caught:
        access.require(person("viewer"), "approve")
    assert caught.value.needs == "the role approver or legal or lead"
    with pytest.raises(NotPermitted, match="grant needs the role lead"):
        access.require(person("legal"), "grant")


BOUNDARIES = (None, "us", "eu")
CLEARANCES = (frozenset[str](), frozenset({"us"}), frozenset({"eu"}), frozenset({"us", "eu"}))


@pytest.mark.parametrize(("boundary", "clearances"), list(product(BOUNDARIES, CLEARANCES)))
def test_clearances_by_boundaries(boundary: str | None, clearances: frozenset[str]) -> None:
    allowed = boundary is None or boundary in clearances
    for role in ROLES:
        audience = audience_of(person(role, clearances=clearances), ())
        assert sees_whole(boundary, "C-00000001", audience) is allowed
        assert sees_whole(boundary, "C-00000001", audience_of(person(role, every_clearance=True), ()))
        broken = audience_of(person(role, clearances=clearances), ["C-00000001"])
        assert sees_whole(boundary, "C-00000001", broken)
        assert sees_whole(boundary, "C-00000002", broken) is allowed


@pytest.mark.parametrize(("role", "verb"), list(product(ROLES, sorted(EVERY_VERB))))
def test_a_verb_takes_the_role_and_sight_of_the_case(role: Role, verb: str) -> None:
    someone = person(role, clearances=frozenset({"us"}))
    audience = audience_of(someone, ())
    has = verb in VERBS_OF[role]
    seen = access.may_on(someone, verb, boundary="us", case_id="C-00000001", audience=audience)
    unseen = access.may_on(someone, verb, boundary="eu", case_id="C-00000001", audience=audience)
    assert seen is has
    assert unseen is (has and verb == "break_glass")
    if has and not unseen:
        with pytest.raises(NotPermitted, match=r'needs the clearance "eu" or break-glass'):
            access.require_on(someone, verb, boundary="eu", case_id="C-00000001", audience=audience)


@pytest.mark.parametrize("role", ROLES)
def test_who_reads_without_text(role: Role) -> None:
    reads_text = role in {"viewer", "responder", "approver", "legal", "lead"}
    assert audience_of(person(role), ()).masked is not reads_text
    assert audience_of(person(role), ()).audits is (role == "auditor")
    assert not audience_of(person(role, "viewer"), ()).masked


def test_people_who_see_the_same_share_an_audience() -> None:
    ana = Person(principal="ana", roles=frozenset({"responder"}), clearances=frozenset({"us"}))
    bo = Person(principal="bo", roles=frozenset({"lead", "viewer"}), clearances=frozenset({"us"}))
    assert audience_of(ana, ()) == audience_of(bo, [])
    assert hash(audience_of(ana, ())) == hash(audience_of(bo, ()))
    assert audience_of(ana, ["C-00000001"]) != audience_of(bo, ())
    own = Person(principal="uid:0", roles=frozenset({"lead"}), clearances=frozenset({"us"}), every_clearance=True)
    assert audience_of(own, ["C-00000001"]) == Audience(every=True)


def test_the_keeper_acts_by_no_verb() -> None:
    assert not any(access.may(KEEPER, verb) for verb in EVERY_VERB)
