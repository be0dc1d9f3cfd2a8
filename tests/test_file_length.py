"""No file of the program does two jobs, as far as its length can tell."""

from pathlib import Path

from tools.file_length import ALLOWED, NOTICED, ROOT, long_files


def test_no_file_is_too_long() -> None:
    found = long_files(ROOT)

    assert [(name, lines) for name, lines in found if lines > ALLOWED] == []


def test_a_long_file_is_found(tmp_path: Path) -> None:
    for directory in ("tests", ".venv"):
        (tmp_path / directory).mkdir()
    for name, lines in (
        ("long.py", ALLOWED + 1),
        ("noticed.py", NOTICED + 1),
        ("short.py", 3),
        ("tests/t.py", 9000),
        (".venv/v.py", 9000),
    ):
        (tmp_path / name).write_text("\n" * lines)

    assert long_files(tmp_path) == [("long.py", ALLOWED + 1), ("noticed.py", NOTICED + 1)]
