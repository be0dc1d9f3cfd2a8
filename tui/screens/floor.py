"""The floor's screen: lays out the widgets, hands keys on, and paints what changed on one clock."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Mapping
from typing import Final

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.worker import Worker, WorkerState

from casework.caseid import shown
from casework.commands import Command
from casework.untrusted import Untrusted
from client.views.bits import Line
from client.views.facts import facts
from client.views.floor import empty_words
from client.views.whole import only_timeline, whole
from tui.acting import Asked, Carded
from tui.asking import Question, blanks, filter_question
from tui.crash import worker_sentence
from tui.floor import WorkFloor
from tui.forms import FieldFault
from tui.keymap import Keymap
from tui.messages import message_line, prefix_line, tone_named
from tui.offers import footer
from tui.outbox import Outbox
from tui.port import Done
from tui.steering import Steering
from tui.target import Target
from widgets.banner import Banner
from widgets.card import Card
from widgets.casepane import CasePane
from widgets.form import Form
from widgets.message import Footer, Message
from widgets.preview import Preview
from widgets.queue import Queue
from widgets.status import Status

WIDE: Final = 120
TALL: Final = 20
TICK_S: Final = 0.1
"""Ten looks a second at what changed; a key paints at once."""


def monotonic_ms() -> float:
    """ms of a clock that never jumps."""
    return time.monotonic_ns() / 1_000_000


class FloorScreen(Screen[None], inherit_bindings=False):
    """The queue with its preview, or beside the case. Keys come from the keymap alone."""

    AUTO_FOCUS = ""

    DEFAULT_CSS = """
    FloorScreen #main { height: 1fr; }
    FloorScreen #left { height: 1fr; width: 1fr; }
    FloorScreen #pane { display: none; }
    FloorScreen #ask { height: auto; width: 1fr; }
    FloorScreen.pane-open #left { display: none; }
    FloorScreen.pane-open #pane { display: block; }
    FloorScreen.wide #left { display: block; width: 62; }
    FloorScreen.wide #pane { display: block; margin-left: 1; }
    FloorScreen.wide Preview, FloorScreen.low Preview, FloorScreen.crowded Preview,
    FloorScreen.nothing Preview { display: none; }
    """

    def __init__(self, model: WorkFloor, keymap: Keymap) -> None:
        super().__init__()
        self.model = model
        self.keymap = keymap
        self.outbox = Outbox(self._send, monotonic_ms, self._outbox_changed, self._spawn)
        self.steering = Steering(model, keymap, self.outbox, self, monotonic_ms)
        self._notice: Line = ()
        self._opened: str | None = None
        self._timeline = False
        self._second = -1
        self._changed = True
        self._begun = False
        self._moved_at = -10_000.0
        self._question: Question | None = None
        self._shown: Form | Card | None = None

    def compose(self) -> ComposeResult:
        yield Status(id="status")
        yield Banner(id="banner")
        with Horizontal(id="main"):
            with Vertical(id="left"):
                yield Queue(id="queue")
                yield Preview(id="preview")
            yield CasePane(id="pane")
        yield Vertical(id="ask")
        yield Message(id="message")
        yield Footer(id="footer")

    def on_mount(self) -> None:
        self.queue.source(self.model.ids, self.model.row, self.model.index)
        self.set_interval(TICK_S, self._tick)
        self.paint()

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width >= WIDE and event.size.height >= TALL, "wide")
        self.set_class(event.size.height < TALL, "low")
        self.call_after_refresh(self.paint)

    # --- the widgets

    @property
    def queue(self) -> Queue:
        return self.query_one(Queue)

    @property
    def pane(self) -> CasePane:
        return self.query_one(CasePane)

    # --- the clock

    def feed_changed(self) -> None:
        """The session has news; they are painted at the next tick."""
        self._changed = True

    def _tick(self) -> None:
        self.outbox.tick()
        now = self.model.now()
        second = -1 if now is None else now // 1_000
        if self._changed or second != self._second or now is None:
            self._second = second
            self._changed = False
            self.take_in()
            self.paint()

    def take_in(self) -> None:
        """Take in what the mirror changed and keep the selection where it is."""
        if not self.model.refresh():
            return
        settled = self.queue.show()
        if not self._begun and len(self.model.ids):
            # The top case is one key away from the start on.
            self._begun = True
            self.queue.first()
        if settled.lost is not None:
            self._moved_at = monotonic_ms()
            self.say(Untrusted(f"{shown(settled.lost)} left this view"), "quiet")

    def paint(self) -> None:
        """Paint everything that differs from what stands there."""
        floor = self.model.floor()
        self.query_one(Status).tell(floor)
        self.query_one(Banner).tell(floor)
        seen = 0 if self.model.session is None else len(self.model.session.mirror.rows)
        self.queue.empty_words = () if len(self.model.ids) else tuple(empty_words(floor, seen))
        self.queue.repaint()
        self._paint_case()
        self._paint_lines()

    def _paint_case(self) -> None:
        case_id = self.queue.cursor
        case = None if case_id is None else self.model.case(case_id)
        now = self.model.now()
        wide = self.has_class("wide")
        hint = ("No case is selected: j selects one.",) if len(self.model.ids) else ()
        self.set_class(case is None, "nothing")
        if wide or self.has_class("pane-open"):
            if case is None or now is None:
                self.pane.tell(None, (), hint)
            else:
                looking = self.model.looking(case.case_id)
                blocks = only_timeline(case) if self._timeline else whole(case, now, looking=looking)
                self.pane.tell(case, blocks)
        if not wide:
            found = () if case is None or now is None else facts(case, now, looking=self.model.looking(case.case_id))
            self.query_one(Preview).tell(case, found)

    def _paint_lines(self) -> None:
        width = self.size.width
        prefix = self.steering.prefix
        if prefix is not None:
            line = prefix_line(prefix, self.keymap, self.steering.prefix_target(), width)
        else:
            line = self._notice or message_line(self.outbox.entries, monotonic_ms())
        self.query_one(Message).say(line)
        roles = frozenset(() if self.model.session is None else self.model.session.status.roles)
        case_id = self.queue.cursor
        case = None if case_id is None else self.model.case(case_id)
        if self._question is not None:
            offers = self._question.keys
        else:
            me, read_only = self.model.me, self.model.read_only
            offers = footer(case, self.keymap, me=me, roles=roles, read_only=read_only, pane=self.pane_is_open())
        self.query_one(Footer).offer(offers, width)

    # --- keys

    def on_key(self, event: events.Key) -> None:
        if isinstance(self.focused, type(None)):
            event.stop()
            event.prevent_default()
            key = event.character if event.is_printable and event.character else event.key
            self.steering.press("space" if key == " " else key)
            self._paint_lines()

    def paste_dropped(self, count: int) -> None:
        """Keys came faster than fingers: nothing of them counts."""
        self.steering.drop()
        self.say(f"A paste of {count} keys was dropped; nothing of it was done.", "soon")
        self._paint_lines()

    # --- the bridge: what steering asks for

    def target(self) -> Target:
        case_id = self.queue.cursor
        case = None if case_id is None else self.model.case(case_id)
        if case is None:
            return Target(at=monotonic_ms())
        return Target(case.case_id, case.version, case.severity, monotonic_ms())

    def move(self, lines: int) -> None:
        if self.pane_is_open():
            self.pane.scroll_lines(lines)
        else:
            self.queue.move(lines)
            self._paint_case()

    def page(self) -> int:
        return max(1, self.pane.size.height - 3) if self.pane_is_open() else self.queue.page

    def first(self) -> None:
        if self.pane_is_open():
            self.pane.scroll_lines(-1_000_000)
        else:
            self.queue.first()
            self._paint_case()

    def last(self) -> None:
        if self.pane_is_open():
            self.pane.scroll_lines(1_000_000)
        else:
            self.queue.last()
            self._paint_case()

    def select(self, case_id: str) -> None:
        self.queue.select(case_id)
        self._paint_case()

    def view_changed(self) -> None:
        cursor = self.queue.cursor
        if cursor is not None and self.model.index(cursor) is None:
            self.queue.select(None)
        self.queue.show()
        self.paint()

    def open_pane(self, *, timeline: bool) -> None:
        case_id = self.queue.cursor
        if case_id is None:
            self.say("No case is selected: press j.", "quiet")
            return
        self.show_case(case_id)
        self._timeline = timeline
        self.paint()

    def show_case(self, case_id: str) -> None:
        if self._opened not in (None, case_id):
            self._shut(self._opened)
        self._timeline = False
        self._opened = case_id
        self.queue.select(case_id)
        self.set_class(True, "pane-open")
        if self.model.session is not None:
            self._spawn(self._open(case_id))

    def pane_is_open(self) -> bool:
        return self._opened is not None

    def close_pane(self) -> bool:
        if self._opened is None:
            return False
        self._shut(self._opened)
        self._opened = None
        self._timeline = False
        self.set_class(False, "pane-open")
        self.call_after_refresh(self.paint)
        return True

    def ask(self, asked: Asked, draft: Mapping[str, str]) -> None:
        self._pose(Question(asked=asked), blanks(asked, draft))

    def ask_filter(self) -> None:
        self._pose(*filter_question(self.model.filter))

    def ask_command(self) -> None:
        self.say("The command line comes with the palette; ? shows the keys.", "quiet")

    def card(self, carded: Carded) -> None:
        self._close_question()
        self._question = Question(carded=carded)
        end: Line = (("keys wait 0.3 s", "quiet"),)
        keys: Line = (("y", "key"), (f" {carded.yes}", "text"), ("   n", "key"), (" back", "text"))
        self._mount(Card(carded.title, end, (*carded.body, keys)))
        self.steering.open_card(carded)

    def close_asking(self) -> bool:
        return self._close_question()

    def say(self, sentence: str | Untrusted, tone: str = "text") -> None:
        self._notice = ((sentence, tone_named(tone)),) if sentence else ()

    def help(self) -> None:
        from tui.screens.help import HelpScreen

        case_id = self.queue.cursor
        case = None if case_id is None else self.model.case(case_id)
        _ = self.app.push_screen(HelpScreen(self.keymap, self.model, case))

    def copy(self, text: str) -> None:
        self.app.copy_to_clipboard(text)

    def redraw(self) -> None:
        self.app.refresh(repaint=True, layout=True)

    def leave(self) -> None:
        canceled = self.outbox.cancel_all()
        self.app.exit(message=f"{canceled} held acts were not sent." if canceled else None)

    def moved_by_program_at(self) -> float:
        return self._moved_at

    # --- questions

    def on_form_sent(self, event: Form.Sent) -> None:
        event.stop()
        question, form = self._question, self._shown
        if question is None or not isinstance(form, Form):
            return
        try:
            if question.asked is not None:
                self.steering.acting.sent(question.asked, event.values)
            else:
                self.model.ask_for(event.values["filter"])
                self.view_changed()
        except FieldFault as fault:
            form.blame(fault.name, Untrusted(fault.why))
            return
        except question.faults as fault:
            form.blame("filter", Untrusted(getattr(fault, "reason", "")), at=getattr(fault, "position", None))
            return
        if self._question is question:
            self._close_question()
        self.paint()

    def on_form_left(self, event: Form.Left) -> None:
        event.stop()
        if self._question is not None and self._question.asked is not None:
            self.steering.acting.left(self._question.asked, event.values)
        self._close_question()
        self.paint()

    def on_form_typed(self, event: Form.Typed) -> None:
        event.stop()

    def _pose(self, question: Question, form: Form) -> None:
        self._close_question()
        self._question = question
        self.set_class(form.lines_needed > 4, "crowded")
        self._mount(form)

    def _mount(self, widget: Form | Card) -> None:
        self._shown = widget
        _ = self.query_one("#ask").mount(widget)

    def _close_question(self) -> bool:
        if self._question is None:
            return False
        self._question = None
        self.set_focus(None)
        if self._shown is not None:
            _ = self._shown.remove()
            self._shown = None
        self.set_class(False, "crowded")
        return True

    # --- the session

    async def _send(self, case_id: str, command: Command) -> Done:
        assert self.model.session is not None
        return await self.model.session.do(case_id, command)

    async def _open(self, case_id: str) -> None:
        if self.model.session is not None:
            await self.model.session.open_case(case_id)
            self._changed = True

    def _shut(self, case_id: str) -> None:
        if self.model.session is not None:
            self._spawn(self.model.session.close_case(case_id))

    def _spawn(self, work: Awaitable[object]) -> None:
        self.run_worker(work, exit_on_error=False)

    def _outbox_changed(self) -> None:
        self.model.sending = self.outbox.sending
        self._notice = ()
        self._changed = True

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        if event.state == WorkerState.ERROR and event.worker.error is not None:
            self.say(worker_sentence(event.worker.error), "late")
            self._changed = True
