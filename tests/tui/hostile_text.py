"""The hostile strings of tests/data, ready to be put into a case."""

import json
from pathlib import Path
from typing import Final

DATA: Final = Path(__file__).parent.parent / "data" / "hostile_text.jsonl"


def hostile() -> dict[str, str]:
    """Strings by their id."""
    found: dict[str, str] = {}
    for line in DATA.read_text("utf-8").splitlines():
        item = json.loads(line)
        if "repeat" in item:
            repeat = item["repeat"]
            found[item["id"]] = repeat.get("prefix", "") + repeat["unit"] * repeat["n"]
        else:
            found[item["id"]] = item["payload"]
    return found


HOSTILE: Final = hostile()
