"""The locks are what an installer can trust: exact, hashed, complete, and free of any address."""

import re
import tomllib
from pathlib import Path

import pytest

LOCKS = ("requirements.lock", "requirements-dev.lock")
PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)==([^\s;]+)(?: ; .+?)? \\$", re.MULTILINE)


def pins(path: Path) -> dict[str, str]:
    return dict(PIN.findall(path.read_text()))


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[<>=!~ \[]", requirement, maxsplit=1)[0] for requirement in requirements}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_line_is_a_pin_a_hash_or_a_comment(lock: str, checkout: Path) -> None:
    allowed = re.compile(
        r"[a-z0-9][a-z0-9._-]*==\S+( ; .+)? \\"  # name==version ; marker \
        r"|    --hash=sha256:[0-9a-f]{64}( \\)?"
        r"|    # .*"
    )

    wrong = [line for line in (checkout / lock).read_text().splitlines() if not allowed.fullmatch(line)]

    assert wrong == []


@pytest.mark.parametrize("lock", LOCKS)
def test_no_address_of_an_index(lock: str, checkout: Path) -> None:
    assert not re.search(r"://|index-url|find-links|trusted-host", (checkout / lock).read_text())


def test_development_installs_the_versions_that_users_get(checkout: Path) -> None:
    runtime, everything = (pins(checkout / lock) for lock in LOCKS)

    assert runtime
    assert runtime.items() <= everything.items()


def test_what_is_asked_for_is_locked(checkout: Path) -> None:
    with (checkout / "pyproject.toml").open("rb") as file:
        settings = tomllib.load(file)
    runtime, everything = (pins(checkout / lock) for lock in LOCKS)

    assert names(settings["project"]["dependencies"]) <= runtime.keys()
    assert names(settings["dependency-groups"]["dev"]) <= everything.keys()


def test_every_dependency_has_its_reason(checkout: Path) -> None:
    """The line above each dependency is a comment that says why it is there."""
    lines = (checkout / "pyproject.toml").read_text().splitlines()
    requirement = re.compile(r'    "[a-z][\w.-]*[<>=]=[^"]*",')

    found = [number for number, line in enumerate(lines) if requirement.fullmatch(line)]

    assert len(found) > 20
    assert [lines[number] for number in found if not lines[number - 1].startswith("    # ")] == []
