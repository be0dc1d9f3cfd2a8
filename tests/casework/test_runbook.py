"""The shipped runbooks, the file form with its faults, and where a case stands in its runbook."""

from __future__ import annotations

import pytest

from casework import clocks
from casework.model import Case, Content, Factors, Tick
from casework.policy import defaults
from casework.runbook import LONGEST_STEP, progress
from casework.runbookfile import RunbookFault, keys_of, laid_over, parse, shipped
from casework.tokens import CASE_TYPES, MILESTONES, SEVERITIES, CaseType, Severity, SubType

KEYS = keys_of(defaults().actions)
GOOD = """# SSH: a person in danger

Locate, police,
then cut.

A paragraph for whoever reads the file.

## First minutes

- [ ] claim: Take the case
  - key: c
  - meets: ack
- [ ] cut: Cut the stream
  - key: `dl`
  - when: live
  - Not before police know.

## Later
* [ ] rest: Take a break
  - unless: S3, S4
"""


def case(case_type: CaseType, severity: Severity, sub_type: SubType | None = None, **more: object) -> Case:
    values = {
        "case_id": "C-00000001",
        "version": 1,
        "seq": 1,
        "opened_seq": 1,
        "case_type": case_type,
        "sub_type": sub_type,
        "severity": severity,
        "band": int(severity[1]),
        "state": "NEW",
        "opened_at": 0,
    }
    return Case(**{**values, **more})  # type: ignore[arg-type]


def tick(step: str) -> Tick:
    return Tick(step=step, by="ana", at=5)


def test_there_is_one_for_each_type_in_their_order() -> None:
    assert tuple(runbook.case_type for runbook in shipped()) == CASE_TYPES
    for runbook in shipped():
        assert runbook.lead, runbook.file
        assert all(len(step.text) <= LONGEST_STEP for step in runbook.steps)


@pytest.mark.parametrize("severity", SEVERITIES)
@pytest.mark.parametrize("case_type", CASE_TYPES)
def test_each_clock_has_a_step_that_meets_it(case_type: CaseType, severity: Severity) -> None:
    policy = defaults()
    runbook = next(each for each in shipped() if each.case_type == case_type)
    kinds: list[SubType | None] = [None]
    if case_type in ("MVE", "REG"):
        kinds.append("REMOVAL_ORDER")
    if case_type == "CSEA":
        kinds += ["MATERIAL", "ENTICE", "SEXT", "TRAF", "LIVE", "SELF"]
    for sub_type in kinds:
        _, row = clocks.row_for(case_type, sub_type, severity, policy)
        owed = {name for name in MILESTONES if getattr(row, name, "none") != "none"}
        for _, bounds in clocks.bounds_for(case_type, sub_type, policy):
            owed |= {name for name in MILESTONES if getattr(bounds, name, "none") != "none"}
        steps = progress(runbook, case(case_type, severity, sub_type), ()).steps
        assert owed <= {step.meets for step in steps}, (case_type, sub_type, severity)


def test_a_live_suicide_is_located_before_police_and_cut_last() -> None:
    runbook = next(each for each in shipped() if each.case_type == "SSH")
    live = case("SSH", "S0", content=(Content(kind="stream", id="s", live=True, up=True),))
    order = [step.step for step in progress(runbook, live, ()).steps]
    assert order.index("locate") < order.index("police") < order.index("cut")
    assert "cut" not in [step.step for step in progress(runbook, case("SSH", "S0"), ()).steps]


def test_what_is_preserved_is_preserved_before_it_is_removed() -> None:
    removing = {"dr", "dl", "dq", "dX", "ds", "dS"}
    for runbook in shipped():
        keys = [step.key for step in runbook.steps]
        if runbook.case_type != "SSH" and "dp" in keys:
            first = next((at for at, key in enumerate(keys) if key in removing), len(keys))
            assert keys.index("dp") < first, runbook.case_type


def test_nothing_is_disclosed_before_the_call_back_and_the_second_person() -> None:
    runbook = next(each for each in shipped() if each.case_type == "EDR")
    order = [step.step for step in runbook.steps]
    wanted = ["seal", "preserve", "requester", "emergency", "fraud", "callback", "boundary", "finding", "second"]
    wanted += ["release", "answer"]
    assert [step for step in order if step in wanted] == wanted


def test_a_file_is_read_whole() -> None:
    runbook = parse(GOOD, file="ssh.md", keys=KEYS)
    assert (runbook.case_type, runbook.title, runbook.lead) == (
        "SSH",
        "a person in danger",
        "Locate, police, then cut.",
    )
    claim, cut, rest = runbook.steps
    assert (claim.step, claim.key, claim.meets, claim.part) == ("claim", "c", "ack", "First minutes")
    assert (cut.key, cut.when, cut.how) == ("dl", ("live",), ("Not before police know.",))
    assert (rest.part, rest.unless) == ("Later", ("S3", "S4"))
    assert cut.says == "Cut the stream (dl)"
    assert rest.says == "Take a break"
    assert parse(GOOD.replace("\n", "\r\n"), file="ssh.md", keys=KEYS) == runbook


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("", 1, "no title"),
        ("# SSH: x\n", 1, "no step"),
        ("SSH\n", 1, "the title is"),
        ("\n# SHH: x\n", 2, "SHH is no case type"),
        ("# SSH: x\n# MVE: y\n", 2, "second title"),
        ("# SSH: x\n- [x] a: b\n", 2, "not ticked"),
        ("# SSH: x\n  - [ ] a: b\n", 2, "not indented"),
        ("# SSH: x\n- [ ] Take it\n", 2, "a step is"),
        ("# SSH: x\n- [ ] Take: it\n", 2, 'id "Take"'),
        ("# SSH: x\n- [ ] a: b\n- [ ] a: c\n", 3, "line 2 already"),
        (f"# SSH: x\n- [ ] a: {'b' * 73}\n", 2, "73 characters"),
        ("# SSH: x\n- [ ] a: b\n  - key: q9\n", 3, 'the key "q9"'),
        ("# SSH: x\n- [ ] a: b\n  - key: c\n  - key: a\n", 4, "there twice"),
        ("# SSH: x\n- [ ] a: b\n  - key:\n", 3, "says nothing"),
        ("# SSH: x\n- [ ] a: b\n  - meets: lunch\n", 3, "is no milestone"),
        ("# SSH: x\n- [ ] a: b\n  - when: night\n", 3, '"night" is no severity'),
        ("# SSH: x\n- [ ] a: b\n  - wenn: S0\n", 3, '"wenn" is none of'),
        (f"# SSH: x\n- [ ] a: b\n  - {'C' * 201}\n", 3, "201 characters"),
        ("# SSH: x\n  - key: c\n", 2, "belongs to no step"),
        ("# SSH: x\n- [ ] a: b\x1b[2J\n", 2, "control"),
        ("# SSH: x\n" + "".join(f"- [ ] s{n}: x\n" for n in range(61)), 62, "more than 60 steps"),
        ("# SSH: x\n" + "y" * 65_536, 1, "more than 65536"),
    ],
)
def test_a_fault_names_file_and_line(text: str, line: int, reason: str) -> None:
    with pytest.raises(RunbookFault) as caught:
        parse(text, file="dir/ssh.md", keys=KEYS)
    assert (caught.value.file, caught.value.line) == ("dir/ssh.md", line)
    assert reason in caught.value.reason
    assert str(caught.value).startswith(f"dir/ssh.md:{line}: ")


def test_an_operators_file_stands_in_for_the_shipped_one_of_its_type() -> None:
    own = laid_over(shipped(), [("own.md", GOOD)], KEYS)
    assert tuple(each.case_type for each in own) == CASE_TYPES
    assert [each for each in own if each.case_type != "SSH"] == [each for each in shipped() if each.case_type != "SSH"]
    assert next(each for each in own if each.case_type == "SSH").file == "own.md"
    with pytest.raises(RunbookFault, match=r"b\.md:1: a\.md is the runbook of SSH already"):
        laid_over(shipped(), [("a.md", GOOD), ("b.md", GOOD)], KEYS)


def test_where_a_case_stands() -> None:
    runbook = parse(GOOD, file="ssh.md", keys=KEYS)
    calm = progress(runbook, case("SSH", "S0"), [tick("claim"), tick("gone")])
    assert [step.step for step in calm.steps] == ["claim", "rest"]
    assert (calm.done, calm.next) == (1, runbook.steps[2])
    assert [each.step for each in calm.strange] == ["gone"]
    # What was ticked while it applied stays in sight.
    ticked = progress(runbook, case("SSH", "S3"), [tick("cut")])
    assert [step.step for step in ticked.steps] == ["claim", "cut"]
    assert ticked.place(ticked.steps[1]) == 2
    assert progress(runbook, case("SSH", "S3"), [tick("claim")]).next is None


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({"factors": Factors(vulnerability=("child",))}, "minor"),
        ({"sensitivities": ("minor",)}, "minor"),
        ({"factors": Factors(vulnerability=("victim_in_crisis",))}, "crisis"),
        ({"sub_type": "LIVE"}, "live"),
        ({"sub_type": "SEXT"}, "SEXT"),
    ],
)
def test_conditions(more: dict[str, object], word: str) -> None:
    text = f"# CSEA: x\n- [ ] a: b\n  - when: {word}\n- [ ] c: d\n"
    runbook = parse(text, file="x", keys=KEYS)
    values = {"case_type": "CSEA", "severity": "S1", **more}
    assert [step.step for step in progress(runbook, case(**values), ()).steps] == ["a", "c"]  # type: ignore[arg-type]
    assert [step.step for step in progress(runbook, case("CSEA", "S2"), ()).steps] == ["c"]
