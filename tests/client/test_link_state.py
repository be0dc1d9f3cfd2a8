"""The link without a socket: phases, resuming, resyncs, silence, back-off, and that no gap is ever silent."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casework.facts import CaseClaimed
from casework.model import Result
from client.heads import Heads
from protocol import codec
from protocol.frames import (
    Auth,
    AuthExpiring,
    Bye,
    ErrorFrame,
    PresenceSaid,
    PresenceSeen,
    Resync,
    ResyncReason,
    Subscribe,
    Unsubscribe,
)
from tests.client.scripted_feed import ScriptedFeed, ScriptedLog, case_id
from tests.client.simulated_console import SimulatedConsole


def floor(count: int = 12, seed: int = 3, *, salt: str = "") -> ScriptedLog:
    log = ScriptedLog(salt=salt)
    log.open(1)
    log.open(2)
    log.grow(Random(seed), count)
    return log


def live(log: ScriptedLog | None = None, *, hb_ms: int = 2_000) -> SimulatedConsole:
    console = SimulatedConsole(log or floor(), hb_ms=hb_ms)
    console.go_live()
    assert console.state.status(console.now).phase == "live"
    return console


def phase(console: SimulatedConsole) -> str:
    return console.state.status(console.now).phase


def subscribed(console: SimulatedConsole, sub: str = "main") -> list[Subscribe]:
    return [frame for frame in console.sent if isinstance(frame, Subscribe) and frame.sub == sub]


def test_from_connecting_to_live() -> None:
    console = SimulatedConsole(floor())
    assert phase(console) == "connecting"
    console.connect()
    assert phase(console) == "loading"
    console.pump()
    assert phase(console) == "live"
    assert console.mirror.rows == console.log.rows
    status = console.state.status(console.now)
    assert (status.node, status.principal, status.roles) == ("n1", "ana", ("responder",))
    assert (status.epoch, status.seq, status.retry_in_ms, status.feed_age_ms) == ("e1", console.log.seq, None, 0)


def test_it_follows_what_happens() -> None:
    console = live()
    console.log.grow(Random(8), 50)
    console.pump()
    assert (dict(console.mirror.rows), console.mirror.cursor) == (console.log.rows, console.log.seq)
    assert console.state.subs.gaps == 0


def test_a_lost_connection_resumes_with_exactly_what_is_missing() -> None:
    console = live()
    seq = console.mirror.cursor
    console.lose(1006)
    assert phase(console) == "offline"
    console.log.grow(Random(8), 20)
    console.connect()
    console.pump()
    resumed = subscribed(console)[-1].from_
    assert resumed is not None
    assert (resumed.epoch, resumed.seq, resumed.head_hash) == ("e1", seq, console.log.hash_at(seq))
    assert phase(console) == "live"
    assert console.mirror.rows == console.log.rows


def test_resumed_at_the_head_a_heartbeat_says_that_it_is_live() -> None:
    console = live()
    console.lose(1006)
    console.connect()
    console.pump()
    assert phase(console) == "loading"
    console.beat()
    assert phase(console) == "live"


def test_a_gap_is_asked_for_from_where_the_mirror_stands() -> None:
    console = live()
    seq = console.mirror.cursor
    console.log.grow(Random(8), 9)
    console.mangle = lambda frames: frames[1:]
    assert console.feed is not None
    console.deliver(console.feed.news())
    console.mangle = lambda frames: frames
    status = console.state.status(console.now)
    assert (status.phase, status.gaps) == ("loading", 1)
    assert "missing" in status.detail
    assert console.mirror.cursor == seq
    console.pump()
    assert phase(console) == "live"
    assert console.mirror.rows == console.log.rows
    assert isinstance(console.sent[-2], Unsubscribe)
    assert subscribed(console)[-1].from_ is not None


def test_the_last_frame_is_missed_by_the_heartbeats() -> None:
    console = live()
    console.log.grow(Random(8), 2)
    assert console.feed is not None
    console.feed.news()  # and they are lost
    for _ in range(3):
        assert console.mirror.cursor < console.log.seq
        console.beat()
    assert (console.mirror.cursor, dict(console.mirror.rows)) == (console.log.seq, console.log.rows)
    assert console.state.subs.gaps == 1


@pytest.mark.parametrize("part", [b"snapshot.begin", b"snapshot.chunk", b"snapshot.end"])
def test_a_snapshot_that_comes_in_broken_costs_the_connection_and_nothing_else(part: bytes) -> None:
    log = floor()
    console = SimulatedConsole(log)
    console.connect()

    def lossy(frames: list[bytes]) -> list[bytes]:
        lost = next(iter(frame for frame in frames if part in frame), None)
        return [frame for frame in frames if frame is not lost]

    console.mangle = lossy
    console.pump()
    console.mangle = lambda frames: frames
    for _ in range(4):
        console.beat()
    assert phase(console) == "offline"
    assert not console.mirror.complete
    console.go_live()
    assert console.mirror.rows == log.rows


@pytest.mark.parametrize("reason", get_args(ResyncReason))
def test_every_resync_ends_in_a_whole_picture(reason: ResyncReason) -> None:
    console = live()
    console.state.subs.open(case_id(1))
    console.pump()
    assert console.state.subs.cases[case_id(1)].case is not None
    console.deliver([Resync(sub="main", reason=reason, seq=console.log.seq)])
    wiped = reason in ("forked", "epoch", "audience")
    assert (console.mirror.rows == {}) is wiped
    assert (console.state.subs.cases[case_id(1)].case is None) is wiped
    assert console.feed is not None
    console.deliver(console.feed._snapshot("main"))
    console.pump()
    assert console.mirror.rows == console.log.rows
    assert phase(console) == ("forked" if reason == "forked" else "live")


def test_another_epoch_is_another_picture() -> None:
    console = live()
    console.lose()
    console.log = floor(seed=77)
    console.log.epoch = "e2"
    console.go_live()
    assert (phase(console), console.mirror.epoch) == ("live", "e2")
    assert console.mirror.rows == console.log.rows


def test_a_log_that_was_rolled_back_and_grew_again_is_forked_until_acknowledged() -> None:
    console = live()
    console.lose()
    console.log = floor(count=60, salt="another")
    console.go_live()
    status = console.state.status(console.now)
    assert status.phase == "forked"
    assert "acknowledge" in status.detail
    assert console.mirror.rows == console.log.rows
    console.state.acknowledge_fork()
    assert phase(console) == "live"


def remembered(tmp_path: Path, log: ScriptedLog) -> Path:
    path = tmp_path / "heads.jsonl"
    console = SimulatedConsole(log, heads=Heads(path))
    console.go_live()
    assert path.exists()
    return path


def test_a_shorter_log_is_found_out_at_the_first_connection(tmp_path: Path) -> None:
    path = remembered(tmp_path, floor(count=40))
    console = SimulatedConsole(floor(count=5), heads=Heads(path))
    console.connect()
    assert phase(console) == "forked"
    console.pump()
    console.state.acknowledge_fork()
    again = SimulatedConsole(console.log, heads=Heads(path))
    again.go_live()
    assert phase(again) == "live"


def test_a_rewritten_log_is_found_out_by_the_remembered_head(tmp_path: Path) -> None:
    path = remembered(tmp_path, floor(count=5))
    console = SimulatedConsole(floor(count=50, salt="another"), heads=Heads(path))
    console.go_live()
    console.pump()
    assert phase(console) == "forked"
    assert subscribed(console, "probe")[0].from_ is not None
    assert Unsubscribe(sub="probe") in console.sent
    # Until somebody acknowledges it, the evidence is not painted over.
    console.beat(120_000)
    last = Heads(path).latest()
    assert last is not None
    assert last.seq < console.mirror.cursor


def test_the_same_log_further_on_is_no_fork(tmp_path: Path) -> None:
    log = floor(count=5)
    path = remembered(tmp_path, log)
    log.grow(Random(5), 30)
    console = SimulatedConsole(log, heads=Heads(path))
    console.go_live()
    console.pump()
    assert phase(console) == "live"
    assert subscribed(console, "probe") != []
    assert console.mirror.rows == log.rows


def test_silence_is_stale_and_ends_the_connection() -> None:
    console = live(hb_ms=1_000)
    console.now += 2_400
    console.state.tick(console.now)
    assert (phase(console), console.state.hang_up) == ("live", None)
    console.now += 200
    assert phase(console) == "stale"
    console.state.tick(console.now)
    assert console.state.hang_up is not None
    console.lose()
    status = console.state.status(console.now)
    assert (status.phase, status.feed_age_ms) == ("stale", 2_600)
    assert status.retry_in_ms is not None
    assert status.retry_in_ms <= 250
    console.state.connecting(console.now)
    console.lose(reason="refused")
    assert phase(console) == "offline"


def test_bytes_of_a_large_frame_keep_the_connection() -> None:
    console = SimulatedConsole(floor())
    console.connect()
    for _ in range(20):
        console.now += 1_000
        console.state.arriving(console.now)
        console.state.tick(console.now)
    assert console.state.hang_up is None


def test_back_off_grows_has_full_jitter_and_starts_again_after_success() -> None:
    console = SimulatedConsole(floor(), seed=5)
    waits: list[float] = []
    for _ in range(60):
        console.state.connecting(console.now)
        console.state.lost(console.now, reason="refused")
        assert console.state.retry_at is not None
        waits.append(console.state.retry_at - console.now)
    assert all(wait <= min(10_000, 250 * 2**attempt) for attempt, wait in enumerate(waits))
    assert max(waits) > 9_000
    assert min(waits[10:]) < 2_000
    console.go_live()
    console.lose()
    assert console.state.retry_at is not None
    assert console.state.retry_at - console.now <= 250


def test_after_a_goodbye_it_comes_back_when_the_feed_says() -> None:
    console = live()
    console.deliver([Bye(reason="a new version", retry_ms=0)])
    assert console.state.hang_up is not None
    console.lose(1012)
    status = console.state.status(console.now)
    assert (status.retry_in_ms, status.phase) == (0, "offline")
    assert "a new version" in status.detail


@pytest.mark.parametrize("code", [4001, 4003, 4010])
def test_who_is_refused_hears_so_and_does_not_hurry(code: int) -> None:
    console = live()
    console.lose(code)
    status = console.state.status(console.now)
    assert status.phase == "forbidden"
    assert status.retry_in_ms is not None
    assert status.retry_in_ms >= 5_000
    console.go_live()
    assert phase(console) == "live"


def test_bad_frames_are_counted_and_kill_nothing() -> None:
    console = live()
    good = console.state.status(console.now)
    for bad in (b"", b"\xff", b"[" * 10_000, b'{"type":"events"}', b'{"type":"hb","head":-1}', '"\ud800"', b"null"):
        console.state.received(bad, console.now)
    console.state.received(b'{"type":"from.tomorrow","x":1}', console.now)
    status = console.state.status(console.now)
    assert (status.bad_frames, status.phase) == (8, good.phase)
    console.log.grow(Random(1), 5)
    console.pump()
    assert console.mirror.rows == console.log.rows


def test_nothing_counts_before_the_greeting() -> None:
    console = SimulatedConsole(floor())
    console.state.connecting(console.now)
    console.state.connected(console.now)
    feed = ScriptedFeed(console.log)
    console.deliver([feed.heartbeat(), *feed._snapshot("main")])
    assert console.mirror.rows == {}
    assert console.state.bad_frames > 0
    console.deliver([feed.hello(), feed.hello()])
    assert len([frame for frame in console.state.take_outbox() if isinstance(frame, Subscribe)]) == 1


def test_an_error_is_shown_until_things_go_well() -> None:
    console = SimulatedConsole(floor())
    console.connect()
    console.deliver([ErrorFrame(problem={"status": 429, "detail": "Too many frames."})])
    assert console.state.status(console.now).detail == "Too many frames."
    console.pump()
    assert console.state.status(console.now).detail == ""


def test_a_token_that_ends_is_asked_for() -> None:
    console = live()
    console.deliver([AuthExpiring(at=99)])
    assert console.state.token_wanted
    assert console.state.status(console.now).auth_expires == 99
    console.state.send(Auth(token="t"))
    console.pump()
    assert Auth(token="t") in console.sent


def test_presence_of_others_fades_and_ones_own_is_repeated() -> None:
    console = live()
    console.state.presence.say(case_id(1), "reading")
    console.deliver([PresenceSeen(case_id=case_id(1), who=who, doing="typing") for who in ("bo", "ana", "cy")])
    assert console.state.presence.others() == {case_id(1): [("bo", "typing"), ("cy", "typing")]}
    for _ in range(10):
        console.beat(2_000)
    said = [frame for frame in console.sent if isinstance(frame, PresenceSaid)]
    assert len(said) == 2
    console.deliver([PresenceSeen(case_id=case_id(1), who="bo", doing="")])
    assert console.state.presence.others() == {case_id(1): [("cy", "typing")]}
    for _ in range(10):
        console.beat(2_000)
    assert console.state.presence.others() == {}


def test_an_open_case_is_followed_and_comes_back_after_a_gap() -> None:
    log = floor()
    console = live(log)
    held = console.state.subs.open(case_id(1))
    console.pump()
    assert held.case is not None
    assert held.case.version == log.cases[case_id(1)].version
    log.add(case_id(1), CaseClaimed(result=Result(state="ACKED", owner="cy")))
    console.mangle = lambda frames: [frame for frame in frames if b'"sub":"case.' not in frame]
    console.pump()
    console.mangle = lambda frames: frames
    assert held.case.owner != "cy"
    for _ in range(4):
        console.beat()
    assert held.case is not None
    assert held.case.owner == "cy"
    console.state.subs.shut(case_id(1))
    console.pump()
    assert console.sent[-1] == Unsubscribe(sub=f"case.{case_id(1)}")


def test_an_event_that_an_open_case_does_not_know_brings_the_whole_case() -> None:
    log = floor()
    console = live(log)
    held = console.state.subs.open(case_id(1))
    console.pump()
    log.add(case_id(1), CaseClaimed(result=Result(owner="cy")), kind="CaseTeleported")
    console.pump()
    assert held.newer
    assert held.case is not None
    assert held.case.owner == "cy"


def test_open_cases_are_bounded() -> None:
    console = live()
    for number in range(1, 40):
        console.state.subs.open(case_id(number))
    assert len(console.state.subs.cases) == 12
    assert case_id(39) in console.state.subs.cases


class Line:
    """Loses, repeats, garbles and swaps neighboring frames, as a seed says."""

    def __init__(self, random: Random, rate: float) -> None:
        self.random = random
        self.rate = rate

    def __call__(self, frames: list[bytes]) -> list[bytes]:
        out: list[bytes] = []
        for frame in frames:
            fate = self.random.random()
            if fate > self.rate:
                out.append(frame)
                continue
            match self.random.randrange(4):
                case 0:
                    pass
                case 1:
                    out += [frame, frame]
                case 2:
                    out.append(frame[: self.random.randrange(len(frame))])
                case _:
                    out.insert(max(0, len(out) - 1), frame)
        return out


@settings(max_examples=120, deadline=None)
@given(seed=st.integers(0, 2**32), rate=st.sampled_from([0.02, 0.1, 0.3]), held=st.sampled_from([4, 1_000]))
def test_whatever_the_line_does_a_gap_is_never_silent(seed: int, rate: float, held: int) -> None:
    random = Random(seed)
    log = ScriptedLog()
    log.grow(random, 15)
    console = SimulatedConsole(log, seed=seed, held=held)
    console.mangle = Line(random, rate)

    def what_is_called_live_is_true() -> None:
        if console.state.subs.live:
            mirror = console.mirror
            assert mirror.complete
            assert mirror.rows == log.rows_at(mirror.cursor)
            assert mirror.head_hash == log.hash_at(mirror.cursor)
            assert len(mirror.ids()) == len(mirror.rows)

    console.check = what_is_called_live_is_true
    for _ in range(25):
        if console.feed is None:
            console.connect()
        elif random.random() < 0.05:
            console.lose(1006)
            continue
        log.grow(random, random.randrange(6))
        console.pump()
        console.beat()
    console.mangle = lambda frames: frames
    for _ in range(6):
        if console.feed is None:
            console.connect()
        console.pump()
        console.beat()
    assert phase(console) == "live"
    assert console.mirror.rows == log.rows
    assert console.mirror.cursor == log.seq


def test_the_property_would_notice_a_client_that_does_not_look() -> None:
    """A positive control: with the rule `prev == cursor` off, the same runs find a wrong picture."""
    from client.mirror import Mirror

    class Careless(Mirror):
        def _follows(self, prev: int, seq: int, what: str) -> bool:
            return True

    wrong = 0
    for seed in range(30):
        random = Random(seed)
        log = ScriptedLog()
        log.grow(random, 15)
        console = SimulatedConsole(log, seed=seed)
        console.mirror = console.state.mirror = console.state.subs.mirror = Careless()
        console.go_live()
        console.mangle = Line(random, 0.3)
        log.grow(random, 40)
        console.pump()
        if console.state.subs.live:
            wrong += console.mirror.rows != log.rows_at(console.mirror.cursor)
    assert wrong > 0


def test_frames_on_the_wire_are_what_the_contract_says() -> None:
    console = live()
    first = codec.encode(subscribed(console)[0])
    assert first == b'{"type":"subscribe","sub":"main","filter":{"all":true,"case_id":null},"from":null}'


@pytest.mark.parametrize("known", [False, True])
def test_heartbeats_held_up_on_a_slow_line_say_nothing_of_waiting(known: bool) -> None:
    """They come in all at once, before the feed could even have heard what was asked."""
    log = floor()
    console = SimulatedConsole(log)
    if known:
        console.go_live()
        console.lose()
        log.grow(Random(5), 4)
    console.now += 10_000
    console.connect()
    assert console.feed is not None
    console.deliver([console.feed.heartbeat()] * 6)
    assert (console.state.hang_up, console.state.subs.gaps) == (None, 0)
    console.pump()
    console.beat()
    assert console.state.status(console.now).phase == "live"
    assert sum(isinstance(frame, Subscribe) for frame in console.sent) == 1 + known
    assert console.mirror.rows == log.rows
