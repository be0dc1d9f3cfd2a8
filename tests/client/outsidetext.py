"""Values of the domain with a given text wherever a text may stand, also where it is ours by agreement only."""

from __future__ import annotations

from collections.abc import Mapping
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from msgspec import Struct, UnsetType


def filled(kind: Any, name: str, texts: Mapping[str, str], *, at: int) -> Any:
    """A value of type `kind` for a field `name`: each text is `texts[name]` or else `texts["text"]`, each time `at`."""
    if kind is str or kind is Any:
        return texts.get(name, texts["text"])
    origin, inside = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return filled(inside[0], name, texts, at=at)
    if origin is Literal:
        return inside[0]
    if origin is tuple:
        return (filled(inside[0], name, texts, at=at),)
    if origin is dict:
        return {texts["text"]: filled(inside[1], name, texts, at=at)}
    if origin in (Union, UnionType):
        return filled(next(each for each in inside if each not in (type(None), UnsetType)), name, texts, at=at)
    if isinstance(kind, type) and issubclass(kind, Struct):
        hints = get_type_hints(kind, include_extras=True)
        return kind(**{inner: filled(hints[inner], inner, texts, at=at) for inner in kind.__struct_fields__})
    if kind is bool:
        return False
    if kind not in (int, float):
        raise TypeError(f"nothing is known of {kind} for {name}")
    return at if name.endswith(("at", "until")) else 3
