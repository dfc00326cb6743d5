"""/rebuild: what will change, live progress in one message, the report; and going back."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

from telegram import Bot, Update
from telegram.error import TelegramError
from telegram.ext import ContextTypes

from bot.markup import Run, block, messages, one_line
from bot.rebuild import Event, Outcome, Planned
from bot.render import Button, Keyboard, Shown
from bot.service import roll_back
from bot.state import Place
from bot.telegram.asking import place_of, texts_of
from bot.telegram.desk import Desk
from bot.telegram.sending import edit_one, send, words
from bot.texts import Texts, texts_for
from retrieval.errors import ArticleError, RetrievalError
from retrieval.store import Store
from retrieval.types import BuildReport, Progress

_log = logging.getLogger(__name__)
PATTERN = r"^build:"
_EVERY = 3.0
_NAMED = 30


class Building:
    """Handlers of the admin's rebuild, and the first build of all."""

    def __init__(self, desk: Desk, on_first: Callable[[], Awaitable[None]]) -> None:
        """`on_first` is awaited when the first index is there, to answer whoever asked meanwhile."""
        self._desk, self._on_first = desk, on_first

    async def command(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """/rebuild, /rebuild check."""
        message, user = update.message, update.effective_user
        if message is None or user is None:
            return
        texts = texts_for(user.language_code)
        option = (context.args[0].lower() if context.args else "") or None
        if option not in (None, "check"):
            await send(context.bot, place_of(message), words(texts("rebuild_how")), message.message_id)
            return
        await self.run(context.bot, place_of(message), user.full_name, texts, check=option == "check")

    async def pressed(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """The buttons below a build."""
        query = update.callback_query
        if query is None or query.data is None or query.message is None:
            return
        texts = texts_for(query.from_user.language_code)
        place = Place(query.message.chat.id)
        verb = query.data.partition(":")[2]
        if verb == "stop":
            await query.answer(texts("build_stopping" if self._desk.rebuilder.stop() else "build_none"))
        elif verb == "rejected":
            await query.answer()
            await send(context.bot, place, await self._rejected(texts))
        elif verb == "rollback":
            await query.answer()
            await send(context.bot, place, words(await self._rollback(texts)))
        elif verb in ("force", "go"):
            await query.answer()
            await self.run(context.bot, place, query.from_user.full_name, texts, force=verb == "force")
        else:
            await query.answer()

    async def rollback(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """/rollback."""
        message = update.message
        if message and message.from_user:
            texts = texts_of(message)
            await send(context.bot, place_of(message), words(await self._rollback(texts)), message.message_id)

    async def run(
        self, bot: Bot, place: Place, by: str, texts: Texts, *, check: bool = False, force: bool = False
    ) -> Outcome:
        """Build and show it in one message that is edited as it goes on."""
        running = self._desk.rebuilder.running
        if running:
            stop = ((Button(texts("button_stop"), "build:stop"),),)
            since = texts("build_running", by=one_line(running.by, 60), since=running.since)
            await send(bot, place, words(since, stop))
            return Outcome("busy")
        live = _Live(bot, place, texts, check)
        await live.begin()
        first = self._desk.service is None
        outcome = await self._desk.build(by, live.on_event, check=check, force=force)
        await live.end(outcome, may_go_back=len(Store(self._desk.settings.index_dir).generations()) > 1)
        if first and self._desk.service is not None:
            await self._on_first()
        return outcome

    async def first(self, bot: Bot) -> None:
        """The first build, which nobody asked for; the admins are told how it ends."""
        outcome = await self._desk.build("byline run", lambda event: None)
        if outcome.kind == "done":
            await self._on_first()
        for admin in self._desk.settings.admin_ids:
            texts = texts_for(None)
            with suppress(TelegramError):
                await send(bot, Place(admin), _ended(outcome, texts, check=False, may_go_back=False))
        if outcome.kind != "done":
            _log.error("there is no index yet: %s", outcome.message)

    async def _rollback(self, texts: Texts) -> str:
        def go_back() -> str:
            name = roll_back(self._desk.settings)
            self._desk.open()
            return name

        try:
            return texts("rolled_back", generation=await asyncio.to_thread(go_back))
        except RetrievalError as error:
            return str(error)

    async def _rejected(self, texts: Texts) -> Shown:
        service = self._desk.service
        rejected = await asyncio.to_thread(service.index.rejected) if service else []
        lines = [f"• {ArticleError.from_json(one)}" for one in rejected]
        if len(lines) > _NAMED:
            lines = [*lines[:_NAMED], texts("and_more", number=len(lines) - _NAMED)]
        return words("\n".join(lines) or texts("none_rejected"))


class _Live:
    """One message that follows a build. Edited every few seconds, and only when there is something new."""

    def __init__(self, bot: Bot, place: Place, texts: Texts, check: bool) -> None:
        self._bot, self._place, self._texts, self._check = bot, place, texts, check
        self._message_id = 0
        self._plan: BuildReport | None = None
        self._progress: Progress | None = None
        self._phase_began = (time.monotonic(), 0)
        self._shown = ""
        self._task: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """Send the message."""
        self._shown = self._text()
        (self._message_id,) = await send(self._bot, self._place, words(self._shown, self._stop()))
        self._task = asyncio.create_task(self._follow())

    def on_event(self, event: Event) -> None:
        """Remember how far the build is."""
        if isinstance(event, Planned):
            self._plan = event.report
        else:
            if self._progress is None or self._progress.phase != event.phase:
                self._phase_began = (time.monotonic(), event.done)
            self._progress = event

    async def end(self, outcome: Outcome, may_go_back: bool) -> None:
        """Show the report, or why there is none."""
        if self._task:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await self._show(_ended(outcome, self._texts, self._check, may_go_back))

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(_EVERY)
            text = self._text()
            if text != self._shown:
                self._shown = text
                with suppress(TelegramError):
                    await self._show(words(text, self._stop()))

    async def _show(self, shown: Shown) -> None:
        await edit_one(
            self._bot,
            shown.pages[0],
            shown,
            shown.keyboard,
            chat_id=self._place.chat_id,
            message_id=self._message_id,
        )

    def _stop(self) -> Keyboard:
        return ((Button(self._texts("button_stop"), "build:stop"),),)

    def _text(self) -> str:
        texts, progress = self._texts, self._progress
        lines = [texts("check_title" if self._check else "build_title")]
        if self._plan:
            lines.append(_changes(self._plan, texts))
        if progress:
            line = texts(f"phase_{progress.phase}")
            began, done = self._phase_began
            seconds = time.monotonic() - began
            rate = (progress.done - done) / seconds if seconds > 0 else 0
            if progress.total:
                line += f" {texts.share(progress.done / progress.total)}"
                if rate:
                    left = (progress.total - progress.done) / rate
                    line += ", " + texts("rate_and_left", rate=round(rate), left=_duration(left))
            elif progress.done:
                line += " " + texts("number", number=progress.done)
            lines.append(line)
        return "\n".join(lines)


def _changes(report: BuildReport, texts: Texts) -> str:
    return texts(
        "changes",
        added=report.added,
        changed=report.changed,
        removed=report.removed,
        unchanged=report.unchanged,
        rejected=len(report.rejected),
    )


def _ended(outcome: Outcome, texts: Texts, check: bool, may_go_back: bool) -> Shown:
    report = outcome.report
    lines = [_headline(outcome, texts, check)]
    if report:
        lines.append(_changes(report, texts))
    if report and outcome.kind == "done" and not check:
        lines.append(
            texts("report", articles=report.articles, passages=report.passages, embedded=report.embedded)
            + " "
            + _duration(report.seconds)
        )
    row: list[Button] = []
    if outcome.kind == "refused":
        row.append(Button(texts("button_force"), "build:force"))
    if outcome.kind == "done" and check and report and (report.added or report.changed or report.removed):
        row.append(Button(texts("button_build"), "build:go"))
    if outcome.kind == "done" and not check and may_go_back:
        row.append(Button(texts("button_rollback"), "build:rollback"))
    if outcome.kind == "done" and not check and report and report.rejected:
        row.append(Button(texts("button_rejected"), "build:rejected"))
    return Shown(tuple(messages([block(Run(line)) for line in lines])), (tuple(row),) if row else ())


def _headline(outcome: Outcome, texts: Texts, check: bool) -> str:
    if outcome.kind == "done" and check:
        return texts("check_done")
    if outcome.kind == "done" and outcome.report and outcome.report.generation is None:
        return texts("build_unchanged")
    words_of = {
        "done": "build_done",
        "refused": "build_refused",
        "busy": "build_busy",
        "stopped": "build_stopped",
        "failed": "build_failed",
    }
    return texts(words_of[outcome.kind], message=one_line(outcome.message, 500))


def _duration(seconds: float) -> str:
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    return f"{whole // 60}:{whole % 60:02d} min" if whole < 3600 else f"{whole // 3600}:{whole % 3600 // 60:02d} h"
