"""The score of a case, 0 to 100 in tenths, and what it is made of (domain, section 2).

Exact: weights are whole points, values whole hundredths, sums are decimals, and the logarithm of the reach is the same
28 digits on every machine, which a binary one is not. The total is rounded once, half up, to the nearest tenth; each
factor's points are rounded the same way for its own ground only.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from casework.model import Factors, Source
from casework.tokens import Credibility, Vulnerability

if TYPE_CHECKING:
    from casework.policy import Policy, ScorePolicy  # whoever only shows scores needs no rules, calendars and zones

_DIGITS: Final = Context(prec=28)
_ONE: Final = Decimal(1)
_ZERO: Final = Decimal(0)


class Rating(Struct, frozen=True, kw_only=True):
    """A score in tenths, the floors that apply (highest first), and each factor's part in words, weightiest first."""

    tenths: int
    floors: tuple[str, ...]
    grounds: tuple[str, ...]


def rate(
    factors: Factors,
    source: Source | None,
    *,
    sub_type: str | None,
    sensitivities: tuple[str, ...],
    policy: Policy,
) -> Rating:
    """The score of a case with these facts.

    A ground reads ``imminence 24h 28.0``; a value that nobody stated is marked ``(not stated)``. A floor that lifted
    the score comes first, as ``at least 95: identifiable child``.
    """
    rule = policy.score
    parts = _parts(factors, source, sensitivities, rule)
    total = sum((points for points, _ in parts), _ZERO)
    floors = _floors(factors, sub_type, rule)
    tenths = _tenths(total)
    lifted: tuple[str, ...] = ()
    if floors:
        name, floor = floors[0]
        if floor * 10 > tenths:
            tenths = floor * 10
            lifted = (f"at least {floor}: {name.replace('_', ' ')}",)
    weightiest = sorted(parts, key=lambda part: -part[0])
    return Rating(
        tenths=tenths,
        floors=tuple(name for name, _ in floors),
        grounds=(*lifted, *(f"{text} {shown(_tenths(points))}" for points, text in weightiest)),
    )


def shown(tenths: int) -> str:
    """A score in tenths as people read it: ``770`` is ``77.0``."""
    return f"{tenths // 10}.{tenths % 10}"


def _tenths(points: Decimal) -> int:
    """To the nearest tenth, half up."""
    return int((points * 10).quantize(_ONE, rounding=ROUND_HALF_UP))


def _parts(
    factors: Factors, source: Source | None, sensitivities: tuple[str, ...], rule: ScorePolicy
) -> tuple[tuple[Decimal, str], ...]:
    """Each factor's exact points and its value in words, in the order of the domain's table."""
    weights, missing = rule.weights, rule.missing
    imminence = factors.imminence or missing.imminence
    harm = factors.harm or missing.harm
    vulnerability, vulnerability_stated = _vulnerability(factors, sensitivities, rule)
    specificity = missing.specificity if factors.specificity is None else factors.specificity
    credibility, credibility_stated = _credibility(source, rule)
    return (
        (_value(weights["imminence"], rule.imminence[imminence]), _said("imminence", factors.imminence, imminence)),
        (_value(weights["harm"], rule.harm[harm]), _said("harm", factors.harm, harm)),
        (
            _value(weights["vulnerability"], rule.vulnerability[vulnerability]),
            _said("vulnerability", vulnerability_stated, vulnerability),
        ),
        (
            Decimal(weights["specificity"] * specificity) / 4,
            _said("specificity", factors.specificity, f"{specificity} of 4"),
        ),
        (
            _value(weights["credibility"], rule.credibility[credibility]),
            _said("source", credibility_stated, credibility),
        ),
        (weights["reach"] * _reach(factors, rule), _reach_words(factors)),
    )


def _value(weight: int, hundredths: int) -> Decimal:
    return Decimal(weight * hundredths) / 100


def _said(name: str, stated: object, value: str) -> str:
    text = f"{name} {value.replace('_', '-')}"
    return text if stated is not None else f"{text} (not stated)"


def _vulnerability(
    factors: Factors, sensitivities: tuple[str, ...], rule: ScorePolicy
) -> tuple[Vulnerability, Vulnerability | None]:
    if factors.vulnerability:
        highest = max(factors.vulnerability, key=lambda token: rule.vulnerability[token])
        return highest, highest
    if "minor" in sensitivities:
        # The case says so itself, only not in the list.
        return rule.missing.vulnerability_with_minor, rule.missing.vulnerability_with_minor
    return rule.missing.vulnerability, None


def _credibility(source: Source | None, rule: ScorePolicy) -> tuple[Credibility, Credibility | None]:
    if source is None:
        return rule.missing.credibility, None
    if source.credibility is not None:
        return source.credibility, source.credibility
    return rule.missing_credibility[source.kind], None


def _reach(factors: Factors, rule: ScorePolicy) -> Decimal:
    seen = factors.live_viewers + factors.views_per_min + rule.reach.reupload_factor * factors.reuploads
    if seen <= 0:
        return _ZERO
    return min(_ONE, _DIGITS.divide(_DIGITS.log10(Decimal(1 + seen)), Decimal(rule.reach.full_at)))


def _reach_words(factors: Factors) -> str:
    parts = []
    if factors.live_viewers:
        parts.append(f"{factors.live_viewers} live viewers")
    if factors.views_per_min:
        parts.append(f"{factors.views_per_min} views a minute")
    if factors.reuploads:
        parts.append(f"{factors.reuploads} re-uploads")
    return f"reach {' and '.join(parts)}" if parts else "reach none known"


def _floors(factors: Factors, sub_type: str | None, rule: ScorePolicy) -> tuple[tuple[str, int], ...]:
    applies = {
        "identifiable_child": factors.identifiable_child,
        "victim_in_crisis": "victim_in_crisis" in factors.vulnerability,
        "removal_order": sub_type == "REMOVAL_ORDER",
    }
    found = [(name, points) for name, points in rule.floors.items() if applies[name]]
    return tuple(sorted(found, key=lambda floor: (-floor[1], floor[0])))
