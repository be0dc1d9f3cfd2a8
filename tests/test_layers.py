"""The layers of the house, by what is written and by what is really loaded.

The import contracts in pyproject.toml name what a layer must never reach. Two things escape them: an outside package
that nobody thought to forbid, and an import that happens only when code runs. So here each layer's imports are held
against the list of what it may import, and each layer is imported in a process of its own.
"""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Our own packages that each layer may import. widgets and cli have narrower rules in the import contracts.
OURS: dict[str, set[str]] = {
    "casework": set(),
    "protocol": {"casework"},
    "client": {"protocol", "casework"},
    "feed": {"protocol", "casework"},
    "standins": {"protocol", "casework"},
    "themes": set(),
    "widgets": {"client", "casework"},
    "tui": {"widgets", "client", "themes", "protocol", "casework"},
    "cli": {"tui", "client", "feed", "standins", "protocol", "casework"},
}

# Outside packages that each layer may import, each with the reason for it. A new one is added here, with its reason.
OUTSIDE: dict[str, dict[str, str]] = {
    "casework": {"msgspec": "cases and events are its Structs"},
    "protocol": {"msgspec": "frames are its tagged unions"},
    "client": {
        "httpx": "commands and snapshots",
        "msgspec": "decoding what the feed sends",
        "sortedcontainers": "the mirror in queue order",
        "websockets": "the link to the feed",
    },
    "feed": {
        "cryptography": "signatures of audit heads, envelopes of sensitive fields",
        "h11": "the HTTP/1.1 under uvicorn: what is no request is answered as a problem document too",
        "httpx": "delivery to platforms",
        "msgspec": "decoding and encoding at the boundary, the API's schema",
        "prometheus_client": "/metrics",
        "sortedcontainers": "the queue order of a snapshot",
        "standardwebhooks": "signs what is asked of a platform",
        "starlette": "routes and requests",
        "uvicorn": "the server",
        "websockets": "the protocol under uvicorn's WebSockets",
    },
    "standins": {
        "httpx": "the simulator posts to a feed",
        "msgspec": "bodies of the interfaces that they play",
        "starlette": "routes of the simulated platform",
        "uvicorn": "its server",
        "standardwebhooks": "the platform checks what it is asked",
    },
    "themes": {"textual": "a theme is a textual.theme.Theme"},
    "widgets": {
        "msgspec": "values that are compared at each paint: its Structs are made and compared in C",
        "rich": "segments and styles, the unit that Textual's render_line returns",
        "textual": "what a widget is",
    },
    "tui": {
        "msgspec": "the journal on disk, and frozen values: its Structs take a tenth of the time to load",
        "rich": "segments and styles, on the way to the terminal",
        "textual": "screens, bindings, the application",
    },
    "cli": {"msgspec": "JSON output", "httpx": "one-off requests of doctor"},
}

# What must not be in memory once every module of a layer was imported.
NEVER_LOADED: dict[str, set[str]] = {
    "casework": {*OURS, "textual", "rich", "httpx", "websockets", "starlette", "uvicorn", "asyncio", "cryptography"}
    - {"casework"},
    "protocol": {*OURS, "textual", "rich", "httpx", "websockets", "starlette", "uvicorn", "cryptography"}
    - {"casework", "protocol"},
    "client": {"textual", "rich", "tui", "widgets", "themes", "feed", "standins", "cli", "starlette", "uvicorn"},
    "feed": {"textual", "rich", "client", "tui", "widgets", "themes", "standins", "cli"},
    "standins": {"textual", "rich", "client", "tui", "widgets", "themes", "feed", "cli"},
    "themes": {*OURS} - {"themes"},
    "widgets": {"tui", "feed", "standins", "cli", "httpx", "websockets", "client.link", "client.commands"},
    # Network code is loaded after the first paint.
    "tui": {"feed", "standins", "cli", "starlette", "uvicorn"},
    # Also what draws a screen loads it when it runs, not when it is imported.
    "cli": {"textual", "rich", "tui", "widgets", "themes"},
}

LAYERS = sorted(OURS)


def modules_of(layer: str, root: Path = ROOT) -> list[str]:
    """Dotted names of every module below `root/layer`."""
    names = []
    for path in sorted((root / layer).rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        names.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return names


def imported_names(layer: str, root: Path = ROOT) -> dict[str, list[str]]:
    """Top-level package: the files of `layer` that import it, at any depth and also for type checking only."""
    found: dict[str, list[str]] = {}
    for path in sorted((root / layer).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), filename=str(path))):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or "."]
            else:
                continue
            for name in names:
                found.setdefault(name.partition(".")[0], []).append(str(path.relative_to(root)))
    return found


def unlisted_imports(layer: str, root: Path = ROOT) -> dict[str, list[str]]:
    """What `layer` imports and no list allows."""
    allowed = {layer, "__future__"} | OURS[layer] | set(OUTSIDE[layer]) | sys.stdlib_module_names
    return {name: files for name, files in imported_names(layer, root).items() if name not in allowed}


def loaded_after(code: str, root: Path = ROOT) -> set[str]:
    """Names in `sys.modules` of a fresh process that ran `code` from `root`."""
    probe = f"{code}\nimport json, sys\nsys.stderr.write(json.dumps(sorted(sys.modules)))"
    process = subprocess.run(
        [sys.executable, "-P", "-c", f"import sys; sys.path.insert(0, {str(root)!r})\n{probe}"],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    loaded: list[str] = json.loads(process.stderr)
    return set(loaded)


def loaded_by_layer(layer: str, root: Path = ROOT) -> set[str]:
    """Names in `sys.modules` after every module of `layer` was imported.

    As cli.main does it: with httpx's own command line, which loads rich, kept out.
    """
    imports = "\n".join(f"importlib.import_module({name!r})" for name in modules_of(layer, root))
    return loaded_after(f"import importlib, sys\nsys.modules['httpx._main'] = None\n{imports}", root) - {"httpx._main"}


def test_every_package_of_the_house_has_its_row(checkout: Path) -> None:
    packages = {path.parent.name for path in checkout.glob("*/__init__.py")} - {"tests", "tools", "bench"}

    assert packages == set(LAYERS) == set(OUTSIDE) == set(NEVER_LOADED)


@pytest.mark.parametrize("layer", LAYERS)
def test_layer_imports_only_what_is_listed(layer: str) -> None:
    assert unlisted_imports(layer) == {}


@pytest.mark.parametrize("layer", LAYERS)
def test_layer_loads_nothing_forbidden(layer: str) -> None:
    assert loaded_by_layer(layer) & NEVER_LOADED[layer] == set()


def test_themes_know_themes_of_textual_alone(checkout: Path) -> None:
    modules = set()
    for path in (checkout / "themes").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("textual"):
                modules.add(node.module)
            elif isinstance(node, ast.Import):
                modules.update(alias.name for alias in node.names if alias.name.startswith("textual"))

    assert modules <= {"textual.theme"}


def test_the_shim_knows_the_command_line_alone(checkout: Path) -> None:
    tree = ast.parse((checkout / "main.py").read_text(encoding="utf-8"))
    froms = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    plain = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}

    assert (froms, plain) == ({"cli.main"}, {"sys"})


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["no-such-command"], ["export"]])
def test_the_entrance_loads_neither_screens_nor_network(arguments: list[str]) -> None:
    loaded = loaded_after(
        "import contextlib, io\n"
        "from cli.main import run\n"
        f"with contextlib.redirect_stderr(io.StringIO()): run({arguments!r})"
    )

    outside = {"textual", "rich", "httpx", "websockets", "starlette", "uvicorn", "msgspec", "asyncio"}
    assert loaded & (outside | (set(OURS) - {"cli"})) == set()


def test_a_command_loads_httpx_without_its_command_line() -> None:
    loaded = loaded_after(
        "from cli import main\n"
        "main.COMMANDS['sample'] = ('tests.cli.sample_command', 'ends as asked')\n"
        "main.run(['sample', 'quietly'])\n"
        "import httpx\n"
        "assert httpx.AsyncClient"
    )

    assert "httpx" in loaded
    assert loaded & {"rich", "click", "pygments"} == set()


def broken_house(root: Path, layer: str, line: str) -> Path:
    """A house of empty packages below `root`, but for `line` in one module of `layer`."""
    for name in LAYERS:
        (root / name).mkdir()
        (root / name / "__init__.py").touch()
    (root / layer / "late.py").write_text(f"{line}\n")
    return root


def test_an_unlisted_import_is_found(tmp_path: Path) -> None:
    house = broken_house(tmp_path, "casework", "def later() -> None:\n    import httpx")

    assert unlisted_imports("casework", house) == {"httpx": ["casework/late.py"]}


def test_a_load_that_no_import_statement_shows_is_found(tmp_path: Path) -> None:
    house = broken_house(tmp_path, "client", "__import__('te' + 'xtual')")

    assert unlisted_imports("client", house) == {}
    assert "textual" in loaded_by_layer("client", house) & NEVER_LOADED["client"]
