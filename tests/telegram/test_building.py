"""The message that follows a build, whatever becomes of the build or of the message."""

import asyncio
import logging
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
from bot.texts import Texts, texts_for
from retrieval.types import Progress
from tests.telegram.chats import Chat
from tests.telegram.server import FakeTelegram
from tests.telegram.users import User

Build = Callable[[Callable[[Event], None]], Awaitable[Outcome]]


class _Desk:
    """A desk whose builds are what the test makes of them; whoever is told of the first one speaks German."""

    def __init__(self, build: Build, data: Path, admins: frozenset[int] = frozenset()) -> None:
        self._build = build
        self.settings = SimpleNamespace(index_dir=data / "index", admin_ids=admins)
        self.rebuilder = SimpleNamespace(running=None)
        self.service: object = None

    async def build(self, by: str, on_event: Callable[[Event], None], **how: bool) -> Outcome:
        outcome = await self._build(on_event)
        if outcome.kind == "done":
            self.service = object()
        return outcome

    async def texts_of_admin(self, admin: int) -> Texts:
        return texts_for("de")


def follow(telegram: FakeTelegram, chat: Chat, build: Build, data: Path) -> tuple[Outcome | BaseException, int]:
    """Have a build followed in a chat; what comes of it, and how many tasks are left behind."""
    desk: Any = _Desk(build, data)
    desk.service = object()

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
    assert message.text == "The build has failed; the index is as it was and answers. The log says why."
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


def first_of(telegram: FakeTelegram, chat: Chat, outcomes: list[Outcome], data: Path) -> int:
    """Let the first build end so and so, one time after the other; how many were not needed."""

    async def build(on_event: Callable[[Event], None]) -> Outcome:
        return outcomes.pop(0)

    async def run() -> None:
        desk: Any = _Desk(build, data, frozenset({chat.id}))
        async with Bot(telegram.token, base_url=f"{telegram.url}/bot") as bot:
            await Building(desk).first(bot)

    asyncio.run(run())
    return len(outcomes)


_EMPTY = Outcome("failed", error="EmptyCorpus", message="no article could be read from articles.")
_FULL = Outcome("failed", error="StorageError", message="no space left on device.")
_DONE = Outcome("done")


def test_a_first_build_that_fails_is_tried_again_and_told_once_for_each_reason(
    telegram: FakeTelegram,
    chat: Chat,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(building, "_AGAIN", 0.01)
    with caplog.at_level(logging.ERROR):
        assert first_of(telegram, chat, [_EMPTY, _EMPTY, _EMPTY, Outcome("busy"), _FULL, _DONE, _DONE], tmp_path) == 1
    unborn = "Es gibt noch keinen Index, und er konnte nicht gebaut werden:"
    assert [message.text for message in chat.from_bot] == [
        f"{unborn} Im Ordner ist kein Artikel, der gelesen werden kann. (no article could be read from articles.) "
        "Ich versuche es weiter.",
        f"{unborn} Die Platte ist voll oder nimmt nichts an. (no space left on device.) Ich versuche es weiter.",
        "Ab jetzt antwortet der neue Index.",
    ]
    assert len(caplog.messages) == 2


def test_a_first_build_that_was_stopped_is_not_tried_again(
    telegram: FakeTelegram, chat: Chat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(building, "_AGAIN", 0.01)
    assert first_of(telegram, chat, [_FULL, Outcome("stopped"), _DONE], tmp_path) == 1
    assert "Angehalten." in chat.from_bot[-1].text
