"""How often one may ask: users do not silence each other, and no flood makes the memory grow."""

import tracemalloc
from collections import Counter
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.limits import Limits, Rate

_GROUP = -100


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limits(clock: Clock) -> Limits:
    return Limits(per_user=Rate(3, 30), per_chat=Rate(5, 10), clock=clock)


def test_a_user_may_ask_so_many_at_once_then_is_warned_once_then_ignored(limits: Limits) -> None:
    assert [limits.allow(1, 1) for _ in range(6)] == ["yes", "yes", "yes", "warn", "silent", "silent"]


def test_a_user_may_ask_again_as_time_passes(limits: Limits, clock: Clock) -> None:
    for _ in range(4):
        limits.allow(1, 1)
    clock.now += 9.9
    assert limits.allow(1, 1) == "silent"
    clock.now += 0.2
    assert [limits.allow(1, 1), limits.allow(1, 1)] == ["yes", "silent"]
    clock.now += 1000
    assert [limits.allow(1, 1) for _ in range(4)] == ["yes", "yes", "yes", "warn"]  # no more than three are saved up


def test_a_user_who_goes_on_is_warned_once_a_minute(limits: Limits, clock: Clock) -> None:
    verdicts = Counter[str]()
    for _ in range(1800):
        clock.now += 0.1
        verdicts[limits.allow(1, 1)] += 1
    assert verdicts["warn"] == 3
    assert verdicts["yes"] == 3 + 18 - 1


def test_a_user_is_warned_once_a_minute_over_all_chats(limits: Limits) -> None:
    verdicts = [limits.allow(1, chat) for chat in (1, -1, -2, -3, -4, None, 1)]
    assert verdicts == ["yes", "yes", "yes", "warn", "silent", "silent", "silent"]


def test_the_flood_of_one_user_leaves_the_chat_to_the_others(limits: Limits) -> None:
    for _ in range(1000):
        limits.allow(1, _GROUP)
    assert [limits.allow(2, _GROUP), limits.allow(3, _GROUP)] == ["yes", "yes"]


def test_a_chat_over_its_rate_is_warned_once_whoever_asks(limits: Limits, clock: Clock) -> None:
    verdicts = [limits.allow(user, _GROUP) for user in range(1, 10)]
    assert verdicts == ["yes"] * 5 + ["warn"] + ["silent"] * 3
    clock.now += 2
    assert [limits.allow(20, _GROUP), limits.allow(21, _GROUP)] == ["yes", "silent"]


def test_a_question_refused_for_its_chat_costs_the_user_nothing(limits: Limits) -> None:
    for user in range(1, 6):
        limits.allow(user, _GROUP)
    assert [limits.allow(7, _GROUP), limits.allow(7, _GROUP)] == ["warn", "silent"]
    assert [limits.allow(7, 7) for _ in range(4)] == ["yes", "yes", "yes", "silent"]


def test_another_chat_is_not_held_back(limits: Limits) -> None:
    for user in range(1, 10):
        limits.allow(user, _GROUP)
    assert limits.allow(10, -200) == "yes"


@pytest.mark.parametrize("chat", [None, 1])
def test_alone_with_the_bot_only_the_rate_of_the_user_counts(clock: Clock, chat: int | None) -> None:
    limits = Limits(per_user=Rate(3, 30), per_chat=Rate(1, 10), clock=clock)
    assert [limits.allow(1, chat) for _ in range(4)] == ["yes", "yes", "yes", "warn"]


@pytest.mark.parametrize("who", [lambda n: (n, n), lambda n: (n, -n), lambda n: (1, -n), lambda n: (n, _GROUP)])
def test_a_flood_of_ids_does_not_grow_the_memory(clock: Clock, who: Callable[[int], tuple[int, int]]) -> None:
    limits = Limits(Rate(3, 30), Rate(5, 10), clock, most=100)
    for number in range(1, 1000):
        limits.allow(*who(number))
    tracemalloc.start()
    try:
        for number in range(1000, 20_000):
            limits.allow(*who(number))
        grown, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(limits) <= 200
    assert grown < 100_000


def test_those_who_have_been_silent_are_forgotten_when_that_changes_nothing(limits: Limits, clock: Clock) -> None:
    for user in range(1, 51):
        limits.allow(user, _GROUP)
    clock.now += 59
    limits.allow(100, 100)
    assert len(limits) == 52
    clock.now += 1
    limits.allow(101, 101)
    assert len(limits) == 3  # the two of now, and the group, since no other chat has come to take its place


def test_a_user_who_goes_on_asking_is_not_forgotten_for_others(clock: Clock) -> None:
    limits = Limits(Rate(3, 30), Rate(1000, 1), clock, most=10)
    verdicts = Counter[str]()
    for number in range(2, 1000):
        limits.allow(number, number)
        verdicts[limits.allow(1, 1)] += 1
    assert verdicts == {"yes": 3, "warn": 1, "silent": 994}


@given(gaps=st.lists(st.floats(0, 20), max_size=80))
def test_no_pattern_of_asking_beats_the_rate(gaps: list[float]) -> None:
    clock = Clock()
    limits = Limits(Rate(3, 30), Rate(5, 10), clock)
    answered, warned = [], []
    for gap in gaps:
        clock.now += gap
        verdict = limits.allow(1, 1)
        answered += [clock.now] if verdict == "yes" else []
        warned += [clock.now] if verdict == "warn" else []
    for i, start in enumerate(answered):
        for count, end in enumerate(answered[i:], 1):
            assert count <= 3 + (end - start) / 10 + 1e-6
    assert all(later - earlier >= 60 for earlier, later in pairwise(warned))


@pytest.mark.parametrize(("count", "seconds"), [(0, 1.0), (1, 0.0), (1, -1.0), (1, float("nan"))])
def test_a_rate_that_makes_no_sense_is_refused(count: int, seconds: float) -> None:
    with pytest.raises(ValueError, match="is not a rate"):
        Rate(count, seconds)
