"""Answers that the database does not take, and answers of several messages of which one is gone."""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import SecretStr
from telegram import Update

from bot.settings import Settings
from bot.state import State, StateError
from bot.telegram.app import Bot
from retrieval.types import Answer, Article, Citation
from tests.telegram.chats import Chat
from tests.telegram.messages import Message
from tests.telegram.server import FakeTelegram
from tests.telegram.users import User

Hear = Callable[[Message], Awaitable[None]]


class _Service:
    """Answers at once, at the length that the question asks for, and with the question in every passage."""

    index = SimpleNamespace(generation="g1")

    def answer(self, question: str, *_: object) -> Answer:
        quote = f"This is said of {question}" * (100 if "long" in question else 1)
        article = Article("a", "Title", quote)
        cited = [Citation(n, article, quote, 0, len(quote), 0, 4, "exact", 1.0) for n in (1, 2, 3)]
        return Answer(question, question, "This", None, None, 0.9, tuple(cited))

    def close(self) -> None:
        pass


def talk(telegram: FakeTelegram, data: Path, do: Callable[[Hear], Awaitable[None]], admin: User | None = None) -> None:
    """Run the bot in this process; what happens is what the test lets it hear of."""
    settings = Settings.model_construct(
        telegram_bot_token=SecretStr(telegram.token),
        telegram_api_url=telegram.url,
        admin_ids=frozenset({admin.id} if admin else ()),
        data_dir=data,
    )

    async def run() -> None:
        bot = Bot(settings, [data])
        service: Any = _Service()
        bot.desk.service, bot.desk.username = service, telegram.me.username
        heard = iter(range(1, 100))

        async def hear(message: Message) -> None:
            kind = "edited_message" if len(message.versions) > 1 else "message"
            update = Update.de_json({"update_id": next(heard), kind: message.json()}, bot.app.bot)
            await bot.app.process_update(update)

        try:
            async with bot.app:
                await do(hear)
        finally:
            await bot.desk.close()
            logging.getLogger().removeHandler(bot.errors)

    asyncio.run(run())


@pytest.mark.parametrize("method", ["ask", "answer", "sent"])
def test_what_the_database_refuses_costs_nobody_an_answer_and_the_admins_are_told_of_it_by_id(
    telegram: FakeTelegram,
    ada: User,
    chat: Chat,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    method: str,
) -> None:
    def full(*_: object) -> None:
        raise StateError("the disk is full")

    monkeypatch.setattr(State, method, full)
    admin = telegram.user("Editor")
    office = telegram.private(admin)
    office.member = True
    question = ada.says(chat, "the pier")
    talk(telegram, tmp_path, lambda hear: hear(question), admin)
    (answer,) = chat.from_bot
    assert answer.text.startswith("This [1] [2] [3]")
    assert answer.reply_to == question.id
    assert bool(answer.buttons) == (method == "sent")
    (told,) = office.from_bot
    found = re.match(r"Error ([0-9a-f]{8}): StateError\. ", told.text)
    assert found, told.text
    assert [getattr(one, "error", None) for one in caplog.records if one.exc_info] == [found[1]]
    assert telegram.violations == []


@pytest.mark.parametrize("then", ["a long wall", "a wall"])
@pytest.mark.parametrize("gone", ["first", "last"])
def test_an_edit_after_one_message_of_an_answer_was_deleted_leaves_one_whole_answer(
    telegram: FakeTelegram, ada: User, chat: Chat, tmp_path: Path, gone: str, then: str
) -> None:
    async def converse(hear: Hear) -> None:
        question = ada.says(chat, "a long pier")
        await hear(question)
        assert len(chat.from_bot) > 1
        ada.deletes(chat.from_bot[0 if gone == "first" else -1])
        await hear(ada.edits(question, then))

    talk(telegram, tmp_path, converse)
    pages = chat.from_bot
    assert [word for page in pages for word in re.findall(r"^[123](?=\. )", page.text, re.MULTILINE)] == ["1", "2", "3"]
    assert not any("pier" in page.text for page in pages)
    assert [bool(page.buttons) for page in pages] == [False] * (len(pages) - 1) + [True]
    assert telegram.violations == []
