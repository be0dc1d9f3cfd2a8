"""The floor's widgets in their places, and what is painted where; it reads the model, and holds no keys."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final, TypeAlias

from msgspec.structs import replace
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.geometry import Size

from casework.model import Common
from client.views.bits import Line
from client.views.facts import Fact, due, facts
from client.views.floor import empty_words
from client.views.row import QueueRow
from client.views.whole import sections
from tui.askarea import AskArea
from tui.caselook import CaseLook
from tui.floor import WorkFloor
from tui.keymap import Keymap
from tui.markwords import marks_footer
from tui.offers import footer
from widgets.banner import Banner
from widgets.boundary import Fault, Faulted, bounded, unshown_row
from widgets.casepane import CasePane
from widgets.message import Footer, Message
from widgets.preview import Preview
from widgets.queue import Queue
from widgets.refused import MOST, Refused
from widgets.status import Status
from widgets.toned import Toned

WIDE: Final = 120
WIDER: Final = 158
"""From here on the queue's summaries beside the case are as long as most are."""
WIDEST: Final = 190
"""From here on the queue beside the case has all its columns."""
TALL: Final = 20
"""From this size on the case stands beside the queue; below TALL lines there is one pane and no preview."""
CROWDED: Final = 4
"""A form or card of more lines than this takes the preview's place."""


Offers: TypeAlias = tuple[tuple[str, str], ...]


class FloorView(Vertical):
    """Queue and preview, or queue and case side by side, or one of them."""

    DEFAULT_CSS = """
    FloorView #main { height: 1fr; }
    FloorView #left { height: 1fr; width: 1fr; }
    FloorView #pane { display: none; }
    FloorView.pane-open #left { display: none; }
    FloorView.pane-open #pane { display: block; }
    FloorView.wide #left { display: block; width: 62; }
    FloorView.wider #left { width: 68; }
    FloorView.wide #pane { display: block; margin-left: 1; }
    FloorView.widest #left { width: 88; }
    FloorView.wide Preview, FloorView.low Preview, FloorView.crowded Preview,
    FloorView.nothing Preview { display: none; }
    """

    def __init__(self, model: WorkFloor, keymap: Keymap, look: CaseLook) -> None:
        super().__init__()
        self._look = look
        self.model = model
        self.keymap = keymap
        self.opened: str | None = None
        """The case that is open, whole."""

    def compose(self) -> ComposeResult:
        yield Status(id="status")
        yield Banner(id="banner")
        with Horizontal(id="main"):
            with Vertical(id="left"):
                yield Queue(id="queue")
                yield Preview(id="preview")
            yield CasePane(id="pane")
        yield AskArea(id="ask")
        yield Refused(id="refused")
        yield Message(id="message")
        yield Footer(id="footer")

    def on_mount(self) -> None:
        model = self.model
        self.queue.source(model.ids, self._row, model.index, model.marks, model.tally.is_s0)

    def _row(self, case_id: str) -> QueueRow | None:
        """The drawable row, or in its place one that says that it cannot be shown: the others stand."""
        try:
            return self.model.row(case_id)
        except Exception as error:  # noqa: BLE001 - one case may not take the queue with it
            fault = Fault.of(Queue.LINE, error)
            self.post_message(Faulted(fault))
            return unshown_row(case_id, case_id in self.model.tally.s0, fault)

    @property
    def queue(self) -> Queue:
        return self.query_one(Queue)

    @property
    def pane(self) -> CasePane:
        return self.query_one(CasePane)

    @property
    def asking(self) -> AskArea:
        return self.query_one(AskArea)

    def fit(self, size: Size) -> None:
        """Arrange for a screen of `size`."""
        self.set_class(size.width >= WIDE and size.height >= TALL, "wide")
        self.set_class(size.width >= WIDER and size.height >= TALL, "wider")
        self.set_class(size.width >= WIDEST and size.height >= TALL, "widest")
        self.set_class(size.height < TALL, "low")

    def paint(self, lines: Sequence[Line]) -> None:
        """Paint everything that differs from what stands there; `lines` are the message."""
        self.paint_around(lines)
        self.paint_rows()

    def paint_rows(self, lines: range | None = None) -> None:
        """Paint the queue, or some lines of it."""
        with self._part(Queue):
            self.queue.repaint(lines)

    def paint_around(self, lines: Sequence[Line]) -> None:
        """Paint all but the queue."""
        with self._part(Status, Banner):
            self.model.window = self.queue.window
            floor = self.model.floor()
            self.query_one(Status).tell(floor)
            self.query_one(Banner).tell(floor)
            seen = 0 if self.model.session is None else len(self.model.session.mirror.rows)
            self.queue.empty_words = () if len(self.model.ids) else tuple(empty_words(floor, seen))
        self.paint_case()
        self.paint_lines(lines)

    def paint_case(self) -> None:
        """Paint the preview and the pane."""
        with self._part(CasePane):
            self._paint_pane()
        with self._part(Preview):
            self._paint_preview()

    @property
    def pane_is_shown(self) -> bool:
        """Whether the case pane stands on the screen."""
        return self.has_class("wide") or self.opened is not None

    def _paint_pane(self) -> None:
        if not self.pane_is_shown:
            return
        case, now = self._selected(), self.model.now()
        if case is None or now is None:
            self.pane.tell(None, (), ("No case is selected: j selects one.",) if len(self.model.ids) else ())
        else:
            found = sections(case, now, self._look.beside(case, columns=self.pane.columns))
            self.pane.tell(case, found, due=due(case, now))

    def _paint_preview(self) -> None:
        case, now = self._selected(), self.model.now()
        self.set_class(case is None, "nothing")
        if self.has_class("wide"):
            return
        found: tuple[Fact, ...] = ()
        if case is not None and now is not None:
            looking = self.model.looking(case.case_id)
            found = facts(case, now, looking=looking, progress=self._look.progress(case))
        self.query_one(Preview).tell(case, found)

    def refused(self, lines: Sequence[Line]) -> None:
        """Name what a bulk act did not do."""
        more = f" and {len(lines) - MOST + 1} more \u00b7 :messages lists them all \u00b7 Esc: seen"
        self.query_one(Refused).tell(lines, ((more, "quiet"),))

    def paint_lines(self, lines: Sequence[Line]) -> None:
        """Paint the message and the footer."""
        with self._part(Message):
            self.query_one(Message).say(lines)
        with self._part(Footer):
            self._paint_footer()

    def _paint_footer(self) -> None:
        asking = self.asking
        form = asking.form
        if form is None:
            self.queue.place_cursor()
        carded = None if asking.question is None else asking.question.carded
        needed = form.lines_needed if form is not None else 0 if carded is None else len(carded.body)
        self.set_class(needed > CROWDED, "crowded")
        if asking.question is not None:
            offers = asking.question.keys(form)
        elif len(self.model.marks):
            offers = marks_footer(self.keymap)
        else:
            model = self.model
            roles = frozenset(() if model.session is None else model.session.status.roles)
            pane = self.opened is not None
            offers = footer(
                self._selected(), self.keymap, me=model.me, roles=roles, read_only=model.read_only, pane=pane
            )
            if pane:
                offers = self._inside(offers)
        self.query_one(Footer).offer(offers, self.screen.size.width)

    def _inside(self, offers: Offers) -> Offers:
        """The keys of an open case: first those of the section that is looked at, then what the case asks for."""
        keys = self.keymap
        own: Offers = ()
        if self.pane.focused == "runbook" and self.pane.chosen is not None:
            own = ((keys.keys_of("tick"), "tick"),)
        elif self.pane.focused == "related" and self.pane.chosen is not None:
            own = ((keys.keys_of("open"), "go to it"),)
        return (*own, *offers[: -2 - len(own)], (keys.keys_of("next_section"), "parts"), *offers[-2:])

    @contextmanager
    def _part(self, *kinds: type[Toned]) -> Iterator[None]:
        """What is worked out in this block belongs to these parts: if it fails, they say so and the rest is painted."""
        parts = [self.query_one(kind) for kind in kinds]
        faults: list[Fault] = []
        with bounded(parts[0].PART, faults.append):
            yield
        for part in parts:
            if faults:
                part.fail(replace(faults[0], part=part.PART))
            else:
                part.stand()

    def open(self, case_id: str) -> None:
        """Show the whole case."""
        self.opened = case_id
        self.queue.select(case_id)
        self.set_class(True, "pane-open")

    def close(self) -> None:
        """Show no whole case."""
        self.opened = None
        self.pane.look_at("case")
        self.set_class(False, "pane-open")

    @property
    def selected(self) -> str | None:
        """The case that keys are about: the open one, also when the view no longer shows it, else the cursor's."""
        if self.opened is not None and self.model.case(self.opened) is not None:
            return self.opened
        return self.queue.cursor

    def _selected(self) -> Common | None:
        case_id = self.selected
        return None if case_id is None else self.model.case(case_id)
