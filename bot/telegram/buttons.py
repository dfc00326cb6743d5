"""The buttons below answers: passages in context, more passages, opinions."""

import asyncio
from dataclasses import dataclass
from typing import Literal

from telegram import CallbackQuery, Message, Update
from telegram.ext import ContextTypes

from bot import render
from bot.render import Shown
from bot.state import Record
from bot.telegram.asking import Asking
from bot.telegram.desk import Desk
from bot.telegram.origin import place_of
from bot.telegram.presses import acknowledge
from bot.telegram.sending import edit_buttons, edit_one
from bot.texts import Texts, texts_for

PATTERN = r"^(see|more|back|up|down|lit|eg):"


@dataclass(frozen=True, slots=True)
class _Pressed:
    """A button that was pressed: below which message, with which words for whom."""

    query: CallbackQuery
    texts: Texts
    user_id: int

    def where(self) -> dict[str, int | str]:
        """The message, as the methods that edit take it."""
        if self.query.inline_message_id:
            return {"inline_message_id": self.query.inline_message_id}
        message = self.query.message
        return {"chat_id": message.chat.id, "message_id": message.message_id} if message else {}

    def below_answer(self, record: Record) -> bool:
        """Whether that message is the answer itself, rather than a copy that was opened or sent elsewhere."""
        message, place = self.query.message, record.asked.place
        if message is None or place is None or message.chat.id != place.chat_id:
            return False
        # A quick press may come before the answer's number is stored.
        return not record.sent or message.message_id in record.sent

    def by_asker(self, record: Record) -> bool:
        """Whether it was pressed by whoever asked; what was asked in the name of a group is that of all in it."""
        message = self.query.message
        return record.asked.user_id in (self.user_id, message.chat.id if message else self.user_id)


class Buttons:
    """The handler of callback queries that begin with a verb of `PATTERN`."""

    def __init__(self, desk: Desk, asking: Asking) -> None:
        self._desk, self._asking = desk, asking

    async def pressed(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Find the answer that the button belongs to, and do what it says."""
        query = update.callback_query
        if query is None or query.data is None:
            return
        press = _Pressed(query, texts_for(query.from_user.language_code), query.from_user.id)
        if self._desk.presses.allow(press.user_id, query.message.chat.id if query.message else None) != "yes":
            await acknowledge(query, press.texts("one_moment"))
            return
        verb, _, rest = query.data.partition(":")
        if verb == "eg":
            await self._example(press)
            return
        answer_id, _, detail = rest.partition(":")
        record = await asyncio.to_thread(self._desk.state.find, answer_id)
        if record is None or record.answered is None:
            await acknowledge(query, press.texts("answer_gone"), show_alert=True)
            return
        if verb in ("up", "down"):
            await self._rate(press, record, 1 if verb == "up" else -1)
            return
        if verb == "lit":
            await self._literally(press, record)
            return
        # Whoever has a client of their own can send anything here.
        numbers = [int(piece) for piece in detail.split(":") if piece.isdecimal()]
        shown = await self._view(press, verb, record, numbers)
        if shown is None:
            await acknowledge(query, press.texts("answer_gone"), show_alert=True)
            return
        await acknowledge(query)
        # Of an answer in several messages the last has the buttons; one sent through the bot is only the first page.
        page = shown.pages[0 if query.inline_message_id else -1]
        await edit_one(context.bot, page, shown, shown.keyboard, **press.where())  # type: ignore[arg-type]

    async def _view(self, press: _Pressed, verb: str, record: Record, numbers: list[int]) -> Shown | None:
        desk, texts = self._desk, press.texts
        if verb == "back":
            return await self._answer(press, record)
        if not numbers:
            return None
        if verb == "more":
            record, cited = await desk.work(desk.more, record, numbers[0])
            return render.more(record, cited, texts, desk.username)
        found = [one for one in record.answered.citations if one.n == numbers[0]] if record.answered else []
        if not found:
            return None
        service = desk.service
        article = await asyncio.to_thread(service.article, found[0].article_id) if service else None
        at = numbers[1] if len(numbers) > 1 else None
        return render.passage(record, found[0], article, at, texts, desk.username)

    async def _answer(self, press: _Pressed, record: Record) -> Shown:
        """The answer as it was, with the question where that does not stand above, and with the opinion given."""
        message = press.query.message
        private = message is not None and message.chat.type == "private"
        rating = await asyncio.to_thread(self._desk.state.rating, record.id, press.user_id) if private else None
        copied = not press.below_answer(record)
        # The answer itself stays in the language of whoever asked, and as long as it was.
        own = not copied or press.query.inline_message_id is not None
        texts = texts_for(record.asked.language) if own else press.texts
        return render.answer(record, texts, self._desk.username, rating, with_question=copied)

    async def _literally(self, press: _Pressed, record: Record) -> None:
        """Answer the question once more by itself. It changes the answer, which is for whoever asked to do."""
        if not (press.below_answer(record) and press.by_asker(record)):
            await acknowledge(press.query, press.texts("literally_not_yours"))
            return
        await acknowledge(press.query)
        await self._asking.respond(press.query.get_bot(), record, literally=True)

    async def _rate(self, press: _Pressed, record: Record, value: Literal[1, -1]) -> None:
        state = self._desk.state
        before = await asyncio.to_thread(state.rating, record.id, press.user_id)
        now = None if before == value else value
        await asyncio.to_thread(state.rate, record.id, press.user_id, now)
        await acknowledge(press.query, press.texts("thanks" if now else "taken_back"))
        message = press.query.message
        if isinstance(message, Message) and message.chat.type == "private":  # elsewhere it is one opinion of many
            copied = not press.below_answer(record)
            shown = render.answer(record, press.texts, self._desk.username, now, with_question=copied)
            await edit_buttons(message, shown.keyboard)

    async def _example(self, press: _Pressed) -> None:
        """An example question of /help: the words are those on the button."""
        message = press.query.message
        if not isinstance(message, Message):
            await acknowledge(press.query, press.texts("answer_gone"), show_alert=True)
            return
        rows = message.reply_markup.inline_keyboard if message.reply_markup else ()
        label = next((one.text for row in rows for one in row if one.callback_data == press.query.data), None)
        if not self._desk.may_ask(press.user_id, message.chat.id):
            await acknowledge(press.query, press.texts("not_allowed"), show_alert=True)
            return
        allowed = self._desk.limits.allow(press.user_id, message.chat.id) == "yes"
        await acknowledge(press.query, None if allowed else press.texts("one_moment"))
        if label and allowed:
            language = press.query.from_user.language_code
            await self._asking.ask_for(press.query.get_bot(), label, press.user_id, place_of(message), language)
