"""Runs of the console on hostile texts, the same runs on harmless ones of the same cells, and how they compare."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from rich.cells import cell_len

from casework.untrusted import visible
from tests.proofs.bytescan import Report, scan
from tests.proofs.hostile_console import MARK
from tests.proofs.watchedterminal import WatchedTerminal
from tests.tui.hostile_text import HOSTILE

CHECKOUT: Final = Path(__file__).resolve().parents[2]
COLUMNS, LINES = 132, 56
LETTER, SIGN, WIDE_LETTER, WIDE_SIGN = "\u01bf", "\u00b6", "\u6f22", "\uff03"
STANDING_IN: Final = frozenset((LETTER, LETTER.upper(), SIGN, WIDE_LETTER, WIDE_SIGN, ""))
_KEPT: Final = frozenset(" \u00b7,;:-\u2013(./'\"!?%&+)")
"""Where a text is cut, and what is read into it, depends on these; none of them acts anywhere."""
_BREAKS: Final = re.compile("(\r\n|\n|\u2028|\u2029)")
LONG: Final = 600
"""Characters from which on a text is too long to have a harmless twin of the same cells."""
_COUNT: Final = re.compile("\\d+ more (?:characters|lines)")
WHERE: Final = "\x1b[6n"
ASKED: Final = 4
PASTE_ENDS: Final = "\x1b[201~"


def harmless(text: str) -> str:
    """A text that takes the same cells and breaks at the same places, with nothing in it that acts."""
    parts = _BREAKS.split(text)
    return "".join(part if at % 2 else "".join(map(_twin, visible(part))) for at, part in enumerate(parts))


def _twin(char: str) -> str:
    if char in _KEPT or (char.isascii() and char.isalnum()):
        return char
    cells = cell_len(char)
    if cells == 0:
        return ""
    if char.isalnum():
        return LETTER if cells == 1 else WIDE_LETTER
    return SIGN if cells == 1 else WIDE_SIGN


def dressed(name: str, *, hostile: bool) -> dict[str, str]:
    """What the fields of a case get of the text `name`: whole, not too long, and short."""
    text = HOSTILE[name]
    fields = {"summary": text, "text": text[:LONG], "short": text[:40]}
    return fields if hostile else {field: harmless(value[:4_000]) for field, value in fields.items()}


@dataclass
class Run:
    """What one console showed at each step, what it sent to the terminal and what it says of itself."""

    screens: list[tuple[str, list[list[str]]]] = field(default_factory=list)
    states: list[dict[str, object]] = field(default_factory=list)
    sent: Report = field(default_factory=lambda: scan(b""))
    answered: int = 0
    code: int | None = None
    told: dict[str, Any] = field(default_factory=dict)
    written: bytes = b""


class Typist:
    """A console on a terminal, and hands. `hostile` texts, or their harmless twins."""

    def __init__(
        self,
        folder: Path,
        names: Sequence[str],
        *,
        hostile: bool,
        off: Sequence[str] = (),
        careless: str = "",
        wall: bool = False,
    ) -> None:
        self.run = Run()
        self._hostile = hostile
        self._inputs = 0
        self._report = folder / f"report-{hostile}.json"
        name = HOSTILE[names[0]][:30]
        setting = {
            "cases": [dressed(name, hostile=hostile) for name in names],
            # A wall shows its name in capitals, which may be more letters.
            "name": name if hostile else harmless(name.upper() if wall else name),
            "off": list(off),
            "careless": careless,
            "wall": wall,
            "report": str(self._report),
        }
        file = folder / f"setting-{hostile}.json"
        file.write_text(json.dumps(setting), "utf-8")
        self.terminal = WatchedTerminal(
            [sys.executable, "-m", "tests.proofs.hostile_console", str(file)], cwd=CHECKOUT, columns=COLUMNS, rows=LINES
        )

    def __enter__(self) -> Typist:
        return self

    def __exit__(self, *_: object) -> None:
        terminal, run = self.terminal, self.run
        with terminal:
            terminal.process.terminate()
            run.code = terminal.wait_ended()
        run.answered = terminal.answered
        run.written = bytes(terminal.written)
        run.sent = scan(run.written)
        if self._report.exists():
            run.told = json.loads(self._report.read_text("utf-8"))

    def capture(self, step: str, *, compared: bool = True) -> None:
        """Remember what stands on the screen, once the input before it is dealt with."""
        self._inputs += 1
        mark = f"{MARK}{self._inputs}"
        self.terminal.wait_for(lambda terminal: terminal.screen.title == mark)
        self.run.screens.append((step, self.terminal.grid() if compared else []))
        self.run.states.append(self.terminal.state())

    def rest(self) -> None:
        """Give the console the time to take in whatever came back to it: until it is silent for a while."""
        silent = 0
        while silent < 5:
            before = len(self.terminal.written)
            self.terminal._read(0.1)
            silent = silent + 1 if len(self.terminal.written) == before else 0

    def look(self, word: str) -> None:
        """Remember what stands on a screen without keys, once `word` is on it."""
        self.terminal.wait_for(word)
        self.run.screens.append((word, self.terminal.grid()))
        self.run.states.append(self.terminal.state())

    def press(self, keys: str, step: str, *, compared: bool = True) -> None:
        """Press one key and look."""
        self.terminal.send(keys.encode())
        self.capture(step, compared=compared)

    def paste(self, name: str, step: str, *, compared: bool = True) -> None:
        """Paste a text, as a terminal does, and look."""
        text = HOSTILE[name].replace("\x00", "").translate({9: 32, 10: 32, 13: 32})
        text = text if self._hostile else harmless(text)
        self.terminal.send(b"\x1b[200~" + text.encode("utf-8") + b"\x1b[201~")
        self.capture(step, compared=compared)


def pasteable(name: str) -> bool:
    """Whether the text can come out of a clipboard: a terminal takes the end of a paste out of it."""
    text = HOSTILE[name]
    return len(text) <= LONG and PASTE_ENDS not in text and _encodes(text)


def fits(name: str) -> bool:
    """Whether a field shows all of it. One that is longer is cut between two of its characters, its twin elsewhere."""
    return cell_len(visible(HOSTILE[name])) < COLUMNS - 16


def _encodes(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def walk(typist: Typist, names: Sequence[str]) -> None:
    """Every case opened, and refused: queue, case, status, message line."""
    typist.terminal.wait_for("LEFT SEV")
    typist.capture("start")
    typist.press("\r", "open")
    for at, name in enumerate(names):
        if at:
            typist.press("J", name)
        typist.press("a", f"{name} refused")


def places(typist: Typist, names: Sequence[str]) -> None:
    """Every text pasted into each field that takes text, left there as a draft, asked for, and got wrong."""
    for name in names:
        typist.press("n", f"{name} note")
        typist.paste(name, f"{name} in a note", compared=fits(name))
        typist.press("\x1b", f"{name} kept as a draft")
        typist.press("n", f"{name} again", compared=fits(name))
        typist.press("\x03", f"{name} cleared")
        for key, what in (("/", "filter"), (":", "command")):
            typist.press(key, f"{name} {what}")
            # A filter is read while it is typed, and what is wrong with it depends on its letters.
            typist.paste(name, f"{name} in the {what}", compared=what != "filter" and fits(name))
            typist.press("\x03", f"{name} left the {what}")
    for name in names:
        for key, what in (("/", "filter"), (":", "command")):
            # What is found, or what is wrong with it, depends on the letters: cells cannot be compared from here on.
            typist.press(key, f"{name} {what}", compared=False)
            typist.paste(name, f"{name} in the {what}", compared=False)
            typist.press("\r", f"{name} asked in the {what}", compared=False)
            typist.press("\x03", f"{name} left the {what}", compared=False)


def moved(control: Run, hostile: Run) -> list[str]:
    """Cells that are not what they are in the control run, where that has no stand-in for a letter of the text."""
    found: list[str] = []
    for (step, calm), (_, wild) in zip(control.screens, hostile.screens, strict=True):
        for y, (line, other) in enumerate(zip(calm, wild, strict=True)):
            if _COUNT.search("".join(other)):
                continue  # says how much there is of a text, or of lines: the twin of a long one is shorter
            for x, (cell, there) in enumerate(zip(line, other, strict=True)):
                if cell != there and cell not in STANDING_IN:
                    found.append(f"{step}: line {y}, column {x}: {cell!r} became {there!r} in {''.join(other).strip()}")
                    break
                if cell in (WIDE_LETTER, WIDE_SIGN) and other[x + 1 : x + 2] != [""]:
                    found.append(f"{step}: line {y}, column {x}: {there!r} is not two cells wide")
                    break
    return found


def differences(control: Run, hostile: Run) -> list[str]:
    """All that tells the two runs apart but letters; nothing, if text cannot do anything."""
    found = [f"sent: {each}" for each in hostile.sent.offenses]
    for calm, wild in zip(control.states, hostile.states, strict=True):
        found += [f"{name}: {was!r} became {wild[name]!r}" for name, was in calm.items() if wild[name] != was]
    # Where the cursor is gets asked now and then, until nobody answered three times.
    if hostile.sent.modes.pop(WHERE, 0) > ASKED or control.sent.modes.pop(WHERE, 0) > ASKED:
        found.append("the cursor's place was asked for too often")
    for what in ("modes", "copies"):
        if getattr(control.sent, what) != getattr(hostile.sent, what):
            found.append(f"{what}: {getattr(hostile.sent, what)} instead of {getattr(control.sent, what)}")
    if hostile.answered:
        found.append(f"{hostile.answered} questions smuggled to the terminal")
    if (control.code, control.told) != (hostile.code, hostile.told):
        found.append(f"ended with {hostile.code}, {hostile.told} instead of {control.code}, {control.told}")
    return found + moved(control, hostile)
