"""The score: against an independent reckoning in fractions, its floors and its words."""

from fractions import Fraction
from math import log10

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casework.model import Factors, Source
from casework.policy import defaults, override
from casework.score import Rating, rate, shown
from casework.tokens import Sensitivity

POLICY = defaults()
IMMINENCE = {"now": "1", "24h": ".8", "7d": ".4", "unspecified": ".25", None: ".25", "past": ".1"}
HARM = {"death": "1", "hands_on": "1", "serious": ".8", "psychological": ".5", None: ".5", "property": ".2"}
VULNERABILITY = {
    "child": "1",
    "minor": ".85",
    "dependent_adult": ".8",
    "victim_in_crisis": ".8",
    "adult": ".3",
}
CREDIBILITY = {
    "verified": "1",
    "trusted": ".8",
    "calibrated": ".6",
    "known": ".5",
    "anonymous": ".3",
    "unverified": ".2",
}
MISSING_CREDIBILITY = {
    "ncmec": "verified",
    "partner": "trusted",
    "regulator": "trusted",
    "internal": "trusted",
    "detector": "calibrated",
    "user_report": "known",
    "press": "known",
    "law_enforcement": "unverified",
}
VALUES = st.builds(
    Factors,
    imminence=st.sampled_from([*IMMINENCE]),
    harm=st.sampled_from([*HARM]),
    vulnerability=st.lists(st.sampled_from([*VULNERABILITY]), max_size=3).map(tuple),
    specificity=st.sampled_from([None, 0, 1, 2, 3, 4]),
    identifiable_child=st.booleans(),
    live_viewers=st.sampled_from([0, 9, 1_200, 10**12]),
    views_per_min=st.integers(0, 50),
    reuploads=st.integers(0, 30),
)
SOURCES = st.none() | st.builds(
    Source, kind=st.sampled_from([*MISSING_CREDIBILITY]), credibility=st.sampled_from([None, *CREDIBILITY])
)


def score(
    factors: Factors | None = None,
    source: Source | None = None,
    *,
    sub_type: str | None = None,
    sensitivities: tuple[Sensitivity, ...] = (),
) -> Rating:
    return rate(factors or Factors(), source, sub_type=sub_type, sensitivities=sensitivities, policy=POLICY)


def reckoned(factors: Factors, source: Source | None, minor: bool) -> Fraction:
    """The sum without floors, but for the reach."""
    vulnerable = factors.vulnerability or (("minor",) if minor else ("adult",))
    credibility = "unverified"
    if source is not None:
        credibility = source.credibility or MISSING_CREDIBILITY[source.kind]
    return (
        35 * Fraction(IMMINENCE[factors.imminence])
        + 25 * Fraction(HARM[factors.harm])
        + 15 * max(Fraction(VULNERABILITY[each]) for each in vulnerable)
        + Fraction(10 * (factors.specificity or 0), 4)
        + 8 * Fraction(CREDIBILITY[credibility])
    )


@settings(max_examples=300, deadline=None)
@given(VALUES, SOURCES, st.booleans(), st.booleans())
def test_the_sum(factors: Factors, source: Source | None, minor: bool, order: bool) -> None:
    found = score(
        factors,
        source,
        sub_type="REMOVAL_ORDER" if order else None,
        sensitivities=("vip", "minor") if minor else ("vip",),
    )
    seen = factors.live_viewers + factors.views_per_min + 10 * factors.reuploads
    total = float(reckoned(factors, source, minor)) + 7 * min(1.0, log10(1 + seen) / 6)
    floors = {
        "identifiable_child": 95 if factors.identifiable_child else 0,
        "victim_in_crisis": 90 if "victim_in_crisis" in factors.vulnerability else 0,
        "removal_order": 90 if order else 0,
    }
    expected = max(total, *floors.values())
    assert abs(found.tenths - expected * 10) <= 0.5 + 1e-9
    assert 0 <= found.tenths <= 1000
    assert set(found.floors) == {name for name, points in floors.items() if points}


@settings(max_examples=200, deadline=None)
@given(VALUES, SOURCES)
def test_without_reach_it_is_exact_and_rounds_half_up(factors: Factors, source: Source | None) -> None:
    plain = Factors(
        imminence=factors.imminence, harm=factors.harm, specificity=factors.specificity, vulnerability=("minor",)
    )
    exact = reckoned(plain, source, minor=False) * 10
    assert score(plain, source).tenths == (exact + Fraction(1, 2)).__floor__()


def test_half_a_tenth_goes_up() -> None:
    # 35 x .25 + 25 x .5 + 15 x .3 + 8 x .5 is 29.75.
    assert score(Factors(), Source(kind="user_report")).tenths == 298


def test_the_highest_and_the_lowest() -> None:
    most = Factors(
        imminence="now", harm="death", vulnerability=("child",), specificity=4, live_viewers=10**6, reuploads=1
    )
    assert score(most, Source(kind="ncmec")).tenths == 1000
    least = Factors(imminence="past", harm="property", vulnerability=("adult",), specificity=0)
    assert score(least, Source(kind="law_enforcement")).tenths == 146


@pytest.mark.parametrize(
    ("viewers", "views", "reuploads", "points"),
    [
        (0, 0, 0, "0.0"),
        (9, 0, 0, "1.2"),  # log10(10) / 6 of 7
        (0, 99, 0, "2.3"),
        (0, 0, 100, "3.5"),  # ten for each re-upload
        (500, 499, 900, "4.7"),
        (999_999, 0, 0, "7.0"),
        (10**12, 10**12, 10**12, "7.0"),
    ],
)
def test_reach(viewers: int, views: int, reuploads: int, points: str) -> None:
    found = score(Factors(live_viewers=viewers, views_per_min=views, reuploads=reuploads))
    (ground,) = (ground for ground in found.grounds if ground.startswith("reach"))
    assert ground.endswith(f" {points}")


def test_grounds_are_weightiest_first_and_say_what_was_not_stated() -> None:
    found = score(
        Factors(imminence="24h", harm="death", vulnerability=("adult", "minor"), specificity=3, live_viewers=1_200),
        Source(kind="detector"),
    )
    assert found == Rating(
        tenths=816,
        floors=(),
        grounds=(
            "imminence 24h 28.0",
            "harm death 25.0",
            "vulnerability minor 12.8",
            "specificity 3 of 4 7.5",
            "source calibrated (not stated) 4.8",
            "reach 1200 live viewers 3.6",
        ),
    )


def test_grounds_of_an_empty_report() -> None:
    assert score().grounds == (
        "harm psychological (not stated) 12.5",
        "imminence unspecified (not stated) 8.8",
        "vulnerability adult (not stated) 4.5",
        "source unverified (not stated) 1.6",
        "specificity 0 of 4 (not stated) 0.0",
        "reach none known 0.0",
    )


def test_the_sensitivity_minor_counts_when_there_is_no_list() -> None:
    assert score(sensitivities=("minor",)).tenths == score(Factors(vulnerability=("minor",))).tenths
    listed = Factors(vulnerability=("adult",))
    assert score(listed, sensitivities=("minor",)).tenths == score(listed).tenths
    assert "vulnerability minor 12.8" in score(sensitivities=("minor",)).grounds


def test_floors_lift_and_are_told() -> None:
    found = score(Factors(identifiable_child=True, vulnerability=("victim_in_crisis",)), sub_type="REMOVAL_ORDER")
    assert found.tenths == 950
    assert found.floors == ("identifiable_child", "removal_order", "victim_in_crisis")
    assert found.grounds[0] == "at least 95: identifiable child"


def test_a_floor_never_lowers() -> None:
    most = Factors(imminence="now", harm="death", vulnerability=("victim_in_crisis",), specificity=4, reuploads=10**6)
    found = score(most, Source(kind="ncmec"))
    assert found.tenths == 970
    assert found.floors == ("victim_in_crisis",)
    assert not found.grounds[0].startswith("at least")


def test_graphic_level_is_not_urgency() -> None:
    assert "graphic" not in " ".join(score().grounds)


def test_an_override_counts() -> None:
    changed = override(POLICY, "[score.floors]\nremoval_order = 99\n", file="o")
    found = rate(Factors(), None, sub_type="REMOVAL_ORDER", sensitivities=(), policy=changed)
    assert found.tenths == 990


@pytest.mark.parametrize(("tenths", "text"), [(0, "0.0"), (5, "0.5"), (770, "77.0"), (1000, "100.0")])
def test_shown(tenths: int, text: str) -> None:
    assert shown(tenths) == text
