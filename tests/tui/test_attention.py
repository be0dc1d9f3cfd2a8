"""What calls a person and what does not, and that a call carries counts and nothing of a case."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from tui.terminal.abilities import Abilities
from tui.terminal.attention import GAP_MS, Attention, Call, Urgent, title_of
from tui.terminal.calling import Hook, environment, notification, title_sequence

CALL = Call("S0", "new", {("S0", "new"): 2, ("S2", "late"): 1})


def begun(*, s0: set[str] | None = None) -> Attention:
    """Attention that had its first look."""
    attention = Attention()
    assert attention.look(Urgent(frozenset(s0 or ())), 0, quiet=False) is None
    return attention


def test_what_is_there_at_the_start_calls_nobody() -> None:
    attention = Attention()

    assert attention.look(Urgent(frozenset({"a"}), frozenset({"b"}), {"c": ("S1", "late")}), 0, quiet=False) is None


def test_a_new_s0_calls_and_is_said_before_what_is_late() -> None:
    call = begun(s0={"a"}).look(Urgent(frozenset({"a", "b"}), mine={"c": ("S1", "late")}), 5_000, quiet=False)

    assert call is not None
    assert (call.severity, call.why) == ("S0", "new")
    assert call.sentence == "1 new S0, 1 of yours late (S1)"


def test_a_clock_of_mine_calls_when_it_turns_red_and_again_when_it_is_late() -> None:
    attention = begun()
    red = attention.look(Urgent(mine={"c": ("S2", "red")}), 1_000, quiet=False)
    still = attention.look(Urgent(mine={"c": ("S2", "red")}), 3_000, quiet=False)
    late = attention.look(Urgent(mine={"c": ("S2", "late")}), 5_000, quiet=False)

    assert (red and red.why, still, late and late.why) == ("red", None, "late")


def test_what_one_did_oneself_is_no_news() -> None:
    assert begun().look(Urgent(frozenset({"a"})), 5_000, quiet=False, mine={"a"}) is None


def test_an_s0_that_becomes_an_s1_is_no_news() -> None:
    assert begun(s0={"a"}).look(Urgent(s1=frozenset({"a"})), 5_000, quiet=False) is None


def test_never_more_than_one_call_a_second_and_none_is_lost() -> None:
    attention = begun()
    ids: set[str] = set()
    calls: list[tuple[float, Call]] = []
    for at in range(0, 10_000, 100):
        ids.add(f"case {at}")
        call = attention.look(Urgent(frozenset(ids)), 1e6 + at, quiet=False)
        if call is not None:
            calls.append((at, call))
    last = attention.look(Urgent(frozenset(ids)), 2e6, quiet=False)

    assert all(later - earlier >= GAP_MS for (earlier, _), (later, _) in itertools.pairwise(calls))
    counted = sum(call.counts["S0", "new"] for _, call in calls) + (last.counts["S0", "new"] if last else 0)
    assert counted == len(ids)


def test_quiet_hours_let_s0_and_s1_through() -> None:
    attention = begun()

    assert attention.look(Urgent(mine={"c": ("S2", "late")}), 2_000, quiet=True) is None
    call = attention.look(Urgent(s1=frozenset({"b"}), mine={"c": ("S2", "late")}), 4_000, quiet=True)
    assert call is not None
    assert call.sentence == "1 new S1"


def test_a_title_has_counts() -> None:
    assert title_of("us", s0=1, late=0, unowned=2, open_=9, phase="live") == (
        "1 S0 \u00b7 2 unowned \u00b7 9 open \u00b7 watchfloor us"
    )
    assert title_of("us", s0=1, late=0, unowned=2, open_=9, phase="stale") == "stale \u00b7 watchfloor us"


def test_titles_and_notifications_go_where_they_are_understood() -> None:
    assert title_sequence("1 open", Abilities()) == "\x1b]2;1 open\a"
    assert title_sequence("1 open", Abilities(term="linux")) == ""
    assert notification("1 new S0", Abilities(program="WezTerm")) == "\x1b]9;watchfloor: 1 new S0\a"
    assert notification("1 new S0", Abilities(program="vscode")) == ""
    assert "\x1b]0" not in title_sequence("a\x1b]0;b\a", Abilities())
    assert title_sequence("a\u0007b", Abilities()).count("\a") == 1


def test_a_hook_finds_counts_and_no_settings_of_ours() -> None:
    found = environment(CALL, {"HOME": "/h", "WATCHFLOOR_TOKEN": "wf_secret"})

    assert found == {
        "HOME": "/h",
        "WATCHFLOOR_SEVERITY": "S0",
        "WATCHFLOOR_WHY": "new",
        "WATCHFLOOR_S0_NEW": "2",
        "WATCHFLOOR_S2_LATE": "1",
    }


async def test_a_hook_is_run_without_a_shell(tmp_path: Path) -> None:
    out = tmp_path / "out"
    program = f'printf \'%s %s\' "$WATCHFLOOR_SEVERITY" "$1" > {out}'
    hook = Hook(["/bin/sh", "-c", program, "hook", "$HOME; touch x"])
    await hook.run(CALL, {"PATH": "/bin:/usr/bin"})

    assert out.read_text() == "S0 $HOME; touch x"
    assert hook.fault is None


async def test_a_hook_that_does_not_end_is_ended() -> None:
    hook = Hook(["/bin/sleep", "60"], limit_s=0.05)
    await hook.run(CALL)

    assert hook.fault is not None
    assert "ended" in hook.fault


@pytest.mark.parametrize("command", [["/no/such/command"], ["/"]])
async def test_a_hook_that_is_not_there_costs_a_sentence(command: list[str]) -> None:
    hook = Hook(command)
    await hook.run(CALL)

    assert hook.fault is not None
    assert "did not start" in hook.fault
