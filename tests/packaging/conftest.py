"""Built once a run: the sdist, the wheel that is built from it, and an environment for each. Nothing is downloaded."""

import os
import re
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("cli", "tui", "widgets", "themes", "client", "feed", "standins", "protocol", "casework")
DEVELOPMENT = Path(sysconfig.get_path("purelib"))


@dataclass(frozen=True)
class Built:
    """Paths of the two artifacts, and the files of the packages before and after they were built.

    The two sets differ only if somebody was at work meanwhile.
    """

    wheel: Path
    sdist: Path
    before: frozenset[str]
    after: frozenset[str]


@dataclass(frozen=True)
class Installed:
    """An environment with Watchfloor and its runtime dependencies in it, and an empty directory to run from."""

    home: Path
    empty: Path

    @property
    def program(self) -> Path:
        return self.home / "bin" / "watchfloor"

    def environment(self, **settings: str) -> dict[str, str]:
        """What a program of this environment inherits: no path to the checkout, no settings but `settings`."""
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
        return {**kept, "HOME": str(self.empty), "TERM": "xterm-256color", **settings}

    def run(self, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """`watchfloor ARGUMENTS` from the empty directory."""
        return subprocess.run(
            [self.program, *arguments],
            cwd=self.empty,
            env=self.environment(**settings),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


def checked(*command: str | Path, cwd: Path = ROOT, **settings: str) -> None:
    process = subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert process.returncode == 0, process.stdout + process.stderr


def shipped_files() -> frozenset[str]:
    """Every file of the packages, data files included."""
    return frozenset(
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    )


def link_runtime(site: Path) -> None:
    """Link the distributions of the runtime lock, and no other, into `site`: what a user's installer would put there.

    So a module that needs a development dependency fails here as it would fail for a user.
    """
    lock = (ROOT / "requirements.lock").read_text()
    for name, marker in re.findall(r"^([A-Za-z0-9_.-]+)==\S+(?: ; (.+?))? \\$", lock, flags=re.MULTILINE):
        if "win32" in marker:
            continue
        files = distribution(name).files or []
        for top in {file.parts[0] for file in files} - {"..", "__pycache__"}:
            (site / top).symlink_to(DEVELOPMENT / top)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The sdist of this checkout, and the wheel that is built from that sdist."""
    out = tmp_path_factory.mktemp("dist")
    before = shipped_files()
    checked(sys.executable, "-m", "build", "--no-isolation", "--outdir", out)
    (wheel,) = out.glob("*.whl")
    (sdist,) = out.glob("*.tar.gz")
    return Built(wheel, sdist, before, shipped_files())


@pytest.fixture(scope="session", params=["wheel", "sdist"])
def installed(request: pytest.FixtureRequest, built: Built, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """An empty environment into which that artifact was installed."""
    kind: str = request.param
    home = tmp_path_factory.mktemp(f"from_{kind}")
    checked(sys.executable, "-m", "venv", "--without-pip", home)
    python = home / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--isolated", "--disable-pip-version-check", "--python", python)
    # An sdist is built in the environment that it is installed into: the build backend is lent for that moment.
    checked(
        *pip,
        *("install", "--quiet", "--no-index", "--no-deps", "--no-build-isolation"),
        built.wheel if kind == "wheel" else built.sdist,
        PYTHONPATH=str(DEVELOPMENT),
    )
    (site,) = (home / "lib").glob("python3.*/site-packages")
    link_runtime(site)
    return Installed(home, tmp_path_factory.mktemp(f"empty_{kind}"))
