"""Draws the screens as SVG into a directory. There is none to draw yet."""

import sys


def main() -> int:
    """The exit code: 2 as long as there is no screen."""
    print("screens: the console has no screen to draw yet", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
