"""A fake Telegram, and the bot's side of it by plain HTTP."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.telegram.bot_process import BotProcess
from tests.telegram.chats import Chat
from tests.telegram.server import FakeTelegram
from tests.telegram.talk import ATLANTIS, CREW, DENIED
from tests.telegram.users import User


@dataclass(frozen=True, slots=True)
class Api:
    """Calls methods as a bot would, with a JSON body."""

    telegram: FakeTelegram
    client: httpx.Client

    def post(self, method: str, **params: Any) -> httpx.Response:
        return self.client.post(f"{self.telegram.url}/bot{self.telegram.token}/{method}", json=params)

    def result(self, method: str, **params: Any) -> Any:
        """The result of a call that must be ok."""
        answer = self.post(method, **params).json()
        assert answer["ok"], answer
        return answer["result"]

    def refusal(self, method: str, **params: Any) -> str:
        """The description of a refusal, after its status."""
        response = self.post(method, **params)
        answer = response.json()
        assert not answer["ok"]
        assert answer["error_code"] == response.status_code
        return f"{response.status_code} {answer['description']}"

    def send(self, chat: Chat, text: str = "hello", **params: Any) -> Any:
        return self.result("sendMessage", chat_id=chat.id, text=text, **params)

    def updates(self, **params: Any) -> list[Any]:
        return list(self.result("getUpdates", **params))

    def told(self, *kinds: str) -> list[Any]:
        """All that the bot has been told of those kinds, which is confirmed."""
        updates = self.updates()
        if updates:
            self.updates(offset=updates[-1]["update_id"] + 1)
        return [update[kind] for update in updates for kind in kinds if kind in update]


@pytest.fixture
def telegram() -> Iterator[FakeTelegram]:
    with FakeTelegram() as telegram:
        yield telegram


@pytest.fixture
def api(telegram: FakeTelegram) -> Iterator[Api]:
    with httpx.Client(timeout=10) as client:
        yield Api(telegram, client)


@pytest.fixture
def ada(telegram: FakeTelegram) -> User:
    return telegram.user("Ada", "de")


@pytest.fixture
def chat(telegram: FakeTelegram, ada: User) -> Chat:
    """Ada's chat with the bot, which she has started; that message is still to be fetched."""
    chat = telegram.private(ada)
    ada.says(chat, "/start")
    return chat


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BotProcess]:
    """One bot for all tests of a file; each brings users and groups of its own."""
    with FakeTelegram() as telegram, BotProcess(telegram, tmp_path_factory.mktemp("bot")) as bot:
        yield bot
    assert telegram.token not in bot.log
    for question in (DENIED, ATLANTIS, CREW):
        assert question not in bot.log


@pytest.fixture(scope="module")
def town(running: BotProcess) -> FakeTelegram:
    return running.telegram


@pytest.fixture
def nothing_that_telegram_forbids(running: BotProcess) -> Iterator[None]:
    violations, logged = len(running.telegram.violations), len(running.log)
    yield
    assert running.telegram.violations[violations:] == []
    assert "Traceback" not in running.log[logged:]
