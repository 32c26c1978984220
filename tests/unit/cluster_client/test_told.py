from datetime import UTC, datetime, timedelta

from modelreuse.cluster.told import QUIET, REMEMBERED, Told

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
NEWS = ("uid", "Assessed", "1 of 1 candidates assessed")


def test_the_same_news_is_told_once() -> None:
    told = Told()
    assert told.is_news(NEWS, NOON)
    assert not told.is_news(NEWS, NOON + QUIET / 2)


def test_old_news_is_told_again() -> None:
    told = Told()
    told.is_news(NEWS, NOON)
    assert told.is_news(NEWS, NOON + QUIET)


def test_news_is_the_same_only_if_object_reason_and_message_are() -> None:
    told = Told()
    told.is_news(NEWS, NOON)
    assert told.is_news(("another", *NEWS[1:]), NOON)
    assert told.is_news((NEWS[0], "Stalled", NEWS[2]), NOON)
    assert told.is_news((*NEWS[:2], "2 of 2 candidates assessed"), NOON)


def test_memory_is_bounded() -> None:
    told = Told()
    for number in range(REMEMBERED + 500):
        told.is_news((str(number), "r", "m"), NOON + timedelta(milliseconds=number))
    assert len(told) <= REMEMBERED + 1
