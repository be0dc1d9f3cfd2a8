"""Enforcement actions and policy clauses as data (domain, section 5); the values stand in `casework/defaults/`."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

from casework.businessdays import SPAN_PATTERN
from casework.tokens import Role, Severity, Tier

Scope = Literal["content", "account", "device", "search", "outside", "any", "none"]
Reversible = Literal["full", "part", "none", "in_term", "any"]
Dual = Literal[
    "never",
    "always",
    "at_s0",
    "over_limit",
    "as_original",
    "to_unseal",
    "to_release_early",
    "to_withhold_long",
    "not_to_do_it",
]
ActFirst = Literal["never", "at_s0", "exact_hash"]
IncidentType = Literal[
    "",
    "Child Pornography (possession, manufacture, and distribution)",
    "Child Sex Trafficking",
    "Child Sex Tourism",
    "Child Sexual Molestation",
    "Misleading Domain Name",
    "Misleading Words or Digital Images on the Internet",
    "Online Enticement of Children for Sexual Acts",
    "Unsolicited Obscene Material Sent to a Child",
]
GAP_TAGS: Final = ("no_clause_fits", "too_broad", "clauses_conflict")
"""What a decision may say against the policy that it had to use."""

HOLD: Final = "legal_hold"
#: Actions after which what they took is gone from where it was: what has to be preserved is preserved before.
REMOVING: Final[frozenset[str]] = frozenset({"remove", "quarantine", "ban"})
#: Types that demand preservation (domain, section 4); SSH does at S0.
PRESERVED: Final[frozenset[str]] = frozenset({"CSEA", "TTL", "MVE", "EDR"})
#: An action that ended without an effect, or whose effect was taken back, may be proposed again.
OVER: Final[frozenset[str]] = frozenset({"rejected", "canceled", "failed"})

#: Scopes of actions that change what can be seen or done: they contain a case.
CONTAINING: Final[frozenset[Scope]] = frozenset({"content", "account", "device"})


class Enforcement(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One enforcement action. Beside `needs` each one needs a case, an actor and a reason."""

    title: str
    """An imperative, as the card says it."""
    key: Annotated[str, Meta(pattern=r"^d[0-9A-Za-z]\Z")]
    tier: Tier
    scope: Scope
    reversible: Reversible
    dual: Dual = "never"
    """When a different person has to approve."""
    act_first: ActFirst = "never"
    """When it goes at once and the second person looks afterward, within `review_within`."""
    review_within: Annotated[str, Meta(pattern=SPAN_PATTERN)] | None = None
    approver: Role = "approver"
    needs: tuple[str, ...] = ()
    limit: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None
    """Items above which ``dual = "over_limit"`` holds."""
    cap: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None
    """Items in one run at most."""
    terms: tuple[str, ...] = ()
    """For how long it may stand; empty: no such choice."""
    in_service: bool = False
    """Whether this version carries it out; the others are refused with a sentence that says so."""


class Clause(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One clause of policy; a decision stores its code and its version."""

    title: str
    version: Annotated[str, Meta(min_length=1, max_length=40)]
    text: str
    severity: Severity
    """What a case under it usually is."""
    ladder: tuple[str, ...] = ()
    """Ids of actions, the mildest first."""
    ozone: Annotated[str, Meta(pattern=r"^[A-Za-z]{0,60}\Z")] = ""
    """Reason of Ozone reports: the part after ``tools.ozone.report.defs#``."""
    dsa: Annotated[str, Meta(pattern=r"^[A-Z_]{0,80}\Z")] = ""
    """Category of the DSA transparency database: the part after ``STATEMENT_CATEGORY_``."""
    ncmec: IncidentType = ""


@cache
def shipped_actions() -> dict[str, Enforcement]:
    """The actions as they ship, by id, without an operator's overrides and without the rest of the policy."""
    # importlib.resources loads a reader of archives with it, before the console's first paint.
    text = Path(__file__).with_name("defaults").joinpath("actions.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text)["actions"], dict[str, Enforcement])


def contains_case(action: Enforcement) -> bool:
    """Whether the action is a step of containment (content, account or device)."""
    return action.scope in CONTAINING


def preserved_first(case_type: str, severity: Severity) -> bool:
    """Whether a case has to be preserved before anything is removed."""
    return case_type in PRESERVED or (case_type == "SSH" and severity == "S0")


def needs_second(
    action: Enforcement,
    *,
    severity: Severity,
    items: int = 1,
    exact_hash: bool = False,
    case_type: str = "",
) -> tuple[bool, bool]:
    """Whether a second person is needed, and whether the act may go first and be looked at afterward.

    For the duals that hang on something else (the original act, unsealing, early release, long withholding, not doing
    it) the answer is no: that other act has its own rule.
    """
    s0 = severity == "S0"
    second = (
        action.dual == "always"
        or (action.dual == "at_s0" and s0)
        or (action.dual == "over_limit" and action.limit is not None and items > action.limit)
    )
    swept = exact_hash and (case_type == "MVE" or (case_type == "CSEA" and s0))
    first = (action.act_first == "at_s0" and s0) or (action.act_first == "exact_hash" and swept)
    return second or first, first


def listed(actions: dict[str, Enforcement]) -> list[dict[str, Any]]:
    """The actions as the catalogue route shows them: plain values, in the order of the defaults."""
    return [{"action": name, **msgspec.to_builtins(action)} for name, action in actions.items()]
