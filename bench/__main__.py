"""Prints each measurement next to its target. There is none yet."""

import sys


def main() -> int:
    """The exit code: 2 as long as there is nothing to measure."""
    print("bench: no measurement is written yet", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
