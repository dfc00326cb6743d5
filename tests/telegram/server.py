"""The fake Telegram itself: HTTP on loopback, in a thread with an event loop of its own.

    with FakeTelegram(token="123:abc") as telegram:
        start_a_bot(TELEGRAM_API_URL=telegram.url)
        ada = telegram.user("Ada")
        chat = telegram.private(ada)
        answer = chat.wait_for_reply(ada.says(chat, "/start"))

It keeps Telegram's rules, not the habits of a bot: what it refuses, Telegram refuses or alters in silence. All that the
bot did is in `requests`; what it should not have done, whatever happened around it, is in `violations`.
"""

import asyncio
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application

from tests.telegram import answering, sending
from tests.telegram.handlers import FileHandler, MethodHandler
from tests.telegram.messages import Json
from tests.telegram.rules import Refused
from tests.telegram.sending import Call
from tests.telegram.tables import METHODS
from tests.telegram.updates import Polls, Webhook
from tests.telegram.world import Request, Violation, World

_HANDLERS = {**answering.HANDLERS, **sending.HANDLERS}
_MAX_BODY = 64 * 1024 * 1024
_WEBHOOK_ACTIVE = "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
# Refusals that a race explains, such as an answer lost on its way: no fault of the bot's.
_RACES = (
    "message is not modified",
    "message to edit not found",
    "message to delete not found",
    "message to be replied not found",
    "message to react not found",
    "MESSAGE_ID_INVALID",
    "query is too old",
)


class FakeTelegram(World):
    """A Telegram for one bot. A context manager: the server runs in it.

    `username` is the bot's, `inline_feedback` whether it hears of chosen inline results, and `query_seconds` the time
    it has to answer a query.
    """

    def __init__(
        self,
        token: str = "4200001:fake-token",
        username: str = "byline_bot",
        inline_feedback: bool = True,
        query_seconds: float = 15.0,
    ) -> None:
        super().__init__(username, inline_feedback, query_seconds)
        self.token = token
        self.url = ""
        self.polls = Polls(self.updates)
        self.webhook: Webhook
        self._loop = asyncio.new_event_loop()
        self._server: HTTPServer
        self._thread = threading.Thread(target=self._run, name="fake-telegram", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._on_loop(self._start)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    @property
    def is_polled(self) -> bool:
        """Whether a long poll of the bot's is waiting for updates now."""
        return self.polls.is_waiting

    def proxy(self, public: str, local: str) -> None:
        """Let webhooks to a public address (https://…) be posted to a local one, as a reverse proxy would."""
        self._on_loop(lambda: self.webhook.proxies.update({public: local}))

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def _on_loop(self, task: Callable[[], Any]) -> Any:
        async def run() -> Any:
            return task()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(10)

    def _start(self) -> None:
        self.webhook = Webhook(self.updates)
        self.updates.listen(self._wake)
        application = Application(
            [
                (r"/bot([^/]*)/([^/]*)", MethodHandler, {"telegram": self}),
                (r"/file/bot([^/]*)/documents/(.*)", FileHandler, {"telegram": self}),
            ],
            log_function=lambda handler: None,
        )
        sockets = bind_sockets(0, "127.0.0.1")
        self._server = HTTPServer(application, max_body_size=_MAX_BODY, max_buffer_size=_MAX_BODY)
        self._server.add_sockets(sockets)
        self.url = f"http://127.0.0.1:{sockets[0].getsockname()[1]}"

    async def _stop(self) -> None:
        self.updates.listen(lambda: None)
        self.webhook.cancel()
        self._server.stop()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._server.close_all_connections()

    def _wake(self) -> None:
        self._loop.call_soon_threadsafe(self._arrived)

    def _arrived(self) -> None:
        self.polls.arrived()
        self.webhook.deliver()

    # What the handlers of HTTP ask for, on the loop

    def next_fault(self, method: str) -> str | None:
        with self.lock:
            return self.fault_counter.next(method) if self.fault_counter else None

    def next_refusal(self, method: str) -> str | None:
        """What a test wants this request to be refused with."""
        with self.lock:
            waiting = self.refusals.get(method)
            return waiting.pop(0) if waiting else None

    def fault_settings(self) -> tuple[float, int]:
        """Delay of a slow answer and retry_after, in seconds."""
        with self.lock:
            faults = self.fault_counter.faults if self.fault_counter else None
            return (faults.delay, faults.retry_after) if faults else (0.0, 1)

    def record(self, request: Request) -> None:
        """Write a request down, and what it broke."""
        with self.lock:
            self.requests.append(request)
            self.counts[request.method, request.status] += 1
            refused = request.status in (400, 401, 404, 413) and request.fault is None
            if refused and not any(race in request.description for race in _RACES):
                self.violations.append(Violation(request.method, request.description, request.params))

    async def call(self, method: str, given: Json, on_wait: Callable[["asyncio.Future[None]"], None]) -> Any:
        """The result of a method.

        Raises:
            Refused: there is none.
        """
        if method not in METHODS:
            raise Refused(404, "Not Found: method not found")
        params = METHODS[method].read(given, method)
        if method == "getUpdates":
            return await self._get_updates(params, on_wait)
        with self.lock:
            if method in _HANDLERS:
                return _HANDLERS[method](Call(self, method, params))
            return self._webhook_method(method, params)

    async def _get_updates(self, params: Json, on_wait: Callable[["asyncio.Future[None]"], None]) -> list[Json]:
        if self.webhook.url:
            raise Refused(409, f"Conflict: {_WEBHOOK_ACTIVE}")
        return await self.polls.poll(params, on_wait)

    def _webhook_method(self, method: str, params: Json) -> Any:
        if method == "getWebhookInfo":
            return self.webhook.info()
        if method == "deleteWebhook":
            params = params | {"url": ""}
        self.webhook.set(params)
        if params["url"]:
            self.polls.abort("terminated by setWebhook request")
        return True
