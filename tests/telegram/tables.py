"""What each method takes, by the sections of the Bot API that bear the names of the methods and types.

Of parameters and kinds of objects, those are here that this fake can do something with; others are refused.
"""

from collections.abc import Mapping

from telegram.constants import ChatAction, ReactionEmoji

from tests.telegram.keyboards import keyboard, reply_markup
from tests.telegram.rules import (
    Reader,
    Shape,
    array,
    boolean,
    bounded,
    chat_id,
    integer,
    language_code,
    one_of,
    string,
    thing,
    upload,
)

_ENTITY = thing(
    Shape(
        {"type": string, "offset": integer, "length": integer},
        {"url": string, "language": string, "custom_emoji_id": string},
    )
)
_LINK_PREVIEW = thing(
    Shape(
        {},
        {
            "is_disabled": boolean,
            "url": string,
            "prefer_small_media": boolean,
            "prefer_large_media": boolean,
            "show_above_text": boolean,
        },
    )
)
_REPLY = thing(
    Shape(
        {"message_id": integer},
        {"chat_id": chat_id, "allow_sending_without_reply": boolean, "quote": string, "quote_position": integer},
    )
)
_FORMAT: Mapping[str, Reader] = {
    "parse_mode": string,
    "entities": array(_ENTITY),
    "link_preview_options": _LINK_PREVIEW,
}
_SENDING: Mapping[str, Reader] = {
    "message_thread_id": integer,
    "reply_parameters": _REPLY,
    "reply_markup": reply_markup,
    "disable_notification": boolean,
    "protect_content": boolean,
}
_TARGET: Mapping[str, Reader] = {"chat_id": chat_id, "message_id": integer, "inline_message_id": string}
_TEXT_CONTENT = thing(Shape({"message_text": string}, _FORMAT))
_RESULT = thing(
    Shape(
        # Of the many kinds of InlineQueryResult the fake knows the article.
        {"type": one_of("article"), "id": string, "title": string, "input_message_content": _TEXT_CONTENT},
        {
            "reply_markup": keyboard,
            "url": string,
            "description": string,
            "thumbnail_url": string,
            "thumbnail_width": integer,
            "thumbnail_height": integer,
        },
    )
)
_COMMAND = thing(Shape({"command": string, "description": string}))
_SCOPE = thing(
    Shape(
        {
            "type": one_of(
                *"default all_private_chats all_group_chats all_chat_administrators".split(),
                *"chat chat_administrators chat_member".split(),
            )
        },
        {"chat_id": chat_id, "user_id": integer},
    )
)
_SCOPED: Mapping[str, Reader] = {"scope": _SCOPE, "language_code": language_code}
_REACTION = thing(
    Shape({"type": one_of("emoji"), "emoji": one_of(*(reaction.value for reaction in ReactionEmoji))}, {})
)

METHODS: Mapping[str, Shape] = {
    "getMe": Shape(),
    "getUpdates": Shape(
        {},
        {
            "offset": integer,
            "limit": bounded(1, 100),
            "timeout": bounded(0, 50),
            "allowed_updates": array(string),
        },
    ),
    "setWebhook": Shape(
        {"url": string},
        {
            "certificate": upload,
            "ip_address": string,
            "max_connections": bounded(1, 100),
            "allowed_updates": array(string),
            "drop_pending_updates": boolean,
            "secret_token": string,
        },
    ),
    "deleteWebhook": Shape({}, {"drop_pending_updates": boolean}),
    "getWebhookInfo": Shape(),
    "sendMessage": Shape({"chat_id": chat_id, "text": string}, {**_FORMAT, **_SENDING}),
    "sendDocument": Shape(
        {"chat_id": chat_id, "document": upload},
        {
            **_SENDING,
            "caption": string,
            "parse_mode": string,
            "caption_entities": array(_ENTITY),
            "disable_content_type_detection": boolean,
        },
    ),
    "sendChatAction": Shape(
        {"chat_id": chat_id, "action": one_of(*(action.value for action in ChatAction))},
        {"message_thread_id": integer},
    ),
    "editMessageText": Shape({"text": string}, {**_TARGET, **_FORMAT, "reply_markup": keyboard}),
    "editMessageReplyMarkup": Shape({}, {**_TARGET, "reply_markup": keyboard}),
    "deleteMessage": Shape({"chat_id": chat_id, "message_id": integer}),
    "setMessageReaction": Shape(
        {"chat_id": chat_id, "message_id": integer}, {"reaction": array(_REACTION), "is_big": boolean}
    ),
    "answerCallbackQuery": Shape(
        {"callback_query_id": string}, {"text": string, "show_alert": boolean, "url": string, "cache_time": integer}
    ),
    "answerInlineQuery": Shape(
        {"inline_query_id": string, "results": array(_RESULT)},
        {
            "cache_time": integer,
            "is_personal": boolean,
            "next_offset": string,
            "button": thing(Shape({"text": string, "start_parameter": string})),
        },
    ),
    "answerGuestQuery": Shape({"guest_query_id": string, "result": _RESULT}),
    "getFile": Shape({"file_id": string}),
    "getChat": Shape({"chat_id": chat_id}),
    "getChatMember": Shape({"chat_id": chat_id, "user_id": integer}),
    "getChatAdministrators": Shape({"chat_id": chat_id}),
    "leaveChat": Shape({"chat_id": chat_id}),
    "setMyCommands": Shape({"commands": array(_COMMAND)}, _SCOPED),
    "deleteMyCommands": Shape({}, _SCOPED),
    "getMyCommands": Shape({}, _SCOPED),
    "setMyDescription": Shape({}, {"description": string, "language_code": language_code}),
    "getMyDescription": Shape({}, {"language_code": language_code}),
    "setMyShortDescription": Shape({}, {"short_description": string, "language_code": language_code}),
    "getMyShortDescription": Shape({}, {"language_code": language_code}),
}
