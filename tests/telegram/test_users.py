"""What people can do, what the bot is told of it, and the answers it may give."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from tests.telegram.chats import Chat
from tests.telegram.conftest import Api
from tests.telegram.server import FakeTelegram
from tests.telegram.users import User

_TOO_OLD = "400 Bad Request: query is too old and response timeout expired or query ID is invalid"


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor() as pool:
        yield pool


def answered(
    pool: ThreadPoolExecutor, api: Api, kind: str, act: Callable[[], Any], answer: Callable[[Any], Any]
) -> Any:
    """What `act` comes to when the bot answers the update of that kind that it causes."""
    acting: Future[Any] = pool.submit(act)
    end = time.monotonic() + 5
    while not (told := api.told(kind)):
        assert time.monotonic() < end, "the bot is told nothing"
        time.sleep(0.01)
    answer(told[-1])
    return acting.result(5)


def article(result_id: str = "1", text: str = "<b>answer</b>", **more: Any) -> dict[str, Any]:
    content = {"message_text": text, "parse_mode": "HTML"}
    return {"type": "article", "id": result_id, "title": "T", "input_message_content": content, **more}


MORE = {
    "inline_keyboard": [[{"text": "More", "callback_data": "more"}, {"text": "Site", "url": "https://example.org"}]]
}


# Messages


def test_a_message_is_told_with_its_sender_chat_and_entities(api: Api, ada: User, chat: Chat) -> None:
    api.told("message")
    said = ada.says(chat, "/ask@byline_bot who?")
    (message,) = api.told("message")
    assert message["from"] == {
        "id": ada.id,
        "is_bot": False,
        "first_name": "Ada",
        "username": ada.username,
        "language_code": "de",
    }
    assert message["chat"] == {"id": ada.id, "type": "private", "first_name": "Ada"}
    assert (message["message_id"], message["date"]) == (said.id, int(said.sent_at))
    assert message["entities"] == [{"type": "bot_command", "offset": 0, "length": 15}]


def test_a_person_without_a_language_has_none(api: Api) -> None:
    bob = api.telegram.user("Bob", language=None)
    bob.says(api.telegram.private(bob), "hi")
    assert "language_code" not in api.told("message")[0]["from"]


def test_an_edit_is_told_and_only_its_writer_can_make_it(api: Api, ada: User, chat: Chat) -> None:
    message = ada.says(chat, "one")
    ada.edits(message, "two")
    (edited,) = api.told("edited_message")
    assert (edited["text"], edited["message_id"]) == ("two", message.id)
    assert edited["edit_date"] >= edited["date"]
    with pytest.raises(AssertionError):
        api.telegram.user("Eve").edits(message, "three")


def test_all_kinds_of_messages_are_told(api: Api, ada: User, chat: Chat) -> None:
    api.told("message")
    ada.sends_sticker(chat)
    ada.sends_voice(chat)
    ada.sends_location(chat)
    ada.sends_photo(chat, caption="look")
    told = api.told("message")
    for message, kind in zip(told, ("sticker", "voice", "location", "photo"), strict=True):
        assert kind in message
        assert "text" not in message
    assert told[-1]["caption"] == "look"


def test_a_channel_is_told_as_posts(api: Api) -> None:
    channel = api.telegram.channel("News")
    channel.posts("extra!")
    (post,) = api.told("channel_post")
    assert (post["text"], post["chat"]["type"], "from" in post) == ("extra!", "channel", False)


def test_people_write_only_in_their_own_private_chats(api: Api, chat: Chat) -> None:
    with pytest.raises(AssertionError):
        api.telegram.user("Eve").says(chat, "hi")


# Groups


def test_joining_a_group_is_told_twice_over(api: Api) -> None:
    api.telegram.group("Readers")
    updates = api.updates()
    assert updates[0]["my_chat_member"]["new_chat_member"]["status"] == "member"
    assert updates[1]["message"]["new_chat_members"][0]["username"] == "byline_bot"


def test_with_privacy_mode_the_bot_hears_commands_and_replies_only(api: Api, ada: User) -> None:
    group = api.telegram.group("Readers")
    api.told("message")
    ada.says(group, "just talking")
    ada.says(group, "@byline_bot hello")
    ada.says(group, "/ask@other_bot hello")
    command = ada.says(group, "/ask hello")
    ada.says(group, "/ask@BYLINE_bot hello")
    api.send(group, "yes?")
    reply = ada.says(group, "a reply", reply_to=group.messages[-1])
    ada.says(group, "a reply to another", reply_to=command)
    texts = [message["text"] for message in api.told("message")]
    assert texts == ["/ask hello", "/ask@BYLINE_bot hello", "a reply"]
    assert reply.reply_to == group.from_bot[-1].id


def test_a_general_command_is_for_the_bot_that_spoke_last(api: Api, ada: User) -> None:
    group = api.telegram.group("Readers")
    other = api.telegram.bot("Other")
    api.told("message")
    theirs = other.says(group, "I am here")
    ada.says(group, "/ask one")
    ada.says(group, "/ask@byline_bot two", reply_to=theirs)
    api.send(group, "me too")
    ada.says(group, "/ask three")
    assert [message["text"] for message in api.told("message")] == ["/ask three"]


def test_without_privacy_mode_the_bot_hears_all_but_bots(api: Api, ada: User) -> None:
    group = api.telegram.group("Readers", privacy=False)
    admin_of = api.telegram.group("Ours")
    admin_of.promotes(api.telegram.me)
    api.told("message")
    for place in (group, admin_of):
        ada.says(place, "just talking")
        api.telegram.bot("Other").says(place, "/ask@byline_bot")
    assert [message["text"] for message in api.told("message")] == ["just talking"] * 2


def test_mentions_are_heard_where_a_test_says_so(api: Api, ada: User) -> None:
    group = api.telegram.group("Readers", mentions=True)
    api.told("message")
    ada.says(group, "what do you say, @byline_bot?")
    ada.says(group, "just talking")
    assert len(api.told("message")) == 1


def test_a_group_without_the_bot_is_not_told(api: Api, ada: User) -> None:
    group = api.telegram.group("Others", bot=False)
    ada.says(group, "/ask@byline_bot")
    assert api.updates() == []


# In the name of a chat


@pytest.mark.parametrize("kind", ["supergroup", "channel"])
def test_what_is_written_in_the_name_of_a_chat_is_told_with_a_bot_for_its_sender(
    api: Api, ada: User, kind: str
) -> None:
    group, channel = api.telegram.group("Readers"), api.telegram.channel("News")
    behalf = group if kind == "supergroup" else channel
    behalf.promotes(ada)
    api.told("message")
    said = ada.says(group, "/ask one", behalf=behalf)
    ada.edits(said, "/ask two")
    told = api.told("message", "edited_message")
    names = {"supergroup": (1087968824, "GroupAnonymousBot"), "channel": (136817688, "Channel_Bot")}
    for message, text in zip(told, ("/ask one", "/ask two"), strict=True):
        assert message["text"] == text
        assert message["sender_chat"] == {"id": behalf.id, "type": kind, "title": behalf.name}
        assert (message["from"]["id"], message["from"]["username"]) == names[kind]
        assert message["from"]["is_bot"]
        assert "language_code" not in message["from"]


def test_only_an_administrator_writes_in_the_name_of_a_group_or_a_channel(api: Api, ada: User, chat: Chat) -> None:
    group, other, channel = api.telegram.group("Readers"), api.telegram.group("Ours"), api.telegram.channel("News")
    other.promotes(ada)
    for place, behalf in ((group, group), (group, channel), (group, other), (chat, other)):
        with pytest.raises(AssertionError, match="cannot write"):
            ada.says(place, "hello", behalf=behalf)


def test_a_post_is_forwarded_to_the_group_of_its_channel_by_telegram_itself(api: Api) -> None:
    group, channel = api.telegram.group("Readers", privacy=False), api.telegram.channel("News")
    post = channel.posts("/ask nobody")
    api.told("message")
    group.forwards(post)
    (message,) = api.told("message")
    assert (message["from"]["id"], message["from"]["is_bot"]) == (777000, False)
    assert message["sender_chat"]["id"] == message["forward_origin"]["chat"]["id"] == channel.id
    assert message["is_automatic_forward"]
    assert message["forward_origin"]["message_id"] == post.id
    assert message["entities"] == [{"type": "bot_command", "offset": 0, "length": 4}]


# Buttons


def test_a_press_waits_for_its_answer(api: Api, ada: User, chat: Chat, pool: ThreadPoolExecutor) -> None:
    api.send(chat, reply_markup=MORE)
    (message,) = chat.from_bot

    def answer(query: Any) -> None:
        assert (query["data"], query["message"]["message_id"], query["from"]["id"]) == ("more", message.id, ada.id)
        api.result("answerCallbackQuery", callback_query_id=query["id"], text="here", show_alert=True)

    for name in ("More", "more"):
        pressed = answered(pool, api, "callback_query", partial(ada.presses, message, name), answer)
        assert (pressed.text, pressed.alert) == ("here", True)
    assert ada.presses(message, "Site").url == "https://example.org"


def test_a_button_that_is_not_there_now_cannot_be_pressed(api: Api, ada: User, chat: Chat) -> None:
    sent = api.send(chat, reply_markup=MORE)
    (message,) = chat.from_bot
    with pytest.raises(AssertionError, match=r"no button 'Less' but \['More', 'Site'\]"):
        ada.presses(message, "Less")
    api.result("editMessageReplyMarkup", chat_id=chat.id, message_id=sent["message_id"])
    with pytest.raises(AssertionError, match="no button 'More'"):
        ada.presses(message, "More")
    api.result("deleteMessage", chat_id=chat.id, message_id=sent["message_id"])
    with pytest.raises(AssertionError, match="is gone"):
        ada.presses(message, "More")


def test_a_press_that_is_not_answered_fails(api: Api, ada: User, chat: Chat) -> None:
    api.send(chat, reply_markup=MORE)
    with pytest.raises(AssertionError, match="has not answered"):
        ada.presses(chat.messages[-1], "More", timeout=0.05)


def test_a_query_is_answered_once_with_200_characters_at_most(api: Api, ada: User, chat: Chat) -> None:
    api.send(chat, reply_markup=MORE)
    query = ada.taps(chat.messages[-1], "More")
    answer = {"callback_query_id": query.id}
    assert api.refusal("answerCallbackQuery", **answer, text="a" * 201) == "400 Bad Request: MESSAGE_TOO_LONG"
    api.result("answerCallbackQuery", **answer, text="a" * 200)
    assert api.refusal("answerCallbackQuery", **answer) == _TOO_OLD
    assert api.refusal("answerCallbackQuery", callback_query_id="1") == _TOO_OLD
    assert query.wait() == {"callback_query_id": query.id, "text": "a" * 200}


def test_an_old_query_cannot_be_answered() -> None:
    with FakeTelegram(query_seconds=0.05) as telegram:
        ada = telegram.user("Ada")
        group = telegram.group("Readers")
        query = telegram.ask_inline(ada, "ship", "", "sender")
        assert telegram.open_query("inline_query", query.id) is query
        time.sleep(0.1)
        with pytest.raises(Exception, match="query is too old"):
            telegram.open_query("inline_query", query.id)
        assert group.from_bot == ()


# Inline mode


def inline(pool: ThreadPoolExecutor, api: Api, user: User, text: str, **answer: Any) -> Any:
    def give(query: Any) -> None:
        assert (query["query"], query["offset"], query["from"]["id"]) == (text, "", user.id)
        api.result("answerInlineQuery", inline_query_id=query["id"], **{"results": [article()], **answer})

    return answered(pool, api, "inline_query", lambda: user.inline(text), give)


def test_a_chosen_result_is_sent_via_the_bot_and_can_be_edited(
    api: Api, ada: User, chat: Chat, pool: ThreadPoolExecutor
) -> None:
    api.told("message")
    answer = inline(pool, api, ada, "ship", results=[article(description="D", reply_markup=MORE)], next_offset="2")
    (result,) = answer.results
    assert (result.title, result.description, result.content.text, answer.next_offset) == ("T", "D", "answer", "2")
    message = ada.chooses(result, chat)
    updates = [update for update in api.updates() if "message" in update or "chosen_inline_result" in update]
    assert updates[0]["message"]["via_bot"]["username"] == "byline_bot"
    chosen = updates[1]["chosen_inline_result"]
    assert (chosen["result_id"], chosen["query"], chosen["inline_message_id"]) == ("1", "ship", message.inline_id)
    assert api.result("editMessageText", inline_message_id=message.inline_id, text="edited") is True
    assert (chat.now(message).text, chat.now(message).sender) == ("edited", ada)


def test_a_press_on_a_message_sent_via_the_bot_names_the_inline_message(
    api: Api, ada: User, pool: ThreadPoolExecutor
) -> None:
    (result,) = inline(pool, api, ada, "ship", results=[article(reply_markup=MORE)]).results
    message = ada.chooses(result, api.telegram.group("Others", bot=False))
    ada.taps(message, "More")
    (query,) = api.told("callback_query")
    assert (query["inline_message_id"], "message" in query) == (message.inline_id, False)


def test_a_result_without_a_keyboard_has_no_inline_message_id(
    api: Api, ada: User, chat: Chat, pool: ThreadPoolExecutor
) -> None:
    (result,) = inline(pool, api, ada, "ship").results
    assert ada.chooses(result, chat).inline_id is None
    assert "inline_message_id" not in api.told("chosen_inline_result")[0]


def test_answers_are_kept_for_all_or_for_one_as_long_as_the_bot_allows(
    api: Api, ada: User, pool: ThreadPoolExecutor
) -> None:
    bob = api.telegram.user("Bob")
    inline(pool, api, ada, "for all", cache_time=60)
    assert bob.inline("for all").cached
    inline(pool, api, ada, "for one", cache_time=60, is_personal=True)
    assert ada.inline("for one").cached
    assert not inline(pool, api, bob, "for one", is_personal=True).cached
    inline(pool, api, ada, "for none", cache_time=0)
    assert not inline(pool, api, ada, "for none").cached


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"results": [article(str(number)) for number in range(51)]}, "RESULTS_TOO_MUCH"),
        ({"results": [article("a"), article("a")]}, "RESULT_ID_DUPLICATE"),
        ({"results": [article("")]}, "RESULT_ID_INVALID"),
        ({"results": [article("é" * 33)]}, "RESULT_ID_INVALID"),
        ({"results": [article(text="<b>")]}, "can't parse inline query result: can't parse entities"),
        ({"results": [article(text="")]}, "can't parse inline query result: message text is empty"),
        ({"results": [article(reply_markup={"inline_keyboard": [[{"text": "a"}]]})]}, "can't parse inline keyboard"),
        ({"results": [article(descripton="a")]}, '"descripton" is unknown in results'),
        ({"results": [], "next_offset": "a" * 65}, "NEXT_OFFSET_INVALID"),
        ({"results": [], "button": {"text": "Open", "start_parameter": "a b"}}, "START_PARAM_INVALID"),
        ({"results": [], "button": {"text": "Open", "start_parameter": ""}}, "START_PARAM_INVALID"),
    ],
)
def test_inline_results_that_telegram_would_not_take_are_refused(
    api: Api, ada: User, given: dict[str, Any], refusal: str
) -> None:
    query = api.telegram.ask_inline(ada, "ship", "", "sender")
    answer = api.refusal("answerInlineQuery", inline_query_id=query.id, **given)
    assert answer.startswith(f"400 Bad Request: {refusal}")


def test_an_answer_may_have_a_button_to_the_private_chat(api: Api, ada: User, pool: ThreadPoolExecutor) -> None:
    button = {"text": "Open", "start_parameter": "Az09_-"}
    assert inline(pool, api, ada, "ship", results=[], button=button).button == button


# Guest mode


def test_a_guest_answers_in_a_chat_that_it_is_not_in(api: Api, ada: User, pool: ThreadPoolExecutor) -> None:
    group = api.telegram.group("Others", bot=False)
    named: list[str] = []

    def answer(message: Any) -> None:
        assert message["chat"]["id"] == group.id
        assert "guest_query_id" in message
        sent = api.result("answerGuestQuery", guest_query_id=message["guest_query_id"], result=article())
        named.append(sent["inline_message_id"])
        assert api.refusal("answerGuestQuery", guest_query_id=message["guest_query_id"], result=article()) == _TOO_OLD

    message = answered(pool, api, "guest_message", partial(ada.guest, group, "@byline_bot who?"), answer)
    assert (message.text, message.sender, message.inline_id) == ("answer", api.telegram.me, named[0])
    assert message.reply_to == group.messages[-2].id
    api.result("editMessageText", inline_message_id=named[0], text="better")
    assert group.now(message).text == "better"


def test_a_guest_must_be_mentioned(api: Api, ada: User) -> None:
    with pytest.raises(AssertionError):
        ada.guest(api.telegram.group("Others", bot=False), "who?")


# Waiting


def test_a_test_waits_for_what_the_chat_will_say(api: Api, chat: Chat) -> None:
    threading.Timer(0.1, lambda: api.send(chat, "at last")).start()
    messages = chat.wait(lambda messages: messages[-1].text == "at last")
    assert messages[-1].text == "at last"
    with pytest.raises(AssertionError, match=r"(?s)after 0.05 s the chat says:.*Byline: at last.*sendMessage 200"):
        chat.wait(lambda messages: len(messages) > 5, timeout=0.05)


def test_it_carries_thirty_messages_a_second_both_ways(api: Api, ada: User, chat: Chat) -> None:
    begun = time.monotonic()
    for number in range(60):
        message = ada.says(chat, str(number))
        api.told("message")
        api.send(chat, str(number), reply_parameters={"message_id": message.id})
        assert chat.wait_for_reply(message).text == str(number)
    assert time.monotonic() - begun < 2
