"""One job a file: no Python file of the program may pass 600 lines, and each above 400 is named.

A long file is a sign that two jobs share it. Test files are exempt: their length is a list of cases.
Prints one line a finding; exits 1 if a file is too long.
"""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ALLOWED = 600
NOTICED = 400
EXEMPT = ("tests", "build", "dist")


def python_files(root: Path) -> list[Path]:
    """The Python files of the checkout at `root`, hidden directories (.venv, .git) left out."""
    found = []
    for directory, below, names in os.walk(root):
        below[:] = [name for name in below if not name.startswith((".", "__"))]
        if Path(directory) == root:
            below[:] = [name for name in below if name not in EXEMPT]
        found += [Path(directory, name) for name in names if name.endswith(".py")]
    return found


def long_files(root: Path) -> list[tuple[str, int]]:
    """(path below `root`, lines) of every file above the number that is noticed, longest first."""
    lengths = [(str(path.relative_to(root)), len(path.read_bytes().splitlines())) for path in python_files(root)]
    return sorted(((name, count) for name, count in lengths if count > NOTICED), key=lambda found: -found[1])


def main() -> int:
    """Report on this checkout; the exit code."""
    found = long_files(ROOT)
    for name, count in found:
        if count > ALLOWED:
            print(f"{name}: {count} lines, more than {ALLOWED}: split it by job")
        else:
            print(f"{name}: {count} lines; does it still do one job?")
    return int(any(count > ALLOWED for _, count in found))


if __name__ == "__main__":
    sys.exit(main())
