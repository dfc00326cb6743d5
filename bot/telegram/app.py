"""The bot as a process: start and stop, and how updates reach it."""

import asyncio
import logging
import secrets
import signal
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from telegram import Update
from telegram.error import BadRequest, Conflict, InvalidToken, NetworkError, RetryAfter, TelegramError
from telegram.ext import Application
from telegram.request import HTTPXRequest

from bot import logs
from bot.listen import parse_listen
from bot.metrics import Health, Metrics, serve_metrics
from bot.settings import Settings, SettingsError
from bot.state import State
from bot.telegram.asking import Asking
from bot.telegram.building import Building
from bot.telegram.commands import publish_menus
from bot.telegram.desk import Desk
from bot.telegram.failures import Failures
from bot.telegram.patience import Patience
from bot.telegram.wiring import Wiring

_log = logging.getLogger(__name__)
_UPDATES = [
    Update.MESSAGE,
    Update.EDITED_MESSAGE,
    Update.CALLBACK_QUERY,
    Update.INLINE_QUERY,
    Update.GUEST_MESSAGE,
]
# A question older than this, left over from a crash, is not worth an answer any more.
_LEFT_OVER = timedelta(hours=2)
# How long two bots with one token must have been at odds, and how often, for it to be no mere overlap at a restart.
# Between two conflicts of one quarrel there is PTB's pause, of up to 30 s, and a poll, of 10 s.
_CONFLICT_SECONDS, _CONFLICTS, _CONFLICT_PAUSE = 30, 5, 45


class _Bot(Application):  # type: ignore[type-arg]
    """Marks what is logged while an update is handled with its id."""

    async def process_update(self, update: object) -> None:
        """See `Application.process_update`."""
        with logs.update_id(update.update_id if isinstance(update, Update) else 0):
            await super().process_update(update)


class _Polls(HTTPXRequest):
    """The connection that asks for updates; remembers when it was last answered, in seconds of time.monotonic()."""

    heard = time.monotonic()

    async def do_request(self, *values: Any, **named: Any) -> tuple[int, bytes]:
        """See `BaseRequest.do_request`."""
        replied = await super().do_request(*values, **named)
        if replied[0] < httpx.codes.INTERNAL_SERVER_ERROR:  # not a gateway's page in Telegram's place
            self.heard = time.monotonic()
        return replied


class Quarrel:
    """Conflicts with another process that asks for updates with the same token."""

    def __init__(self) -> None:
        self._times: list[float] = []

    def lasts(self, now: float) -> bool:
        """Count a conflict, at a time in seconds; whether this has gone on for long, without peace between."""
        if self._times and now - self._times[-1] > _CONFLICT_PAUSE:
            self._times = []
        self._times.append(now)
        return len(self._times) >= _CONFLICTS and now - self._times[0] > _CONFLICT_SECONDS

    @property
    def is_new(self) -> bool:
        """Whether the last conflict was the first of its quarrel."""
        return len(self._times) == 1


class Bot:
    """The running bot."""

    def __init__(self, settings: Settings, sources: Sequence[Path]) -> None:
        token = settings.telegram_bot_token
        if token is None:
            raise SettingsError("TELEGRAM_BOT_TOKEN is not set")
        self.settings = settings
        self.metrics = Metrics()
        self.desk = Desk(settings, sources, State(settings.database), self.metrics)
        self.errors = logs.RecentErrors()
        logging.getLogger().addHandler(self.errors)
        self._stop = asyncio.Event()
        self._problem: str | None = None
        self._quarrel = Quarrel()
        self._begun = datetime.now(UTC)
        self._polls = _Polls(connection_pool_size=1, connect_timeout=10, read_timeout=5)
        api = settings.telegram_api_url.rstrip("/")
        self.app = (
            Application.builder()
            .application_class(_Bot)
            .token(token.get_secret_value())
            .base_url(f"{api}/bot")
            .base_file_url(f"{api}/file/bot")
            .concurrent_updates(True)
            .rate_limiter(Patience())
            .connection_pool_size(64)
            .pool_timeout(30)
            .connect_timeout(10)
            .read_timeout(15)
            .get_updates_request(self._polls)
            .build()
        )
        self.failures = Failures(self.desk)
        self.asking = Asking(self.desk, self.failures)
        self.building = Building(self.desk)
        Wiring(self.desk, self.asking, self.building, self.failures, self.errors).connect(self.app)

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT; running answers are finished first.

        Raises:
            SettingsError: the token or the webhook is refused, another bot polls with it, a port is in use.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self.desk.close)
            if self.settings.metrics_listen:
                handle = await serve_metrics(self.settings.metrics_listen, self.metrics, self._health)
                stack.push_async_callback(handle.close)
            ready = await asyncio.to_thread(self.desk.open)
            if not await self._reach(self.app.initialize):
                return
            stack.push_async_callback(self.app.shutdown)
            self.desk.username = self.app.bot.username
            await self.app.start()
            stack.push_async_callback(self._finish)
            if not await self._listen():
                return
            _log.info("@%s answers", self.desk.username)
            self.app.create_task(self.answer_left_over())  # which ends by itself, and is waited for
            works = [publish_menus(self.app.bot, self.settings.admin_ids)]
            if not ready:
                works.append(self.building.first(self.app.bot))
            for work in works:
                stack.callback(self.app.create_task(work).cancel)
            await self._stop.wait()
        if self._problem:
            raise SettingsError(self._problem)

    async def answer_left_over(self) -> None:
        """As soon as there is an index, answer what was asked before that, or before a crash, and has no answer yet.

        If the bot is to stop, the answer under way is finished and the others are left for the next start.
        """
        if not await self._unless_stopped(self.desk.opened):
            return
        since = self._begun - _LEFT_OVER
        for record in await asyncio.to_thread(self.desk.state.unanswered, since):
            if self._stop.is_set():
                return
            try:
                await self.asking.respond(self.app.bot, record)
            except Exception as error:  # one of them must not cost the others their answers
                await self.failures.note(self.app.bot, error)

    async def _reach(self, call: Callable[[], Awaitable[object]]) -> bool:
        """Call Telegram until it answers; False if the bot is to stop first."""
        pause = 1.0
        while not self._stop.is_set():
            try:
                if await self._unless_stopped(call):
                    return True
            except InvalidToken:
                raise SettingsError(
                    f"{self.settings.telegram_api_url} does not know this TELEGRAM_BOT_TOKEN; "
                    "copy it once more from @BotFather"
                ) from None
            except (NetworkError, RetryAfter) as error:
                _log.warning(
                    "Telegram cannot be reached at %s (%s); trying again in %.0f s",
                    self.settings.telegram_api_url,
                    error,
                    pause,
                )
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stop.wait(), pause)
                pause = min(pause * 2, 60.0)
        return False

    async def _unless_stopped(self, call: Callable[[], Awaitable[object]]) -> bool:
        """Await the call; if the bot is to stop, leave it and give False."""
        task, stop = asyncio.ensure_future(call()), asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait((task, stop), return_when=asyncio.FIRST_COMPLETED)
        finally:
            stop.cancel()
        if task.done():
            await task
            return True
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return False

    async def _listen(self) -> bool:
        """Begin to hear of updates; False if the bot is to stop first."""
        updater = self.app.updater
        assert updater is not None  # noqa: S101 - the builder made one
        url, settings = self.settings.webhook_url, self.settings
        # PTB would call Telegram for ever and without a word if it is not reached, or refuses the webhook. So it is
        # called here before.
        if url is None:
            poll = partial(
                updater.start_polling,
                timeout=10,
                bootstrap_retries=-1,
                allowed_updates=_UPDATES,
                error_callback=self._polling_failed,
            )
            return await self._reach(self.app.bot.delete_webhook) and await self._unless_stopped(poll)
        host, port = parse_listen(settings.webhook_listen)
        secret = settings.webhook_secret.get_secret_value() if settings.webhook_secret else secrets.token_urlsafe(32)

        async def hook() -> None:
            try:
                await self.app.bot.set_webhook(url, allowed_updates=_UPDATES, secret_token=secret)
            except BadRequest as error:
                raise SettingsError(f"WEBHOOK_URL: Telegram refuses it ({error})") from error

        serve = partial(
            updater.start_webhook,
            host,
            port,
            urlsplit(url).path.lstrip("/"),
            webhook_url=url,
            bootstrap_retries=-1,
            allowed_updates=_UPDATES,
            secret_token=secret,
        )
        try:
            return await self._reach(hook) and await self._unless_stopped(serve)
        except OSError as error:
            raise SettingsError(
                f"WEBHOOK_LISTEN={settings.webhook_listen}: cannot be listened at ({error.strerror}); "
                "stop what uses it, or choose another port"
            ) from error

    async def _finish(self) -> None:
        """Take no more updates, and let what is under way come to its end."""
        await self.desk.rebuilder.close()
        if self.app.updater and self.app.updater.running:
            await self.app.updater.stop()
        await self.app.stop()

    def _polling_failed(self, error: TelegramError) -> None:
        """Called by the updater, which goes on trying."""
        if not isinstance(error, Conflict):
            _log.warning("updates cannot be fetched (%s); trying again", error)
            return
        message = "another process asks for updates with the same TELEGRAM_BOT_TOKEN; stop it, there can be only one"
        lasts = self._quarrel.lasts(time.monotonic())
        if self._quarrel.is_new:
            _log.error("%s", message)
        if lasts:
            self._problem = message
            self._stop.set()

    def _health(self) -> Health:
        self.desk.measure()
        service = self.desk.service
        silence = None if self.settings.webhook_url else time.monotonic() - self._polls.heard
        return Health.judge(service is not None, silence)


def run(settings: Settings, sources: Sequence[Path]) -> None:
    """Run the bot until it is told to stop.

    Raises:
        SettingsError: see `Bot.run`.
        StateError: the database cannot be opened.
        RetrievalError: the index or the model cannot be used.
    """
    logs.configure(settings.log_level, settings.log_format, settings.secrets)
    # A gateway's page instead of JSON is a traceback there; whoever tries again says it in one line.
    logging.getLogger("telegram.request.BaseRequest").setLevel(logging.CRITICAL)

    async def serve() -> None:
        await Bot(settings, sources).run()

    asyncio.run(serve())
