"""The screens in every terminal that is supported, from a real pty: `python -m tools.terminalscreens DIR [NAME…]`.

A name is that of a screen or of a terminal; without one there are all.

Each picture is what an emulator made of the bytes that the console wrote for that terminal and size. With Chromium
there are PNGs beside the SVGs, and one sheet for each terminal; without it there are the SVGs.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.terminal import Terminal
from tools.terminalpicture import CELL_H, CELL_W, Screen, picture

CHECKOUT: Final = Path(__file__).resolve().parent.parent
SIZES: Final = ((40, 12), (80, 24), (160, 50), (200, 50))
CLEAN: Final = {"COLORTERM": "", "TMUX": "", "STY": "", "NO_COLOR": "", "TERM_PROGRAM": ""}
TERMINALS: Final[dict[str, dict[str, str]]] = {
    "linux": {"TERM": "linux"},
    "screen": {"TERM": "screen", "STY": "1.tty"},
    "vt100": {"TERM": "vt100"},
    "xterm-256color": {"TERM": "xterm-256color"},
    "tmux-256color": {"TERM": "tmux-256color", "TMUX": "x"},
    "truecolor": {"TERM": "xterm-256color", "COLORTERM": "truecolor"},
    "no-color": {"TERM": "xterm-256color", "NO_COLOR": "1"},
    "ascii": {"TERM": "xterm-256color"},
    "latin1": {"TERM": "xterm-256color", "LANG": "C", "LC_ALL": "POSIX", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
}


@dataclass(frozen=True, slots=True)
class Shot:
    """How a screen is reached: the floor's aspect, keys to press, and a text that says that it is there.

    `|` among the keys is a pause: so many keys in a row would be dropped as a paste.
    """

    aspect: str
    keys: str
    there: str


SHOTS: Final[dict[str, Shot]] = {
    "queue": Shot("live", "jjj", "LEFT SEV"),
    "case": Shot("live", "jjj\r", "6:48 of"),
    "form": Shot("live", "jjjof", "Enter"),
    "card": Shot("live", "jjjd0|satire\r", "y no action"),
    "prefix": Shot("live", "jjjo", "o C-"),
    "help": Shot("live", "?", "Keys that work"),
    "filter": Shot("live", "/sev=9\r", "sev"),
    "stale": Shot("stale", "", "STALE"),
    "offline": Shot("offline", "", "NO FEED"),
    "empty": Shot("empty", "", "open"),
    "wall": Shot("wall-live", "", "OPEN"),
    "wall-stale": Shot("wall-stale", "", "STALE"),
    "wall-inside": Shot("live", "w", "OPEN"),
    "away": Shot("live", "Z", "Put away"),
}


def shoot(shot: Shot, env: dict[str, str], size: tuple[int, int], *, ascii_shapes: bool) -> Screen:
    """The emulator's screen once what was asked for stands on it, or after a while what stands there instead."""
    program = [sys.executable, "-m", "tests.tui.sample_console", shot.aspect, *(["--ascii"] if ascii_shapes else [])]
    screen = Screen(*size)
    with Terminal(
        program, columns=size[0], rows=size[1], cwd=CHECKOUT, env={**CLEAN, **env}, screen=screen
    ) as terminal:
        terminal.wait_for(lambda held: len(held.text.split()) > 5)
        terminal.settle(0.4)
        for keys in shot.keys.split("|"):
            terminal.press(keys)
            terminal.settle(0.2)
        try:
            terminal.wait_for(shot.there, patience_s=3)
        except AssertionError:
            print(f"  {shot.there!r} is not there")
        terminal.settle(0.4)
    return screen


def draw(folder: Path, names: list[str]) -> list[Path]:
    """Write all pictures of the shots in `names`, or of all; the paths of the SVGs."""
    chosen = {name: shot for name, shot in SHOTS.items() if name in names or not set(names) & set(SHOTS)}
    written: list[Path] = []
    for terminal, env in TERMINALS.items():
        if terminal not in names and set(names) & set(TERMINALS):
            continue
        for name, shot in chosen.items():
            for size in SIZES:
                screen = shoot(shot, env, size, ascii_shapes=terminal == "ascii")
                path = folder / f"{terminal}-{name}-{size[0]}x{size[1]}.svg"
                path.write_text(picture(screen, path.stem), encoding="utf-8")
                written.append(path)
        print(f"{terminal}: {len(chosen) * len(SIZES)} pictures")
    return written


def sheet(folder: Path, paths: list[Path], name: str, columns: int) -> None:
    """Pictures of one size side by side as one PNG, if there is a browser to draw it."""
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if browser is None or not paths:
        return
    page = folder / f"{name}.html"
    cells = "".join(f'<img src="{path.name}" style="margin:2px">' for path in paths)
    page.write_text(f'<body style="margin:0;background:#444;font-size:0">{cells}</body>', encoding="utf-8")
    size = paths[0].stem.rpartition("-")[2].split("x")
    width = (int(size[0]) * CELL_W + 4) * columns
    height = ((int(size[1]) + 1) * CELL_H + 4) * -(-len(paths) // columns)
    subprocess.run(
        [
            *(browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
            f"--screenshot={folder / f'{name}.png'}",
            f"--window-size={width},{height}",
            page.resolve().as_uri(),
        ],
        check=True,
        capture_output=True,
        timeout=120,
    )
    page.unlink(missing_ok=True)


def main(arguments: list[str]) -> int:
    """Draw into the directory that `arguments` name first; the exit code."""
    folder = Path(arguments[0] if arguments else ".run/screens")
    folder.mkdir(parents=True, exist_ok=True)
    written = draw(folder, arguments[1:])
    for terminal in TERMINALS:
        for size, columns in ((SIZES[0], 4), (SIZES[1], 3), (SIZES[2], 2), (SIZES[3], 2)):
            ending = f"-{size[0]}x{size[1]}"
            paths = [path for path in written if path.stem.startswith(f"{terminal}-") and path.stem.endswith(ending)]
            sheet(folder, paths, f"sheet-{terminal}{ending}", columns)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
