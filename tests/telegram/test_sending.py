"""What the bot may send, edit and remove, and how it is refused."""

from typing import Any

import httpx
import pytest

from tests.telegram.chats import Chat
from tests.telegram.conftest import Api
from tests.telegram.entities import Entity
from tests.telegram.server import FakeTelegram
from tests.telegram.users import User

NOT_MODIFIED = (
    "400 Bad Request: message is not modified: specified new message content and reply markup are exactly the same as "
    "a current content and reply markup of the message"
)


def keyboard(*rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {"inline_keyboard": list(rows)}


def button(**fields: Any) -> dict[str, Any]:
    return {"text": "More", **fields}


def test_html_is_parsed_and_seen_by_users_as_text_and_entities(api: Api, chat: Chat) -> None:
    sent = api.send(chat, "<b>a</b> &lt; b", parse_mode="HTML")
    assert (sent["text"], sent["entities"]) == ("a < b", [{"type": "bold", "offset": 0, "length": 1}])
    assert (chat.messages[-1].text, chat.messages[-1].entities) == ("a < b", (Entity("bold", 0, 1),))
    assert chat.messages[-1].sender is api.telegram.me


def test_entities_can_be_given_instead_of_a_parse_mode(api: Api, chat: Chat) -> None:
    given = [{"type": "text_link", "offset": 1, "length": 2, "url": "https://example.org/"}]
    assert api.send(chat, "a😀<", entities=given)["entities"] == given
    outside = [{"type": "bold", "offset": 3, "length": 2}]
    assert "outside of the text" in api.refusal("sendMessage", chat_id=chat.id, text="a😀<", entities=outside)
    both = {"entities": given, "parse_mode": "HTML"}
    assert api.refusal("sendMessage", chat_id=chat.id, text="a😀", **both).startswith("400")


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("a < b", 'can\'t parse entities: Unsupported start tag "" at byte offset 2'),
        ("<b>a", "can't parse entities: Can't find end tag corresponding to start tag \"b\""),
        ("", "message text is empty"),
        (" \n ", "message text is empty"),
        ("<b></b>", "message text is empty"),
        ("😀" * 2049, "message is too long"),
    ],
)
def test_a_text_that_cannot_be_sent_is_refused(api: Api, chat: Chat, text: str, refusal: str) -> None:
    assert api.refusal("sendMessage", chat_id=chat.id, text=text, parse_mode="HTML") == f"400 Bad Request: {refusal}"
    assert chat.from_bot == ()


def test_the_length_counts_after_parsing_in_utf16_units(api: Api, chat: Chat) -> None:
    api.send(chat, "<b>" + "😀" * 2048 + "</b>", parse_mode="HTML")
    api.send(chat, "&amp;" * 4096, parse_mode="HTML")
    assert len(chat.messages[-1].text) == 4096


def test_what_telegram_alters_in_silence_is_a_violation(api: Api, chat: Chat) -> None:
    api.send(chat, "<b>a</b> " * 101, parse_mode="HTML")
    assert len(chat.messages[-1].entities) == 100
    api.send(chat, "a&nbsp;b", parse_mode="HTML")
    assert chat.messages[-1].text == "a&nbsp;b"
    rules = [violation.rule for violation in api.telegram.violations]
    assert rules == [
        "101 entities, of which those after the first 100 are dropped",
        "&nbsp; is no reference that Telegram knows and stays in the text",
    ]


@pytest.mark.parametrize(
    ("rows", "refusal"),
    [
        ([[button(callback_data="")]], "BUTTON_DATA_INVALID"),
        ([[button(callback_data="é" * 33)]], "BUTTON_DATA_INVALID"),
        ([[button(url="https://")]], "BUTTON_URL_INVALID"),
        ([[button(url="http://localhost/")]], "BUTTON_URL_INVALID"),
        ([[button(url="javascript:alert(1)")]], "BUTTON_URL_INVALID"),
        ([[button(url="https://example.org/" + "a" * 2048)]], "BUTTON_URL_INVALID"),
        ([[button()]], "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"),
        ([[button(url="https://example.org", callback_data="a")]], "can't parse inline keyboard button"),
        ([[{"text": "", "callback_data": "a"}]], "can't parse inline keyboard button"),
        ([[button(callback_data="a")] * 9], "reply markup is too long"),
        ([[button(callback_data="a")]] * 101, "reply markup is too long"),
        ([[button(callback_date="a")]], '"callback_date" is unknown in inline_keyboard'),
    ],
)
def test_a_keyboard_that_telegram_would_not_take_is_refused(api: Api, chat: Chat, rows: Any, refusal: str) -> None:
    answer = api.refusal("sendMessage", chat_id=chat.id, text="a", reply_markup={"inline_keyboard": rows})
    assert answer.startswith(f"400 Bad Request: {refusal}")


def test_a_keyboard_may_be_as_large_as_it_may(api: Api, chat: Chat) -> None:
    largest = [button(callback_data="é" * 32)] * 8
    api.send(chat, reply_markup=keyboard(*[largest] * 12, [button(url="tg://resolve?domain=x")] * 4))
    assert len(chat.messages[-1].buttons) == 100


def test_a_reply_carries_the_message_it_answers(api: Api, ada: User, chat: Chat) -> None:
    asked = ada.says(chat, "why?")
    sent = api.send(chat, reply_parameters={"message_id": asked.id})
    assert sent["reply_to_message"]["text"] == "why?"
    assert chat.wait_for_reply(asked).reply_to == asked.id
    ada.deletes(asked)
    reply = {"message_id": asked.id}
    assert api.refusal("sendMessage", chat_id=chat.id, text="a", reply_parameters=reply) == (
        "400 Bad Request: message to be replied not found"
    )
    sent = api.send(chat, reply_parameters=reply | {"allow_sending_without_reply": True})
    assert "reply_to_message" not in sent


def test_an_edit_makes_a_new_version_and_says_so(api: Api, chat: Chat) -> None:
    sent = api.send(chat, "one", reply_markup=keyboard([button(callback_data="a")]))
    edited = api.result("editMessageText", chat_id=chat.id, message_id=sent["message_id"], text="two")
    assert (edited["text"], "reply_markup" in edited) == ("two", False)
    assert edited["edit_date"] >= sent["date"]
    (message,) = chat.from_bot
    assert [version.text for version in message.versions] == ["one", "two"]
    assert message.versions[0].at <= message.versions[1].at
    assert message.buttons == ()


def test_an_edit_that_changes_nothing_is_refused_but_no_violation(api: Api, chat: Chat) -> None:
    markup = keyboard([button(callback_data="a")])
    message_id = api.send(chat, "one", reply_markup=markup)["message_id"]
    same = {"chat_id": chat.id, "message_id": message_id, "text": " one ", "reply_markup": markup}
    assert api.refusal("editMessageText", **same) == NOT_MODIFIED
    assert api.telegram.violations == []
    api.result("editMessageText", **same | {"text": "<b>one</b>", "parse_mode": "HTML"})
    api.result("editMessageReplyMarkup", chat_id=chat.id, message_id=message_id)
    assert api.refusal("editMessageReplyMarkup", chat_id=chat.id, message_id=message_id) == NOT_MODIFIED
    assert (chat.messages[-1].text, chat.messages[-1].buttons) == ("one", ())


def test_only_messages_of_its_own_that_are_there_can_be_edited(api: Api, ada: User, chat: Chat) -> None:
    theirs = ada.says(chat, "mine")
    edit = {"chat_id": chat.id, "text": "a"}
    assert api.refusal("editMessageText", **edit, message_id=999) == "400 Bad Request: message to edit not found"
    assert api.refusal("editMessageText", **edit, message_id=theirs.id) == "400 Bad Request: message can't be edited"
    assert api.refusal("editMessageText", text="a") == "400 Bad Request: message identifier is not specified"
    assert api.refusal("editMessageText", text="a", inline_message_id="x") == "400 Bad Request: MESSAGE_ID_INVALID"


def test_a_deleted_message_is_gone(api: Api, ada: User, chat: Chat) -> None:
    sent = api.send(chat)
    delete = {"chat_id": chat.id, "message_id": sent["message_id"]}
    assert api.result("deleteMessage", **delete)
    assert chat.from_bot == ()
    assert api.refusal("deleteMessage", **delete) == "400 Bad Request: message to delete not found"
    group = api.telegram.group("Readers")
    theirs = ada.says(group, "a")
    delete = {"chat_id": group.id, "message_id": theirs.id}
    assert api.refusal("deleteMessage", **delete) == "400 Bad Request: message can't be deleted"
    group.promotes(api.telegram.me)
    assert api.result("deleteMessage", **delete)


def test_a_bot_cannot_write_where_it_is_not_known_or_not_wanted(api: Api, ada: User, chat: Chat) -> None:
    bob = api.telegram.user("Bob")
    api.telegram.private(bob)
    outside = api.telegram.group("Others", bot=False)
    group = api.telegram.group("Readers")
    group.removes_bot()
    ada.blocks_bot()
    refusals = {
        404: "400 Bad Request: chat not found",
        outside.id: "400 Bad Request: chat not found",
        bob.id: "403 Forbidden: bot can't initiate conversation with a user",
        group.id: "403 Forbidden: bot was kicked from the supergroup chat",
        ada.id: "403 Forbidden: bot was blocked by the user",
    }
    for chat_id, refusal in refusals.items():
        assert api.refusal("sendMessage", chat_id=chat_id, text="a") == refusal
    ada.unblocks_bot()
    api.send(chat)
    changes = [update["new_chat_member"]["status"] for update in api.told("my_chat_member")]
    assert changes == ["member", "kicked", "kicked", "member"]


def test_message_ids_count_by_supergroup_and_through_all_private_chats(api: Api, ada: User, chat: Chat) -> None:
    bob = api.telegram.user("Bob")
    group = api.telegram.group("Readers")
    other = bob.says(api.telegram.private(bob), "/start")
    ids = [chat.messages[0].id, other.id, api.send(chat)["message_id"]]
    assert ids == [1, 2, 3]
    assert (group.messages[0].id, ada.says(group, "a").id) == (1, 2)
    assert (chat.id, str(group.id)[:4]) == (ada.id, "-100")


def test_a_message_of_a_topic_says_so(api: Api, ada: User) -> None:
    forum = api.telegram.group("Forum", topics=True, privacy=False)
    topic = forum.topic("Ships")
    api.told("message")
    ada.says(forum, "in general")
    ada.says(forum, "in the topic", topic=topic)
    general, told = api.told("message")
    assert "message_thread_id" not in general
    assert (told["message_thread_id"], told["is_topic_message"], told["chat"]["is_forum"]) == (topic.id, True, True)
    assert told["reply_to_message"]["forum_topic_created"]["name"] == "Ships"
    sent = api.send(forum, message_thread_id=topic.id)
    assert (sent["message_thread_id"], forum.messages[-1].thread) == (topic.id, topic.id)
    reply = api.send(forum, reply_parameters={"message_id": told["message_id"]})
    assert (reply["message_thread_id"], reply["reply_to_message"]["text"]) == (topic.id, "in the topic")


def test_a_thread_that_is_no_topic_is_refused(api: Api, ada: User) -> None:
    forum = api.telegram.group("Forum", topics=True)
    forum.topic("Ships")
    plain = api.telegram.group("Plain", privacy=False)
    first = ada.says(plain, "a")
    api.told("message")
    ada.says(plain, "b", reply_to=first)
    (reply,) = api.told("message")
    assert reply["message_thread_id"] == first.id
    assert "is_topic_message" not in reply
    for chat_id, thread in ((forum.id, 1), (forum.id, 999), (plain.id, first.id)):
        for method, params in (("sendMessage", {"text": "a"}), ("sendChatAction", {"action": "typing"})):
            refusal = api.refusal(method, chat_id=chat_id, message_thread_id=thread, **params)
            assert refusal == "400 Bad Request: message thread not found"


def test_a_chat_action_is_seen_with_its_thread(api: Api, chat: Chat) -> None:
    forum = api.telegram.group("Forum", topics=True)
    topic = forum.topic("Ships")
    api.result("sendChatAction", chat_id=forum.id, action="typing", message_thread_id=topic.id)
    api.result("sendChatAction", chat_id=chat.id, action="upload_document")
    assert [(action.action, action.thread) for action in forum.actions] == [("typing", topic.id)]
    assert [(action.action, action.thread) for action in chat.actions] == [("upload_document", None)]
    assert api.refusal("sendChatAction", chat_id=chat.id, action="thinking").startswith("400")


def test_files_are_told_of_and_downloaded_up_to_20_megabytes(api: Api, ada: User, chat: Chat) -> None:
    api.told("message")
    ada.sends_document(chat, "a.txt", b"content", caption="/ask", mime_type="text/plain")
    ada.sends_document(chat, "big.pdf", b"", size=20 * 1024 * 1024 + 1)
    small, large = (message["document"] for message in api.told("message"))
    assert (small["file_name"], small["file_size"], small["mime_type"]) == ("a.txt", 7, "text/plain")
    file = api.result("getFile", file_id=small["file_id"])
    url = f"{api.telegram.url}/file/bot{api.telegram.token}/{file['file_path']}"
    assert httpx.get(url).content == b"content"
    assert httpx.get(url.replace(api.telegram.token, "1:x")).status_code == 401
    assert api.refusal("getFile", file_id=large["file_id"]) == "400 Bad Request: file is too big"
    assert api.refusal("getFile", file_id="nothing") == "400 Bad Request: invalid file_id"


def test_documents_are_sent_with_captions_of_1024_characters(api: Api, chat: Chat) -> None:
    url = f"{api.telegram.url}/bot{api.telegram.token}/sendDocument"
    form = {"chat_id": str(chat.id), "caption": "<b>" + "a" * 1024 + "</b>", "parse_mode": "HTML"}
    sent = httpx.post(url, data=form, files={"document": ("a.txt", b"content")}).json()["result"]
    assert (sent["document"]["file_size"], len(sent["caption"])) == (7, 1024)
    again = api.result("sendDocument", chat_id=chat.id, document=sent["document"]["file_id"])
    assert again["document"]["file_name"] == "a.txt"
    answer = httpx.post(url, data=form | {"caption": "a" * 1025}, files={"document": ("a.txt", b"content")})
    assert answer.json()["description"] == "Bad Request: message caption is too long"


def test_reactions_are_single_and_of_the_known_emoji(api: Api, ada: User, chat: Chat) -> None:
    message = ada.says(chat, "good?")
    react = {"chat_id": chat.id, "message_id": message.id}
    thumb, heart = {"type": "emoji", "emoji": "👍"}, {"type": "emoji", "emoji": "❤"}
    api.result("setMessageReaction", **react, reaction=[thumb])
    assert chat.now(message).reactions == ("👍",)
    assert api.refusal("setMessageReaction", **react, reaction=[thumb, heart]).startswith("400")
    assert api.refusal("setMessageReaction", **react, reaction=[{"type": "emoji", "emoji": "🪿"}]).startswith("400")
    api.result("setMessageReaction", **react)
    assert chat.now(message).reactions == ()


@pytest.mark.parametrize(
    "commands",
    [
        [{"command": "Ask", "description": "a"}],
        [{"command": "/ask", "description": "a"}],
        [{"command": "a" * 33, "description": "a"}],
        [{"command": "", "description": "a"}],
        [{"command": "ask", "description": ""}],
        [{"command": "ask", "description": "a" * 257}],
        [{"command": f"a{number}", "description": "a"} for number in range(101)],
    ],
)
def test_commands_that_telegram_would_not_take_are_refused(api: Api, commands: Any) -> None:
    assert api.refusal("setMyCommands", commands=commands).startswith("400 Bad Request: BOT_COMMAND")


def test_commands_are_kept_by_scope_and_language(api: Api, chat: Chat) -> None:
    ask = [{"command": "ask", "description": "Ask"}]
    groups = {"type": "all_group_chats"}
    api.result("setMyCommands", commands=ask)
    api.result("setMyCommands", commands=[], scope=groups, language_code="de")
    assert api.result("getMyCommands") == ask
    assert api.telegram.commands() == {"ask": "Ask"}
    assert api.result("getMyCommands", scope=groups, language_code="de") == []
    api.result("deleteMyCommands")
    assert api.result("getMyCommands") == []
    assert api.refusal("setMyCommands", commands=ask, language_code="deu").startswith("400")
    for scope in ({"type": "chat"}, {"type": "default", "chat_id": chat.id}, {"type": "chat", "chat_id": 404}):
        assert api.refusal("setMyCommands", commands=ask, scope=scope).startswith("400")


def test_descriptions_are_kept_by_language_and_have_their_lengths(api: Api) -> None:
    for name, method, longest in (("description", "Description", 512), ("short_description", "ShortDescription", 120)):
        api.result(f"setMy{method}", **{name: "a" * longest})
        api.result(f"setMy{method}", **{name: "kurz"}, language_code="de")
        assert api.result(f"getMy{method}", language_code="de") == {name: "kurz"}
        assert api.result(f"getMy{method}", language_code="fr") == {name: "a" * longest}
        assert api.refusal(f"setMy{method}", **{name: "a" * (longest + 1)}).startswith("400")


def test_chats_and_their_members_can_be_asked_for(telegram: FakeTelegram, api: Api, ada: User, chat: Chat) -> None:
    group = telegram.group("Readers")
    stranger = telegram.user("Eve")
    ada.says(group, "a")
    assert api.result("getChat", chat_id=chat.id)["first_name"] == "Ada"
    assert api.result("getChatMember", chat_id=group.id, user_id=ada.id)["status"] == "member"
    group.promotes(ada)
    assert api.result("getChatMember", chat_id=group.id, user_id=ada.id)["status"] == "administrator"
    admins = api.result("getChatAdministrators", chat_id=group.id)
    assert ada.id in [admin["user"]["id"] for admin in admins]
    assert api.refusal("getChatMember", chat_id=group.id, user_id=stranger.id).endswith("PARTICIPANT_ID_INVALID")
    api.result("leaveChat", chat_id=group.id)
    assert api.refusal("sendMessage", chat_id=group.id, text="a").startswith("400")
