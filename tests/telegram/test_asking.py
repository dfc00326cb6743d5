"""Questions and answers in every kind of chat, with the real bot and the sample articles."""

import json
import time
from pathlib import Path

import pytest

from tests.telegram.bot_process import BotProcess
from tests.telegram.chats import Chat
from tests.telegram.messages import Message
from tests.telegram.server import FakeTelegram
from tests.telegram.talk import DENIED, becomes, marked
from tests.telegram.users import User

pytestmark = pytest.mark.usefixtures("nothing_that_telegram_forbids")


def newcomer(town: FakeTelegram, language: str = "en") -> tuple[User, Chat]:
    user = town.user("Ada", language)
    return user, town.private(user)


def ask(user: User, chat: Chat, text: str = DENIED) -> Message:
    return chat.wait_for_reply(user.says(chat, text), 15)


def test_an_answer_has_its_sentence_in_a_quote_that_opens_and_a_marker_that_leads_to_it(town: FakeTelegram) -> None:
    answer = ask(*newcomer(town))
    (quote,) = marked(answer, "expandable_blockquote")
    assert "Peskov" in quote
    assert "denied the account" in quote
    links = [one for one in answer.entities if one.type == "text_link"]
    assert marked(answer, "text_link")[0] == "[1]"
    assert all(one.url for one in links)
    assert "10 April 2018" in answer.text


def test_a_number_opens_the_sentence_among_its_neighbours_and_back_leads_back(town: FakeTelegram) -> None:
    user, chat = newcomer(town)
    answer = ask(user, chat)
    user.presses(answer, "1")
    opened = becomes(chat, answer, "Moscow was waiting")
    assert any("denied the account" in bold for bold in marked(opened, "bold"))
    user.presses(opened, "›")
    onward = becomes(chat, answer, "Washington")
    user.presses(onward, "‹ Back")
    assert becomes(chat, answer, "[1]").text == answer.text


def test_more_brings_passages_that_can_be_opened_too(town: FakeTelegram) -> None:
    user, chat = newcomer(town)
    answer = ask(user, chat)
    user.presses(answer, "More")
    more = becomes(chat, answer, "Further passages")
    user.presses(more, "2")
    opened = becomes(chat, answer, "2. ")
    chat.wait(lambda _: "Open the article" in chat.now(answer).buttons, 10)
    assert "Further passages" not in chat.now(opened).text


def test_a_thumb_is_shown_and_taken_back(town: FakeTelegram) -> None:
    user, chat = newcomer(town)
    answer = ask(user, chat)
    user.presses(answer, "👍")
    chat.wait(lambda _: "👍 ✓" in chat.now(answer).buttons, 10)
    taken_back = user.presses(chat.now(answer), "👍 ✓")
    chat.wait(lambda _: "👍" in chat.now(answer).buttons, 10)
    assert taken_back.text == "Taken back."
    assert chat.now(answer).buttons == answer.buttons


def test_a_refusal_says_why_and_shows_the_nearest_passages(town: FakeTelegram) -> None:
    answer = ask(*newcomer(town), "what is the capital of Atlantis?")
    assert answer.text.startswith("I could not find that.")
    assert "No article on this topic was found." in answer.text
    assert "1" in answer.buttons


def test_a_deep_link_opens_the_answer_again_for_somebody_else(town: FakeTelegram) -> None:
    answer = ask(*newcomer(town))
    identity = (answer.button("👍").data or "").partition(":")[2]
    bob, chat = newcomer(town, "de")
    bob.says(chat, f"/start {identity}")
    assert "Peskov" in chat.wait(lambda messages: any("[1]" in one.text for one in messages), 10)[-1].text
    bob.says(chat, "/start nothing0here")
    chat.wait(lambda messages: "nicht mehr gespeichert" in messages[-1].text, 10)


def test_an_edited_question_gets_its_answer_edited(town: FakeTelegram) -> None:
    user, chat = newcomer(town)
    question = user.says(chat, DENIED)
    answer = chat.wait_for_reply(question, 15)
    user.edits(question, "what is the capital of Atlantis?")
    assert becomes(chat, answer, "could not find").id == answer.id
    assert len(chat.from_bot) == 1


def test_an_update_that_comes_twice_is_answered_once(town: FakeTelegram) -> None:
    user, chat = newcomer(town)
    town.duplicate_updates()
    try:
        ask(user, chat)
        time.sleep(1)
    finally:
        town.duplicate_updates(False)
    assert len(chat.from_bot) == 1


def test_what_leans_on_the_question_before_is_understood_and_can_be_asked_literally(town: FakeTelegram) -> None:
    user, chat = newcomer(town)
    ask(user, chat)
    answer = ask(user, chat, "when?")
    assert answer.text.startswith("Understood as: When was it that Dmitry S. Peskov denied the account?")
    user.presses(answer, "Ask it literally")
    chat.wait(lambda _: "Understood as" not in chat.now(answer).text, 10)
    user.says(chat, "/new")
    assert "Understood" not in ask(user, chat, "why?").text


@pytest.mark.parametrize(
    ("language", "words"), [("en", "I read text only"), ("ru", "только текст"), ("es", "Solo leo"), ("de", "nur Text")]
)
def test_a_sticker_gets_a_short_word_in_the_language_of_its_sender(
    town: FakeTelegram, language: str, words: str
) -> None:
    user, chat = newcomer(town, language)
    assert words in chat.wait_for_reply(user.sends_sticker(chat), 10).text


@pytest.mark.parametrize("text", ["🙂" * 2000, "?!", "/nonsense", "/ask"])
def test_what_is_no_question_gets_a_short_word(town: FakeTelegram, text: str) -> None:
    user, chat = newcomer(town)
    assert len(chat.wait_for_reply(user.says(chat, text), 10).text) < 200


def test_a_message_of_ten_megabytes_gets_a_short_word(town: FakeTelegram) -> None:
    user, chat = newcomer(town)
    assert "too long" in chat.wait_for_reply(user.says(chat, "who denied it? " * 700_000), 30).text
    assert "Peskov" in ask(user, chat).text


def test_a_flood_is_asked_to_wait_once(town: FakeTelegram) -> None:
    user, chat = newcomer(town)
    for _ in range(26):
        user.says(chat, "?!x")
    chat.wait(lambda _: any("One moment" in one.text for one in chat.from_bot), 20)
    time.sleep(1)
    assert sum("One moment" in one.text for one in chat.from_bot) == 1


@pytest.mark.parametrize("text", ["/help", "/sources", "/rebuild", "/nonsense", "a sticker"])
def test_a_flood_of_what_is_no_question_is_asked_to_wait_once_too(town: FakeTelegram, text: str) -> None:
    user, chat = newcomer(town)
    for _ in range(26):
        _ = user.sends_sticker(chat) if text == "a sticker" else user.says(chat, text)
    chat.wait(lambda _: any("One moment" in one.text for one in chat.from_bot), 30)
    ask(*newcomer(town))
    assert sum("One moment" in one.text for one in chat.from_bot) == 1
    chat.wait(lambda _: len(chat.from_bot) == 21, 30)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("/sources", "Articles: 30. Outlets: 7."),
        ("/privacy", "/forget"),
        ("/whoami", "Your number"),
        ("/rebuild", "Only an admin"),
    ],
)
def test_commands_answer(town: FakeTelegram, command: str, words: str) -> None:
    assert words in ask(*newcomer(town), command).text


def test_help_has_three_questions_that_are_answered(town: FakeTelegram) -> None:
    user, chat = newcomer(town)
    user.says(chat, "/help")
    shown = chat.wait(lambda messages: bool(messages[-1].buttons), 20)[-1]
    assert len(shown.buttons) == 3
    user.presses(shown, shown.buttons[0])
    answer = chat.wait(lambda messages: messages[-1].id > shown.id, 10)[-1]
    assert answer.text.startswith(shown.buttons[0])
    assert "could not find" not in answer.text


def test_forget_deletes_the_answers_and_says_how_many(town: FakeTelegram) -> None:
    user, chat = newcomer(town)
    answer = ask(user, chat)
    assert "Questions deleted: 1" in ask(user, chat, "/forget").text
    pressed = user.presses(answer, "1")
    assert pressed.alert


def test_a_group_is_answered_where_it_asks_and_left_alone_otherwise(town: FakeTelegram) -> None:
    user, _ = newcomer(town)
    group = town.group("Newsroom", topics=True, mentions=True)
    topic = group.topic("Politics")
    user.says(group, "nobody asked the bot", topic=topic)
    user.sends_sticker(group)
    answer = group.wait_for_reply(user.says(group, f"/ask {DENIED}", topic=topic), 15)
    assert answer.thread == topic.id
    assert all(action.thread == topic.id for action in group.actions)
    followed = group.wait_for_reply(user.says(group, "when?", reply_to=answer, topic=topic), 15)
    assert "Understood as" in followed.text
    mentioned = group.wait_for_reply(user.says(group, f"@{town.me.username} {DENIED}"), 15)
    assert "Peskov" in mentioned.text
    assert len(group.from_bot) == 3


def test_inline_results_carry_the_citation_and_their_buttons_work(town: FakeTelegram) -> None:
    user, _ = newcomer(town)
    results = user.inline(DENIED, timeout=10).results
    group = town.group("Elsewhere", bot=False)
    sent = user.chooses(results[0], group)
    assert "Peskov" in sent.text
    user.presses(sent, "1")
    assert "Moscow was waiting" in becomes(group, sent, "Moscow was waiting").text


def test_a_guest_message_is_answered(town: FakeTelegram) -> None:
    user, _ = newcomer(town)
    group = town.group("Visited", bot=False)
    assert "Peskov" in user.guest(group, f"@{town.me.username} {DENIED}", timeout=15).text


def test_hostile_texts_are_shown_as_they_are(telegram: FakeTelegram, tmp_path: Path) -> None:
    articles = tmp_path / "hostile"
    articles.mkdir()
    records = [
        {"id": "a", "title": "H" * 300, "text": "The zebrafish lives in <b>ponds</b> & in 🐟 tanks.", "url": None},
        {
            "id": "b",
            "title": "عنوان عربي",
            "text": "The quagga is extinct since 1883.",
            "url": "https://x.org/" + "a" * 1980,
        },
        {"id": "c", "title": "</a><script>", "text": "The wombat digs burrows.", "url": "javascript:alert(1)"},
    ]
    (articles / "a.jsonl").write_text("\n".join(json.dumps(one) for one in records))
    user = telegram.user("Eve")
    chat = telegram.private(user)
    chat.member = True
    with BotProcess(telegram, tmp_path / "bot", articles=articles, indexed=False, ANSWER_THRESHOLD="0"):
        fish = chat.wait_for_reply(user.says(chat, "Where does the zebrafish live?"), 40)
        if "not read the articles yet" in fish.text:
            fish = chat.wait(lambda messages: "ponds" in messages[-1].text, 40)[-1]
        assert "<b>ponds</b> & in 🐟 tanks" in fish.text
        assert "H" * 100 in fish.text
        assert "H" * 200 not in fish.text
        quagga = chat.wait_for_reply(user.says(chat, "Since when is the quagga extinct?"), 15)
        assert "عنوان عربي" in quagga.text
        assert "Open the article" in quagga.buttons
        wombat = chat.wait_for_reply(user.says(chat, "What does the wombat dig?"), 15)
        assert all("javascript" not in (one.url or "") for one in wombat.entities)
        assert "</a><script>" in wombat.text
    assert telegram.violations == []
