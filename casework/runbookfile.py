"""Runbooks as files: Markdown with a checklist, read strictly, so that a slip is found at the feed's start.

    # SSH: a person may die by their own hand

    The sentence to remember. Other paragraphs are for whoever reads the file.

    ## First minutes

    - [ ] locate: Find out where the person is and how old that is
      - key: f
      - meets: police
      - when: S0 S1
      - Any other line says how.

The title begins with the case type. A step has an id (lower case, unique in the file) and an imperative of at most 72
characters. `when` and `unless` take severities, sub-types, `live`, `minor` and `crisis`, one of which is enough.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib import resources
from typing import Final, cast, get_args

from msgspec.structs import replace

from casework.catalogue import Enforcement
from casework.runbook import CONDITIONS, LONGEST_STEP, Runbook, Step
from casework.tokens import CASE_TYPES, MILESTONES, SEVERITIES, CaseType, Milestone, SubType
from casework.verbs import VERBS

LONGEST_FILE: Final = 65_536
"""Characters of one file."""
MOST_STEPS: Final = 60
LONGEST_HOW: Final = 200

_TITLE: Final = re.compile(r"# +([A-Z]+): +(\S.*)")
_PART: Final = re.compile(r"## +(\S.*)")
_STEP: Final = re.compile(r"[-*] \[[ ]\] +([^:\s]+): +(\S.*)")
_BOX: Final = re.compile(r"\s*[-*] *\[.?\]")
_ID: Final = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_BELOW: Final = re.compile(r"\s{2,}[-*] +(\S.*)")
_WORDED: Final = re.compile(r"(key|meets|when|unless): *(.*)")
_NAMED: Final = re.compile(r"[a-z]+:")


class RunbookFault(Exception):
    """A runbook that cannot be used: which file, which line (from 1) and why."""

    def __init__(self, *, file: str, line: int, reason: str) -> None:
        self.file = file
        self.line = line
        self.reason = reason
        super().__init__(f"{file}:{line}: {reason}")


def keys_of(actions: Mapping[str, Enforcement]) -> frozenset[str]:
    """Every key that a step may name: those of the verbs and of the enforcement `actions`."""
    keys = {action.key for action in actions.values()}
    for verb in VERBS.values():
        keys.update(verb.keys, verb.opening_keys)
        keys.update(key + digit for ask in verb.asks for digit in ask.digits for key in verb.keys)
    return frozenset(keys)


@cache
def shipped() -> tuple[Runbook, ...]:
    """The runbooks that ship with the product, one for each case type."""
    from casework.policy import defaults

    folder = resources.files("casework").joinpath("runbooks")
    keys = keys_of(defaults().actions)
    return tuple(
        parse(folder.joinpath(f"{name}.md").read_text("utf-8"), file=f"{name}.md", keys=keys) for name in CASE_TYPES
    )


def laid_over(base: Iterable[Runbook], files: Iterable[tuple[str, str]], keys: frozenset[str]) -> tuple[Runbook, ...]:
    """`base` with the runbooks of `files` (name, text) in place of those of the same type, in the order of the types.

    Raises `RunbookFault`.
    """
    found = {runbook.case_type: runbook for runbook in base}
    laid: dict[CaseType, str] = {}
    for name, text in files:
        runbook = parse(text, file=name, keys=keys)
        if runbook.case_type in laid:
            reason = f"{laid[runbook.case_type]} is the runbook of {runbook.case_type} already; keep one of them"
            raise RunbookFault(file=name, line=1, reason=reason)
        laid[runbook.case_type] = name
        found[runbook.case_type] = runbook
    return tuple(found[name] for name in CASE_TYPES if name in found)


def parse(text: str, *, file: str, keys: frozenset[str]) -> Runbook:
    """The runbook in the Markdown `text`; `file` is for sentences, `keys` are those that a step may name.

    Raises `RunbookFault`.
    """
    if len(text) > LONGEST_FILE:
        raise RunbookFault(file=file, line=1, reason=f"it has more than {LONGEST_FILE} characters")
    return _Reading(file, keys).run(text)


class _Reading:
    def __init__(self, file: str, keys: frozenset[str]) -> None:
        self._file = file
        self._keys = keys
        self._line = 0
        self._book: Runbook | None = None
        self._part = ""
        self._lead: list[str] = []
        self._leading = True
        self._steps: list[Step] = []
        self._at: dict[str, int] = {}

    def run(self, text: str) -> Runbook:
        for number, raw in enumerate(text.replace("\r\n", "\n").split("\n"), start=1):
            self._line = number
            line = raw.rstrip().expandtabs(4)
            if number == 1:
                line = line.removeprefix("\ufeff")
            self._take(line)
        if self._book is None:
            raise self._fault("it has no title; begin with `# TYPE: title`", line=1)
        if not self._steps:
            raise self._fault("it has no step; write `- [ ] id: What to do`", line=1)
        return replace(self._book, lead=" ".join(self._lead), steps=tuple(self._steps))

    def _take(self, line: str) -> None:
        if not line.isprintable():
            raise self._fault("it has a control or an invisible character; take it out")
        if self._book is None:
            if line:
                self._book = self._titled(line)
        elif part := _PART.fullmatch(line):
            self._part, self._leading = part[1], False
        elif line.startswith("# "):
            raise self._fault("it has a second title; a file is one runbook")
        elif _BOX.match(line):
            self._leading = False
            self._steps.append(self._step(line))
        elif below := _BELOW.fullmatch(line):
            if not self._steps:
                raise self._fault("this line belongs to no step")
            self._steps[-1] = self._with(self._steps[-1], below[1])
        elif not line:
            self._leading = self._leading and not self._lead
        elif self._leading:
            self._lead.append(line.strip())

    def _titled(self, line: str) -> Runbook:
        title = _TITLE.fullmatch(line)
        if title is None:
            raise self._fault("the title is `# TYPE: what it is about`, such as `# SSH: suicide or self-harm`")
        if title[1] not in CASE_TYPES:
            raise self._fault(f"{title[1]} is no case type; there are {', '.join(CASE_TYPES)}")
        return Runbook(case_type=cast(CaseType, title[1]), title=title[2], file=self._file)

    def _step(self, line: str) -> Step:
        found = _STEP.fullmatch(line)
        if found is None:
            raise self._fault("a step is `- [ ] id: What to do`, not indented and not ticked")
        name, text = found[1], found[2]
        if _ID.fullmatch(name) is None:
            raise self._fault(f'the id "{name}" is not lower-case letters, digits, - and _, at most 40')
        if name in self._at:
            raise self._fault(f'the id "{name}" stands in line {self._at[name]} already')
        if len(text) > LONGEST_STEP:
            raise self._fault(f"the step has {len(text)} characters; say it in {LONGEST_STEP}, the rest below it")
        if len(self._steps) >= MOST_STEPS:
            raise self._fault(f"it has more than {MOST_STEPS} steps")
        self._at[name] = self._line
        return Step(step=name, text=text, part=self._part)

    def _with(self, step: Step, said: str) -> Step:
        """`step` with what a line below it says."""
        worded = _WORDED.fullmatch(said)
        if worded is None:
            if _NAMED.match(said):
                word = said.partition(":")[0]
                raise self._fault(f'"{word}" is none of key, meets, when, unless; begin a sentence with a capital')
            if len(said) > LONGEST_HOW:
                raise self._fault(f"the line has {len(said)} characters; at most {LONGEST_HOW}")
            return replace(step, how=(*step.how, said))
        name, value = worded[1], worded[2].strip()
        if not value:
            raise self._fault(f"{name} says nothing")
        if getattr(step, name):
            raise self._fault(f"{name} is there twice")
        read: dict[str, Callable[[str], object]] = {
            "key": self._key,
            "meets": self._milestone,
            "when": self._conditions,
            "unless": self._conditions,
        }
        return replace(step, **{name: read[name](value)})

    def _key(self, value: str) -> str:
        key = value.strip("`")
        if key not in self._keys:
            raise self._fault(f'no verb and no action has the key "{key}"')
        return key

    def _milestone(self, value: str) -> Milestone:
        if value not in MILESTONES:
            raise self._fault(f'"{value}" is no milestone; there are {", ".join(MILESTONES)}')
        return value

    def _conditions(self, value: str) -> tuple[str, ...]:
        words = tuple(value.replace(",", " ").split())
        known = {*SEVERITIES, *get_args(SubType), *CONDITIONS}
        for word in words:
            if word not in known:
                raise self._fault(f'"{word}" is no severity, no sub-type and none of {", ".join(sorted(CONDITIONS))}')
        return words

    def _fault(self, reason: str, *, line: int | None = None) -> RunbookFault:
        return RunbookFault(file=self._file, line=self._line if line is None else line, reason=reason)
