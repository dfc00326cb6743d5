"""Presses of buttons: each is taken once, and may come long after Telegram has stopped waiting for an answer."""

import logging
from collections.abc import Callable, Coroutine
from typing import Any

from telegram import CallbackQuery, MaybeInaccessibleMessage, Message, Update
from telegram.error import BadRequest
from telegram.ext import ContextTypes

from bot.state import Place
from bot.telegram.asking import place_of
from bot.telegram.refusals import too_late

_log = logging.getLogger(__name__)
Handler = Callable[[Update, ContextTypes.DEFAULT_TYPE], Coroutine[Any, Any, None]]


class Presses:
    """The last presses, by their ids, since Telegram may deliver one twice."""

    def __init__(self, most: int = 10_000) -> None:
        self._most = most
        self._taken: dict[str, None] = {}

    def once(self, handler: Handler) -> Handler:
        """The handler, for each press the first time that it comes."""

        async def guarded(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
            query = update.callback_query
            if query and self._take(query.id):
                await handler(update, context)

        return guarded

    def _take(self, identity: str) -> bool:
        if identity in self._taken:
            return False
        self._taken[identity] = None
        if len(self._taken) > self._most:
            del self._taken[next(iter(self._taken))]
        return True


async def acknowledge(query: CallbackQuery, text: str | None = None, show_alert: bool | None = None) -> None:
    """Answer a press. Where that is too late, for the bot was down say, what the button is for is done all the same."""
    try:
        await query.answer(text, show_alert=show_alert)
    except BadRequest as error:
        if not too_late(error):
            raise
        _log.info("a press was answered too late: %s", error)


def place_below(message: MaybeInaccessibleMessage) -> Place:
    """Where to write when a button of a message was pressed. Of an old message Telegram tells the chat alone."""
    return place_of(message) if isinstance(message, Message) else Place(message.chat.id)
