"""What gets reported: seeded tellings of the stories in `stories.toml`, as the `data` of an intake event."""

from __future__ import annotations

import hashlib
import random
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from typing import Any

_MISSING_CHECK_MS = 4_000


@dataclass(frozen=True, slots=True)
class Stories:
    """The lists that fill in the braces, and the stories themselves (as in `stories.toml`)."""

    lists: dict[str, list[Any]]
    stories: tuple[dict[str, Any], ...]

    def pick(self, rng: random.Random, *, types: frozenset[str] | None = None) -> dict[str, Any]:
        """One story by weight, of `types` if given."""
        eligible = [s for s in self.stories if types is None or s["type"] in types]
        return rng.choices(eligible, weights=[s["weight"] for s in eligible])[0]


@cache
def stories() -> Stories:
    """The stories that ship with the product."""
    text = resources.files("standins").joinpath("stories.toml").read_text(encoding="utf-8")
    data = tomllib.loads(text)
    told = tuple(data.pop("story"))
    data.pop("version")
    return Stories(lists=data, stories=told)


def iso(at_ms: int) -> str:
    """`at_ms` (ms UTC) as RFC 3339 with milliseconds."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def tell(story: dict[str, Any], rng: random.Random, *, at_ms: int) -> dict[str, Any]:
    """The intake `data` of one telling of `story` at `at_ms` (ms UTC). The same `rng` state tells it the same."""
    lists = stories().lists
    region, tz, place = rng.choice(lists["places"])
    numbers = {name: _number(value, rng) for name, value in story.get("factors", {}).items()}
    fill = {
        "school": rng.choice(lists["schools"]),
        "agency": rng.choice(lists["agencies"]),
        "outlet": rng.choice(lists["outlets"]),
        "regulator": rng.choice(lists["regulators"]),
        "place": place,
        "n": rng.randint(2, 48),
        "reuploads": numbers.get("reuploads", 0),
    }
    kind = rng.choice(story["source"])
    data: dict[str, Any] = {
        "case_type": story["type"],
        "summary": _fill(rng.choice(_several(story["summary"])), fill),
        "narrative": _fill(story["narrative"], fill),
        "source": {"kind": kind, "name": _source_name(kind, fill, rng)},
        "subjects": [_subject(rng, lists, region=region, tz=tz, at_ms=at_ms)],
        "reported_at": iso(at_ms - rng.randint(5, 240) * 1000),
    }
    if numbers:
        data["factors"] = numbers
    for name in ("sub_type", "language", "sensitivities"):
        if name in story:
            data[name] = story[name]
    if "translation" in story:
        data["translation"] = {"text": story["translation"], "by": "machine"}
    if "graphic" in story:
        data["graphic_level"] = story["graphic"]
    if "content" in story:
        data["content"] = [_content(kind, rng, live=bool(story.get("live")), at_ms=at_ms) for kind in story["content"]]
    if "sensitive" in story:
        data["sensitive"] = {name: _sensitive(name, fill, rng) for name in story["sensitive"]}
    if region.startswith("US-"):
        data["boundary"] = "us"
    return data


def _fill(text: str, fill: dict[str, Any]) -> str:
    # Not str.format: the text may hold braces and brackets of its own.
    for name, value in fill.items():
        text = text.replace("{" + name + "}", str(value))
    return text[:280]


def _several(texts: str | list[str]) -> list[str]:
    return [texts] if isinstance(texts, str) else texts


def _number(value: Any, rng: random.Random) -> Any:
    if isinstance(value, list) and len(value) == 2 and all(isinstance(part, int) for part in value):
        return rng.randint(value[0], value[1])
    return value


def _source_name(kind: str, fill: dict[str, Any], rng: random.Random) -> str:
    names = {
        "law_enforcement": str(fill["agency"]),
        "press": str(fill["outlet"]),
        "regulator": str(fill["regulator"]),
        "detector": rng.choice(["hash-match", "live-risk", "threat-text"]),
        "partner": rng.choice(["Hash partner", "Crisis hotline", "Safety NGO"]),
        "ncmec": "NCMEC",
        "internal": rng.choice(["Trend desk", "Regional review"]),
    }
    return names.get(kind, "In-app report")


def _subject(rng: random.Random, lists: dict[str, list[Any]], *, region: str, tz: str, at_ms: int) -> dict[str, Any]:
    return {
        "kind": "account",
        "id": f"u_{rng.randint(1000, 9999)}",
        "handle": rng.choice(lists["handles"]),
        "region": region.split("-", maxsplit=1)[0].lower(),
        "place": region,
        "place_at": iso(at_ms - rng.randint(1, 90) * 60_000),
        "tz": tz,
        "last_active_at": iso(at_ms - rng.randint(0, 3_600) * 1000),
    }


def _content(kind: str, rng: random.Random, *, live: bool, at_ms: int) -> dict[str, Any]:
    ident = f"{kind[0]}_{rng.randint(10_000, 99_999)}"
    return {
        "kind": kind,
        "id": ident,
        "live": live and kind.startswith("live_"),
        "up": rng.random() < 0.85,
        "checked_at": iso(at_ms - _MISSING_CHECK_MS),
        "sha256": hashlib.sha256(ident.encode()).hexdigest(),
    }


def _sensitive(name: str, fill: dict[str, Any], rng: random.Random) -> str:
    if name.endswith("_email"):
        return f"desk{rng.randint(1, 99)}@records.example"
    if name.endswith("_phone"):
        return f"+1 555 01{rng.randint(10, 99)}"
    return rng.choice(["Det. R. Alvarez", "Sgt. M. Okafor", "Lt. J. Brandt"])
