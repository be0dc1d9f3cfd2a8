"""The documentation has the keys that there are."""

from pathlib import Path

from tools.keytable import BEGIN, END, table


def test_the_table_of_keys_is_the_catalogue_s(checkout: Path) -> None:
    text = (checkout / "docs" / "console.md").read_text("utf-8")
    written = text[text.index(BEGIN) : text.index(END) + len(END)]

    assert written == table(), "run `python -m tools.keytable` and put what it prints there"
