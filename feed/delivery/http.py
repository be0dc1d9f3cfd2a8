"""The connector to a platform over HTTP: JSON, signed by Standard Webhooks, in the platform's words by a mapping."""

from __future__ import annotations

import email.utils
import time
from datetime import UTC, datetime
from typing import Any, Final

import httpx
import msgspec
from standardwebhooks.webhooks import Webhook

from feed.delivery import mapping as mappings
from feed.delivery.connector import Order, Preview, Refused, Taken, TryLater, Unclear
from feed.delivery.mapping import Mapping, Question
from feed.delivery.outbound import Answer, Forbidden, Outbound, TooMuch

_LONGEST_WAIT_MS: Final = 3_600_000


class HttpConnector:
    """A platform at one base URL. `secret` signs every request (`whsec_…`, Standard Webhooks)."""

    def __init__(self, outbound: Outbound, mapping: Mapping, secret: str) -> None:
        """Raises `ValueError` for a secret that is none."""
        self._outbound = outbound
        self._mapping = mapping
        self._webhook = Webhook(secret)
        self.actions = frozenset(mapping.actions)
        self.keyed = mapping.find is not None

    async def preview(self, order: Order) -> Preview:
        question = self._mapping.preview
        if question is None:
            raise Refused("this platform has no preview")
        answer = await self._ask(question, order, acting=False)
        try:
            return msgspec.convert(_json(answer), Preview)
        except (msgspec.ValidationError, ValueError):
            raise TryLater("its preview cannot be read") from None

    async def act(self, order: Order) -> Taken:
        question = self._mapping.act
        answer = await self._ask(question, order, acting=True)
        try:
            said = _json(answer)
        except ValueError:
            raise Unclear("its answer cannot be read") from None
        refused = mappings.member(said, question.refused) if question.refused else None
        if refused:
            # A good status and an error in one: that it did nothing is its word alone.
            raise Unclear(f"it answered {answer.status} and an error: {refused}")
        return Taken(reference=_reference(said, question))

    async def find(self, order: Order) -> Taken | None:
        question = self._mapping.find
        assert question is not None, "asked only where the platform knows keys"
        try:
            answer = await self._ask(question, order, acting=False)
        except Refused as refused:
            if refused.status == 404:
                return None
            raise TryLater(refused.why) from None
        try:
            return Taken(reference=_reference(_json(answer), question))
        except ValueError:
            raise TryLater("its answer cannot be read") from None

    async def verify(self, order: Order) -> bool:
        question = self._mapping.verify
        try:
            answer = await self._ask(question, order, acting=False)
        except Refused as refused:
            raise TryLater(refused.why) from None
        try:
            said = _json(answer)
        except ValueError:
            raise TryLater("its answer cannot be read") from None
        if order.undoes is not None:
            return not _seen(said, question, order.undoes)
        return _seen(said, question, order)

    async def close(self) -> None:
        await self._outbound.close()

    async def _ask(self, question: Question, order: Order, *, acting: bool) -> Answer:
        """One question; an answer that says yes. Raises `Refused`, `TryLater` or, if `acting`, `Unclear`."""
        action = self._mapping.actions[order.action]
        body = mappings.body_of(question, order, action)
        content = b"" if body is None else msgspec.json.encode(body)
        now = datetime.now(UTC)
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "webhook-id": order.key,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._webhook.sign(order.key, now, content.decode()),
        }
        path = mappings.path_of(question, order, action)
        unsure = Unclear if acting else TryLater
        try:
            answer = await self._outbound.request(question.method, path, headers=headers, content=content)
        except Forbidden as fault:
            raise TryLater(str(fault)) from None
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, OSError) as fault:
            if isinstance(fault, TimeoutError):
                raise unsure("no answer in time") from None
            raise TryLater(f"it cannot be reached ({type(fault).__name__})") from None
        except TooMuch as fault:
            raise unsure(str(fault)) from None
        except httpx.HTTPError as fault:
            raise unsure(f"the connection broke ({type(fault).__name__})") from None
        return _judged(answer, acting=acting)


def _judged(answer: Answer, *, acting: bool) -> Answer:
    status = answer.status
    if 200 <= status < 300:
        return answer
    if status in (429, 503):
        raise TryLater(f"it answered {status}", _retry_after(answer))
    if status >= 500 or status in (408, 425):
        raise (Unclear if acting else TryLater)(f"it answered {status}")
    raise Refused(f"it answered {status}: {_words(answer)}", status)


def _retry_after(answer: Answer) -> int | None:
    """`Retry-After` in ms, as seconds or as a date; None if there is none that makes sense."""
    text = answer.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit() and len(text) < 9:
        return min(int(text) * 1_000, _LONGEST_WAIT_MS)
    try:
        at = email.utils.parsedate_to_datetime(text).timestamp()
    except (TypeError, ValueError):
        return None
    return max(0, min(int((at - time.time()) * 1_000), _LONGEST_WAIT_MS))


def _words(answer: Answer) -> str:
    return answer.body[:200].decode("utf-8", "replace")


def _json(answer: Answer) -> Any:
    """The JSON of an answer. Raises `ValueError`."""
    try:
        return msgspec.json.decode(answer.body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as fault:
        raise ValueError(type(fault).__name__) from None


def _reference(said: Any, question: Question) -> str:
    found = mappings.member(said, question.reference) if question.reference else None
    return found[:200] if isinstance(found, str) else ""


def _seen(said: Any, question: Question, order: Order) -> bool:
    """Whether the state that the platform tells shows the effect of `order`."""
    effects = question.effects.get(order.action, {})
    return bool(effects) and all(
        mappings.member(said, name) == _wanted(value, order) for name, value in effects.items()
    )


def _wanted(value: Any, order: Order) -> Any:
    """A wanted value; `{field:country}` stands for a field of the order."""
    if isinstance(value, str) and value.startswith("{field:") and value.endswith("}"):
        return order.fields.get(value[len("{field:") : -1])
    return value
