"""The bot as a process: start and stop, and how updates reach it."""

import asyncio
import logging
import secrets
import signal
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from telegram import Update
from telegram.error import Conflict, InvalidToken, NetworkError, TelegramError
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
_CONFLICT_SECONDS = 30


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
        self.heard = time.monotonic()
        return replied


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
        self._conflict_since: float | None = None
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
        self.asking = Asking(self.desk)
        self.building = Building(self.desk, self.answer_left_over)
        Wiring(self.desk, self.asking, self.building, self.errors).connect(self.app)

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT; running answers are finished first.

        Raises:
            SettingsError: the token is refused, another bot polls with it, a port is in use.
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
            if not await self._connect():
                return
            stack.push_async_callback(self.app.shutdown)
            self.desk.username = self.app.bot.username
            await self.app.start()
            stack.push_async_callback(self._finish)
            await self._listen()
            await publish_menus(self.app.bot, self.settings.admin_ids)
            _log.info("@%s answers", self.desk.username)
            begun = asyncio.create_task(self.answer_left_over() if ready else self.building.first(self.app.bot))
            stack.callback(begun.cancel)
            await self._stop.wait()
        if self._problem:
            raise SettingsError(self._problem)

    async def answer_left_over(self) -> None:
        """Answer what was asked before a crash, or before there was an index, and has no answer yet."""
        since = datetime.now(UTC) - _LEFT_OVER
        for record in await asyncio.to_thread(self.desk.state.unanswered, since):
            try:
                await self.asking.respond(self.app.bot, record)
            except Exception as error:  # one of them must not cost the others their answers
                logs.report(_log, error)

    async def _connect(self) -> bool:
        """Say hello to Telegram until it answers; False if the bot is to stop first."""
        pause = 1.0
        while not self._stop.is_set():
            try:
                await self.app.initialize()
            except InvalidToken:
                raise SettingsError(
                    f"{self.settings.telegram_api_url} does not know this TELEGRAM_BOT_TOKEN; "
                    "copy it once more from @BotFather"
                ) from None
            except NetworkError as error:
                _log.error(
                    "Telegram cannot be reached at %s (%s); trying again in %.0f s",
                    self.settings.telegram_api_url,
                    error,
                    pause,
                )
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stop.wait(), pause)
                pause = min(pause * 2, 60.0)
            else:
                return True
        return False

    async def _listen(self) -> None:
        updater = self.app.updater
        assert updater is not None  # noqa: S101 - the builder made one
        url, settings = self.settings.webhook_url, self.settings
        if url is None:
            await updater.start_polling(
                timeout=10,
                bootstrap_retries=-1,
                allowed_updates=_UPDATES,
                error_callback=self._polling_failed,
            )
            return
        host, port = parse_listen(settings.webhook_listen)
        secret = settings.webhook_secret.get_secret_value() if settings.webhook_secret else secrets.token_urlsafe(32)
        try:
            await updater.start_webhook(
                host,
                port,
                urlsplit(url).path.lstrip("/"),
                webhook_url=url,
                bootstrap_retries=-1,
                allowed_updates=_UPDATES,
                secret_token=secret,
            )
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
        now = asyncio.get_running_loop().time()
        message = "another process asks for updates with the same TELEGRAM_BOT_TOKEN; stop it, there can be only one"
        if self._conflict_since is None or now - self._conflict_since > 4 * _CONFLICT_SECONDS:
            self._conflict_since = now
            _log.error("%s", message)
        elif now - self._conflict_since > _CONFLICT_SECONDS:
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
