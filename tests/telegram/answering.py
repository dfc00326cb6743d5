"""Methods that answer queries, and those about chats, files and what the bot says of itself."""

import time
from collections.abc import Mapping
from dataclasses import replace

from tests.telegram.messages import Json, Message, Version
from tests.telegram.rules import Refused, bad_request
from tests.telegram.sending import Call, Handler, count_message, find_chat, formatted
from tests.telegram.users import InlineAnswer, InlineResult
from tests.telegram.world import member_json

_MAX_DOWNLOAD = 20 * 1024 * 1024  # getFile
_NAMED = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_")
_START = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")


def _answer_callback_query(call: Call) -> bool:
    """answerCallbackQuery: 0-200 characters."""
    query = call.world.open_query("callback_query", call.params["callback_query_id"])
    if len(call.params.get("text", "")) > 200:
        raise bad_request("MESSAGE_TOO_LONG")
    query.give(call.params)
    return True


def _answer_inline_query(call: Call) -> bool:
    """answerInlineQuery: "No more than 50 results per query are allowed"."""
    query = call.world.open_query("inline_query", call.params["inline_query_id"])
    params = call.params
    ids = [result["id"] for result in params["results"]]
    if len(ids) > 50:
        raise bad_request("RESULTS_TOO_MUCH")
    if len(set(ids)) < len(ids):
        raise bad_request("RESULT_ID_DUPLICATE")
    if len(params.get("next_offset", "").encode()) > 64:
        raise bad_request("NEXT_OFFSET_INVALID")
    _check_start_button(params.get("button"))
    answer = InlineAnswer(
        results=tuple(_result(call, result, query.asked["query"]) for result in params["results"]),
        button=params.get("button"),
        cache_time=params.get("cache_time", 300),
        is_personal=params.get("is_personal", False),
        next_offset=params.get("next_offset", ""),
    )
    call.world.keep_inline(query, answer)
    query.give(answer)
    return True


def _check_start_button(button: Json | None) -> None:
    """InlineQueryResultsButton: "1-64 characters, only A-Z, a-z, 0-9, _ and - are allowed"."""
    if button is None:
        return
    if not button["text"]:
        raise bad_request("BUTTON_TEXT_INVALID")
    parameter = button["start_parameter"]
    if not 1 <= len(parameter) <= 64 or set(parameter) - _START:
        raise bad_request("START_PARAM_INVALID")


def _result(call: Call, result: Json, query: str) -> InlineResult:
    """InlineQueryResultArticle: "Unique identifier for this result, 1-64 Bytes"."""
    if not 1 <= len(result["id"].encode()) <= 64:
        raise bad_request("RESULT_ID_INVALID")
    if not result["title"].strip():
        raise bad_request("ARTICLE_TITLE_EMPTY")
    content = result["input_message_content"]
    try:
        parsed = formatted(call, content["message_text"], content)
    except Refused as error:
        why = error.description.removeprefix("Bad Request: ")
        raise bad_request(f"can't parse inline query result: {why}") from None
    return InlineResult(
        result["id"],
        result["title"],
        result.get("description"),
        parsed,
        result.get("reply_markup"),
        query,
        result,
    )


def _answer_guest_query(call: Call) -> Json:
    """answerGuestQuery: the message goes into a chat that the bot is not in, and can be edited by its inline id."""
    query = call.world.open_query("guest_query", call.params["guest_query_id"])
    result = _result(call, call.params["result"], "")
    asked: Message = query.subject
    count_message(call, asked.chat.id)
    version = Version(time.time(), result.content.text, result.content.entities, result.markup)
    chat = asked.chat
    message = chat.add(
        call.world.me,
        version,
        thread=chat.thread_of(asked.thread if chat.forum else None, asked),
        reply_to=asked.id,
        content={},
    )
    message = replace(message, inline_id=call.world.name_inline_message(chat, message.id))
    chat.put(message)
    query.give(message)
    return {"inline_message_id": message.inline_id}


def _get_file(call: Call) -> Json:
    """getFile: "bots can download files of up to 20MB in size"."""
    file = call.world.files.get(call.params["file_id"])
    if file is None:
        raise bad_request("invalid file_id")
    if file.size > _MAX_DOWNLOAD:
        raise bad_request("file is too big")
    return file.json | {"file_path": f"documents/{call.params['file_id']}"}


def _get_me(call: Call) -> Json:
    can = {"can_join_groups": True, "can_read_all_group_messages": False, "supports_inline_queries": True}
    more = ("can_connect_to_business", "has_main_web_app", "has_topics_enabled", "allows_users_to_create_topics")
    can |= {"supports_guest_queries": True} | dict.fromkeys(more, False)
    return call.world.me.json() | can


def _get_chat(call: Call) -> Json:
    """A ChatFullInfo, with what it always has."""
    chat = find_chat(call.world, call.params["chat_id"])
    gifts = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")
    full = {"accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": dict.fromkeys(gifts, False)}
    return chat.json() | full


def _get_chat_member(call: Call) -> Json:
    chat = find_chat(call.world, call.params["chat_id"])
    for user in chat.members:
        if user.id == call.params["user_id"]:
            return member_json(user, chat.status(user.id))
    raise bad_request("PARTICIPANT_ID_INVALID")


def _get_chat_administrators(call: Call) -> list[Json]:
    chat = find_chat(call.world, call.params["chat_id"])
    if chat.type == "private":
        raise bad_request("there are no administrators in the private chat")
    admins = [user for user in chat.members if user.id in chat.admins and not user.is_bot]
    return [member_json(user, "administrator") for user in admins]


def _leave_chat(call: Call) -> bool:
    chat = find_chat(call.world, call.params["chat_id"])
    if chat.type == "private":
        raise bad_request("chat member status can't be changed in private chats")
    chat.member = False
    chat.leave(call.world.me)
    return True


def _list_key(call: Call) -> tuple[str, str]:
    """BotCommandScope: what a list of commands is for, and its language."""
    scope = call.params.get("scope", {"type": "default"})
    parts = [scope["type"]]
    for name in ("chat_id", "user_id"):
        needed = scope["type"].startswith("chat") if name == "chat_id" else scope["type"] == "chat_member"
        if needed != (name in scope):
            raise bad_request(f"can't parse BotCommandScope: {name} of {scope['type']}")
        if needed:
            parts.append(str(scope[name]))
    if "chat_id" in scope:
        find_chat(call.world, scope["chat_id"])
    return ":".join(parts), call.params.get("language_code", "")


def _set_my_commands(call: Call) -> bool:
    """setMyCommands: "At most 100"; BotCommand: 1-32 of a-z, 0-9 and _, and a description of 1-256 characters."""
    commands = call.params["commands"]
    if len(commands) > 100:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    for command in commands:
        if not 1 <= len(command["command"]) <= 32 or set(command["command"]) - _NAMED:
            raise bad_request("BOT_COMMAND_INVALID")
        if not 1 <= len(command["description"].strip()) <= 256:
            raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    call.world.command_lists[_list_key(call)] = commands
    return True


def _delete_my_commands(call: Call) -> bool:
    call.world.command_lists.pop(_list_key(call), None)
    return True


def _get_my_commands(call: Call) -> list[Json]:
    return call.world.command_lists.get(_list_key(call), [])


def _text_setter(name: str, longest: int) -> Handler:
    """setMyDescription and setMyShortDescription; an empty text removes that of the language."""

    def set_text(call: Call) -> bool:
        text = call.params.get(name, "")
        if len(text) > longest:
            raise bad_request(f"{name} is too long")
        call.world.texts[name, call.params.get("language_code", "")] = text
        return True

    return set_text


def _text_getter(name: str) -> Handler:
    def get_text(call: Call) -> Json:
        texts = call.world.texts
        return {name: texts.get((name, call.params.get("language_code", ""))) or texts.get((name, ""), "")}

    return get_text


HANDLERS: Mapping[str, Handler] = {
    "getMe": _get_me,
    "answerCallbackQuery": _answer_callback_query,
    "answerInlineQuery": _answer_inline_query,
    "answerGuestQuery": _answer_guest_query,
    "getFile": _get_file,
    "getChat": _get_chat,
    "getChatMember": _get_chat_member,
    "getChatAdministrators": _get_chat_administrators,
    "leaveChat": _leave_chat,
    "setMyCommands": _set_my_commands,
    "deleteMyCommands": _delete_my_commands,
    "getMyCommands": _get_my_commands,
    "setMyDescription": _text_setter("description", 512),
    "getMyDescription": _text_getter("description"),
    "setMyShortDescription": _text_setter("short_description", 120),
    "getMyShortDescription": _text_getter("short_description"),
}
