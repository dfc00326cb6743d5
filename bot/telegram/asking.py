"""Questions in chats: private ones, groups and topics, and what is edited."""

import asyncio
import re
from weakref import WeakValueDictionary

from telegram import Bot, Message, MessageEntity, Update
from telegram.constants import ChatType
from telegram.ext import ContextTypes

from bot import render
from bot.state import Asked, Place, Record
from bot.telegram.desk import Desk
from bot.telegram.sending import edit, send, typing, words
from bot.texts import Texts, texts_for
from retrieval.errors import BadQuestion
from retrieval.retriever import check_query


class Asking:
    """Handlers for whatever may be a question."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def private(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Any text in a private chat."""
        if message := update.message:
            await self._ask(context.bot, message, self._without_mention(message.text or ""))

    async def command(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """/ask with a question, or as a reply to a message that is one."""
        message = update.message
        if message is None:
            return
        text = _after_command(message.text or "")
        if not text and message.reply_to_message:
            text = message.reply_to_message.text or message.reply_to_message.caption or ""
        await self._ask_or_say_how(context.bot, message, text)

    async def group(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """In a group: a mention, or a reply to one of our answers; nothing else."""
        message = update.message
        if message is None:
            return
        text = await self._meant_for_us(context.bot, message)
        if text is None:
            return
        if not text.strip() and message.reply_to_message:
            text = message.reply_to_message.text or ""
        await self._ask_or_say_how(context.bot, message, text)

    async def edited(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """An edited question: its answer is edited."""
        message = update.edited_message
        if message is None or not message.text:
            return
        record = await asyncio.to_thread(self._desk.state.by_question, message.chat_id, message.message_id)
        if record is None:
            return
        text = _after_command(message.text) if message.text.startswith("/") else message.text
        text = self._without_mention(text).strip()
        if text == record.asked.text or self._refusal(text) is not None:
            return
        record = await asyncio.to_thread(self._desk.state.ask_again, record.id, text)
        await self.respond(context.bot, record)

    async def other(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """In a private chat, what is no text: a short word."""
        message = update.message
        if message and not (message.from_user and message.from_user.is_bot):
            await self.say(context.bot, message, "only_text")

    async def ask_for(self, bot: Bot, text: str, user_id: int, place: Place, language: str | None) -> None:
        """A question by a button: the user's, but of no message."""
        asked = Asked(text, "message", user_id, language, place)
        if record := await asyncio.to_thread(self._desk.state.ask, asked):
            await self.respond(bot, record)

    async def respond(self, bot: Bot, record: Record, literally: bool = False) -> None:
        """Answer a stored question; if it was answered before, that answer is edited."""
        place = record.asked.place
        if place is None:
            return
        texts = texts_for(record.asked.language)
        lock = self._locks.setdefault(record.id, asyncio.Lock())
        async with lock:
            # It may have been edited, answered or forgotten while this waited.
            fresh = await asyncio.to_thread(self._desk.state.find, record.id)
            if fresh is None:
                return
            record = fresh
            if self._desk.service is None:
                await send(bot, place, words(texts("first_build")), record.asked.message_id)
                return
            try:
                async with typing(bot, place):
                    record = await self._desk.work(self._desk.answer, record, literally)
            except KeyError:  # forgotten while it was answered
                return
            shown = render.answer(record, texts, self._desk.username)
            if record.sent:
                sent = await edit(bot, place, record.sent, shown)
            else:
                sent = await send(bot, place, shown, record.asked.message_id)
            await asyncio.to_thread(self._desk.state.sent, record.id, sent)

    async def say(self, bot: Bot, message: Message, key: str, **values: object) -> None:
        """A word from the catalogue, as a reply."""
        texts = texts_of(message)
        await send(bot, place_of(message), words(texts(key, **values)), message.message_id)

    async def not_allowed(self, bot: Bot, message: Message) -> None:
        """Where ALLOWED_CHATS leaves a chat out: a word in private, silence in a group."""
        if message.chat.type == ChatType.PRIVATE:
            await self.say(bot, message, "not_allowed")

    async def _ask_or_say_how(self, bot: Bot, message: Message, text: str) -> None:
        asker = asker_of(message)
        if text.strip():
            await self._ask(bot, message, text)
        elif asker is not None and self._desk.may_ask(asker, message.chat_id):
            await self.say(bot, message, "ask_how")
        else:
            await self.not_allowed(bot, message)

    async def _ask(self, bot: Bot, message: Message, text: str) -> None:
        asker = asker_of(message)
        if asker is None:
            return
        desk = self._desk
        if not desk.may_ask(asker, message.chat_id):
            await self.not_allowed(bot, message)
            return
        verdict = desk.limits.allow(asker, message.chat_id)
        if verdict != "yes":
            desk.metrics.limited()
            if verdict == "warn":
                await self.say(bot, message, "one_moment")
            return
        if (refusal := self._refusal(text)) is not None:
            await self.say(bot, message, refusal)
            return
        language = language_of(message)
        asked = Asked(text.strip(), "message", asker, language, place_of(message), message.message_id)
        record = await asyncio.to_thread(desk.state.ask, asked)
        if record is not None:  # None: the update came twice
            await self.respond(bot, record)

    def _without_mention(self, text: str) -> str:
        """The text without our own name, which is no part of a question."""
        name = self._desk.username
        return re.sub(rf"@{re.escape(name)}\b", "", text, flags=re.IGNORECASE) if name else text

    def _refusal(self, text: str) -> str | None:
        """The key of the words that say why a text is no question; None if it is one."""
        try:
            check_query(text)
        except BadQuestion:
            return "too_long" if len(text) > 4000 else "no_words"
        return None

    async def _meant_for_us(self, bot: Bot, message: Message) -> str | None:
        """The question in a group's message, or None if it is not meant for us."""
        text = message.text or ""
        ours = f"@{self._desk.username}".lower()
        for entity, mention in message.parse_entities([MessageEntity.MENTION, MessageEntity.TEXT_MENTION]).items():
            if mention.lower() == ours or (entity.user and entity.user.id == bot.id):
                return text.replace(mention, " ", 1)
        replied = message.reply_to_message
        if replied is None or replied.from_user is None or replied.from_user.id != bot.id:
            return None
        for pause in (0.0, 0.5, 1.0):  # a quick reply may come before the answer's number is stored
            await asyncio.sleep(pause)
            if await asyncio.to_thread(self._desk.state.by_reply, message.chat_id, replied.message_id):
                return text
        return None


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


def _after_command(text: str) -> str:
    return text.partition(" ")[2] if " " in text.split("\n")[0] else text.partition("\n")[2]
