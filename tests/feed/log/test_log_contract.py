"""What every engine of the log has to keep (contract, section 4)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec
import pytest

from casework.events import Event
from casework.facts import CaseClaimed, CaseStub, NoteAdded
from casework.model import Clock, Result, Stub
from feed.log.base import ZERO_HASH, Appended, Key, KeyTaken, Log, LogUnavailable, Unstorable, VersionConflict
from feed.log.canonical import case_hash, head_hash
from tests.feed.log.samples import AT, CASE, OTHER, SECRETS, Engine, claimed, draft, key, note, opened, write


async def _all(log: Log, case_id: str | None = None) -> list[Event]:
    return await log.read(0, 10_000, case_id)


async def test_an_empty_log_has_a_head_of_zeros_and_an_epoch_of_its_own(engine: Engine) -> None:
    async with engine.open() as log:
        assert (log.head().seq, log.head().head_hash, log.head().epoch) == (0, ZERO_HASH, log.epoch)
        assert len(log.epoch) >= 16
        assert log.head_hash_at(0) == ZERO_HASH
        assert log.head_hash_at(1) is None
        assert await _all(log) == []


async def test_what_was_appended_reads_back_as_it_was(engine: Engine) -> None:
    async with engine.open() as log:
        appended = await log.append(None, [write(0, opened(), claimed(), note())])
        assert (appended.first_seq, appended.last_seq) == (1, 3)
        assert [(e.seq, e.version, e.type) for e in appended.events] == [
            (1, 1, "CaseOpened"),
            (2, 2, "CaseClaimed"),
            (3, 3, "NoteAdded"),
        ]
        assert await _all(log) == list(appended.events)
        assert not any(event.redacted for event in appended.events)


async def test_the_whole_envelope_is_kept(engine: Engine) -> None:
    context = {"epoch": "e", "seq": 7, "head_hash": "a" * 64, "stale_ms": 12}
    sent = msgspec.structs.replace(note(), part=3, idem="key-1", context=context)
    async with engine.open() as log:
        await log.append(None, [write(None, sent)])
        (event,) = await _all(log)
        assert (event.at, event.actor, event.part, event.idem, event.context) == (AT, "ana", 3, "key-1", context)
        assert event.fact == NoteAdded(text=SECRETS[2])


async def test_seq_has_no_gap_and_the_head_follows(engine: Engine) -> None:
    async with engine.open() as log:
        for number in range(1, 21):
            appended = await log.append(None, [write(0, opened(f"C-{number:08d}"))])
            assert appended.first_seq == number
            assert (log.head().seq, log.head().head_hash) == (number, appended.head_hash)
        assert [event.seq for event in await _all(log)] == list(range(1, 21))


async def test_hashes_chain_by_case_and_over_the_log(engine: Engine) -> None:
    async with engine.open() as log:
        await log.append(None, [write(0, opened(), note()), write(0, opened(OTHER))])
        appended = await log.append(None, [write(2, claimed())])
        rows = await log.read_stored(0, 10)
        tails: dict[str, bytes] = {}
        head = bytes(32)
        for row in rows:
            digest = case_hash(tails.get(row.case_id, bytes(32)), row.body)
            head = head_hash(head, digest)
            assert (row.hash, row.head_hash) == (digest, head)
            assert log.head_hash_at(row.seq) == head.hex()
            tails[row.case_id] = digest
        assert appended.head_hash == head.hex()
        assert appended.head_hashes == (head.hex(),)
        assert [event.hash for event in await _all(log)] == [row.hash.hex() for row in rows]


async def test_a_version_that_moved_on_refuses_the_whole_append(engine: Engine) -> None:
    async with engine.open() as log:
        await log.append(None, [write(0, opened())])
        with pytest.raises(VersionConflict) as caught:
            await log.append(key("k"), [write(0, opened(OTHER)), write(0, note())])
        assert (caught.value.case_id, caught.value.expected, caught.value.actual) == (CASE, 0, 1)
        assert len(await _all(log)) == 1
        assert await log.find_key("ana", "k") is None, "a refused command binds no key"
        assert (await log.append(None, [write(1, note())])).first_seq == 2, "the refused append took no seq"


async def test_a_new_case_cannot_be_expected_at_a_version(engine: Engine) -> None:
    async with engine.open() as log:
        with pytest.raises(VersionConflict) as caught:
            await log.append(None, [write(4, note())])
        assert caught.value.actual == 0


async def test_of_many_who_expect_the_same_version_one_wins(engine: Engine) -> None:
    async with engine.open() as log:
        await log.append(None, [write(0, opened())])
        results = await asyncio.gather(
            *(log.append(None, [write(1, note(text=f"n{number}"))]) for number in range(50)), return_exceptions=True
        )
        won = [result for result in results if isinstance(result, Appended)]
        lost = [result for result in results if isinstance(result, VersionConflict)]
        assert (len(won), len(lost)) == (1, 49)
        assert {conflict.actual for conflict in lost} == {2}
        assert len(await _all(log)) == 2


async def test_one_conflict_in_a_group_does_not_hurt_the_others(engine: Engine) -> None:
    async with engine.open() as log:
        writes = [[write(0, opened(f"C-{number:08d}"))] for number in range(40)]
        writes[20] = [write(3, note(OTHER))]
        results = await asyncio.gather(*(log.append(None, some) for some in writes), return_exceptions=True)
        assert [type(result) for result in results].count(VersionConflict) == 1
        assert [event.seq for event in await _all(log)] == list(range(1, 40))


async def test_several_cases_are_written_at_once_or_not_at_all(engine: Engine) -> None:
    async with engine.open() as log:
        both = await log.append(None, [write(0, opened()), write(0, opened(OTHER)), write(1, note())])
        assert [(event.case_id, event.version) for event in both.events] == [(CASE, 1), (OTHER, 1), (CASE, 2)]
        with pytest.raises(VersionConflict):
            await log.append(None, [write(2, note()), write(1, note(OTHER)), write(2, note())])
        assert len(await _all(log)) == 3


async def test_without_an_expected_version_the_next_one_is_taken(engine: Engine) -> None:
    async with engine.open() as log:
        for _ in range(3):
            await log.append(None, [write(None, note("_audit"))])
        assert [event.version for event in await _all(log, "_audit")] == [1, 2, 3]


async def test_the_same_key_is_told_what_it_was_answered(engine: Engine) -> None:
    async with engine.open() as log:
        await log.append(key("k", digest="one", answer=b"first"), [write(0, opened())])
        with pytest.raises(KeyTaken) as caught:
            # Judged before the version: the second try expects what the first one saw.
            await log.append(key("k", digest="two", answer=b"second"), [write(0, opened())])
        assert (caught.value.record.digest, caught.value.record.answered) == ("one", b"first")
        found = await log.find_key("ana", "k")
        assert found is not None
        assert found.answered == b"first"
        assert await log.find_key("bo", "k") is None, "another principal's key is another key"
        assert len(await _all(log)) == 1


async def test_the_same_key_twice_at_the_same_time_counts_once(engine: Engine) -> None:
    async with engine.open() as log:
        results = await asyncio.gather(
            *(log.append(key("k"), [write(None, note())]) for _ in range(10)), return_exceptions=True
        )
        assert [type(result) for result in results].count(KeyTaken) == 9
        assert len(await _all(log)) == 1


async def test_a_key_can_carry_the_seq_that_it_caused(engine: Engine) -> None:
    async with engine.open() as log:
        await log.append(None, [write(0, opened())])
        with_answer = Key(scope="ana", key="k", digest="d", answer=lambda a: f"seq {a.first_seq}".encode())
        appended = await log.append(with_answer, [write(1, note())])
        assert appended.answer == b"seq 2"
        found = await log.find_key("ana", "k")
        assert found is not None
        assert found.answered == b"seq 2"


async def test_a_command_without_an_event_binds_its_key_too(engine: Engine) -> None:
    async with engine.open() as log:
        await log.append(None, [write(0, opened())])
        nothing = await log.append(key("k"), [])
        assert (nothing.first_seq, nothing.last_seq, nothing.events) == (1, 1, ())
        assert await log.find_key("ana", "k") is not None
        assert log.head().seq == 1


async def test_an_expired_key_is_free_again(engine: Engine) -> None:
    async with engine.open() as log:
        await log.append(key("k", answer=b"old", expires_at=AT + 10), [write(0, opened())])
        engine.now.ms = AT + 9
        assert await log.find_key("ana", "k") is not None
        engine.now.ms = AT + 10
        assert await log.find_key("ana", "k") is None
        await log.append(key("k", answer=b"new", expires_at=AT + 100), [write(1, note())])
        found = await log.find_key("ana", "k")
        assert found is not None
        assert found.answered == b"new"


async def test_a_fault_in_an_answer_is_its_callers_alone(engine: Engine) -> None:
    def broken(appended: Appended) -> bytes:
        raise ZeroDivisionError

    async with engine.open() as log:
        bad = log.append(Key(scope="ana", key="k", digest="d", answer=broken), [write(0, opened())])
        good = log.append(None, [write(0, opened(OTHER))])
        results = await asyncio.gather(bad, good, return_exceptions=True)
        assert isinstance(results[0], ZeroDivisionError)
        assert isinstance(results[1], Appended)
        assert [event.case_id for event in await _all(log)] == [OTHER]
        assert log.unavailable is None


@pytest.mark.parametrize(
    ("context", "word"),
    [
        ({"stale_ms": 1.5}, "fractional"),
        ({"seq": 2**53 + 1}, "2^53"),
        ({"more": [{"deep": 0.5}]}, "fractional"),
        ({"\u00e9": 1}, "ASCII"),
    ],
)
async def test_what_no_reader_could_read_exactly_is_refused(
    engine: Engine, context: dict[str, object], word: str
) -> None:
    async with engine.open() as log:
        with pytest.raises(Unstorable, match=word.replace("^", r"\^")):
            await log.append(None, [write(None, msgspec.structs.replace(note(), context=context))])
        assert log.head().seq == 0


async def test_a_lone_surrogate_is_refused_and_hurts_nobody(engine: Engine) -> None:
    async with engine.open() as log:
        results = await asyncio.gather(
            log.append(None, [write(0, note(text="\ud800"))]),
            log.append(None, [write(0, opened(OTHER))]),
            return_exceptions=True,
        )
        assert isinstance(results[0], Unstorable)
        assert isinstance(results[1], Appended)


async def test_what_would_not_read_back_is_refused_without_quoting_it(engine: Engine) -> None:
    wrong = draft(CASE, CaseClaimed(result=Result(state="PLANTED-state")))  # type: ignore[arg-type]  # on purpose
    late = draft(
        CASE, CaseClaimed(result=Result(clocks=(Clock(milestone="ack", started_at=0, due_at=2**60, allowance_ms=1),)))
    )
    async with engine.open() as log:
        for bad, path in ((wrong, r"\$\.result\.state"), (late, r"clocks\[0\]\.due_at")):
            with pytest.raises(Unstorable, match=path) as caught:
                await log.append(None, [write(0, bad)])
            assert "PLANTED" not in str(caught.value)
        assert log.head().seq == 0


async def test_what_only_travels_is_never_stored(engine: Engine) -> None:
    stub = Stub(
        case_id=CASE, version=1, seq=1, opened_seq=1, case_type="SSH", severity="S1", band=1, state="NEW", owner=None,
        clocks=(), boundary=None, opened_at=AT,
    )  # fmt: skip
    async with engine.open() as log:
        with pytest.raises(Unstorable, match="CaseStub"):
            await log.append(None, [write(0, draft(CASE, CaseStub(stub=stub)))])


async def test_a_draft_of_another_case_is_refused(engine: Engine) -> None:
    async with engine.open() as log:
        with pytest.raises(Unstorable, match=OTHER):
            await log.append(None, [write(0, opened(), note(OTHER))])
        assert log.head().seq == 0


async def test_reading_pages_by_seq_and_by_case(engine: Engine) -> None:
    async with engine.open() as log:
        for version in range(6):
            await log.append(None, [write(version, note()), write(version, note(OTHER))])
        assert [event.seq for event in await log.read(3, 4)] == [4, 5, 6, 7]
        assert [event.seq for event in await log.read(4, 3, CASE)] == [5, 7, 9]
        assert [event.version for event in await log.read(0, 100, OTHER)] == [1, 2, 3, 4, 5, 6]
        assert await log.read(12, 10) == []
        assert await log.read(0, 10, "C-NOBODY00") == []


async def test_the_hook_hears_every_event_once_in_order_before_its_caller(engine: Engine) -> None:
    heard: list[int] = []
    woken: list[int] = []

    async def one(log: Log, number: int) -> None:
        appended = await log.append(None, [write(0, opened(f"C-{number:08d}"), note(f"C-{number:08d}"))])
        assert heard[-1] >= appended.last_seq or appended.last_seq in heard
        woken.append(appended.first_seq)

    async with engine.open() as log:
        log.on_commit = lambda appended: heard.extend(event.seq for event in appended.events)
        await asyncio.gather(*(one(log, number) for number in range(300)))
        assert heard == list(range(1, 601))
        assert woken == sorted(woken)


async def test_a_caller_that_goes_away_changes_nothing_for_the_log(engine: Engine) -> None:
    heard: list[str] = []
    async with engine.open() as log:
        log.on_commit = lambda appended: heard.extend(event.case_id for event in appended.events)
        going = asyncio.ensure_future(log.append(None, [write(0, opened())]))
        await asyncio.sleep(0)
        going.cancel()
        with pytest.raises(asyncio.CancelledError):
            await going
        await log.append(None, [write(0, opened(OTHER))])
        assert heard == [event.case_id for event in await _all(log)] == [CASE, OTHER]


async def test_a_closed_log_says_so(engine: Engine) -> None:
    async with engine.open() as log:
        await log.append(None, [write(0, opened())])
    assert log.unavailable is not None
    with pytest.raises(LogUnavailable, match="closed"):
        await log.append(None, [write(1, note())])
    await log.close()


async def test_what_is_queued_when_it_closes_is_finished(engine: Engine) -> None:
    async with engine.open() as log:
        tasks = [asyncio.ensure_future(log.append(None, [write(None, note())])) for _ in range(100)]
        await asyncio.sleep(0)
        await log.close()
        results: Sequence[object] = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(result, Appended) for result in results)


async def test_an_engine_says_whether_it_keeps_what_it_acknowledged(engine: Engine) -> None:
    async with engine.open() as log:
        assert log.durable is engine.keeps
        await log.append(key("k"), [write(0, opened(), claimed())])
        before = (log.epoch, log.head(), await _all(log))
    if not engine.keeps:
        return
    async with engine.open() as log:
        assert (log.epoch, log.head(), await _all(log)) == before
        assert await log.find_key("ana", "k") is not None
        assert (await log.append(None, [write(2, note())])).events[0].version == 3


async def test_an_event_whose_key_was_destroyed_reads_back_redacted(engine: Engine) -> None:
    async with engine.open() as log:
        await log.append(None, [write(0, opened(), claimed(), note()), write(0, opened(OTHER))])
        assert log.keyring.destroy(CASE)
        first, second, third, other = await _all(log)
        assert first.redacted
        assert third.redacted
        assert third.fact == NoteAdded()
        assert isinstance(second.fact, CaseClaimed)
        assert not second.redacted, "an event without sealed text lost nothing"
        assert not other.redacted
        with pytest.raises(Unstorable, match="destroyed"):
            await log.append(None, [write(3, note())])
        await log.append(None, [write(3, claimed())])
        assert not log.keyring.destroy(CASE), "there is nothing left to destroy"
