"""A console in a terminal whose cases are made of given texts: `python -m tests.proofs.hostile_console SETTING.json`.

The setting says which texts, which guards are off, and where to write what became of it. Nothing of the product knows
these switches: a guard is taken out here, from outside.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

from msgspec.structs import replace
from rich.segment import Segment
from textual import events
from textual.app import ComposeResult
from textual.color import Color
from textual.strip import Strip
from textual.widget import Widget

import tui.screens.floor
import tui.terminal.driver
import widgets.paint
from casework.model import Case, Row
from casework.untrusted import Untrusted, raw
from tests.client.outsidetext import filled
from tests.tui.sample_floor import HOUR, MINUTE, NOW, SampleMirror, SampleOutcome, SampleSession, row
from tui.app import Watchfloor
from tui.terminal.abilities import Abilities
from tui.terminal.run import run_screen
from tui.wall import WallApp
from widgets.gate import Gate

MARK: Final = "input "
"""How a title begins that says how many inputs were dealt with."""


class NoGate(Gate):
    """Lets everything through."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return segments


class AnyKey:
    """What Textual itself would make of the terminal's input."""

    def read(self, data: bytes, *, final: bool = False) -> str:
        return data.decode("utf-8", "replace")

    def tick(self) -> str:
        return ""


class Careless(Widget):
    """A forgotten place: it paints what it was given."""

    DEFAULT_CSS = "Careless { dock: top; height: 1; }"

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    def render_line(self, y: int) -> Strip:
        return Strip([Segment(f"x{self.text[:60]}"), Segment("|end")])


def case_id(at: int) -> str:
    return f"C-{at + 1:08d}"


def hostile_case(at: int, fields: dict[str, str]) -> Case:
    """A whole case with outside text in every field that has one, also in those that are ours by agreement only."""
    base = row(at + 1, "DOX", "S2", "", left_ms=HOUR + at * MINUTE)
    case: Case = filled(Case, "", {**fields, "narrative": fields["summary"]}, at=NOW)
    return replace(
        case,
        case_id=case_id(at),
        opened_seq=at + 1,
        sub_type=None,
        severity="S2",
        band=2,
        state="ACKED" if at % 2 else "NEW",
        owner=fields["text"] if at % 2 else None,
        flags=replace(case.flags, snoozed_until=None),
        language=fields["short"],
        boundary=fields["short"],
        stub=at % 5 == 4,
        clocks=(replace(base.clocks[0], party=fields["short"], rule=fields["text"]),),
        subjects=(replace(case.subjects[0], tz=fields["short"]),),
        opened_at=NOW - MINUTE,
        ended_at=None,
        retired_at=None,
        merged_into=None if at % 3 else fields["short"],
        recent=(),
    )


def row_of(case: Case) -> Row:
    """The case as lists carry it."""
    return Row(**{name: getattr(case, name) for name in Row.__struct_fields__ if name not in ("counts", "afoot")})


class HostileSession(SampleSession):
    """Who is logged in, who looks on and what the feed answers: the text of the case that was opened last."""

    def __init__(self, cases: list[dict[str, str]]) -> None:
        super().__init__()
        whole = [hostile_case(at, fields) for at, fields in enumerate(cases)]
        self.texts = {case_id(at): fields for at, fields in enumerate(cases)}
        self.mirror = SampleMirror(map(row_of, whole))
        self.cases = {case.case_id: case for case in whole}
        self.presence = {name: [(fields["text"], fields["short"])] for name, fields in self.texts.items()}

    async def open_case(self, case_id: str) -> Case | None:
        fields = self.texts[case_id]
        phase = "offline" if int(case_id[-8:]) % 3 == 0 else "live"
        self.set_status(principal=fields["short"], detail=fields["text"], phase=phase)
        return await super().open_case(case_id)

    async def do(self, case_id: str, command: Any) -> SampleOutcome:
        self.sent.append((case_id, command))
        return SampleOutcome(ok=False, sentence=self.texts[case_id]["text"])


class HostileConsole(Watchfloor):
    """The console, with a record of the keys that reached it; its title counts the inputs that are dealt with."""

    careless = ""
    inputs = marked = quiet = 0

    def compose(self) -> ComposeResult:
        yield from super().compose()

    def on_mount(self) -> None:
        super().on_mount()
        if self.careless:
            _ = self.floor.mount(Careless(self.careless))
        self.inputs, self.marked = 1, 0
        self.set_interval(0.02, self._mark)

    async def on_event(self, event: events.Event) -> None:
        input_ = isinstance(event, events.Key | events.Paste) and not event.is_forwarded
        if isinstance(event, events.Key) and input_:
            self.pressed.append(event.key)
        await super().on_event(event)
        self.inputs += input_

    def steps_ms(self) -> float:
        """ms of a clock that counts inputs."""
        return self.inputs * 1_000.0

    def _mark(self) -> None:
        """Once nothing is left to do for an input, say so behind everything that was painted for it."""
        floor, screen = self.floor, self.screen
        at_work = floor._due or floor._news or any(not worker.is_finished for worker in self.workers)
        unpainted = screen._dirty_widgets or screen._layout_required or screen._repaint_required
        held = self._owed or self.held_ms() != 0
        if at_work or unpainted or held or self.inputs == self.marked:
            self.quiet = 0
        else:
            self.quiet += 1
        if self.quiet > 2 and self._driver is not None:
            self.marked, self.quiet = self.inputs, 0
            self._driver.write(f"\x1b]2;{MARK}{self.marked}\x07")

    pressed: list[str]


class NeverTorn:
    """What a torn answer falls apart into counts as keys."""

    def belongs(self, key: str, now: float, *, awaited: bool) -> bool:
        return False


def as_it_came(text: Untrusted | str, *, multiline: bool = False) -> str:
    """No stand-ins."""
    return text if isinstance(text, str) else raw(text)


def take_out(holder: object, name: str, instead: object) -> None:
    """Put `instead` where something of the product is."""
    assert hasattr(holder, name)
    setattr(holder, name, instead)


def main(setting: dict[str, Any]) -> None:
    """Run until `q` or a signal, then report."""
    off = setting["off"]
    if "paint" in off:
        take_out(widgets.paint, "visible", as_it_came)
    if "reader" in off:
        take_out(tui.terminal.driver, "KeyReader", AnyKey)
        take_out(tui.terminal.driver, "TornAnswer", NeverTorn)
    gate = NoGate() if "gate" in off else Gate()
    session = HostileSession(setting["cases"])
    able = Abilities(colors="256")
    if setting["wall"]:
        wall = WallApp(lambda: session, name=setting["name"], gate=gate, abilities=able)
        run_screen(wall, mouse=False)
        report: dict[str, Any] = {"failed": wall.failed, "faults": wall.faults.count, "sent": [], "keys": []}
    else:
        app = HostileConsole(lambda: session, name=setting["name"], gate=gate, abilities=able)
        app.pressed = []
        app.careless = setting["careless"]
        # A second for each input: what is shown for a while is gone after as many steps in every run.
        floor = app.floor
        for holder, name in ((tui.screens.floor, "monotonic_ms"), (floor.outbox, "now"), (floor.steering, "_now")):
            take_out(holder, name, app.steps_ms)
        run_screen(app, mouse=False)
        report = {
            "failed": app.failed,
            "faults": app.faults.count,
            "sent": [[name, type(command).__name__] for name, command in session.sent],
            "keys": app.pressed,
            "view": app.model.view,
        }
    Path(setting["report"]).write_text(json.dumps(report), "utf-8")


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text("utf-8")))
