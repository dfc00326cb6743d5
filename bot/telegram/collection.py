"""The admin's collection: documents and links sent in, articles listed and taken out, questions without an answer."""

import asyncio
import csv
import hashlib
import io
import logging
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from telegram import InputFile, Message, Update
from telegram.error import TelegramError
from telegram.ext import ContextTypes

from bot.intake import ADDED, MAX_BYTES, IntakeRefused, add, inspect
from bot.links import LinkRefused, fetch
from bot.markup import Run, block, messages, one_line
from bot.rebuild import Outcome
from bot.removed import Removed
from bot.render import Button, Shown
from bot.state import Place
from bot.telegram.building import how_it_ended
from bot.telegram.desk import Desk
from bot.telegram.origin import place_of, texts_of
from bot.telegram.presses import acknowledge, place_below
from bot.telegram.sending import edit_one, send, words
from bot.texts import Texts, texts_for
from retrieval.types import Article

_log = logging.getLogger(__name__)
PATTERN = r"^(arts|art|cut|cutyes|undo|gapsfile):"
_PAGE = 8
_GAPS_DAYS = 90
_GAPS_SHOWN = 20
_EXCERPT = 1200


class Collection:
    """Handlers for what an admin does with the collection."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._removed = Removed(desk.settings.removed)
        # Documents are taken one after another: each is indexed before the next is looked at.
        self._turn = asyncio.Lock()

    async def document(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """A file that an admin sends is added to the collection."""
        message = update.message
        if message is None or message.document is None or message.from_user is None:
            return
        texts, document = texts_of(message), message.document
        if document.file_size and document.file_size > MAX_BYTES:
            await self._reply(message, texts("too_big"))
            return
        file = await context.bot.get_file(document.file_id)
        data = bytes(await file.download_as_bytearray())
        await self._take_in(message, document.file_name or "document", data, texts)

    async def link(self, message: Message, url: str) -> None:
        """A page that an admin sends the link of is added to the collection."""
        texts = texts_of(message)
        try:
            fetched = await fetch(url)
        except LinkRefused as error:
            await self._reply(message, error.reason(texts))
            return
        await self._take_in(message, fetched.name, fetched.data, texts)

    async def articles(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """/articles."""
        message = update.message
        if message and message.from_user:
            shown = await asyncio.to_thread(self._list, 0, texts_of(message))
            await send(context.bot, place_of(message), shown, message.message_id)

    async def gaps(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """/gaps."""
        message = update.message
        if message is None or message.from_user is None:
            return
        texts = texts_of(message)
        since = datetime.now(UTC) - timedelta(days=_GAPS_DAYS)
        gaps = await asyncio.to_thread(self._desk.state.gaps, since, _GAPS_SHOWN)
        lines = [f"{gap.count} × {one_line(gap.question, 150)}" for gap in gaps]
        keyboard = ((Button(texts("button_file"), "gapsfile:"),),) if gaps else ()
        text = "\n".join([texts("gaps"), "", *lines]) if gaps else texts("no_gaps")
        await send(context.bot, place_of(message), words(text, keyboard), message.message_id)

    async def pressed(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """The buttons of the lists."""
        query = update.callback_query
        if query is None or query.data is None or query.message is None:
            return
        texts = texts_for(query.from_user.language_code)
        verb, _, detail = query.data.partition(":")
        place, message_id = place_below(query.message), query.message.message_id
        await acknowledge(query)
        if verb == "gapsfile":
            await self._send_gaps(context, place)
            return
        if verb == "arts":
            shown = await asyncio.to_thread(self._list, int(detail), texts)
        elif verb == "undo":
            shown = await self._restore(detail, query.from_user.full_name, texts)
        else:
            article = await asyncio.to_thread(self._find, detail)
            if article is None:
                shown = words(texts("list_outdated"), ((Button(texts("button_list"), "arts:0"),),))
            elif verb == "cutyes":
                shown = await self._remove(article, query.from_user.id, query.from_user.full_name, texts)
            else:
                shown = _opened(article, detail, texts, sure=verb == "cut")
        await edit_one(context.bot, shown.pages[0], shown, shown.keyboard, chat_id=place.chat_id, message_id=message_id)

    async def _take_in(self, message: Message, name: str, data: bytes, texts: Texts) -> None:
        bot, place = message.get_bot(), place_of(message)
        async with self._turn:
            (note,) = await send(bot, place, words(texts("reading_document")), message.message_id)

            async def say(text: str) -> None:
                shown = words(text)
                await edit_one(bot, shown.pages[0], shown, (), chat_id=place.chat_id, message_id=note)

            try:
                inspected = await asyncio.to_thread(inspect, name, data)
                if not inspected.articles:
                    reason = "; ".join(map(texts.reason, inspected.rejected[:3])) or texts("nothing_readable")
                    await say(texts("document_refused", reason=reason))
                    return
                path = await asyncio.to_thread(self._store, name, data, {one.id for one in inspected.articles})
            except IntakeRefused as error:
                await say(texts("document_refused", reason=error.reason(texts)))
                return
            by = message.from_user.full_name if message.from_user else ""
            outcome = await self._index(by)
            first = inspected.articles[0]
            title = texts("quoted", words=one_line(first.title, 200))
            lines = [
                texts("document_added", name=path.name, articles=len(inspected.articles)),
                title + (f", {one_line(first.source, 80)}" if first.source else ""),
                *(f"• {texts.reason(reason)}" for reason in inspected.rejected[:5]),
                *(f"• {reason}" for reason in _clashes(outcome, path, texts)),
                self._outcome(outcome, texts),
            ]
            await say("\n".join(lines))

    def _store(self, name: str, data: bytes, ids: Iterable[str]) -> Path:
        folder = self._desk.sources[0]
        if folder.exists() and not folder.is_dir():
            raise IntakeRefused("document_no_folder", name=folder.name)
        added = add(folder / ADDED, name, data, self._desk.settings.data_dir / "kept")
        for identity in ids:  # what was taken out comes back with its document
            self._removed.restore(identity)
        return added.path

    async def _index(self, by: str) -> Outcome:
        """Build; if a build is under way, build once more after it, since it may have read the folder already."""
        while (outcome := await self._desk.build(by, lambda event: None)).kind == "busy":
            await self._desk.rebuilder.while_busy()
        return outcome

    def _outcome(self, outcome: Outcome, texts: Texts) -> str:
        if outcome.kind == "done":
            return texts("indexed")
        return texts("not_indexed", message=how_it_ended(outcome, texts, serving=self._desk.service is not None))

    def _list(self, page: int, texts: Texts) -> Shown:
        service = self._desk.service
        if service is None:
            return words(texts("first_build"))
        documents = service.index.documents
        total = len(documents)
        last = max(0, (total - 1) // _PAGE)
        page = min(max(page, 0), last)
        shown = documents.newest(_PAGE, page * _PAGE)
        blocks = [block(Run(texts("articles_page", page=page + 1, pages=last + 1, articles=total), bold=True))]
        for number, article in enumerate(shown, 1):
            blocks.append(block(f"{number}. {_credit(article, texts)}", gap=False))
        numbers = tuple(
            Button(str(number), f"art:{page}.{_short(article.id)}") for number, article in enumerate(shown, 1)
        )
        turn = [Button("‹", f"arts:{page - 1}")] if page else []
        turn += [Button("›", f"arts:{page + 1}")] if page < last else []
        keyboard = tuple(row for row in (numbers[:4], numbers[4:], tuple(turn)) if row)
        return Shown((messages(blocks)[0],), keyboard)

    def _find(self, detail: str) -> Article | None:
        """The article that a button of the list means: it is on that page, or was when the list was made."""
        page, _, short = detail.partition(".")
        service = self._desk.service
        if service is None:
            return None
        near = service.index.documents.newest(3 * _PAGE, max(0, (int(page) - 1) * _PAGE))
        return next((article for article in near if _short(article.id) == short), None)

    async def _remove(self, article: Article, user_id: int, by: str, texts: Texts) -> Shown:
        await asyncio.to_thread(self._removed.remove, article.id, article.title, user_id)
        outcome = await self._index(by)
        text = f"{texts('removed', title=one_line(article.title, 200))}\n{self._outcome(outcome, texts)}"
        return words(text, ((Button(texts("button_undo"), f"undo:{_short(article.id)}"),),))

    async def _restore(self, short: str, by: str, texts: Texts) -> Shown:
        entries = await asyncio.to_thread(self._removed.entries)
        entry = next((one for one in entries if _short(one.id) == short), None)
        if entry is None:
            return words(texts("list_outdated"))
        await asyncio.to_thread(self._removed.restore, entry.id)
        outcome = await self._index(by)
        return words(f"{texts('restored', title=one_line(entry.title, 200))}\n{self._outcome(outcome, texts)}")

    async def _send_gaps(self, context: ContextTypes.DEFAULT_TYPE, place: Place) -> None:
        since = datetime.now(UTC) - timedelta(days=_GAPS_DAYS)
        gaps = await asyncio.to_thread(self._desk.state.gaps, since, 10_000)
        table = io.StringIO()
        writer = csv.writer(table)
        writer.writerow(["question", "count", "refused", "disliked", "last"])
        for gap in gaps:
            # A cell that begins so would be taken for a formula.
            question = f"'{gap.question}" if gap.question[:1] in "=+-@" else gap.question
            writer.writerow([question, gap.count, gap.refused, gap.disliked, gap.last.isoformat(timespec="seconds")])
        data = table.getvalue().encode("utf-8-sig")
        file = InputFile(data, filename="gaps.csv")
        await context.bot.send_document(place.chat_id, file, message_thread_id=place.thread_id)

    async def _reply(self, message: Message, text: str) -> None:
        try:
            await send(message.get_bot(), place_of(message), words(text), message.message_id)
        except TelegramError as error:
            _log.info("a reply could not be sent: %s", error)


def _clashes(outcome: Outcome, path: Path, texts: Texts) -> list[str]:
    """Why articles of a document, or others because of it, are not in the index: their ids are taken."""
    rejected = outcome.report.rejected if outcome.report else ()
    by_reader = (one for one in rejected if one.path == path or str(path) in one.reason)
    return [f"{one.path.name}: {texts.reason(one.reason)}" for one in by_reader if " same id " in one.reason][:5]


def _opened(article: Article, detail: str, texts: Texts, sure: bool) -> Shown:
    page = detail.partition(".")[0]
    excerpt = article.text[:_EXCERPT] + ("…" if len(article.text) > _EXCERPT else "")
    blocks = [block(Run(_credit(article, texts), bold=True)), block(excerpt, quote=True)]
    if article.url:
        blocks.append(block(one_line(article.url, 300)))
    if sure:
        blocks.append(block(Run(texts("remove_sure"), bold=True)))
        row = (Button(texts("button_remove_yes"), f"cutyes:{detail}"), Button(texts("button_list"), f"arts:{page}"))
    else:
        row = (Button(texts("button_remove"), f"cut:{detail}"), Button(texts("button_list"), f"arts:{page}"))
    return Shown((messages(blocks)[0],), (row,))


def _credit(article: Article, texts: Texts) -> str:
    facts = [one_line(article.source, 60)] if article.source else []
    facts += [texts.day(article.published)] if article.published else []
    return one_line(article.title, 160) + (f" ({', '.join(facts)})" if facts else "")


def _short(article_id: str) -> str:
    """An article's id for a button, which holds no more than 64 bytes."""
    return hashlib.sha256(article_id.encode()).hexdigest()[:16]
