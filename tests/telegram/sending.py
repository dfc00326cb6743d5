"""Methods that write, change and remove messages: sendMessage and its kin."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tests.telegram.chats import Chat
from tests.telegram.entities import Entity, Parsed, finish, utf16_length
from tests.telegram.markup import MarkupError, parse_html
from tests.telegram.messages import Json, Message, Version
from tests.telegram.rules import Refused, Upload, bad_request
from tests.telegram.world import Violation, World

_MAX_TEXT, _MAX_CAPTION = 4096, 1024  # UTF-16 units after entities parsing
_MAX_UPLOAD = 50 * 1024 * 1024  # "Sending files"
_DELETABLE = 48 * 3600  # seconds; deleteMessage


@dataclass(frozen=True, slots=True)
class Call:
    """A request whose parameters have been read."""

    world: World = field(repr=False)
    method: str
    params: Json

    def mangled(self, *rules: str) -> None:
        """Record what Telegram would alter in silence."""
        self.world.violations += [Violation(self.method, rule, self.params) for rule in rules]


Handler = Callable[[Call], Any]


def formatted(call: Call, text: str, options: Json, limit: int = _MAX_TEXT) -> Parsed:
    """A text with the entities that its parse_mode or its list of entities gives it.

    Raises:
        Refused: it cannot be parsed, or is empty or too long.
    """
    given = options.get("entities", options.get("caption_entities"))
    mode = options.get("parse_mode")
    if mode is not None and mode.upper() != "HTML":
        raise bad_request(f"unsupported parse_mode (this fake knows HTML only): {mode}")
    if mode is not None and given is not None:
        raise bad_request("parse_mode and entities are for use instead of each other")
    try:
        parsed = parse_html(text) if mode else finish(text, _entities(text, given or []))
    except MarkupError as error:
        raise bad_request(f"can't parse entities: {error}") from None
    if not parsed.text:
        raise bad_request("message text is empty")
    if utf16_length(parsed.text) > limit:
        raise bad_request("message is too long" if limit == _MAX_TEXT else "message caption is too long")
    call.mangled(*parsed.mangled)
    return parsed


def _entities(text: str, given: list[Json]) -> list[Entity]:
    """The entities of a list, which must lie within the text."""
    entities = [Entity(**entity) for entity in given]
    for entity in entities:
        if entity.offset < 0 or entity.length <= 0 or entity.end > utf16_length(text):
            raise bad_request(f"can't parse entities: {entity.type} is outside of the text")
    return entities


def find_chat(world: World, chat_id: int | str) -> Chat:
    """A chat that the bot knows.

    Raises:
        Refused: there is none.
    """
    chat = world.chats.get(chat_id) if isinstance(chat_id, int) else None
    if chat is None or (chat.type != "private" and not chat.member and not chat.blocked):
        raise bad_request("chat not found")
    return chat


def writable_chat(call: Call) -> Chat:
    """The chat of the request, where the bot may write now.

    Raises:
        Refused: there is none, or the bot may not write in it, or writes too much.
    """
    chat = find_chat(call.world, call.params["chat_id"])
    if not chat.member:
        raise Refused(403, f"Forbidden: {_why_not(chat)}")
    return chat


def _why_not(chat: Chat) -> str:
    if chat.type != "private":
        return f"bot was kicked from the {chat.type} chat"
    return "bot was blocked by the user" if chat.blocked else "bot can't initiate conversation with a user"


def count_message(call: Call, chat: object) -> None:
    """Count a message or an edit against the limits.

    Raises:
        Refused: there are too many.
    """
    wait = call.world.flood.wait_for(chat)
    if wait:
        raise Refused(429, f"Too Many Requests: retry after {wait}", {"retry_after": wait})


def send(call: Call, version: Version, content: Mapping[str, Any] | None = None) -> Json:
    """Put a message of the bot's where its parameters say."""
    chat = writable_chat(call)
    replied = _replied(call, chat)
    thread = _thread(call, chat, replied)
    count_message(call, chat.id)
    reply_to = replied.id if replied else None
    return chat.add(call.world.me, version, thread=thread, reply_to=reply_to, content=content).json()


def _replied(call: Call, chat: Chat) -> Message | None:
    """ReplyParameters."""
    reply = call.params.get("reply_parameters")
    if reply is None:
        return None
    if reply.get("chat_id", chat.id) != chat.id:
        raise bad_request("this fake knows no replies across chats")
    message = chat.find(reply["message_id"])
    if message is None and not reply.get("allow_sending_without_reply"):
        raise bad_request("message to be replied not found")
    if message is not None and reply.get("quote", "") not in message.text:
        raise bad_request("QUOTE_TEXT_INVALID")
    return message


def _thread(call: Call, chat: Chat, replied: Message | None) -> int | None:
    """sendMessage, message_thread_id: a topic of a forum; the topic General has none that could be given."""
    thread = call.params.get("message_thread_id")
    if thread is not None and not chat.has_topic(thread):
        raise bad_request("message thread not found")
    if thread is not None and replied is not None and replied.thread != thread:
        call.mangled("a reply to a message of another topic")
    return chat.thread_of(thread, replied)


def _send_message(call: Call) -> Json:
    parsed = formatted(call, call.params["text"], call.params)
    return send(call, _version(parsed, call.params))


def _version(parsed: Parsed, params: Json) -> Version:
    markup, preview = params.get("reply_markup"), params.get("link_preview_options")
    return Version(time.time(), parsed.text, parsed.entities, markup or None, preview)


def _send_document(call: Call) -> Json:
    params = call.params
    caption = params.get("caption", "")
    parsed = formatted(call, caption, params, _MAX_CAPTION) if caption else Parsed("")
    return send(call, _version(parsed, params), {"document": _document(call.world, params["document"])})


def _document(world: World, given: Upload | str) -> Json:
    if isinstance(given, Upload):
        if len(given.data) > _MAX_UPLOAD:
            raise Refused(413, "Request Entity Too Large")
        if not given.data:
            raise bad_request("file must be non-empty")
        return world.keep_file(given.name, given.data) | {"file_name": given.name}
    if given not in world.files:
        raise bad_request("wrong remote file identifier specified: Wrong string length")
    return world.files[given].json | {"file_name": world.files[given].name}


def _send_chat_action(call: Call) -> bool:
    chat = writable_chat(call)
    chat.act(call.params["action"], _thread(call, chat, None))
    return True


def _edited(call: Call) -> Message:
    """The message to edit: one of the bot's, or one sent through it."""
    params = call.params
    if "inline_message_id" in params:
        if params.keys() & {"chat_id", "message_id"}:
            raise bad_request("inline_message_id is for use instead of chat_id and message_id")
        chat, message_id = call.world.inline_messages.get(params["inline_message_id"], (None, 0))
        message = chat.find(message_id) if chat else None
        if message is None:
            raise bad_request("MESSAGE_ID_INVALID")
        return message
    if not {"chat_id", "message_id"} <= params.keys():
        raise bad_request("message identifier is not specified")
    message = writable_chat(call).find(params["message_id"])
    if message is None:
        raise bad_request("message to edit not found")
    if message.sender is not call.world.me:
        raise bad_request("message can't be edited")
    return message


def _edit(call: Call, message: Message, version: Version) -> Json | bool:
    if version.says_the_same(message.now):
        raise bad_request(
            "message is not modified: specified new message content and reply markup are exactly the same as a "
            "current content and reply markup of the message"
        )
    count_message(call, message.chat.id)
    edited = replace(message, versions=(*message.versions, version))
    message.chat.put(edited)
    return True if "inline_message_id" in call.params else edited.json()


def _edit_message_text(call: Call) -> Json | bool:
    message = _edited(call)
    parsed = formatted(call, call.params["text"], call.params)
    if message.content:
        raise bad_request("there is no text in the message to edit")
    return _edit(call, message, _version(parsed, call.params))


def _edit_message_reply_markup(call: Call) -> Json | bool:
    message = _edited(call)
    markup = call.params.get("reply_markup") or None
    return _edit(call, message, replace(message.now, at=time.time(), markup=markup))


def _delete_message(call: Call) -> bool:
    """deleteMessage: own messages, any in private chats, any where the bot is an administrator; for 48 hours."""
    chat = writable_chat(call)
    message = chat.find(call.params["message_id"])
    if message is None:
        raise bad_request("message to delete not found")
    me = call.world.me
    may = message.sender is me or chat.type == "private" or me.id in chat.admins
    if not may or time.time() - message.sent_at > _DELETABLE:
        raise bad_request("message can't be deleted")
    chat.remove(message)
    return True


def _set_message_reaction(call: Call) -> bool:
    """setMessageReaction: "bots can set up to one reaction per message"; none removes it."""
    chat = writable_chat(call)
    message = chat.find(call.params["message_id"])
    if message is None:
        raise bad_request("message to react not found")
    reactions = call.params.get("reaction", [])
    if len(reactions) > 1:
        raise bad_request("REACTIONS_TOO_MANY")
    chat.put(replace(message, reactions=tuple(reaction["emoji"] for reaction in reactions)))
    return True


HANDLERS: Mapping[str, Handler] = {
    "sendMessage": _send_message,
    "sendDocument": _send_document,
    "sendChatAction": _send_chat_action,
    "editMessageText": _edit_message_text,
    "editMessageReplyMarkup": _edit_message_reply_markup,
    "deleteMessage": _delete_message,
    "setMessageReaction": _set_message_reaction,
}
