"""Cases that belong to this one: linked, merged, and those of the same subject. Each can be gone to."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from casework.caseid import shown
from casework.model import Case, Common, Row
from casework.untrusted import Untrusted
from client.views.bits import Line
from client.views.blocks import Block, Choice
from client.views.row import SEVERITY_TONE, summary_of
from client.views.times import ago

Find = Callable[[str], Common | None]
"""The case of that id, as far as this console knows it."""


def same_subject(case: Common, found: Sequence[Row]) -> tuple[Row, ...]:
    """Those of `found` that are about a subject of `case`, the case itself not among them."""
    subjects = {(subject.kind, subject.id) for subject in case.subjects}
    return tuple(
        row
        for row in found
        if row.case_id != case.case_id and any((each.kind, each.id) in subjects for each in row.subjects)
    )


def related(case: Case, now: int, *, same: Sequence[Row] | None, find: Find) -> list[Block]:
    """The related cases, each once: what a person linked first. `same`: cases of the same subject, None if unknown."""
    found: dict[str, tuple[str, Common | None]] = {}
    for each in case.related:
        found.setdefault(each.case_id, (str(each.relation).replace("_", " "), find(each.case_id)))
    if case.merged_into is not None:
        found.setdefault(case.merged_into, ("merged into", find(case.merged_into)))
    for absorbed in case.absorbed:
        found.setdefault(absorbed, ("merged in", find(absorbed)))
    for row in same or ():
        found.setdefault(row.case_id, ("same subject", row))
    blocks: list[Block] = [_choice(case_id, relation, other, now) for case_id, (relation, other) in found.items()]
    if same is None and case.subjects:
        blocks.append((("Cases of the same subject are being looked for.", "quiet"),))
    return blocks


def _choice(case_id: str, relation: str, other: Common | None, now: int) -> Choice:
    lead: Line = ((Untrusted(shown(case_id)), "strong"), ("  ", "text"))
    if other is None:
        return Choice(case_id, lead, ((Untrusted(relation), "text"), (", not on this floor", "quiet")))
    line: Line = (
        (Untrusted(relation), "text"),
        (" \u00b7 ", "quiet"),
        (other.severity, SEVERITY_TONE[other.severity]),
        (f" {other.case_type} {other.state.lower()}, {ago(max(0, now - other.opened_at))} old", "text"),
        (" \u00b7 ", "quiet"),
        (summary_of(other), "quoted"),
    )
    return Choice(case_id, lead, line)
