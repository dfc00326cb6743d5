"""When a chat is shown that an answer is on its way."""

import asyncio
from typing import Any

import pytest
from telegram.error import TelegramError, TimedOut

from bot.state import Place
from bot.telegram import sending
from bot.telegram.sending import typing

_TOPIC = Place(-5, 7)


class _Bot:
    """Notes the actions that it is asked to show; each fails with `error`, if there is one."""

    def __init__(self, error: TelegramError | None = None) -> None:
        self.shown: list[tuple[int, str, int | None]] = []
        self._error = error

    async def send_chat_action(self, chat_id: int, action: str, message_thread_id: int | None) -> None:
        self.shown.append((chat_id, action, message_thread_id))
        if self._error:
            raise self._error


def _while_answering(bot: Any, seconds: float, after: float = 0.0) -> None:
    async def run() -> None:
        async with typing(bot, _TOPIC, after):
            await asyncio.sleep(seconds)

    asyncio.run(run())


def test_an_answer_that_is_there_at_once_needs_no_request() -> None:
    bot = _Bot()
    _while_answering(bot, 0.0, after=0.2)
    assert bot.shown == []


def test_one_that_takes_longer_shows_typing_where_it_was_asked() -> None:
    bot = _Bot()
    _while_answering(bot, 0.1)
    assert bot.shown == [(-5, "typing", 7)]


def test_typing_is_shown_again_before_telegram_takes_it_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "_SHOWN", 0.01)
    bot = _Bot()
    _while_answering(bot, 0.3)
    assert len(bot.shown) > 3


def test_an_answer_does_not_depend_on_whether_typing_can_be_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "_SHOWN", 0.01)
    bot = _Bot(TimedOut())
    _while_answering(bot, 0.3)
    assert len(bot.shown) > 3


def test_what_goes_wrong_in_the_answer_comes_through() -> None:
    with pytest.raises(KeyError, match="gone"):

        async def run() -> None:
            async with typing(_Bot(), _TOPIC):  # type: ignore[arg-type]
                raise KeyError("gone")

        asyncio.run(run())
