"""One log folds to one state, whatever the policy in force, the environment, the clock and the time zone are."""

import json
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from casework import businessdays, catalogue, clocks, policy, score, severity
from casework.events import Event, fact_of
from casework.evolve import evolve
from casework.model import Case, Row
from casework.policy import defaults, override
from casework.rows import evolve_row, row_of
from tests.casework.casefloor import CASE_A
from tests.casework.stories import IDS, events_of, told

ROOT = Path(__file__).resolve().parents[2]
OVERRIDES = """
[clocks.rows.TTL.S0]
ack = "90m"
contain = "7h"
police = "8h"
resolve = "3 business days"
update = "1m"

[severity.lowest]
DOX = "S4"

[score.weights]
imminence = 0
harm = 60

[life]
confirm_within = "1m"
claim_lapses_after = "1m"
close_after = "1h"
retire_after = "1h"
"""


def fold(events: list[Event]) -> tuple[Case, Row | None]:
    case: Case | None = None
    row: Row | None = None
    for event in events:
        case, row = evolve(case, event), evolve_row(row, event)
    assert case is not None
    return case, row


def as_stored(floor_events: list[Event]) -> str:
    lines = [
        {"seq": e.seq, "case_id": e.case_id, "version": e.version, "type": e.type, "v": e.v, "at": e.at,
         "actor": e.actor, "part": e.part, "data": msgspec.to_builtins(e.fact)}
        for e in floor_events
    ]  # fmt: skip
    return "\n".join(json.dumps(line) for line in lines)


def read(text: str) -> list[Event]:
    events = []
    for line in text.splitlines():
        raw = json.loads(line)
        data = raw.pop("data")
        events.append(Event(fact=fact_of(raw["type"], raw["v"], data), **raw))
    return events


def test_two_policies_decide_differently_and_each_log_folds_to_its_own_state() -> None:
    usual, other = defaults(), override(defaults(), OVERRIDES, file="other.toml")
    for seed in range(12):
        by_usual, by_other = told(seed, usual), told(seed, other)
        assert [e.fact for e in by_usual.log] != [e.fact for e in by_other.log], "the overrides do matter to decide"
        for floor in (by_usual, by_other):
            text = as_stored(floor.log)
            for case_id in IDS:
                case, row = fold([event for event in read(text) if event.case_id == case_id])
                assert case == floor.cases[case_id]
                assert row == (None if case.retired_at is not None else row_of(case))


def test_folding_never_asks_the_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    floor = told(7)

    def asked(*args: object, **kwargs: object) -> None:
        raise AssertionError("the fold asked a rule")

    for module in (policy, clocks, score, severity, catalogue, businessdays):
        for name, value in list(vars(module).items()):
            if (
                callable(value)
                and getattr(value, "__module__", None) == module.__name__
                and not isinstance(value, type)
            ):
                monkeypatch.setattr(module, name, asked)
    monkeypatch.setattr("time.time", asked)
    for case_id in IDS:
        assert fold(events_of(floor, case_id))[0] == floor.cases[case_id]


def test_a_process_elsewhere_folds_the_same(tmp_path: Path) -> None:
    """Another time zone, another locale, hash seed and directory; no policy is even loaded."""
    floor = told(3)
    log = tmp_path / "log.jsonl"
    log.write_text(as_stored(events_of(floor, CASE_A)), "utf-8")
    script = """
import json, sys
from casework.events import Event, fact_of
from casework.evolve import evolve
import msgspec
case = None
for line in open(sys.argv[1], encoding="utf-8"):
    raw = json.loads(line)
    data = raw.pop("data")
    case = evolve(case, Event(fact=fact_of(raw["type"], raw["v"], data), **raw))
loaded = {name for name in sys.modules if name.startswith("casework.")}
assert not loaded & {"casework.policy", "casework.clocks", "casework.score", "casework.decide"}, loaded
sys.stdout.buffer.write(msgspec.json.encode(case, order="deterministic"))
"""
    told_by = []
    for zone, seed in (("Pacific/Kiritimati", "1"), ("America/St_Johns", "2")):
        env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "TZ": zone, "LC_ALL": "C", "PYTHONHASHSEED": seed,
               "WATCHFLOOR_CONFIG": str(tmp_path / "none.toml")}  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-c", script, str(log)],
            cwd=tmp_path,
            env=env,
            capture_output=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr.decode()
        told_by.append(done.stdout)
    assert told_by[0] == told_by[1] == msgspec.json.encode(floor.cases[CASE_A], order="deterministic")
