"""The numbers of the rules: the shipped ones, an operator's, and what is said of a bad one."""

import tomllib
from importlib import resources
from typing import Any

import msgspec
import pytest

from casework.policy import FILES, Policy, PolicyFault, defaults, override


def fault(text: str) -> PolicyFault:
    with pytest.raises(PolicyFault) as caught:
        override(defaults(), text, file="ours.toml")
    assert caught.value.file == "ours.toml"
    assert str(caught.value) == f"ours.toml:{caught.value.line}: {caught.value.reason}"
    return caught.value


def leaves(value: Any, above: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    if not isinstance(value, dict):
        return {above: value}
    found: dict[tuple[str, ...], Any] = {}
    for key, below in value.items():
        found |= leaves(below, (*above, key))
    return found


def test_the_shipped_files_carry_one_version_and_explain_themselves() -> None:
    for name in FILES:
        text = resources.files("casework").joinpath("defaults", name).read_text("utf-8")
        assert tomllib.loads(text)["version"] == defaults().version
        assert text.startswith("#")


def test_defaults_are_read_once_and_digested() -> None:
    assert defaults() is defaults()
    assert len(defaults().digest) == 64
    assert msgspec.json.decode(defaults().source)["version"] == defaults().version


def test_spans_of_a_case_s_life() -> None:
    policy = defaults()
    minute, hour = 60_000, 3_600_000
    assert {name: policy.life_ms(name) for name in msgspec.structs.asdict(policy.life)} == {
        "claim_lapses_after": 10 * minute,
        "undo_within": 10_000,
        "confirm_within": 30 * minute,
        "triage_notes_within": 15 * minute,
        "close_after": 24 * hour,
        "retire_after": 24 * hour,
        "glass_lasts": 60 * minute,
    }


def test_an_override_replaces_values_by_the_same_path_and_nothing_else() -> None:
    changed = override(defaults(), '[severity.lowest]\nPRESS = "S2"\n[clocks.rows.NCII.S2]\nack = "5m"\n', file="o")
    assert changed.severity.lowest["PRESS"] == "S2"
    assert changed.severity.lowest["PART"] == "S3"
    assert changed.clocks.rows["NCII"]["S2"].ack == "5m"
    assert changed.clocks.rows["NCII"]["S2"].contain == "4h"
    assert changed.score == defaults().score
    assert changed.digest != defaults().digest
    assert changed.version == f"{defaults().version}+{changed.version.partition('+')[2]}"
    assert len(changed.version.partition("+")[2]) == 8


def test_two_overrides_have_two_names_and_the_same_one_has_one() -> None:
    one = override(defaults(), '[calendar]\ntz = "America/New_York"', file="o")
    two = override(defaults(), '[calendar]\ntz = "Europe/Dublin"', file="o")
    again = override(defaults(), '# the same\ncalendar.tz = "Europe/Dublin"', file="p")
    assert len({defaults().version, one.version, two.version}) == 3
    assert (two.version, two.digest) == (again.version, again.digest)


def test_an_operator_may_name_the_version() -> None:
    assert override(defaults(), 'version = "acme-7"', file="o").version == "acme-7"


def test_an_empty_override_changes_nothing() -> None:
    assert override(defaults(), "# nothing\n", file="o") == defaults()


def test_overrides_stack() -> None:
    first = override(defaults(), '[severity.lowest]\nPRESS = "S2"', file="a")
    second = override(first, '[severity.lowest]\nPART = "S2"', file="b")
    assert (second.severity.lowest["PRESS"], second.severity.lowest["PART"]) == ("S2", "S2")


def test_rows_clauses_and_actions_of_an_operator_s_own() -> None:
    text = """
[clocks.rows.NCII.S0]
ack = "1m"
contain = "none"
[policies.ACME-1]
title = "House rule"
version = "1"
text = "Ours."
severity = "S3"
[actions.shadow]
title = "Hide it from all but its author"
key = "dz"
tier = 3
scope = "content"
reversible = "full"
"""
    policy = override(defaults(), text, file="o")
    assert policy.clocks.rows["NCII"]["S0"].ack == "1m"
    assert policy.clocks.rows["NCII"]["S2"] == defaults().clocks.rows["NCII"]["S2"]
    assert policy.policies["ACME-1"].title == "House rule"
    assert policy.actions["shadow"].in_service is False


def test_every_shipped_value_can_be_overridden_by_itself() -> None:
    for name in FILES:
        text = resources.files("casework").joinpath("defaults", name).read_text("utf-8")
        assert override(defaults(), text, file=name) == defaults()


@pytest.mark.parametrize("path", sorted(leaves(msgspec.json.decode(defaults().source))))
def test_a_wrong_type_anywhere_is_refused_with_its_line(path: tuple[str, ...]) -> None:
    quoted = ".".join(f'"{part}"' for part in path)
    value = leaves(msgspec.json.decode(defaults().source))[path]
    wrong = "[[1]]" if not isinstance(value, list) else "7"
    found = fault(f"# a policy\n\n{quoted} = {wrong}\n")
    assert found.line == 3
    assert ".".join(path) in found.reason


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("x =", 1, "not TOML"),
        ("a = 1\n[b\n", 2, "not TOML"),
        ("a = 1\na = 2", 2, "not TOML"),
        ("\n\nweights = 3", 3, "weights: no such key"),
        ('[score.weights]\nimminence = 35\n\nurgency = 1 # "x"', 4, "score.weights.urgency: no such key"),
        ("[score.imminence]\n24h = 101", 2, "score.imminence.24h: must be int <= 100"),
        ("[score.imminence]\n24h = -1", 2, "score.imminence.24h: must be int >= 0"),
        ("[score.imminence]\n24h = 0.8", 2, "score.imminence.24h: must be int, got float"),
        ("[score.imminence]\n24h = true", 2, "score.imminence.24h: must be int, got bool"),
        ("[score.imminence]\nsoon = 1", 2, "score.imminence.soon: no such key"),
        ('[severity.lowest]\nTTL = "S5"', 2, 'severity.lowest.TTL: "S5" is not one of its values'),
        ('[severity.lowest]\nTLT = "S1"', 2, "severity.lowest.TLT: no such key"),
        ('[severity]\nlowest = "S1"', 2, "severity.lowest: must be object, got str"),
        ('[severity.rule]\ngrave_harms = [\n"death",\n"doom"]', 2, '"doom" is not one of its values'),
        ('[clocks.rows.TTL.S0]\nack = "2 minutes"', 2, 'must be a span such as "30m"'),
        ('[clocks.rows.TTL.S0]\nack = "0m"', 2, 'must be a span such as "30m"'),
        ('[clocks.rows.TTL.S0]\nack = ""', 2, 'must be a span such as "30m"'),
        ('[clocks.rows.TTL.S0]\nack = "5m\\n"', 2, 'must be a span such as "30m"'),
        ('[clocks.rows.TTL.S0]\nchase = "5m"', 2, "clocks.rows.TTL.S0.chase: no such key"),
        ('[clocks.rows.NCII.S0]\nack = "5m"\nakc = "5m"', 3, "clocks.rows.NCII.S0.akc: no such key"),
        ('[clocks.rows.TTL.S9]\nack = "5m"', 1, "clocks.rows.TTL.S9: no such key"),
        ('[clocks.rows]\nPRESS = { S2 = { ack = "5m" }, S1 = { resolve = 4 } }', 2, "must be str, got int"),
        ('[clocks.outer.REG]\nack = "5m"', 2, "clocks.outer.REG.ack: no such key"),
        ('[life]\nundo_within = "none"', 2, 'must be a span such as "30m"'),
        ("[life]\nundo_within = 10", 2, "life.undo_within: must be str, got int"),
        ("[scores]\n", 1, "scores: no such key"),
        ('digest = "00"', 1, "digest: no such key"),
        ('source = "{}"', 1, "source: no such key"),
        ('version = "a b"', 1, "version: has a form that is not allowed"),
        ('[policies.X-1]\ntitle = "t"', 1, "policies.X-1"),
        ('[policies.x]\ntitle = "t"', 1, "policies.x"),
        # Possible one by one, not together.
        ('[calendar]\ntz = "UTC"\n[score.weights]\nimminence = 30', 3, "score.weights add up to 95"),
        ("[clocks]\n\nred_percent = 50", 3, "red_percent is above amber_percent"),
        ('[calendar]\ntz = "Mars/Olympus"', 2, 'calendar.tz "Mars/Olympus" is no time zone'),
        ('[calendar]\ntz = "../../etc/passwd"', 2, "is no time zone"),
        ('[life]\nglass_lasts = "5m"\nundo_within = "11s"', 3, "life.undo_within is above 10s"),
        ('[clocks]\nfallback_type = "NCII"', 2, "has no row for S0 and S1"),
    ],
)
def test_a_fault_is_told_with_its_line(text: str, line: int, reason: str) -> None:
    found = fault(text)
    assert reason in found.reason
    assert found.line == line


def test_weights_may_move_as_long_as_they_add_up() -> None:
    policy: Policy = override(defaults(), "[score.weights]\nimminence = 40\nharm = 20\n", file="o")
    assert policy.score.weights["imminence"] == 40


def test_the_first_of_several_faults_is_told() -> None:
    found = fault('[clocks.rows.TTL.S0]\nack = "5x"\n[score]\nnope = 1\n')
    assert found.line == 2
