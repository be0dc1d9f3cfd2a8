"""Answers of the terminal: matched to their questions, bounded in time, and never taken for keys."""

from __future__ import annotations

from tui.terminal.answers import PATIENCE_MS, SHAPES, SILENT, TORN_MS, TRIP, WIDTH, Answers, TornAnswer


def test_wide_shapes_are_found_out() -> None:
    narrow, wide = Answers(), Answers()
    for answers, column in ((narrow, len(SHAPES)), (wide, 2 * len(SHAPES))):
        answers.asked(WIDTH, 0)
        assert answers.answered(column, 30) == WIDTH

    assert (narrow.wide, wide.wide) == (False, True)
    assert narrow.round_trip_ms == 30


def test_an_answer_that_nobody_asked_for_says_nothing() -> None:
    answers = Answers()

    assert answers.answered(40, 10) is None
    assert answers.wide is None


def test_answers_come_in_the_order_of_the_questions() -> None:
    answers = Answers()
    answers.asked(WIDTH, 0)
    answers.asked(TRIP, 5)

    assert [answers.answered(len(SHAPES), 20), answers.answered(3, 45)] == [WIDTH, TRIP]
    assert answers.round_trip_ms == 40
    assert answers.wide is False


def test_a_silent_terminal_is_left_alone() -> None:
    answers = Answers()
    now = 0.0
    for _ in range(SILENT):
        assert answers.may_ask(now)
        answers.asked(TRIP, now)
        assert not answers.may_ask(now + 1)
        now += PATIENCE_MS + 1

    assert not answers.may_ask(now)
    assert answers.round_trip_ms is None


def dropped(keys: list[str], *, awaited: bool = True) -> list[str]:
    torn = TornAnswer()
    return [key for at, key in enumerate(keys) if torn.belongs(key, at, awaited=awaited)]


def test_the_keys_of_a_torn_answer_are_dropped() -> None:
    torn = ["alt+left_square_bracket", "2", "4", "semicolon", "9", "R"]

    assert dropped(torn) == torn
    assert dropped(["escape", "left_square_bracket", "1", "semicolon", "9", "R", "2"])[-1] == "R"
    assert dropped(["alt+left_square_bracket", "question_mark", "2", "0", "2", "6", "semicolon", "2"]) != []


def test_keys_are_keys_when_nothing_is_awaited_or_no_answer_began() -> None:
    assert dropped(["alt+left_square_bracket", "2"], awaited=False) == []
    assert dropped(["2", "R", "escape", "2", "n"]) == []


def test_the_rest_of_an_answer_is_not_waited_for_for_ever() -> None:
    torn = TornAnswer()
    assert torn.belongs("alt+left_square_bracket", 0, awaited=True)

    assert not torn.belongs("2", TORN_MS + 1, awaited=True)


def test_a_key_that_cannot_be_in_an_answer_ends_it() -> None:
    torn = TornAnswer()
    assert torn.belongs("alt+left_square_bracket", 0, awaited=True)

    assert not torn.belongs("j", 1, awaited=True)
    assert not torn.belongs("2", 2, awaited=True)
