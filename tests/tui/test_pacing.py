"""How far frames are apart."""

from tui.terminal.pacing import NEWS_BYTES_PER_S, NEWS_MS, REMOTE_FRAME_MS, REMOTE_FRAMES, SLOWEST_NEWS_MS, Pace


def test_news_come_ten_times_a_second_at_most() -> None:
    pace = Pace(remote=False)
    assert pace.news_due(0.0)
    pace.told(0.0, 200)
    assert not pace.news_due(NEWS_MS - 10)
    assert pace.news_due(NEWS_MS)


def test_much_news_take_longer_and_never_more_than_a_line_carries() -> None:
    pace = Pace(remote=False)
    pace.told(0.0, NEWS_BYTES_PER_S // 5)
    assert not pace.news_due(190.0)
    assert pace.news_due(200.0)


def test_news_come_every_second_at_least() -> None:
    pace = Pace(remote=False)
    pace.told(0.0, 1_000_000)
    assert pace.news_due(SLOWEST_NEWS_MS)


def test_a_frame_does_not_wait_here_and_does_over_ssh() -> None:
    near, far = Pace(remote=False), Pace(remote=True)
    for pace in (near, far):
        assert pace.wait_ms(0.0) == 0
        pace.painted(0.0)
    assert near.wait_ms(0.0) == 0
    assert far.wait_ms(10.0) == REMOTE_FRAME_MS - 10
    assert far.wait_ms(REMOTE_FRAME_MS) == 0


def test_over_ssh_a_second_of_held_keys_gets_ten_to_fifteen_frames() -> None:
    far, now, frames = Pace(remote=True), 0.0, 0
    while now < 1_000:
        if far.wait_ms(now) == 0:
            far.painted(now)
            frames += 1
        now += 1.0

    assert 10 <= frames <= REMOTE_FRAMES <= 15
