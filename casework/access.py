"""Who may do and see what: one pure policy, deny by default (domain, section 8).

What a person may *do* is a matter of roles; what a person may *see* of one case also of clearances and of that case's
boundary. People and audiences are in `casework.audience`, what leaves the feed in `casework.projection`; both are
re-exported here.
"""

from __future__ import annotations

from typing import Final, Literal

from casework.audience import AUDIT_CASE, KEEPER, READERS, Audience, Person, audience_of, sees_whole
from casework.errors import NotPermitted
from casework.projection import project_case, project_event, project_row, stub_of
from casework.tokens import Role
from casework.verbs import VERBS

__all__ = [
    "AUDIT_CASE",
    "KEEPER",
    "READS",
    "Audience",
    "Person",
    "Read",
    "audience_of",
    "may",
    "may_on",
    "may_post_escalations",
    "may_read",
    "project_case",
    "project_event",
    "project_row",
    "require",
    "require_on",
    "sees_whole",
    "stub_of",
]

Read = Literal["cases", "events", "feed", "catalogue", "audit_head", "audit", "metrics", "config", "sessions"]

_INTAKE: Final[frozenset[Role]] = frozenset({"intake", "responder", "approver", "legal", "lead"})
_AUDITORS: Final[frozenset[Role]] = frozenset({"auditor"})
_ADMINS: Final[frozenset[Role]] = frozenset({"admin"})

#: An auditor reads the log and what is folded from it, masked; an admin nothing of any case.
READS: Final[dict[Read, frozenset[Role]]] = {
    "cases": READERS | _AUDITORS,
    "events": READERS | _AUDITORS,
    "feed": READERS | _AUDITORS,
    "catalogue": READERS | _AUDITORS,
    "audit_head": READERS | _AUDITORS,
    "audit": _AUDITORS,
    "metrics": _ADMINS,
    "config": _ADMINS,
    "sessions": _ADMINS,
}


def may_read(person: Person, what: Read) -> bool:
    """Whether a role of `person` reads `what` at all; which cases of it is a matter of the audience."""
    return bool(READS[what] & person.roles)


def may_post_escalations(person: Person, kind: str | None = None) -> bool:
    """Whether `person` may post escalations, of the source kind `kind` if one is given."""
    allowed = person.cap.kinds
    return bool(_INTAKE & person.roles) and (kind is None or allowed is None or kind in allowed)


def may(person: Person, verb: str) -> bool:
    """Whether a role of `person` has the verb. Unknown verbs are nobody's."""
    known = VERBS.get(verb)
    return known is not None and bool(known.roles & person.roles)


def require(person: Person, verb: str) -> None:
    """Raises `NotPermitted`, naming the roles that would do, unless `may`."""
    if not may(person, verb):
        known = VERBS.get(verb)
        needs = f"the role {_either(known.roles)}" if known else "a verb that exists"
        raise NotPermitted(what=verb, needs=needs)


def may_on(person: Person, verb: str, *, boundary: str | None, case_id: str, audience: Audience) -> bool:
    """Whether `person` may use the verb on this case: the role, and unless it is break_glass, sight of the case."""
    return may(person, verb) and (verb == "break_glass" or sees_whole(boundary, case_id, audience))


def require_on(person: Person, verb: str, *, boundary: str | None, case_id: str, audience: Audience) -> None:
    """Raises `NotPermitted`, naming the role or the clearance, unless `may_on`."""
    require(person, verb)
    if not may_on(person, verb, boundary=boundary, case_id=case_id, audience=audience):
        raise NotPermitted(what=verb, needs=f'the clearance "{boundary}" or break-glass (og) on this case')


def _either(roles: frozenset[Role]) -> str:
    #: The least role first: that is whom to ask.
    order: tuple[Role, ...] = ("responder", "approver", "legal", "lead")
    return " or ".join(role for role in order if role in roles)
