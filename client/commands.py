"""Commands on their way to the feed: one intent, one key, asked until it is answered.

A command is `sending`, and when no answer comes `unknown`: it may have been done or not. Then the same bytes are sent
again under the same Idempotency-Key, which the feed answers with the first answer or does once. Nothing here ever
makes a second key for the same intent. A command that was done stays pending until the mirror holds what it caused;
nothing is drawn ahead of that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Final, Literal

from msgspec import UNSET, Struct

from casework.commands import Command
from client import backoff
from client.errors import ClientError
from client.http import problem_of
from protocol import codec, limits
from protocol.answers import CommandAnswer, CommandBatchAnswer, ItemResult, answer_in
from protocol.codec import Malformed
from protocol.problems import Problem

if TYPE_CHECKING:
    import httpx

PATIENCE_MS: Final = 120_000
"""How long a command is asked again by itself; after that a person decides (`Commands.ask_again`)."""
RETRY_AFTER_MAX_MS: Final = 30_000

BATCH_BYTES: Final = limits.BODY - 64 * limits.KIB
"""Bytes of a request that carries many commands, at most."""

BEFORE_THE_KEY: Final = frozenset({401, 403, 404})
"""Refusals that the feed gives before it looks at the key, so they say nothing about an earlier attempt."""

Progress = Literal["sending", "unknown", "done"]
Post = Callable[[str, bytes, str], Awaitable["httpx.Response"]]
"""Sends (case id, body, key) and gives the response; raises on any failure of the transport."""
PostMany = Callable[[bytes], Awaitable["httpx.Response"]]
"""Sends the body of a batch and gives the response; raises on any failure of the transport."""
Item = tuple[str, Command, str]
"""A command of a batch: the case, what to do, and the key of this intent."""


async def _no_batches(body: bytes) -> httpx.Response:
    raise NotImplementedError("no way to send a batch was given")


class Outcome(Struct, frozen=True, kw_only=True):
    """How a command ended. `unknown`: no answer so far, so nobody knows; the same key can be asked again."""

    ok: bool
    sentence: str
    key: str
    case_id: str
    seq: int | None = None
    version: int | None = None
    events: tuple[str, ...] = ()
    problem: Problem | None = None
    unknown: bool = False


class PendingCommand(Struct, frozen=True, kw_only=True):
    """A command that is not settled. `since` is ms of the caller's monotonic clock; `seq` is known once it is done."""

    key: str
    case_id: str
    verb: str
    since: float
    body: bytes
    progress: Progress = "sending"
    attempts: int = 0
    seq: int | None = None
    epoch: str = ""
    """The log that it was done in."""


class Commands:
    """The commands of one console. `post` does the I/O, `epoch` names the log followed, `sleep` takes seconds."""

    def __init__(
        self,
        post: Post,
        *,
        now: Callable[[], float],
        random: Callable[[], float],
        on_change: Callable[[], None],
        epoch: Callable[[], str] = lambda: "",
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        post_many: PostMany = _no_batches,
    ) -> None:
        self.pending: dict[str, PendingCommand] = {}
        self._post = post
        self._post_many = post_many
        self._now = now
        self._random = random
        self._on_change = on_change
        self._epoch = epoch
        self._sleep = sleep

    async def do(self, case_id: str, command: Command, *, key: str) -> Outcome:
        """Have `command` done under `key`. Never raises for what the feed or the network does.

        Raises `ValueError` if the key is still pending: an intent is sent once.
        """
        if key in self.pending:
            raise ValueError(f"the key {key} is already in use for {self.pending[key].verb}")
        self.pending[key] = PendingCommand(
            key=key, case_id=case_id, verb=command.verb, since=self._now(), body=codec.encode(command)
        )
        return await self._ask(key)

    async def do_many(self, items: Sequence[Item]) -> list[Outcome]:
        """Have many commands done, each under its own key; the outcomes in their order. Each stands and falls alone.

        What gets no answer is asked again under the same keys. Raises `ValueError` like `do`.
        """
        keys = [key for _, _, key in items]
        if len(set(keys)) < len(keys) or not self.pending.keys().isdisjoint(keys):
            raise ValueError("a key of the batch is already in use")
        for case_id, command, key in items:
            self.pending[key] = PendingCommand(
                key=key, case_id=case_id, verb=command.verb, since=self._now(), body=codec.encode(command)
            )
        outcomes: dict[str, Outcome] = {}
        for batch in self._batches(keys):
            outcomes |= await self._ask_many(batch)
        return [outcomes[key] for key in keys]

    async def ask_again(self, key: str) -> Outcome:
        """Take up an `unknown` command again, as it was. Raises `KeyError` if there is none under `key`."""
        if self.pending[key].progress != "unknown":
            raise KeyError(key)
        return await self._ask(key)

    def settle(self, *, epoch: str, cursor: int) -> None:
        """The mirror reaches `cursor` of `epoch`: what it holds is pending no longer."""
        for key, command in list(self.pending.items()):
            if command.progress != "done":
                continue
            # In another log nothing would ever reach its seq.
            if command.seq is None or command.seq <= cursor or command.epoch not in ("", epoch):
                del self.pending[key]
                self._on_change()

    async def _ask(self, key: str) -> Outcome:
        began = self._now()
        attempt = 0
        while True:
            wait_ms = backoff.delay_ms(attempt, self._random)
            self._note(key, attempts=self.pending[key].attempts + 1)
            command = self.pending[key]
            try:
                response = await self._post(command.case_id, command.body, key)
            except asyncio.CancelledError:
                self._note(key, progress="unknown")
                raise
            except ClientError as error:
                if command.progress == "sending":  # nothing has left this machine yet
                    return self._refused(command, str(error), None)
            except Exception:  # noqa: BLE001 - whatever broke, the command may have arrived
                pass
            else:
                outcome = self._judge(command, response)
                if outcome is not None:
                    return outcome
                wait_ms = max(wait_ms, _retry_after_ms(response))
            self._note(key, progress="unknown")
            attempt += 1
            if self._now() + wait_ms - began > PATIENCE_MS:
                return self._unknown(command)
            await self._sleep(wait_ms / 1_000)

    def _batches(self, keys: Sequence[str]) -> list[list[str]]:
        """`keys` in as few requests as the feed takes."""
        batches: list[list[str]] = []
        room = 0
        for key in keys:
            size = len(self._item(key)) + 1
            if not batches or size > room or len(batches[-1]) == limits.BATCH_COMMANDS:
                batches.append([])
                room = BATCH_BYTES
            batches[-1].append(key)
            room -= size
        return batches

    def _item(self, key: str) -> bytes:
        """A pending command as an item of a batch: what it is by itself, and whom it is about under which key."""
        command = self.pending[key]
        head = b'{"key":%s,"case_id":%s,' % (codec.encode(key), codec.encode(command.case_id))
        return head + command.body[1:]

    async def _ask_many(self, keys: Sequence[str]) -> dict[str, Outcome]:
        """Ask for one batch until each of it is answered or nobody is patient any more."""
        began = self._now()
        attempt = 0
        outcomes: dict[str, Outcome] = {}
        while left := [key for key in keys if key not in outcomes]:
            wait_ms = backoff.delay_ms(attempt, self._random)
            for key in left:
                self._note(key, attempts=self.pending[key].attempts + 1)
            try:
                response = await self._post_many(b'{"items":[%s]}' % b",".join(map(self._item, left)))
            except asyncio.CancelledError:
                for key in left:
                    self._note(key, progress="unknown")
                raise
            except ClientError as error:
                if attempt == 0:  # nothing has left this machine yet
                    return {key: self._refused(self.pending[key], str(error), None) for key in left}
            except Exception:  # noqa: BLE001 - whatever broke, the commands may have arrived
                pass
            else:
                outcomes |= self._judge_many(left, response)
                wait_ms = max(wait_ms, _retry_after_ms(response))
            left = [key for key in keys if key not in outcomes]
            for key in left:
                self._note(key, progress="unknown")
            attempt += 1
            if self._now() + wait_ms - began > PATIENCE_MS:
                return outcomes | {key: self._unknown(self.pending[key]) for key in left}
            if left:
                await self._sleep(wait_ms / 1_000)
        return outcomes

    def _judge_many(self, keys: Sequence[str], response: httpx.Response) -> dict[str, Outcome]:
        """The outcomes that the response settles, by key."""
        results: Sequence[ItemResult | None] = [None] * len(keys)
        if response.status_code == 200:
            try:
                answer: CommandBatchAnswer = answer_in(response.content, CommandBatchAnswer)
            except Malformed:
                return {}
            if len(answer.results) != len(keys):
                return {}
            results = answer.results
        settled: dict[str, Outcome] = {}
        for key, result in zip(keys, results, strict=True):
            command = self.pending[key]
            if result is None:
                outcome = self._judge_refusal(command, response.status_code, problem_of(response))
            elif result.problem is not UNSET:
                outcome = self._judge_refusal(command, result.status, result.problem)
            elif result.version is UNSET or result.seq is UNSET or result.events is UNSET:
                outcome = None
            else:
                outcome = self._done(command, result.seq, result.version, result.events)
            if outcome is not None:
                settled[key] = outcome
        return settled

    def _judge(self, command: PendingCommand, response: httpx.Response) -> Outcome | None:
        """What the response says; None: nothing that settles it, ask again."""
        if response.status_code != 200:
            return self._judge_refusal(command, response.status_code, problem_of(response))
        try:
            answer: CommandAnswer = answer_in(response.content, CommandAnswer)
        except Malformed:
            return None
        return self._done(command, answer.seq, answer.version, answer.events)

    def _done(self, command: PendingCommand, seq: int, version: int, events: Sequence[str]) -> Outcome:
        self._note(command.key, progress="done", seq=seq, epoch=self._epoch())
        return Outcome(
            ok=True,
            sentence=f"Done: {command.verb}." if events else f"Nothing to do: {command.verb} holds already.",
            key=command.key,
            case_id=command.case_id,
            seq=seq,
            version=version,
            events=tuple(events),
        )

    def _judge_refusal(self, command: PendingCommand, status: int, problem: Problem) -> Outcome | None:
        """What a refusal says; None: it settles nothing, ask again."""
        if status in (408, 425, 429) or status >= 500 or not _of_a_feed(problem):
            return None
        sentence = problem.detail or f"{problem.title}."
        if command.progress == "unknown" and status in BEFORE_THE_KEY:
            # This attempt was refused before its key was looked up: an earlier one may still have been done.
            return self._unknown(command, sentence)
        return self._refused(command, sentence, problem)

    def _refused(self, command: PendingCommand, sentence: str, problem: Problem | None) -> Outcome:
        del self.pending[command.key]
        self._on_change()
        return Outcome(
            ok=False,
            sentence=sentence,
            key=command.key,
            case_id=command.case_id,
            version=problem.version if problem is not None else None,
            problem=problem,
        )

    def _unknown(self, command: PendingCommand, why: str = "The feed does not answer.") -> Outcome:
        sentence = f"Not known whether {command.verb} was done. {why} Ask again: it cannot happen twice."
        return Outcome(ok=False, unknown=True, sentence=sentence, key=command.key, case_id=command.case_id)

    def _note(self, key: str, **changes: object) -> None:
        from msgspec.structs import replace

        self.pending[key] = replace(self.pending[key], **changes)
        self._on_change()


def _of_a_feed(problem: Problem) -> bool:
    """Whether a feed wrote it, not a gateway on the way: a refusal counts only from the one who can refuse."""
    return problem.type.startswith("/problems/")


def _retry_after_ms(response: httpx.Response) -> float:
    """Retry-After in seconds, bounded; a date or nothing counts as nothing."""
    value = response.headers.get("Retry-After", "")
    return float(min(int(value) * 1_000, RETRY_AFTER_MAX_MS)) if value.isascii() and value.isdigit() else 0.0
