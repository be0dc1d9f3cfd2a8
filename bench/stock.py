"""The same queue as anybody would write it first: a DataTable of Textual's, told by the same frames on the same socket.

Run as `python -m bench.stock URL`. It adds a row for each case; ten times a second it sets the cells of the cases
that changed and sorts, each second it renews the countdowns. It trusts what it is sent, and does nothing else that our
console does.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import msgspec
from textual.app import App, ComposeResult
from textual.widgets import DataTable
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from client.views.times import age, countdown

NOBODY = "-"
COLUMNS = ("left", "sev", "type", "owner", "summary", "age", "case")


class Stock(App[None]):
    """A table of cases, the most urgent first."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url.replace("http://", "ws://") + "/v1/feed"
        self.cases: dict[str, dict[str, Any]] = {}
        self.ahead_ms = 0.0
        self.changed: set[str] = set()
        self.second = 0

    def compose(self) -> ComposeResult:
        yield DataTable(cursor_type="row")

    def on_mount(self) -> None:
        self.table = self.query_one(DataTable)
        for name in COLUMNS:
            self.table.add_column(name.upper(), key=name)
        self.set_interval(0.1, self.tick)
        self.run_worker(self.follow())

    async def follow(self) -> None:
        async with connect(
            self.url, subprotocols=[Subprotocol("watchfloor.v1")], compression=None, proxy=None, max_size=None
        ) as feed:
            await feed.send('{"type":"subscribe","sub":"main","filter":{"all":true}}')
            async for message in feed:
                self.take(msgspec.json.decode(message))

    def take(self, frame: dict[str, Any]) -> None:
        match frame["type"]:
            case "hello":
                self.ahead_ms = frame["server_time"] - time.monotonic() * 1_000
            case "snapshot.chunk":
                for case in frame["cases"]:
                    self.add(case)
            case "events":
                for event in frame["events"]:
                    self.happened(event)

    def happened(self, event: dict[str, Any]) -> None:
        data, case_id = event["data"], event["case_id"]
        if event["type"] == "CaseOpened":
            self.add({"owner": None, "opened_at": event["at"], "case_id": case_id, **data, **data["result"]})
            self.changed.add(case_id)
        elif result := data.get("result"):
            self.cases[case_id].update(result)
            self.changed.add(case_id)

    def add(self, case: dict[str, Any]) -> None:
        self.cases[case["case_id"]] = case
        cells = (self.left(case), case["severity"], case["case_type"], case["owner"] or NOBODY, case["summary"])
        self.table.add_row(*cells, age(int(self.now() - case["opened_at"])), case["case_id"], key=case["case_id"])

    def tick(self) -> None:
        """Ten times a second: what changed, and the order; each second: the countdowns."""
        if self.changed:
            for case_id in self.changed:
                case = self.cases[case_id]
                self.table.update_cell(case_id, "left", self.left(case))
                self.table.update_cell(case_id, "sev", case["severity"])
                self.table.update_cell(case_id, "owner", case["owner"] or NOBODY)
            self.changed.clear()
            self.table.sort("case", key=self.place)
        if int(self.now() / 1_000) != self.second:
            self.second = int(self.now() / 1_000)
            for case_id, case in self.cases.items():
                before, left = case["left"], self.left(case)
                if left != before:
                    self.table.update_cell(case_id, "left", left)

    def place(self, case_id: str) -> tuple[int, int, int]:
        case = self.cases[case_id]
        return case["band"], case["clocks"][0]["due_at"], -case["score_tenths"]

    def left(self, case: dict[str, Any]) -> str:
        case["left"] = text = countdown(int(case["clocks"][0]["due_at"] - self.now()))
        return text

    def now(self) -> float:
        return time.monotonic() * 1_000 + self.ahead_ms


if __name__ == "__main__":
    Stock(sys.argv[1]).run()
