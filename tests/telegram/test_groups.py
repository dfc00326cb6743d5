"""Groups, topics, and chats that the bot is no member of: where it answers, and where it keeps still."""

import time

import pytest

from tests.telegram.chats import Chat
from tests.telegram.messages import Message
from tests.telegram.server import FakeTelegram
from tests.telegram.talk import CREW, DENIED, press
from tests.telegram.users import User

pytestmark = pytest.mark.usefixtures("nothing_that_telegram_forbids")


@pytest.fixture
def ada(town: FakeTelegram) -> User:
    return town.user("Ada")


@pytest.fixture
def group(town: FakeTelegram) -> Chat:
    """A group without topics in which the bot is told of mentions."""
    return town.group("Newsroom", mentions=True)


@pytest.fixture
def open_group(town: FakeTelegram) -> Chat:
    """A group in which the bot is told of everything."""
    return town.group("Open", privacy=False)


def ask(user: User, group: Chat, text: str = f"/ask {DENIED}", reply_to: Message | None = None) -> Message:
    return group.wait_for_reply(user.says(group, text, reply_to=reply_to), 10)


def settle(user: User) -> None:
    """Wait until the bot has handled all that it was told before."""
    chat = user.world.private(user)
    chat.wait_for_reply(user.says(chat, "/whoami"), 10)
    time.sleep(0.2)


def answered(chat: Chat, question: Message) -> list[int | None]:
    """What the bot has replied to, as soon as the question is among it."""

    def replies() -> list[int | None]:
        return [message.reply_to for message in chat.from_bot]

    chat.wait(lambda _: question.id in replies(), 15)
    return replies()


@pytest.mark.parametrize(
    "text",
    [
        f"/ask {DENIED}",
        f"/ask@byline_bot {DENIED}",
        f"/ASK@Byline_Bot {DENIED}",
        f"/ask\n{DENIED}",
        f"@byline_bot {DENIED}",
        f"@BYLINE_BOT, {DENIED}",
        f"{DENIED} @byline_bot",
    ],
)
def test_a_question_for_the_bot_is_answered_below_it(ada: User, group: Chat, text: str) -> None:
    answer = ask(ada, group, text)
    assert "Peskov" in answer.text
    assert "[1]" in answer.text


@pytest.mark.parametrize("text", ["/ask", "/ask@byline_bot", "@byline_bot"])
def test_an_empty_call_says_how_to_ask(ada: User, group: Chat, text: str) -> None:
    assert "Write the question after" in ask(ada, group, text).text


@pytest.mark.parametrize("call", ["/ask", "@byline_bot"])
def test_an_empty_call_below_a_question_answers_that_question(ada: User, open_group: Chat, call: str) -> None:
    question = ada.says(open_group, DENIED)
    assert "Peskov" in ask(ada, open_group, call, reply_to=question).text


def test_what_is_not_for_the_bot_is_left_alone(town: FakeTelegram, ada: User, open_group: Chat) -> None:
    said = ada.says(open_group, DENIED)
    ada.says(open_group, DENIED, reply_to=said)
    ada.says(open_group, f"/ask@other_bot {DENIED}")
    ada.says(open_group, f"@byline_bot_fans {DENIED}")
    ada.says(open_group, f"ada@byline_bot.example {DENIED}")
    ada.says(open_group, "/nonsense")
    ada.edits(said, f"@{town.me.username} {DENIED}")
    ada.sends_sticker(open_group)
    ada.sends_voice(open_group)
    ada.sends_location(open_group)
    ada.sends_document(open_group, "news.txt", b"Nobody asked for this.")
    settle(ada)
    assert open_group.from_bot == ()
    assert open_group.actions == ()


@pytest.mark.parametrize("command", ["/help", "/sources", "/privacy", "/new", "/rebuild"])
def test_the_commands_of_another_bot_are_left_alone(
    town: FakeTelegram, ada: User, open_group: Chat, command: str
) -> None:
    town.bot("Other").says(open_group, command)
    settle(ada)
    assert open_group.from_bot == ()


def test_another_bot_is_not_answered(town: FakeTelegram, ada: User, open_group: Chat) -> None:
    other = town.bot("Echo")
    said = [other.says(open_group, text) for text in (f"/ask {DENIED}", f"@{town.me.username} {DENIED}")]
    with town.lock:
        for message in said:
            town.updates.add("message", message.json())
    settle(ada)
    assert open_group.from_bot == ()


@pytest.mark.parametrize("text", [f"/ask {DENIED}", f"@byline_bot {DENIED}"])
@pytest.mark.parametrize("kind", ["supergroup", "channel"])
def test_whoever_writes_in_the_name_of_a_chat_is_answered_like_anybody(
    town: FakeTelegram, ada: User, group: Chat, kind: str, text: str
) -> None:
    behalf = group if kind == "supergroup" else town.channel("News")
    behalf.promotes(ada)
    answer = group.wait_for_reply(ada.says(group, text, behalf=behalf), 10)
    assert "Peskov" in answer.text
    settle(ada)
    followed = group.wait_for_reply(ada.says(group, "when?", reply_to=answer, behalf=behalf), 10)
    assert followed.text.startswith("Understood as: When was it that Dmitry S. Peskov denied the account?")
    empty = group.wait_for_reply(ada.says(group, "/ask", behalf=behalf), 10)
    assert "Write the question after" in empty.text


def test_an_edited_question_of_an_anonymous_admin_gets_its_answer_edited(ada: User, group: Chat) -> None:
    group.promotes(ada)
    question = ada.says(group, f"/ask {CREW}", behalf=group)
    answer = group.wait_for_reply(question, 10)
    ada.edits(question, f"/ask {DENIED}")
    group.wait(lambda _: "Peskov" in group.now(answer).text, 10)
    assert len(group.from_bot) == 1


def test_what_an_anonymous_admin_asks_is_the_groups_own_and_forgotten_for_it_alone(
    town: FakeTelegram, ada: User, group: Chat
) -> None:
    other, channel = town.group("Elsewhere"), town.channel("News")
    asked = ((group, group), (other, other), (group, channel), (group, None))
    for place, behalf in asked:
        (behalf or place).promotes(ada)
        assert "Peskov" in place.wait_for_reply(ada.says(place, f"/ask {DENIED}", behalf=behalf), 10).text
    for place, behalf in asked:
        told = place.wait_for_reply(ada.says(place, "/whoami", behalf=behalf), 10).text
        assert told == f"Your number: {behalf.id if behalf else ada.id}\nThis chat: {place.id}"
        for count in (1, 0):
            forgotten = place.wait_for_reply(ada.says(place, "/forget", behalf=behalf), 10)
            assert f"deleted: {count}" in forgotten.text


def test_a_post_that_telegram_forwards_from_the_channel_is_no_question(
    town: FakeTelegram, ada: User, open_group: Chat
) -> None:
    channel = town.channel("News")
    for text in (f"/ask {DENIED}", "/ask", f"@byline_bot {DENIED}", "/help", "/rebuild"):
        open_group.forwards(channel.posts(text))
    settle(ada)
    assert open_group.from_bot == ()


def test_a_reply_to_an_answer_is_a_question_that_follows(ada: User, group: Chat) -> None:
    answer = ask(ada, group)
    settle(ada)
    followed = ask(ada, group, "when?", reply_to=answer)
    assert followed.text.startswith("Understood as: When was it that Dmitry S. Peskov denied the account?")
    literal = press(ada, group, followed, "Ask it literally")
    assert "Understood as" not in literal.text
    sent = [call.params for call in ada.world.calls("sendMessage") if call.params["chat_id"] == str(group.id)]
    assert all("message_thread_id" not in params for params in sent)  # a thread of replies is no topic


def test_a_reply_to_an_earlier_answer_follows_that_one(ada: User, group: Chat) -> None:
    first = ask(ada, group)
    ask(ada, group, f"@byline_bot {CREW}")
    followed = group.wait_for_reply(ada.says(group, "when?", reply_to=first), 10)
    assert followed.text.startswith("Understood as: When was it that Dmitry S. Peskov denied the account?")


def test_replies_to_what_is_no_answer_hold_up_no_question(ada: User, group: Chat) -> None:
    privacy = ask(ada, group, "/privacy")
    for number in range(10):
        ada.says(group, f"thanks, {number}", reply_to=privacy)
    assert "Peskov" in group.wait_for_reply(ada.says(group, f"/ask {DENIED}"), 8).text


def test_a_reply_to_anything_else_of_the_bots_is_none(ada: User, group: Chat) -> None:
    privacy = ask(ada, group, "/privacy")
    ada.says(group, DENIED, reply_to=privacy)
    settle(ada)
    assert group.from_bot == (privacy,)


def test_each_topic_is_answered_within_it_and_is_a_conversation_of_its_own(town: FakeTelegram, ada: User) -> None:
    forum = town.group("Forum", topics=True)
    politics, harbour = forum.topic("Politics"), forum.topic("Harbour")
    denied = forum.wait_for_reply(ada.says(forum, f"/ask {DENIED}", topic=politics), 10)
    crew = forum.wait_for_reply(ada.says(forum, f"/ask {CREW}", topic=harbour), 10)
    when = forum.wait_for_reply(ada.says(forum, "/ask when?", topic=politics), 10)
    assert [denied.thread, crew.thread, when.thread] == [politics.id, harbour.id, politics.id]
    assert "Understood as: When was it that Dmitry S. Peskov denied the account?" in when.text
    assert {action.thread for action in forum.actions} <= {politics.id, harbour.id}
    general = forum.wait_for_reply(ada.says(forum, f"/ask {DENIED}"), 10)
    assert general.thread is None
    helped = ada.says(forum, "/help", topic=harbour)
    forum.wait(lambda messages: messages[-1].id > helped.id and messages[-1].thread == harbour.id, 10)


def test_while_others_are_answered_typing_is_shown_in_the_topic_that_waits(town: FakeTelegram, ada: User) -> None:
    forum = town.group("Forum", topics=True)
    topic = forum.topic("Harbour")
    for number in range(100):
        other = town.user(f"Eve{number}")
        other.says(town.private(other), DENIED)
    question = ada.says(forum, f"/ask {DENIED}", topic=topic)
    forum.wait_for_reply(question, 30)
    assert {(action.action, action.thread) for action in forum.actions} == {("typing", topic.id)}


def test_a_message_in_a_topic_is_no_reply_to_the_bot_that_opened_it(town: FakeTelegram, ada: User) -> None:
    forum = town.group("Forum", topics=True, privacy=False)
    topic = forum.topic("Politics")
    ada.says(forum, DENIED, topic=topic)
    settle(ada)
    assert forum.from_bot == ()


def test_an_edited_question_gets_its_answer_edited(ada: User, group: Chat) -> None:
    question = ada.says(group, f"@byline_bot {CREW}")
    answer = group.wait_for_reply(question, 10)
    ada.edits(question, f"@Byline_Bot {DENIED}")
    group.wait(lambda _: "Peskov" in group.now(answer).text, 10)
    assert len(group.from_bot) == 1


def test_an_edited_question_is_understood_by_what_was_asked_before_it_alone(ada: User, group: Chat) -> None:
    question = ada.says(group, f"@byline_bot {CREW}")
    answer = group.wait_for_reply(question, 10)
    ask(ada, group)
    ada.edits(question, "@byline_bot when?")
    group.wait(lambda _: len(group.now(answer).versions) > 1, 10)
    assert "Understood as" not in group.now(answer).text


def test_anyone_in_the_group_can_use_the_buttons_each_with_an_opinion(
    town: FakeTelegram, ada: User, group: Chat
) -> None:
    answer = ask(ada, group)
    bob = town.user("Bob", "de")
    assert bob.presses(answer, "👍").text == "Danke."
    assert ada.presses(answer, "👍").text == "Thank you."
    assert bob.presses(answer, "👍").text == "Zurückgenommen."
    assert group.now(answer).buttons == answer.buttons
    assert "Moscow was waiting" in press(bob, group, answer, "1").text
    assert press(ada, group, answer, "‹ Zurück").text == answer.text


def test_an_answer_that_another_comes_back_to_stays_in_the_language_of_whoever_asked(
    town: FakeTelegram, ada: User, group: Chat
) -> None:
    answer, bob = ask(ada, group), town.user("Bob", "ru")
    assert "10 апреля 2018" in press(bob, group, answer, "1").text
    back = press(bob, group, answer, "‹ Назад")
    assert (back.text, back.buttons) == (answer.text, answer.buttons)


def test_a_flood_in_a_group_is_asked_to_wait_once(town: FakeTelegram, group: Chat) -> None:
    for user in [town.user(f"Member {number}") for number in range(3)]:
        for _ in range(12):
            user.says(group, "/ask ?!")
    group.wait(lambda _: len(group.from_bot) == 21, 10)
    settle(town.user("Ada"))
    time.sleep(5)  # what is over the limit is not put off either
    assert sum("One moment" in one.text for one in group.from_bot) == 1
    assert len(group.from_bot) == 21


def test_a_flood_of_anonymous_admins_counts_for_their_own_group_alone(
    town: FakeTelegram, ada: User, group: Chat
) -> None:
    other, bob = town.group("Elsewhere"), town.user("Bob")
    for place in (group, other):
        place.promotes(ada)
    for _ in range(12):
        ada.says(group, "/ask ?!", behalf=group)
        bob.says(group, "/ask ?!")
    assert "Peskov" in other.wait_for_reply(ada.says(other, f"/ask {DENIED}", behalf=other), 10).text
    group.wait(lambda _: len(group.from_bot) == 21, 10)
    settle(ada)
    assert sum("One moment" in one.text for one in group.from_bot) == 1
    assert len(group.from_bot) == 21


def test_being_thrown_out_in_the_middle_of_an_answer_is_no_trouble(ada: User, group: Chat, open_group: Chat) -> None:
    ada.says(group, f"/ask {DENIED}")
    group.removes_bot()
    settle(ada)
    assert "Peskov" in ask(ada, open_group).text


def test_the_buttons_of_a_chosen_result_work_where_the_bot_is_no_member(town: FakeTelegram, ada: User) -> None:
    elsewhere = town.group("Elsewhere", bot=False)
    whole, *singles = ada.inline(CREW).results
    assert len(singles) >= 2
    sent = ada.chooses(whole, elsewhere)
    assert sent.text.startswith(f"{CREW}\n\n")
    bob = town.user("Bob", "ru")
    opened = press(bob, elsewhere, sent, "2").text
    assert opened.startswith("2. ")
    assert opened.partition(": ")[2].partition("\n")[0] in sent.text
    back = press(bob, elsewhere, sent, "‹ Назад")
    assert (back.text, back.buttons) == (sent.text, sent.buttons)
    assert press(bob, elsewhere, sent, "More").text.startswith("Другие отрывки")
    assert press(ada, elsewhere, sent, "‹ Назад").text == sent.text
    assert bob.presses(sent, "👍").text == "Спасибо."


@pytest.mark.parametrize("query", [DENIED, f"{DENIED} @byline_bot", f"/ask {DENIED}"])
def test_a_result_of_the_bots_own_is_no_question_where_it_was_sent(
    town: FakeTelegram, ada: User, open_group: Chat, query: str
) -> None:
    chosen = ada.inline(query, timeout=10).results[0]
    for chat in (town.private(ada), open_group):
        sent = ada.chooses(chosen, chat)
        assert "Peskov" in sent.text
        # What is asked in one place is answered in its order: by then the result would have been.
        question = ada.says(chat, f"/ask {CREW}")
        assert answered(chat, question) == [question.id]


def test_a_single_citation_can_be_chosen_and_opened_in_context(town: FakeTelegram, ada: User) -> None:
    elsewhere = town.group("Elsewhere", bot=False)
    result = ada.inline(DENIED).results[1]
    sent = ada.chooses(result, elsewhere)
    assert "Peskov" in sent.text
    opened = press(ada, elsewhere, sent, "In context")
    assert "Moscow was waiting" in opened.text
    assert press(ada, elsewhere, sent, "‹ Back").text.startswith(DENIED)


@pytest.mark.parametrize("query", ["", " ", "ab", "?!?!", "🙂🙂🙂🙂"])
def test_a_query_that_is_no_question_yet_leads_to_the_help(ada: User, query: str) -> None:
    answer = ada.inline(query)
    assert answer.results == ()
    assert answer.button == {"text": "Write a question", "start_parameter": "help"}


def test_only_the_last_of_what_is_being_typed_is_answered(town: FakeTelegram, ada: User) -> None:
    typed = [town.ask_inline(ada, DENIED[:length], "", "sender") for length in range(3, len(DENIED) + 1)]
    assert typed[-1].wait(10).results
    assert [query.answered.is_set() for query in typed].count(True) == 1


def test_inline_answers_are_kept_for_their_asker_alone(town: FakeTelegram, ada: User) -> None:
    assert ada.inline(DENIED).is_personal
    assert ada.inline(DENIED).cached
    assert not town.user("Bob").inline(DENIED).cached


def test_a_guest_answers_with_buttons_that_work(town: FakeTelegram, ada: User) -> None:
    elsewhere = town.group("Visited", bot=False)
    answer = ada.guest(elsewhere, f"@{town.me.username} {DENIED}", timeout=10)
    assert "Peskov" in answer.text
    assert "Moscow was waiting" in press(ada, elsewhere, answer, "1").text
    assert ada.guest(elsewhere, f"@{town.me.username}").text == "Write your question after @byline_bot."


@pytest.mark.parametrize("text", ["@BYLINE_bot {0}", "{0} @Byline_Bot"])
def test_the_mention_that_calls_a_guest_is_no_part_of_the_question(town: FakeTelegram, ada: User, text: str) -> None:
    elsewhere = town.group("Visited", bot=False)
    answer = ada.guest(elsewhere, text.format(DENIED), timeout=10)
    assert answer.text.startswith(f"{DENIED}\n\n")


def test_a_guest_answers_an_anonymous_admin_too(town: FakeTelegram, ada: User) -> None:
    elsewhere = town.group("Visited", bot=False)
    elsewhere.promotes(ada)
    answer = ada.guest(elsewhere, f"@{town.me.username} {DENIED}", behalf=elsewhere, timeout=10)
    assert "Peskov" in answer.text
