"""The commands for everyone: what the bot is, what it has read, what it keeps."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date

from telegram import Bot, BotCommand, BotCommandScopeChat, Message, Update
from telegram.constants import ChatType
from telegram.error import TelegramError
from telegram.ext import ContextTypes

from bot import render
from bot.markup import one_line
from bot.render import Button, Keyboard
from bot.telegram.asking import Asking
from bot.telegram.desk import Desk
from bot.telegram.origin import asker_of, place_of, texts_of
from bot.telegram.sending import send, words
from bot.texts import Texts, catalogue, texts_for
from retrieval.types import Article

_log = logging.getLogger(__name__)
FOR_ALL = ("ask", "new", "sources", "help", "privacy", "forget")
FOR_ADMINS = ("rebuild", "status", "articles", "gaps", "rollback")
_EXAMPLES = 3
_LOOKED_AT = 12
_OUTLETS = 40
_AGAIN, _AGAIN_AT_MOST = 5.0, 3600.0


class Commands:
    """Handlers for /start, /help, /sources, /privacy, /forget, /new and /whoami."""

    def __init__(self, desk: Desk, asking: Asking) -> None:
        self._desk, self._asking = desk, asking
        self._examples: tuple[str, dict[str, list[str]]] = ("", {})

    async def start(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """/start; with the id of an answer behind it, that answer once more."""
        message = update.message
        if message is None:
            return
        payload = context.args[0] if context.args else ""
        answer_id, _, number = payload.partition("_")
        record = await asyncio.to_thread(self._desk.state.find, answer_id) if answer_id.isalnum() else None
        if record is None or record.answered is None or not self._may(message):
            gone = payload not in ("", "help")
            await (self._asking.say(context.bot, message, "answer_gone") if gone else self.help(update, context))
            return
        texts = texts_of(message)
        shown = render.answer(record, texts, self._desk.username, with_question=True)
        cited = next((one for one in record.answered.citations if str(one.n) == number), None)
        if cited and self._desk.service:
            article = await asyncio.to_thread(self._desk.service.article, cited.article_id)
            opened = render.passage(record, cited, article, None, texts, self._desk.username)
            # It stands where the last message of the answer would: there it leads back to.
            shown = replace(opened, pages=(*shown.pages[:-1], *opened.pages))
        await send(context.bot, place_of(message), shown)

    async def help(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """What the bot does, with three questions to try."""
        message = update.message
        if message is None:
            return
        texts = texts_of(message)
        keyboard: Keyboard = ()
        if self._desk.service and self._may(message):
            examples = await self._desk.work(self._find_examples, texts)
            keyboard = tuple((Button(question, f"eg:{n}"),) for n, question in enumerate(examples))
        parts = [texts("help", bot=self._desk.username)]
        admin = self._desk.is_admin(asker_of(message))
        if admin:
            parts.append(texts("help_admin"))
        if keyboard:
            parts.append(texts("help_examples"))
        await send(context.bot, place_of(message), words("\n\n".join(parts), keyboard))
        if admin and message.chat.type == ChatType.PRIVATE:
            await publish_admin_menu(context.bot, message.chat.id)

    async def sources(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Outlets, how many articles, newest and oldest."""
        message = update.message
        if message is None:
            return
        if not self._may(message):
            await self._asking.not_allowed(context.bot, message)
            return
        service = self._desk.service
        if service is None:
            await self._asking.say(context.bot, message, "first_build")
            return
        texts, manifest = texts_of(message), service.index.manifest
        outlets = await asyncio.to_thread(service.index.documents.outlets)
        lines = [
            f"• {one_line(name or texts('unknown_outlet'), 80)}: {texts('number', number=count)}"
            for name, count in outlets[:_OUTLETS]
        ]
        if len(outlets) > _OUTLETS:
            lines.append(texts("and_more", number=len(outlets) - _OUTLETS))
        head = texts("sources", articles=manifest.articles, outlets=sum(name is not None for name, _ in outlets))
        if manifest.oldest and manifest.newest:
            head += "\n" + texts(
                "sources_dates", oldest=date.fromisoformat(manifest.oldest), newest=date.fromisoformat(manifest.newest)
            )
        await send(context.bot, place_of(message), words(f"{head}\n\n" + "\n".join(lines)), message.message_id)

    async def privacy(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """What is stored."""
        if message := update.message:
            await self._asking.say(context.bot, message, "privacy")

    async def forget(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Delete what is stored of the asker."""
        message = update.message
        if message and (asker := asker_of(message)) is not None:
            count = await asyncio.to_thread(self._desk.state.forget, asker)
            await self._asking.say(context.bot, message, "forgotten", number=count)

    async def new(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Begin a conversation anew."""
        if message := update.message:
            await asyncio.to_thread(self._desk.state.begin_anew, place_of(message))
            await self._asking.say(context.bot, message, "begun_anew")

    async def whoami(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """The numbers that ADMIN_IDS and ALLOWED_CHATS want."""
        message = update.message
        if message and (asker := asker_of(message)) is not None:
            await self._asking.say(context.bot, message, "whoami", user=str(asker), chat=str(message.chat_id))

    async def unknown(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """A command that is none of ours, in a private chat."""
        if message := update.message:
            await self._asking.say(context.bot, message, "unknown_command")

    def _may(self, message: Message) -> bool:
        return self._desk.may_ask(asker_of(message), message.chat_id)

    def _find_examples(self, texts: Texts) -> list[str]:
        """Questions about the newest articles, of different outlets if it can be, that the collection does answer."""
        service = self._desk.service
        if service is None:
            return []
        generation = service.index.generation
        if self._examples[0] != generation:
            self._examples = (generation, {})
        found = self._examples[1].get(texts.language)
        if found is None:
            found = []
            for article in _of_different_outlets(service.index.documents.newest(_LOOKED_AT)):
                question = texts("example", headline=one_line(article.title, 80))
                if not service.answer(question).refused:
                    found.append(question)
                if len(found) == _EXAMPLES:
                    break
            self._examples[1][texts.language] = found
        return found


def _of_different_outlets(articles: Sequence[Article]) -> list[Article]:
    """First the first of each outlet, then the others."""
    firsts = {article.source: article for article in reversed(articles)}
    return sorted(articles, key=lambda article: firsts[article.source] is not article)


async def publish_menus(bot: Bot, admins: frozenset[int]) -> None:
    """The commands in everyone's menu, in each language, until Telegram takes them; the admins' own only in theirs."""
    pause = _AGAIN
    for language in (None, *catalogue()):
        while True:
            try:
                await bot.set_my_commands(_menu(texts_for(language), FOR_ALL), language_code=language)
                break
            except TelegramError as error:
                _log.warning("the menu of commands cannot be set (%s); trying again in %.0f s", error, pause)
                await asyncio.sleep(pause)
                pause = min(2 * pause, _AGAIN_AT_MOST)
    for admin in admins:
        await publish_admin_menu(bot, admin)


async def publish_admin_menu(bot: Bot, admin: int) -> None:
    """The commands in the menu of one admin, in each language."""
    # One who has never written to the bot has no chat with it; the menu comes when they do.
    with suppress(TelegramError):
        for language in (None, *catalogue()):
            menu = _menu(texts_for(language), (*FOR_ALL, *FOR_ADMINS))
            await bot.set_my_commands(menu, scope=BotCommandScopeChat(admin), language_code=language)


def _menu(texts: Texts, names: tuple[str, ...]) -> list[BotCommand]:
    return [BotCommand(name, texts(f"command_{name}")) for name in names]
