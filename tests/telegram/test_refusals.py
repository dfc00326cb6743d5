"""What Telegram refuses of an answer goes, and the answer comes without it."""

import time

import pytest

from tests.telegram.bot_process import BotProcess
from tests.telegram.chats import Chat
from tests.telegram.messages import Json, Message
from tests.telegram.server import FakeTelegram
from tests.telegram.talk import MAGNITUDE, marked, press
from tests.telegram.users import User

pytestmark = pytest.mark.usefixtures("nothing_that_telegram_forbids")

NOT_PARSED = "can't parse entities: Unclosed start tag at byte offset 2"
# By the servers of Telegram, and by the Bot API before them.
ADDRESSES = ["BUTTON_URL_INVALID", "inline keyboard button URL 'https://x.org' is invalid: Wrong HTTP URL"]


@pytest.fixture
def ada(town: FakeTelegram) -> User:
    return town.user("Ada")


@pytest.fixture
def chat(town: FakeTelegram, ada: User) -> Chat:
    return town.private(ada)


def ask(user: User, chat: Chat) -> Message:
    return chat.wait_for_reply(user.says(chat, MAGNITUDE), 15)


def addresses(markup: Json | None) -> list[str]:
    """What the buttons open, other than Telegram itself."""
    rows = (markup or {}).get("inline_keyboard", [])
    opened = [str(button["url"]) for row in rows for button in row if "url" in button]
    return [url for url in opened if not url.startswith("https://t.me/")]


def test_an_answer_comes_as_plain_text_if_its_styles_are_refused(town: FakeTelegram, ada: User, chat: Chat) -> None:
    town.refuse_next("sendMessage", NOT_PARSED)
    answer = ask(ada, chat)
    assert answer.text.startswith("6.4 [1] [2]\n\n1. The Continental Wire")
    assert answer.entities == ()
    assert {"1", "Open the article", "👍"} < set(answer.buttons)
    town.refuse_next("editMessageText", "ENTITY_BOUNDS_INVALID")
    opened = press(ada, chat, answer, "1")
    assert opened.entities == ()
    assert "‹ Back" in opened.buttons
    assert marked(press(ada, chat, answer, "‹ Back"), "bold")


@pytest.mark.parametrize("words", ADDRESSES)
def test_an_answer_comes_without_the_addresses_on_its_buttons_if_they_are_refused(
    town: FakeTelegram, ada: User, chat: Chat, words: str
) -> None:
    town.refuse_next("sendMessage", words)
    answer = ask(ada, chat)
    assert addresses(answer.now.markup) == []
    assert {"1", "More", "👍", "Share"} < set(answer.buttons)
    assert marked(answer, "bold")
    town.refuse_next("editMessageReplyMarkup", words)
    liked = press(ada, chat, answer, "👍")
    assert "👍 ✓" in liked.buttons
    assert addresses(liked.now.markup) == []


def test_both_may_be_refused(town: FakeTelegram, ada: User, chat: Chat) -> None:
    town.refuse_next("sendMessage", NOT_PARSED, ADDRESSES[0])
    answer = ask(ada, chat)
    assert answer.entities == ()
    assert addresses(answer.now.markup) == []


@pytest.mark.parametrize("words", [f"can't parse inline query result: {NOT_PARSED}", *ADDRESSES])
def test_an_inline_answer_comes_as_plain_text_without_addresses_if_they_are_refused(
    town: FakeTelegram, ada: User, words: str
) -> None:
    town.refuse_next("answerInlineQuery", words)
    results = ada.inline(MAGNITUDE).results
    assert len(results) > 1
    assert "6.4 [1] [2]\n\n1. The Continental Wire" in results[0].content.text
    assert [one.content.entities for one in results] == [()] * len(results)
    assert [addresses(one.markup) for one in results] == [[]] * len(results)


def test_a_guests_answer_comes_as_plain_text_if_its_styles_are_refused(town: FakeTelegram, ada: User) -> None:
    town.refuse_next("answerGuestQuery", f"can't parse inline query result: {NOT_PARSED}")
    answer = ada.guest(town.group("Visited", bot=False), f"@{town.me.username} {MAGNITUDE}", timeout=15)
    assert "6.4 [1] [2]\n\n1. The Continental Wire" in answer.text
    assert answer.entities == ()


def test_an_inline_query_that_nobody_waits_for_any_more_is_no_trouble(
    town: FakeTelegram, running: BotProcess, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(town, "query_seconds", 0.0)
    town.ask_inline(ada, MAGNITUDE, "", "sender")
    deadline = time.monotonic() + 10
    while "a query was answered too late" not in running.log:
        assert time.monotonic() < deadline, running.log
        time.sleep(0.05)
