"""Shown -> Telegram: new messages, and edits of those that are there."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import TypeVar

from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions, Message, ReplyParameters
from telegram.constants import ChatAction, ParseMode
from telegram.error import BadRequest, TelegramError

from bot.markup import Blocks, Run, block, messages, to_html, to_plain
from bot.render import Keyboard, Shown
from bot.state import Place
from bot.telegram.refusals import of_addresses, of_styles

_log = logging.getLogger(__name__)
T = TypeVar("T")

# Telegram shows "typing" for five seconds. An answer that is there sooner than _SOON needs none, and saves a request
# of the thirty a second that a bot may make.
_SOON = 0.4
_SHOWN = 4.0
_TELEGRAM = "https://t.me/"


def words(text: str, keyboard: Keyboard = ()) -> Shown:
    """A plain message of a few words; more than one message if it is long."""
    return Shown(tuple(messages([block(Run(text))])), keyboard)


def buttons(keyboard: Keyboard) -> InlineKeyboardMarkup | None:
    """The buttons as Telegram takes them."""
    rows = [[InlineKeyboardButton(one.label, url=one.url, callback_data=one.data) for one in row] for row in keyboard]
    return InlineKeyboardMarkup(rows) if rows else None


def without_addresses(keyboard: Keyboard) -> Keyboard:
    """The buttons without those that open an address outside of Telegram."""
    rows = (tuple(one for one in row if one.url is None or one.url.startswith(_TELEGRAM)) for row in keyboard)
    return tuple(row for row in rows if row)


def preview(shown: Shown) -> LinkPreviewOptions:
    """The preview of the one source, or none."""
    return LinkPreviewOptions(is_disabled=shown.preview is None, url=shown.preview)


@asynccontextmanager
async def typing(bot: Bot, place: Place, after: float = _SOON) -> AsyncIterator[None]:
    """Show that an answer is on its way while the block runs, if it takes longer than `after` seconds."""

    async def show() -> None:
        await asyncio.sleep(after)
        while True:
            with suppress(TelegramError):
                await bot.send_chat_action(place.chat_id, ChatAction.TYPING, message_thread_id=place.thread_id)
            await asyncio.sleep(_SHOWN)

    shown = asyncio.create_task(show())
    try:
        yield
    finally:
        shown.cancel()
        with suppress(asyncio.CancelledError):
            await shown


async def send(bot: Bot, place: Place, shown: Shown, reply_to: int | None = None) -> list[int]:
    """Send all pages, the first as a reply; returns the ids of the messages."""
    sent = []
    for number, page in enumerate(shown.pages):
        last = number == len(shown.pages) - 1
        reply = ReplyParameters(reply_to, allow_sending_without_reply=True) if reply_to and number == 0 else None

        async def attempt(
            text: str, mode: str | None, markup: InlineKeyboardMarkup | None, reply: ReplyParameters | None = reply
        ) -> Message:
            return await bot.send_message(
                place.chat_id,
                text,
                parse_mode=mode,
                message_thread_id=place.thread_id,
                reply_parameters=reply,
                reply_markup=markup,
                link_preview_options=preview(shown),
            )

        sent.append((await _styled(page, shown.keyboard if last else (), attempt)).message_id)
    return sent


async def edit(bot: Bot, place: Place, sent: Sequence[int], shown: Shown) -> list[int]:
    """Let the messages that were sent show something else; what is too much is deleted, what is missing is sent."""
    kept = list(sent[: len(shown.pages)])
    for number, (message_id, page) in enumerate(zip(kept, shown.pages, strict=False)):
        keyboard = shown.keyboard if number == len(shown.pages) - 1 else ()
        await edit_one(bot, page, shown, keyboard, chat_id=place.chat_id, message_id=message_id)
    await take_away(bot, place, sent[len(kept) :])
    if len(kept) < len(shown.pages):
        rest = Shown(shown.pages[len(kept) :], shown.keyboard, shown.preview)
        kept += await send(bot, place, rest)
    return kept


async def take_away(bot: Bot, place: Place, sent: Sequence[int]) -> None:
    """Delete messages that are not needed any more, as far as they can be."""
    for message_id in sent:
        try:
            await bot.delete_message(place.chat_id, message_id)
        except BadRequest as error:
            _log.info("a message that is not needed any more stays: %s", error)


async def edit_one(
    bot: Bot,
    page: Blocks,
    shown: Shown,
    keyboard: Keyboard,
    *,
    chat_id: int | None = None,
    message_id: int | None = None,
    inline_message_id: str | None = None,
) -> None:
    """Let one message show a page."""

    async def attempt(text: str, mode: str | None, markup: InlineKeyboardMarkup | None) -> Message | bool:
        return await bot.edit_message_text(
            text,
            chat_id=chat_id,
            message_id=message_id,
            inline_message_id=inline_message_id,
            parse_mode=mode,
            reply_markup=markup,
            link_preview_options=preview(shown),
        )

    await _styled(page, keyboard, attempt)


async def edit_buttons(message: Message, keyboard: Keyboard) -> None:
    """Let a message have other buttons."""
    await _with_buttons(keyboard, message.edit_reply_markup)


async def _styled(
    page: Blocks, keyboard: Keyboard, attempt: Callable[[str, str | None, InlineKeyboardMarkup | None], Awaitable[T]]
) -> T:
    """What `attempt` gives for the page as HTML or, if Telegram refuses that, as plain text."""
    try:
        return await _with_buttons(keyboard, partial(attempt, to_html(page), ParseMode.HTML))
    except BadRequest as error:
        if not of_styles(error):
            raise
        _log.warning("a message goes without its styles: %s", error)
    return await _with_buttons(keyboard, partial(attempt, to_plain(page), None))


async def _with_buttons(keyboard: Keyboard, attempt: Callable[[InlineKeyboardMarkup | None], Awaitable[T]]) -> T:
    """What `attempt` gives with the buttons or, if Telegram refuses the address of one, without such buttons."""
    try:
        return await attempt(buttons(keyboard))
    except BadRequest as error:
        if not of_addresses(error):
            raise
        _log.warning("a message goes without the addresses on its buttons: %s", error)
    return await attempt(buttons(without_addresses(keyboard)))
