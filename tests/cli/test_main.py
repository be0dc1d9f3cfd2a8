"""How commands are found, and how each way of ending reaches the shell."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from cli import __version__
from cli import main as entrance

NAMES_OF_THE_CONTRACT = set(
    "demo open wall tail do show list feed token intake simulate audit platform ncmec-standin export report drill "
    "replay roster config session page log web doctor".split()
)


@pytest.fixture(autouse=True)
def sample(monkeypatch: pytest.MonkeyPatch) -> None:
    """`sample` is a command of its own, and so is what opens without a name."""
    module = "tests.cli.sample_command"
    monkeypatch.setitem(entrance.COMMANDS, "sample", (module, "ends as asked"))
    monkeypatch.setitem(entrance.COMMANDS, "open", (module, "ends as asked"))


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str], checkout: Path) -> None:
    with (checkout / "pyproject.toml").open("rb") as file:
        assert tomllib.load(file)["project"]["version"] == __version__

    assert entrance.run(["--version"]) == 0
    assert capsys.readouterr().out == f"watchfloor {__version__}\n"


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert entrance.run(["--help"]) == 0
    words = set(capsys.readouterr().out.split())

    assert words >= NAMES_OF_THE_CONTRACT
    assert set(entrance.COMMANDS) - {"sample"} | set(entrance.LATER) == NAMES_OF_THE_CONTRACT


def test_help_of_one_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert entrance.run(["sample", "--help"]) == 0
    out = capsys.readouterr().out

    assert "usage: watchfloor sample" in out
    assert "Ends as asked." in out


@pytest.mark.parametrize("name", entrance.LATER)
def test_names_kept_free_say_so(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert entrance.run([name, "anything"]) == 2
    assert f"`watchfloor {name}` is later work" in capsys.readouterr().err


def test_a_command_that_is_not_there_yet_says_so(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(entrance.COMMANDS, "soon", ("cli.no_such_module", "some day"))

    assert entrance.run(["soon"]) == 2
    assert "later work" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], ("open", [])),
        (["http://127.0.0.1:8700"], ("open", ["http://127.0.0.1:8700"])),
        (["https://feed.example", "--ascii"], ("open", ["https://feed.example", "--ascii"])),
        (["unix:/run/watchfloor.sock"], ("open", ["unix:/run/watchfloor.sock"])),
        (["--read-only"], ("open", ["--read-only"])),
        (["open", "unix:/s"], ("open", ["unix:/s"])),
        (["do", "note", "C-1"], ("do", ["note", "C-1"])),
        (["export", "C-1"], ("export", ["C-1"])),
    ],
)
def test_which_command_is_meant(arguments: list[str], expected: tuple[str, list[str]]) -> None:
    assert entrance._choose(arguments) == expected


@pytest.mark.parametrize(
    ("ending", "code", "line"),
    [
        ("refused", 1, "the case changed; read it again"),
        ("unreachable", 3, "no feed answers at http://127.0.0.1:1: connection refused."),
        ("forbidden", 4, "not permitted: this needs the role ␛[31mlead␛[0m"),
        ("file", 1, "/no/such/file: No such file or directory"),
        ("fault", 1, "internal error, ValueError at tests.cli.sample_command:"),
    ],
)
def test_a_failure_is_one_line(ending: str, code: int, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert entrance.run(["sample", ending]) == code
    out, err = capsys.readouterr()

    assert out == ""
    assert err.startswith(f"watchfloor: {line}")
    assert err.count("\n") == 1
    assert "Traceback" not in err


def test_a_python_without_our_libraries_is_told_which_to_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert entrance.run(["sample", "library"]) == 1

    assert capsys.readouterr().err.startswith("watchfloor: this Python has no `no_such_library`. In a checkout, ")


def test_a_fault_keeps_its_text_to_itself(capsys: pytest.CaptureFixture[str]) -> None:
    entrance.run(["sample", "fault"])

    assert "text of a case" not in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--debug", "sample", "fault"], ["sample", "fault", "--debug"]])
def test_debug_adds_the_traceback_without_locals(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert entrance.run(arguments) == 1
    err = capsys.readouterr().err

    assert "Traceback (most recent call last):" in err
    assert "secret_local =" not in err
    assert err.splitlines()[-1].startswith("watchfloor: internal error, ValueError")


def test_debug_after_two_dashes_is_an_argument(capsys: pytest.CaptureFixture[str]) -> None:
    assert entrance.run(["sample", "--", "--debug"]) == 1
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["sample"], "the following arguments are required: ending"),
        (["sample", "done", "--times", "x\x1b[2J"], "invalid int value: "),
        (["sample", "done", "--time", "3"], "unrecognized arguments: --time 3"),
        (["smaple"], "there is no command `smaple` (the nearest is `sample`)"),
        (["\u202egro.elpmaxe"], "there is no command `<U+202E>gro.elpmaxe`"),
    ],
)
def test_wrong_usage_is_one_line_and_2(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert entrance.run(arguments) == 2
    err = capsys.readouterr().err

    assert message in err
    assert err.count("\n") == 1
    assert "\x1b" not in err


def test_an_interruption_has_the_code_of_a_shell(capsys: pytest.CaptureFixture[str]) -> None:
    assert entrance.run(["sample", "interrupted"]) == 130
    assert capsys.readouterr().err == ""


def in_a_process(script: str, checkout: Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        ["/bin/sh", "-c", script],
        cwd=checkout,
        env={**os.environ, "PY": sys.executable, **environment},
        capture_output=True,
        timeout=30,
        check=False,
    )


def test_a_reader_that_leaves_is_no_failure(checkout: Path) -> None:
    script = '{ "$PY" -c "$CODE"; echo "code $?" >&2; } | head -n 1'
    code = (
        "import sys; from cli import main; "
        'main.COMMANDS["sample"] = ("tests.cli.sample_command", "ends"); '
        'sys.exit(main.run(["sample", "done", "--times", "100000"]))'
    )

    process = in_a_process(script, checkout, CODE=code)

    assert process.stdout == b"done\n"
    assert process.stderr == b"code 0\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_said(checkout: Path) -> None:
    process = in_a_process('"$PY" main.py --help >/dev/full', checkout)

    assert process.returncode == 1
    assert process.stderr == b"watchfloor: No space left on device\n"


def test_closed_streams_are_survived(checkout: Path) -> None:
    assert in_a_process('"$PY" main.py --help >&-', checkout).returncode == 0
    assert in_a_process('"$PY" main.py no-such-command 2>&-', checkout).returncode == 2


def test_a_terminal_without_unicode_gets_escapes(checkout: Path) -> None:
    process = in_a_process('"$PY" main.py "é\x1b"', checkout, PYTHONIOENCODING="ascii")

    assert process.returncode == 2
    assert b"there is no command `\\xe9\\u241b`" in process.stderr


@pytest.mark.parametrize("start", ["main.py", "-m cli.main"])
def test_both_ways_to_start(start: str, checkout: Path) -> None:
    process = in_a_process(f'"$PY" {start} --version', checkout)

    assert (process.returncode, process.stdout.decode()) == (0, f"watchfloor {__version__}\n")
