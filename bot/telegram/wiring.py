"""Which update goes to which handler, and what is for admins only."""

import asyncio
import logging
from typing import Any

from telegram import Message, Update
from telegram.ext import (
    Application,
    CallbackQueryHandler,
    CommandHandler,
    ContextTypes,
    InlineQueryHandler,
    MessageHandler,
    TypeHandler,
    filters,
)

from bot.logs import RecentErrors
from bot.telegram import building, buttons, collection
from bot.telegram.asking import Asking
from bot.telegram.building import Building
from bot.telegram.buttons import Buttons
from bot.telegram.collection import Collection
from bot.telegram.commands import FOR_ADMINS, Commands
from bot.telegram.desk import Desk
from bot.telegram.failures import Failures
from bot.telegram.inline import Inline
from bot.telegram.origin import asker_of, place_of, texts_of
from bot.telegram.presses import acknowledge
from bot.telegram.repeats import Repeats
from bot.telegram.sending import send, words
from bot.telegram.standing import standing
from bot.texts import texts_for

_log = logging.getLogger(__name__)


class _Asker(filters.MessageFilter):
    """Messages of people, or in the name of a chat; not of other bots, nor what people chose of our inline results."""

    def filter(self, message: Message) -> bool:
        """See `MessageFilter.filter`."""
        ours = message.via_bot is not None and message.via_bot.id == message.get_bot().id
        return asker_of(message) is not None and not ours


# What Telegram itself forwards to a group from its channel asks nothing, whatever it says.
_MESSAGE = filters.UpdateType.MESSAGE & ~filters.IS_AUTOMATIC_FORWARD & _Asker()
_PRIVATE, _GROUPS = filters.ChatType.PRIVATE, filters.ChatType.GROUPS


class Wiring:
    """The handlers of one bot."""

    def __init__(self, desk: Desk, asking: Asking, builds: Building, failures: Failures, errors: RecentErrors) -> None:
        self._desk, self._asking, self._builds, self._failures, self._errors = desk, asking, builds, failures, errors
        self._collection = Collection(desk)

    def connect(self, app: "Application[Any, Any, Any, Any, Any, Any]") -> None:
        """Add every handler, in the order in which they are tried."""
        asking, desk, collect = self._asking, self._desk, self._collection
        commands, inline, pressed = Commands(desk, asking), Inline(desk), Buttons(desk, asking)
        admins = filters.User(user_id=desk.settings.admin_ids)
        app.add_handler(TypeHandler(Update, Repeats().stop), group=-1)
        for name, handler in (
            ("start", commands.start),
            ("help", commands.help),
            ("sources", commands.sources),
            ("privacy", commands.privacy),
            ("forget", commands.forget),
            ("new", commands.new),
            ("whoami", commands.whoami),
        ):
            app.add_handler(CommandHandler(name, self._limited(handler), _MESSAGE))
        app.add_handler(CommandHandler("ask", asking.command, _MESSAGE))
        for name, handler in (
            ("rebuild", self._builds.command),
            ("rollback", self._builds.rollback),
            ("status", self._status),
            ("articles", collect.articles),
            ("gaps", collect.gaps),
        ):
            app.add_handler(CommandHandler(name, handler, _MESSAGE & admins))
        app.add_handler(CommandHandler(FOR_ADMINS, self._limited(self._not_an_admin), _MESSAGE))
        app.add_handler(MessageHandler(_MESSAGE & _PRIVATE & filters.COMMAND, self._limited(commands.unknown)))
        app.add_handler(MessageHandler(_MESSAGE & _PRIVATE & admins & filters.Document.ALL, collect.document))
        if desk.settings.allow_links:
            only_link = filters.Regex(r"^\s*https?://\S+\s*$")
            app.add_handler(MessageHandler(_MESSAGE & _PRIVATE & admins & only_link, self._link))
        app.add_handler(MessageHandler(_MESSAGE & _PRIVATE & filters.TEXT, asking.private))
        app.add_handler(MessageHandler(_MESSAGE & _PRIVATE & ~filters.StatusUpdate.ALL, self._limited(asking.other)))
        app.add_handler(MessageHandler(_MESSAGE & _GROUPS & filters.TEXT & ~filters.COMMAND, asking.group))
        app.add_handler(MessageHandler(filters.UpdateType.EDITED_MESSAGE & filters.TEXT, asking.edited))
        app.add_handler(MessageHandler(filters.UpdateType.GUEST_MESSAGE, inline.guest))
        app.add_handler(InlineQueryHandler(inline.query))
        app.add_handler(CallbackQueryHandler(pressed.pressed, buttons.PATTERN))
        app.add_handler(CallbackQueryHandler(self._for_admins(self._builds.pressed), building.PATTERN))
        app.add_handler(CallbackQueryHandler(self._for_admins(collect.pressed), collection.PATTERN))
        app.add_error_handler(self._failures.failed)

    async def _link(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:  # noqa: ARG002
        if update.message and update.message.text:
            await self._collection.link(update.message, update.message.text.strip())

    async def _status(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        message = update.message
        if message is None or message.from_user is None:
            return
        texts = texts_of(message)
        text = await asyncio.to_thread(standing, self._desk, self._errors.notes(), texts)
        await send(context.bot, place_of(message), words(text), message.message_id)

    async def _not_an_admin(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        if message := update.message:
            _log.warning("user %s is no admin and sent an admin's command", asker_of(message))
            await self._asking.say(context.bot, message, "admins_only")

    def _limited(self, handler: Any) -> Any:
        """The handler of messages, for those who have not sent too many of late; questions are counted by `Asking`."""

        async def guarded(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
            message = update.message
            if message and await self._asking.within_limits(context.bot, message, asker_of(message)):
                await handler(update, context)

        return guarded

    def _for_admins(self, handler: Any) -> Any:
        async def guarded(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
            query = update.callback_query
            if query and self._desk.is_admin(query.from_user.id):
                await handler(update, context)
            elif query:
                _log.warning("user %s is no admin and pressed an admin's button", query.from_user.id)
                await acknowledge(query, texts_for(query.from_user.language_code)("admins_only"), show_alert=True)

        return guarded
