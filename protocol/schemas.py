"""JSON Schemas of what travels, generated from the Structs that the code decodes with, for both documents.

msgspec writes what its decoder accepts. Three things are made exact here: answers say that every member is there (the
encoder writes defaults too), parts that are encoded beforehand get their schema, and patterns lose the ending that only
Python's `$` needs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec
from msgspec import UNSET, Struct, structs

from casework import model, runbook
from protocol import answers, catalogue, frames, shapes

PREFIX: Final = "#/components/schemas/"
_NAMES: Final = {"RowOut": "Row", "CaseOut": "Case"}
_PYTHON_ENDS: Final = ((r"$(?!\n)", "$"), (r"\Z", "$"))
_ROW: Final = {"anyOf": [{"$ref": f"{PREFIX}Row"}, {"$ref": f"{PREFIX}Stub"}]}


def components(kinds: Sequence[Any]) -> tuple[list[Any], dict[str, Any]]:
    """(a schema for each of `kinds`, the named schemas they refer to), ready for `components/schemas`."""
    wanted = [*kinds, shapes.RowOut, model.Stub, shapes.CaseOut, frames.WireEvent]
    refs, named = msgspec.json.schema_components(wanted, ref_template=PREFIX + "{name}")
    _complete(named)
    _fill(named)
    refs, named = _tidy(list(refs[: len(kinds)])), _tidy(named)
    return refs, {_NAMES.get(name, name): schema for name, schema in sorted(named.items())}


def _complete(named: dict[str, Any]) -> None:
    """Every member of an answer, a part of a case or an event is there, but those that may be left out."""
    bases: tuple[type[Struct], ...] = (model.Part, answers.Answer)
    written: set[type[Struct]] = {shapes.RowOut, shapes.CaseOut, model.Stub, frames.WireEvent}
    for base in bases:
        written |= set(_below(base))
    written.add(runbook.Step)
    written |= {kind for kind in vars(catalogue).values() if isinstance(kind, type) and issubclass(kind, Struct)}
    for kind in written:
        schema = named.get(kind.__name__)
        if schema is not None and not kind.__struct_config__.omit_defaults:
            fields = structs.fields(kind)
            schema["required"] = [field.encode_name for field in fields if field.default is not UNSET]


def _below(base: type[Struct]) -> Iterable[type[Struct]]:
    for kind in base.__subclasses__():
        yield kind
        yield from _below(kind)


def _fill(named: dict[str, Any]) -> None:
    """Parts that travel as bytes encoded beforehand."""
    for name in ("CasesPage", "Snapshot", "SnapshotChunk"):
        if name in named:
            named[name]["properties"]["cases"]["items"] = _ROW
    if "SnapshotChunk" in named:
        named["SnapshotChunk"]["properties"]["cases"]["items"] = {"anyOf": [{"$ref": f"{PREFIX}Case"}, *_ROW["anyOf"]]}
    named["WireEvent"]["properties"]["data"] = {
        "type": "object",
        "description": "The event's own fields, by its type and schema version; a CaseStub has `stub`.",
    }
    if "Target" in named:
        for side in named["Target"]["properties"].values():
            side |= {"minLength": 1, "maxLength": 200}
    for name in ("Row", "Case", "RowOut", "CaseOut"):
        if name in named:
            named[name]["properties"]["score"] |= {"minimum": 0, "maximum": 100}


def _tidy(part: Any) -> Any:
    """`part` with the names of the wire, patterns as other languages read them, descriptions on one line."""
    if isinstance(part, list):
        return [_tidy(item) for item in part]
    if not isinstance(part, dict):
        return part
    tidy = {name: _tidy(value) for name, value in part.items()}
    if isinstance(pattern := tidy.get("pattern"), str):
        tidy["pattern"] = portable(pattern)
    if isinstance(ref := tidy.get("$ref"), str):
        name = ref.removeprefix(PREFIX)
        tidy["$ref"] = PREFIX + _NAMES.get(name, name)
    if isinstance(title := tidy.get("title"), str):
        tidy["title"] = _NAMES.get(title, title)
    if isinstance(text := tidy.get("description"), str):
        tidy["description"] = " ".join(text.split())
    return tidy


def portable(pattern: str) -> str:
    """A pattern as ECMA-262 has it, where `$` is the end and nothing else."""
    for ending, end in _PYTHON_ENDS:
        if pattern.endswith(ending):
            return pattern.removesuffix(ending) + end
    return pattern


def tagged(kinds: Iterable[type[Struct]]) -> dict[str, Any]:
    """One of several Structs, told apart by `type`."""
    by_tag = {str(kind.__struct_config__.tag): f"{PREFIX}{kind.__name__}" for kind in kinds}
    return {
        "oneOf": [{"$ref": ref} for ref in by_tag.values()],
        "discriminator": {"propertyName": "type", "mapping": by_tag},
    }
