"""The import contracts of pyproject.toml hold, and each of them would be broken by what it forbids."""

import subprocess
import sys
import tomllib
from pathlib import Path

# One line of code for each contract, in the order of pyproject.toml: (module, an import that breaks the contract).
BREAKS = [
    ("casework", "import sortedcontainers"),
    ("protocol", "import httpx"),
    ("feed", "import rich"),
    ("standins", "import feed"),
    ("client", "import feed"),
    ("themes", "import casework"),
    ("widgets", "import tui"),
    ("widgets", "import client.link"),
    ("tui", "import starlette"),
    ("protocol", "import cli"),
    ("cli.main", "import textual"),
]


def lint_imports(root: Path, config: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-logo", "--no-cache", "--config", config],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def contracts(checkout: Path) -> list[dict[str, object]]:
    with (checkout / "pyproject.toml").open("rb") as file:
        settings: dict[str, list[dict[str, object]]] = tomllib.load(file)["tool"]["importlinter"]
    return settings["contracts"]


def house(root: Path, config: Path) -> Path:
    """Empty packages below `root`, with the modules that the contracts speak of, under the contracts in `config`."""
    root.joinpath("pyproject.toml").write_bytes(config.read_bytes())
    for name in ("cli", "tui", "widgets", "themes", "client", "feed", "standins", "protocol", "casework"):
        (root / name).mkdir()
        (root / name / "__init__.py").touch()
    for name in ("cli/main", "cli/lines", "cli/errors", "client/link", "client/mirror", "client/views"):
        (root / f"{name}.py").touch()
    return root


def test_the_house_keeps_its_contracts(checkout: Path) -> None:
    report = lint_imports(checkout, checkout / "pyproject.toml")

    assert report.returncode == 0, report.stdout + report.stderr


def test_an_empty_house_keeps_them(checkout: Path, tmp_path: Path) -> None:
    root = house(tmp_path, checkout / "pyproject.toml")

    report = lint_imports(root, root / "pyproject.toml")

    assert report.returncode == 0, report.stdout + report.stderr


def test_each_contract_can_be_broken(checkout: Path, tmp_path: Path) -> None:
    root = house(tmp_path, checkout / "pyproject.toml")
    for module, line in BREAKS:
        path = root / f"{module.replace('.', '/')}.py"
        with (path if path.exists() else path.with_suffix("") / "__init__.py").open("a") as file:
            file.write(f"{line}\n")

    report = lint_imports(root, root / "pyproject.toml")

    assert len(BREAKS) == len(contracts(checkout))
    assert f"0 kept, {len(BREAKS)} broken" in report.stdout, report.stdout + report.stderr


def test_widgets_may_use_views_and_what_views_stand_on(checkout: Path, tmp_path: Path) -> None:
    root = house(tmp_path, checkout / "pyproject.toml")
    (root / "widgets" / "queue.py").write_text("from client import views\nfrom client.views import Row\n")
    (root / "client" / "views.py").write_text("from client import mirror\nRow = mirror\n")
    (root / "client" / "mirror.py").write_text("import sortedcontainers\nimport protocol\n")

    report = lint_imports(root, root / "pyproject.toml")

    assert report.returncode == 0, report.stdout + report.stderr


def test_every_contract_has_its_reason(checkout: Path) -> None:
    for contract in contracts(checkout):
        rule, _, reason = str(contract["name"]).partition(": ")
        assert rule
        assert len(reason) > 40, f"{rule}: why?"
