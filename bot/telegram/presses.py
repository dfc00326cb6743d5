"""Presses of buttons, which may come long after Telegram has stopped waiting for an answer."""

import logging

from telegram import CallbackQuery, MaybeInaccessibleMessage, Message
from telegram.error import BadRequest

from bot.state import Place
from bot.telegram.origin import place_of
from bot.telegram.refusals import too_late

_log = logging.getLogger(__name__)


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
