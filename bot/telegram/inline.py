"""Answers in chats that the bot is no member of: inline mode (`@bot question`) and guest mode."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Literal

from telegram import (
    InlineQueryResultArticle,
    InlineQueryResultsButton,
    InputTextMessageContent,
    SentGuestMessage,
    Update,
)
from telegram.constants import ParseMode
from telegram.error import BadRequest
from telegram.ext import ContextTypes

from bot import render
from bot.markup import one_line, to_html, to_plain
from bot.render import Shown
from bot.state import Asked, Record
from bot.telegram.asking import without_mention
from bot.telegram.desk import Desk
from bot.telegram.origin import asker_of, language_of, texts_of
from bot.telegram.refusals import of_addresses, of_styles, too_late
from bot.telegram.sending import buttons, preview, without_addresses, words
from bot.texts import Texts, texts_for
from retrieval.errors import BadQuestion
from retrieval.retriever import check_query

_log = logging.getLogger(__name__)
_SHORTEST = 3
# Whoever is typing sends a query with each letter; only the one that is not followed by another is answered.
_TYPING_PAUSE = 0.35
_CACHE_SECONDS = 30


class Inline:
    """Handlers for inline queries and guest messages."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._latest: dict[int, str] = {}

    async def query(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:  # noqa: ARG002
        """A cited answer, and the nearest passages, as results to choose from."""
        query = update.inline_query
        if query is None:
            return
        user, texts = query.from_user, texts_for(query.from_user.language_code)
        self._latest[user.id] = query.id
        await asyncio.sleep(_TYPING_PAUSE)
        if self._latest.get(user.id) != query.id:
            return
        del self._latest[user.id]
        found = await self._answer(query.query, user.id, user.language_code, "inline")
        record = found if isinstance(found, Record) else None
        button = None if record else InlineQueryResultsButton(texts(str(found)), start_parameter="help")

        async def attempt(plain: bool) -> bool:
            results = self._results(record, texts, plain) if record else []
            kept = _CACHE_SECONDS if record else 1
            return await query.answer(results, cache_time=kept, is_personal=True, button=button)

        await _styled(attempt)

    async def guest(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """A message that calls the bot into a chat that it is no member of."""
        message = update.guest_message
        asker = asker_of(message) if message else None
        query_id = message.guest_query_id if message else None
        if message is None or query_id is None or asker is None:
            return
        texts = texts_of(message)
        text = without_mention(message.text or "", self._desk.username, " ")
        found = await self._answer(text, asker, language_of(message), "guest")

        async def attempt(plain: bool) -> SentGuestMessage:
            if isinstance(found, Record):
                result = self._results(found, texts, plain)[0]
            else:
                said = texts(found, bot=self._desk.username)
                result = _result("0", said, "", words(said), plain)
            return await context.bot.answer_guest_query(query_id, result)

        await _styled(attempt)

    async def _answer(
        self, text: str, user_id: int, language: str | None, via: Literal["inline", "guest"]
    ) -> Record | str:
        """The answered question, or the key of the words that say why there is none."""
        desk = self._desk
        if desk.service is None:
            return "first_build"
        if not desk.may_ask(user_id, None):
            return "not_allowed"
        how = "inline_help" if via == "inline" else "guest_how"
        if len(text.strip()) < _SHORTEST:
            return how
        try:
            text = check_query(text)
        except BadQuestion:
            return how
        if desk.typing.allow(user_id, None) != "yes":
            return "one_moment"
        record = await asyncio.to_thread(desk.state.ask, Asked(text, via, user_id, language))
        return await desk.work(desk.answer, record) if record else how

    def _results(self, record: Record, texts: Texts, plain: bool) -> list[InlineQueryResultArticle]:
        whole = render.answer(record, texts, self._desk.username)
        title = render.summary(record) or texts("refused")
        results = [_result(record.id, title, one_line(record.asked.text, 120), whole, plain)]
        if record.answered:
            for cited in record.answered.citations:
                shown = render.single(record, cited, texts, self._desk.username)
                identity, title = f"{record.id}_{cited.n}", one_line(cited.title, 120)
                results.append(_result(identity, title, cited.quote[:200], shown, plain))
        return results


async def _styled(attempt: Callable[[bool], Awaitable[object]]) -> None:
    """Answer a query or, if Telegram refuses the styles or the addresses of that, with plain text."""
    try:
        try:
            await attempt(False)
        except BadRequest as error:
            if not of_styles(error) and not of_addresses(error):
                raise
            _log.warning("a query is answered without styles: %s", error)
            await attempt(True)
    except BadRequest as error:
        if not too_late(error):
            raise
        _log.info("a query was answered too late: %s", error)


def _result(identity: str, title: str, description: str, shown: Shown, plain: bool) -> InlineQueryResultArticle:
    """A result whose message is the first page: an inline message cannot be parted.

    If it is to be `plain`, it has no styles, and no addresses on its buttons.
    """
    page = shown.pages[0]
    html = to_html(page)
    content = InputTextMessageContent(html, ParseMode.HTML, link_preview_options=preview(shown))
    if plain or len(html) > 60_000:  # more than Telegram takes, tags and addresses included
        content = InputTextMessageContent(to_plain(page))
    return InlineQueryResultArticle(
        identity,
        one_line(title, 200) or "…",
        content,
        description=one_line(description, 200) or None,
        reply_markup=buttons(without_addresses(shown.keyboard) if plain else shown.keyboard),
    )
