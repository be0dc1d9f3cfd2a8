"""No markup anywhere near a screen, and one way from outside text to a string: read from the code itself."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DRAWS = ("tui", "widgets", "themes")
"""Packages that may reach Textual."""
PARSES_MARKUP = {
    "from_markup",
    "assemble",
    "render_markup",
    "Static",
    "Label",
    "RichLog",
    "Markdown",
    "DataTable",
    "Text",
}
"""Of Textual and rich: what reads markup in what it is given, unless told not to. Ours draws strips."""
SHOWS = {"widgets/paint.py", "widgets/blocklines.py"}
"""Where `.plain` of what `shown` made becomes a piece of a line."""


def code(*packages: str) -> Iterator[tuple[str, ast.Module]]:
    for package in packages:
        for file in sorted((ROOT / package).rglob("*.py")):
            yield str(file.relative_to(ROOT)), ast.parse(file.read_text("utf-8"))


def called(node: ast.AST) -> str:
    if not isinstance(node, ast.Call):
        return ""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def faults(name: str, tree: ast.Module) -> Iterator[str]:
    """What in a module of a package that draws could read markup in somebody's words, or make words a string."""
    for node in ast.walk(tree):
        where = f"{name}:{getattr(node, 'lineno', 0)}"
        if called(node) in PARSES_MARKUP:
            yield f"{where}: {called(node)} reads markup"
        if called(node) == "notify" and (node.args or node.keywords):  # type: ignore[attr-defined]  # it is a call
            yield f"{where}: a toast reads markup"
        if isinstance(node, ast.keyword) and node.arg in ("markup", "emoji", "highlight"):
            if not (isinstance(node.value, ast.Constant) and node.value.value is False):
                yield f"{where}: {node.arg} is not off"
        if called(node) == "Content" and not name.startswith("widgets/paint"):
            yield f"{where}: Content is made in widgets.paint"
        if isinstance(node, ast.Attribute) and node.attr == "plain" and name not in SHOWS:
            yield f"{where}: .plain of a text belongs into widgets.paint"
        if isinstance(node, ast.Attribute) and node.attr == "_raw":
            yield f"{where}: the original is nobody's business"


def test_nothing_that_draws_reads_markup() -> None:
    assert [fault for name, tree in code(*DRAWS) for fault in faults(name, tree)] == []


@pytest.mark.parametrize(
    "line",
    [
        "Static(f'{case.summary}')", "Content.from_markup(text)", "self.notify(text)", "Console(markup=True)",
        "Console(markup=wanted)", "Label(text)", "shown(text).plain", "Content(text)", "text._raw",
    ],
)  # fmt: skip
def test_a_place_that_would_is_told(line: str) -> None:
    assert len(list(faults("tui/screens/floor.py", ast.parse(line)))) == 1


def test_views_never_take_the_original_of_a_text() -> None:
    """`raw` is for comparing and for sending back: a view that took it could show it."""
    users = [
        name
        for name, tree in code("client/views", "widgets", "tui")
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        and node.module == "casework.untrusted"
        and "raw" in {each.name for each in node.names}
    ]
    assert users == []
