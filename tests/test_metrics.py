"""The numbers, and the server that shows them, over real sockets."""

import asyncio
import socket
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.metrics import Health, Metrics, serve_metrics
from bot.settings import SettingsError

_WELL = Health(True)


def _samples(metrics: Metrics) -> dict[str, float]:
    """Each sample by its name and labels, as Prometheus would read them."""
    found = {}
    for family in text_string_to_metric_families(metrics.exposition()[0].decode()):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sample.labels.items())
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


def _visit(
    *requests: tuple[str, str], metrics: Metrics | None = None, health: Callable[[], Health] = lambda: _WELL
) -> list[httpx.Response]:
    """The responses to (method, path), of a server that is then closed."""

    async def visit() -> list[httpx.Response]:
        server = await serve_metrics("127.0.0.1:0", metrics or Metrics(), health)
        try:
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", trust_env=False) as client:
                return [await client.request(method, path) for method, path in requests]
        finally:
            await server.close()

    return asyncio.run(visit())


def test_everything_is_there_from_the_beginning() -> None:
    samples = _samples(Metrics())
    for outcome in ("answered", "refused", "failed", "limited"):
        assert samples[f"byline_questions_total{{outcome={outcome}}}"] == 0
    for outcome in ("done", "refused", "busy", "stopped", "failed"):
        assert samples[f"byline_rebuilds_total{{outcome={outcome}}}"] == 0
    for name in ("answer_seconds_count rebuild_seconds_count errors_total index_articles index_passages").split():
        assert samples[f"byline_{name}"] == 0
    assert samples["process_resident_memory_bytes"] > 1 << 20
    assert any(name.startswith("python_info") for name in samples)


def test_questions_are_counted_by_outcome_and_timed() -> None:
    metrics = Metrics()
    metrics.answered(0.004, refused=False)
    metrics.answered(0.3, refused=False)
    metrics.answered(9, refused=True)
    metrics.answered(60, refused=True)
    metrics.limited()
    samples = _samples(metrics)
    assert samples["byline_questions_total{outcome=answered}"] == 2
    assert samples["byline_questions_total{outcome=refused}"] == 2
    assert samples["byline_questions_total{outcome=limited}"] == 1
    assert samples["byline_answer_seconds_count"] == 4
    assert samples["byline_answer_seconds_bucket{le=0.005}"] == 1
    assert samples["byline_answer_seconds_bucket{le=0.5}"] == 2
    assert samples["byline_answer_seconds_bucket{le=10.0}"] == 3
    assert samples["byline_answer_seconds_bucket{le=+Inf}"] == 4


def test_rebuilds_are_counted_by_outcome_and_timed() -> None:
    metrics = Metrics()
    metrics.rebuilt(66, "done")
    metrics.rebuilt(1, "failed")
    samples = _samples(metrics)
    assert samples["byline_rebuilds_total{outcome=done}"] == 1
    assert samples["byline_rebuilds_total{outcome=failed}"] == 1
    assert samples["byline_rebuild_seconds_sum"] == 67


def test_an_error_is_a_failed_question_only_if_one_was_asked() -> None:
    metrics = Metrics()
    metrics.failed()
    metrics.failed(asked=False)
    samples = _samples(metrics)
    assert samples["byline_errors_total"] == 2
    assert samples["byline_questions_total{outcome=failed}"] == 1


def test_the_index_that_answers_is_described() -> None:
    metrics = Metrics()
    metrics.index(30, 412, "2026-01-01T01:00:00+01:00")
    samples = _samples(metrics)
    assert samples["byline_index_articles"] == 30
    assert samples["byline_index_passages"] == 412
    assert samples["byline_index_built_timestamp_seconds"] == 1767225600


def test_two_of_them_do_not_share_their_numbers() -> None:
    one, other = Metrics(), Metrics()
    one.failed()
    assert _samples(other)["byline_errors_total"] == 0


def test_the_server_shows_the_metrics() -> None:
    metrics = Metrics()
    metrics.answered(0.02, refused=False)
    (response,) = _visit(("GET", "/metrics"), metrics=metrics)
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert 'byline_questions_total{outcome="answered"} 1.0' in response.text


def test_openmetrics_is_given_to_those_who_ask_for_it() -> None:
    text, content_type = Metrics().exposition("application/openmetrics-text; version=1.0.0")
    assert content_type.startswith("application/openmetrics-text")
    assert text.endswith(b"# EOF\n")


def test_health_is_200_while_all_is_well() -> None:
    (response,) = _visit(("GET", "/healthz"))
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert response.json() == {"status": "ok"}


def test_health_is_503_with_the_reason_when_it_is_not() -> None:
    (response,) = _visit(("GET", "/healthz"), health=lambda: Health(False, "there is no index yet"))
    assert response.status_code == 503
    assert response.json() == {"status": "failing", "reason": "there is no index yet"}


@pytest.mark.parametrize(
    ("index_open", "silence", "health"),
    [
        (True, 0, Health(True)),
        (True, 120, Health(True)),
        (True, None, Health(True)),
        (True, 120.6, Health(False, "Telegram has not answered for 121 seconds")),
        (False, 0, Health(False, "there is no index yet")),
        (False, None, Health(False, "there is no index yet")),
    ],
)
def test_health_needs_an_index_and_a_telegram_that_answers(
    index_open: bool, silence: float | None, health: Health
) -> None:
    assert Health.judge(index_open, silence) == health


def test_health_is_asked_anew_each_time() -> None:
    answers = iter([_WELL, Health(False, "x")])
    responses = _visit(("GET", "/healthz"), ("GET", "/healthz"), health=lambda: next(answers))
    assert [response.status_code for response in responses] == [200, 503]


def test_other_paths_are_not_found_and_other_methods_not_allowed() -> None:
    requests = [("GET", "/"), ("GET", "/metrics/"), ("POST", "/x"), ("POST", "/metrics"), ("DELETE", "/healthz")]
    responses = _visit(*requests)
    assert [response.status_code for response in responses] == [404, 404, 404, 405, 405]
    assert responses[0].text == "404 Not Found\n"
    assert all("server" not in response.headers for response in responses)


def test_a_visit_is_no_line_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "tornado")
    _visit(("GET", "/metrics"), ("GET", "/nowhere"))
    assert caplog.records == []


def test_an_error_in_the_health_is_a_500_that_quotes_nothing() -> None:
    def broken() -> Health:
        raise ValueError("hush")

    (response,) = _visit(("GET", "/healthz"), health=broken)
    assert response.status_code == 500
    assert response.text == "500 Internal Server Error\n"


def test_a_port_in_use_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(SettingsError, match=f"METRICS_LISTEN={listen}: the port is in use"):
            asyncio.run(serve_metrics(listen, Metrics(), lambda: _WELL))


@pytest.mark.parametrize(
    ("listen", "complaint"),
    [("9090", "is not HOST:PORT"), ("192.0.2.1:9090", "this machine has no such address")],
)
def test_a_place_where_nothing_can_listen_is_named(listen: str, complaint: str) -> None:
    with pytest.raises(SettingsError, match=f"METRICS_LISTEN={listen}: .*{complaint}"):
        asyncio.run(serve_metrics(listen, Metrics(), lambda: _WELL))


def test_a_host_that_is_not_known_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*args: Any, **options: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(SettingsError, match=r"METRICS_LISTEN=no-such-host:9090: the host is not known"):
        asyncio.run(serve_metrics("no-such-host:9090", Metrics(), lambda: _WELL))


def test_a_closed_server_frees_its_port() -> None:
    async def twice() -> tuple[int, int]:
        first = await serve_metrics("127.0.0.1:0", Metrics(), lambda: _WELL)
        await first.close()
        second = await serve_metrics(f"127.0.0.1:{first.port}", Metrics(), lambda: _WELL)
        await second.close()
        return first.port, second.port

    before, after = asyncio.run(twice())
    assert before == after


def test_the_server_listens_on_ipv6() -> None:
    async def visit() -> int:
        server = await serve_metrics("[::1]:0", Metrics(), lambda: _WELL)
        try:
            async with httpx.AsyncClient(trust_env=False) as client:
                return (await client.get(f"http://[::1]:{server.port}/healthz")).status_code
        finally:
            await server.close()

    if not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    assert asyncio.run(visit()) == 200
