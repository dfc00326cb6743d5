"""Where a message was written, by whom and in which language."""

from telegram import Message

from bot.state import Place
from bot.texts import Texts, texts_for


def place_of(message: Message) -> Place:
    """Where a message belongs: its chat and, in a forum, its topic."""
    thread = message.message_thread_id if message.is_topic_message else None
    return Place(message.chat_id, thread)


def asker_of(message: Message) -> int | None:
    """The number by which whoever wrote a message is known; None for a bot.

    For a message in the name of a chat, by an anonymous admin of a group or as a channel, it is the chat's: its user
    is a bot of Telegram's that all such messages have in common (Bot API, Message, sender_chat).
    """
    if message.sender_chat:
        return message.sender_chat.id
    user = message.from_user
    return None if user is None or user.is_bot else user.id


def language_of(message: Message) -> str | None:
    """The language of whoever wrote a message, if Telegram names it."""
    return message.from_user.language_code if message.from_user else None


def texts_of(message: Message) -> Texts:
    """The words for whoever wrote a message."""
    return texts_for(language_of(message))
