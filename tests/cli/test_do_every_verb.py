"""Every verb of the catalogue through `do`, against a real feed: done with 0, or refused in the feed's words with 1."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx
import pytest

from casework.verbs import VERBS
from tests.cli.conftest import Watchfloor
from tests.client.running_feed import RunningFeed

DOX = {
    "case_type": "DOX",
    "summary": "Home address of a journalist",
    "source": {"kind": "user_report"},
    "subjects": [{"kind": "account", "id": "u_1"}],
}
TRIAGED = ("case_type=DOX", "severity=S2", "imminence=24h", "evidence=the address is current")
CONTACT = (
    "party=police",
    "channel=phone",
    "number_source=their site",
    "person=desk",
    "reference=",
    "at=now",
    "outcome=told",
)
TASK = ("text=call the school", "owner=bo", "due_at=+2h")
PROPOSED = ("action=suspend", "target=account:u_1", "policy=DOX-1", "reason=second time", "fields.term_days=7")
DIGEST = "0" * 64
NUMBERS = count(9_000)

FIELDS: dict[str, tuple[str, ...]] = {
    "note": ("text=looked",),
    "triage": TRIAGED,
    "set_severity": ("severity=S1",),
    "set_factors": ("factors=imminence=24h harm=death", "evidence=x"),
    "tick": ("step=police",),
    "link": ("to=C-00000000", "relation=related"),
    "merge": ("into=C-00000000",),
    "undo": ("seq=1",),
    "assign": ("to=bo",),
    "escalate": ("level=2",),
    "add_task": TASK,
    "complete_task": ("task_id=none",),
    "busy": ("until=+1h",),
    "offer_handover": ("to=bo",),
    "snooze": ("minutes=15",),
    "waive": ("milestone=police", "reason=none of theirs"),
    "log_contact": CONTACT,
    "post_update": ("text=it is gone", "audience=the reporter"),
    "await_external": ("why=a ruling", "who=counsel", "chase_at=+4h"),
    "hold": ("why=evidence",),
    "propose": PROPOSED,
    "approve": ("action_id=none", f"digest={DIGEST}"),
    "reject": ("action_id=none", "reason=too much"),
    "cancel": ("action_id=none",),
    "confirm": ("seq=1",),
    "contain": ("evidence=removed by its author",),
    "resolve": ("outcome=done", "reason=it is gone"),
    "discard": ("outcome=duplicate", "reason=known"),
    "reopen": ("reason=it came back",),
    "break_glass": ("reason=nobody else is there",),
    "grant": ("principal=bo",),
}
"""What each verb is told, where it is told anything."""


@dataclass
class People:
    """Two leads, one of whom acts at a time, and the cases that they act on."""

    running_feed: RunningFeed
    watchfloor: Watchfloor
    act_as: Callable[[str], None]
    api: httpx.Client
    done: set[str] = field(default_factory=set)

    def raised(self) -> str:
        number = next(NUMBERS)
        report = {**DOX, "subjects": [{"kind": "account", "id": f"u_{number}"}]}
        return self.running_feed.raise_case(report, number)

    def do(self, verb: str, case_id: str, *given: str) -> str | None:
        """Do it; None if it was done, else the sentence with which it was refused. A field of the two is enough."""
        options = [part for each in given or FIELDS.get(verb, ()) for part in ("--field", each)]
        before = self.case(case_id)["version"]
        ended = self.watchfloor("do", verb, case_id, *options, "--feed", self.running_feed.url)
        if ended.code == 0:
            assert (len(ended.out), ended.err) == (1, []), ended
            assert f" {verb}: " in ended.out[0]
            self.done.add(verb)
            return None
        assert (ended.code, ended.out, len(ended.err)) == (1, [], 1), ended
        assert self.case(case_id)["version"] == before, "refused, and yet it did something"
        again = self.watchfloor("do", verb, case_id, *options, "--feed", self.running_feed.url, "--json")
        assert again.code == 1
        problem = json.loads(again.out[0])["problem"]
        assert problem["detail"] in ended.err[0]
        return str(problem["detail"])

    def case(self, case_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.api.get(f"/v1/cases/{case_id}").raise_for_status().json()
        return found


@pytest.fixture
def people(running_feed: RunningFeed, watchfloor: Watchfloor, monkeypatch: pytest.MonkeyPatch) -> Iterator[People]:
    tokens = {name: running_feed.token(name, "lead") for name in ("lea", "bo")}

    def act_as(name: str) -> None:
        monkeypatch.setenv("WATCHFLOOR_TOKEN", tokens[name])

    act_as("lea")
    with httpx.Client(base_url=running_feed.url, headers={"Authorization": f"Bearer {tokens['lea']}"}) as api:
        yield People(running_feed, watchfloor, act_as, api)


def test_every_verb_is_done_or_refused_in_the_words_of_the_feed(people: People) -> None:
    """On a case that nobody has, which is where most of them are refused."""
    said = {verb: people.do(verb, people.raised()) for verb in VERBS}

    refused = {verb: sentence for verb, sentence in said.items() if sentence is not None}
    assert 15 < len(refused) < len(VERBS) - 10
    assert "Claim it first" in refused["triage"]
    assert "no case C-0000-0000" in refused["link"]
    assert all(sentence.endswith((".", "?")) for sentence in refused.values())


def test_a_case_by_do_alone_with_every_verb_that_it_can_meet(people: People) -> None:
    """Enforcement is not connected on this floor, so nothing can be approved; that is refused above."""
    case, other, known = people.raised(), people.raised(), people.raised()

    def done(verb: str, *given: str, on: str = case) -> None:
        assert people.do(verb, on, *given) is None

    done("claim")
    done("undo", f"seq={people.case(case)['seq']}")
    done("claim")
    for verb in ("triage", "set_factors", "tick", "note", "snooze", "unsnooze", "busy", "escalate", "set_severity"):
        done(verb)
    done("link", f"to={other}", "relation=related")
    done("merge", f"into={case}", on=other)
    done("unmerge", on=other)
    done("add_task")
    done("complete_task", "task_id=t1")
    done("offer_handover")
    people.act_as("bo")
    done("accept_handover")
    done("assign", "to=lea")
    people.act_as("lea")
    for verb in ("waive", "log_contact", "post_update", "await_external", "resume", "hold", "unhold", "contain"):
        done(verb)
    done("propose", "action=no_action", "target=account:u_1", "policy=DOX-1", "reason=satire")
    for verb in ("investigate", "resolve", "reopen", "release", "break_glass", "grant"):
        done(verb)
    done("set_severity", "severity=S0", on=known)
    done("set_severity", "severity=S3", "reason=an old one", on=known)
    lowered = people.case(known)["seq"]
    assert "your own act" in str(people.do("confirm", known, f"seq={lowered}"))
    people.act_as("bo")
    done("confirm", f"seq={lowered}", on=known)
    done("discard", on=known)

    assert people.done == VERBS.keys() - {"approve", "reject", "cancel"}
