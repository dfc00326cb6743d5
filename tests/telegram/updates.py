"""The updates that wait for the bot, and the two ways they get there: "Getting updates"."""

import asyncio
import contextlib
import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

from tornado.escape import json_encode
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest

from tests.telegram.messages import Json
from tests.telegram.rules import Refused, bad_request

# getUpdates, allowed_updates: what is sent only if it was asked for.
_ON_REQUEST = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
_PORTS = (None, 443, 80, 88, 8443)  # setWebhook, "Ports currently supported"
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0


class Updates:
    """A queue of updates that forgets nothing until the bot has confirmed it.

    `duplicated` and `disordered` make for deliveries that Telegram may make but seldom does: the same update twice, and
    a batch whose newest update is last but whose others are in reverse.
    """

    def __init__(self, first_id: int = 700_000_001) -> None:
        self.duplicated = self.disordered = False
        self.allowed: frozenset[str] = frozenset()
        self._lock = threading.Lock()
        self._pending: deque[Json] = deque()
        self._next_id = first_id
        self._on_arrival: Callable[[], None] = lambda: None

    def __len__(self) -> int:
        return len(self._pending)

    def listen(self, on_arrival: Callable[[], None]) -> None:
        """Call this, from whatever thread, when there is something new."""
        self._on_arrival = on_arrival

    def add(self, kind: str, body: Json) -> None:
        """Queue an update, unless its kind is not wanted."""
        with self._lock:
            wanted = kind in self.allowed if self.allowed else kind not in _ON_REQUEST
            if not wanted:
                return
            self._pending.append({"update_id": self._next_id, kind: body})
            self._next_id += 1
        self._on_arrival()

    def allow(self, kinds: Sequence[str] | None) -> None:
        """Of which kinds updates will be from now on; none given: as before; an empty list: the default."""
        if kinds is not None:
            self.allowed = frozenset(kinds)

    def confirm(self, offset: int) -> None:
        """Forget the updates before offset; a negative one counts from the end of the queue."""
        with self._lock:
            while offset < 0 and len(self._pending) > -offset:
                self._pending.popleft()
            while offset > 0 and self._pending and self._pending[0]["update_id"] < offset:
                self._pending.popleft()

    def remove(self, update: Json) -> None:
        """Forget one update, if it is still there."""
        with self._lock, contextlib.suppress(ValueError):
            self._pending.remove(update)

    def clear(self) -> None:
        """Forget them all."""
        with self._lock:
            self._pending.clear()

    def batch(self, limit: int) -> list[Json]:
        """The oldest updates, at most so many, which stay until they are confirmed."""
        with self._lock:
            updates = list(itertools.islice(self._pending, limit))
        if self.disordered:
            updates = [*reversed(updates[:-1]), *updates[-1:]]
        return [update for update in updates for _ in range(2 if self.duplicated else 1)]


class Polls:
    """Long polling. At most one poll waits at a time: a second one ends the first. For the server's loop only."""

    def __init__(self, updates: Updates) -> None:
        self._updates = updates
        self._waiting: asyncio.Future[None] | None = None

    async def poll(self, params: Json, on_wait: Callable[["asyncio.Future[None]"], None]) -> list[Json]:
        """getUpdates. `on_wait` is given what may be cancelled when the caller goes away.

        Raises:
            Refused: another poll, or a webhook, took over meanwhile.
        """
        self.abort("terminated by other getUpdates request; make sure that only one bot instance is running")
        self._updates.allow(params.get("allowed_updates"))
        self._updates.confirm(params.get("offset", 0))
        limit = params.get("limit", 100)
        batch = self._updates.batch(limit)
        if batch or not params.get("timeout"):
            return batch
        waiting = self._waiting = asyncio.get_running_loop().create_future()
        on_wait(waiting)
        try:
            await asyncio.wait_for(waiting, params["timeout"])
        except TimeoutError:
            return []
        finally:
            if self._waiting is waiting:
                self._waiting = None
        return self._updates.batch(limit)

    @property
    def is_waiting(self) -> bool:
        """Whether a poll waits."""
        return self._waiting is not None

    def abort(self, why: str) -> None:
        """End the poll that waits, if there is one."""
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(Refused(409, f"Conflict: {why}"))

    def arrived(self) -> None:
        """There is something for the poll that waits."""
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)


class Webhook:
    """Posts the updates to an address until that answers 2xx. For the server's loop only.

    Updates of one chat are delivered one after the other, those of several chats side by side. `proxies` says which
    local address stands behind a public one, since Telegram takes only https and there is no such server in a test.
    """

    def __init__(self, updates: Updates) -> None:
        self._updates = updates
        self._client = AsyncHTTPClient(force_instance=True, max_clients=100)
        self._busy: dict[int, asyncio.Task[None]] = {}
        self._secret = ""
        self._connections = 40
        self._error: Json = {}
        self.url = ""
        self.proxies: dict[str, str] = {}

    def set(self, params: Json) -> None:
        """setWebhook; an empty url removes it.

        Raises:
            Refused: the address or the secret is not as it must be.
        """
        url = params["url"]
        if url:
            _check_address(url)
        secret = params.get("secret_token", "")
        if len(secret) > 256 or not all(char.isascii() and (char.isalnum() or char in "_-") for char in secret):
            raise bad_request("secret token contains unallowed characters")
        self.cancel()
        self.url, self._secret, self._error = url, secret, {}
        self._connections = params.get("max_connections", 40)
        self._updates.allow(params.get("allowed_updates"))
        if params.get("drop_pending_updates"):
            self._updates.clear()
        self.deliver()

    def info(self) -> Json:
        """A WebhookInfo."""
        info: Json = {"url": self.url, "has_custom_certificate": False} | self._error
        info["pending_update_count"] = len(self._updates)
        if self.url:
            info["max_connections"] = self._connections
        if self._updates.allowed:
            info["allowed_updates"] = sorted(self._updates.allowed)
        return info

    def deliver(self) -> None:
        """Start to post what can be posted now."""
        if not self.url:
            return
        for update in self._updates.batch(len(self._updates)):
            if len(self._busy) >= self._connections:
                break
            queue = _queue_of(update)
            if queue not in self._busy:
                self._busy[queue] = asyncio.get_running_loop().create_task(self._post(update, queue))

    def cancel(self) -> None:
        """Give up the posts under way."""
        for task in self._busy.values():
            task.cancel()
        self._busy.clear()

    async def _post(self, update: Json, queue: int) -> None:
        headers = {"Content-Type": "application/json"}
        if self._secret:
            headers["X-Telegram-Bot-Api-Secret-Token"] = self._secret
        request = HTTPRequest(
            self._local(self.url), method="POST", headers=headers, body=json_encode(update), request_timeout=10
        )
        pause = _FIRST_PAUSE
        times = 2 if self._updates.duplicated else 1
        while times:
            try:
                await self._client.fetch(request)
                times -= 1
            except (HTTPClientError, OSError) as error:
                self._error = {"last_error_date": int(time.time()), "last_error_message": _describe(error)}
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
        self._updates.remove(update)
        del self._busy[queue]
        self.deliver()

    def _local(self, url: str) -> str:
        for public, local in self.proxies.items():
            if url.startswith(public):
                return local + url.removeprefix(public)
        return url


def _check_address(url: str) -> None:
    scheme, _, rest = url.partition("://")
    _, _, port = rest.partition("/")[0].partition(":")
    if scheme != "https":
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    if (int(port) if port else None) not in _PORTS:
        raise bad_request("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")


def _queue_of(update: Json) -> int:
    """The chat that an update is of, or else its sender."""
    body = next(value for key, value in update.items() if key != "update_id")
    message = body.get("message", body)
    origin = message.get("chat") or body["from"]
    return int(origin["id"])


def _describe(error: Exception) -> str:
    if isinstance(error, HTTPClientError):
        return f"Wrong response from the webhook: {error.code} {error.message}"
    return "Connection failed"
