"""The bot in operation: two of it, ports and databases it cannot have, webhooks, a bad network, its log."""

import json
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from bot.telegram.app import Quarrel
from tests.telegram.bot_process import BotProcess
from tests.telegram.chats import Chat
from tests.telegram.messages import Message
from tests.telegram.server import FakeTelegram
from tests.telegram.users import User

DENIED = "who denied the account?"
# The fake Telegram's own side of connections that a stopped or faulted bot leaves behind is closed by the collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")


def newcomer(telegram: FakeTelegram) -> tuple[User, Chat]:
    user = telegram.user("Ada")
    return user, telegram.private(user)


def ask(user: User, chat: Chat, text: str = DENIED) -> Message:
    return chat.wait_for_reply(user.says(chat, text), 20)


def until(condition: Callable[[], Any], bot: BotProcess, seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, bot.log
        time.sleep(0.05)


def complaint(bot: BotProcess) -> str:
    """The one line of a bot that cannot start."""
    bot.start(wait=False)
    assert bot.ended() == 1
    assert "Traceback" not in bot.log
    (line,) = [line for line in bot.log.splitlines() if line.startswith("byline: ")]
    return line


@pytest.fixture
def taken() -> Iterator[str]:
    """An address that something listens at."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
def free() -> str:
    """An address that nothing listens at."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"127.0.0.1:{listener.getsockname()[1]}"


def test_sigterm_lets_an_answer_under_way_arrive(telegram: FakeTelegram, tmp_path: Path) -> None:
    user, chat = newcomer(telegram)
    bot = BotProcess(telegram, tmp_path)
    bot.start()
    telegram.faults(every=1, kinds=("502",), methods=("sendMessage",))
    question = user.says(chat, DENIED)
    until(lambda: telegram.calls("sendMessage"), bot)
    assert bot.process
    bot.process.terminate()
    telegram.no_faults()
    assert bot.ended() == 0
    assert [one.reply_to for one in chat.from_bot] == [question.id]
    bot.start()
    time.sleep(1)
    assert bot.stop() == 0
    assert len(chat.from_bot) == 1
    assert "Traceback" not in bot.log


def test_a_second_bot_with_the_same_token_is_complained_of(telegram: FakeTelegram, tmp_path: Path) -> None:
    with BotProcess(telegram, tmp_path / "one") as one, BotProcess(telegram, tmp_path / "two") as two:
        until(lambda: "another process asks for updates" in one.log + two.log, one)
        lines = [line for line in (one.log + two.log).splitlines() if "another process" in line]
    assert all("ERROR" in line for line in lines)
    assert "Traceback" not in one.log + two.log


def test_a_conflict_that_lasts_ends_it_with_one_line(telegram: FakeTelegram, tmp_path: Path) -> None:
    with BotProcess(telegram, tmp_path) as bot, httpx.Client(timeout=20) as other:
        began = time.monotonic()
        while bot.process and bot.process.poll() is None:
            assert time.monotonic() < began + 90, bot.log
            other.post(f"{telegram.url}/bot{telegram.token}/getUpdates", json={"timeout": 1})
    assert bot.ended() == 1
    assert time.monotonic() > began + 30
    (line,) = [line for line in bot.log.splitlines() if line.startswith("byline: ")]
    assert "another process asks for updates with the same TELEGRAM_BOT_TOKEN" in line
    assert "Traceback" not in bot.log


@pytest.mark.parametrize(
    ("times", "lasts"),
    [
        ((0, 40), False),
        ((0, 100), False),
        ((0, 1, 2, 3, 4, 5), False),
        ((0, 1, 2, 3, 100, 101, 102, 103, 129), False),
        ((0, 1, 3, 5, 8, 13, 21, 32), True),
        ((0, 31, 62, 93, 124), True),
    ],
)
def test_only_a_conflict_seen_again_and_again_for_half_a_minute_lasts(times: Sequence[float], lasts: bool) -> None:
    quarrel = Quarrel()
    assert any(quarrel.lasts(now) for now in times) == lasts


@pytest.mark.parametrize("number", ["1087968824", "136817688", "777000", "-1001000000001", "0"])
def test_a_number_that_many_have_in_common_makes_no_admin(telegram: FakeTelegram, tmp_path: Path, number: str) -> None:
    line = complaint(BotProcess(telegram, tmp_path, indexed=False, ADMIN_IDS=f"501,{number}"))
    assert f"ADMIN_IDS: Value error, {number} is no single person's number" in line


def test_a_metrics_port_in_use_is_one_line(telegram: FakeTelegram, tmp_path: Path, taken: str) -> None:
    assert f"METRICS_LISTEN={taken}" in complaint(BotProcess(telegram, tmp_path, METRICS_LISTEN=taken))


def test_a_webhook_port_in_use_is_one_line(telegram: FakeTelegram, tmp_path: Path, taken: str) -> None:
    bot = BotProcess(telegram, tmp_path, WEBHOOK_URL="https://bot.example.org/hook", WEBHOOK_LISTEN=taken)
    assert f"WEBHOOK_LISTEN={taken}" in complaint(bot)


def test_a_webhook_that_telegram_refuses_is_one_line(telegram: FakeTelegram, tmp_path: Path, free: str) -> None:
    bot = BotProcess(telegram, tmp_path, WEBHOOK_URL="https://x.org:9999/h", WEBHOOK_LISTEN=free)
    line = complaint(bot)
    assert "WEBHOOK_URL: Telegram refuses it (" in line
    assert "only on ports 80, 88, 443 or 8443" in line


@pytest.mark.parametrize("settings", [{}, {"WEBHOOK_URL": "https://bot.example.org/hook"}])
def test_a_network_lost_while_it_starts_is_told_and_does_not_keep_it_from_ending(
    telegram: FakeTelegram, tmp_path: Path, free: str, settings: dict[str, Any]
) -> None:
    bot = BotProcess(telegram, tmp_path, LOG_LEVEL="WARNING", WEBHOOK_LISTEN=free, **settings)
    telegram.faults(every=1, kinds=("reset",), spared=("getMe",))
    bot.start(wait=False)
    until(lambda: bot.log.count("Telegram cannot be reached") > 1, bot)
    telegram.faults(every=1, kinds=("timeout",), spared=("getMe",))
    called = len(telegram.calls("deleteWebhook", "setWebhook"))
    until(lambda: len(telegram.calls("deleteWebhook", "setWebhook")) > called, bot)
    assert bot.process
    bot.process.terminate()
    assert bot.process.wait(5) == 0
    assert "Traceback" not in bot.log


def test_menus_that_telegram_does_not_take_keep_nobody_from_an_answer_and_come_later(
    telegram: FakeTelegram, tmp_path: Path
) -> None:
    user, chat = newcomer(telegram)
    telegram.faults(every=1, kinds=("429",), methods=("setMyCommands",), retry_after=600)
    with BotProcess(telegram, tmp_path) as bot:
        until(lambda: "the menu of commands cannot be set" in bot.log, bot)
        assert "Peskov" in ask(user, chat).text
        telegram.no_faults()
        until(lambda: "ask" in telegram.commands(language="ru"), bot)
    assert "Traceback" not in bot.log


def test_a_webhook_is_served_to_telegram_alone(telegram: FakeTelegram, tmp_path: Path, free: str) -> None:
    user, chat = newcomer(telegram)
    secret = "only-telegram-knows"
    telegram.proxy("https://bot.example.org", f"http://{free}")
    url = "https://bot.example.org/hook"
    with BotProcess(telegram, tmp_path, WEBHOOK_URL=url, WEBHOOK_LISTEN=free, WEBHOOK_SECRET=secret) as bot:
        assert "Peskov" in ask(user, chat).text
        assert not telegram.is_polled
        update = {"update_id": 1, "message": user.says(chat, "/help").json()}
        for headers in ({}, {"X-Telegram-Bot-Api-Secret-Token": "a-guess"}):
            assert httpx.post(f"http://{free}/hook", json=update, headers=headers).status_code == 403
        assert secret not in bot.log
    with BotProcess(telegram, tmp_path):  # back to polling, which a webhook left behind would forbid
        assert "Peskov" in ask(user, chat).text
    assert telegram.violations == []


def test_health_is_failing_until_there_is_an_index(telegram: FakeTelegram, tmp_path: Path, free: str) -> None:
    user, chat = newcomer(telegram)
    user.says(chat, DENIED)
    with BotProcess(telegram, tmp_path, indexed=False, METRICS_LISTEN=free):
        answer = httpx.get(f"http://{free}/healthz")
        assert (answer.status_code, answer.json()["reason"]) == (503, "there is no index yet")
        chat.wait(lambda messages: any("Peskov" in one.text for one in messages), 60)
        assert httpx.get(f"http://{free}/healthz").status_code == 200
        assert "byline_index_articles 30.0" in httpx.get(f"http://{free}/metrics").text
        assert httpx.get(f"http://{free}/").status_code == 404


def test_the_log_is_json_and_never_holds_the_token_or_a_question(telegram: FakeTelegram, tmp_path: Path) -> None:
    user, chat = newcomer(telegram)
    with BotProcess(telegram, tmp_path, LOG_FORMAT="json", LOG_LEVEL="DEBUG") as bot:
        telegram.faults(every=3, kinds=("502", "reset"))
        assert "Peskov" in ask(user, chat).text
        telegram.no_faults()
    lines = [json.loads(line) for line in bot.log.splitlines()]
    assert any("failed" in line["message"] for line in lines)
    assert telegram.token not in bot.log
    assert telegram.token.partition(":")[2] not in bot.log
    assert DENIED not in bot.log


def test_whoever_has_stopped_the_bot_costs_the_others_nothing(telegram: FakeTelegram, tmp_path: Path) -> None:
    (gone, empty), (user, chat) = newcomer(telegram), newcomer(telegram)
    gone.says(empty, DENIED)
    gone.blocks_bot()
    with BotProcess(telegram, tmp_path) as bot:
        assert "Peskov" in ask(user, chat).text
        until(lambda: "could not be delivered" in bot.log, bot)
    assert "Traceback" not in bot.log


def test_a_file_that_is_no_database_is_one_line(telegram: FakeTelegram, tmp_path: Path) -> None:
    bot = BotProcess(telegram, tmp_path)
    (bot.data / "byline.db").write_bytes(b"This is a letter, not a database. " * 100)
    assert "database" in complaint(bot)


def test_with_a_full_disk_questions_are_answered_without_buttons_until_there_is_room_again(
    telegram: FakeTelegram, tmp_path: Path
) -> None:
    user, chat = newcomer(telegram)
    with BotProcess(telegram, tmp_path) as bot:
        assert "Peskov" in ask(user, chat).text
        until(lambda: _column(bot, "SELECT waiting FROM byline_questions") == [0], bot)  # and nothing is to be written
        assert bot.process
        process = psutil.Process(bot.process.pid)
        before = process.rlimit(psutil.RLIMIT_FSIZE)
        full = (bot.data / "byline.db-wal").stat().st_size
        assert full > bot.log_path.stat().st_size + 20_000, "the log must have room"
        process.rlimit(psutil.RLIMIT_FSIZE, (full, before[1]))
        said = ask(user, chat)
        assert "Peskov" in said.text
        assert said.buttons == ()
        process.rlimit(psutil.RLIMIT_FSIZE, before)
        assert "Peskov" in ask(user, chat).text
    assert "unexpected StateError" in bot.log
    assert _column(bot, "PRAGMA integrity_check") == ["ok"]


def _column(bot: BotProcess, query: str) -> list[Any]:
    with closing(sqlite3.connect(bot.data / "byline.db")) as database:
        return [row[0] for row in database.execute(query)]
