"""The smallest Textual application: one number, which a key counts up. What no application on Textual can be below."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.widgets import Static


class Smallest(App[None]):
    """Shows how many keys were pressed."""

    count = 0

    def compose(self) -> ComposeResult:
        yield Static("count 0")

    def on_key(self) -> None:
        self.count += 1
        self.query_one(Static).update(f"count {self.count}")


if __name__ == "__main__":
    Smallest().run()
