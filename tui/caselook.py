"""What is known of a case beside the case itself: where its runbook stands, what happened, what belongs to it."""

from __future__ import annotations

from collections.abc import Sequence

from casework.events import Event
from casework.model import Case, Common, Row
from casework.runbook import Progress, Runbook, progress
from client.views.blocks import Block
from client.views.material import MOST
from client.views.related import same_subject
from client.views.timeline import timeline
from client.views.whole import Beside
from tui.floor import WorkFloor
from tui.keymap import Keymap


class CaseLook:
    """The floor's model, seen from one case. What was unfolded is forgotten with the case."""

    def __init__(self, model: WorkFloor, keymap: Keymap) -> None:
        self._model = model
        self._keymap = keymap
        self._runbooks: dict[str, Runbook] = {}
        self._catalogue: object = None
        self._unfolded: tuple[str, int] = ("", 0)
        self._same: dict[str, tuple[Row, ...] | None] = {}
        self._laid: tuple[Sequence[Event], tuple[Block, ...]] = ((), ())

    def known(self, case_id: str | None) -> tuple[object, ...]:
        """What is known of a case beside its row, to be compared by identity with what was known before."""
        session = self._model.session
        if session is None or case_id is None:
            return (None, None, None, None)
        return (session.catalogue, session.case(case_id), session.events(case_id), self._same.get(case_id))

    def progress(self, case: Common) -> Progress | None:
        """Where the runbook of a case stands; None if that is not known (yet)."""
        runbook = self._runbook(case.case_type)
        if runbook is None or case.stub:
            return None
        if isinstance(case, Case):
            return progress(runbook, case, case.runbook)
        # A row says how many steps are ticked, not which.
        return progress(runbook, case, ()) if isinstance(case, Row) and not case.counts.runbook else None

    def beside(self, case: Common, *, columns: bool = False) -> Beside:
        """All of it, for the case pane; `columns`: its sections stand beside each other."""
        model = self._model
        session = model.session
        happened = None if session is None else session.events(case.case_id)
        asked = case.case_id in self._same
        return Beside(
            looking=model.looking(case.case_id),
            progress=self.progress(case),
            catalogued=session is not None and session.catalogue is not None,
            happened=None if happened is None else self._timeline(happened),
            same=self._same.get(case.case_id) if asked else (),
            find=model.case,
            unfolded=self.unfolded(case.case_id),
            fold_key=self._keymap.keys_of("unfold"),
            beside_runbook=columns,
        )

    def unfolded(self, case_id: str) -> int:
        """How far the case is unfolded."""
        held, level = self._unfolded
        return level if held == case_id else 0

    def unfold(self, case: Common, by: int) -> int:
        """Unfold a case further, or fold it; the level after it. It is of this case alone."""
        level = max(0, min(MOST, self.unfolded(case.case_id) + by))
        self._unfolded = (case.case_id, level)
        return level

    def fold(self) -> None:
        """Forget what was unfolded and asked for: the case was closed."""
        self._unfolded = ("", 0)
        self._same.clear()

    async def find_same(self, case: Common) -> None:
        """Ask the feed for other cases of the first subjects of `case`."""
        session = self._model.session
        if session is None or case.case_id in self._same:
            return
        self._same[case.case_id] = None
        found: dict[str, Row] = {}
        for subject in case.subjects[:2]:
            if subject.id.isprintable() and '"' not in subject.id and "\\" not in subject.id:
                rows = await session.cases_like(f'text~"{subject.id}"')
                found.update((row.case_id, row) for row in rows)
        if case.case_id in self._same:
            self._same[case.case_id] = same_subject(case, tuple(found.values()))

    def _runbook(self, case_type: str) -> Runbook | None:
        session = self._model.session
        catalogue = None if session is None else session.catalogue
        if catalogue is not self._catalogue:
            self._catalogue = catalogue
            self._runbooks = {} if catalogue is None else {each.case_type: each for each in catalogue.runbooks}
        return self._runbooks.get(case_type)

    def _timeline(self, events: Sequence[Event]) -> tuple[Block, ...]:
        if self._laid[0] is not events:
            self._laid = (events, timeline(events))
        return self._laid[1]
