"""Presses and commands that come twice, too late or from the wrong hands, in topics and below what was sent inline."""

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, TypeVar

import pytest
from telegram import CallbackQuery, Update
from telegram import User as Presser

from bot.state import Answered, Asked, Cited, Record
from bot.telegram.buttons import Buttons
from tests.telegram.bot_process import BotProcess
from tests.telegram.chats import Chat, Topic
from tests.telegram.messages import Message
from tests.telegram.server import FakeTelegram
from tests.telegram.talk import ATLANTIS, DENIED, identity, press
from tests.telegram.users import User
from tests.telegram.world import Query

pytestmark = pytest.mark.usefixtures("nothing_that_telegram_forbids")

T = TypeVar("T")
LITERALLY = "Ask it literally"
NOT_YOURS = "Only whoever asked can ask it anew, below their own answer."


@pytest.fixture(scope="module")
def staffed() -> Iterator[tuple[FakeTelegram, User]]:
    """A Telegram with an admin of the bot."""
    with FakeTelegram() as telegram:
        admin = telegram.user("Editor")
        telegram.private(admin).member = True
        yield telegram, admin


@pytest.fixture(scope="module")
def running(staffed: tuple[FakeTelegram, User], tmp_path_factory: pytest.TempPathFactory) -> Iterator[BotProcess]:
    """One bot with that admin."""
    telegram, admin = staffed
    with BotProcess(telegram, tmp_path_factory.mktemp("bot"), ADMIN_IDS=str(admin.id)) as bot:
        yield bot


@pytest.fixture
def admin(staffed: tuple[FakeTelegram, User]) -> User:
    return staffed[1]


@pytest.fixture
def ada(town: FakeTelegram) -> User:
    return town.user("Ada")


@pytest.fixture
def chat(town: FakeTelegram, ada: User) -> Chat:
    return town.private(ada)


def ask(user: User, chat: Chat, text: str = DENIED) -> Message:
    return chat.wait_for_reply(user.says(chat, text), 15)


def send_data(town: FakeTelegram, user: User, message: Message, data: str) -> Query:
    """What a client of one's own can send: a press of a button that the message does not have."""
    with town.lock:
        return town.ask_callback(user, message, data)


def twice(town: FakeTelegram, do: Callable[[], T]) -> T:
    """Do what makes for an update, which is delivered twice, and wait until it was handled."""
    after = town.user("Next")
    chat = town.private(after)
    town.duplicate_updates()
    try:
        done = do()
        ask(after, chat, "/whoami")
    finally:
        town.duplicate_updates(False)
    ask(after, chat, "/whoami")
    return done


def said(chat: Chat, user: User, text: str, topic: Topic | None = None) -> Message:
    """What the bot says next."""
    message = user.says(chat, text, topic=topic)
    chat.wait(lambda messages: messages[-1].id > message.id, 15)
    return chat.messages[-1]


def has(chat: Chat, message: Message, button: str) -> Message:
    """The message as soon as it has the button."""
    chat.wait(lambda _: button in chat.now(message).buttons, 60)
    return chat.now(message)


def current(bot: BotProcess) -> int:
    """The number of the generation that answers."""
    return int((bot.data / "index" / "CURRENT").read_text().partition(" ")[0])


def test_a_thumb_that_is_delivered_twice_counts_once(town: FakeTelegram, ada: User, chat: Chat) -> None:
    answer = ask(ada, chat)
    twice(town, lambda: ada.taps(answer, "👍"))
    has(chat, answer, "👍 ✓")
    press(ada, chat, answer, "1")
    assert "👍 ✓" in press(ada, chat, answer, "‹ Back").buttons


def test_more_than_sixty_presses_a_minute_are_asked_to_wait_and_do_nothing(
    town: FakeTelegram, ada: User, chat: Chat
) -> None:
    answer = ask(ada, chat)

    def edits() -> int:
        return sum(call.params["chat_id"] == str(chat.id) for call in town.calls("editMessageText"))

    with town.lock:
        taps = [ada.taps(answer, "1") for _ in range(90)]
    said = [tap.wait(20).get("text") for tap in taps]
    done = said.count(None)
    assert set(said) == {None, "One moment, please. You can ask again in a minute."}
    assert 60 <= done < 80  # one more a second
    has(chat, answer, "‹ Back")
    time.sleep(1)
    assert edits() <= done
    bob = town.user("Bob")
    his = town.private(bob)
    assert "Moscow was waiting" in press(bob, his, ask(bob, his), "1").text


def test_what_was_pressed_long_ago_is_done_all_the_same(
    town: FakeTelegram, ada: User, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = ask(ada, chat)
    monkeypatch.setattr(town, "query_seconds", 0.0)
    ada.taps(answer, "1")
    opened = has(chat, answer, "‹ Back")
    assert "Moscow was waiting" in opened.text
    ada.taps(opened, "‹ Back")
    has(chat, answer, "👍")
    ada.taps(answer, "👍")
    has(chat, answer, "👍 ✓")


def test_what_an_admin_pressed_long_ago_is_done_and_others_are_still_kept_out(
    town: FakeTelegram, admin: User, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = town.group("Newsroom", privacy=False)
    listed = ask(admin, group, "/articles")
    monkeypatch.setattr(town, "query_seconds", 0.0)
    send_data(town, ada, listed, "build:rejected")
    admin.taps(listed, "›")
    has(group, listed, "‹")
    send_data(town, admin, listed, "build:rejected")
    group.wait(lambda messages: messages[-1].text == "Nothing was rejected.", 10)
    assert len(group.from_bot) == 2


def test_a_copy_of_an_answer_cannot_be_asked_literally(town: FakeTelegram, ada: User, chat: Chat) -> None:
    ask(ada, chat)
    answer = ask(ada, chat, "when?")
    assert LITERALLY in answer.buttons
    for reader in (town.user("Bob"), ada):
        own = town.private(reader)
        copy = ask(reader, own, f"/start {identity(answer)}")
        assert copy.text.startswith("when?\n\nUnderstood as: ")
        assert LITERALLY not in copy.buttons
        press(reader, own, copy, "1")
        back = press(reader, own, copy, "‹ Back")
        assert (back.text, back.buttons) == (copy.text, copy.buttons)
        assert LITERALLY not in press(reader, own, copy, "👍").buttons
        assert send_data(town, reader, copy, f"lit:{identity(answer)}").wait(10)["text"] == NOT_YOURS
    assert len(chat.now(answer).versions) == 1
    assert "Understood as" not in press(ada, chat, answer, LITERALLY).text


def test_in_a_group_only_whoever_asked_can_ask_literally(town: FakeTelegram, ada: User) -> None:
    group, bob = town.group("Newsroom"), town.user("Bob")
    ask(ada, group, f"/ask {DENIED}")
    answer = ask(ada, group, "/ask when?")
    assert bob.presses(answer, LITERALLY).text == NOT_YOURS
    assert len(group.now(answer).versions) == 1
    assert "Understood as" not in press(ada, group, answer, LITERALLY).text


def test_what_was_asked_in_the_name_of_a_group_anyone_in_it_can_ask_literally(town: FakeTelegram, ada: User) -> None:
    group = town.group("Newsroom")
    group.promotes(ada)
    ask(ada, group, f"/ask {DENIED}")
    answer = group.wait_for_reply(ada.says(group, "/ask when?", behalf=group), 15)
    assert "Understood as" not in press(ada, group, answer, LITERALLY).text


def test_a_report_goes_back_one_generation_however_often_its_button_is_pressed(
    town: FakeTelegram, running: BotProcess, admin: User
) -> None:
    chat = town.private(admin)
    for place in ("harbour", "market"):
        (running.articles / f"{place}.txt").write_text(f"Sweeping\n\nThe {place} was swept by Jonas Okoro.\n")
        report = has(chat, said(chat, admin, "/rebuild"), "Roll back")
    newest = current(running)
    twice(town, lambda: admin.taps(report, "Roll back"))
    chat.wait(lambda messages: messages[-1].text == f"Generation {newest - 1:06d} answers from now on.", 15)
    admin.presses(report, "Roll back")
    chat.wait(lambda messages: f"generation {newest - 1:06d} answers. /rollback" in messages[-1].text, 15)
    assert current(running) == newest - 1
    before = len(chat.from_bot)
    twice(town, lambda: admin.says(chat, "/rollback"))
    chat.wait(lambda messages: messages[-1].text == f"Generation {newest - 2:06d} answers from now on.", 15)
    assert current(running) == newest - 2
    assert len(chat.from_bot) == before + 1


def test_what_a_press_in_a_topic_brings_stays_in_that_topic(
    town: FakeTelegram, running: BotProcess, admin: User
) -> None:
    forum = town.group("Forum", topics=True)
    topic = forum.topic("Desk")
    lines = '{"id": "1", "title": "Sweeping", "text": "The topic was swept by Jonas Okoro."}\n{broken\n'
    (running.articles / "topic.jsonl").write_text(lines)
    checked = has(forum, said(forum, admin, "/rebuild check", topic), "Build")
    admin.presses(checked, "Build")
    forum.wait(lambda messages: "Roll back" in messages[-1].buttons, 60)
    report = forum.messages[-1]
    admin.presses(report, "What was rejected")
    forum.wait(lambda messages: "topic.jsonl:2" in messages[-1].text, 15)
    admin.presses(report, "Roll back")
    forum.wait(lambda messages: messages[-1].text.endswith("answers from now on."), 15)
    forum.wait_for_reply(admin.says(forum, f"/ask {ATLANTIS}", topic=topic), 15)
    admin.presses(said(forum, admin, "/gaps", topic), "As a file")
    forum.wait(lambda messages: "document" in messages[-1].content, 15)
    assert {message.thread for message in forum.from_bot} == {topic.id}


@dataclass
class _Bot:
    """Keeps what it is asked to show."""

    shown: list[str] = field(default_factory=list)

    async def answer_callback_query(self, **given: Any) -> bool:
        return True

    async def edit_message_text(self, text: str, **given: Any) -> bool:
        self.shown.append(text)
        return True


def test_back_shows_the_beginning_of_a_long_answer_that_was_sent_inline() -> None:
    quote = "Many words were said. " * 150
    cited = [Cited(n, "a", "Title", None, None, None, quote, 0, len(quote), None, None, "exact") for n in (1, 2)]
    answered = Answered("Who?", "Ada Mayer", None, 0.9, tuple(cited), "g1", 9.0)
    record = Record("AbCdEfGhIjK", datetime.now(UTC), Asked("Who?", "inline", 7, "en"), answered, ())
    desk: Any = SimpleNamespace(
        state=SimpleNamespace(find=lambda _: record),
        presses=SimpleNamespace(allow=lambda *_: "yes"),
        username="byline_bot",
        service=None,
    )
    bot: Any = _Bot()
    query = CallbackQuery("1", Presser(7, "Ada", False), "c", data=f"back:{record.id}", inline_message_id="B")
    query.set_bot(bot)
    buttons: Any = Buttons(desk, SimpleNamespace())  # type: ignore[arg-type]
    asyncio.run(buttons.pressed(Update(1, callback_query=query), SimpleNamespace(bot=bot)))
    (shown,) = bot.shown
    assert shown.startswith("<i>Who?</i>\n\n<b>Ada Mayer</b>")
