"""What happens around questions in private chats: other words, other people, edits, buttons and addresses."""

import time
from pathlib import Path

import pytest

from tests.telegram.bot_process import BotProcess
from tests.telegram.chats import Chat
from tests.telegram.messages import Message
from tests.telegram.server import FakeTelegram
from tests.telegram.talk import ATLANTIS, CREW, DENIED, MAGNITUDE, identity, marked, press
from tests.telegram.users import User

pytestmark = pytest.mark.usefixtures("nothing_that_telegram_forbids")
NOT_ALLOWED = "I answer only in certain chats, and this is none of them."


@pytest.fixture
def ada(town: FakeTelegram) -> User:
    return town.user("Ada")


@pytest.fixture
def chat(town: FakeTelegram, ada: User) -> Chat:
    return town.private(ada)


def ask(user: User, chat: Chat, text: str = DENIED) -> Message:
    return chat.wait_for_reply(user.says(chat, text), 10)


def test_the_answer_is_bold_and_stands_word_for_word_in_the_first_quote(ada: User, chat: Chat) -> None:
    answer = ask(ada, chat)
    sentence = answer.text.partition(" [1]")[0]
    assert marked(answer, "bold")[0] == sentence
    assert sentence in marked(answer, "expandable_blockquote")[0]
    assert answer.reply_to == chat.messages[0].id


def test_each_marker_and_headline_leads_to_its_own_source(town: FakeTelegram, ada: User, chat: Chat) -> None:
    answer = ask(ada, chat, MAGNITUDE)
    assert answer.buttons[:2] == ("1", "2")
    assert marked(answer, "text_link")[:2] == ["[1]", "[2]"]
    leads = [one.url for one in answer.entities if one.type == "text_link"]
    assert leads[:2] == leads[2:4]  # the markers, then the headlines; those of other passages follow
    assert leads[0] == f"https://t.me/{town.me.username}?start={identity(answer)}_1"
    assert "example.org" in (leads[1] or "")
    assert "#:~:text=" in (leads[1] or "")


def test_how_many_outlets_give_an_answer_is_said_to_everyone_in_their_language(
    town: FakeTelegram, ada: User, chat: Chat
) -> None:
    asked = "How many people were aboard the ferry Saint Orla?"
    answer = ask(ada, chat, asked)
    assert answer.text.startswith("212 [1] [2] [3] (3 outlets)\n\n")
    bob = town.user("Bob", "de")
    his = town.private(bob)
    assert "212 [1] [2] [3] (3 Medien)\n\n" in ask(bob, his, f"/start {identity(answer)}").text
    assert "212 [1] [2] [3] (3 Medien)\n\n" in bob.inline(asked).results[0].content.text


def test_an_agencys_text_in_two_outlets_is_one_report(ada: User, chat: Chat) -> None:
    assert ask(ada, chat, MAGNITUDE).text.startswith("6.4 [1] [2]\n\n1. The Continental Wire")


def test_several_sources_have_no_preview_and_a_single_one_has_its_own(ada: User, chat: Chat) -> None:
    assert ask(ada, chat, MAGNITUDE).now.link_preview == {"is_disabled": True}
    alone = ask(ada, chat, "Which company will heat homes with warmth from the sewers?")
    address = alone.button("Open the article").url
    assert alone.buttons[0] == "1"
    assert "2" not in alone.buttons
    assert alone.now.link_preview == {"is_disabled": False, "url": address}


def test_a_passage_is_turned_from_its_first_paragraph_to_its_last(ada: User, chat: Chat) -> None:
    answer = ask(ada, chat)
    opened = press(ada, chat, answer, "1")
    while "‹" in opened.buttons:
        opened = press(ada, chat, answer, "‹")
    assert "\n\nAn aide to President Vladimir Putin says" in opened.text
    while "›" in opened.buttons:
        opened = press(ada, chat, answer, "›")
    assert opened.text.endswith("closing the United States consulate in St. Petersburg.")
    assert press(ada, chat, answer, "‹ Back").text == answer.text


def test_a_button_pressed_twice_is_answered_twice(ada: User, chat: Chat) -> None:
    answer = ask(ada, chat)
    twice = [ada.taps(answer, "1"), ada.taps(answer, "1")]
    assert all(not tap.wait(10).get("text") for tap in twice)


def test_more_ends_with_a_word_and_back(ada: User, chat: Chat) -> None:
    answer = shown = ask(ada, chat)
    for _ in range(30):
        shown = press(ada, chat, answer, "More")
        if "More" not in shown.buttons:
            break
    assert shown.text == "There are no further passages."
    back = press(ada, chat, answer, "‹ Back")
    assert back.text == answer.text
    assert back.buttons == answer.buttons


def test_one_thumb_takes_the_place_of_the_other(ada: User, chat: Chat) -> None:
    answer = ask(ada, chat)
    assert "👎 ✓" in press(ada, chat, answer, "👎").buttons
    turned = press(ada, chat, answer, "👍")
    press(ada, chat, answer, "1")
    assert press(ada, chat, answer, "‹ Back").buttons == turned.buttons
    assert {"👍 ✓", "👎"} < set(turned.buttons)
    assert {"👍", "👎"} < set(press(ada, chat, answer, "👍 ✓").buttons)


@pytest.mark.parametrize("data", ["see:{id}", "see:{id}:x", "see:{id}:1:-5", "see:{id}:1:9999", "see:{id}:77"])
def test_button_data_that_no_button_has_does_no_harm(town: FakeTelegram, ada: User, chat: Chat, data: str) -> None:
    answer = ask(ada, chat)
    with town.lock:
        query = town.ask_callback(ada, answer, data.format(id=identity(answer)))
    query.wait(10)
    assert "Peskov" in ask(ada, chat).text


def test_a_link_to_a_citation_opens_it_in_its_article(town: FakeTelegram, ada: User, chat: Chat) -> None:
    answer = ask(ada, chat)
    bob = town.user("Bob", "de")
    his = town.private(bob)
    opened = his.wait_for_reply(bob.says(his, f"/start {identity(answer)}_1"), 10)
    assert "Moscow was waiting" in opened.text
    assert any(answer.text.partition(" [1]")[0] in bold for bold in marked(opened, "bold"))
    assert press(bob, his, opened, "‹ Zurück").text.startswith(f"{DENIED}\n\n{answer.text[:40]}")


@pytest.mark.parametrize("payload", ["_", "_1", "x" * 64, "__proto__"])
def test_a_link_that_leads_nowhere_says_so(ada: User, chat: Chat, payload: str) -> None:
    assert "not stored any more" in ask(ada, chat, f"/start {payload}").text


def test_markup_in_a_question_is_shown_as_it_was_written(town: FakeTelegram, ada: User, chat: Chat) -> None:
    asked = "how many crew on <b>saint orla</b> & </i> &lt; ?"
    answer = ask(ada, chat, asked)
    bob = town.user("Bob")
    his = town.private(bob)
    again = his.wait_for_reply(bob.says(his, f"/start {identity(answer)}"), 10)
    assert marked(again, "italic") == [asked]


def test_an_edit_that_asks_the_same_leaves_the_answer_alone(ada: User, chat: Chat) -> None:
    question = ada.says(chat, DENIED)
    answer = chat.wait_for_reply(question, 10)
    ada.edits(question, f" {DENIED} ")
    ada.edits(question, "🙂")
    time.sleep(0.5)
    assert len(chat.now(answer).versions) == 1
    assert len(chat.from_bot) == 1


def test_an_edit_while_a_passage_is_open_brings_the_new_answer(ada: User, chat: Chat) -> None:
    question = ada.says(chat, ATLANTIS)
    answer = chat.wait_for_reply(question, 10)
    press(ada, chat, answer, "1")
    ada.edits(question, DENIED)
    chat.wait(lambda _: "Peskov" in chat.now(answer).text and "[1]" in chat.now(answer).text, 10)
    assert "Moscow was waiting" in press(ada, chat, answer, "1").text


def test_an_edit_after_the_answer_was_deleted_is_answered_anew(ada: User, chat: Chat) -> None:
    question = ada.says(chat, DENIED)
    answer = chat.wait_for_reply(question, 10)
    ada.deletes(answer)
    ada.edits(question, CREW)
    again = chat.wait_for_reply(question, 10)
    assert again.id != answer.id
    assert "Understood" not in again.text


def test_what_is_edited_at_once_is_answered_as_it_was_edited(ada: User, chat: Chat) -> None:
    question = ada.says(chat, "Who confirmed the account?")
    ada.edits(question, DENIED)
    chat.wait(lambda messages: messages and "Peskov" in messages[-1].text, 15)
    assert len(chat.from_bot) == 1


def test_two_questions_at_once_are_a_conversation_in_the_order_in_which_they_came(ada: User, chat: Chat) -> None:
    ada.says(chat, DENIED)
    ada.says(chat, "when?")
    chat.wait(lambda _: len(chat.from_bot) == 2, 15)
    first, followed = chat.from_bot
    assert "Understood as" not in first.text
    assert followed.text.startswith("Understood as: When was it that Dmitry S. Peskov denied the account?")


def test_a_flood_of_edits_is_asked_to_wait_once(ada: User, chat: Chat) -> None:
    question = ada.says(chat, DENIED)
    chat.wait_for_reply(question, 10)
    for number in range(40):
        ada.edits(question, f"Who denied the account, {number}?")
    chat.wait(lambda messages: any(one.text.startswith("One moment") for one in messages), 30)
    assert sum(one.text.startswith("One moment") for one in chat.from_bot) == 1


def test_an_edited_command_answers_nothing(ada: User, chat: Chat) -> None:
    command = ada.says(chat, "/whoami")
    chat.wait_for_reply(command, 10)
    ada.edits(command, DENIED)
    time.sleep(0.5)
    assert len(chat.from_bot) == 1


def test_the_answer_stays_where_its_question_was_taken_away(ada: User, chat: Chat) -> None:
    question = ada.says(chat, DENIED)
    ada.deletes(question)
    chat.wait(lambda _: bool(chat.from_bot), 10)
    assert "Peskov" in chat.from_bot[0].text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ((DENIED + " ") * 170 + "x" * 16, "The Continental Wire"),
        (DENIED + "!" * 4070, "Peskov"),
        ("   \n  ", "no words"),
        ("👩‍👩‍👧", "no words"),
        ("/start help", "Ask me a question"),
        ("/START", "Ask me a question"),
        (f"/ask\n{DENIED}", "Peskov"),
        (f"@byline_bot {DENIED}", "Peskov"),
    ],
)
def test_odd_messages_get_the_right_answer(ada: User, chat: Chat, text: str, words: str) -> None:
    assert len(text) <= 4096
    assert words in ask(ada, chat, text).text


def test_what_is_no_text_gets_a_short_word(ada: User, chat: Chat) -> None:
    for sent in (ada.sends_voice(chat), ada.sends_location(chat), ada.sends_photo(chat, caption=DENIED)):
        assert "text only" in chat.wait_for_reply(sent, 10).text


@pytest.mark.parametrize(
    ("language", "greeting", "more", "refusal"),
    [
        ("ru", "Задайте вопрос", "Ещё", "Этого я не нашёл."),
        ("es", "Hágame una pregunta", "Más", "No lo he encontrado."),
        ("de-AT", "Stellen Sie mir eine Frage", "Mehr", "Das konnte ich nicht finden."),
        ("xx", "Ask me a question", "More", "I could not find that."),
    ],
)
def test_everyone_is_answered_in_their_own_language(
    town: FakeTelegram, language: str, greeting: str, more: str, refusal: str
) -> None:
    user = town.user("Ana", language)
    chat = town.private(user)
    assert greeting in ask(user, chat, "/help").text
    refused = ask(user, chat, ATLANTIS)
    assert refused.text.startswith(refusal)
    assert more in refused.buttons


def test_a_fresh_conversation_forgets_what_was_talked_of(ada: User, chat: Chat) -> None:
    ask(ada, chat)
    assert ask(ada, chat, "when?").text.startswith("Understood as")
    ask(ada, chat, "/new")
    assert not ask(ada, chat, "when?").text.startswith("Understood as")


def test_forgetting_touches_nobody_else(town: FakeTelegram, ada: User, chat: Chat) -> None:
    bob = town.user("Bob")
    his = town.private(bob)
    answer = ask(bob, his)
    ask(ada, chat)
    assert "deleted: 1" in ask(ada, chat, "/forget").text
    assert "deleted: 0" in ask(ada, chat, "/forget").text
    assert "Moscow was waiting" in press(bob, his, answer, "1").text


def test_the_number_that_whoami_gives_is_the_users(ada: User, chat: Chat) -> None:
    assert ask(ada, chat, "/whoami").text == f"Your number: {ada.id}\nThis chat: {ada.id}"


def test_a_flood_of_one_does_not_keep_another_from_being_answered(town: FakeTelegram, ada: User, chat: Chat) -> None:
    for _ in range(30):
        ada.says(chat, "?!")
    bob = town.user("Bob")
    his = town.private(bob)
    assert "Peskov" in ask(bob, his).text
    chat.wait(lambda _: len(chat.from_bot) >= 21, 20)
    time.sleep(0.5)
    assert [one.text.startswith("One moment") for one in chat.from_bot].count(True) == 1
    assert len(chat.from_bot) == 21


def test_someone_who_stops_the_bot_and_comes_back_is_answered(ada: User, chat: Chat) -> None:
    ask(ada, chat)
    ada.says(chat, DENIED)
    ada.blocks_bot()
    time.sleep(1)
    ada.unblocks_bot()
    assert "Your number" in ask(ada, chat, "/whoami").text


def test_with_allowed_chats_others_are_told_so_and_get_no_answer(telegram: FakeTelegram, tmp_path: Path) -> None:
    ada, eve = telegram.user("Ada"), telegram.user("Eve")
    newsroom, elsewhere = telegram.group("Newsroom"), telegram.group("Elsewhere")
    visited = telegram.group("Visited", bot=False)
    allowed = f"{ada.id}, {newsroom.id}"
    with BotProcess(telegram, tmp_path, ALLOWED_CHATS=allowed) as bot:
        hers, his = telegram.private(ada), telegram.private(eve)
        answer = ask(ada, hers)
        assert "Peskov" in answer.text
        assert "only in certain chats" in ask(eve, his).text
        assert "only in certain chats" in ask(eve, his, "/sources").text
        assert "only in certain chats" in ask(eve, his, "/ask").text
        assert f"This chat: {eve.id}" in ask(eve, his, "/whoami").text
        assert "not stored" in ask(eve, his, f"/start {identity(answer)}").text
        assert "Peskov" in ask(eve, newsroom, f"/ask {DENIED}").text
        for text in (f"/ask {DENIED}", "/ask", "/sources"):
            eve.says(elsewhere, text)
        refused = eve.inline(DENIED)
        assert refused.results == ()
        assert (refused.button or {})["text"] == NOT_ALLOWED
        assert eve.guest(visited, f"@{telegram.me.username} {DENIED}").text == NOT_ALLOWED
        assert "Peskov" in ada.guest(visited, f"@{telegram.me.username} {DENIED}", timeout=10).text
        assert elsewhere.from_bot == ()
        assert DENIED not in bot.log
    assert telegram.violations == []


def test_with_allowed_chats_an_example_that_somebody_else_presses_is_not_answered(
    telegram: FakeTelegram, tmp_path: Path
) -> None:
    ada, eve, elsewhere = telegram.user("Ada"), telegram.user("Eve"), telegram.group("Elsewhere")
    with BotProcess(telegram, tmp_path, ALLOWED_CHATS=str(ada.id)):
        ada.says(elsewhere, "/help")
        shown = elsewhere.wait(lambda messages: bool(messages[-1].buttons), 20)[-1]
        hers, his, _ = shown.buttons
        pressed = eve.presses(shown, his)
        assert (pressed.text, pressed.alert) == (NOT_ALLOWED, True)
        ada.presses(shown, hers)
        # What is asked in one place is answered in its order: by then the other would have been.
        elsewhere.wait(lambda messages: messages[-1].text.startswith(hers), 10)
        assert len(elsewhere.from_bot) == 2
    assert telegram.violations == []


def test_with_allowed_chats_a_channel_of_them_may_ask_in_any_group(telegram: FakeTelegram, tmp_path: Path) -> None:
    ada, channel, elsewhere = telegram.user("Ada"), telegram.channel("News"), telegram.group("Elsewhere")
    for chat in (channel, elsewhere):
        chat.promotes(ada)
    with BotProcess(telegram, tmp_path, ALLOWED_CHATS=str(channel.id)):
        for behalf in (None, elsewhere):
            ada.says(elsewhere, f"/ask {DENIED}", behalf=behalf)
        question = ada.says(elsewhere, f"/ask {DENIED}", behalf=channel)
        assert "Peskov" in elsewhere.wait_for_reply(question, 10).text
        assert len(elsewhere.from_bot) == 1
    assert telegram.violations == []
