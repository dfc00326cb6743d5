"""The message that follows a build, whatever becomes of the build or of the message."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from telegram import Bot

from bot.rebuild import Event, Outcome
from bot.state import Place
from bot.telegram import building
from bot.telegram.building import Building
from bot.texts import texts_for
from retrieval.types import Progress
from tests.telegram.chats import Chat
from tests.telegram.server import FakeTelegram
from tests.telegram.users import User

Build = Callable[[Callable[[Event], None]], Awaitable[Outcome]]


class _Desk:
    """A desk whose builds are what the test makes of them."""

    def __init__(self, build: Build, data: Path) -> None:
        self._build = build
        self.settings = SimpleNamespace(index_dir=data / "index")
        self.rebuilder = SimpleNamespace(running=None)

    async def build(self, by: str, on_event: Callable[[Event], None], **how: bool) -> Outcome:
        return await self._build(on_event)


def follow(telegram: FakeTelegram, chat: Chat, build: Build, data: Path) -> tuple[Outcome | BaseException, int]:
    """Have a build followed in a chat; what comes of it, and how many tasks are left behind."""
    desk: Any = _Desk(build, data)

    async def run() -> tuple[Outcome | BaseException, int]:
        async with Bot(telegram.token, base_url=f"{telegram.url}/bot") as bot:
            followed = Building(desk).run(bot, Place(chat.id), "Ada", texts_for("en"))
            (end,) = await asyncio.gather(followed, return_exceptions=True)
            return end, len(asyncio.all_tasks()) - 1

    return asyncio.run(run())


async def _busily(on_event: Callable[[Event], None]) -> Outcome:
    for number in range(1, 21):
        on_event(Progress("embedding", number, 20))
        await asyncio.sleep(0.1)
    return Outcome("stopped")


def test_a_group_hears_of_progress_less_often(
    telegram: FakeTelegram, chat: Chat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert building._EVERY_IN_GROUPS >= 10
    monkeypatch.setattr(building, "_EVERY", 0.2)
    monkeypatch.setattr(building, "_EVERY_IN_GROUPS", 1.5)
    group = telegram.group("Newsroom")
    for place in (chat, group):
        follow(telegram, place, _busily, tmp_path)
    assert len(group.from_bot[-1].versions) < 5 < len(chat.from_bot[-1].versions)
    assert group.from_bot[-1].text == "Stopped. The index is as it was."


def test_a_build_that_breaks_down_is_reported_and_not_followed_any_more(
    telegram: FakeTelegram, chat: Chat, tmp_path: Path
) -> None:
    error = OSError("no more processes")

    async def breaks(on_event: Callable[[Event], None]) -> Outcome:
        raise error

    assert follow(telegram, chat, breaks, tmp_path) == (error, 0)
    (message,) = chat.from_bot
    assert message.text.startswith("The build has failed")
    assert message.buttons == ()


def test_the_report_comes_in_a_new_message_if_the_one_that_followed_the_build_was_deleted(
    telegram: FakeTelegram, ada: User, chat: Chat, tmp_path: Path
) -> None:
    stopped = Outcome("stopped")

    async def deleted(on_event: Callable[[Event], None]) -> Outcome:
        ada.deletes(chat.from_bot[-1])
        return stopped

    assert follow(telegram, chat, deleted, tmp_path) == (stopped, 0)
    assert [message.text for message in chat.from_bot] == ["Stopped. The index is as it was."]
