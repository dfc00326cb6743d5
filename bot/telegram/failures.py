"""What nobody expected: an id for the user and the log, one line for the admins."""

import logging
from contextlib import suppress

from telegram import Bot, Update
from telegram.error import Forbidden, TelegramError
from telegram.ext import ContextTypes

from bot import logs
from bot.state import Place
from bot.telegram.desk import Desk
from bot.telegram.origin import place_of
from bot.telegram.presses import acknowledge
from bot.telegram.sending import send, words
from bot.texts import texts_for

_log = logging.getLogger(__name__)
_TOLD, _IN_SECONDS = 4, 3600


class Failures:
    """The handler of errors that no other handler took care of."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._told = logs.AtMost(_TOLD, _IN_SECONDS)

    async def failed(self, update: object, context: ContextTypes.DEFAULT_TYPE) -> None:
        """One calm sentence for the user, the traceback with an id for the log, one line for the admins."""
        error = context.error
        if error is None:
            return
        if isinstance(error, Forbidden):  # blocked, or removed from the group: there is nobody to tell
            _log.info("an answer could not be delivered: %s", error)
            return
        number = logs.report(_log, error)
        self._desk.metrics.failed(asked=isinstance(update, Update) and _asks(update))
        if isinstance(update, Update):
            with suppress(TelegramError):
                await _apologise(context.bot, update, number)
        await self._tell_admins(context.bot, error, number)

    async def note(self, bot: Bot, error: Exception) -> None:
        """An error that cost nobody an answer: for the log and the admins alone."""
        self._desk.metrics.failed(asked=False)
        await self._tell_admins(bot, error, logs.report(_log, error))

    async def _tell_admins(self, bot: Bot, error: Exception, number: str) -> None:
        held = self._told.admit()
        if held is None:
            return
        for admin in self._desk.settings.admin_ids:
            texts = await self._desk.texts_of_admin(admin)
            text = texts("error_for_admins", id=number, kind=type(error).__name__, more=held)
            with suppress(TelegramError):
                await send(bot, Place(admin), words(text))


def _asks(update: Update) -> bool:
    """Whether an update is a question, as far as that can be seen."""
    message = update.effective_message
    if update.callback_query or message is None:
        return update.inline_query is not None
    text = message.text or ""
    return bool(text) and (not text.startswith("/") or text.startswith("/ask"))


async def _apologise(bot: Bot, update: Update, number: str) -> None:
    user = update.effective_user
    texts = texts_for(user.language_code if user else None)
    if update.callback_query:
        await acknowledge(update.callback_query, texts("went_wrong", id=number), show_alert=True)
    elif update.message and (update.message.chat.type == "private" or update.message.text):
        place = place_of(update.message)
        await send(bot, place, words(texts("went_wrong", id=number)), update.message.message_id)
