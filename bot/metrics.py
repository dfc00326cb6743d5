"""What is counted and timed, and the small server at METRICS_LISTEN that shows it: /metrics and /healthz."""

import errno
import json
import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, Literal, get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, PlatformCollector, ProcessCollector
from prometheus_client.exposition import choose_encoder
from tornado.httpserver import HTTPServer
from tornado.web import Application, RequestHandler

from bot.listen import parse_listen
from bot.settings import SettingsError

Asked = Literal["answered", "refused", "failed", "limited"]
Rebuilt = Literal["done", "refused", "busy", "stopped", "failed"]

_ANSWER_SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
_REBUILD_SECONDS = (1, 5, 15, 60, 300, 900, 3600, 4 * 3600)
_SILENT_SECONDS = 120.0
_REASONS = {
    errno.EADDRINUSE: "the port is in use; choose another, or stop what listens there",
    errno.EADDRNOTAVAIL: "this machine has no such address",
    errno.EACCES: "a port below 1024 needs privileges; choose a higher one",
}


class Metrics:
    """The numbers of one process, in a registry of their own. Safe to use from several threads."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        self._questions = self._counter("questions", "Questions, by what became of them.", get_args(Asked))
        self._answer_seconds = self._histogram("answer_seconds", "Time to answer or refuse.", _ANSWER_SECONDS)
        self._rebuilds = self._counter("rebuilds", "Rebuilds of the index, by outcome.", get_args(Rebuilt))
        self._rebuild_seconds = self._histogram("rebuild_seconds", "Time of a rebuild.", _REBUILD_SECONDS)
        self._errors = Counter("byline_errors", "Unexpected errors.", registry=self._registry)
        self._articles = self._gauge("index_articles", "Articles in the index that answers.")
        self._passages = self._gauge("index_passages", "Passages in the index that answers.")
        self._built = self._gauge("index_built_timestamp_seconds", "When the index that answers was built.")

    def answered(self, seconds: float, *, refused: bool) -> None:
        """A question was answered, or refused because the articles do not say; `seconds` is what the search took."""
        self._questions.labels("refused" if refused else "answered").inc()
        self._answer_seconds.observe(seconds)

    def limited(self) -> None:
        """A question was turned away because too many were asked."""
        self._questions.labels("limited").inc()

    def failed(self, *, asked: bool = True) -> None:
        """There was an unexpected error; `asked` if it cost a question its answer."""
        self._errors.inc()
        if asked:
            self._questions.labels("failed").inc()

    def rebuilt(self, seconds: float, outcome: Rebuilt) -> None:
        """A rebuild has ended."""
        self._rebuilds.labels(outcome).inc()
        self._rebuild_seconds.observe(seconds)

    def index(self, articles: int, passages: int, built: str) -> None:
        """An index of so many answers from now on; `built` is when it was, in ISO 8601 with its time zone."""
        self._articles.set(articles)
        self._passages.set(passages)
        self._built.set(datetime.fromisoformat(built).timestamp())

    def exposition(self, accept: str = "") -> tuple[bytes, str]:
        """Everything in the format of Prometheus that an Accept header prefers, and that format's content type."""
        encode, content_type = choose_encoder(accept)
        return encode(self._registry), content_type

    def _counter(self, name: str, meaning: str, outcomes: tuple[Any, ...]) -> Counter:
        counter = Counter(f"byline_{name}", meaning, ["outcome"], registry=self._registry)
        for outcome in outcomes:  # so that each is there, as zero, from the beginning
            counter.labels(outcome)
        return counter

    def _histogram(self, name: str, meaning: str, buckets: tuple[float, ...]) -> Histogram:
        return Histogram(f"byline_{name}", meaning, registry=self._registry, buckets=buckets)

    def _gauge(self, name: str, meaning: str) -> Gauge:
        return Gauge(f"byline_{name}", meaning, registry=self._registry)


@dataclass(frozen=True, slots=True)
class Health:
    """Whether the bot can answer and, if not, why."""

    well: bool
    reason: str = ""

    @classmethod
    def judge(cls, index_open: bool, silence: float | None) -> "Health":
        """The health that follows from the facts.

        `silence` is how many seconds ago Telegram last answered a call, counted from the start until it first does;
        None if it is Telegram that calls (a webhook), where silence means nothing.
        """
        if not index_open:
            return cls(False, "there is no index yet")
        if silence is not None and silence > _SILENT_SECONDS:
            return cls(False, f"Telegram has not answered for {silence:.0f} seconds")
        return cls(True)

    def to_json(self) -> dict[str, str]:
        """The health as JSON: {"status": "ok"} or {"status": "failing", "reason"}."""
        return {"status": "ok"} if self.well else {"status": "failing", "reason": self.reason}


class MetricsServer:
    """A server that listens until it is closed."""

    def __init__(self, server: HTTPServer, port: int) -> None:
        self._server = server
        self.port = port

    async def close(self) -> None:
        """Stop listening and end the connections."""
        self._server.stop()
        await self._server.close_all_connections()


async def serve_metrics(listen: str, metrics: Metrics, health: Callable[[], Health]) -> MetricsServer:
    """Serve GET /metrics and GET /healthz at "host:port" on the running event loop.

    Raises:
        SettingsError: METRICS_LISTEN makes no sense, or nothing can listen there.
    """
    try:
        listener = _listener(*parse_listen(listen))
    except socket.gaierror as error:
        raise SettingsError(f"METRICS_LISTEN={listen}: the host is not known") from error
    except OSError as error:
        reason = _REASONS.get(error.errno or 0, error.strerror)
        raise SettingsError(f"METRICS_LISTEN={listen}: {reason}") from error
    except ValueError as error:
        raise SettingsError(f"METRICS_LISTEN={listen}: {error}") from error
    routes: list[Any] = [
        (r"/metrics", _MetricsPage, {"metrics": metrics}),
        (r"/healthz", _HealthPage, {"health": health}),
    ]
    # Neither a log line for each visit, nor room for what a visitor might send.
    application = Application(routes, default_handler_class=_NoPage, log_function=lambda handler: None)
    server = HTTPServer(application, idle_connection_timeout=60, max_header_size=1 << 14, max_body_size=1 << 10)
    server.add_socket(listener)
    return MetricsServer(server, listener.getsockname()[1])


def _listener(host: str, port: int) -> socket.socket:
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    listener = socket.create_server(address, family=family)
    listener.setblocking(False)
    return listener


class _Page(RequestHandler):
    def set_default_headers(self) -> None:
        self.clear_header("Server")
        self.set_header("Cache-Control", "no-store")

    def write_error(self, status_code: int, **kwargs: Any) -> None:  # noqa: ARG002
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(f"{status_code} {HTTPStatus(status_code).phrase}\n")


class _MetricsPage(_Page):
    def initialize(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def get(self) -> None:
        text, content_type = self._metrics.exposition(self.request.headers.get("Accept", ""))
        self.set_header("Content-Type", content_type)
        self.finish(text)


class _HealthPage(_Page):
    def initialize(self, health: Callable[[], Health]) -> None:
        self._health = health

    def get(self) -> None:
        health = self._health()
        self.set_status(HTTPStatus.OK if health.well else HTTPStatus.SERVICE_UNAVAILABLE)
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(health.to_json()) + "\n")


class _NoPage(_Page):
    def prepare(self) -> None:
        self.send_error(HTTPStatus.NOT_FOUND)
