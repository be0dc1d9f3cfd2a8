"""The floor's screen: hands keys to the steering and does what it asks; takes in the feed's news on one clock."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

from msgspec.structs import replace
from textual import events
from textual.app import ComposeResult
from textual.worker import Worker, WorkerState

from casework.caseid import shown
from casework.commands import Command
from casework.untrusted import Untrusted
from client.config import Config
from client.views.bits import Line
from client.views.blocks import SectionName
from tui.acting import Asked
from tui.asking import Question, answer_line, card_of, command_question, form_of
from tui.batches import Batches
from tui.cards import Carded
from tui.caselook import CaseLook
from tui.crash import failed_sentence, worker_sentence
from tui.filtering import Filtering
from tui.floor import WorkFloor
from tui.floorview import FloorView
from tui.following import Following
from tui.journal import JournalFile
from tui.keeping import Keeping
from tui.keymap import Keymap
from tui.markwords import marks_line, refused_lines
from tui.messages import message_line, prefix_lines, tone_named
from tui.newspaint import NewsPaint
from tui.offers import against
from tui.outbox import SETTLE_S, Outbox
from tui.port import Done
from tui.questions import Questions
from tui.screens.help import HelpScreen
from tui.screens.kept import KeptFloor
from tui.screens.messages import MessagesScreen
from tui.screens.surrounded import Surrounded
from tui.search import Search
from tui.steering import TICK_MS, Steering
from tui.target import Target
from tui.terminal.abilities import Abilities
from tui.troubles import Troubles
from widgets.boundary import Fault, Faulted, Faults, bounded
from widgets.casepane import CasePane

APPROVALS: Final = "is:approval"
TICK_S: Final = TICK_MS / 1_000
"""Ten looks a second at what changed; a key paints at once."""


def monotonic_ms() -> float:
    """ms of a clock that never jumps."""
    return time.monotonic_ns() / 1_000_000


class FloorScreen(Surrounded, inherit_bindings=False):
    """Keys come from the keymap alone: neither this screen nor the application has bindings."""

    AUTO_FOCUS = ""

    def __init__(
        self,
        model: WorkFloor,
        keymap: Keymap,
        faults: Faults | None = None,
        journal: Callable[[str], JournalFile] | None = None,
        config: Config | None = None,
        able: Abilities | None = None,
    ) -> None:
        super().__init__()
        self.surround(model, config or Config(idle_minutes=0), able or Abilities())
        self.model = model
        self.keymap = keymap
        self.faults = faults or Faults()
        self.look = CaseLook(model, keymap)
        self.view = FloorView(model, keymap, self.look)
        self.following = Following(model, self.look, self._spawn)
        self.outbox = Outbox(self._send, monotonic_ms, self._outbox_changed, self._spawn, self._settle)
        self.batches = Batches(self._send_many, monotonic_ms, self._outbox_changed, self._spawn, self._settle)
        self.steering = Steering(model, keymap, self.outbox, self, monotonic_ms, self.batches)
        self.steering.stalls.drained_at = self.drained_at
        self.questions = Questions(self)
        self.search = Search(model, monotonic_ms)
        self.search.changed = self._rearranged
        self.filtering = Filtering(model, self)
        self.keeping = Keeping(model, self.outbox, KeptFloor(self), journal, monotonic_ms)
        self.troubles = Troubles(lambda: self.care.hook_fault, lambda: self.keeping.fault)
        self.pasted: Callable[[float], bool] = lambda at: False
        """Whether a key that came in at that time (ms) was part of a paste."""
        self.heard_all: Callable[[], Awaitable[None]] = lambda: asyncio.sleep(0)
        """Returns once every key that came in so far was handled."""
        self._newspaint = NewsPaint(self)
        self._notice: Line = ()
        self._second = -1
        self._news = self._due = True
        self._phase = ""
        self._begun = False
        self._at_top = True
        """Whether the selection is the first case because nobody chose one yet."""

    def compose(self) -> ComposeResult:
        self.view.fit(self.app.size)
        yield self.view

    def on_mount(self) -> None:
        self.set_interval(TICK_S, self._tick)
        with bounded("What the feed told", self.failed):
            self._take_in()
        self.paint()

    def on_resize(self, event: events.Resize) -> None:
        self.view.fit(event.size)
        self.call_after_refresh(self.paint)

    # --- the clock

    def feed_changed(self) -> None:
        """The session has news; they are looked at with the next tick, the first rows at once."""
        self._news = True
        if not self._begun and self.is_mounted:
            self.call_later(self._tick)

    def _tick(self) -> None:
        """What fails in here costs this part of this look: time goes on, and so does what is shown."""
        with bounded("An act on its way", self.failed):
            self.steering.tick()
            self.outbox.tick()
        with bounded("The journal", self.failed):
            self.keeping.tick()
        with bounded("Calls and the line to this terminal", self.failed):
            if self.care.tick(lately=self.outbox.lately):
                self.put_away()
            if (trouble := self.troubles.news()) is not None:
                self.say(trouble, "soon")
                self._due = True
        with bounded("The clock of this screen", self.failed):
            self._look()

    def _look(self) -> None:
        if self._newspaint.busy or not self.news_due():
            return
        now = self.model.now()
        second = -1 if now is None else now // 1_000
        news, self._news = self._news, False
        due, self._due = self._due or second != self._second, False
        self._second = second
        # A heartbeat is news as well, but nothing that has to be seen before the second is over.
        moved = False
        if news or due or self.search.took:
            with bounded("What the feed told", self.failed):
                moved = self._take_in()
        phase = self.model.phase
        self.search.wake()
        cursor = self.view.selected
        moved = self.following.glance(cursor, monotonic_ms(), past=self.view.pane_is_shown) or moved
        if moved or due or phase != self._phase:
            self._phase = phase
            # What time alone changes are some cells of each row: in one frame they take half the bytes.
            self._newspaint.begin(whole=not moved)

    def _take_in(self) -> bool:
        """Take in what the mirror changed and keep the selection where it is; whether any case changed."""
        changed = self.model.refresh()
        while self.model.unread:
            self.failed(self.model.unread.pop())
        if not changed and not self.search.took:
            return False
        self.search.took = False
        self._keep_selected(self.steering.seen.target().case_id)
        return True

    def _keep_selected(self, before: str | None) -> None:
        """The list changed: the selection stays where it is, as far as that is possible; what it lost is said."""
        settled = self.view.queue.settle()
        if self._at_top and len(self.model.ids):
            # The top case is one key away from the start on, and what comes in later may stand above it.
            self._begun = True
            self._at_top = not (self.model.whole and self.model.phase == "live")
            self.view.queue.first()
        if (settled.lost or before) not in (None, self.view.selected):
            self.steering.seen.moved()
        if settled.lost is not None:
            if settled.lost not in self.outbox.lately | self.batches.lately:
                self.say(f"{shown(settled.lost)} left this view", "quiet")

    def _rearranged(self) -> None:
        """A search changed the list between two looks: lines are counted from where the selected case stands by now."""
        with bounded("What the feed told", self.failed):
            self._keep_selected(self.steering.seen.target().case_id)
            self.paint_selected()
            self.paint_news(whole=False)

    def paint(self) -> None:
        """Paint everything that differs from what stands there."""
        self._phase = self.model.phase
        self.paint_selected()
        self.paint_around()
        self.view.paint_rows()

    def paint_selected(self) -> None:
        """Paint the selected row: it is what the next key is about."""
        self.view.queue.away = self.view.queue.cursor != self.view.selected
        self.view.queue.repaint_selected()
        self._note_selected()

    def paint_around(self) -> None:
        """Paint all but the queue."""
        self.view.refused(refused_lines(self.batches.unseen))
        self.filtering.refresh()
        self.view.paint_around(self._lines())

    def paint_rows(self, lines: range) -> None:
        """Paint some lines of the queue."""
        self.view.paint_rows(lines)

    def rows(self) -> range:
        """The lines of the queue that rows stand on."""
        return self.view.queue.rows

    def _paint_case(self) -> None:
        # The row is what the eye waits for; what is said of its case comes a moment later.
        self.view.queue.place_cursor()
        self.paint_first()
        self.view.paint_case()
        self._note_selected()

    def _note_selected(self) -> None:
        """What stands on the selected row now is what the next key is about."""
        cursor = self.view.selected
        self.steering.seen.show(None if cursor is None else self.model.case(cursor))

    def _lines(self) -> tuple[Line, ...]:
        prefix = self.steering.prefix
        if prefix is not None:
            target = self.steering.prefix_target()
            case = None if target is None or target.case_id is None else self.model.case(target.case_id)
            return prefix_lines(
                prefix, self.keymap, target, self.size, lambda bound: against(bound, case, self.model) is None
            )
        return (self._notice or self._said(),)

    def _said(self) -> Line:
        """What was set going last, else what is marked."""
        batch, newest = self.batches.said(), max((entry.at for entry in self.outbox.entries), default=0.0)
        single = message_line(self.outbox)
        if batch is not None and (not single or batch[0] >= newest):
            return ((Untrusted(batch[1]), tone_named(batch[2])),)
        if single or not (marks := self.model.marks):
            return single
        return marks_line(marks, self.steering.marking.count, marks.split(self.model.ids)[1])

    # --- keys

    def on_key(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()
        self.search.give_way()
        self._at_top = False
        form = self.view.asking.form
        if form is not None:
            # The form takes its keys from here, one after the other: none can overtake another on its way.
            step = form.press(event.key, event.character if event.is_printable else None)
            if step is not None:
                self.questions.ended(form, step, event.time * 1_000)
            self.filtering.typed()
            self.view.paint_lines(self._lines())
            self.paint_now()
            return
        if self.pasted(event.time * 1_000):
            return
        key = event.character if event.is_printable and event.character else event.key
        self.steering.press("space" if key == " " else key, event.time * 1_000)
        # What is out of sight is said on the status lines.
        self._due = self._due or self.model.window != self.view.queue.window
        self.view.paint_lines(self._lines())
        self.paint_now()

    def paste_dropped(self, count: int) -> None:
        """Keys came faster than fingers: nothing of them counts."""
        self.steering.drop()
        self.filtering.left()
        self.view.asking.close()
        self.outbox.drop_unsettled()
        self.batches.drop_unsettled()
        self.say(f"A paste of {count} keys was dropped; nothing of it was done.", "soon")
        self.view.paint_lines(self._lines())

    # --- what steering and acting ask for

    def target(self) -> Target:
        marked, hidden = self.model.marks.split(self.model.ids)
        return replace(self.steering.seen.target(), marked=marked, out_of_view=hidden)

    def move(self, lines: int) -> None:
        if self.pane_is_open():
            self.view.pane.move(lines)
        else:
            self.view.queue.move(lines)
            self._paint_case()

    def page(self) -> int:
        return self.view.pane.room if self.pane_is_open() else self.view.queue.page

    def first(self) -> None:
        if self.pane_is_open():
            self.view.pane.move(-1_000_000)
        else:
            self.view.queue.first()
            self._paint_case()

    def last(self) -> None:
        if self.pane_is_open():
            self.view.pane.move(1_000_000)
        else:
            self.view.queue.last()
            self._paint_case()

    def select(self, case_id: str) -> None:
        self._at_top = False
        self.view.queue.select(case_id)
        if self.view.opened is not None:
            self.view.opened = case_id
            self.following.open(case_id)
        self._paint_case()

    def marks_changed(self) -> None:
        self.view.queue.repaint()
        self._due = True

    def marks_done(self) -> None:
        self.model.marks.clear()
        self.marks_changed()

    def view_changed(self) -> None:
        cursor = self.view.queue.cursor
        if cursor is not None and self.model.index(cursor) is None:
            self.view.queue.select(None)
        self.view.queue.show()
        # What another order moved above the selected case is no news.
        self.view.queue.select(self.view.queue.cursor)
        self.search.wake()
        self.paint()

    def open_pane(self, *, timeline: bool = False, runbook: bool = False) -> None:
        cursor = self.view.selected
        if cursor is None:
            self.say("No case is selected: press j.", "quiet")
            return
        self._open(cursor, "timeline" if timeline else "runbook" if runbook else self.view.pane.focused)

    def show_case(self, case_id: str, *, runbook: bool = False) -> None:
        self._open(case_id, "runbook" if runbook else "case")

    def _open(self, case_id: str, section: SectionName) -> None:
        self.view.open(case_id)
        self.following.open(case_id)
        self.view.pane.look_at(section)
        self.paint()

    def case_pane(self) -> CasePane:
        return self.view.pane

    def pane_is_shown(self) -> bool:
        return self.view.pane_is_shown

    def pane_is_open(self) -> bool:
        return self.view.opened is not None and self.view.selected is not None

    def close_pane(self) -> bool:
        if self.view.opened is None:
            return False
        self.following.close()
        self.view.close()
        self.call_after_refresh(self.paint)
        return True

    def ask(self, asked: Asked, draft: Mapping[str, str]) -> None:
        self.view.asking.pose(Question(asked=asked), form_of(asked, draft), monotonic_ms())

    def ask_filter(self) -> None:
        self.view.asking.pose(Question(), self.filtering.open(), monotonic_ms())

    def ask_command(self) -> None:
        self.view.asking.pose(*command_question(self.target(), self.questions.completions), monotonic_ms())

    def card(self, carded: Carded) -> None:
        self.view.asking.pose(Question(carded=carded), card_of(carded), monotonic_ms())
        self.steering.open_card(carded)

    def card_told(self, carded: Carded, body: Sequence[Line]) -> None:
        question = self.view.asking.question
        if question is not None and question.carded is carded and (card := self.view.asking.card) is not None:
            card.tell(body)

    def form_told(self, draft_key: tuple[str, str], values: Mapping[str, str]) -> None:
        question = self.view.asking.question
        asked = None if question is None else question.asked
        if asked is not None and asked.draft_key == draft_key and (form := self.view.asking.form) is not None:
            form.fill(values)

    def card_typed(self, carded: Carded, text: str) -> None:
        if (card := self.view.asking.card) is not None:
            card.answer(answer_line(carded, text))

    def close_asking(self) -> bool:
        return self.view.asking.close()

    def say(self, sentence: str | Untrusted, tone: str = "text") -> None:
        self._notice = ((sentence, tone_named(tone)),) if sentence else ()

    def help(self) -> None:
        cursor = self.view.selected
        _ = self.app.push_screen(
            HelpScreen(
                self.keymap,
                self.model,
                None if cursor is None else self.model.case(cursor),
                self.size.width,
                self.care.lines(),
            )
        )

    def messages(self) -> None:
        entries = sorted((*self.outbox.entries, *self.batches.entries()), key=lambda entry: entry.at)
        _ = self.app.push_screen(MessagesScreen(entries, monotonic_ms(), self.model.now(), self.troubles.lasting))

    def asked(self) -> bool:
        return self.view.asking.question is not None

    def left_alone(self) -> None:
        asking = self.view.asking
        if asking.question is not None and asking.question.asked is not None and asking.form is not None:
            self.steering.acting.left(asking.question.asked, asking.form.values)
        self.steering.drop()
        asking.close()
        self.keeping.locked = True

    def come_back(self) -> None:
        super().come_back()
        self.keeping.locked = False

    def spawn(self, work: Awaitable[None]) -> None:
        self._spawn(work)

    def show_approvals(self) -> None:
        """The cases with an action of somebody else that waits for a second person, before or after it went."""
        self.questions.filter(APPROVALS)
        self.say("What others proposed. oy shows the whole request on the selected case; 0 leads back.", "quiet")

    def redraw(self) -> None:
        self.repaint_all()

    def leave(self) -> None:
        self.outbox.cancel_all()
        self.keeping.left()
        self.app.exit()

    def lost(self) -> None:
        """The terminal is gone. What is held is written down as not sent, and then canceled."""
        self.keeping.lost()
        self.outbox.cancel_all()
        self.outbox.drop_unsettled()

    # --- answers

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        if (form := self.view.asking.form) is not None:
            form.insert(event.text)
            self.filtering.typed()

    # --- what fails

    async def on_event(self, event: events.Event) -> None:
        """A fault in what an event leads to is said and counted; a screen that cannot be built ends the console."""
        if isinstance(event, events.Compose | events.Mount):
            await super().on_event(event)
            return
        with bounded("What that key asked for" if isinstance(event, events.Key) else "The screen", self.failed):
            await super().on_event(event)

    def on_faulted(self, message: Faulted) -> None:
        message.stop()
        self.failed(message.fault)

    def failed(self, fault: Fault) -> None:
        """Some part failed; the first time it is said."""
        if self.faults.note(fault):
            self.say(failed_sentence(fault), "late")
            self.call_later(lambda: self.view.paint_lines(self._lines()))

    # --- the session

    async def _send(self, case_id: str, command: Command) -> Done:
        assert self.model.session is not None
        return await self.model.session.do(case_id, command)

    async def _send_many(self, items: Sequence[tuple[str, Command]]) -> Sequence[Done]:
        assert self.model.session is not None
        return await self.model.session.do_many(items)

    def _spawn(self, work: Awaitable[object]) -> None:
        self.run_worker(work, exit_on_error=False)

    async def _settle(self) -> None:
        await asyncio.sleep(SETTLE_S)
        await self.heard_all()

    def _outbox_changed(self) -> None:
        self.model.sending = self.outbox.sending | self.batches.sending
        self.keeping.acts_changed()
        self._notice = ()
        self._due = True

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        if event.state == WorkerState.ERROR and event.worker.error is not None:
            self.faults.note(Fault.of("The background", event.worker.error))
            self.say(worker_sentence(event.worker.error), "late")
            self._due = True
