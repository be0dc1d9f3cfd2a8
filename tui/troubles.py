"""What goes wrong around the console and costs no case: a hook that does not start, a journal that cannot be kept.

Each is said once when it begins, and stands with the messages as long as it lasts.
"""

from __future__ import annotations

from collections.abc import Callable

from casework.untrusted import Untrusted


class Troubles:
    """`hook` gives a sentence and `journal` a path with a reason; None while all is well."""

    def __init__(self, hook: Callable[[], str | None], journal: Callable[[], str | None]) -> None:
        self._hook = hook
        self._journal = journal
        self._told: frozenset[str] = frozenset()

    @property
    def lasting(self) -> tuple[Untrusted, ...]:
        """All that is wrong now. The words of a system are not ours."""
        return tuple(map(Untrusted, self._sentences()))

    def news(self) -> Untrusted | None:
        """What began since the last call, the first of it."""
        sentences = self._sentences()
        fresh = [sentence for sentence in sentences if sentence not in self._told]
        # What was not said is fresh the next time as well; what ended may begin again.
        self._told = self._told.intersection(sentences) | set(fresh[:1])
        return Untrusted(fresh[0]) if fresh else None

    def _sentences(self) -> list[str]:
        hook, journal = self._hook(), self._journal()
        kept = None if journal is None else f"Drafts and view are not kept on disk: {journal}."
        return [sentence for sentence in (hook, kept) if sentence is not None]
