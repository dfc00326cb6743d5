"""Questions in chats: private ones, groups and topics, and what is edited."""

import asyncio
import logging
import re
from collections.abc import MutableMapping, Sequence
from dataclasses import replace
from typing import TypeVar
from weakref import WeakValueDictionary

from telegram import Bot, Message, MessageEntity, Update
from telegram.constants import ChatType
from telegram.error import BadRequest
from telegram.ext import ContextTypes

from bot import render
from bot.render import Shown
from bot.state import Asked, Place, Record, StateError
from bot.telegram.desk import Desk
from bot.telegram.failures import Failures
from bot.telegram.origin import asker_of, language_of, place_of, texts_of
from bot.telegram.sending import edit, send, take_away, typing, words
from bot.texts import texts_for
from retrieval.errors import BadQuestion
from retrieval.retriever import check_query

_log = logging.getLogger(__name__)
K = TypeVar("K")


class Asking:
    """Handlers for whatever may be a question."""

    def __init__(self, desk: Desk, failures: Failures) -> None:
        self._desk, self._failures = desk, failures
        # An edit waits until the message that it changes is stored, or is known to ask nothing.
        self._taking: WeakValueDictionary[tuple[int, int], asyncio.Lock] = WeakValueDictionary()
        # Questions of one place are stored, and answered, in the order in which they came: one may lean on another.
        self._storing: WeakValueDictionary[Place, asyncio.Lock] = WeakValueDictionary()
        self._answering: WeakValueDictionary[Place, asyncio.Lock] = WeakValueDictionary()

    async def private(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Any text in a private chat."""
        if message := update.message:
            await self._ask(context.bot, message, without_mention(message.text or "", self._desk.username))

    async def command(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """/ask with a question, or as a reply to a message that is one."""
        if message := update.message:
            await self._ask(context.bot, message, _after_command(message.text or ""))

    async def group(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """In a group: a mention, or a reply to one of our answers; nothing else."""
        if message := update.message:
            # A quick reply may come before the answer's number is stored.
            await self._ask(context.bot, message, self._without_our_mention(context.bot, message), (0.0, 0.5, 1.0))

    async def edited(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """An edited question: its answer is edited."""
        message = update.edited_message
        if message is None or not message.text:
            return
        async with _lock(self._taking, (message.chat_id, message.message_id)):  # it may have come a moment ago
            record = await asyncio.to_thread(self._desk.state.by_question, message.chat_id, message.message_id)
        if record is None:
            return
        text = _after_command(message.text) if message.text.startswith("/") else message.text
        text = without_mention(text, self._desk.username).strip()
        if text == record.asked.text or self._refusal(text) is not None:
            return
        if not await self.within_limits(context.bot, message, record.asked.user_id):
            return
        record = await asyncio.to_thread(self._desk.state.ask_again, record.id, text)
        await self.respond(context.bot, record, follows=await self._replied_to(context.bot, message))

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

    async def respond(self, bot: Bot, record: Record, literally: bool = False, follows: Record | None = None) -> None:
        """Answer a stored question; if it was answered before, that answer is edited.

        `literally` and `follows` say by what it is understood, see `Desk.answer`.
        """
        place = record.asked.place
        if place is None:
            return
        texts = texts_for(record.asked.language)
        async with _lock(self._answering, place):
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
                    record = await self._desk.work(self._desk.answer, record, literally, follows)
            except KeyError:  # forgotten while it was answered
                return
            except StateError as error:
                await self._failures.note(bot, error)
                await self._answer_unstored(bot, record.asked, place)
                return
            shown = render.answer(record, texts, self._desk.username)
            sent = await self._show(bot, place, record, shown)
            try:
                await asyncio.to_thread(self._desk.state.sent, record.id, sent)
            except StateError as error:  # they have their answer all the same
                await self._failures.note(bot, error)

    async def _show(self, bot: Bot, place: Place, record: Record, shown: Shown) -> list[int]:
        """Show the answer, in the messages that held it before if they are still there; the ids of its messages."""
        if record.sent:
            try:
                return await edit(bot, place, record.sent, shown)
            except BadRequest as error:
                if "not found" not in str(error):
                    raise
                _log.info("an answer to be edited was deleted: %s", error)
                await take_away(bot, place, record.sent)
        return await send(bot, place, shown, record.asked.message_id)

    async def say(self, bot: Bot, message: Message, key: str, **values: object) -> None:
        """A word from the catalogue, as a reply."""
        texts = texts_of(message)
        await send(bot, place_of(message), words(texts(key, **values)), message.message_id)

    async def not_allowed(self, bot: Bot, message: Message) -> None:
        """Where ALLOWED_CHATS leaves a chat out: a word in private, silence in a group."""
        if message.chat.type == ChatType.PRIVATE:
            await self.say(bot, message, "not_allowed")

    async def _ask(self, bot: Bot, message: Message, text: str | None, pauses: Sequence[float] = (0.0,)) -> None:
        """Store and answer what a message asks. Without a `text` it asks only if it replies to one of our answers."""
        async with _lock(self._taking, (message.chat_id, message.message_id)):
            follows = await self._replied_to(bot, message, pauses)
            if text is None and follows is None:
                return
            asked = await self._accepted(bot, message, message.text or "" if text is None else text)
            if asked is None:
                return
            try:
                async with _lock(self._storing, place_of(message)):
                    record = await asyncio.to_thread(self._desk.state.ask, asked)
            except StateError as error:  # a full disk, say
                await self._failures.note(bot, error)
                await self._answer_unstored(bot, asked, place_of(message))
                return
        if record is not None:  # None: the update came twice
            await self.respond(bot, record, follows=follows)

    async def _accepted(self, bot: Bot, message: Message, text: str) -> Asked | None:
        """The question, unless it may not be asked or is none, which its asker is told.

        An empty call below a message asks what that says.
        """
        asker, replied = asker_of(message), message.reply_to_message
        if not text.strip() and replied:
            text = replied.text or replied.caption or ""
        if asker is None:
            return None
        if not self._desk.may_ask(asker, message.chat_id):
            await self.not_allowed(bot, message)
            return None
        if not await self.within_limits(bot, message, asker):
            return None
        called = message.chat.type != ChatType.PRIVATE or (message.text or "").startswith("/")
        refusal = "ask_how" if called and not text.strip() else self._refusal(text)
        if refusal is not None:
            await self.say(bot, message, refusal)
            return None
        return Asked(text.strip(), "message", asker, language_of(message), place_of(message), message.message_id)

    async def _answer_unstored(self, bot: Bot, asked: Asked, place: Place) -> None:
        """Answer what cannot be stored: without the conversation before it, and without buttons."""
        texts = texts_for(asked.language)
        shown = words(texts("first_build"))
        if self._desk.service:
            async with typing(bot, place):
                record = await self._desk.work(self._desk.answer_unstored, asked)
            shown = replace(render.answer(record, texts, self._desk.username), keyboard=())
        await send(bot, place, shown, asked.message_id)

    async def within_limits(self, bot: Bot, message: Message, asker: int | None) -> bool:
        """Whether they may ask one more now; if not, they are told so now and then."""
        verdict = "yes" if asker is None else self._desk.limits.allow(asker, message.chat_id)
        if verdict == "yes":
            return True
        self._desk.metrics.limited()
        if verdict == "warn":
            await self.say(bot, message, "one_moment")
        return False

    def _refusal(self, text: str) -> str | None:
        """The key of the words that say why a text is no question; None if it is one."""
        try:
            check_query(text)
        except BadQuestion:
            return "too_long" if len(text) > 4000 else "no_words"
        return None

    def _without_our_mention(self, bot: Bot, message: Message) -> str | None:
        """The text of a group's message without the mention of us; None if there is none."""
        text = message.text or ""
        ours = f"@{self._desk.username}".lower()
        for entity, mention in message.parse_entities([MessageEntity.MENTION, MessageEntity.TEXT_MENTION]).items():
            if mention.lower() == ours or (entity.user and entity.user.id == bot.id):
                return text.replace(mention, " ", 1)
        return None

    async def _replied_to(self, bot: Bot, message: Message, pauses: Sequence[float] = (0.0,)) -> Record | None:
        """The question whose answer a message replies to. It is looked up after each pause, in seconds."""
        replied = message.reply_to_message
        if replied is None or replied.from_user is None or replied.from_user.id != bot.id:
            return None
        for pause in pauses:
            await asyncio.sleep(pause)
            if record := await asyncio.to_thread(self._desk.state.by_reply, message.chat_id, replied.message_id):
                return record
        return None


def _lock(locks: MutableMapping[K, asyncio.Lock], key: K) -> asyncio.Lock:
    return locks.setdefault(key, asyncio.Lock())


def without_mention(text: str, name: str, instead: str = "") -> str:
    """The text without the name of the bot, which is no part of a question."""
    return re.sub(rf"@{re.escape(name)}\b", instead, text, flags=re.IGNORECASE) if name else text


def _after_command(text: str) -> str:
    return text.partition(" ")[2] if " " in text.split("\n")[0] else text.partition("\n")[2]
