"""Telegram and the network as they are on a bad day: faults, flood limits, updates out of order, replies lost."""

import time
from collections import Counter
from functools import partial
from pathlib import Path

import pytest

from tests.telegram.bot_process import BotProcess
from tests.telegram.chats import Chat
from tests.telegram.messages import Message
from tests.telegram.server import FakeTelegram
from tests.telegram.talk import DENIED
from tests.telegram.users import User

# The fake Telegram's own side of connections that a faulted bot leaves behind is closed by the collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
Asked = list[tuple[Chat, Message]]


def people(telegram: FakeTelegram, count: int) -> list[tuple[User, Chat]]:
    found = []
    for number in range(count):
        user = telegram.user(f"Ada{number}")
        found.append((user, telegram.private(user)))
    return found


def ask_all(asking: list[tuple[User, Chat]], each: int, command: str = "") -> Asked:
    """Everyone asks so many questions, taking turns."""
    return [
        (chat, user.says(chat, f"{command}{DENIED} {number}".strip()))
        for number in range(each)
        for user, chat in asking
    ]


def answers(question: Message, messages: tuple[Message, ...]) -> int:
    return sum(one.reply_to == question.id for one in messages)


def times_answered(asked: Asked, seconds: float = 120) -> Counter[int]:
    """How many questions were answered how often, once each has an answer and a moment has passed."""
    for chat, question in asked:
        chat.wait(partial(answers, question), seconds)
    time.sleep(1)
    return Counter(answers(question, chat.messages) for chat, question in asked)


def test_each_of_a_thousand_questions_is_answered_once_although_every_tenth_reply_is_a_fault(
    telegram: FakeTelegram, tmp_path: Path
) -> None:
    asking = people(telegram, 50)
    with BotProcess(telegram, tmp_path) as bot:
        telegram.faults(every=10, kinds=("429", "502", "timeout", "reset"))
        asked = ask_all(asking, 20)
        assert times_answered(asked, 240) == {1: 1000}
        telegram.no_faults()
    assert "Traceback" not in bot.log
    assert telegram.violations == []


def test_updates_out_of_order_and_twice_are_each_answered_once(telegram: FakeTelegram, tmp_path: Path) -> None:
    asking = people(telegram, 5)
    asked = ask_all(asking, 6)
    telegram.disorder_updates()
    telegram.duplicate_updates()
    with BotProcess(telegram, tmp_path) as bot:
        asked += ask_all(asking, 4)
        assert times_answered(asked) == {1: 50}
    assert "Traceback" not in bot.log
    assert telegram.violations == []


def test_a_reply_that_is_lost_after_its_request_was_carried_out_costs_nobody_an_answer(
    telegram: FakeTelegram, tmp_path: Path
) -> None:
    asking = people(telegram, 10)
    with BotProcess(telegram, tmp_path) as bot:
        telegram.faults(every=4, kinds=("lost", "slow"))
        asked = ask_all(asking, 4)
        counted = times_answered(asked)
        telegram.no_faults()
    # Nothing tells a lost reply from a lost request: what was carried out may be done once more, or twice.
    assert sum(counted.values()) == 40
    assert counted[0] == 0
    assert counted[1] > 20
    assert "Traceback" not in bot.log


def test_with_telegrams_own_flood_limits_all_are_answered(telegram: FakeTelegram, tmp_path: Path) -> None:
    asking = people(telegram, 20)
    group = telegram.group("Newsroom")
    telegram.limits(per_chat=(2, 1.0), overall=(20, 1.0))
    with BotProcess(telegram, tmp_path) as bot:
        asked = ask_all(asking, 4) + ask_all([(user, group) for user, _ in asking[:5]], 1, "/ask ")
        assert times_answered(asked) == {1: 85}
    assert "Traceback" not in bot.log
    assert telegram.violations == []
