"""The two artifacts: what is in them, and that each of them runs from an empty directory."""

import re
import subprocess
import tarfile
import tomllib
import zipfile
from email.parser import HeaderParser
from pathlib import Path

from cli import __version__
from tests.packaging.conftest import PACKAGES, Built, Installed


def test_the_wheel_has_every_file_of_the_packages_and_nothing_else(built: Built) -> None:
    with zipfile.ZipFile(built.wheel) as wheel:
        names = set(wheel.namelist())
    info = f"watchfloor-{__version__}.dist-info/"

    ours = {name for name in names if not name.startswith(info)}
    assert built.before <= ours <= built.after
    assert f"{info}licenses/LICENSE" in names


def test_the_sdist_has_what_a_packager_needs(built: Built) -> None:
    with tarfile.open(built.sdist) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}

    assert names >= built.before
    assert names >= {
        "LICENSE",
        "README.md",
        "CHANGELOG.md",
        "Makefile",
        "main.py",
        "requirements.lock",
        "pyproject.toml",
    }
    assert "tests/packaging/test_packaging.py" in names
    assert not {name for name in names if name.startswith((".venv", ".run", ".git/"))}


def test_the_metadata_says_what_pyproject_says(built: Built, checkout: Path) -> None:
    with zipfile.ZipFile(built.wheel) as wheel:
        text = wheel.read(f"watchfloor-{__version__}.dist-info/METADATA").decode()
    metadata = HeaderParser().parsestr(text)
    with (checkout / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)["project"]

    def split(requirement: str) -> tuple[str, frozenset[str]]:
        name, constraints = re.fullmatch(r"([\w.-]+)\s*(.*)", requirement).groups()  # type: ignore[union-attr]
        return name, frozenset(constraints.split(","))

    assert (metadata["Name"], metadata["Version"]) == ("watchfloor", __version__)
    assert metadata["License-Expression"] == "Apache-2.0"
    assert {split(line) for line in metadata.get_all("Requires-Dist", [])} == {
        split(line) for line in project["dependencies"]
    }


def test_it_answers_from_an_empty_directory(installed: Installed) -> None:
    version = installed.run("--version")
    usage = installed.run("--help")

    assert (version.returncode, version.stdout) == (0, f"watchfloor {__version__}\n")
    assert (usage.returncode, usage.stderr) == (0, "")


def test_it_runs_its_own_files(installed: Installed, checkout: Path) -> None:
    """The environment has no way back to the checkout: what runs is what was installed."""
    code = "import importlib, sys\nfor name in sys.argv[1:]: print(importlib.import_module(name).__file__)"
    process = subprocess.run(
        [installed.home / "bin" / "python", "-I", "-c", code, *PACKAGES],
        cwd=installed.empty,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    places = [Path(place) for place in process.stdout.splitlines()]

    assert len(places) == len(PACKAGES)
    assert all(place.is_relative_to(installed.home) for place in places)
    assert not any(place.is_relative_to(checkout) for place in places)
