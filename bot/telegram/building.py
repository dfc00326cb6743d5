"""/rebuild: what will change, live progress in one message, the report; and going back."""

import asyncio
import logging
import time
from contextlib import suppress
from datetime import timedelta

from telegram import Bot, Update
from telegram.error import BadRequest, TelegramError
from telegram.ext import ContextTypes

from bot.markup import Run, block, messages, one_line
from bot.rebuild import Event, Outcome, Planned
from bot.render import Button, Keyboard, Shown
from bot.service import roll_back
from bot.state import Place
from bot.telegram.desk import Desk
from bot.telegram.origin import place_of, texts_of
from bot.telegram.presses import acknowledge, place_below
from bot.telegram.sending import edit_one, send, words
from bot.texts import Refusal, Texts, texts_for
from retrieval.errors import ArticleError, RetrievalError
from retrieval.store import Store
from retrieval.types import BuildReport, Progress

_log = logging.getLogger(__name__)
PATTERN = r"^build:"
_EVERY = 3.0
# Edits count for the twenty messages a minute that Telegram takes for a group, and answers there need them too.
_EVERY_IN_GROUPS = 10.0
_NAMED = 30
# The first build is tried again: the articles may come later, or there is room on the disk again.
_AGAIN, _AGAIN_AT_MOST = 30.0, 600.0


class Building:
    """Handlers of the admin's rebuild, and the first build of all."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

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
        place = place_below(query.message)
        verb, _, generation = query.data.partition(":")[2].partition(":")
        if verb == "stop":
            await acknowledge(query, texts("build_stopping" if self._desk.rebuilder.stop() else "build_none"))
        elif verb == "rejected":
            await acknowledge(query)
            await send(context.bot, place, await self._rejected(texts))
        elif verb == "rollback":
            await acknowledge(query)
            await send(context.bot, place, words(await self._rollback(texts, generation)))
        elif verb in ("force", "go"):
            await acknowledge(query)
            await self.run(context.bot, place, query.from_user.full_name, texts, force=verb == "force")
        else:
            await acknowledge(query)

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
        if under_way := self._under_way(texts):
            await send(bot, place, under_way)
            return Outcome("busy")
        live = _Live(bot, place, texts, check)
        await live.begin()
        outcome = Outcome("failed", error="Unexpected")
        try:
            outcome = await self._desk.build(by, live.on_event, check=check, force=force)
        finally:
            # Another admin may have been quicker while the message was sent.
            under_way = self._under_way(texts) if outcome.kind == "busy" else None
            store = Store(self._desk.settings.index_dir)
            back_from = store.current() if len(store.generations()) > 1 else None
            serving = self._desk.service is not None
            await live.end(under_way or _ended(outcome, texts, check, back_from, serving))
        return outcome

    async def first(self, bot: Bot) -> None:
        """The first build, which nobody asked for, until there is an index or it is stopped.

        The admins are told how it ends, and of a build that fails each time for another reason.
        """
        pause, told = _AGAIN, ""
        while self._desk.service is None:
            outcome = await self._desk.build("byline run", lambda event: None)
            if outcome.kind == "failed" and outcome.message != told:
                _log.error("there is no index yet: %s", outcome.message)
            if outcome.kind != "busy" and (outcome.kind != "failed" or outcome.message != told):
                await self._tell_admins(bot, outcome)
                told = outcome.message
            if outcome.kind == "stopped":
                return
            if outcome.kind != "done":
                await asyncio.sleep(pause)
                pause = min(2 * pause, _AGAIN_AT_MOST)

    async def _tell_admins(self, bot: Bot, outcome: Outcome) -> None:
        for admin in self._desk.settings.admin_ids:
            texts = await self._desk.texts_of_admin(admin)
            shown = _ended(outcome, texts, check=False, back_from=None, serving=self._desk.service is not None)
            with suppress(TelegramError):
                await send(bot, Place(admin), shown)

    def _under_way(self, texts: Texts) -> Shown | None:
        """Who builds here since when, and the button that stops it; None if nobody does."""
        running = self._desk.rebuilder.running
        if running is None:
            return None
        since = texts("build_running", by=one_line(running.by, 60), since=running.since)
        return words(since, _stop(texts))

    async def _rollback(self, texts: Texts, current: str | None = None) -> str:
        def go_back() -> str:
            name = roll_back(self._desk.settings, current)
            self._desk.open()
            return name

        try:
            return texts("rolled_back", generation=await asyncio.to_thread(go_back))
        except Refusal as error:
            return error.reason(texts)
        except RetrievalError as error:
            return _why(type(error).__name__, str(error), texts)

    async def _rejected(self, texts: Texts) -> Shown:
        service = self._desk.service
        rejected = await asyncio.to_thread(service.index.rejected) if service else []
        lines = [f"• {_rejection(ArticleError.from_json(one), texts)}" for one in rejected]
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
        (self._message_id,) = await send(self._bot, self._place, words(self._shown, _stop(self._texts)))
        self._task = asyncio.create_task(self._follow())

    def on_event(self, event: Event) -> None:
        """Remember how far the build is."""
        if isinstance(event, Planned):
            self._plan = event.report
        else:
            if self._progress is None or self._progress.phase != event.phase:
                self._phase_began = (time.monotonic(), event.done)
            self._progress = event

    async def end(self, shown: Shown) -> None:
        """Show the report, or why there is none; in a new message if the one that followed the build is gone."""
        if self._task:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        try:
            await self._show(shown)
        except BadRequest as error:
            _log.info("the message that followed a build cannot be edited: %s", error)
            await send(self._bot, self._place, shown)

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(_EVERY_IN_GROUPS if self._place.chat_id < 0 else _EVERY)
            text = self._text()
            if text != self._shown:
                self._shown = text
                with suppress(TelegramError):
                    await self._show(words(text, _stop(self._texts)))

    async def _show(self, shown: Shown) -> None:
        await edit_one(
            self._bot,
            shown.pages[0],
            shown,
            shown.keyboard,
            chat_id=self._place.chat_id,
            message_id=self._message_id,
        )

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
                    line += ", " + texts("rate_and_left", rate=round(rate), left=timedelta(seconds=left))
            elif progress.done:
                line += " " + texts("number", number=progress.done)
            lines.append(line)
        return "\n".join(lines)


def _stop(texts: Texts) -> Keyboard:
    return ((Button(texts("button_stop"), "build:stop"),),)


def _changes(report: BuildReport, texts: Texts) -> str:
    return texts(
        "changes",
        added=report.added,
        changed=report.changed,
        removed=report.removed,
        unchanged=report.unchanged,
        rejected=len(report.rejected),
    )


def _ended(outcome: Outcome, texts: Texts, check: bool, back_from: str | None, serving: bool) -> Shown:
    report = outcome.report
    lines = [texts("check_done") if outcome.kind == "done" and check else how_it_ended(outcome, texts, serving)]
    if report:
        lines.append(_changes(report, texts))
    if report and outcome.kind == "done" and not check:
        lines.append(
            texts(
                "report",
                articles=report.articles,
                passages=report.passages,
                embedded=report.embedded,
                time=timedelta(seconds=report.seconds),
            )
        )
    row: list[Button] = []
    if outcome.kind == "refused":
        row.append(Button(texts("button_force"), "build:force"))
    if outcome.kind == "done" and check and report and (report.added or report.changed or report.removed):
        row.append(Button(texts("button_build"), "build:go"))
    if outcome.kind == "done" and not check and back_from:
        # A second press must not go back once more.
        row.append(Button(texts("button_rollback"), f"build:rollback:{back_from}"))
    if outcome.kind == "done" and not check and report and report.rejected:
        row.append(Button(texts("button_rejected"), "build:rejected"))
    return Shown(tuple(messages([block(Run(line)) for line in lines])), (tuple(row),) if row else ())


def how_it_ended(outcome: Outcome, texts: Texts, serving: bool) -> str:
    """A sentence on the end of a build; `serving` says whether an index answers."""
    if outcome.kind == "failed":
        why = _why(outcome.error, outcome.message, texts)
        return texts("build_failed" if serving else "build_unborn", message=why)
    if outcome.kind == "done":
        unchanged = outcome.report is not None and outcome.report.generation is None
        return texts("build_unchanged" if unchanged else "build_done")
    return texts(f"build_{outcome.kind}")


def _why(error: str, message: str, texts: Texts) -> str:
    """An error of that name in the reader's language if the catalogue has it, and in any case the English words."""
    if texts.has(f"failed_{error}"):
        message = texts(f"failed_{error}") + (f" ({message})" if message else "")
    return one_line(message, 500)


def _rejection(error: ArticleError, texts: Texts) -> str:
    return str(ArticleError(error.path, texts.reason(error.reason), error.line))
