"""Severity at intake: the rule row by row, claims and their caps."""

from itertools import product

import pytest

from casework.model import Factors
from casework.policy import defaults, override
from casework.severity import (
    CREDIBILITIES,
    Ruling,
    at_intake,
    cap_credibility,
    cap_severity,
    credibility_at_intake,
)
from casework.tokens import CASE_TYPES, SEVERITIES, CaseType, Credibility, Harm, Imminence, Severity, SubType

POLICY = defaults()
LOWEST: dict[CaseType, Severity] = {
    "TTL": "S1",
    "MVE": "S1",
    "SSH": "S1",
    "CSEA": "S1",
    "EDR": "S1",
    "LEGAL": "S3",
    "EXPL": "S2",
    "NCII": "S2",
    "DOX": "S2",
    "DANGER": "S2",
    "CIVIC": "S2",
    "REG": "S2",
    "PRESS": "S3",
    "PART": "S3",
    "QUERY": "S4",
}
IMMINENCES: tuple[Imminence | None, ...] = (None, "now", "24h", "7d", "unspecified", "past")
HARMS: tuple[Harm | None, ...] = (None, "death", "hands_on", "serious", "psychological", "property")


def rule(
    case_type: CaseType,
    sub_type: SubType | None = None,
    factors: Factors | None = None,
    *,
    live: bool = False,
    claimed: Severity | None = None,
    cap: Severity | None = None,
) -> Ruling:
    return at_intake(
        case_type=case_type,
        sub_type=sub_type,
        factors=factors or Factors(),
        live=live,
        claimed=claimed,
        cap=cap,
        policy=POLICY,
    )


@pytest.mark.parametrize("case_type", CASE_TYPES)
def test_a_type_starts_at_its_lowest(case_type: CaseType) -> None:
    assert rule(case_type) == Ruling(
        severity=LOWEST[case_type], grounds=(f"{LOWEST[case_type]}: {case_type} starts there",)
    )


@pytest.mark.parametrize("case_type", CASE_TYPES)
def test_imminence_and_harm_for_every_type(case_type: CaseType) -> None:
    grave = {"death", "hands_on", "serious"}
    for imminence, harm in product(IMMINENCES, HARMS):
        expected = LOWEST[case_type]
        if imminence == "now" and harm in grave:
            expected = "S0"
        elif imminence == "24h" and harm in grave:
            expected = min(expected, "S1")
        found = rule(case_type, factors=Factors(imminence=imminence, harm=harm))
        assert found.severity == expected, (imminence, harm)
        assert found.grounds[0].startswith(expected)


@pytest.mark.parametrize("case_type", CASE_TYPES)
@pytest.mark.parametrize("imminence", IMMINENCES)
def test_live_content_without_a_word_of_imminence(case_type: CaseType, imminence: Imminence | None) -> None:
    found = rule(case_type, factors=Factors(imminence=imminence), live=True)
    urgent = case_type in ("TTL", "SSH", "MVE", "CSEA") and imminence in (None, "unspecified")
    assert found.severity == ("S0" if urgent else LOWEST[case_type])
    assert (found.grounds == ("S0: live and no imminence given",)) is urgent


def test_child_abuse_that_is_live_or_has_a_victim_in_crisis() -> None:
    crisis = Factors(vulnerability=("minor", "victim_in_crisis"))
    assert rule("CSEA", "LIVE").severity == "S0"
    assert rule("CSEA", "SEXT", crisis).severity == "S0"
    assert rule("CSEA", "SEXT", crisis).grounds == ("S0: sextortion with a victim in crisis",)
    assert rule("CSEA", "SEXT", Factors(vulnerability=("minor",))).severity == "S1"
    assert rule("CSEA", "ENTICE", crisis).severity == "S1"
    assert rule("NCII", "LIVE").severity == "S2"
    assert rule("EXPL", "SEXT", crisis).severity == "S2"


def test_a_removal_order() -> None:
    assert rule("REG", "REMOVAL_ORDER") == Ruling(severity="S1", grounds=("S1: removal order",))
    assert rule("REG", "INQUIRY").severity == "S2"
    assert rule("REG", "REMOVAL_ORDER", Factors(imminence="now", harm="death")).severity == "S0"


def test_every_reason_for_s0_is_told() -> None:
    found = rule("CSEA", "LIVE", Factors(imminence="now", harm="hands_on"), live=True)
    assert found.grounds == ("S0: imminence now and harm hands-on", "S0: live child abuse")


@pytest.mark.parametrize("case_type", CASE_TYPES)
def test_claims_and_caps_for_every_type(case_type: CaseType) -> None:
    caps: tuple[Severity | None, ...] = (None, *SEVERITIES)
    for claimed, cap in product(SEVERITIES, caps):
        allowed = claimed if cap is None else max(claimed, cap)
        found = rule(case_type, claimed=claimed, cap=cap)
        assert found.severity == min(allowed, LOWEST[case_type])
        words = " ".join(found.grounds)
        assert ("cut to" in words) is (allowed != claimed)
        assert ("not followed" in words) is (allowed == claimed and claimed > LOWEST[case_type])


def test_grounds_of_a_claim() -> None:
    assert rule("PRESS", claimed="S1").grounds == ("S1: claimed by the source", "S3: PRESS starts there")
    assert rule("PRESS", claimed="S0", cap="S2").grounds == (
        "S2: S0 claimed, cut to S2 by the source's cap",
        "S3: PRESS starts there",
    )
    assert rule("TTL", claimed="S0", cap="S2").grounds == (
        "S1: TTL starts there",
        "S0 claimed, cut to S2 by the source's cap",
    )
    assert rule("TTL", claimed="S3").grounds == ("S1: TTL starts there", "S3 claimed, milder: not followed")


def test_a_cap_binds_the_claim_and_never_the_rule() -> None:
    assert rule("SSH", factors=Factors(imminence="now", harm="death"), claimed="S0", cap="S3").severity == "S0"


def test_capping_a_severity() -> None:
    assert cap_severity("S0", None) == "S0"
    assert cap_severity("S0", "S2") == "S2"
    assert cap_severity("S3", "S2") == "S3"


def test_capping_a_credibility() -> None:
    assert CREDIBILITIES == ("verified", "trusted", "calibrated", "known", "anonymous", "unverified")
    pairs: list[tuple[Credibility, Credibility]] = [
        (claimed, cap) for claimed in CREDIBILITIES for cap in CREDIBILITIES
    ]
    for claimed, cap in pairs:
        found = cap_credibility(claimed, cap)
        assert found == CREDIBILITIES[max(CREDIBILITIES.index(claimed), CREDIBILITIES.index(cap))]
    assert cap_credibility("verified", None) == "verified"
    assert cap_credibility(None, "known") is None


@pytest.mark.parametrize("claimed", [None, *CREDIBILITIES])
@pytest.mark.parametrize("cap", [None, "verified", "known"])
def test_police_are_unverified_whatever_they_claim(claimed: Credibility | None, cap: Credibility | None) -> None:
    assert credibility_at_intake("law_enforcement", claimed, cap, POLICY) == "unverified"


def test_leaving_credibility_out_never_gets_more_than_claiming_it() -> None:
    assert credibility_at_intake("partner", None, None, POLICY) is None
    assert credibility_at_intake("partner", None, "trusted", POLICY) is None
    assert credibility_at_intake("partner", None, "known", POLICY) == "known"
    assert credibility_at_intake("partner", "verified", "known", POLICY) == "known"
    assert credibility_at_intake("user_report", "anonymous", "known", POLICY) == "anonymous"


def test_the_rule_follows_an_override() -> None:
    changed = override(POLICY, '[severity.rule]\nlive_types = ["DOX"]\n[severity.lowest]\nREG = "S0"', file="o")
    found = at_intake(
        case_type="DOX", sub_type=None, factors=Factors(), live=True, claimed=None, cap=None, policy=changed
    )
    assert found.severity == "S0"
    order = at_intake(
        case_type="REG",
        sub_type="REMOVAL_ORDER",
        factors=Factors(),
        live=False,
        claimed=None,
        cap=None,
        policy=changed,
    )
    assert order == Ruling(severity="S0", grounds=("S0: REG starts there",))
